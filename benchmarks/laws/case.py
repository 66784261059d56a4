"""One investigation in memory, by the product's own parts and without a workspace: logs in, verdicts out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import pyarrow as pa

from benchmarks.laws.audits import Native
from tocsin import processing
from tocsin.answering import EVERY_SOURCE, answer
from tocsin.assess import attribution, exposure, logons, naming
from tocsin.chunk_rows import SAME_ID
from tocsin.collect.scanning import recognise
from tocsin.collect.source import Head
from tocsin.correlate import bursts, findings, identity, notes
from tocsin.cover import changes, coverage, digests, pairing
from tocsin.cover.probing import kept as probes
from tocsin.detect.sigma.compiled_rules import CompiledRules
from tocsin.held import Held
from tocsin.logs_seen import combine_logs
from tocsin.model.acquisition import SOURCE as ACQUISITION
from tocsin.model.acquisition import Acquisition, AcquisitionRecord, Extent
from tocsin.model.answers import InputAccount, RejectedRecords, Run
from tocsin.model.chunk import Chunk, ChunkResult, Input, InputState
from tocsin.model.estate import Estate
from tocsin.model.exposure import Exposure
from tocsin.model.instant import is_plausible
from tocsin.model.question import Question
from tocsin.model.reference import RecordPlace, split_reference

pa.set_cpu_count(1)  # tables of a few rows: threads cost more than they give
_FOLDS = {
    coverage.NAME: coverage.combine,
    changes.NAME: changes.combine,
    digests.NAME: digests.combine,
    pairing.NAME: pairing.combine,
    logons.NAME: logons.combine,
    findings.NAME: findings.combine,
    bursts.NAME: bursts.combine,
    exposure.NAME: exposure.combine,
    naming.NAME: naming.combine,
    attribution.NAME: attribution.combine,
    identity.NAME: identity.combine,
    notes.NAME: notes.combine,
    probes.NAME: probes.combine,
    "logs": combine_logs,
}
_RUN = Run(
    workspace="", tool="", started="", seconds=0, workers=1, checkpoint_size=0, checkpoint_root="", key_file=""
)  # fmt: skip
_SEALING = processing.Sealing(secret=bytes(32), name="0" * 32)
ACQUISITION_FILE = "acquisition.yaml"


@dataclass(slots=True, kw_only=True)
class Log:
    """One file; `lines` in place of `records` where its bytes are no longer what records give."""

    name: str
    records: list[Native]
    damaged: bytes | None = None

    @property
    def data(self) -> bytes:
        """What the file holds."""
        if self.damaged is not None:
            return self.damaged
        return b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in self.records)


@dataclass(slots=True, kw_only=True)
class Case:
    """What is handed over and asked; `acquisition` None is none."""

    logs: list[Log]
    estate: Estate
    question: Question
    acquisition: Acquisition | None = None
    rejected: list[str] = field(default_factory=list)


def acquired(case: Case, when: int) -> None:
    """Write the acquisition record of the logs as they are now."""
    case.acquisition = Acquisition(
        files=tuple((log.name, hashlib.sha256(log.data).hexdigest()) for log in case.logs),
        by="tenant administration",
        when=when,
        extent=Extent.EVERYTHING,
        from_=0,
        to=when,
    )


def judged(case: Case, rules: CompiledRules, *, tried: Collection[str] = (EVERY_SOURCE,)) -> tuple[Exposure, ...]:
    """Every verdict, as an investigation of the logs gives it; `tried` as `answering.answer` takes it."""
    held = _held(case, rules)
    return answer(held, case.question, None, _RUN, tried=tried).exposure


class _Places:
    """Of a chunk, the input of the same number."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths

    def __call__(self, reference: int) -> RecordPlace:
        sequence, ordinal = split_reference(reference)
        return RecordPlace(self._paths[sequence], ordinal)


