"""Statements: what the ledger says beside records, each a salted leaf, its text kept in the database."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection, LargeBinary, func, insert, literal, select

from tocsin.errors import VerificationError
from tocsin.record.commitment import LEAF_VERSION, SALT_BYTES
from tocsin.record.ledger import Ledger
from tocsin.store.sealing import SEALED
from tocsin.store.tables import statements
from tocsin.store.workspace import UNSEAL

ACT = "act"
ACT_HEADER = b"tocsin/act/1\n"


class Statement(NamedTuple):
    """One statement: its leaf's index, its kind (docs/formats/ledger.md), the salt and the bytes committed to."""

    leaf: int
    kind: str
    salt: bytes
    data: bytes


def statement_leaf(salt: bytes, data: bytes) -> str:
    """The leaf of a statement, as it is shown."""
    return f'{{"statement":"{sha256(salt + data).hexdigest()}","v":{LEAF_VERSION}}}'


def statement_hash(salt: bytes, data: bytes) -> bytes:
    """Its leaf hash (RFC 9162, 2.1.1)."""
    return sha256(b"\0" + statement_leaf(salt, data).encode()).digest()


def kind_of(data: bytes) -> str:
    """The kind of a statement, by what it says itself: the row's word for it is bound by nothing.

    Raises ValueError where it says none.
    """
    if data.startswith(ACT_HEADER):
        return ACT
    value = json.loads(data)
    if not isinstance(value, dict) or not isinstance(value.get("statement"), str):
        raise ValueError("it does not say what it is")  # noqa: TRY004 - what is wrong is the record, not a type
    return str(value["statement"])


def check_no_act_is_hidden(connection: Connection) -> None:
    """Raises VerificationError where the row of an act says that it is something else: it would not be found."""
    head = func.substr(statements.c.data, 1, len(ACT_HEADER))
    query = select(statements.c.leaf).where(
        (statements.c.kind == ACT) != (head == literal(ACT_HEADER, LargeBinary)),
        func.substr(statements.c.data, 1, len(SEALED)) != literal(SEALED, LargeBinary),  # seen to when it is opened
    )
    for leaf in connection.execute(query.limit(1)).scalars():
        raise _hidden(leaf)


def _hidden(leaf: int) -> VerificationError:
    return VerificationError(
        f"entry {leaf} is an act, and its row says otherwise, or the other way round: it was changed to hide it"
    )


def append_statements(
    connection: Connection, ledger: Ledger, said: Sequence[tuple[str, bytes]], *, before: bytes = b""
) -> int:
    """Appends leaf hashes of records (`before`) and then statements of (kind, bytes); the index of the first leaf.

    In the caller's transaction, and part of the ledger only with it (`Ledger.append`).
    """
    salted = [(kind, os.urandom(SALT_BYTES), data) for kind, data in said]
    start = ledger.append(connection, before + b"".join(statement_hash(salt, data) for _, salt, data in salted))
    first = start + len(before) // 32
    if salted:
        rows = [
            {"leaf": first + place, "kind": kind, "salt": salt, "data": data}
            for place, (kind, salt, data) in enumerate(salted)
        ]
        connection.execute(insert(statements), rows)
    return start


def newest_statement(connection: Connection, kind: str) -> int | None:
    """The leaf of the newest statement of this kind, None where there is none."""
    query = select(statements.c.leaf).where(statements.c.kind == kind).order_by(statements.c.leaf.desc()).limit(1)
    return connection.scalar(query)


def statements_of(connection: Connection, kind: str | None = None) -> Iterator[Statement]:
    """The statements as the database has them, unchecked, in the order of the ledger; those of one kind where given.

    One that was sealed is opened. Raises ProtectionError where that takes a door that is not there.
    """
    unseal = connection.get_execution_options().get(UNSEAL, bytes)
    query = select(statements.c.leaf, statements.c.kind, statements.c.salt, statements.c.data)
    if kind is not None:
        query = query.where(statements.c.kind == kind)
    for row in connection.execute(query.order_by(statements.c.leaf)):
        data = unseal(row.data)
        if data is not row.data and (row.kind == ACT) != data.startswith(ACT_HEADER):
            raise _hidden(row.leaf)
        yield Statement(row.leaf, row.kind, row.salt, data)
