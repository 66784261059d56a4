"""Bad input: each has a clear line, the rest is read, and nothing is lost."""

from __future__ import annotations

import errno
import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import py7zr
import pytest
from backports import zstd

from tocsin.exercise.formats.evtx import WindowsEvent, evtx_bytes
from tocsin.model.chunk import Input
from tocsin.model.door import Door
from tocsin.reading import intake, work
from tocsin.store import durable

from .conftest import Tocsin
from .logs import START, lines

UNKNOWN = "no source of this version reads it; where it is a log of your own, a mapping can (docs/formats/mapping.md)"


def tarred(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return target.getvalue()


def seven_zipped(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with py7zr.SevenZipFile(target, "w") as archive:
        for name, data in members.items():
            archive.writestr(data, name)
    return target.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return target.getvalue()


def windows(count: int, time: int = START) -> bytes:
    return evtx_bytes(
        [
            WindowsEvent(
                channel="Security",
                provider="Microsoft-Windows-Security-Auditing",
                event_id=4624,
                record_number=100 + number,
                time=time + number * 1_000_000_000,
                computer="srv1.tribunal.example",
                data=[("TargetUserName", "ada"), ("TargetDomainName", "TRIB"), ("IpAddress", "192.0.2.10")],
            )
            for number in range(count)
        ]
    )


def test_what_is_no_log_has_a_line_each_and_the_rest_is_read(tmp_path: Path, tocsin: Tocsin) -> None:
    logs = tmp_path / "logs"
    (logs / "sub").mkdir(parents=True)
    (logs / "sub" / "audit.jsonl").write_bytes(lines(20))
    (logs / "empty.log").write_bytes(b"")
    (logs / "README.txt").write_bytes(b"what these files are\n")
    (logs / "._audit.jsonl").write_bytes(b"\0\5\26\7fork")
    (logs / "picture.png").write_bytes(b"\x89PNG\r\n" + bytes(range(256)) * 50)
    (logs / "notes.bin").write_bytes(b"nothing known\n" * 10)
    done = tocsin("investigate", logs, "--workspace", tmp_path / "w", "--format", "json")
    states = {name: (entry["state"], entry["reason"]) for name, entry in done.inputs.items()}
    assert states == {
        "audit.jsonl": ("read", ""),
        "empty.log": ("ignored", "empty file"),
        "README.txt": ("ignored", "documentation"),
        "._audit.jsonl": ("ignored", "resource fork"),
        "picture.png": ("unrecognised", UNKNOWN),
        "notes.bin": ("unrecognised", UNKNOWN),
    }
    assert done.code == 3
    assert done.inputs["audit.jsonl"]["records_read"] == 20


def test_lines_that_cannot_be_read_are_counted_with_their_reason_and_place(tmp_path: Path, tocsin: Tocsin) -> None:
    good = lines(12).splitlines(keepends=True)
    log = tmp_path / "audit.jsonl"
    log.write_bytes(
        b"".join(
            [
                *good[1:5],
                b"this is no record\n",
                b"[1, 2]\n",
                b"\n",
                good[0].replace(b"Mozilla", b"Moz\xff\xfeilla"),
                good[10].replace(b"Mozilla", b"Moz\0illa"),
                *good[5:10],
                good[11][: len(good[11]) // 2],
            ]
        )
    )
    done = tocsin("investigate", log, "--workspace", tmp_path / "w", "--format", "json")
    entry = done.inputs["audit.jsonl"]
    rejected = {each["reason"]: (each["count"], each["first_entry"]) for each in entry["rejected"]}
    assert entry["state"] == "partial"
    assert entry["records_read"] == 14
    assert rejected["not_an_object"] == (1, 5)
    assert rejected["not_json"] == (2, 4)
    assert entry["stored"] == 11
    assert {"code": "invalid_utf8", "count": 1} in entry["warnings"]
    assert done.code == 3


def test_a_line_of_50_megabytes_costs_itself(tmp_path: Path, tocsin: Tocsin) -> None:
    log = tmp_path / "audit.jsonl"
    monster = b'{"CreationTime": "2026-03-02T08:00:00", "Id": "x", "Subject": "' + b"a" * 50_000_000 + b'"}\n'
    log.write_bytes(lines(5) + monster + lines(5, first=5))
    done = tocsin("investigate", log, "--workspace", tmp_path / "w", "--format", "json")
    entry = done.inputs["audit.jsonl"]
    assert (entry["records_read"], entry["stored"]) == (11, 10)
    assert [(each["reason"], each["first_entry"]) for each in entry["rejected"]] == [("too_long", 5)]


@pytest.mark.parametrize("year", ["1601", "2099"])
def test_an_odd_time_is_kept_and_warned_of(year: str, tmp_path: Path, tocsin: Tocsin) -> None:
    log = tmp_path / "audit.jsonl"
    odd = lines(1, first=50).replace(b'"CreationTime":"2026', f'"CreationTime":"{year}'.encode())
    assert year.encode() in odd
    log.write_bytes(lines(20) + odd)
    done = tocsin("investigate", log, "--workspace", tmp_path / "w", "--format", "json")
    entry = done.inputs["audit.jsonl"]
    assert entry["stored"] == 21
    assert sum(each["count"] for each in entry["warnings"] if each["code"].startswith("time_")) == 1
    assert entry["last"].startswith("2026")
    assert done.code == 0


def test_a_damaged_block_costs_its_records_not_the_file(tmp_path: Path, tocsin: Tocsin) -> None:
    data = bytearray(windows(1500))
    whole = tocsin(
        "investigate",
        _written(tmp_path / "whole.evtx", bytes(data)),
        "--workspace",
        tmp_path / "w1",
        "--format",
        "json",
    ).inputs["whole.evtx"]
    assert whole["records_read"] == 1500
    block = 4096 + 65536
    data[block + 2000 : block + 9000] = b"\xaa" * 7000
    done = tocsin(
        "investigate", _written(tmp_path / "hurt.evtx", bytes(data)), "--workspace", tmp_path / "w2", "--format", "json"
    )
    hurt = done.inputs["hurt.evtx"]
    assert hurt["state"] == "partial"
    assert 0 < hurt["stored"] < 1500
    assert hurt["records_read"] >= hurt["stored"] + 1
    assert {each["reason"] for each in hurt["rejected"]} <= {"damaged_block", "damaged_record"}


def test_a_cut_off_event_log_is_read_to_the_cut(tmp_path: Path, tocsin: Tocsin) -> None:
    data = windows(1500)
    done = tocsin(
        "investigate",
        _written(tmp_path / "cut.evtx", data[: 4096 + 65536 + 30000]),
        "--workspace",
        tmp_path / "w",
        "--format",
        "json",
    )
    entry = done.inputs["cut.evtx"]
    assert entry["state"] == "partial"
    assert entry["stored"] > 100


def test_archives_are_read_within_limits(tmp_path: Path, tocsin: Tocsin) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    inner = zipped({"deep/audit.jsonl": lines(7, first=20)})
    bundle = {
        "../../climbs.jsonl": lines(3),
        "inner.zip": inner,
        "packed.jsonl.gz": gzip.compress(lines(5, first=40), mtime=0),
        "empty.log": b"",
        "bomb.gz": gzip.compress(b"\0" * 200_000_000, mtime=0),
    }
    (logs / "bundle.zip").write_bytes(zipped(bundle))
    (logs / "bundle.tar.zst").write_bytes(zstd.compress(tarred({"a/audit.jsonl": lines(9, first=5000)})))
    (logs / "bundle.7z").write_bytes(seven_zipped({"audit.jsonl": lines(11, first=6000)}))
    (logs / "cut.jsonl.gz").write_bytes(gzip.compress(lines(3000, first=100), mtime=0)[:-2000])
    (logs / "broken.zip").write_bytes(zipped({"a.jsonl": lines(3)})[:-30])
    done = tocsin("investigate", logs, "--workspace", tmp_path / "w", "--format", "json")
    entries = {entry["path"].removeprefix(f"{logs}/"): entry for entry in done.document["accounting"]["inputs"]}
    assert entries["bundle.zip!../../climbs.jsonl"]["records_read"] == 3
    assert "climbs out" in entries["bundle.zip!../../climbs.jsonl"]["reason"]
    assert entries["bundle.zip!inner.zip!deep/audit.jsonl"]["records_read"] == 7
    assert entries["bundle.zip!packed.jsonl.gz"]["records_read"] == 5
    assert entries["bundle.zip!empty.log"]["state"] == "ignored"
    assert entries["bundle.zip!bomb.gz"]["state"] == "unrecognised"
    assert "expands" in entries["bundle.zip!bomb.gz"]["reason"]
    assert entries["bundle.tar.zst!a/audit.jsonl"]["records_read"] == 9
    assert entries["bundle.tar.zst!link"]["reason"] == "a link or device, not a file"
    assert entries["bundle.7z!audit.jsonl"]["records_read"] == 11
    assert entries["broken.zip"]["state"] == "unrecognised"
    assert entries["cut.jsonl.gz"]["state"] == "partial"
    assert "ends early" in entries["cut.jsonl.gz"]["reason"]
    assert entries["cut.jsonl.gz"]["stored"] > 1000
    assert not list(tmp_path.glob("climbs*"))
    verified = tocsin("record", "verify", "--workspace", tmp_path / "w")
    assert verified.code == 0, verified.err


def test_a_path_without_permission_has_a_line(tmp_path: Path, tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "audit.jsonl").write_bytes(lines(5))
    (logs / "locked.jsonl").write_bytes(lines(5, first=10))
    plain = Path.open

    def guarded(path: Path, *arguments: object, **named: object) -> object:
        if path.name == "locked.jsonl":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return plain(path, *arguments, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", guarded)
    done = tocsin("investigate", logs, "--workspace", tmp_path / "w", "--format", "json")
    assert done.inputs["locked.jsonl"]["state"] == "unrecognised"
    assert done.inputs["locked.jsonl"]["reason"] == "cannot be read: Permission denied"
    assert done.inputs["audit.jsonl"]["records_read"] == 5
    assert done.code == 3


def test_a_full_disk_ends_the_run_and_the_next_one_goes_on(
    tmp_path: Path, tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    for number in range(6):
        (logs / f"{number}.jsonl").write_bytes(lines(50, first=number * 50))
    plain = durable.write_durably
    written = 0

    def filling(path: Path, data: bytes) -> None:
        nonlocal written
        written += 1
        if written > 5:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        plain(path, data)

    monkeypatch.setattr(work, "write_durably", filling)
    full = tocsin("investigate", logs, "--workspace", tmp_path / "w", "--format", "json")
    assert full.code == 74
    assert "space" in full.err.lower()
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no"))
    lost_key = tocsin("investigate", logs, "--workspace", tmp_path / "w", "--format", "json")
    assert lost_key.code == 74


def test_a_file_that_changes_while_it_is_read_is_told(
    tmp_path: Path, tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "a.jsonl").write_bytes(lines(5))
    (logs / "b.jsonl").write_bytes(lines(5, first=10))
    plain = work.work

    def meddling(job: work.Job, door: Door) -> work.Done:
        if job.file is not None and job.file.name == "a.jsonl":
            job.file.write_bytes(lines(5).replace(b"192.0.2.10", b"192.0.2.99"))
        return plain(job, door)

    monkeypatch.setattr("tocsin.reading.workers.work", meddling)
    done = tocsin("investigate", logs, "--workspace", tmp_path / "w", "--format", "json")
    assert done.inputs["a.jsonl"]["state"] == "partial"
    assert "changed while it was read" in done.inputs["a.jsonl"]["reason"]
    assert done.inputs["b.jsonl"]["records_read"] == 5
    assert done.code == 3


def test_a_path_that_is_not_there_and_a_faulty_estate_say_what_to_do(tmp_path: Path, tocsin: Tocsin) -> None:
    absent = tocsin("investigate", tmp_path / "nothing", "--workspace", tmp_path / "w")
    assert absent.code == 2
    assert "there is no" in absent.err
    (tmp_path / "estate").mkdir()
    (tmp_path / "estate" / "holdings.csv").write_text("pattern,kind\n,mailbox\n")
    (tmp_path / "audit.jsonl").write_bytes(lines(1))
    faulty = tocsin(
        "investigate", tmp_path / "audit.jsonl", "--estate", tmp_path / "estate", "--workspace", tmp_path / "w"
    )
    assert faulty.code == 2
    assert "holdings.csv:2" in faulty.err


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_compressed_file_that_vanishes_costs_itself(
    tmp_path: Path, tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "a.jsonl.gz").write_bytes(gzip.compress(lines(40), mtime=0))
    (logs / "b.jsonl").write_bytes(lines(5, first=50))
    plain = intake.Intake._register

    def vanishing(self: intake.Intake, entry: Input, clear: bytes | None) -> object:
        (logs / "a.jsonl.gz").unlink(missing_ok=True)
        return plain(self, entry, clear)

    monkeypatch.setattr(intake.Intake, "_register", vanishing)
    done = tocsin("investigate", logs, "--workspace", tmp_path / "w", "--format", "json")
    assert done.inputs["a.jsonl.gz"]["state"] == "partial"
    assert "could not be read to its end" in done.inputs["a.jsonl.gz"]["reason"]
    assert done.inputs["b.jsonl"]["records_read"] == 5


def test_an_exclamation_mark_in_a_members_name_is_told_from_the_one_between(tmp_path: Path, tocsin: Tocsin) -> None:
    members = {"a!b.jsonl": lines(3), "a": zipped({"b.jsonl": lines(4, first=10)})}
    (tmp_path / "x.zip").write_bytes(zipped(members))
    done = tocsin("investigate", tmp_path / "x.zip", "--workspace", tmp_path / "w", "--format", "json")
    assert {name: entry["records_read"] for name, entry in done.inputs.items() if entry["records_read"]} == {
        "x.zip!a\\!b.jsonl": 3,
        "x.zip!a!b.jsonl": 4,
    }
    assert tocsin("record", "verify", "--workspace", tmp_path / "w").code == 0


def test_a_folder_that_describes_nothing_is_no_estate(tmp_path: Path, tocsin: Tocsin) -> None:
    (tmp_path / "estate").mkdir()
    (tmp_path / "audit.jsonl").write_bytes(lines(3))
    refused = tocsin(
        "investigate", tmp_path / "audit.jsonl", "--estate", tmp_path / "estate", "--workspace", tmp_path / "case"
    )
    assert refused.code == 2
    assert "there is no estate in" in refused.err


def test_a_folder_without_a_rule_is_refused(tmp_path: Path, tocsin: Tocsin) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "audit.jsonl").write_bytes(lines(3))
    refused = tocsin(
        "investigate", tmp_path / "audit.jsonl", "--rules", tmp_path / "rules", "--workspace", tmp_path / "case"
    )
    assert refused.code == 2
    assert "holds no rule" in refused.err


def test_an_empty_folder_is_told_and_a_mistyped_workspace_is_a_usage_error(tmp_path: Path, tocsin: Tocsin) -> None:
    (tmp_path / "logs").mkdir()
    assert "nothing to read in" in tocsin("investigate", tmp_path / "logs", "--workspace", tmp_path / "case").err
    mistyped = tocsin("exposure", "--workspace", tmp_path / "cas")
    assert mistyped.code == 2
    assert "is no workspace" in mistyped.err
