"""Sign-ins to a host by Kerberos without a service ticket, as with one that was forged (a silver ticket)."""

from __future__ import annotations

from tocsin.detect.behaviour.issue_model import IssueModel
from tocsin.detect.behaviour.relations.issues import SERVICE
from tocsin.model.behaviour import ModelInfo
from tocsin.model.finding import EntityType
from tocsin.model.instant import HOUR

MODEL = IssueModel(
    info=ModelInfo(
        name="unissued_service_ticket",
        title="Signed in with a service ticket that no domain controller issued",
        about=EntityType.ACCOUNT,
        tells="a sign-in to a host by Kerberos while no service ticket for it was issued to the account",
        techniques=("T1558.002",),
        tactics=("credential-access", "lateral-movement"),
        is_on=False,
        why_off="on invented estates it finds no more than a host the account never went to does",
        is_told_alone=True,
    ),
    way=SERVICE,
    reach=10 * HOUR,  # the longest lifetime, as Windows sets it
    did="signed in by Kerberos to",
    issue="service ticket of the account",
    place="for that host",
    issuers="domain controllers",
    role="domain controller",
)
