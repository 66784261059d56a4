"""Sign-ins to the tenant for which the federation server issued no token, as with a stolen signing key."""

from __future__ import annotations

from tocsin.detect.behaviour.issue_model import IssueModel
from tocsin.detect.behaviour.relations.issues import FEDERATION
from tocsin.model.behaviour import ModelInfo
from tocsin.model.finding import EntityType
from tocsin.model.instant import HOUR

MODEL = IssueModel(
    info=ModelInfo(
        name="unissued_token",
        title="Signed in to the tenant with a token the federation server did not issue",
        about=EntityType.ACCOUNT,
        tells="a sign-in to the tenant while the federation server issued no token to the account",
        techniques=("T1606.002",),
        tactics=("credential-access",),
        is_told_alone=True,
    ),
    way=FEDERATION,
    reach=8 * HOUR,  # after which AD FS asks for the password again (`SsoLifetime`); a token lives for one
    did="signed in to the tenant",
    issue="token of the account",
    place="for that address",
    issuers="federation servers",
    role="federation server",
)
