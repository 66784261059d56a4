"""Plans: what is refused, what is planned, and scripts that an ordinary shell runs as they are."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.collect.sources.probe import SOURCE
from tocsin.collect.sources.probe.entering import planned_lines
from tocsin.cover.probing.channels import load_channels
from tocsin.cover.probing.kept import SCHEMA, plans_and_receipts
from tocsin.cover.probing.planning import every_of, plan_probes, plan_yaml, read_canaries
from tocsin.cover.probing.scripts import powershell_script, sh_script
from tocsin.errors import ConfigError
from tocsin.model.instant import DAY, HOUR
from tocsin.model.probing import Canary, ProbePlan, committed
from tocsin.model.record import Record

NOW = int(time.time()) * 10**9 - HOUR


def plan(*canaries: Canary, from_: int = NOW, every: int = HOUR, to: int | None = None) -> ProbePlan:
    numbers: Iterator[int] = iter(range(1, 1_000_000))
    return plan_probes(
        canaries,
        made=NOW,
        from_=from_,
        to=from_ + DAY if to is None else to,
        every=every,
        random_bytes=lambda size: next(numbers).to_bytes(size, "big"),
    )


def canary(target: str, channel: str = "file") -> Canary:
    return Canary(channel, target, (target,), "example\\svc-probe", "files-01")


def written(folder: Path, text: str) -> Path:
    path = folder / "canaries.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_each_probe_has_its_time_and_shows_nothing_of_its_nonce() -> None:
    found = plan(canary("/a"), canary("/b"))
    assert len(found.probes) == 48
    assert len({probe.nonce for probe in found.probes}) == 48
    assert all(committed(probe.nonce) == probe.planned.commitment for probe in found.probes)
    sealed = b"".join(planned_lines(found)).decode()
    assert not any(probe.nonce in sealed for probe in found.probes)
    assert all(probe.nonce in plan_yaml(found) for probe in found.probes)
    of_one = [probe.planned for probe in found.probes if probe.planned.canary.target == "/a"]
    assert all(one.end == other.due for one, other in pairwise(of_one))


@pytest.mark.parametrize("name", sorted(load_channels()))
def test_one_record_never_serves_two_probes_of_a_channel(name: str) -> None:
    channel = load_channels()[name]
    assert channel.least > 2 * channel.tolerance
    assert channel.late >= channel.tolerance
    assert channel.recorded_in
    assert channel.citation.startswith("https://")
    with pytest.raises(ConfigError, match="apart"):
        plan(canary("x", name), every=channel.least - 1)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("channel,target\nfile,x\n", "no columns account"),
        ("channel,target,account\nfax,x,a\n", "line 2: channel is none of"),
        ("channel,target,account\nfile,x,a\n", "line 2: host must be said"),
        ("channel,target,account\nobject,s3://b/k,-\n", "line 2: target and account"),
        ('channel,target,account\nobject,"s3://b/k\nrm",a\n', "control character"),
        ("channel,target,account\nobject,s3://b/k,a\nobject,s3://b/k,c\n", "is there twice"),
        ("channel,target,account\n", "names no canary"),
        ("channel,target,account,address\nobject,s3://b/k,a,office\n", "'office' is no IP address"),
        ("channel,target,account,host,address\nfile,x,a,h,192.0.2.1\n", "leave it out"),
    ],
)
def test_what_cannot_be_a_canary_is_refused_by_line(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        read_canaries(written(tmp_path, text))


def test_the_names_a_log_has_of_a_canary_are_its_target_unless_others_are_said(tmp_path: Path) -> None:
    text = "channel;target;account;host;names\nfile;/srv/x;Example\\Svc;FILES-01;\n"
    (found,) = read_canaries(written(tmp_path, text))
    assert found == Canary("file", "/srv/x", ("/srv/x",), "example\\svc", "files-01", "")


def test_a_canary_is_bound_to_the_addresses_it_names_as_logs_write_them(tmp_path: Path) -> None:
    text = "channel,target,account,address\nobject,s3://b/k,a,2001:DB8::0001; ::ffff:192.0.2.1\nobject,s3://b/l,a,\n"
    bound, free = read_canaries(written(tmp_path, text))
    assert bound.addresses == ("192.0.2.1", "2001:db8::1")
    assert free.addresses == ()
    marks = [
        mark
        for record in SOURCE.records(b"".join(planned_lines(plan(bound, free))), b"", 0)
        if isinstance(record, Record)
        for mark in SOURCE.map(record).marks
    ]
    rows = [{name: mark.get(name) for name in SCHEMA.names} | {"time": NOW, "record": 1} for mark in marks]
    planned, _ = plans_and_receipts(pa.Table.from_pylist(rows, SCHEMA), is_entered=lambda _: True)
    assert {probe.canary for probe in planned.values()} == {bound, free}


@pytest.mark.parametrize("text", ["", "h", "0h", "-1h", "1.5h", "2w", "1 h"])
def test_an_interval_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no time"):
        every_of(text)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[list[dict[str, str]]]:
    """The receipts of a script that was run three times: of a file that is there, one that is not, and odd names."""
    odd = tmp_path / 'it\'s $(touch pwned) `touch pwned` "quoted" @PROBES@ .txt'
    odd.write_text("x")
    yearly = plan(canary(str(odd)), canary(str(tmp_path / "absent")), from_=NOW, to=NOW + 366 * DAY, every=366 * DAY)
    later = plan(canary(str(odd)), from_=NOW + 3_660 * DAY)
    for name, each in (("now.sh", yearly), ("later.sh", later)):
        (tmp_path / name).write_text(sh_script(each))
    environment = {"PATH": os.environ["PATH"], "PROBE_RECEIPTS": str(tmp_path / "receipts.jsonl")}
    for name in ("now.sh", "now.sh", "later.sh"):
        subprocess.run(["/bin/sh", tmp_path / name], check=True, env=environment, cwd=tmp_path, timeout=20)
    yield [json.loads(line) for line in (tmp_path / "receipts.jsonl").read_text().splitlines()]
    assert not (tmp_path / "pwned").exists()


@given(st.text(st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=40))
def test_powershell_reads_a_target_as_the_text_it_is(target: str) -> None:
    script = powershell_script(plan(canary(target)))
    (line,) = [line for line in script.splitlines() if "OpenRead(" in line]
    literal = line.partition("OpenRead('")[2].rpartition("'); try")[0]
    signs = iter(literal)
    read = ""
    for sign in signs:
        read += sign
        if sign in "'\u2018\u2019\u201a\u201b":  # all single quotes to PowerShell: doubled, or the literal ends there
            assert next(signs, None) == sign
    assert read == target


def test_a_script_makes_what_is_due_once_and_its_receipts_are_read(tmp_path: Path, run: list[dict[str, str]]) -> None:
    assert [(one["id"][-4:], one["outcome"]) for one in run] == [
        ("0001", "made"),
        ("0002", "failed"),
        ("0002", "failed"),
    ]
    data = (tmp_path / "receipts.jsonl").read_bytes()
    records = list(SOURCE.records(data, b"", 0))
    assert len(records) == 3
    assert all(isinstance(one, Record) for one in records)
    assert SOURCE.map(records[0]).event["time"] is not None if isinstance(records[0], Record) else False


def test_a_plan_too_large_or_empty_is_refused() -> None:
    for days in (0, 400):
        with pytest.raises(ConfigError, match="is not made"):
            plan(canary("/a"), to=NOW + days * DAY, every=HOUR)
