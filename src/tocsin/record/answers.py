"""The documents of answers that were given, in and out of the database: sealed, each once, named by a keyed digest."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from backports import zstd
from sqlalchemy import Connection, delete, insert, select, update

from tocsin.errors import VerificationError
from tocsin.record.binding import ANSWER
from tocsin.record.keys import WorkspaceKey, needs_door
from tocsin.record.ledger import Ledger
from tocsin.record.rows import answer_said
from tocsin.record.statements import append_statements
from tocsin.store.tables import answer_documents, answers
from tocsin.store.workspace import Workspace

# Beyond this, compressed, an answer is not kept: a database of many of them would be a burden to copy.
MAX_DOCUMENT_BYTES = 256 << 20
TOO_LARGE = "it was too large to be kept"

_CHECKED: dict[int, int] = {zstd.CompressionParameter.checksum_flag: 1}


def keep_document(connection: Connection, key: WorkspaceKey, data: bytes) -> str | None:
    """Its name; kept once, however often it is given. None where it is too large to be kept."""
    name = _name_of(key, data)
    if connection.scalar(select(answer_documents.c.name).where(answer_documents.c.name == name)) is None:
        packed = zstd.compress(data, options=_CHECKED)
        if len(packed) > MAX_DOCUMENT_BYTES:
            return None
        connection.execute(insert(answer_documents).values(name=name, data=key.wrap(packed)))
    return name


def open_document(connection: Connection, key: WorkspaceKey, name: str) -> bytes:
    """What `keep_document` was given.

    Raises VerificationError where it was altered or taken away, ProtectionError where only a door opens it that is not
    there.
    """
    wrapped = connection.scalar(select(answer_documents.c.data).where(answer_documents.c.name == name))
    if wrapped is None:
        raise VerificationError("a kept answer was taken away: what could be said then is not known any more")
    try:
        data = zstd.decompress(key.unwrap(wrapped))
    except (zstd.ZstdError, MemoryError) as error:
        raise VerificationError("a kept answer is damaged") from error
    if _name_of(key, data) != name:
        raise VerificationError("a kept answer says something else than was said then")
    return data


def document_names(connection: Connection) -> list[str]:
    """The names of all that are kept, in order."""
    return list(connection.execute(select(answer_documents.c.name).order_by(answer_documents.c.name)).scalars())


def check_documents(connection: Connection, key: WorkspaceKey) -> tuple[int, int]:
    """How many kept answers are as they were given, and how many only a door opens that is not there.

    Raises VerificationError at the first that is not.
    """
    used = set(connection.execute(select(answers.c.document).where(answers.c.document.is_not(None))).scalars())
    checked = unread = 0
    rows = select(answer_documents.c.name, answer_documents.c.data).order_by(answer_documents.c.name)
    for name, data in connection.execute(rows):
        if name not in used:
            raise VerificationError("there is a kept answer that was never given: it was put in")
        if needs_door(data) and not key.door.epoch:
            unread += 1
            continue
        open_document(connection, key, name)
        checked += 1
    if used - set(document_names(connection)):
        raise VerificationError("a kept answer was taken away: what could be said then is not known any more")
    return checked, unread


def replace_document(connection: Connection, ledger: Ledger, key: WorkspaceKey, name: str, data: bytes | None) -> None:
    """`data` in place of the document `name`, in every answer that gave it: the ledger says each anew.

    None where it cannot be told any more; the caller has said why in `withheld`.
    """
    new = None if data is None else keep_document(connection, key, data)
    if new == name:
        return
    numbers = _giving(connection, name)
    values = {"document": new} | ({"withheld": TOO_LARGE} if new is None and data is not None else {})
    connection.execute(update(answers).where(answers.c.document == name).values(values))
    connection.execute(delete(answer_documents).where(answer_documents.c.name == name))
    say_answers(connection, ledger, numbers)


def rewrap_document(connection: Connection, key: WorkspaceKey, name: str) -> None:
    """Under the door's key as well, where it is not yet."""
    this = answer_documents.c.name == name
    wrapped = connection.scalar(select(answer_documents.c.data).where(this))
    if wrapped is not None and not needs_door(wrapped):
        connection.execute(update(answer_documents).where(this).values(data=key.wrap(key.unwrap(wrapped))))


def withhold_answers(workspace: Workspace, connection: Connection, first_run: int, reason: str) -> int:
    """Every answer given since that run began cannot be told any more, and what it said goes; how many these are.

    In the caller's transaction; nothing of it stays once `Workspace.forget` was called.
    """
    held = select(answers.c.number).where(answers.c.run >= first_run, answers.c.document.is_not(None))
    numbers = list(connection.execute(held.order_by(answers.c.number)).scalars())
    if numbers:
        connection.execute(update(answers).where(answers.c.number.in_(numbers)).values(document=None, withheld=reason))
        still = select(answers.c.document).where(answers.c.document.is_not(None))
        connection.execute(delete(answer_documents).where(answer_documents.c.name.not_in(still)))
        say_answers(connection, Ledger(workspace.ledger), numbers)
    return len(numbers)


def say_answers(connection: Connection, ledger: Ledger, numbers: list[int]) -> None:
    """Put into the ledger what the rows of these answers say now."""
    append_statements(connection, ledger, [(ANSWER, answer_said(connection, number)) for number in numbers])


def documents(connection: Connection, key: WorkspaceKey) -> Iterator[tuple[str, bytes]]:
    """Every document with its name, one at a time."""
    for name in document_names(connection):
        yield name, open_document(connection, key, name)


def _giving(connection: Connection, name: str) -> list[int]:
    query = select(answers.c.number).where(answers.c.document == name).order_by(answers.c.number)
    return list(connection.execute(query).scalars())


def _name_of(key: WorkspaceKey, data: bytes) -> str:
    return key.name_of("answer", sha256(data).hexdigest())
