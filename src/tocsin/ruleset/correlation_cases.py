"""What a correlation does on the cases beside it: their events go the way of an investigation, up to its bursts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tocsin.collect.source import Head, source_named
from tocsin.correlate import bursts
from tocsin.correlate.counting import Sightings, find_bursts
from tocsin.detect.sigma.cases import Case, cases_path
from tocsin.detect.sigma.compiled_rules import CompiledRules
from tocsin.detect.sigma.match import Matcher
from tocsin.errors import SourceError
from tocsin.model.chunk import Chunk, Dating, Input, InputState
from tocsin.model.instant import parse_time
from tocsin.model.rule import CaseOutcome
from tocsin.processing import Plan, numbered, process_framed
from tocsin.protect.passing import cut_sightings

# Lines that name no year are of the last twelve months before it.
_TAKEN: Final = Dating(parse_time("2026-12-31T00:00:00Z") or 0, is_latest=True)


class CorrelationCases:
    """Runs cases of correlations; what is compiled is kept from case to case."""

    def __init__(self, compiled: CompiledRules) -> None:
        self._compiled = compiled
        self._matchers: dict[str, Matcher] = {}

    def run(self, id_: str, cases: Sequence[Case]) -> Iterator[CaseOutcome]:
        """What the correlation of that id does on each case."""
        info = self._compiled.infos[id_]
        for case in cases:
            try:
                detail = self._detail(id_, case)
            except SourceError as error:
                detail = str(error)
            yield CaseOutcome(
                rule=id_,
                title=info.title,
                path=str(cases_path(Path(info.path))),
                line=case.line,
                name=case.name,
                expect=case.expect,
                detail=detail,
            )

    def _detail(self, id_: str, case: Case) -> str:
        """What went wrong; "" where it did as the case says."""
        logs = case.as_logs()
        if not logs:
            return "a case of a correlation gives events, a record or lines: fields have no time"
        parts = []
        for sequence, (source, data) in enumerate(logs):
            known = source_named(source)
            start = known.preamble(Head(data, len(data), ""))
            chunk = _chunk(source, sequence, data[:start])
            framed = list(known.records(data, chunk.preamble, start))
            derived = process_framed(numbered(framed), chunk, Plan(matchers=self._of(source), dating=_TAKEN))
            if derived.account.rejected or not framed:
                why = derived.account.rejected[0] if derived.account.rejected else None
                said = f"{why.reason}: {why.detail}" if why else "no record in it"
                raise SourceError(f"{source} cannot read it: {said}", hint="write it as the log itself has it")
            parts.append(bursts.summarise(cut_sightings(derived.sightings)))
        correlations = self._compiled.correlations
        found = find_bursts(Sightings(bursts.combine(parts), correlations), correlations)[id_]
        if (found.starts.size > 0) is (case.expect == "match"):
            return ""
        if found.starts.size:
            return "matches"
        left = found.left_out
        return (
            f"does not match: {left.records} records were given to it, {left.untimed} of them without a time, "
            f"{left.ungrouped} without what it is grouped by, {left.unvalued} without a value it can count"
        )

    def _of(self, source: str) -> dict[str, Matcher]:
        if source not in self._matchers:
            self._matchers[source] = Matcher(self._compiled, source)
        return {source: self._matchers[source]}


def _chunk(source: str, sequence: int, preamble: bytes) -> Chunk:
    entry = Input(
        path=f"case-{sequence}",
        sha256="",
        content_sha256="",
        size=0,
        source=source,
        certainty=1.0,
        state=InputState.READ,
    )
    return Chunk(input=entry, sequence=sequence, offset=0, length=0, preamble=preamble, skip=0, sha256="")
