"""Answers that were given in; their list out, and the line that says an answer is one of then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tocsin.model.answers import Run
from tocsin.model.clocks import GivenAnswer, Occasion
from tocsin.model.instant import format_time
from tocsin.share.plain import shown, wrapped
from tocsin.share.summary import counted

OCCASIONS = {
    Occasion.INVESTIGATION: "an investigation",
    Occasion.NOTES: "notes were entered",
    Occasion.PROBES: "receipts of probes were read",
    Occasion.RULES: "rules were made its own",
    Occasion.ERASURE: "records were erased",
    Occasion.DECISION: "something was decided of findings or incidents",
    Occasion.BRIEF: "a brief went out",
}


def answers_text(found: Sequence[GivenAnswer]) -> str:
    """The list, the first first; all times UTC."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Sequence[GivenAnswer]) -> Iterator[str]:
    yield f"{counted(len(found), 'answer')} given; all times UTC; any is told again with --as-of TIME"
    for one in found:
        spoke = "of nothing dated" if one.as_of is None else f"of {format_time(one.as_of)}"
        yield ""
        yield f"{one.number}. {format_time(one.time)}"
        yield from wrapped(f"{OCCASIONS[one.occasion]}, by {shown(one.tool)}; speaks {spoke}", indent=3)
        if figures := one.figures:
            yield from wrapped(
                f"{counted(figures.confirmed, 'holding')} confirmed, {figures.unknown:,} unknown, "
                f"{figures.ruled_out:,} ruled out; {counted(figures.incidents, 'incident')} taken as an intrusion of "
                f"{figures.all_incidents:,}; {counted(figures.records, 'record')} read",
                indent=3,
            )
        if one.withheld:
            yield from wrapped(f"WITHHELD: {shown(one.withheld)}", indent=3)


def given_words(run: Run) -> Iterator[str]:
    """That this is what could be said then; nothing of an answer given now."""
    if run.given:
        yield from wrapped(
            f"AS OF THEN   answer no. {run.answer}, given {run.given} by {shown(run.tool)}: what could be said then, "
            "and not what can be said now",
            indent=0,
            hang=2,
        )