def _held(case: Case, rules: CompiledRules) -> Held:
    accounts: list[InputAccount] = []
    kept: dict[str, list[pa.Table]] = {name: [] for name in _FOLDS}
    seen: dict[bytes, int] = {}
    for sequence, log in enumerate(case.logs):
        account, tables = _read(log, sequence, seen)
        accounts.append(account)
        for name in tables.keys() & kept.keys():  # what behaviour is learned from decides no verdict
            kept[name].append(tables[name])
    records: tuple[AcquisitionRecord, ...] = ()
    if case.acquisition is not None:
        records = (AcquisitionRecord(path=ACQUISITION_FILE, acquisitions=(case.acquisition,), faults=()),)
        accounts.append(_account(ACQUISITION_FILE, b"", ACQUISITION, InputState.READ, ""))
    held = {name: combine(kept[name]) for name, combine in _FOLDS.items()}
    return Held(
        accounts=tuple(accounts),
        acquisitions=records,
        mappings=(),
        places=_Places([log.name for log in case.logs]),  # type: ignore[arg-type]
        rules=rules,
        estate=case.estate,
        coverage=held[coverage.NAME],
        changes=held[changes.NAME],
        digests=held[digests.NAME],
        contents={account.path: account.sha256 for account in accounts},
        pairing=held[pairing.NAME],
        logons=held[logons.NAME],
        hits=held[findings.NAME],
        sightings=held[bursts.NAME],
        accesses=held[exposure.NAME],
        means=held[attribution.NAME],
        names=held[identity.NAME],
        probes=held[probes.NAME],
        holding_names=held[naming.NAME],
        notes=held[notes.NAME],
        behaviour={},
        note_chunks=frozenset(),
        logs=held["logs"],
        unfinished=False,
        exceptions=(),
    )


def _read(log: Log, sequence: int, seen: dict[bytes, int]) -> tuple[InputAccount, dict[str, pa.Table]]:
    data = log.data
    digest = hashlib.sha256(data).hexdigest()
    head = Head(data[:65_536], len(data), log.name)
    source, _ = recognise(head) if data else (None, 0.0)
    if source is None:
        state = InputState.UNRECOGNISED if data else InputState.IGNORED
        return _account(log.name, data, "", state, "no source of this version reads it" if data else "empty file"), {}
    start = source.preamble(head)
    entry = Input(
        path=log.name,
        sha256=digest,
        content_sha256=digest,
        size=len(data),
        source=source.name,
        certainty=1.0,
        state=InputState.READ,
    )
    chunk = Chunk(
        input=entry, sequence=sequence, offset=0, length=len(data), preamble=data[:start], skip=start, sha256=digest
    )
    plan = processing.Plan(matchers={})
    result, logs = _processed(data, chunk)
    # As the writer does: an event held from an earlier chunk leaves no row in a later one.
    again = [
        split_reference(reference)[1]
        for reference, key in zip(result.events["record"].to_pylist(), result.events["key"].to_pylist(), strict=True)
        if seen.setdefault(key, sequence) != sequence
    ]
    if again:
        result, logs = processing.process(data, chunk, plan, _SEALING, without=frozenset(again))
    times = [time for time in result.events["time"].to_pylist() if time is not None and is_plausible(time)]
    rejected = tuple(
        RejectedRecords(reason=one.reason, count=one.count, first_entry=one.first, detail=one.detail)
        for one in result.account.rejected
    )
    account = InputAccount(
        path=log.name,
        sha256=digest,
        source=source.name,
        certainty=1.0,
        state=InputState.PARTIAL if rejected else InputState.READ,
        reason="",
        size=len(data),
        records_read=result.account.read,
        stored=result.account.stored,
        duplicates=result.account.duplicates,
        rejected=rejected,
        warnings=tuple(sorted(result.account.warnings.items())),
        first=min(times, default=None),
        last=max(times, default=None),
    )
    if again:
        return account, processing.summarise(result, logs)
    return account, _summarised(data, chunk)


@lru_cache(maxsize=8)
def _processed(data: bytes, chunk: Chunk) -> tuple[ChunkResult, pa.Table]:
    """Of one file that several changes leave as it is, once."""
    return processing.process(data, chunk, processing.Plan(matchers={}), _SEALING)


@lru_cache(maxsize=8)
def _summarised(data: bytes, chunk: Chunk) -> dict[str, pa.Table]:
    return processing.summarise(*_processed(data, chunk))


def _account(path: str, data: bytes, source: str, state: InputState, reason: str) -> InputAccount:
    return InputAccount(
        path=path,
        sha256=hashlib.sha256(data).hexdigest() if data else "",
        source=source,
        certainty=0.0,
        state=state,
        reason=reason,
        size=len(data),
        records_read=0,
        stored=0,
        duplicates=0,
        rejected=(),
        warnings=(),
        first=None,
        last=None,
    )


__all__ = ["SAME_ID", "Case", "Log", "acquired", "judged"]
