"""An acquisition record read: who, when, how; faults by line with what to do, and never a value in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.collect.acquisition import LARGEST, read_acquisition
from tocsin.model.acquisition import Acquisition, Extent
from tocsin.model.instant import parse_time

WHO = "by: tenant administration\nwhen: 2026-03-20T14:05:00Z\ncommand: export\n"


def read(text: str) -> tuple[tuple[Acquisition, ...], tuple[str, ...]]:
    found = read_acquisition("logs/acquisition.yaml", text.encode())
    return found.acquisitions, found.faults


def test_all_that_can_be_said() -> None:
    found, faults = read(
        "acquisitions:\n"
        "- by: server operations\n"
        "  when: 2026-03-20T15:00:00+01:00\n"
        "  system: files-01.tribunal.example\n"
        "  tool: wevtutil\n"
        "  command: 'wevtutil epl Security E:\\s.evtx'\n"
        "  account: TRIBUNAL\\svc-export\n"
        "  filter: none\n"
        "  source: windows_evtx\n"
        "  note: taken before the restart\n"
        "  extent: Everything\n"
        "  from: 2026-03-01T00:00:00+01:00\n"
        "  to: 2026-03-19\n"
        "  reported_count: 48213\n"
        "  last_record_numbers: {Security: 1048213, System: 17}\n"
        f"  files: [{{name: Security.evtx, sha256: {'AB' * 32}}}, '*.txt']\n"
        "- {by: x, when: 2026-03-20, tool: portal}\n"
    )
    assert faults == ()
    assert found[0] == Acquisition(
        files=(("Security.evtx", "ab" * 32), ("*.txt", "")),
        by="server operations",
        when=parse_time("2026-03-20T14:00:00Z") or 0,
        system="files-01.tribunal.example",
        tool="wevtutil",
        command="wevtutil epl Security E:\\s.evtx",
        account="TRIBUNAL\\svc-export",
        filter="none",
        source="windows_evtx",
        note="taken before the restart",
        reported_count=48213,
        last_record_numbers=(("Security", 1048213), ("System", 17)),
        extent=Extent.EVERYTHING,
        from_=parse_time("2026-02-28T23:00:00Z"),
        to=parse_time("2026-03-20T00:00:00Z"),
    )
    assert (found[1].extent, found[1].from_, found[1].to) == (None, None, None)
    assert found[1].when == parse_time("2026-03-20T00:00:00Z")


@pytest.mark.parametrize(
    ("text", "fault", "attested"),
    [
        ("", "line 1: empty", False),
        ("- just a text\n", "line 1: not a mapping", False),
        ("by: [\n", "line 2: not YAML", False),
        ("by: x\n---\nby: y\n", "not YAML", False),
        (WHO.replace("by:", "who:"), "line 1: by is missing: add it, or the origin is not attested", False),
        (WHO.replace("command: export", ""), "line 1: command is missing", False),
        (WHO.replace("Z", ""), "line 2: when is not a time with its zone: write it as 2026-03-20T14:05:00Z", False),
        (f"{WHO}reported_count: 3,112\n", "line 4: reported_count is not a whole number: write digits alone", True),
        (f"{WHO}reported_count: -1\n", "line 4: reported_count is not a whole number", True),
        (f"{WHO}secret-key: 1\n", "line 4: not a key of an acquisition", True),
        (f"{WHO}by: again\n", "line 4: by is there twice", True),
        (f"{WHO}files: [../outside.jsonl]\n", "line 4: a file without a name below this folder", True),
        (f"{WHO}files: []\n", "line 4: files names nothing", True),
        (f"{WHO}files: [{{name: a.log, sha256: abc}}]\n", "line 4: sha256 is not 64 hexadecimal digits", True),
        (f"{WHO}files: [{{name: '*.log', sha256: {'0' * 64}}}]\n", "line 4: a hash of a pattern", True),
        (f"{WHO}last_record_numbers: 17\n", "line 4: last_record_numbers is not a mapping", True),
        (f"{WHO}extent: all\n", "line 4: extent is not one of everything, part: write one", True),
        (f"{WHO}extent: [everything]\n", "line 4: extent is not one text", True),
        (f"{WHO}from: 03/01/2026\n", "line 4: from is not a time with its zone", True),
        (f"{WHO}to: 6 March\n", "line 4: to is not a time with its zone", True),
        (f"{WHO}from: 2026-03-06\nto: 2026-03-01\n", "line 4: from is not before to", True),
        (f"{WHO}filter: [a, b]\n", "line 4: filter is not one text", True),
    ],
)
def test_a_fault_has_its_line_and_what_to_do(text: str, fault: str, attested: bool) -> None:
    found, faults = read(text)
    assert any(fault in one for one in faults), faults
    assert bool(found) is attested
    assert not any("secret" in one or "outside" in one for one in faults)


def test_bytes_that_are_no_text_and_files_that_are_no_record() -> None:
    assert "line 2: not UTF-8" in read_acquisition("a", b"by: x\nwhen: \xff\n").faults[0]
    assert "larger than 64 KiB" in read_acquisition("a", b"#" * (LARGEST + 1)).faults[0]
    assert "not YAML" in read_acquisition("a", b"[" * 60_000).faults[0]
    assert read_acquisition("a", b"&a [*a]").faults


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: (WHO + text).encode("utf-8", "replace")))
def test_whatever_the_bytes_it_is_read_or_faulty_and_never_raises(data: bytes) -> None:
    found = read_acquisition("logs/acquisition.yaml", data)
    assert found.acquisitions or found.faults
    assert all(fault.startswith("line ") for fault in found.faults)
