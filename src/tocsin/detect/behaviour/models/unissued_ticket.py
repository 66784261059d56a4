"""Service tickets asked for with a ticket nobody issued, as with one that was forged (a golden ticket)."""

from __future__ import annotations

from tocsin.detect.behaviour.issue_model import IssueModel
from tocsin.detect.behaviour.relations.issues import TICKET
from tocsin.model.behaviour import ModelInfo
from tocsin.model.finding import EntityType
from tocsin.model.instant import DAY

MODEL = IssueModel(
    info=ModelInfo(
        name="unissued_ticket",
        title="Used a Kerberos ticket that no domain controller issued",
        about=EntityType.ACCOUNT,
        tells="a service ticket asked for while no ticket to ask with was issued to the account",
        techniques=("T1558.001",),
        tactics=("credential-access",),
        is_told_alone=True,
    ),
    way=TICKET,
    reach=7 * DAY,  # the longest a ticket is renewed, as Windows sets it
    did="asked for service tickets",
    issue="ticket-granting ticket of the account",
    place="for that address",
    issuers="domain controllers",
    role="domain controller",
)
