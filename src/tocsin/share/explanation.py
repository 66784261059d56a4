"""Why a finding is one in; text for a person out."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.model.explanation import Explanation
from tocsin.model.instant import format_time
from tocsin.share.plain import shown, wrapped
from tocsin.share.summary import counted


def explanation_text(explanation: Explanation) -> str:
    """Lines of at most 80 columns where the values allow it."""
    return "\n".join(_explanation(explanation)) + "\n"


def _explanation(explanation: Explanation) -> Iterator[str]:
    finding = explanation.finding
    yield from wrapped(f"{finding.id}  [{finding.detector.level}] {shown(finding.detector.title)}", indent=0, hang=2)
    about = ", ".join(f"{entity.type} {shown(entity.id)}" for entity in finding.entities[:8])
    yield from wrapped(f"about {about}" if about else "about nobody named")
    if finding.first is not None:
        yield from wrapped(f"from {format_time(finding.first)} to {format_time(finding.last or finding.first)}, UTC")
    yield from wrapped(shown(finding.why), hang=4)
    for one in finding.measured:
        chance = "a fact" if one.p is None else f"p = {one.p:.2g} after calibration"
        yield from wrapped(f"- {one.model}: {chance}", hang=4)
        for name, value in one.numbers.items():
            yield from wrapped(f"{name} = {shown(str(value))}", indent=6, hang=8)
    yield ""
    yield from _again(explanation)
    if explanation.shown:
        yield ""
        yield f"RECORDS  the first {len(explanation.shown)} of {len(finding.records) + finding.more:,}"
    for record in explanation.shown:
        time = "undated" if record.time is None else format_time(record.time)
        yield from wrapped(f"{time}  {shown(record.place.input)} entry {record.place.entry}", hang=4)
        for name, text in record.said:
            yield from wrapped(f"{name}: {shown(text)}", indent=6, hang=8)


def _again(explanation: Explanation) -> Iterator[str]:
    read = f"{counted(explanation.chunks, 'chunk')} of the record, {counted(explanation.records, 'record')}, read again"
    if not explanation.finding.measured:
        yield from wrapped(f"AGAIN  {read}: the rule is true of {explanation.same:,} of them that are listed", indent=0)
        return
    rest = explanation.held - explanation.chunks
    yield from wrapped(
        f"AGAIN  {read}: all {explanation.same:,} counts by day came out as they are kept, and the models give the "
        f"same numbers of them (state {explanation.finding.state[:12]})",
        indent=0,
    )
    if rest:
        yield from wrapped(f"{counted(rest, 'chunk')} of the days before were not counted again: --whole does", hang=4)
