"""An acquisition record beside the logs, from the folder to the verdict: what is missing forbids a "ruled out"."""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.conftest import Tocsin
from tests.journeys.logs import ADA, TENANT, lines

from tocsin import answering

RECORD = "by: tenant administration\nwhen: 2026-03-20T14:05:00Z\ncommand: Search-UnifiedAuditLog\n"
COUNT = 120
TIED = f"files: [{{name: audit.jsonl, sha256: {hashlib.sha256(lines(COUNT)).hexdigest()}}}]\n"
Exposure = Callable[[str], tuple[int, Counter[str], Any]]


@pytest.fixture(autouse=True)
def _not_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the laws hold for, whether or not this version says it."""
    monkeypatch.setattr(answering, "RULED_OUT_BY", None)


@pytest.mark.parametrize("name", ["junk.bin", "cut.jsonl.gz"])
def test_an_input_that_is_not_read_forbids_a_ruling_out(name: str, verdicts: Exposure, logs: Path) -> None:
    (logs / "acquisition.yaml").write_text(f"{RECORD}{TIED}reported_count: {COUNT}\n")
    _, found, _ = verdicts("before")
    assert found["ruled_out"] > 0
    (logs / name).write_bytes(gzip.compress(b'{"a": 1}\n' * 9000)[:-20] if name.endswith("gz") else b"\x01junk" * 90)
    _, found, read = verdicts("case")
    assert found["ruled_out"] == 0
    assert f"{name} was not read" in json.dumps(read.document["coverage"])


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Two hours of an audit log."""
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "audit.jsonl").write_bytes(lines(COUNT))
    return folder


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    """The account declared in all its forms, its mailbox, a mailbox nobody opened, and a custodian's word for it."""
    folder = tmp_path / "estate"
    folder.mkdir()
    accounts = ";".join((ADA.upn, ADA.object_id, ADA.puid, ADA.sid))
    (folder / "identities.csv").write_text(f"id,accounts\nada,{accounts}\n")
    (folder / "holdings.csv").write_text(f"pattern,kind\nregistry@{TENANT.domain},mailbox\n{ADA.upn},mailbox\n")
    (folder / "attestations.csv").write_text(
        "source,pattern,from,to,custodian,date,setting\n"
        "m365_unified_audit,*,2026-03-02T08:00:00Z,2026-03-02T10:00:00Z,Kaia Draftwick,2026-03-12,all audited\n"
    )
    return folder


@pytest.fixture
def verdicts(tocsin: Tocsin, tmp_path: Path, logs: Path, estate: Path) -> Exposure:
    """Reads the logs into a workspace of that name: exit code, verdicts on what nobody is seen to open, the inputs."""

    def ask(name: str) -> tuple[int, Counter[str], Any]:
        workspace = tmp_path / name
        read = tocsin("investigate", logs, "--estate", estate, "--workspace", workspace, "--format", "json", "--quiet")
        span = ("--from", "2026-03-02T08:30:00Z", "--to", "2026-03-02T09:00:00Z")
        found = tocsin("exposure", "--workspace", workspace, "--identity", ADA.upn, *span, "--format", "json")
        assert tocsin("record", "verify", "--workspace", workspace, "--quiet").code == 0
        registry = [one for one in found.document["exposure"] if one["holding"].startswith("registry@")]
        return read.code, Counter(one["verdict"] for one in registry), read

    return ask


def test_a_custodians_word_rules_out_only_where_an_acquisition_ties_it_to_what_was_read(
    verdicts: Exposure, logs: Path
) -> None:
    _, without, read = verdicts("without")
    assert without == {"unknown": 1}
    assert read.inputs["audit.jsonl"]["acquisition"]["attested"] is False
    (logs / "acquisition.yaml").write_text(f"{RECORD}reported_count: {COUNT}\n")
    assert verdicts("counted")[1] == {"unknown": 1}
    (logs / "acquisition.yaml").write_text(f"{RECORD}{TIED}reported_count: {COUNT}\n")
    code, with_record, read = verdicts("with")
    assert code == 0
    assert with_record == {"ruled_out": 1}
    origin = read.inputs["audit.jsonl"]["acquisition"]
    assert origin["attested"] is True
    assert (origin["by"], origin["when"]) == ("tenant administration", "2026-03-20T14:05:00Z")
    assert (origin["reported_count"], origin["counted"], origin["told"]) == (COUNT, COUNT, [])
    assert read.inputs["acquisition.yaml"]["state"] == "read"
    assert read.inputs["acquisition.yaml"]["source"] == "acquisition"


