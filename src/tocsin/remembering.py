"""The second clock: every answer kept with the time it was given, and found again by it.

What was said then is the answer of then, not what today's program would make of the inputs of then
(docs/decisions/two-clocks.md). It rests sealed, and passes the door again with each epoch (`reading/renewal.py`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select

from tocsin.errors import ConfigError, RefusedError, StoreError, VerificationError
from tocsin.model.answers import Answers, Run
from tocsin.model.clocks import AnswerFigures, GivenAnswer, Occasion
from tocsin.model.exposure import Verdict
from tocsin.model.instant import format_time
from tocsin.model.since import Changed
from tocsin.record.answers import TOO_LARGE, keep_document, open_document, say_answers
from tocsin.record.decisions import newest_close
from tocsin.record.keys import WorkspaceKey
from tocsin.record.ledger import Ledger
from tocsin.render.element import well_formed
from tocsin.share.since import changed_since
from tocsin.share.summary import books, is_ruled_out, strongest
from tocsin.store.tables import answers as rows
from tocsin.store.tables import runs
from tocsin.store.workspace import Workspace

# Nothing of a run is kept with an answer: it is all that may differ between two that say the same.
_NO_RUN = Run(
    workspace="", tool="", started="", seconds=0.0, workers=0, checkpoint_size=0, checkpoint_root="", key_file=""
)
# An answer is there from the time it is listed under: to the millisecond.
_SHOWN = 1_000_000
_CLOSED = "something in it may have been closed since"


def keep_answer(
    workspace: Workspace, key: WorkspaceKey, answers: Answers, occasion: Occasion, given: int, tool: str
) -> GivenAnswer:
    """Keep an answer that was given at `given`, ns UTC; under the writer lock.

    An answer is never dated before the one kept last, whatever the clock says. A whole answer is kept: of what it was
    asked and not of a part.
    """
    data = _encoded(answers)
    with workspace.writing() as connection:
        last = connection.execute(select(rows).order_by(rows.c.number.desc()).limit(1)).first()
        document = keep_document(connection, key, data)
        values = {
            "number": 1 if last is None else last.number + 1,
            "given": max(given // _SHOWN * _SHOWN, 0 if last is None else last.given),
            "run": connection.scalar(select(func.max(runs.c.id))),
            "occasion": occasion.value,
            "as_of": answers.as_of,
            "tool": tool,
            "document": document,
            "withheld": "" if document else TOO_LARGE,
            "figures": msgspec.json.encode(figures_of(answers)).decode("utf-8"),
        }
        connection.execute(insert(rows).values(**values))
        say_answers(connection, Ledger(workspace.ledger), [values["number"]])
        row = connection.execute(select(rows).where(rows.c.number == values["number"])).one()
    return _given(row)


def _encoded(answers: Answers) -> bytes:
    said = replace(answers, run=_NO_RUN)
    try:
        return msgspec.json.encode(said)
    except UnicodeEncodeError:  # a byte of a path that is no UTF-8 is kept as it is shown
        return msgspec.json.encode(_well_formed(msgspec.to_builtins(said)))


def _well_formed(value: Any) -> Any:  # noqa: ANN401 - what JSON can hold
    match value:
        case str():
            return well_formed(value)
        case dict():
            return {name: _well_formed(each) for name, each in value.items()}
        case list() | tuple():
            return [_well_formed(each) for each in value]
    return value


def figures_of(answers: Answers) -> AnswerFigures:
    """The counts of these answers."""
    judged = strongest(answers.exposure).values()
    verdicts = [one.verdict for one in judged]
    return AnswerFigures(
        confirmed=verdicts.count(Verdict.CONFIRMED),
        unknown=verdicts.count(Verdict.UNKNOWN),
        ruled_out=sum(map(is_ruled_out, judged)),
        incidents=sum(one.is_assumed for one in answers.incidents),
        all_incidents=len(answers.incidents),
        findings=len(answers.findings),
        records=books(answers.accounting).read,
    )


def answers_given(workspace: Workspace) -> tuple[GivenAnswer, ...]:
    """Every answer that was given, the first first; without figures where something may have been closed since."""
    with workspace.reading() as connection:
        closed = newest_close(connection) or 0
        found = [_given(row) for row in connection.execute(select(rows).order_by(rows.c.number))]
    return tuple(replace(one, figures=None, withheld=_CLOSED) if one.time < closed else one for one in found)


def answer_given_at(workspace: Workspace, key: WorkspaceKey, time: int, run: Run) -> Answers:
    """What could be said at `time`, ns UTC: the answer given last by then; `run` is that of now.

    Raises ConfigError where none had been given by then, StoreError where none was ever kept, RefusedError where it
    cannot be told any more.
    """
    with workspace.reading() as connection:
        newest = select(rows).where(rows.c.given <= time).order_by(rows.c.number.desc()).limit(1)
        row = connection.execute(newest).first()
        if row is None:
            raise _none_by(workspace, connection, time)
        return _told(connection, key, row, run)


def answer_before(workspace: Workspace, key: WorkspaceKey, run: Run, *, occasion: Occasion | None = None) -> Answers:
    """The answer given last, or last on that occasion; before the one that `run` is of, where it is of a kept one.

    Raises as `answer_given_at`.
    """
    newest = select(rows).order_by(rows.c.number.desc()).limit(1)
    if occasion is not None:
        newest = newest.where(rows.c.occasion == occasion.value)
    if run.answer:
        newest = newest.where(rows.c.number < run.answer)
    with workspace.reading() as connection:
        row = connection.execute(newest).first()
        if row is None:
            raise StoreError(f"{workspace.path} keeps no such answer", hint="tocsin answers lists those it keeps")
        return _told(connection, key, row, run)


def changed_from_before(
    workspace: Workspace, key: WorkspaceKey, answers: Answers, *, occasion: Occasion | None = None
) -> Changed | None:
    """What changed since the answer given last, or last on that occasion; None where there is none to compare with."""
    try:
        return changed_since(answer_before(workspace, key, answers.run, occasion=occasion), answers)
    except (StoreError, RefusedError):  # none was given, it was erased since, or another version kept it
        return None


def _told(connection: Connection, key: WorkspaceKey, row: Row[Any], run: Run) -> Answers:
    given = format_time(row.given)
    closed = newest_close(connection)
    if closed is not None and row.given < closed:
        raise RefusedError(
            f"answer no. {row.number}, given {given}, is not told: {_CLOSED}",
            hint="answers given since then can be told; this one again once nothing is closed",
        )
    if row.document is None:
        left = msgspec.json.decode(row.figures, type=AnswerFigures)
        raise RefusedError(
            f"answer no. {row.number}, given {given}, cannot be told any more: {row.withheld}",
            hint=f"what is left of it: {left.confirmed:,} holdings confirmed, {left.unknown:,} unknown, "
            f"{left.ruled_out:,} ruled out; {left.incidents:,} incidents taken as an intrusion",
        )
    data = open_document(connection, key, row.document)
    try:
        kept = msgspec.json.decode(data, type=Answers)
    except msgspec.MsgspecError as error:
        raise StoreError(
            f"answer no. {row.number}, given {given}, was kept by {row.tool}, in a form this version does not read",
            hint="read it with that version",
        ) from error
    return replace(kept, run=replace(run, given=given, answer=row.number, tool=row.tool))


def _none_by(workspace: Workspace, connection: Connection, time: int) -> ConfigError | StoreError:
    first = connection.execute(select(rows.c.given).order_by(rows.c.number).limit(1)).scalar()
    if first is None:
        return StoreError(
            f"{workspace.path} keeps no answer: it was investigated by a version that kept none",
            hint="each investigation from now on keeps what it said",
        )
    return ConfigError(
        f"nothing had been answered by {format_time(time)}: the first answer was given {format_time(first)}",
        hint=f"ask of {format_time(first)} or later; tocsin answers lists when answers were given",
    )


def _given(row: Row[Any]) -> GivenAnswer:
    """Raises VerificationError where the row is none that was written here."""
    try:
        return GivenAnswer(
            number=row.number,
            time=row.given,
            as_of=row.as_of,
            run=row.run,
            occasion=Occasion(row.occasion),
            tool=row.tool,
            withheld=row.withheld,
            figures=msgspec.json.decode(row.figures, type=AnswerFigures),
        )
    except ValueError as error:  # msgspec's errors are of it
        raise VerificationError(
            f"what is kept of answer no. {row.number} is not what was written of it",
            hint="tocsin record verify says what else was altered; put the workspace back from a backup",
        ) from error
