"""Tokens: what stands in the place of a protected name. One person has one token in a workspace, however named.

    P + 26 of base32 (AES-SIV, RFC 5297, over the person's id) + - + x or g + 5 letters (HMAC over what stood there)

The first 27 characters are the person's. The last five tell one writing from another, so that two different values
never become one: two documents about one person stay two. Writings that differ in case alone differ in the case of
those five alone, and so are one again where a reader does not mind case, as it does for account names. `x` says that
the text was a form as the vault holds it, `g` that it was another writing of one. Compare without regard to case.
"""

from __future__ import annotations

import hmac
from base64 import b32encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NoReturn

from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from tocsin.model.protection import How
from tocsin.model.token import PERSON_LENGTH, TOKEN
from tocsin.store.derivation import derive

__all__ = ["PERSON_LENGTH", "TOKEN", "TOKEN_LENGTH", "TokenKeys", "recipient_tokens", "workspace_tokens"]

TOKEN_LENGTH = PERSON_LENGTH + 7
_LETTER = {How.EXACT: "x", How.GENERATED: "g"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenKeys:
    """What makes the tokens of one workspace, or of one recipient of it. It cannot be pickled.

    context   what the keys are for; bound into every token
    """

    context: str
    _siv: AESSIV = field(repr=False)
    _spelling: bytes = field(repr=False)

    def person(self, person_id: bytes) -> str:
        """The 27 characters that stand for the person of that 16-byte id."""
        sealed = self._siv.encrypt(person_id, [b"person", self.context.encode()])
        return "P" + b32encode(sealed).decode()[: PERSON_LENGTH - 1]

    def suffix(self, how: How, original: str) -> str:
        """`-`, how, and the five characters for the text that stood there."""
        folded = original.casefold()
        letters = _five(self._spelling, b"folded", folded)
        if original != folded:
            pattern = 1 + hmac.digest(self._spelling, b"case\x00" + _bytes(original), "sha256")[0] % 31
            letters = "".join(
                letter.lower() if pattern >> place & 1 else letter for place, letter in enumerate(letters)
            )
        return f"-{_LETTER[how]}{letters}"

    def retokened(self, token: str) -> str:
        """The token of this recipient that stands for a token of the workspace; lower case stays lower case."""
        person, writing = token[:PERSON_LENGTH].upper(), token[PERSON_LENGTH:]
        sealed = self._siv.encrypt(person.encode(), [b"token", self.context.encode()])
        letters = _five(self._spelling, b"token", person + writing.upper())
        made = "P" + b32encode(sealed).decode()[: PERSON_LENGTH - 1]
        suffix = "".join(new.lower() if old.islower() else new for new, old in zip(letters, writing[2:], strict=True))
        return f"{made.lower() if token[0].islower() else made}-{writing[1]}{suffix}"

    def __reduce__(self) -> NoReturn:
        raise TypeError("the keys of tokens stay in the process that holds the vault")


def tokens_in(text: str) -> tuple[str, ...]:
    """The tokens in a text that passed the door, in its order, as they are written there."""
    return tuple(found[0] for found in TOKEN.finditer(text))


def person_of(token: str) -> str:
    """The 27 characters of the person."""
    return token[:PERSON_LENGTH].upper()


def how_of(token: str) -> How:
    """How the person was named where the token stands."""
    return How.EXACT if token[PERSON_LENGTH + 1].lower() == _LETTER[How.EXACT] else How.GENERATED


def persons_of(tokens: Iterable[str]) -> tuple[str, ...]:
    """The tokens of the persons that tokens in texts stand for, sorted, each once."""
    return tuple(sorted({person_of(token) for token in tokens}))


def workspace_tokens(token_key: bytes, workspace: str) -> TokenKeys:
    """The keys of the tokens of the workspace of that origin."""
    return _keys(token_key, "workspace", workspace)


def recipient_tokens(token_key: bytes, workspace: str, recipient: str) -> TokenKeys:
    """The keys of the tokens of what leaves the workspace for one recipient: two recipients cannot join theirs."""
    return _keys(token_key, "recipient", f"{len(workspace)}:{workspace}{recipient}")


def _keys(token_key: bytes, purpose: str, context: str) -> TokenKeys:
    # AES-SIV takes two keys of 256 bits; each is derived for itself, as every key here is one of 32 bytes.
    salt = context.encode("utf-8", "surrogatepass")
    mac, cipher, spelling = (
        derive(token_key, f"token/{purpose}/{part}", salt=salt) for part in ("mac", "cipher", "spelling")
    )
    return TokenKeys(context=f"{purpose}:{context}", _siv=AESSIV(mac + cipher), _spelling=spelling)


def _five(key: bytes, purpose: bytes, text: str) -> str:
    """Five letters for the text: base32 without its digits, which have no case."""
    number = int.from_bytes(hmac.digest(key, purpose + b"\x00" + _bytes(text), "sha256")[:8], "big")
    return "".join(chr(ord("A") + number // 26**place % 26) for place in range(5))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