@pytest.mark.parametrize("taken", [0, 60, COUNT - 1])
def test_a_record_taken_away_since_forbids_a_ruling_out(taken: int, verdicts: Exposure, logs: Path) -> None:
    (logs / "acquisition.yaml").write_text(f"{RECORD}{TIED}")
    every = lines(COUNT).splitlines(keepends=True)
    (logs / "audit.jsonl").write_bytes(b"".join(every[:taken] + every[taken + 1 :]))
    _, found, _ = verdicts("less")
    assert found["ruled_out"] == 0


@pytest.mark.parametrize(
    "record",
    [
        f"{RECORD}reported_count: {COUNT + 1}\n",
        f"{RECORD}files: [audit.jsonl, audit-2.jsonl]\n",
        f"{RECORD}files: [{{name: audit.jsonl, sha256: {'0' * 64}}}]\n",
        f"{RECORD}report_count: 120\n",
        "by: [\n",
        "",
    ],
    ids=["fewer", "a file missing", "another hash", "a key misspelt", "no YAML", "empty"],
)
def test_what_does_not_agree_forbids_a_ruling_out(record: str, verdicts: Exposure, logs: Path) -> None:
    (logs / "acquisition.yaml").write_text(record)
    _, found, read = verdicts("case")
    assert found["ruled_out"] == 0
    assert found["unknown"] > 0
    assert read.inputs["audit.jsonl"]["records_read"] == COUNT
    told = json.dumps(read.document["coverage"])
    assert "acquisition.yaml" in told


def test_more_than_reported_is_told_and_forbids_nothing(verdicts: Exposure, logs: Path) -> None:
    (logs / "acquisition.yaml").write_text(f"{RECORD}{TIED}reported_count: {COUNT - 20}\n")
    _, found, read = verdicts("case")
    assert found["ruled_out"] > 0
    assert read.inputs["audit.jsonl"]["acquisition"]["told"] == [
        f"{logs}/acquisition.yaml reports 100 records, 120 were read: 20 more than reported"
    ]


def test_a_damaged_record_has_its_line_and_stops_nothing(verdicts: Exposure, logs: Path) -> None:
    (logs / "acquisition.yaml").write_text(f"{RECORD}reported_count: many\nwitness: nobody\n")
    code, _, read = verdicts("case")
    assert code == 3
    line = read.inputs["acquisition.yaml"]
    assert line["state"] == "partial"
    assert "line 4: reported_count is not a whole number" in line["reason"]
    assert "line 5: not a key of an acquisition" in line["reason"]
    assert "nobody" not in line["reason"]


def test_it_speaks_of_a_file_that_was_given_alone(tocsin: Tocsin, logs: Path, tmp_path: Path) -> None:
    (logs / "acquisition.yaml").write_text(f"{RECORD}reported_count: {COUNT}\n")
    read = tocsin("investigate", logs / "audit.jsonl", "--workspace", tmp_path / "w", "--format", "json", "--quiet")
    assert set(read.inputs) == {"audit.jsonl", "acquisition.yaml"}
    assert read.inputs["audit.jsonl"]["acquisition"]["attested"] is True


def test_in_an_archive_it_speaks_of_the_members_beside_it(tocsin: Tocsin, tmp_path: Path) -> None:
    data = lines(COUNT)
    digest = hashlib.sha256(data).hexdigest()
    with zipfile.ZipFile(tmp_path / "logs.zip", "w") as archive:
        archive.writestr("m365/audit.jsonl", data)
        archive.writestr(
            "m365/acquisition.yaml",
            f"{RECORD}reported_count: {COUNT}\nfiles:\n- {{name: audit.jsonl, sha256: {digest}}}\n",
        )
    workspace = tmp_path / "w"
    read = tocsin("investigate", tmp_path / "logs.zip", "--workspace", workspace, "--format", "json", "--quiet")
    assert read.code == 0
    assert read.inputs["audit.jsonl"]["acquisition"]["attested"] is True
    assert read.inputs["audit.jsonl"]["acquisition"]["told"] == []
    assert tocsin("record", "verify", "--workspace", workspace, "--quiet").code == 0


def test_a_record_changed_between_two_runs_does_not_take_the_first_ones_place(
    tocsin: Tocsin, logs: Path, tmp_path: Path
) -> None:
    workspace = tmp_path / "w"
    for count in (COUNT + 5, COUNT):
        (logs / "acquisition.yaml").write_text(f"{RECORD}reported_count: {count}\n")
        read = tocsin("investigate", logs, "--workspace", workspace, "--format", "json", "--quiet")
    audit = [one for one in read.document["accounting"]["inputs"] if one["path"].endswith("audit.jsonl")]
    assert audit[0]["acquisition"]["reported_count"] == COUNT
    assert audit[0]["acquisition"]["told"] == [
        f"{logs}/acquisition.yaml reports 125 records, 120 were read: 5 records missing"
    ]
