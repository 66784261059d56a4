"""Beside an independent engine: SigmaHQ's regression cases, and every (file, rule) on which the two differ, with the event."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from tocsin.collect.sources.windows_evtx import SOURCE
from tocsin.detect.sigma.compile import compile_rules
from tocsin.detect.sigma.compiled_rules import CompiledRules
from tocsin.detect.sigma.match import Matcher
from tocsin.detect.sigma.rules import load_rules
from tocsin.model.clipping import cut
from tocsin.model.record import Record
from tocsin.ruleset.compiled import log_source_maps

CASES: Final = "sigma/regression/cases.zip"
REFERENCE_EXAMPLES: Final = 24_300  # run by hand without a difference
THEIRS: Final = "sigma/peer_engine/pysigma_sqlite_matches.jsonl.gz"

# Pairs the other engine finds and ours must not, each looked at in the event.
NOT_OURS: Final = {
    ("Discovery/discovery_bloodhound.evtx", "52d8b0c6-53d6-439a-9e41-52ad442ad9ad"): "RelativeTargetName",
}

KEYWORDS: Final = "a rule of keywords: the other engine refuses it"
BOOLEAN: Final = "a boolean: the other engine stores `true` as 1 and compares it with the text"
NUMBER: Final = "a number: the other engine's table and its query hold it in different types"
CASE: Final = "letters of another case: `=` of SQLite compares with case"
LEVEL: Final = "a log source: the level of integrity of Security 4688 is its `MandatoryLabel`, a SID"
ANTIVIRUS: Final = "a log source: Windows Defender is an antivirus"
BRACKETS: Final = "brackets in a value: a set of characters to the other engine (its own regression case)"

# Rules that ours finds where the other engine does not: the cause, and the field in which it shows.
NOT_THEIRS: Final[Mapping[str, tuple[str, str]]] = {
    "06d71506-7beb-4f22-8888-e2e5e2ca7fd8": (KEYWORDS, ""),
    "0b7889b4-5577-4521-a60a-3376ee7f9f7b": (KEYWORDS, ""),
    "4e64668a-4da1-49f5-a8df-9e2d5b866718": (KEYWORDS, ""),
    "4fe151c2-ecf9-4fae-95ae-b88ec9c2fca6": (KEYWORDS, ""),
    "0dba975d-a193-4ed1-a067-424df57570d1": (BOOLEAN, "Initiated"),
    "1f21ec3f-810d-4b0e-8045-322202e22b4b": (BOOLEAN, "Initiated"),
    "c7e91a02-d771-4a6d-a700-42587e0b1095": (BOOLEAN, "Initiated"),
    "cdc8da7d-c303-42f8-b08c-b4ab47230263": (BOOLEAN, "Initiated"),
    "ed74fe75-7594-4b4b-ae38-e38e3fd2eb23": (BOOLEAN, "Initiated"),
    "16f5d8ca-44bd-47c8-acbe-6fc95a16c12f": (NUMBER, "LogonType"),
    "192a0330-c20b-4356-90b6-7b7049ae0b87": (NUMBER, "LogonType"),
    "72124974-a68b-4366-b990-d30e0b2a190d": (NUMBER, "LogonType"),
    "8eef149c-bd26-49f2-9e5a-9b00e3af499b": (NUMBER, "LogonType"),
    "def8b624-e08f-4ae1-8612-1ba21190da6b": (NUMBER, "LogonType"),
    "3e2f1b2c-4d5e-11ee-be56-0242ac120002": (NUMBER, "PreAuthType"),
    "2c99737c-585d-4431-b61a-c911d86ff32f": (CASE, "AttributeLDAPDisplayName"),
    "a24e5861-c6ca-4fde-a93c-ba9256feddf0": (CASE, "GrantedAccess"),
    "dae8171c-5ec6-4396-b210-8466585b53e9": (CASE, "ObjectName"),
    "224f140f-3553-4cd1-af78-13d81bf9f7cc": (LEVEL, "MandatoryLabel"),
    "3037d961-21e9-4732-b27a-637bcc7bf539": (LEVEL, "MandatoryLabel"),
    "dcdbc940-0bff-46b2-95f3-2d73f848e33b": (LEVEL, "MandatoryLabel"),
    "78cc2dd2-7d20-4d32-93ff-057084c38b93": (ANTIVIRUS, ""),
    "fa0c05b6-8ad3-468d-8231-c1cbccb64fba": (ANTIVIRUS, ""),
    "beaa66d6-aa1b-4e3c-80f5-e0145369bfaf": (BRACKETS, ""),
}


class Shown(NamedTuple):
    """One event of a difference: the file, the record's number in the log, and what there made the rule hold."""

    file: str
    record: int | str
    matched: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerFigures:
    """What was measured.

    both, theirs, ours   pairs (file, rule) of both, of the other engine alone, of ours alone
    events               by rule of ours alone one event
    values               by pair of the other engine alone the values of the telling field in the file
    titles               by rule
    """

    both: int
    theirs: frozenset[tuple[str, str]]
    ours: frozenset[tuple[str, str]]
    events: Mapping[str, Shown]
    values: Mapping[tuple[str, str], tuple[str, ...]]
    titles: Mapping[str, str]

    @property
    def share(self) -> float:
        """Of all pairs those of both."""
        return self.both / (self.both + len(self.theirs) + len(self.ours))


