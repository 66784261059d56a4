"""Accesses in the tenant in a session that no sign-in began, as with a token that was forged or carried off."""

from __future__ import annotations

from tocsin.detect.behaviour.issue_model import IssueModel
from tocsin.detect.behaviour.relations.issues import SESSION
from tocsin.model.behaviour import ModelInfo
from tocsin.model.finding import EntityType
from tocsin.model.instant import DAY

MODEL = IssueModel(
    info=ModelInfo(
        name="unissued_session",
        title="Worked in a session of the tenant that no sign-in began",
        about=EntityType.ACCOUNT,
        tells="an access in the tenant in a session, and from an address, of which there is no sign-in of the account",
        techniques=("T1550.001", "T1550.004"),
        tactics=("lateral-movement",),
        is_told_alone=True,
    ),
    way=SESSION,
    reach=7 * DAY,  # a choice: a session is renewed as long as it is used
    did="reached things in the tenant in session",
    issue="sign-in of the account",
    place="of that session or from that address",
    issuers="sign-ins to the tenant",
)
