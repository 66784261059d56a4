"""Since when rules could have seen what they look for, and when nobody could: from the logs held and their coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from tocsin.detect.sigma.compiled_rules import CompiledRules
from tocsin.detect.sigma.logsource import Alternative, LogSource, LogSourceMap, passes
from tocsin.detect.sigma.value import fold
from tocsin.logs_seen import records_by_log
from tocsin.model.answers import RulesAccount
from tocsin.model.coverage import WATCHED, Coverage
from tocsin.model.hunt import Sight
from tocsin.model.question import Question

_Logs = Mapping[str, Sequence[tuple[str, ...]]]


def sights(
    compiled: CompiledRules, account: RulesAccount, logs: pa.Table, coverage: Sequence[Coverage], question: Question
) -> tuple[Sight, ...]:
    """By log source, of the rules that could fire; `logs` as the fold keeps them, cut to the time asked of."""
    blind = {one.id for one in account.blind}
    asked = Counter(rule.log_source for rule in compiled.rules if rule.id not in blind)
    seen = {source: tuple(found) for source, found in records_by_log(logs).items()}
    inside = [row for row in coverage if _is_within(row, question)]
    return tuple(
        _sight(log_source, count, compiled.maps, seen, inside)
        for log_source, count in sorted(asked.items(), key=lambda one: str(one[0]))
    )


def _sight(
    log_source: LogSource,
    rules: int,
    maps: Sequence[LogSourceMap],
    seen: _Logs,
    coverage: Sequence[Coverage],
) -> Sight:
    read = {one.source: set(_channels(one, log_source, seen.get(one.source, ()), coverage)) for one in maps}
    of_it = [row for row in coverage if row.channel in read.get(row.source, ())]
    # A row without a channel speaks of the whole source, one without a source of all there is.
    over = [row for row in coverage if not row.source or (row.channel == "" and read.get(row.source))]
    watched = tuple(row for row in of_it if row.state in WATCHED)
    return Sight(
        log_source=str(log_source),
        rules=rules,
        first=min((row.from_ for row in watched if row.from_ is not None), default=None),
        last=max((row.to for row in watched if row.to is not None), default=None),
        watched=watched,
        unwatched=tuple(dict.fromkeys(row for row in (*of_it, *over) if row.state not in WATCHED)),
    )


def _channels(
    one: LogSourceMap, log_source: LogSource, logs: Sequence[tuple[str, ...]], coverage: Sequence[Coverage]
) -> Iterator[str]:
    """The channels, as coverage names them, of the logs that a rule with this log source reads."""
    alternatives = one.alternatives(log_source)
    if not alternatives or not logs:
        return
    channels = {row.channel for row in coverage if row.source == one.source}
    places = [
        place
        for place in range(len(one.log_fields))
        if channels and all(any(log[place] == channel for log in logs) for channel in channels if channel)
    ]
    read = [log for log in logs if any(_reads(one, alternative, log) for alternative in alternatives)]
    for channel in channels:
        # Where no log field is what coverage calls the channel, all of the source is taken.
        if read and (not places or not channel or any(log[places[0]] == channel for log in read)):
            yield channel


def _reads(one: LogSourceMap, alternative: Alternative, log: tuple[str, ...]) -> bool:
    return passes(one.gate(alternative), [fold(text) for text in log])


def _is_within(row: Coverage, question: Question) -> bool:
    ends_before = question.from_ is not None and row.to is not None and row.to <= question.from_
    begins_after = question.to is not None and row.from_ is not None and row.from_ >= question.to
    return not ends_before and not begins_after
