"""Acts: somebody did something with the evidence, signed, in the ledger, over the tree as it was before."""

from __future__ import annotations

import base64
import getpass
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection

from tocsin.errors import RefusedError, VerificationError
from tocsin.model.door import mask_json
from tocsin.record.checkpoint import log_key
from tocsin.record.keys import WorkspaceKey
from tocsin.record.ledger import Ledger, check_clock, edge_row, frontier_of
from tocsin.record.note_body import read_body, unsigned
from tocsin.record.notes import ed25519_key, with_signature
from tocsin.record.people import Registry, check_act, check_signers, counting
from tocsin.record.people_keys import Signer
from tocsin.record.roles import allowed_acts
from tocsin.record.statements import (
    ACT,
    ACT_HEADER,
    append_statements,
    check_no_act_is_hidden,
    newest_statement,
    statements_of,
)
from tocsin.store.workspace import Workspace

_HEADER = ACT_HEADER.decode().rstrip("\n")
# How the acts that say who is who begin, and those that who is who decides of: canonical JSON has `act` first.
_BEGINNING = f'{_HEADER}\n{{"act":"%s",'
_OF_PEOPLE = tuple(
    (_BEGINNING % kind).encode() for kind in ("enrolled", "succeeded", "recovered", "revoked", "unsealed", "reviewed")
)
_PEOPLE = frozenset(("enrolled", "succeeded", "recovered", "revoked", "witness_trusted"))
_OPAQUE = re.compile(r"[0-9a-f]{32,}|[A-Za-z0-9+/]{40,}={0,2}")
_MEMBERS, _TREE_MEMBERS = {"act", "at", "by", "ledger", "previous", "what"}, {"root", "size"}


@dataclass(frozen=True, slots=True)
class Act:
    """One act, as the ledger has it.

    leaf        its index in the tree
    at          RFC 3339 in UTC, whole seconds, by the clock of the machine it was done on
    by          names of the keys that signed
    size, root  of the tree before it
    previous    the leaf of the act before it, None for the first of the ledger: no act can be left out unseen
    what        what was done, by kind (docs/formats/evidence.md)
    note        the signed note itself
    """

    leaf: int
    kind: str
    at: str
    by: tuple[str, ...]
    size: int
    root: bytes
    previous: int | None
    what: Mapping[str, Any]
    note: str


@dataclass(frozen=True, slots=True)
class _OfWorkspace:
    """The workspace's own key as a signer: what it signs was signed by no person."""

    workspace: Workspace
    key: WorkspaceKey

    @property
    def name(self) -> str:
        return self.workspace.origin

    @property
    def public_key(self) -> Ed25519PublicKey:
        return self.key.signer.public_key()

    def sign(self, data: bytes) -> bytes:
        return self.key.signer.sign(data)


def record_act(
    workspace: Workspace,
    key: WorkspaceKey,
    kind: str,
    what: Mapping[str, Any],
    at: str,
    actors: Sequence[Signer] = (),
    *,
    rows: Callable[[Connection], None] | None = None,
) -> Act:
    """Puts an act into the ledger, in a transaction of its own, and publishes a checkpoint over it.

    `rows` writes what the act speaks of, in the same transaction: neither is there without the other.

    Without actors the workspace's key signs, and the login name is noted: nobody's own key was at hand. Raises
    StoreError where the workspace cannot be written, RefusedError where the act would not count.
    """
    ledger = Ledger(workspace.ledger)
    with workspace.writing() as connection:
        act = append_act(workspace, key, connection, kind, what, at, actors)
        if rows is not None:
            rows(connection)
    with workspace.writing() as connection:
        ledger.publish(connection, key.signer, workspace.origin, at)
    return act


def append_act(
    workspace: Workspace,
    key: WorkspaceKey,
    connection: Connection,
    kind: str,
    what: Mapping[str, Any],
    at: str,
    actors: Sequence[Signer] = (),
) -> Act:
    """`record_act` in the caller's transaction, with which it stands or falls; no checkpoint is published."""
    signers = tuple(actors) or (_OfWorkspace(workspace, key),)
    said = _through_door(kind, dict(what) if actors else {**what, "login": login_name()}, key, actors)
    check_clock(connection, at)
    tree = frontier_of(connection)
    body = {
        "act": kind,
        "at": at,
        "by": [signer.name for signer in signers],
        "ledger": {"root": base64.b64encode(tree.root()).decode(), "size": tree.size},
        "previous": newest_statement(connection, ACT),
        "what": said,
    }
    note = unsigned(_HEADER, body)
    for signer in signers:
        note = with_signature(note, ed25519_key(signer.name, signer.public_key), signer.sign)
    act = read_act(tree.size, str(note).encode())
    _refuse_uncounted(workspace, key, connection, act)
    append_statements(connection, Ledger(workspace.ledger), [(ACT, act.note.encode())])
    return act


