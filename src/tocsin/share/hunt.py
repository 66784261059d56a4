"""What rules find in logs read before in; text for a person out."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.model.coverage import Coverage
from tocsin.model.finding import Finding
from tocsin.model.hunt import Hunt, Sight
from tocsin.model.instant import format_time
from tocsin.share.exceptions import exception_words, hits_equation
from tocsin.share.indicated import indicator_lines
from tocsin.share.plain import shown, wrapped
from tocsin.share.summary import COVERAGE_STATES, LACKS, counted

_LISTED = 20
_ROWS = 5


def hunt_text(hunt: Hunt) -> str:
    """Lines of at most 80 columns where the values allow it."""
    return "\n".join(_hunt(hunt)) + "\n"


def _hunt(hunt: Hunt) -> Iterator[str]:
    rules = hunt.rules
    span = ""
    if hunt.from_ is not None or hunt.to is not None:
        span = f"; asked of {_time(hunt.from_, 'the beginning')} to {_time(hunt.to, 'the end')}"
    yield from wrapped(
        f"HUNT   {_asked(hunt)} over {counted(hunt.records, 'record')} read again"
        f" ({hunt.looked:,} of {counted(hunt.chunks, 'chunk')}){span}; all times UTC; nothing was changed",
        indent=0,
        hang=2,
    )
    if hunt.closed:
        yield from wrapped(shown(hunt.closed), hang=4)
    yield from wrapped(hits_equation(hunt.hits), hang=4)
    for one in hunt.exceptions:
        yield from wrapped(f"exception {shown(exception_words(one))}", hang=4)
    gravest = sorted(hunt.findings, key=lambda finding: -finding.detector.level.rank)  # then as they come: by time
    for finding in gravest[:_LISTED]:
        yield from _finding(finding)
    if len(hunt.findings) > _LISTED:
        yield f"... and {len(hunt.findings) - _LISTED:,} more findings, in the JSON"
    if not hunt.findings:
        yield from wrapped("nothing was found: of what could have been seen, see below", indent=0, hang=2)
    for depth, text in indicator_lines(hunt.indicators) if hunt.indicators is not None else ():
        if not depth:
            yield ""
        yield from wrapped(f"{'' if depth else 'INDICATORS  '}{shown(text)}", indent=2 * depth, hang=2 * depth + 2)
    if rules.loaded or rules.failed or hunt.indicators is None:
        yield from _of_rules(hunt)


def _asked(hunt: Hunt) -> str:
    parts = [counted(hunt.rules.loaded, "rule")] if hunt.rules.loaded or hunt.indicators is None else []
    parts += [counted(hunt.indicators.asked, "indicator")] if hunt.indicators is not None else []
    return " and ".join(parts)


def _of_rules(hunt: Hunt) -> Iterator[str]:
    rules = hunt.rules
    yield ""
    yield "COULD HAVE BEEN SEEN"
    for sight in hunt.sight:
        yield from _sight(sight)
    if not hunt.sight:
        yield from wrapped("none of it: no rule could fire on the logs held", hang=4)
    yield ""
    yield from wrapped(
        f"RULES  {counted(rules.loaded, 'rule')} loaded: {rules.operable:,} could fire,"
        f" {len(rules.blind):,} were blind; {len(rules.failed):,} failed",
        indent=0,
        hang=2,
    )
    for lack, words in LACKS.items():
        blind = [rule for rule in rules.blind if rule.lacks is lack]
        if blind:
            yield from wrapped(f"{words}: {counted(len(blind), 'rule')}", hang=4)
        for rule in blind[:_ROWS]:
            yield from wrapped(f"{shown(rule.title or rule.id)}: {shown(rule.reason)}", indent=4, hang=6)
        if len(blind) > _ROWS:
            yield f"    ... and {len(blind) - _ROWS:,} more, in the JSON"
    for failed in rules.failed[:_ROWS]:
        line = "" if failed.line is None else f":{failed.line}"
        yield from wrapped(f"failed: {shown(failed.path)}{line}: {shown(failed.reason)}", hang=4)
    if len(rules.failed) > _ROWS:
        yield f"  ... and {len(rules.failed) - _ROWS:,} more that failed, in the JSON"


def _finding(finding: Finding) -> Iterator[str]:
    yield ""
    yield from wrapped(
        f"[{finding.detector.level}] {shown(finding.detector.title)} ({shown(finding.detector.id)})", indent=0, hang=2
    )
    number = len(finding.records) + finding.more
    about = ", ".join(f"{entity.type} {shown(entity.id)}" for entity in finding.entities[:4])
    yield from wrapped(
        f"{counted(number, 'hit')}, {_time(finding.first, 'undated')} to {_time(finding.last, 'undated')}; {about}",
        hang=4,
    )
    yield from wrapped(shown(finding.why), hang=4)
    for place in finding.records[:_ROWS]:
        yield from wrapped(f"{shown(place.input)}#{place.entry}", indent=4, hang=6)
    if number > _ROWS:
        yield f"    ... and {number - _ROWS:,} more"


def _sight(sight: Sight) -> Iterator[str]:
    hosts = {row.host for row in sight.watched if row.host}
    over = f", {counted(len(hosts), 'host')}" if hosts else ""
    since = f"since {_time(sight.first, 'an unknown time')}, until {_time(sight.last, 'an unknown time')}{over}"
    yield from wrapped(f"{shown(sight.log_source)} ({counted(sight.rules, 'rule')}): {since}", hang=4)
    for row in sight.unwatched[:_ROWS]:
        yield from wrapped(f"nobody could look: {_unwatched(row)}", indent=4, hang=6)
    if len(sight.unwatched) > _ROWS:
        yield f"    ... and {len(sight.unwatched) - _ROWS:,} more, in the JSON"


def _unwatched(row: Coverage) -> str:
    where = " ".join(shown(part) for part in (row.source, row.host, row.channel) if part)
    span = f"{_time(row.from_, 'the beginning')} to {_time(row.to, 'the end')}"
    return f"{span}, {where or 'any log'}: {COVERAGE_STATES[row.state]}: {shown(row.evidence)}"


def _time(time: int | None, without: str) -> str:
    return without if time is None else format_time(time)
