"""For every rule and every source that has its log: one event the rule must fire on, as the source's log writes it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.synthesis.solving import Event, Solver, Terms, Unsolvable
from benchmarks.synthesis.writing import PROXY_HEAD, WRITERS, Writer
from tocsin.collect.source import HEAD_BYTES, Coalescing, Head, Source, source_named
from tocsin.detect.sigma.compiled_rules import CompiledRule, CompiledRules
from tocsin.detect.sigma.logsource import Alternative, LogSourceMap, passes
from tocsin.detect.sigma.value import fold
from tocsin.model.record import Record

# EVTX has the log sources of the JSON form and is read into the same fields; it is a binary form, not written here.
NOT_WRITTEN: Final = {"windows_evtx": "windows_json"}
_MOST_EVENTS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A rule's event in one source's log: its lines and how many records they are, or why there is none."""

    rule: str
    source: str
    kind: str = ""
    lines: tuple[str, ...] = ()
    records: int = 0
    reason: str = ""


def made(compiled: CompiledRules, wanted: Sequence[str] | None = None) -> Iterator[Made]:
    """What could be made, by source and rule; of the rules with these ids where some are named."""
    solver = Solver(compiled)
    for one in compiled.maps:
        if one.source not in WRITERS:
            continue
        maker = _Maker(compiled, solver, one)
        for number, rule in enumerate(compiled.rules):
            if rule.tree is not None and (wanted is None or rule.id in wanted):
                alternatives = one.alternatives(rule.log_source)
                if alternatives:
                    yield maker.make(rule, alternatives, number)


def head_of(kind: str) -> tuple[str, ...]:
    """Lines that a file of this kind begins with."""
    return PROXY_HEAD if kind == "proxy" else ()


class _Maker:
    def __init__(self, compiled: CompiledRules, solver: Solver, log: LogSourceMap) -> None:
        self._compiled = compiled
        self._solver = solver
        self._log = log
        self._writer: Writer = WRITERS[log.source]
        self._source: Source = source_named(log.source)

    def make(self, rule: CompiledRule, alternatives: Sequence[Alternative], number: int) -> Made:
        reason = ""
        for alternative in alternatives:
            try:
                for event in itertools.islice(self._events(rule, alternative), _MOST_EVENTS):
                    found = self._tried(rule, alternative, event, number)
                    if not found.reason:
                        return found
                    reason = found.reason
            except Unsolvable as error:
                reason = str(error)
        return Made(rule=rule.id, source=self._log.source, reason=reason)

    def _events(self, rule: CompiledRule, alternative: Alternative) -> Iterator[Event]:
        terms = Terms(
            log_fields=self._log.log_fields,
            gate=dict(alternative.when),
            keyword_field=self._writer.keyword,
            defaults=self._writer.defaults,
            own_data=self._log.own_data,
            between=self._writer.between,
        )
        assert rule.tree is not None  # noqa: S101 - asked of rules with a tree only
        return self._solver.solve(rule.tree, dict(alternative.rename), terms, rule.id)

    def _tried(self, rule: CompiledRule, alternative: Alternative, event: Event, number: int) -> Made:
        """The event written and read again as its source reads it: whether what was asked for came through."""
        try:
            lines = tuple(self._writer.write(event, number))
        except Unsolvable as error:
            return Made(rule=rule.id, source=self._log.source, reason=str(error))
        kind = event.log.get("kind", "")
        head = "".join(f"{line}\n" for line in head_of(kind)).encode()
        data = head + "".join(f"{line}\n" for line in lines).encode()
        start = self._source.preamble(Head(data[:HEAD_BYTES], len(data), "a file"))
        framed = list(self._source.records(data, data[:start], start))
        records = [one for one in framed if isinstance(one, Record)]
        seen = records
        if isinstance(self._source, Coalescing):
            seen = [record for each in self._source.coalesce(records) for record in each.seen]
        gate, rename = self._log.gate(alternative), dict(alternative.rename)
        for record in seen:
            log = dict(zip(self._log.log_fields, record.log, strict=True))
            if passes(gate, [fold(text) for text in record.log]) and self._solver.holds(
                rule, rename, record.fields, log
            ):
                return Made(rule=rule.id, source=self._log.source, kind=kind, lines=lines, records=len(framed))
        names = {name for record in seen for name in (*record.fields, *self._log.log_fields)}
        lost = sorted(name for name, value in event.fields.items() if value is not None and name not in names)
        reason = f"this log has no place for {', '.join(lost)}" if lost else "the log's form changes what is asked for"
        return Made(rule=rule.id, source=self._log.source, reason=reason)
