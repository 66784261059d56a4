"""Kerberos without an issue: service tickets asked for with a ticket nobody issued, sign-ins with no service ticket."""

from __future__ import annotations

from tocsin.detect.behaviour.issue_model import IssueModel, Way
from tocsin.detect.behaviour.relations.issues import SERVICE, TICKET
from tocsin.model.behaviour import ModelInfo
from tocsin.model.finding import EntityType
from tocsin.model.instant import DAY, HOUR

# Maximum lifetimes as Windows sets them (policy "Kerberos"): a ticket for tickets renewed, 7 days; a service ticket 10
# hours.
MODEL = IssueModel(
    info=ModelInfo(
        name="unissued_ticket",
        title="Used a Kerberos ticket that no domain controller issued",
        about=EntityType.ACCOUNT,
        tells="a service ticket asked for with a ticket nobody issued, or a sign-in with such a service ticket",
        techniques=("T1558.001", "T1558.002", "T1550.003"),
        tactics=("credential-access", "lateral-movement"),
        is_told_alone=True,
    ),
    ways=(
        Way(
            name=TICKET,
            reach=7 * DAY,
            did="asked for service tickets",
            issue="ticket-granting ticket of the account",
            place="for that address",
            issuers="domain controllers",
            role="domain controller",
        ),
        Way(
            name=SERVICE,
            reach=10 * HOUR,
            did="signed in by Kerberos to",
            issue="service ticket of the account",
            place="for that host",
            issuers="domain controllers",
            role="domain controller",
        ),
    ),
)
