"""Our rules on the exercises: they tell each intrusion as one story, and are nearly silent on ordinary work."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from tocsin.collect.source import HEAD_BYTES, Head, all_sources
from tocsin.detect.sigma.compile import compile_rules
from tocsin.detect.sigma.match import Matcher
from tocsin.detect.sigma.rules import load_rules
from tocsin.exercise import run
from tocsin.model.record import Record

from .own_rules import logsource_maps, rule_paths

STORY = {
    "remote_desktop_from_internet",
    "federation_signing_key_script",
    "federation_key_container_read",
    "certificate_exported_with_key",
    "federated_sign_in_by_script",
    "mail_read_by_unknown_application",
    "mail_forwarded",
    "event_log_cleared",
}

PAPER_STORY = {"lsass_memory_read", "administrator_by_ntlm", "event_log_cleared"}

Hits = dict[tuple[str, int], set[str]]


def _records(data: bytes, name: str) -> tuple[str, list[Record]]:
    head = Head(data[:HEAD_BYTES], len(data), name)
    source = max(all_sources(), key=lambda source: source.recognises(head))
    start = source.preamble(head)
    found = list(source.records(data, data[:start], start))
    return source.name, [record for record in found if isinstance(record, Record)]


def _play(name: str, place: Path) -> tuple[Hits, set[tuple[str, int]]]:
    """Rules that hit, by file and entry, and the entries that are the intruder's."""
    folder = run(name, place, 7, identities=90)
    rules = load_rules(rule_paths())
    names = {rule.info.id: Path(rule.info.path).stem for rule in rules.rules}
    compiled = compile_rules(rules, logsource_maps())
    matchers = {source.name: Matcher(compiled, source.name) for source in all_sources()}
    hits: Hits = {}
    for path in sorted(path for path in (folder / "logs").rglob("*") if path.is_file()):
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        file = path.relative_to(folder).as_posix()
        source, records = _records(data, file)
        for match in matchers[source].match(records):
            hits.setdefault((file, match.index), set()).add(names[match.rule])
    truth = json.loads((folder / "truth.json").read_bytes())
    return hits, {(place["file"], place["entry"]) for place in truth["records"]}


@pytest.fixture(scope="module")
def quiet_reader(tmp_path_factory: pytest.TempPathFactory) -> tuple[Hits, set[tuple[str, int]]]:
    """The quiet reader's hits and records of the intruder."""
    return _play("quiet-reader", tmp_path_factory.mktemp("quiet-reader"))


@pytest.fixture(scope="module")
def paper_trail(tmp_path_factory: pytest.TempPathFactory) -> tuple[Hits, set[tuple[str, int]]]:
    """The paper trail's hits and records of the intruder."""
    return _play("paper-trail", tmp_path_factory.mktemp("paper-trail"))


def _told(hits: Hits, intruders: set[tuple[str, int]]) -> set[str]:
    return {rule for place, rules in hits.items() if place in intruders for rule in rules}


def _ordinary(hits: Hits, intruders: set[tuple[str, int]]) -> Counter[str]:
    return Counter(rule for place, rules in hits.items() if place not in intruders for rule in rules)


def test_the_rules_tell_the_whole_story(quiet_reader: tuple[Hits, set[tuple[str, int]]]) -> None:
    assert _told(*quiet_reader) == STORY


def test_ordinary_work_is_nearly_silent(quiet_reader: tuple[Hits, set[tuple[str, int]]]) -> None:
    assert _ordinary(*quiet_reader) == {"mailbox_full_access_given": 1}


def test_most_of_what_the_intruder_did_is_hit(quiet_reader: tuple[Hits, set[tuple[str, int]]]) -> None:
    hits, intruders = quiet_reader
    assert len(intruders & set(hits)) / len(intruders) > 0.8


def test_the_rules_tell_how_the_stolen_account_came_to_the_files(
    paper_trail: tuple[Hits, set[tuple[str, int]]],
) -> None:
    assert _told(*paper_trail) >= PAPER_STORY


def test_a_compiler_started_by_the_portal_a_backup_and_a_scan_are_ordinary(
    paper_trail: tuple[Hits, set[tuple[str, int]]],
) -> None:
    ordinary = _ordinary(*paper_trail)
    assert ordinary.total() <= 2  # an administrator who types an address instead of a name
    assert set(ordinary) <= {"administrator_by_ntlm"}