def _through_door(kind: str, what: dict[str, Any], key: WorkspaceKey, actors: Sequence[Signer]) -> dict[str, Any]:
    """What an act says, as it may stay. Digests and keys are left alone: they name nobody, whatever they spell.

    Raises RefusedError where a key, or a person with one, bears a protected name: it stands in every signature.
    """
    opaque = {name: value for name, value in what.items() if isinstance(value, str) and _OPAQUE.fullmatch(value)}
    told: dict[str, Any] = mask_json(key.door, {name: value for name, value in what.items() if name not in opaque})
    named = [name for name in told if name != "reason" and told[name] != what[name]] if kind in _PEOPLE else []
    if named or mask_json(key.door, names := [actor.name for actor in actors]) != names:
        raise RefusedError(
            "a key or its holder would stand in the ledger under the name of a protected person",
            hint="give the key another name: tocsin key enrol, or tocsin key succeed",
        )
    return {name: opaque.get(name, told.get(name)) for name in what}


def people_acts(connection: Connection) -> Iterator[Act]:
    """The acts that say who is who, what was unsealed and reviewed, in order: enough to know who counts now."""
    check_no_act_is_hidden(connection)
    for statement in statements_of(connection, ACT):
        if statement.data.startswith(_OF_PEOPLE):
            yield read_act(statement.leaf, statement.data)


def refuse_unless_may(
    workspace: Workspace, key: WorkspaceKey, kind: str, actors: Sequence[Signer], what: Mapping[str, Any] | None = None
) -> None:
    """Before work is done that an act of this kind would end with: that it would count. Nothing is signed.

    Raises RefusedError as `record_act` would.
    """
    by = tuple(signer.name for signer in actors) or (workspace.origin,)
    with workspace.reading() as connection:
        size, _ = edge_row(connection)
        act = Act(size, kind, "", by, size, b"", None, what or {}, "")
        _refuse_uncounted(workspace, key, connection, act, check_signers)


def _refuse_uncounted(
    workspace: Workspace,
    key: WorkspaceKey,
    connection: Connection,
    act: Act,
    check: Callable[[Act, Registry], object] = check_act,
) -> None:
    """Raises RefusedError where the act would not count: it would be a fault of the ledger for ever."""
    registry = Registry(key=log_key(workspace.origin, key.signer.public_key()))
    allowed = allowed_acts().get(act.kind)
    is_attended = allowed is not None and allowed.attended
    if not registry.is_unsigned(act) or act.kind == "recovered" or is_attended:
        for each in people_acts(connection):
            registry.add(each)
    who = f"tocsin key list --workspace {workspace.path}"
    if allowed is not None and is_attended and registry.is_unsigned(act) and registry.holders:
        raise RefusedError(
            f"nothing was recorded: people are enrolled in {workspace.path}, and for an act {act.kind!r} one of them "
            f"signs: {' or '.join(sorted(allowed.roles))}",
            hint=f"add --as and a key, a file or its name in the ssh-agent; see whose may, with: {who}",
        )
    try:
        check(act, registry)
    except VerificationError as error:  # of what is not in the record yet: somebody has to decide, not a court
        raise RefusedError(f"nothing was recorded: {error}", hint=f"see whose key may do what, with: {who}") from error


def acts_of(connection: Connection, kind: str | None = None) -> Iterator[Act]:
    """Every act, or those of one kind, in order, signatures unchecked. Raises VerificationError where one is no act."""
    check_no_act_is_hidden(connection)
    beginning = b"" if kind is None else (_BEGINNING % kind).encode()
    for statement in statements_of(connection, ACT):
        if statement.data.startswith(beginning):
            yield read_act(statement.leaf, statement.data)


def counted_acts(connection: Connection, kind: str) -> tuple[Act, ...]:
    """The acts of one kind that count now, in order: not those that a revocation took back. Raises as `acts_of`."""
    check_no_act_is_hidden(connection)
    beginnings = (*_OF_PEOPLE, (_BEGINNING % kind).encode())
    found = (each for each in statements_of(connection, ACT) if each.data.startswith(beginnings))
    return tuple(act for act in counting(read_act(each.leaf, each.data) for each in found) if act.kind == kind)


def read_act(leaf: int, data: bytes) -> Act:
    """An act from its note, the signatures unchecked. Raises VerificationError naming the entry."""
    note, body = read_body(data, _HEADER, _MEMBERS, f"entry {leaf}")
    tree = body.object("ledger", _TREE_MEMBERS)
    return Act(
        leaf=leaf,
        kind=body.text("act"),
        at=body.time("at"),
        by=body.texts("by"),
        size=tree.count("size"),
        root=tree.digest("root"),
        previous=None if body.members["previous"] is None else body.count("previous"),
        what=body.anything("what"),
        note=str(note),
    )


def login_name() -> str:
    """The account this process runs as."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "not named"
