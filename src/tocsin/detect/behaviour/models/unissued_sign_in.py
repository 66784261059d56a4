"""Sign-ins to the tenant for which the federation server issued no token, and sessions there that no sign-in began."""

from __future__ import annotations

from tocsin.detect.behaviour.issue_model import IssueModel, Way
from tocsin.detect.behaviour.relations.issues import FEDERATION, SESSION
from tocsin.model.behaviour import ModelInfo
from tocsin.model.finding import EntityType
from tocsin.model.instant import DAY, HOUR

# AD FS asks for the password again after 8 hours as it is installed (`SsoLifetime`), and its tokens live for one. Of a
# session no end is known: it is renewed as long as it is used.
MODEL = IssueModel(
    info=ModelInfo(
        name="unissued_sign_in",
        title="Signed in to the tenant with what nobody issued",
        about=EntityType.ACCOUNT,
        tells="a sign-in for which the federation server issued no token, or a session that no sign-in began",
        techniques=("T1606.002", "T1606", "T1550.001"),
        tactics=("credential-access",),
        is_told_alone=True,
    ),
    ways=(
        Way(
            name=FEDERATION,
            reach=8 * HOUR,
            did="signed in to the tenant",
            issue="token of the account",
            place="for that address",
            issuers="federation servers",
            role="federation server",
        ),
        Way(
            name=SESSION,
            reach=7 * DAY,
            did="reached things in the tenant in session",
            issue="sign-in of the account",
            place="of that session or from that address",
            issuers="the directory of the tenant",
        ),
    ),
)
