"""Findings derived again from their own records alone: equal to those of the investigation that read everything."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import select

from tocsin.cli.progress import Silence
from tocsin.correlate import identity
from tocsin.errors import VerificationError
from tocsin.evidence.enclosure import open_records
from tocsin.evidence.reproduction import EnclosedChunk, Reproduced, beside, findings_from, rules_of, unlike
from tocsin.exercise import run as play
from tocsin.held import Held
from tocsin.investigation import Settings, investigate
from tocsin.model.answers import Answers
from tocsin.model.chunk import Dating
from tocsin.model.estate import Estate
from tocsin.model.finding import Entity, EntityType, Finding
from tocsin.model.instant import parse_time
from tocsin.model.joining import Identities
from tocsin.model.reference import RecordPlace, record_reference
from tocsin.reading.rereading import dating_of
from tocsin.record.keys import WorkspaceKey, key_sources, open_key
from tocsin.record.ledger import Ledger, edge_row
from tocsin.record.proofs import TileReader
from tocsin.ruleset.compiled import own_rules
from tocsin.store import tables
from tocsin.store.estate import read_estate
from tocsin.store.workspace import Workspace, open_workspace

SAMPLES = Path(__file__).parents[1] / "samples"
OFTEN = """
title: An invented page is asked for
id: 11111111-2222-4333-8444-555555555555
logsource: {category: webserver}
detection: {selection: {cs-uri-stem|startswith: /invented}, condition: selection}
level: low
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Investigated:
    """An investigation, and what somebody else would be given of it."""

    answers: Answers
    workspace: Workspace
    key: WorkspaceKey
    rules: dict[str, bytes]
    identities: Identities
    dating: Dating | None
    in_force: frozenset[str]

    def enclosed(self, places: Sequence[RecordPlace]) -> list[EnclosedChunk]:
        """The records at these places, with those of their events, chunk by chunk."""
        wanted: dict[str, set[int]] = defaultdict(set)
        for place in places:
            wanted[place.input].add(place.entry)
        rows = tables.chunks.c
        references = []
        with self.workspace.reading() as connection:
            tree = TileReader(Ledger(self.workspace.ledger), *edge_row(connection))
            for entry in connection.execute(select(tables.inputs).where(tables.inputs.c.path.in_(wanted))).all():
                query = select(tables.chunks).where(rows.input == entry.id, rows.kind != "container")
                for chunk in connection.execute(query.order_by(rows.sequence)).all():
                    ordinals = {one - chunk.first_entry for one in wanted[entry.path]} & set(range(chunk.read))
                    references += [record_reference(chunk.sequence, ordinal) for ordinal in ordinals]
        return open_records(self.workspace, self.key, references, tree).chunks

    def derived_again(self, chunks: Sequence[EnclosedChunk], rules: dict[str, bytes] | None = None) -> Reproduced:
        """What follows from these records alone."""
        return findings_from(
            chunks,
            rules_of(self.rules if rules is None else rules, chunks),
            dating=self.dating,
            as_of=self.answers.as_of,
            canonical=self.identities.canonical,
            in_force=self.in_force,
        )


def investigated(
    place: Path, logs: Path, estate: Path | None = None, rules: tuple[Path, ...] = (), from_: str | None = None
) -> Investigated:
    settings = Settings(
        paths=(str(logs),),
        workspace=place / "workspace",
        estate=estate,
        rules=rules,
        workers=1,
        from_=None if from_ is None else parse_time(from_),
    )
    answers = investigate(settings, Silence())
    workspace = open_workspace(place / "workspace")
    key = open_key(workspace, key_sources(os.environ))
    texts = {str(path): path.read_bytes() for folder in (own_rules(), *rules) for path in folder.rglob("*.yml")}
    found = {finding.detector.id for finding in answers.findings}
    read = read_estate(estate) if estate else Estate()
    held = Held.load(workspace, key, rules_of({}, ()), read)
    hosts = {row.host for row in answers.coverage if row.host}
    return Investigated(
        answers=answers,
        workspace=workspace,
        key=key,
        rules={path: text for path, text in texts.items() if any(id_.encode() in text for id_ in found)},
        identities=identity.conclude(held.names, hosts, read, held.places),
        dating=dating_of(workspace),
        in_force=frozenset(one.id for one in rules_of(texts, ()).correlations)
        - {one.id for one in answers.accounting.rules.blind},
    )


def often(place: Path, seconds: Iterable[int], from_: str | None = None) -> Investigated:
    """One invented page asked for by one client, so many seconds after eight."""
    rules, logs = place / "rules", place / "logs"
    rules.mkdir(parents=True)
    logs.mkdir()
    (rules / "often.yml").write_text(OFTEN)
    (logs / "access.log").write_text(
        "".join(
            f"192.0.2.7 - - [04/Mar/2024:{8 + at // 3600:02}:{at // 60 % 60:02}:{at % 60:02} +0000] "
            f'"GET /invented/{at} HTTP/1.1" 200 1\n'
            for at in seconds
        )
    )
    return investigated(place, logs, rules=(rules,), from_=from_)


@pytest.fixture(scope="module", params=["exercise", "samples"])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Investigated]:
    """The small exercise, and the sample of every source there is."""
    place = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(place / "configuration"))
        if request.param == "samples":
            yield investigated(place, SAMPLES)
        else:
            folder = play("quiet-reader", place, 7, identities=60)
            yield investigated(place, folder / "logs", folder / "estate")


