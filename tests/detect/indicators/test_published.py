"""Files as people publish them: each indicator is counted once, and what cannot be read is told by its place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.detect.indicators.listing import refanged
from tocsin.detect.indicators.published import (
    Indicators,
    excerpt,
    indicators_path,
    is_indicators,
    read_indicators,
    why_none,
)
from tocsin.model.finding import Level
from tocsin.share.indicators import Indicator, Kind, LeftOut
from tocsin.share.marking import Tlp
from tocsin.share.stix import bundle

ID = "indicator--00000000-0000-4000-8000-00000000000"


def stix(number: int, pattern: str, **more: Any) -> dict[str, Any]:
    return {"type": "indicator", "id": f"{ID}{number}", "pattern": pattern, "pattern_type": "stix", **more}


def read(*objects: dict[str, Any]) -> Indicators:
    return read_indicators({"feed.json": json.dumps({"type": "bundle", "objects": objects}).encode()})


def read_text(text: str, name: str = "list.txt") -> Indicators:
    return read_indicators({name: text.encode()})


def keys(found: Indicators) -> list[str]:
    return [test.key for one in found.asked for tests in one.alternatives for test in tests]


def test_what_is_published_beside_an_indicator_goes_with_it() -> None:
    tlp = {
        "type": "marking-definition",
        "id": "marking-definition--1",
        "definition_type": "tlp",
        "definition": {"tlp": "red"},
    }
    malware = {"type": "malware", "id": "malware--1", "name": "Invented Kit"}
    tie = {
        "type": "relationship",
        "id": "relationship--1",
        "relationship_type": "indicates",
        "source_ref": f"{ID}1",
        "target_ref": "malware--1",
    }
    one = stix(
        1,
        "[domain-name:value = 'Evil.example']",
        name="An invented domain",
        labels=["malicious-activity"],
        confidence=90,
        valid_from="2024-01-01T00:00:00Z",
        valid_until="2024-02-01T00:00:00Z",
        object_marking_refs=["marking-definition--1"],
    )
    found = read(tlp, malware, tie, one)
    (asked,) = found.asked
    assert (asked.title, asked.labels, asked.confidence) == ("An invented domain", ("malicious-activity",), 90)
    assert (asked.marking, asked.related, asked.level) == ("TLP:RED", ("malware Invented Kit",), Level.HIGH)
    assert asked.valid_from is not None
    assert asked.valid_until is not None
    assert found.files[0].marking == "TLP:RED"


def test_the_books_balance_and_name_every_reason() -> None:
    found = read(
        stix(1, "[domain-name:value = 'a.example']"),
        stix(2, "[domain-name:value = 'A.EXAMPLE.']"),
        stix(3, "[domain-name:value = 'b.example']", revoked=True),
        stix(4, "[mutex:name = 'x']"),
        stix(5, "[domain-name:value = 'c.example' OR mutex:name = 'x']"),
        stix(6, "[broken"),
        stix(7, "rule x {}", pattern_type="yara"),
        {"type": "indicator", "id": "nonsense", "pattern": "x"},
    )
    (book,) = found.files
    assert (book.given, book.asked, book.partly) == (6, 2, 1)
    assert (book.not_asked, book.revoked, book.repeated, book.unread) == (2, 1, 1, 2)
    assert book.given == book.asked + book.not_asked + book.revoked + book.repeated
    assert {one.reason: one.count for one in found.reasons} == {
        "no log read here records mutex": 2,
        "its pattern is of yara, and not of STIX": 1,
    }
    assert [one.place.split(",")[0] for one in found.unread] == ["object 6", "object 8"]


def test_of_versions_of_an_indicator_the_newest_counts_and_a_revoked_one_is_not_asked() -> None:
    old = stix(1, "[domain-name:value = 'old.example']", modified="2024-01-01T00:00:00Z")
    new = stix(1, "[domain-name:value = 'new.example']", modified="2024-01-02T00:00:00Z")
    assert keys(read(new, old)) == keys(read(old, new)) == ["new.example"]
    withdrawn = stix(1, "[domain-name:value = 'new.example']", modified="2024-01-03T00:00:00Z", revoked=True)
    assert keys(read(withdrawn, new)) == []


def test_two_indicators_under_one_id_and_time_are_told_and_none_is_lost_in_silence() -> None:
    found = read(stix(1, "[domain-name:value = 'a.example']"), stix(1, "[domain-name:value = 'b.example']"))
    assert keys(found) == ["a.example"]
    assert len(found.unread) == 1


def test_what_two_files_say_is_asked_once_for_the_time_either_vouches_for() -> None:
    first = stix(
        1, "[ipv4-addr:value = '192.0.2.1']", valid_from="2024-02-01T00:00:00Z", valid_until="2024-03-01T00:00:00Z"
    )
    second = stix(
        2, "[ipv4-addr:value = '192.0.2.1']", valid_from="2024-01-01T00:00:00Z", valid_until="2024-02-01T00:00:00Z"
    )
    (one,) = read(first, second).asked
    (alone_first,), (alone_second,) = read(first).asked, read(second).asked
    assert (one.valid_from, one.valid_until) == (alone_second.valid_from, alone_first.valid_until)


@pytest.mark.parametrize("document", ["{", '{"objects": 1}', "[1]", '{"type": "bundle"}', '[{"type": "indicator"}]'])
def test_json_without_an_indicator_says_why(document: str) -> None:
    assert why_none("feed.json", document.encode())


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("hxxps://evil[.]example/a", "evil.example/a"),
        ("evil[dot]example", "evil.example"),
        ("ada[@]evil[.]example", "ada@evil.example"),
        ("192.0.2[.]1", "192.0.2.1"),
        ("192.0.2.1:443", "192.0.2.1"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("2001:db8::1", "2001:db8::1"),
        ("evil.example/path", "evil.example/path"),
        ("tool.exe", "tool.exe"),
        (r"C:\temp\tool.exe", "c:/temp/tool.exe"),
        (r"HKLM\Software\Evil", r"hklm\software\evil"),
        ("a" * 40, "sha1:" + "a" * 40),
        ('"evil.example"  # a comment', "evil.example"),
    ],
)
def test_a_line_is_what_it_looks_like(line: str, key: str) -> None:
    assert keys(read_text(f"# invented\n\n{line}\n")) == [key]


def test_a_line_that_may_be_two_things_is_asked_as_both_and_said_so() -> None:
    found = read_text("update.zip\n")
    assert {test.kind for one in found.asked for tests in one.alternatives for test in tests} == {
        "domain-name",
        "file-name",
    }
    assert found.files[0].guessed == 1


def test_a_line_that_is_nothing_is_told_by_its_number_and_not_quoted() -> None:
    found = read_text("evil.example\nAda Example, a name\n")
    (fault,) = found.unread
    assert fault.place == "line 2"
    assert "Ada" not in fault.reason


def test_lines_of_two_files_of_one_name_are_two_indicators() -> None:
    found = read_indicators({"a/list.txt": b"a.example\n", "b/list.txt": b"b.example\n"})
    assert len({one.id for one in found.asked}) == len(found.asked) == 2
    assert sum(one.asked for one in found.files) == 2


CSV = """uuid,event_id,category,type,value,comment,to_ids,date
5f000000-0000-4000-8000-000000000001,1,Network activity,domain,evil[.]example,invented,1,20240101
5f000000-0000-4000-8000-000000000002,1,Payload delivery,filename|md5,a.exe|0123456789abcdef0123456789abcdef,,1,20240101
5f000000-0000-4000-8000-000000000003,1,Network activity,domain|ip,b.example|192.0.2.7,,1,20240101
5f000000-0000-4000-8000-000000000004,1,Artifacts dropped,mutex,Global\\x,,1,20240101
5f000000-0000-4000-8000-000000000005,1,Network activity,ip-dst,192.0.2.8,,0,20240101
"""


def test_a_table_as_misp_writes_it() -> None:
    found = read_text(CSV, "misp.csv")
    assert keys(found) == ["evil.example", "md5:0123456789abcdef0123456789abcdef", "b.example", "192.0.2.7"]
    assert found.asked[0].id == "5f000000-0000-4000-8000-000000000001"
    assert (found.files[0].form, found.files[0].not_asked, found.files[0].partly) == ("csv", 2, 1)
    assert any("to_ids" in one.reason for one in found.reasons)


def test_a_table_says_when_and_how_surely() -> None:
    found = read_text("type;value;confidence;valid_until;tlp\ndomain;a.example;10;2024-01-01T00:00:00Z;TLP:GREEN\n")
    (one,) = found.asked
    assert (one.confidence, one.marking, one.level) == (10, "TLP:GREEN", Level.LOW)
    assert one.valid_until is not None


def test_an_excerpt_asks_what_its_indicators_asked_and_says_nothing_of_where_they_lay() -> None:
    found = read_text(CSV, "/home/invented/misp.csv")
    data = excerpt(found.asked[1:3])
    again = read_indicators({"rules/misp.yml": data})
    assert [one.id for one in again.asked] == [one.id for one in found.asked[1:3]]
    assert [one.alternatives for one in again.asked] == [one.alternatives for one in found.asked[1:3]]
    assert b"/home/invented" not in data


def test_a_file_of_indicators_is_known_by_its_path_also_in_a_kept_set() -> None:
    assert is_indicators(indicators_path("feed.json"))
    assert is_indicators(f"kept!{indicators_path('feed.json')}")
    assert not is_indicators("rules/indicators.yml")


@given(st.lists(st.text(max_size=30), max_size=8))
def test_any_list_is_read_or_told_line_by_line(lines: list[str]) -> None:
    found = read_text("\n".join(lines))
    (book,) = found.files
    assert book.given == book.asked + book.not_asked + book.revoked + book.repeated
    assert book.unread == len(found.unread)
    assert book.asked == len(found.asked)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_told(data: bytes) -> None:
    found = read_indicators({"x": data})
    assert sum(one.asked for one in found.files) == len(found.asked)


@given(st.from_regex(r"\A[a-z]{1,8}\.[a-z]{2,8}\Z"))
def test_a_name_made_harmless_is_made_whole_again(name: str) -> None:
    for fanged in (name.replace(".", "[.]"), name.replace(".", "(.)"), name.replace(".", "[dot]")):
        assert refanged(fanged) == name
    assert refanged(f"hxxps://{name.replace('.', '[.]')}/x") == f"https://{name}/x"


def test_what_this_product_shares_is_read_back() -> None:
    shared = [
        Indicator(kind, value, 70, 1, 2, 3, (), ("i-1",))
        for kind, value in (
            (Kind.ADDRESS, "203.0.113.66"),
            (Kind.ADDRESS, "2001:db8::66"),
            (Kind.MAILBOX, "o'collector@elsewhere.example"),
            (Kind.AGENT, "Tool/1.0 (invented)"),
        )
    ]
    left_out = LeftOut(accounts=(), own_addresses=0, own_mail=0, common_agents=0)
    document = bundle(shared, left_out, 3, Tlp.AMBER, with_accounts=False)
    found = read_indicators({"ours.json": json.dumps(document).encode()})
    assert keys(found) == ["203.0.113.66", "2001:db8::66", "o'collector@elsewhere.example", "tool/1.0 (invented)"]
    assert {(one.confidence, one.marking) for one in found.asked} == {(70, "TLP:AMBER")}
    assert not found.unread
