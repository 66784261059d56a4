"""Collections of Velociraptor and KAPE: what they say of themselves and what they did not bring is in the books."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.collect.archive import read_member
from tocsin.collect.collections.velociraptor import LAYOUT
from tocsin.collect.limits import Limits
from tocsin.collect.mapping_file import mappings_for
from tocsin.collect.plan import Planned, plan
from tocsin.exercise.formats.evtx import WindowsEvent, evtx_bytes
from tocsin.model.chunk import Input, InputState

NOON = 1_770_000_000
LOGS = "Windows/System32/winevt/Logs"


def evtx(channel: str = "Security") -> bytes:
    return evtx_bytes(
        [
            WindowsEvent(
                channel=channel,
                provider="Invented-Provider",
                event_id=4624,
                record_number=number,
                time=(NOON + number) * 1_000_000_000,
                computer="FS02.tribunal.example",
                data=[("TargetUserName", "ada")],
            )
            for number in range(1, 4)
        ]
    )


def upload(path: str, size: int, stored: int | None = None, kind: str = "") -> dict[str, Any]:
    parts = ["uploads", "auto", *path.split("/")]
    return {
        "vfs_path": "/".join(parts),
        "_Components": parts,
        "file_size": size,
        "uploaded_size": size if stored is None else stored,
        "Type": kind,
    }


def velociraptor() -> dict[str, bytes]:
    """A collection with two logs, one of them short, one that is not there, and an artefact that failed."""
    log, short = evtx(), evtx("System")
    uploads = [
        upload(f"C:/{LOGS}/Security.evtx", len(log)),
        upload(f"C:/{LOGS}/System.evtx", len(short) + 65_536, len(short)),
        upload(f"C:/{LOGS}/Setup.evtx", 69_632),
        upload("C:/pagefile.sys", 5),
    ]
    context = {
        "create_time": NOON * 1_000_000_000,
        "request": {"artifacts": ["Windows.KapeFiles.Targets", "Windows.EventLogs.Evtx"]},
        "query_stats": [
            {"Artifact": "Windows.KapeFiles.Targets", "log_rows": 4},
            {"Artifact": "Windows.EventLogs.RDPAuth", "status": 10, "error_message": "Access is denied."},
        ],
    }
    event = {
        "System": {
            "Provider": {"Name": "Invented"},
            "EventID": {"Value": 4625},
            "Channel": "Security",
            "Computer": "FS02",
            "EventRecordID": 7,
            "TimeCreated": {"SystemTime": NOON},
        },
        "EventData": {"TargetUserName": "ada"},
    }
    return {
        "client_info.json": json.dumps(
            {"Hostname": "FS02", "Fqdn": "FS02.tribunal.example", "Version": "0.7.1"}
        ).encode(),
        "collection_context.json": json.dumps(context, indent=1).encode(),
        "log.json": b'{"level":"ERROR","message":"upload: access denied"}\n',
        "uploads.json": "".join(json.dumps(row) + "\n" for row in uploads).encode(),
        f"uploads/auto/C%3A/{LOGS}/Security.evtx": log,
        f"uploads/auto/C%3A/{LOGS}/System.evtx": short,
        "uploads/auto/C%3A/pagefile.sys": b"12345",
        "results/Windows.EventLogs.Evtx.json": (json.dumps(event) + "\n").encode() * 3,
        "results/Windows.EventLogs.Evtx.json.index": b"\0" * 24,
        "results/Windows.KapeFiles.Targets%2FUploads.json": b'{"SourceFile":"C:"}\n',
    }


def kape() -> dict[str, bytes]:
    """A collection with one log copied well, one changed since, one that could not be copied, one that was a copy."""
    run = "2026-02-02T02_40_00_5246365"
    log, changed = evtx(), evtx("System")
    header = (
        "CopiedTimestamp,SourceFile,DestinationFile,FileSize,SourceFileSha1,DeferredCopy,CreatedOnUtc,ModifiedOnUtc,"
        "LastAccessedOnUtc,CopyDuration"
    )
    folder = LOGS.replace("/", "\\")
    rows = [
        f"2026-02-02 02:40:01,C:\\{folder}\\{name}.evtx,E:\\out\\C\\{folder}\\{name}.evtx,"
        f"{len(data)},{hashlib.sha1(data, usedforsecurity=False).hexdigest().upper()},True,,,,00:00:00"
        for name, data in (("Security", log), ("System", changed))
    ]
    console = [
        "[2026-02-02 03:40:00.1 | INF] Command line:   --tsource C: --tdest E:\\out --target EventLogs",
        '[2026-02-02 03:40:00.1 | INF] System info: Machine name: FS03, 64-bit: true, User: responder OS: "Invented"',
        f"[2026-02-02 03:40:02.1 | FTL] Could not copy file C:\\{folder}\\Setup.evtx to E:\\out\\Setup.evtx. Error: "
        "The data is damaged",
        "[2026-02-02 03:40:02.2 | WRN] File C:\\Windows\\prefetch\\X.pf does not exist! Skipping!",
    ]
    return {
        f"{run}_CopyLog.csv": ("\ufeff" + "\r\n".join([header, *rows, ""])).encode(),
        f"{run}_SkipLog.csv.csv": f"SourceFile,SourceFileSha1,Reason\nC:\\{folder}\\Copy.evtx,0,Deduped\r\n".encode(),
        f"{run}_ConsoleLog.txt": "\r\n".join(console).encode(),
        f"C/{LOGS}/Security.evtx": log,
        f"C/{LOGS}/System.evtx": changed[:-1] + bytes([changed[-1] ^ 1]),
    }


def write(tmp_path: Path, files: dict[str, bytes], how: str, top: str = "") -> Path:
    """The files as a folder or as an archive, below `top`."""
    if how == "zip":
        path = tmp_path / "Collection.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(top + name, data)
        return path
    for name, data in files.items():
        path = tmp_path / "case" / top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "case"


def planned(path: Path) -> dict[str, Input]:
    """Every input by the path below what was given."""
    found: list[Planned] = list(plan([str(path)]))
    return {each.input.path[len(str(path)) + 1 :]: each.input for each in found if each.input.path != str(path)}


@pytest.mark.parametrize("how", ["zip", "folder"])
@pytest.mark.parametrize("top", ["", "FS02/"])
def test_velociraptor_says_who_and_what_and_what_it_did_not_bring(tmp_path: Path, how: str, top: str) -> None:
    found = {
        path.removeprefix(top): entry for path, entry in planned(write(tmp_path, velociraptor(), how, top)).items()
    }
    log = found[f"uploads/auto/C:/{LOGS}/Security.evtx"]
    assert (log.source, log.state, log.reason) == ("windows_evtx", InputState.READ, "")
    short = found[f"uploads/auto/C:/{LOGS}/System.evtx"]
    assert short.state is InputState.PARTIAL
    assert "Velociraptor brought" in short.reason
    gone = found[f"uploads/auto/C:/{LOGS}/Setup.evtx"]
    assert gone.state is InputState.UNRECOGNISED
    assert "it is not here" in gone.reason
    failed = found["artefact Windows.EventLogs.RDPAuth"]
    assert (failed.state, "Access is denied." in failed.reason) == (InputState.UNRECOGNISED, True)
    assert found["results/Windows.EventLogs.Evtx.json"].source == "windows_json"
    assert found["results/Windows.KapeFiles.Targets%2FUploads.json"].state is InputState.UNRECOGNISED
    for name in ("client_info.json", "uploads.json", "log.json", "results/Windows.EventLogs.Evtx.json.index"):
        assert (found[name].state, found[name].reason.startswith("Velociraptor: ")) == (InputState.IGNORED, True), name
    assert "errors in it: 1, the first: upload: access denied" in found["log.json"].reason
    record = found["collection_context.json"].acquisition
    assert record is not None
    (one,) = record.acquisitions
    assert one.own_word
    assert (one.system, one.tool, one.when) == ("FS02.tribunal.example", "Velociraptor 0.7.1", NOON * 1_000_000_000)
    assert "as the collection itself says" in one.by
    assert one.command == "Windows.KapeFiles.Targets, Windows.EventLogs.Evtx"


@pytest.mark.parametrize("how", ["zip", "folder"])
@pytest.mark.parametrize("top", ["", "FS03/"])
def test_kape_says_who_and_what_and_what_it_did_not_bring(tmp_path: Path, how: str, top: str) -> None:
    found = {path.removeprefix(top): entry for path, entry in planned(write(tmp_path, kape(), how, top)).items()}
    log = found[f"C/{LOGS}/Security.evtx"]
    assert (log.source, log.state, log.reason) == ("windows_evtx", InputState.READ, "")
    changed = found[f"C/{LOGS}/System.evtx"]
    assert changed.state is InputState.PARTIAL
    assert "its SHA-1 is not the one in the collector's list" in changed.reason
    uncopied = found["C:\\Windows\\System32\\winevt\\Logs\\Setup.evtx"]
    assert uncopied.state is InputState.UNRECOGNISED
    assert uncopied.reason == "not collected: KAPE could not copy it: The data is damaged"
    assert "C:\\Windows\\System32\\winevt\\Logs\\Copy.evtx" not in found
    assert found["..."].state is InputState.IGNORED
    run = "2026-02-02T02_40_00_5246365"
    for name in (f"{run}_CopyLog.csv", f"{run}_SkipLog.csv.csv"):
        assert (found[name].state, found[name].reason.startswith("KAPE: ")) == (InputState.IGNORED, True)
    record = found[f"{run}_ConsoleLog.txt"].acquisition
    assert record is not None
    (one,) = record.acquisitions
    assert (one.system, one.account, one.when) == ("FS03", "responder", NOON * 1_000_000_000)
    assert "--target EventLogs" in one.command


def test_a_machine_of_an_examiner_is_not_taken_for_the_machine_examined(tmp_path: Path) -> None:
    files = {name: data.replace(b"--tsource C:", b"--tsource F:") for name, data in kape().items()}
    found = planned(write(tmp_path, files, "zip"))
    record = next(entry.acquisition for entry in found.values() if entry.acquisition)
    assert record.acquisitions[0].system == ""
    assert "FS03" in record.acquisitions[0].by


def test_a_decoded_name_is_read_again_from_the_archives_bytes(tmp_path: Path) -> None:
    path = write(tmp_path, velociraptor(), "zip")
    inner = f"uploads/auto/C:/{LOGS}/Security.evtx"
    assert b"".join(read_member(io.BytesIO(path.read_bytes()), inner, Limits())) == evtx()


@pytest.mark.parametrize("name", ["%2e%2e%2fx", "a%2Fb", "a%5Cb", "a%00b", "a%21b", "a%0Ab"])
def test_a_name_is_never_decoded_into_another_place(tmp_path: Path, name: str) -> None:
    files = {**velociraptor(), f"uploads/auto/{name}.evtx": evtx()}
    shown = [path for path in planned(write(tmp_path, files, "zip")) if path.endswith(".evtx")]
    assert all(path.startswith("uploads/auto/") or "\\" in path for path in shown)
    assert not any(sign in path for path in shown for sign in ("\n", "\0", "!")), shown
    assert sum(path.count("/") == 2 for path in shown if path.startswith("uploads/")) == 1


@pytest.mark.parametrize("name", ["client_info.json", "collection_context.json", "uploads.json", "log.json"])
@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{", b"\xff\xfe", b'{"query_stats": 3, "request": [], "create_time": "x"}', b"[" * 9000]
)
def test_a_damaged_list_costs_nothing_but_itself(tmp_path: Path, name: str, data: bytes) -> None:
    found = planned(write(tmp_path, {**velociraptor(), name: data}, "zip"))
    assert found[f"uploads/auto/C:/{LOGS}/Security.evtx"].state is InputState.READ


def test_a_list_that_vanishes_costs_itself(tmp_path: Path) -> None:
    folder = write(tmp_path, velociraptor(), "folder")
    found: dict[str, Input] = {}
    for each in plan([str(folder)]):
        found[each.input.path[len(str(folder)) + 1 :]] = each.input
        (folder / "uploads.json").unlink(missing_ok=True)
    assert found["uploads.json"].state is InputState.UNRECOGNISED
    assert "cannot be opened" in found["uploads.json"].reason
    assert found[f"uploads/auto/C:/{LOGS}/Security.evtx"].state is InputState.READ


@pytest.mark.parametrize("how", ["zip", "folder"])
def test_two_planted_files_hide_no_log(tmp_path: Path, how: str) -> None:
    log, unknown = evtx(), b"something of an application's own\n" * 3
    files = {
        "client_info.json": b"{}",
        "uploads.json": b"{}",
        "logs.csv": log,
        "log.json": log,
        "results/Custom.Rows.csv": log,
        "alone.index": log,
        "results/Custom.Rows.csv.index": log,
        "results/Custom.Other.json": unknown,
        "other.index": unknown,
    }
    found = planned(write(tmp_path, files, how))
    for name in ("client_info.json", "uploads.json"):
        assert found[name].state is InputState.IGNORED, name
    for name, data in files.items():
        if data is log:
            assert (found[name].source, found[name].state) == ("windows_evtx", InputState.READ), name
        elif data is unknown:
            assert found[name].state is InputState.UNRECOGNISED, name


@pytest.mark.parametrize("how", ["zip", "folder"])
def test_a_control_file_that_a_mapping_reads_is_read(tmp_path: Path, how: str) -> None:
    mapping = tmp_path / "own.mapping.yaml"
    mapping.write_text(
        "mapping: 1\nname: own\nfiles: [log*.csv]\nformat: {type: csv}\n"
        "time: {column: when, format: iso, zone: UTC}\nattributes: {actor.user.name: who}\n"
    )
    rows = b"when,who\n2026-03-12T08:00:00Z,ada\n"
    files = {"client_info.json": b"{}", "uploads.json": b"{}", "logs.csv": rows, "log.csv": b"a,b\n1,2\n"}
    path = write(tmp_path, files, how)
    found = {
        each.input.path.rpartition(str(path))[2][1:]: each.input
        for each in plan([str(path)], None, mappings_for([str(mapping)]))
    }
    assert found["logs.csv"].source == "declared:own"
    assert found["log.csv"].state is InputState.IGNORED


@given(st.sampled_from(sorted(velociraptor())), st.sampled_from(["folder", "zip"]))
def test_whatever_name_a_log_is_given_in_a_collection_it_is_read(name: str, how: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = planned(write(Path(folder), {**velociraptor(), name: evtx()}, how))
    assert any(
        entry.source == "windows_evtx" and found_name.endswith(LAYOUT.shown(name))
        for found_name, entry in found.items()
    )
