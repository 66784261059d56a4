"""Readiness, for a terminal's one screen and as a page with a picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tocsin.model.instant import DAY, format_time
from tocsin.model.readiness import Able, Answerable, Asked, Moved, Readiness, ReadyClass
from tocsin.render.style import style_of
from tocsin.share.plain import shortened, shown, wrapped

_CLASSES, _MEASURES, _MOVES = 8, 5, 4
_DRAWN = 60
_FAMILIES = {
    "mailbox": "mailboxes",
    "site": "sites and documents",
    "aws": "cloud storage",
    "share": "file shares",
    "host": "files and record sets on hosts",
}
QUESTIONS = {
    Asked.HAPPENED: "what happened",
    Asked.COMPROMISED: "what was compromised",
    Asked.WHO: "who",
    Asked.NOW: "what to do now",
    Asked.PROOF: "how to prove it",
}
_SHORT = {Able.YES: "yes", Able.PARTLY: "part", Able.NO: "no"}
_NAME = 44


def readiness_text(found: Readiness) -> str:
    """One screen of 80 columns: what could be answered, what would help most, what a move would change."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Readiness) -> Iterator[str]:
    day, start = _day(found.as_of), _day(found.as_of - found.look_back * DAY)
    yield f"READINESS   {day}, for an intrusion that began on {start}"
    yield ""
    yield f"{'':<{_NAME}}1    2    3    4    5    back to"
    for one in found.classes[:_CLASSES]:
        able = "".join(f"{_SHORT[answer.able]:<5}" for answer in one.answers)
        yield f"{shortened(_name(one), _NAME - 1):<{_NAME}}{able}{_back(found, one)}"
    yield from _more(len(found.classes) - _CLASSES, "classes of holding")
    yield from wrapped(", ".join(f"{number} {name}" for number, name in enumerate(QUESTIONS.values(), 1)), indent=2)
    if not found.classes:
        yield "no holding is declared or seen: tocsin estate draft proposes them"
    first = found.classes[0] if found.classes else None
    for number, answer in enumerate(first.answers if first else (), 1):
        if answer.able is not Able.YES and answer.asked is Asked.COMPROMISED:
            yield from wrapped(f"The first, {number} {answer.able}: {shown(answer.reason)}", indent=2, hang=4)
    if found.measures:
        yield ""
        yield "WHAT WOULD HELP MOST, in this order"
        for number, measure in enumerate(found.measures[:_MEASURES], 1):
            held = f" [{measure.kind}; {measure.holdings:,} holdings, {measure.answers:,} answers]"
            yield from wrapped(f"{number}. {shown(measure.step)}{held}", indent=0, hang=3)
        yield from _more(len(found.measures) - _MEASURES, "measures")
    if found.moves:
        yield ""
        yield "IF MOVED AS DECLARED"
        for moved in found.moves[:_MOVES]:
            yield from wrapped(_moved(found, moved), indent=0, hang=3)
        yield from _more(len(found.moves) - _MOVES, "classes moved")


def _more(count: int, what: str) -> Iterator[str]:
    if count > 0:
        yield f"  and {count:,} more {what}: --format json or html has them all"


def _name(one: ReadyClass) -> str:
    parts = [f"{one.holdings:,} {_FAMILIES.get(one.family, one.family)}", one.matter, one.sensitivity]
    return ", ".join(filter(None, parts)) + (" (protected)" if one.protected else "")


def _back(found: Readiness, one: ReadyClass) -> str:
    return "?" if one.days is None else _day(found.as_of - one.days * DAY)


def _moved(found: Readiness, one: Moved) -> str:
    where = f"{shown(_name(one.before))} -> {_FAMILIES.get(one.after.family, one.after.family)}"
    changed = [
        f"{QUESTIONS[asked]} {way} ({_steps(_able(one.before, asked), _able(one.after, asked))})"
        for asked in Asked
        for way, which in (("better", one.better), ("worse", one.worse))
        if asked in which
    ]
    back = f"back to {_back(found, one.before)} -> {_back(found, one.after)}"
    return f"{where}: {'; '.join(changed) or 'no question better or worse'}; {back}"


def _steps(before: Able, after: Able) -> str:
    return f"{before} -> {after}" if before is not after else f"{after} still"


def _able(one: ReadyClass, asked: Asked) -> Able:
    return next(answer.able for answer in one.answers if answer.asked is asked)


def _day(time: int) -> str:
    return format_time(time)[:10]


class Cell(NamedTuple):
    """One answer in the picture: a square of this style at `x`, with a letter and a sentence."""

    x: int
    style: str
    letter: str
    title: str


class DrawnClass(NamedTuple):
    """One class in the picture; `bar` is how far back it can be answered for, in thousandths of the longest."""

    y: int
    name: str
    cells: tuple[Cell, ...]
    bar: int
    back: str
    one: ReadyClass


_STYLES = {Able.YES: "proven", Able.PARTLY: "medium", Able.NO: "critical"}


def drawn(found: Readiness) -> tuple[DrawnClass, ...]:
    """The picture: a row a class, five squares and a bar each."""
    longest = _longest(found)
    return tuple(
        DrawnClass(
            y=20 + 24 * place,
            name=shortened(_name(one), 44),
            cells=tuple(
                Cell(26 * at, _STYLES[answer.able], str(answer.able)[0].upper(), _sentence(answer))
                for at, answer in enumerate(one.answers)
            ),
            bar=0 if one.days is None else max(2, 330 * one.days // longest),
            back=_back(found, one),
            one=one,
        )
        for place, one in enumerate(found.classes[:_DRAWN])
    )


def _sentence(answer: Answerable) -> str:
    return f"{QUESTIONS[answer.asked]}: {answer.able}" + (f", {answer.reason}" if answer.reason else "")


def readiness_page(found: Readiness) -> str:
    """One page of HTML: no script, nothing loaded, no clock."""
    from tocsin.render.templates import environment

    folder = Path(__file__).parent / "formats"
    style = style_of(folder / "report.css")
    template = environment(folder).get_template("readiness.html.j2")
    rows = drawn(found)
    return template.render(
        **style._asdict(),
        found=found,
        rows=rows,
        height=20 + 24 * len(rows) + 8,
        line=350 + 26 * 5 + 330 * found.look_back // _longest(found),
        more=max(0, len(found.classes) - _DRAWN),
        day=_day(found.as_of),
        start=_day(found.as_of - found.look_back * DAY),
        questions=QUESTIONS,
        moves=[_moved(found, one) for one in found.moves],
    )


def _longest(found: Readiness) -> int:
    return max([found.look_back, 1, *(one.days for one in found.classes if one.days is not None)])
