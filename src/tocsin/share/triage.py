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
    findings = {one.id: one for one in answers.findings}
    yield from wrapped(
        f"What to look at, the last day first: at most {A_DAY} incidents a day with something new, first what days "
        "seldom bring. All days UTC.",
        indent=0,
    )
    undated = sum(findings[one].first is None for each in answers.incidents for one in each.findings if one in findings)
    if undated:
        yield f"{counted(undated, 'finding')} without a time on no day: tocsin incidents"
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
            incident, new = incidents[item.incident], findings[item.findings[0]]
            subject = f"{shown(new.entities[0].id)}: " if new.entities else ""
            more = f" and {len(item.findings) - 1:,} more" if len(item.findings) > 1 else ""
            head = f"{number}. [{new.detector.level}] {subject}{shown(new.detector.title)} ({new.id}){more}"
            yield from wrapped(head, hang=5)
            yield from wrapped(shortened(shown(new.why), _REASON), indent=5)
            yield from wrapped(shown(item.why), indent=5)
            yield from wrapped(f"of {incident.id}, score {incident.score}: {shown(incident.title)}", indent=5)
