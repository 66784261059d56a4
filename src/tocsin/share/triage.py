"""What to look at on each day, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.model.answers import Answers
from tocsin.model.triage import A_DAY
from tocsin.share.plain import shortened, shown, wrapped
from tocsin.share.summary import counted

_REASON = 220


def day_lines(answers: Answers) -> Iterator[str]:
    """The days, the last first, each with what says most; what is left out is counted."""
    incidents = {one.id: one for one in answers.incidents}
    reasons = {one.id: one.why for one in answers.findings}
    yield from wrapped(
        f"What to look at, {A_DAY} a day at most, the last day first; days of UTC. An incident is one item on a day, "
        "by how seldom a day brings as much.",
        indent=0,
    )
    if answers.closed:
        yield from wrapped(answers.closed, indent=0)
    if not answers.days:
        dated = any(one.first is not None for one in answers.incidents)
        yield "no such list was kept with this answer" if dated else "nothing was raised"
    for day in reversed(answers.days):
        yield ""
        left = len(day.items) - A_DAY
        more = f"; {left:,} more in --format json" if left > 0 else ""
        yield f"{day.day}   {counted(min(len(day.items), A_DAY), 'item')}{more}"
        for number, item in enumerate(day.items[:A_DAY], 1):
            incident = incidents[item.incident]
            head = f"{number}. [{incident.level}, score {incident.score}] {shown(incident.title)} ({incident.id})"
            yield from wrapped(head, hang=5)
            yield from wrapped(shown(item.why), indent=5)
            yield from wrapped(shortened(shown(reasons[item.findings[0]]), _REASON), indent=5)
