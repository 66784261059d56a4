"""What only many records show, end to end: found, told, proven and derived again, and the same however it comes in."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.protect.linked import everything_in, link

from .conftest import Finished, Tocsin, without_run

START = dt.datetime(2026, 3, 4, 22, 0, 0, tzinfo=dt.UTC)
GUESSED = "Password Guessed by SSH"
USER = "zorbla.quixmere"

EXCEPTION = """
title: The Scanner of the House
id: 9a0cf1b2-5f4e-4ad5-8d27-000000000001
logsource: {product: linux, service: sshd}
owner: security office
reason: it tries a list of old passwords every night
expires: 2026-12-31
filter:
    rules: [ssh_password_refused]
    scanner: {address: 203.0.113.66}
    condition: not scanner
"""


def refused(
    count: int, *, first: int = 0, every: int = 10, user: str = USER, address: str = "203.0.113.66"
) -> list[tuple[int, str]]:
    said = f"Failed password for {user} from {address} port 50022 ssh2"
    return [(first + number * every, said) for number in range(count)]


def accepted(second: int, *, user: str = USER, address: str = "203.0.113.66") -> list[tuple[int, str]]:
    return [(second, f"Accepted password for {user} from {address} port 50023 ssh2")]


def written(path: Path, lines: Sequence[tuple[int, str]]) -> Path:
    """The lines as sshd's own, in time; RFC 5424 stamps, which name their year."""
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = [
        f"<86>1 {(START + dt.timedelta(seconds=second)).isoformat()} web02.tribunal.example sshd 4711 - - {said}\n"
        for second, said in sorted(lines)
    ]
    path.write_text("".join(texts))
    return path


def investigated(tocsin: Tocsin, log: Path, workspace: Path, *more: str) -> Finished:
    done = tocsin("investigate", log, "--workspace", workspace, "--format", "json", "-q", *more)
    assert done.code == 0, done.err
    return done


def guesses(document: Any) -> list[dict[str, Any]]:
    return [one for one in document["findings"] if one["detector"]["title"] == GUESSED]


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An account guessed at and got into; another mistyped; scattered over time a third."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    lines = [
        *refused(27),
        *accepted(300),
        *refused(4, user="bo.example", address="198.51.100.4", first=7),
        *accepted(50, user="bo.example", address="198.51.100.4"),
        *refused(30, user="ada.example", address="192.0.2.9", every=600),
    ]
    return written(tmp_path / "logs" / "auth.log", lines)


def test_a_guessed_password_is_one_finding_that_says_why(log: Path, tocsin: Tocsin, tmp_path: Path) -> None:
    document = investigated(tocsin, log, tmp_path / "w").document
    (finding,) = document["findings"]
    assert finding["detector"]["title"] == GUESSED
    assert len(finding["records"]) == 28
    assert (finding["first"], finding["last"]) == ("2026-03-04T22:00:00Z", "2026-03-04T22:05:00Z")
    assert finding["why"] == (
        "'Many Passwords Refused to One Address by SSH' (27), then 'Signed In by SSH with a Password' (1): 28 records "
        "with address 203.0.113.66, from 2026-03-04T22:00:00Z to 2026-03-04T22:05:00Z; the rule asks for them in that "
        "order within 1 hour"
    )
    (incident,) = document["incidents"]
    assert incident["findings"] == [finding["id"]]
    hits = document["accounting"]["hits"]
    assert hits == {"found": 63, "shown": 0, "hidden": 0, "counted": 63, "frequent": 0}
    told = tocsin("incidents", "--workspace", tmp_path / "w").out
    assert GUESSED in told


def test_its_records_prove_it_and_give_it_again(log: Path, tocsin: Tocsin, tmp_path: Path) -> None:
    """Of a burst of which not all records are listed too: those listed meet the condition by themselves."""
    lines = [*refused(1300, every=1), *accepted(1400)]
    written(log, lines)
    (finding,) = investigated(tocsin, log, tmp_path / "w").document["findings"]
    assert (len(finding["records"]), finding["more"]) == (1000, 301)
    done = tocsin("evidence", "export", finding["id"], "--workspace", tmp_path / "w", "-o", tmp_path / "P")
    assert done.code == 0, done.err
    shutil.rmtree(tmp_path / "w")
    assert tocsin("evidence", "verify", tmp_path / "P").code == 0
    again = tocsin("evidence", "reproduce", tmp_path / "P")
    assert again.code == 0, again.err
    said = (tmp_path / "P" / "data" / "findings.jsonl").read_text().splitlines()
    assert len(said) == 1000
    assert {json.loads(line)["finding"] for line in said} == {finding["id"]}


