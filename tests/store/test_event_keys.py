"""What is held is told exactly, whatever the order the chunks came in, and after the workspace is opened again."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, LargeBinary, Text, insert

from tocsin.store import event_keys, tables
from tocsin.store.event_keys import EventKeys
from tocsin.store.workspace import create_workspace, open_workspace

# Few first halves, so that keys which share one are told apart by the second.
KEYS = st.tuples(st.sampled_from([b"\0" * 8, b"\xff" * 8, b"\0" * 7 + b"\1"]), st.binary(min_size=8, max_size=8)).map(
    b"".join
)


@given(st.lists(st.lists(KEYS, max_size=20), max_size=20), st.lists(KEYS, max_size=20))
def test_held_are_the_keys_that_were_added_and_no_others(chunks: list[list[bytes]], asked: list[bytes]) -> None:
    known = EventKeys()
    for chunk in chunks:
        known.add(b"".join(chunk))
    added = {key for chunk in chunks for key in chunk}
    assert known.held(b"".join([*asked, *sorted(added)])) == added
    assert EventKeys().held(b"".join(asked)) == set()


def a_chunk(connection: Connection) -> None:
    """A run, an input and a chunk with number 0, of nothing in particular."""
    for table in (tables.runs, tables.inputs, tables.chunks):
        row: dict[str, object] = {}
        for column in table.columns:
            number: object = b"" if isinstance(column.type, LargeBinary) else "" if isinstance(column.type, Text) else 0
            row[column.name] = number
        connection.execute(insert(table).values(**row))


def test_keys_kept_are_held_when_the_workspace_is_opened_again(tmp_path: Path) -> None:
    workspace = create_workspace(tmp_path / "w")
    with workspace.writing() as connection:
        a_chunk(connection)
        event_keys.keep(connection, 0, b"a" * 16 + b"b" * 16)
    workspace.close()
    assert EventKeys.load(open_workspace(tmp_path / "w")).held(b"b" * 16 + b"c" * 16) == {b"b" * 16}