def test_each_finding_is_the_same_from_its_own_records_alone(whole: Investigated) -> None:
    assert len(whole.answers.findings) >= 20
    rules = rules_of(whole.rules, whole.enclosed([one for each in whole.answers.findings for one in each.records]))
    for finding in whole.answers.findings:
        reproduced = findings_from(
            whole.enclosed(finding.records),
            rules,
            dating=whole.dating,
            as_of=whole.answers.as_of,
            canonical=whole.identities.canonical,
            in_force=whole.in_force,
        )
        (again,) = [each for each in reproduced.findings if each.id == finding.id]
        assert replace(again, responder=finding.responder, surprise=finding.surprise) == finding
        assert unlike(finding, reproduced) == ()


def test_five_findings_are_the_same_from_the_records_of_the_five(whole: Investigated) -> None:
    five = whole.answers.findings[::4][:5]
    chunks = whole.enclosed([place for finding in five for place in finding.records])
    reproduced = whole.derived_again(chunks)
    found = {finding.id: finding for finding in reproduced.findings}
    assert [replace(found[each.id], responder=each.responder, surprise=each.surprise) for each in five] == list(five)
    assert whole.derived_again(chunks[::-1]).hits.equals(reproduced.hits)


def test_what_the_same_records_give_beside_what_is_stated_is_told(whole: Investigated) -> None:
    stated = whole.answers.findings[:5]
    again = whole.derived_again(whole.enclosed([place for each in stated for place in each.records]))
    assert stated[0].id not in beside(stated, again)
    assert stated[0].id in beside(stated[1:], again)


def test_a_record_that_is_left_out_or_changed_is_noticed(whole: Investigated) -> None:
    finding = next(each for each in whole.answers.findings if len(each.records) > 1)
    chunks = whole.enclosed(finding.records)
    short = replace(chunks[0], pieces=chunks[0].pieces[1:])
    assert unlike(finding, whole.derived_again([short, *chunks[1:]]))
    with pytest.raises(VerificationError, match="entry"):
        cut = chunks[0].pieces[0]._replace(raw=b"\0", text=None)
        whole.derived_again([replace(chunks[0], pieces=(cut,))])
    with pytest.raises(VerificationError, match="another decoder 1"):
        whole.derived_again([replace(chunks[0], decoder="another decoder 1")])


def test_a_finding_with_more_hits_than_are_listed_is_borne_out_by_those_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many hits in an hour and one in the next: those that tie them together are not listed, and so not enclosed."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    seconds = [*range(0, 3600, 10), 7090]
    whole = often(tmp_path, seconds)
    (finding,) = whole.answers.findings
    assert finding.more == len(seconds) - len(finding.records) > 100
    reproduced = whole.derived_again(whole.enclosed(finding.records))
    assert unlike(finding, reproduced) == ()
    assert len(reproduced.findings) == 2
    fewer = whole.derived_again(whole.enclosed(finding.records[:-1]))
    assert unlike(finding, fewer) == ("last", "records", "why")
    other = replace(finding, entities=(*finding.entities, *finding.entities[:1]), techniques=("T0000",))
    assert unlike(other, reproduced) == ("entities", "techniques")


def test_that_more_was_found_than_is_listed_excuses_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    whole = often(tmp_path, range(0, 3600, 10))
    (finding,) = whole.answers.findings
    assert finding.more
    assert finding.last is not None
    reproduced = whole.derived_again(whole.enclosed(finding.records))
    assert unlike(finding, reproduced) == ()
    assert unlike(replace(finding, why="deleted 4,712 exhibits"), reproduced) == ("why",)
    assert unlike(replace(finding, more=finding.more + 1), reproduced) == ("why",)
    hour_later = finding.last + 3_600_000_000_000
    assert unlike(replace(finding, last=hour_later), reproduced) == ("last", "why")
    assert unlike(replace(finding, entities=(Entity(EntityType.ACCOUNT, "ada.invented"),)), reproduced) == ("entities",)


def test_more_than_is_listed_is_believed_only_where_the_list_is_as_long_as_lists_get(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    whole = often(tmp_path, range(0, 100, 10))
    (finding,) = whole.answers.findings
    assert not finding.more
    reproduced = whole.derived_again(whole.enclosed(finding.records))
    assert unlike(replace(finding, more=4711), reproduced) == ("more",)


def test_answers_that_begin_within_an_hour_list_what_is_left_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first hits of the hour fill the list, and lie before the time asked of."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    for from_, listed in (("2024-03-04T08:15:00Z", 39), ("2024-03-04T08:40:00Z", 1)):
        whole = often(tmp_path / from_[14:16], range(0, 3600, 10), from_)
        (finding,) = whole.answers.findings
        assert (len(finding.records), finding.more > 0) == (listed, True)
        reproduced = whole.derived_again(whole.enclosed(finding.records))
        assert unlike(finding, reproduced, parse_time(from_)) == ()
        assert "more" in unlike(finding, reproduced)


def test_fields_shown_that_the_bytes_do_not_have_are_named(whole: Investigated) -> None:
    """Their root may have been said after the record was sealed: then no proof tells what they are of."""
    finding = whole.answers.findings[0]
    (first, *_) = whole.enclosed(finding.records[:1])
    piece = first.pieces[0]
    fields = {"account": "judge.invented@example.org"}
    shown = {piece.ordinal: (json.dumps(list(fields)), tuple(map(json.dumps, fields.values())))}
    with pytest.raises(VerificationError, match="fields shown are not those that its bytes have"):
        whole.derived_again([replace(first, shown=shown)])


def test_a_finding_that_the_records_do_not_give_is_told(whole: Investigated) -> None:
    finding: Finding = whole.answers.findings[0]
    assert unlike(finding, whole.derived_again([], {})) == ("id",)
    changed = replace(finding, why="something else", techniques=("T0000",))
    assert unlike(changed, whole.derived_again(whole.enclosed(finding.records))) == ("techniques", "why")
