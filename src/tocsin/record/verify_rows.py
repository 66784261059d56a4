"""The rows of the database held against what the ledger says of them."""

from __future__ import annotations

from sqlalchemy import Connection, select

from tocsin.errors import VerificationError
from tocsin.record.acts import Act
from tocsin.record.binding import ANSWER, BRIEF, CHUNK, DERIVED, INPUT, RUN, SUBJECTS, refuse_change, subject_of
from tocsin.record.rows import answer_said, brief_said, chunk_said, derived_said, input_said, run_said
from tocsin.record.statements import Statement, kind_of
from tocsin.store.tables import answers, briefs, chunks, inputs, runs

# By kind of statement on rows, what a changed row means.
_MEANING = {
    INPUT: "what was received, or whether it was read, is no longer told as it was sealed",
    CHUNK: "the place or the count of its records is no longer told as it was sealed",
    DERIVED: "findings and verdicts may rest on something else than the record",
    RUN: "answers may be given of another time, or by other rules, than were asked",
    BRIEF: "what went out, or what the next one is compared with, is no longer told as it was",
    ANSWER: "what could be said then is no longer told as it was",
}


class Said:
    """The newest statement on each input, chunk and what was derived from it."""

    def __init__(self) -> None:
        self._newest: dict[tuple[str, int], Statement] = {}

    def add(self, statement: Statement) -> None:
        """Take a statement whose leaf was checked; in the order of the ledger."""
        try:
            kind = kind_of(statement.data)
        except ValueError as error:
            raise VerificationError(f"entry {statement.leaf} is no statement of this version: {error}") from error
        if kind != statement.kind:
            raise VerificationError(
                f"entry {statement.leaf} is of kind {kind}, and its row says {statement.kind}: "
                "it was changed to hide it"
            )
        if kind in _MEANING:
            subject = subject_of(statement)
            refuse_change(self._newest.get((kind, subject)), statement)
            self._newest[kind, subject] = statement

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
        for row in connection.execute(select(runs.c.id).order_by(runs.c.id)):
            held.add((RUN, row.id))
            self._compare(RUN, row.id, run_said(connection, row.id))
        for row in connection.execute(select(briefs.c.number).order_by(briefs.c.number)):
            held.add((BRIEF, row.number))
            self._compare(BRIEF, row.number, brief_said(connection, row.number))
        for row in connection.execute(select(answers.c.number).order_by(answers.c.number)):
            held.add((ANSWER, row.number))
            self._compare(ANSWER, row.number, answer_said(connection, row.number))
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
