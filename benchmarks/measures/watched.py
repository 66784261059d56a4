"""What is missing in real logs: gaps that are there, and ranges, hours and hosts cut out of them, against separate counts."""

from __future__ import annotations

import hashlib
import io
import json
import random
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from evtx import PyEvtxParser

from benchmarks.measures.file_objects import members
from benchmarks.page import table
from tocsin.collect.source import Head, Source
from tocsin.collect.sources.aws_cloudtrail_digest import SOURCE as DIGESTS
from tocsin.collect.sources.windows_evtx import SOURCE as EVTX
from tocsin.collect.sources.windows_json import SOURCE as JSON_EVENTS
from tocsin.cover import coverage, digests
from tocsin.cover.grid import map_of
from tocsin.cover.silence import silences
from tocsin.model.chunk import Chunk, Input, InputState
from tocsin.model.coverage import CoverageState
from tocsin.model.instant import HOUR, format_time
from tocsin.model.record import Record
from tocsin.model.reference import RecordPlace
from tocsin.model.tables import MARKS
from tocsin.processing import Plan, numbered, process_framed

SAMPLES, SETS = "evtx_attack_samples", "otrf_mordor"
# What leaves no trace in the log itself, known beforehand; a receipt, an acquisition record or another log tells it.
UNTRACEABLE: Mapping[str, str] = {
    "records at the start of a log": "older records are overwritten in the same way",
    "records at the end of a log": "an acquisition record with the last record number, or a receipt taken earlier, tells it",
    "all of a host": "an acquisition record with the count, or logs of other hosts, tell it",
    "records taken out and the others renumbered": "a receipt taken earlier tells it",
    "records of a log without numbers, fewer hours of them than the silence test needs": "digests or counts tell it",
}
_NO_MARKS = MARKS.empty_table()


class _Log(NamedTuple):
    """One log of one file: its events, in order of their numbers."""

    file: str
    host: str
    channel: str
    events: pa.Table


@dataclass(slots=True, kw_only=True)
class WatchedFigures:
    """What was measured on real logs.

    files, logs       files read and numbered logs in them, one a file, host and channel
    ordered           of these the logs whose numbers and times grow together and are used once: only there can another
                      program count the same
    gaps, counted     gaps that the fold keeps of the ordered logs, and ranges missing by the separate count
    differing         ordered logs where the two are not the same ranges
    tried, found      by kind of cut: logs cut, and those where the cut was found at its place
    beside            cuts for which a range was told that was neither cut nor missing before
    """

    files: int = 0
    logs: int = 0
    ordered: int = 0
    gaps: int = 0
    counted: int = 0
    differing: list[str] = field(default_factory=list)
    tried: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    beside: int = 0


def measure(data: Path, *, every: int = 1, seed: int = 7) -> WatchedFigures:
    """Gaps of every numbered log of every `every`-th file of both collections, and cuts in each long enough."""
    figures = WatchedFigures()
    chance = random.Random(seed)
    for place, (file, source, text) in enumerate(_files(data)):
        if place % every:
            continue
        figures.files += 1
        separate = _numbers_of_evtx(text) if source is EVTX else _numbers_of_lines(text)
        for log in logs_of(file, source, text):
            figures.logs += 1
            _compare(log, separate.get((log.host.lower(), log.channel.lower()), []), figures, chance)
    return figures