def compiled_rules(data: Path) -> CompiledRules:
    """All of SigmaHQ's rules."""
    return compile_rules(load_rules([*(data / "sigma" / "rules").glob("*.zip")]), log_source_maps())


def records_of(data: bytes) -> list[Record]:
    """The records of an EVTX file."""
    return [item for item in SOURCE.records(data, data[:4096], 4096) if isinstance(item, Record)]


def measure(data: Path, compiled: CompiledRules) -> PeerFigures:
    """Match every EVTX file of the attack samples and the regression cases, and hold it to what the other engine found."""
    theirs = {
        (pair["file"], pair["rule_id"])
        for pair in map(json.loads, gzip.decompress((data / THEIRS).read_bytes()).splitlines())
    }
    matcher = Matcher(compiled, SOURCE.name)
    ours: set[tuple[str, str]] = set()
    events: dict[str, Shown] = {}
    values: dict[tuple[str, str], tuple[str, ...]] = {}
    for name, content in _files(data):
        records = records_of(content)
        for match in matcher.match(records):
            ours.add((name, match.rule))
            if (name, match.rule) not in theirs and match.rule not in events:
                number = records[match.index].fields.get("EventRecordID", match.index)
                events[match.rule] = Shown(name, number, match.matched)
        for (file, rule), field in NOT_OURS.items():
            if file == name:
                values[file, rule] = tuple(_telling(records, field))
    return PeerFigures(
        both=len(ours & theirs),
        theirs=frozenset(theirs - ours),
        ours=frozenset(ours - theirs),
        events=events,
        values=values,
        titles={id_: info.title for id_, info in compiled.infos.items()},
    )


def _telling(records: list[Record], field: str) -> Iterator[str]:
    """The values that are not all in lower case, each with the number of its first record."""
    told: set[str] = set()
    for record in records:
        value = str(record.fields.get(field, ""))
        if value != value.lower() and value not in told:
            told.add(value)
            yield f"{value}` in record `{record.fields['EventRecordID']}"


def _files(data: Path) -> Iterator[tuple[str, bytes]]:
    for path in [*sorted((data / "evtx_attack_samples").glob("*.zip")), data / CASES]:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if name.endswith(".evtx"):
                    yield name, archive.read(name)


def section(data: Path, scratch: Path) -> str:
    """What the page says of it."""
    figures = measure(data, compiled_rules(data))
    rows = "\n".join(
        _row(figures, rule, *NOT_THEIRS[rule]) for rule in sorted(NOT_THEIRS, key=lambda one: (NOT_THEIRS[one], one))
    )
    beyond = "\n".join(
        f"- *{figures.titles[rule]}*, `{file}`: `{field}` is {', '.join(f'`{value}`' for value in figures.values[file, rule])}; "
        "the rule leaves that value out in lower case, and the other engine compares it with case. Theirs is wrong."
        for (file, rule), field in NOT_OURS.items()
    )
    return f"""## Beside an independent engine: `sigma/peer_engine`

pySigma's SQLite backend with the Sysmon and Windows pipelines, on every EVTX file of the attack samples and the regression
cases (`python benchmarks/evaluate.py peer_engine`; `tests/real/test_sigma_regression.py` holds each difference).

- Beside a slow matcher that parses rules itself (`tests/detect/sigma/reference.py`): random rules of every modifier, on
  random events, {REFERENCE_EXAMPLES:,} examples of up to 4 rules and 8 events each without a difference (run by hand with
  `TOCSIN_REFERENCE_EXAMPLES=4000 pytest tests/detect/sigma/test_equals_reference.py`, seed by seed; the suite runs 100)
- SigmaHQ's own regression cases: 120 of 120 fire their rule from EVTX, 120 of 120 from JSON
- Pairs (file, rule) of both: {figures.both:,}; of the other engine alone {len(figures.theirs)}; of ours alone
  {len(figures.ours)}; in common {figures.share:.1%}

Of the other engine alone:

{beyond}

Of ours alone, by rule, each with one event (the record's number in the log) and what in it made the rule hold. In each the
event satisfies the rule as it is written:

| rule | files | cause | event | what it says |
| --- | --- | --- | --- | --- |
{rows}"""


def _row(figures: PeerFigures, rule: str, cause: str, field: str) -> str:
    shown = figures.events[rule]
    told = [one for one in shown.matched if one[0] == field] or list(shown.matched[-1:])
    said = "; ".join(f"{name} {asked}: `{_plain(value)}`" for name, asked, value in told[:2])
    files = sum(one == rule for _, one in figures.ours)
    return (
        f"| {figures.titles[rule]} | {files} | {cause} | `{Path(shown.file).name}`, {shown.record} | {_plain(said)} |"
    )


def _plain(text: Any) -> str:
    """A value cut to a line of the table."""
    one = " ".join(cut(str(text)).replace("|", "/").split())
    return one if len(one) <= 160 else f"{one[:157]}..."