def test_a_finding_that_its_records_do_not_give_is_refused(log: Path, tocsin: Tocsin, tmp_path: Path) -> None:
    (finding,) = investigated(tocsin, log, tmp_path / "w").document["findings"]
    assert tocsin("evidence", "export", finding["id"], "--workspace", tmp_path / "w", "-o", tmp_path / "P").code == 0
    stated = tmp_path / "P" / "data" / "findings.json"
    stated.write_text(stated.read_text().replace("28 records", "29 records"))
    assert tocsin("evidence", "reproduce", tmp_path / "P").code != 0


def test_neither_workers_nor_the_order_of_arrival_change_it(log: Path, tocsin: Tocsin, tmp_path: Path) -> None:
    """One worker or two, one file or three, the last hours first: the same findings but for where records stand."""
    whole = investigated(tocsin, log, tmp_path / "w", "--workers", "1").document
    other = investigated(tocsin, log, tmp_path / "w2", "--workers", "2").document
    assert without_run(whole) == without_run(other)
    lines = log.read_text().splitlines(keepends=True)
    for number in (2, 0, 1):
        part = tmp_path / f"part{number}" / "auth.log"
        part.parent.mkdir()
        part.write_text("".join(lines[number::3]))
        late = investigated(tocsin, part, tmp_path / "w3").document

    def told(document: Any) -> list[tuple[Any, ...]]:
        return [
            (one["detector"], one["first"], one["last"], one["entities"], one["why"], len(one["records"]), one["more"])
            for one in document["findings"]
        ]

    assert told(late) == told(whole)


def test_with_a_vault_the_same_is_found_and_nobody_named(log: Path, tocsin: Tocsin, tmp_path: Path) -> None:
    """What is grouped by a name is grouped by its token; a correlation by user finds what it finds in clear."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "many.yml").write_text(
        "title: Many by User\nid: 9a0cf1b2-5f4e-4ad5-8d27-000000000002\ncorrelation:\n  type: event_count\n"
        "  rules: ssh_password_refused\n  group-by: [user]\n  timespan: 1h\n  condition: {gte: 27}\nlevel: low\n"
    )
    clear = investigated(tocsin, log, tmp_path / "w", "--rules", str(rules)).document
    link(tmp_path / "v" / "w", tmp_path / "v" / "v", {"p1": ("Zorbla Quixmere",)})
    sealed = investigated(tocsin, log, tmp_path / "v" / "w", "--rules", str(rules))

    def told(document: Any) -> list[tuple[Any, ...]]:
        return [
            (one["detector"], one["first"], one["last"], len(one["records"]), one["more"])
            for one in document["findings"]
        ]

    assert len(clear["findings"]) == 2
    assert told(sealed.document) == told(clear)
    assert "quixmere" not in sealed.out.casefold()
    assert b"uixmere" not in everything_in(tmp_path / "v" / "w").lower()


def test_what_an_exception_hides_is_counted_by_no_correlation(log: Path, tocsin: Tocsin, tmp_path: Path) -> None:
    """Hidden and told as such; a preview on what is held says the same beforehand."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "e.yml").write_text(EXCEPTION)
    before = investigated(tocsin, log, tmp_path / "w").document
    done = tocsin("rules", "preview", rules / "e.yml", "--workspace", tmp_path / "w", "--format", "json")
    assert done.code == 0, done.err
    assert (done.document["hidden"], len(done.document["incidents"])) == (27, 1)
    after = investigated(tocsin, log, tmp_path / "w2", "--rules", str(rules)).document
    assert guesses(before)
    assert guesses(after) == []
    assert after["accounting"]["hits"] == {"found": 63, "shown": 0, "hidden": 27, "counted": 36, "frequent": 0}


BASE = """
title: The Invented Address
id: 9a0cf1b2-5f4e-4ad5-8d27-000000000005
name: invented_address
logsource: {product: linux, service: sshd}
detection: {s: {address: 203.0.113.66}, condition: s}
level: critical
"""


def same_from_its_records(tocsin: Tocsin, workspace: Path, finding: str, package: Path) -> None:
    """The finding, exported, follows from its records again."""
    done = tocsin("evidence", "export", finding, "--workspace", workspace, "-o", package)
    assert done.code == 0, done.err
    again = tocsin("evidence", "reproduce", package)
    assert again.code == 0, again.err