def _files(data: Path) -> Iterator[tuple[str, Source, bytes]]:
    for path in sorted((data / SAMPLES).glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if name.lower().endswith(".evtx"):
                    text = archive.read(name)
                    yield f"{path.name}!{name}", EVTX, text
    for path in sorted((data / SETS / "atomic").glob("*.zip")):
        for name, text in members(path):
            if JSON_EVENTS.recognises(Head(text[:65_536], len(text), name)) == 1.0:
                yield f"{path.name}!{name}", JSON_EVENTS, text


def _numbers_of_evtx(text: bytes) -> Mapping[tuple[str, str], list[int]]:
    """Separate count: the system part of each event as another call of the decoder renders it, no code of ours."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for one in PyEvtxParser(io.BytesIO(text)).records_json():
        if one is None or isinstance(one, RuntimeError):
            continue
        system = json.loads(one["data"])["Event"]["System"]
        host, channel = system.get("Computer"), system.get("Channel")
        found[str(host or "").lower(), str(channel or "").lower()].append(int(system["EventRecordID"]))
    return found


def _numbers_of_lines(text: bytes) -> Mapping[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for line in text.splitlines():
        row = json.loads(line) if line.strip() else {}
        number = row.get("RecordNumber", row.get("record_number", row.get("EventRecordID")))
        host = row.get("Hostname", row.get("Computer", row.get("computer_name", "")))
        channel = row.get("Channel", row.get("channel", row.get("log_name", "")))
        if number is not None:
            found[str(host or "").lower(), str(channel or "").lower()].append(int(number))
    return found


def logs_of(file: str, source: Source, text: bytes) -> Iterator[_Log]:
    """The numbered logs of a file, each with its events in order of their numbers."""
    head = Head(text[:65_536], len(text), file)
    size = source.preamble(head)
    input_ = Input(
        path=file,
        sha256="",
        content_sha256="",
        size=len(text),
        source=source.name,
        certainty=1.0,
        state=InputState.READ,
    )
    chunk = Chunk(input=input_, sequence=1, offset=0, length=len(text), preamble=text[:size], skip=size, sha256="")
    derived = process_framed(numbered(source.records(text, text[:size], size)), chunk, Plan(matchers={}))
    events = derived.events.filter(pc.is_valid(derived.events["metadata.sequence"]))
    pairs = set(zip(events["device.hostname"].to_pylist(), events["metadata.log_name"].to_pylist(), strict=True))
    for host, channel in sorted(pairs, key=str):
        own = events.filter(pc.and_(_is(events, "device.hostname", host), _is(events, "metadata.log_name", channel)))
        yield _Log(file, host or "", channel or "", own.sort_by("metadata.sequence"))


def _is(events: pa.Table, name: str, value: str | None) -> Any:
    return pc.is_null(events[name]) if value is None else pc.fill_null(pc.equal(events[name], value), False)


def gaps_of(events: pa.Table) -> set[tuple[int, int]]:
    """The ranges missing as the fold has them."""
    found = coverage.gaps(coverage.combine([coverage.summarise(events, _NO_MARKS)]))
    return {(gap.first, gap.last) for gaps in found.values() for gap in gaps}


def _missing(numbers: Sequence[int]) -> set[tuple[int, int]]:
    """The separate count: ranges between neighbours in a sorted list of the numbers."""
    ordered = sorted(set(numbers))
    return {(a + 1, b - 1) for a, b in pairwise(ordered) if b > a + 1}


def _compare(log: _Log, separate: Sequence[int], figures: WatchedFigures, chance: random.Random) -> None:
    numbers = log.events["metadata.sequence"].to_pylist()
    times = log.events["time"].to_pylist()
    if len(set(numbers)) != len(numbers) or None in times or _runs_back(times):
        return
    figures.ordered += 1
    there = gaps_of(log.events)
    counted = _missing(separate)
    figures.gaps += len(there)
    figures.counted += len(counted)
    if there != counted:
        figures.differing.append(f"{log.file} {log.host} {log.channel}")
    if len(numbers) >= 12:
        _cut_range(log, numbers, there, figures, chance)
        _cut_hours(log, times, there, figures, chance)
        _cut_end(log, there, figures)


def _runs_back(times: Sequence[int]) -> bool:
    return any(later < earlier - 10 * 10**9 for earlier, later in pairwise(times))


def _cut_range(
    log: _Log, numbers: Sequence[int], there: set[tuple[int, int]], figures: WatchedFigures, chance: random.Random
) -> None:
    first = chance.randrange(1, len(numbers) - 2)
    last = min(first + chance.choice([1, 1, 3, 10, 100]), len(numbers) - 1)
    _judge("a range of record numbers", log, np.r_[0:first, last : len(numbers)], there, figures)


def _cut_hours(
    log: _Log, times: Sequence[int], there: set[tuple[int, int]], figures: WatchedFigures, chance: random.Random
) -> None:
    hours = sorted({time // HOUR for time in times})
    if len(hours) < 3:
        return
    hour = chance.choice(hours[1:-1])
    kept = np.array([place for place, time in enumerate(times) if time // HOUR != hour])
    _judge("an hour", log, kept, there, figures)


def _cut_end(log: _Log, there: set[tuple[int, int]], figures: WatchedFigures) -> None:
    kept = log.events.slice(0, log.events.num_rows - 3)
    figures.tried["the end (no trace)"] += 1
    figures.found["the end (no trace)"] += bool(gaps_of(kept) - there)


def _judge(
    kind: str, log: _Log, kept: np.typing.NDArray[np.int64], there: set[tuple[int, int]], figures: WatchedFigures
) -> None:
    """Whether every record cut lies in a range told as missing, and in hours the map shows so; and nothing else does."""
    left = log.events.take(pa.array(kept))
    gone = sorted(set(log.events["metadata.sequence"].to_pylist()) - set(left["metadata.sequence"].to_pylist()))
    now = gaps_of(left)
    told = {number for first, last in now for number in gone if first <= number <= last}
    before = {number for first, last in there for number in range(first, last + 1)}
    state = coverage.combine([coverage.summarise(left, _NO_MARKS)])
    rows = coverage.conclude(state, place=lambda record: RecordPlace(log.file, record))
    (strip,) = map_of(rows, None).logs
    lost = log.events.filter(pc.is_in(log.events["metadata.sequence"], pa.array(gone)))["time"].to_pylist()
    seen = all(
        any(one.from_ <= time < one.to and one.state is CoverageState.GAPPED for one in strip.stretches)
        for time in lost
    )
    figures.tried[kind] += 1
    figures.found[kind] += told == set(gone) and seen
    figures.beside += any(
        number not in before and number not in told for first, last in now for number in range(first, last + 1)
    )


class DigestFigures(NamedTuple):
    """Real log files as a trail delivers them, one an hour, under digests made for them; cuts of one file or digest each.

    whole    doubts told of the whole: must be 0
    """

    files: int
    whole: int
    tried: int
    found: int
    beside: int


def measure_digests(data: Path) -> DigestFigures:
    """Every log file and every digest but the first and the last taken away in turn, and every log file altered."""
    with zipfile.ZipFile(data / "cloudtrail" / "stratus_detonations.zip") as archive:
        logs = [archive.read(name) for name in sorted(archive.namelist())]
    trail = _digests(logs)
    whole = _doubts(logs, trail)
    tried = found = beside = 0
    for hour in range(len(logs)):
        cuts = [([*logs[:hour], b"", *logs[hour + 1 :]], trail)]
        cuts.append(([*logs[:hour], logs[hour][:-2], *logs[hour + 1 :]], trail))
        if 0 < hour < len(logs) - 1:
            cuts.append((logs, [*trail[:hour], b"", *trail[hour + 1 :]]))
        for left, digests_left in cuts:
            told = _doubts(left, digests_left)
            tried += 1
            found += hour in told
            beside += bool(told - {hour})
    return DigestFigures(len(logs), len(whole), tried, found, beside)


_FIRST_HOUR = 1_709_510_400 * 10**9


def _digests(logs: Sequence[bytes]) -> list[bytes]:
    """Digests in the published form, each over the one before."""
    made: list[bytes] = []
    folder = "AWSLogs/111122223333/CloudTrail-Digest/eu-central-1/2024/03/04"
    for hour, text in enumerate(logs):
        named = f"{folder}/111122223333_CloudTrail-Digest_eu-central-1_court_eu-central-1_2024030{hour:02}.json.gz"
        before = made[-1] if made else None
        listed = {
            "s3Bucket": "trail",
            "s3Object": f"{hour:02}.json.gz",
            "hashValue": hashlib.sha256(text).hexdigest(),
            "hashAlgorithm": "SHA-256",
        }
        digest = {
            "awsAccountId": "111122223333",
            "digestStartTime": format_time(_FIRST_HOUR + hour * HOUR),
            "digestEndTime": format_time(_FIRST_HOUR + (hour + 1) * HOUR),
            "digestS3Bucket": "trail",
            "digestS3Object": named,
            "previousDigestS3Bucket": "trail" if before else None,
            "previousDigestS3Object": json.loads(before)["digestS3Object"] if before else None,
            "previousDigestHashValue": hashlib.sha256(before).hexdigest() if before else None,
            "previousDigestHashAlgorithm": "SHA-256" if before else None,
            "logFiles": [listed],
        }
        made.append(json.dumps(digest).encode())
    return made


def _doubts(logs: Sequence[bytes], trail: Sequence[bytes]) -> set[int]:
    """The hours of which the digests say that something is not whole; an empty text was not collected."""
    contents = [
        digests.Content(f"{kind}/{hour:02}.json", hashlib.sha256(text).hexdigest(), 1)
        for kind, texts in (("logs", logs), ("digests", trail))
        for hour, text in enumerate(texts)
        if text
    ]
    parts = []
    for hour, text in enumerate(trail):
        for record in DIGESTS.records(text, b"", 0) if text else ():
            if isinstance(record, Record):
                here = {"record": hour, "time": _FIRST_HOUR + hour * HOUR, "source": DIGESTS.name}
                marks = [{**row, **here} for row in DIGESTS.map(record).marks]
                parts.append(digests.summarise(pa.Table.from_pylist(marks, schema=MARKS)))
    rows = digests.conclude(
        digests.combine(parts), contents, place=lambda hour: RecordPlace(f"digests/{hour:02}.json", 0)
    )
    return {
        hour
        for row in rows
        if row.state is not CoverageState.UNPROVEN and row.from_ is not None and row.to is not None
        for hour in range(len(logs))
        if row.from_ <= _FIRST_HOUR + hour * HOUR < row.to
    }


class SilenceFigures(NamedTuple):
    """False silences of a year of one kind of source, and how many of as many outages of a working day were found."""

    kind: str
    rate: float
    years: int
    false: int
    found: int


KINDS = {
    "steady": (0.0, 0.0),
    "bursts of an hour": (0.7, 0.0),
    "bursts of an hour and of a day": (0.7, 3.0),
    "strong bursts of a day": (1.5, 1.0),
}


def measure_silence(years: int = 20, seed: int = 1) -> list[SilenceFigures]:
    """Sources with a profile of office hours; gamma scatter of each hour and of each day, of the shapes of `KINDS`."""
    found = []
    for kind, (by_hour, by_day) in KINDS.items():
        for rate in (2.0, 20.0, 200.0):
            false = caught = 0
            for year in range(years):
                chance = np.random.default_rng([seed, year, int(rate)])
                counts = _year(chance, rate, by_hour, by_day)
                false += len(silences(_kept(counts)).silences)
                start = int(chance.integers(30, 330)) * 24 + 8
                start += -24 * max((start // 24 + 3) % 7 - 4, 0)  # a workday
                counts[start : start + 10] = 0
                caught += any(
                    one.from_ < (start + 10) * HOUR and one.to > start * HOUR
                    for one in silences(_kept(counts)).silences
                )
            found.append(SilenceFigures(kind, rate, years, false, caught))
    return found


def _year(chance: np.random.Generator, rate: float, by_hour: float, by_day: float) -> np.typing.NDArray[np.int64]:
    hours = np.arange(365 * 24)
    days = hours // 24
    office = np.where(((days + 3) % 7 < 5) & (hours % 24 >= 8) & (hours % 24 < 18), 2.5, 0.4)
    mean = rate * office
    if by_hour:
        mean = mean * chance.gamma(by_hour, 1 / by_hour, hours.size)
    if by_day:
        mean = mean * chance.gamma(by_day, 1 / by_day, 365)[days]
    return chance.poisson(mean)


def _kept(counts: np.typing.NDArray[np.int64]) -> dict[int, int]:
    return {hour: int(count) for hour, count in enumerate(counts.tolist()) if count}


def section(data: Path, scratch: Path) -> str:
    """What the page says of it."""
    figures = measure(data)
    cuts: list[tuple[object, ...]] = [
        (kind, tried, figures.found[kind]) for kind, tried in sorted(figures.tried.items())
    ]
    sealed = measure_digests(data)
    quiet = measure_silence()
    years = sum(one.years for one in quiet)
    false = sum(one.false for one in quiet)
    rows: list[tuple[object, ...]] = [
        (one.kind, f"{one.rate:.0f}", one.years, f"{one.false / one.years:.2f}", f"{one.found} of {one.years}")
        for one in quiet
    ]
    untraceable = "\n".join(f"- {what}: {why}" for what, why in UNTRACEABLE.items())
    return f"""## What was watched: gaps and cuts in real logs

{figures.files:,} files of `{SAMPLES}` and `{SETS}` hold {figures.logs:,} numbered logs (one a file, host and channel). In {figures.ordered:,} of
them numbers are used once and grow with time, so that a separate program of a few lines can count what is missing: it counts
{figures.counted:,} ranges, the fold keeps {figures.gaps:,}, and {len(figures.differing):,} logs differ. In each of these logs of at least 12 records
something was then cut out:

{table("cut|logs cut|found at its place", cuts)}

Found at its place: every record taken lies in a range told as missing, and in hours the map shows as such. In {figures.beside:,} cuts
something else was told as missing. Named beforehand as leaving no trace in the log itself:

{untraceable}

Under digests made for the {sealed.files:,} log files of `cloudtrail`, one an hour, {sealed.tried:,} cuts (a log file gone, a log file
altered, a digest gone from the middle): {sealed.found:,} found in their hour, {sealed.beside:,} told of another hour as well; of the whole
chain {sealed.whole:,} doubts are told.

### Silence

The silence test on {years:,} simulated source-years (seeded; office hours, {len(KINDS)} kinds of bursts, 2, 20 and 200 records an hour)
gives {false:,} false silences, {false / years:.2f} a source and year; declared is at most one. An outage of the ten office hours of one workday:

{table("source|records an hour|years|false silences a year|outages found", rows)}"""
