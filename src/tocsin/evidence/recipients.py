"""A package as it leaves a workspace with a vault: what is derived passes the door, and a recipient has own tokens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import orjson

from tocsin.attest.redaction import Mask, derived
from tocsin.model.answers import Answers
from tocsin.model.door import Door, mask_all, mask_json, mask_one
from tocsin.model.evidence import HitLine, Package
from tocsin.opening import open_existing
from tocsin.protect.tokens import TOKEN
from tocsin.record.canonical import canonical


def through_door(package: Package, door: Door) -> Package:
    """The package with tokens where what was derived again from its records, or is a rule's or a person's own word,
    names a protected person; records are seen to by `redaction.Redaction`. Raises ProtectionError where the door fails.
    """
    if not door.epoch:
        return package
    rules = mask_all(door, package.rules.values())
    return replace(
        package,
        hits=tuple(HitLine(finding=one.finding, data=_masked(one.data, door)) for one in package.hits),
        rules={name: rules.get(text, text) for name, text in package.rules.items()},
        note=mask_one(door, package.note),
    )


def for_recipient(package: Package, door: Door, recipient: str) -> Package:
    """The package with the recipient's own tokens: what two recipients were given cannot be joined by them.

    What the ledger has committed to (paths of inputs, acts) bears the tokens of the workspace and keeps them: changed
    it would not verify.
    """
    if not door.epoch or not recipient:
        return package
    tokens = _Tokens(door, recipient)
    changed = derived(package, tokens)
    rules = {name: tokens.text(text) for name, text in changed.rules.items()}
    shown = tuple(replace(one, tokens=tuple(map(tokens.person, one.tokens))) for one in changed.protected)
    return replace(changed, rules=rules, protected=shown)


def answers_for(answers: Answers, door: Door, recipient: str) -> Answers:
    """The answers with the recipient's own tokens."""
    return _Tokens(door, recipient).apply(answers) if door.epoch and recipient else answers


def answers_to(workspace: Path, answers: Answers, recipient: str, *, passphrase: str | None) -> Answers:
    """Answers of a workspace with the recipient's own tokens, those a package for the same name has."""
    with open_existing(workspace, passphrase) as (_, key):
        return answers_for(answers, key.door, recipient)


def text_to(workspace: Path, text: str, recipient: str, *, passphrase: str | None) -> str:
    """The same of what was written of them already: what says what changed is made with the workspace's own tokens."""
    with open_existing(workspace, passphrase) as (_, key):
        if not key.door.epoch:
            return text
        tokens = _Tokens(key.door, recipient)
        return "".join(tokens.text(line) for line in text.splitlines(keepends=True))


class _Tokens(Mask):
    """Replaces the tokens in texts by those of one recipient."""

    def __init__(self, door: Door, recipient: str) -> None:
        super().__init__(())
        self._door, self._recipient = door, recipient
        self._known: dict[str, str] = {}

    def __bool__(self) -> bool:
        return True

    def text(self, text: str, *, is_sentence: bool = False) -> str:
        """The text with the recipient's tokens; each distinct one is asked for once."""
        del is_sentence
        if TOKEN.search(text) is None:
            return text
        if text not in self._known:
            (self._known[text],) = self._door.retoken([text], self._recipient)
        return self._known[text]

    def person(self, token: str) -> str:
        """The same for the token of a person, which says nothing of how they were written."""
        return self.text(f"{token}{_WRITING}")[: len(token)]


# What makes the token of a person one of a writing, so that the door takes it for a token.
_WRITING = "-xAAAAA"


def _masked(line: bytes, door: Door) -> bytes:
    said = orjson.loads(line)
    masked = mask_json(door, said)
    return line if masked == said else canonical(masked)
