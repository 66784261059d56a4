"""Acts made for the tests, signed as the ledger has them, without a ledger below them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tocsin.record.acts import Act
from tocsin.record.notes import KeyType, Note, VerifierKey, with_signature
from tocsin.record.people import Registry
from tocsin.record.people_keys import HeldKey

ORIGIN = "tocsin.invalid/0123456789abcdef"
AT = "2031-05-04T10:00:00Z"


def person(name: str, seed: int) -> HeldKey:
    """A key; the same seed gives the same."""
    return HeldKey(name=name, private_key=Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


WORKSPACE = person(ORIGIN, 250)
ADA = person("ada@tribunal.example", 1)
BELA = person("bela@tribunal.example", 2)
CAI = person("cai@tribunal.example", 3)


def vkey(holder: HeldKey) -> VerifierKey:
    return VerifierKey(name=holder.name, type=KeyType.ED25519, public_key=holder.public_key.public_bytes_raw())


def enrolment(holder: HeldKey, *roles: str, person: str = "") -> dict[str, Any]:
    shown = person or holder.name.partition("@")[0].title() + " Invented"
    return {"name": holder.name, "key": str(vkey(holder)), "roles": list(roles), "person": shown}


@dataclass
class Ledger:
    """Entries one after the other, each an act, and the registry that follows them."""

    registry: Registry = field(default_factory=lambda: Registry(key=vkey(WORKSPACE)))
    acts: list[Act] = field(default_factory=list)

    def act(self, kind: str, what: Mapping[str, Any], *signers: HeldKey, by: Sequence[str] | None = None) -> Act:
        """The next act, not yet added; signed by the workspace's key where nobody signs."""
        size = len(self.acts)
        chosen = signers or (WORKSPACE,)
        names = [each.name for each in chosen] if by is None else list(by)
        root = bytes(32)
        tree = {"root": base64.b64encode(root).decode(), "size": size}
        previous = size - 1 if size else None
        body = {"act": kind, "at": AT, "by": names, "ledger": tree, "previous": previous, "what": what}
        text = "tocsin/act/1\n" + json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
        note = Note(text, ())
        for each in chosen:
            note = with_signature(note, vkey(each), each.sign)
        return Act(size, kind, AT, tuple(names), size, root, previous, dict(what), str(note))

    def add(self, kind: str, what: Mapping[str, Any], *signers: HeldKey, by: Sequence[str] | None = None) -> Act:
        """The next act, added."""
        act = self.act(kind, what, *signers, by=by)
        self.registry.add(act)
        self.acts.append(act)
        return act


def two_officers() -> Ledger:
    """Ada enrolled herself, then Bela as a second officer and Cai as an analyst."""
    ledger = Ledger()
    ledger.add("enrolled", enrolment(ADA, "officer"), ADA)
    ledger.add("enrolled", enrolment(BELA, "officer", "custodian"), ADA)
    ledger.add("enrolled", enrolment(CAI, "analyst"), ADA)
    return ledger
