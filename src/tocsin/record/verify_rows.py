"""The rows of the database held against what the ledger says of them."""

from __future__ import annotations

from sqlalchemy import Connection, select

from tocsin.errors import VerificationError
from tocsin.record.acts import Act
from tocsin.record.binding import CHUNK, DERIVED, INPUT, SUBJECTS, newest
from tocsin.record.rows import chunk_said, derived_said, input_said
from tocsin.record.statements import Statement
from tocsin.store.tables import chunks, inputs

# By kind of statement on rows, what a changed row means.
_MEANING = {
    INPUT: "what was received, or whether it was read, is no longer told as it was sealed",
    CHUNK: "the place or the count of its records is no longer told as it was sealed",
    DERIVED: "findings and verdicts may rest on something else than the record",
}


class Said:
    """The newest statement on each input, chunk and what was derived from it."""

    def __init__(self) -> None:
        self._newest: dict[tuple[str, int], Statement] = {}

    def add(self, statement: Statement) -> None:
        """Take a statement whose leaf was checked; in the order of the ledger."""
        if statement.kind in _MEANING:
            self._newest |= newest([statement])

    def check(self, connection: Connection) -> None:
        """Raises VerificationError at the first row that is not what its newest statement says."""
        try:
            self._check(connection)
        except (TypeError, ValueError, AttributeError) as error:
            # SQLite takes a value of any type in any column: what no row of ours can hold was put there.
            raise VerificationError(f"a row holds what cannot be said of it: it was changed ({error})") from error

    def _check(self, connection: Connection) -> None:
        held = set()
        for row in connection.execute(select(chunks).order_by(chunks.c.sequence)):
            held |= {(CHUNK, row.sequence), (DERIVED, row.sequence)}
            self._compare(CHUNK, row.sequence, chunk_said(connection, row))
            self._compare(DERIVED, row.sequence, derived_said(connection, row))
        for row in connection.execute(select(inputs.c.id, inputs.c.complete).order_by(inputs.c.id)):
            held.add((INPUT, row.id))
            if row.complete or (INPUT, row.id) in self._newest:
                self._compare(INPUT, row.id, input_said(connection, row.id))
        for kind, subject in self._newest:
            if (kind, subject) not in held:
                raise VerificationError(f"the ledger speaks of {kind} {subject}, whose row was taken away")

    def _compare(self, kind: str, subject: int, data: bytes) -> None:
        said = self._newest.get((kind, subject))
        name = SUBJECTS[kind]
        if said is None:
            raise VerificationError(f"{name} {subject}: the ledger says nothing of its row: it was put in")
        if said.data != data:
            raise VerificationError(
                f"{name} {subject}: its rows are not what entry {said.leaf} of the ledger says: {_MEANING[kind]}"
            )


def check_place(act: Act, before: int | None) -> None:
    """Raises VerificationError where an act was moved, or one before it taken away.

    before   the leaf of the act that stands before it, None where none does
    """
    if act.previous != before:
        between = f"between entries {before} and {act.leaf}" if before is not None else f"before entry {act.leaf}"
        raise VerificationError(
            f"an act is missing {between}: entry {act.leaf} ({act.kind}) names another act as the one before it; "
            "whose keys counted cannot be judged"
        )
