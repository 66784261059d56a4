"""The leave to see who stands behind tokens: what an act `unsealed` says, and in whose place nothing else is taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tocsin.errors import VerificationError

UNSEALED = "unsealed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """The leave that an act `unsealed` gives.

    subject      `finding` or `record`; `of` the finding's id, or the leaf of the record
    persons      how many protected persons it speaks of; `tokens` the digest of theirs
    reason       as it passed the door
    until        RFC 3339: from then on it is no leave
    workspace    origin of the workspace
    break_glass  whether one person gave it alone
    """

    subject: str
    of: str | int
    persons: int
    tokens: str
    reason: str
    until: str
    workspace: str
    break_glass: bool = False

    def said(self) -> dict[str, Any]:
        """As the act says it."""
        what = {
            "break_glass": self.break_glass,
            "persons": self.persons,
            "reason": self.reason,
            "subject": self.subject,
            "tokens": self.tokens,
            "until": self.until,
            "workspace": self.workspace,
        }
        return what | ({"id": self.of} if self.subject == "finding" else {"leaf": self.of})


def read_leave(what: Mapping[str, Any], name: str) -> Leave:
    """The same from what the act says; `name` is what messages call it."""
    try:
        subject = str(what["subject"])
        leave = Leave(
            subject=subject,
            of=str(what["id"]) if subject == "finding" else int(what["leaf"]),
            persons=int(what["persons"]),
            tokens=str(what["tokens"]),
            reason=str(what["reason"]),
            until=str(what["until"]),
            workspace=str(what["workspace"]),
            break_glass=what["break_glass"] is True,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise VerificationError(f"{name} does not say what it unseals") from error
    if leave.subject not in ("finding", "record"):
        raise VerificationError(f"{name} does not say what it unseals")
    return leave


def tokens_digest(tokens: Iterable[str]) -> str:
    """What an act says of the tokens of persons (27 characters each): neither who they are, nor the tokens."""
    return sha256("".join(f"{token}\n" for token in sorted(set(tokens))).encode()).hexdigest()