def test_what_a_correlation_counts_that_could_find_nothing_is_shown(log: Path, tocsin: Tocsin, tmp_path: Path) -> None:
    """It asks for a log that was not read: its critical rule speaks for itself, and proves it."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "both.yml").write_text(
        BASE + "---\ntitle: A Log That Was Not Read\nid: 9a0cf1b2-5f4e-4ad5-8d27-000000000006\nname: unread\n"
        "logsource: {product: windows, service: security}\ndetection: {s: {EventID: 4625}, condition: s}\n---\n"
        "title: Both\nid: 9a0cf1b2-5f4e-4ad5-8d27-000000000007\ncorrelation: {type: temporal, rules: "
        "[invented_address, unread], group-by: [address], timespan: 1h}\nlevel: high\n"
    )
    document = investigated(tocsin, log, tmp_path / "w", "--rules", str(rules)).document
    shown = [one for one in document["findings"] if one["detector"]["title"] == "The Invented Address"]
    assert sum(len(one["records"]) + one["more"] for one in shown) == 28
    assert document["accounting"]["hits"]["shown"] == 28
    same_from_its_records(tocsin, tmp_path / "w", shown[0]["id"], tmp_path / "P")


def test_what_a_correlation_counts_that_cannot_be_run_is_shown_and_proves_itself(
    log: Path, tocsin: Tocsin, tmp_path: Path
) -> None:
    """Two rules bear the name it counts; the package has only one of them, and there it could be run."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "a.yml").write_text(
        BASE + "---\ntitle: A Thousand\nid: 9a0cf1b2-5f4e-4ad5-8d27-000000000008\ncorrelation: {type: event_count, "
        "rules: [invented_address], group-by: [address], timespan: 10m, condition: {gte: 2}}\nlevel: high\n"
    )
    (rules / "b.yml").write_text(BASE.replace("000000000005", "000000000009").replace(".66", ".99"))
    document = investigated(tocsin, log, tmp_path / "w", "--rules", str(rules)).document
    (failed,) = document["accounting"]["rules"]["failed"]
    assert "2 rules are named invented_address" in failed["reason"]
    shown = [one for one in document["findings"] if one["detector"]["title"] == "The Invented Address"]
    same_from_its_records(tocsin, tmp_path / "w", shown[0]["id"], tmp_path / "P")


def test_what_cannot_be_counted_is_told(log: Path, tocsin: Tocsin, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "many.yml").write_text(
        "title: Many by Tty\nid: 9a0cf1b2-5f4e-4ad5-8d27-000000000003\ncorrelation:\n  type: event_count\n"
        "  rules: ssh_password_refused\n  group-by: [TTY]\n  timespan: 1h\n  condition: {gte: 2}\nlevel: low\n"
    )
    told = tocsin("investigate", log, "--workspace", tmp_path / "w", "--rules", str(rules), "-q").out
    sentence = "Many by Tty: 61 of 61 records could not be counted: 61 without what it is grouped by"
    assert sentence in " ".join(told.split())
    assert sentence in " ".join((tmp_path / "w" / "report.html").read_text().split())


CORRELATION = """
title: Three Refused
id: 9a0cf1b2-5f4e-4ad5-8d27-000000000004
correlation:
  type: event_count
  rules: ssh_password_refused
  group-by: [address]
  timespan: 1m
  condition: {gte: 3}
level: low
"""
CASE = """
- name: three within a minute
  expect: %s
  source: syslog
  events:
  - line: '{time:%%b %%d %%H:%%M:%%S} web02 sshd[4711]: Failed password for bo from 203.0.113.66 port 5002{number} ssh2'
    from: 2026-03-04T22:14:00Z
    every: %s
    repeat: 3
"""


@pytest.mark.parametrize(
    ("expect", "every", "detail"),
    [
        ("match", "30s", ""),
        ("no_match", "31s", ""),
        ("no_match", "30s", "matches"),
        ("match", "31s", "does not match: 3 records were given to it, 0 of them without a time"),
    ],
)
def test_a_correlation_is_tested_on_events_written_once(
    expect: str, every: str, detail: str, tocsin: Tocsin, tmp_path: Path
) -> None:
    """It may count a rule of ours that lies elsewhere."""
    (tmp_path / "three.yml").write_text(CORRELATION)
    (tmp_path / "three.cases.yml").write_text(CASE % (expect, every))
    assert tocsin("rules", "check", tmp_path / "three.yml").code == 0
    done = tocsin("rules", "test", tmp_path / "three.yml", "--format", "json")
    (outcome,) = done.document["cases"]
    assert outcome["detail"].startswith(detail)
    assert (outcome["detail"] == "") == (detail == "")
    assert done.code == (2 if detail else 0)


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ("[]", "it has no events"),
        ("[{line: x, record: {}}]", "a record or a line"),
        ("[{line: x, often: 3}]", "has no often"),
        ("[{line: '{time} x'}]", "needs `from`"),
        ("[{line: x, repeat: 0}]", "`repeat` is a number"),
        ("[{line: x, every: soon}]", "`every` a time as 5s"),
        ("[{line: x, from: yesterday}]", "`from` is a time"),
    ],
)
def test_events_that_cannot_be_used_are_a_fault_with_its_line(
    events: str, reason: str, tocsin: Tocsin, tmp_path: Path
) -> None:
    (tmp_path / "three.yml").write_text(CORRELATION)
    (tmp_path / "three.cases.yml").write_text(f"\n- name: odd\n  expect: match\n  source: syslog\n  events: {events}\n")
    done = tocsin("rules", "check", tmp_path)
    assert done.code == 2
    assert "three.cases.yml:2: the case 'odd': " in done.out
    assert reason in done.out
