"""Coverage probes, from canaries to what they say of a log: planned, made, their records held against the receipts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.journeys.conftest import Tocsin
from tests.journeys.logs import ADA, START, act, records
from tests.protect.linked import everything_in, link

from tocsin.exercise.formats.m365 import audit_line, mail_items_accessed
from tocsin.model.instant import HOUR, format_time
from tocsin.model.probing import committed

CANARY = "<canary@tribunal.example>"
WATCH = replace(ADA, upn="svc-probe@tribunal.example", object_id="aaaaaaaa-0000-4000-8000-000000000009")
_CSV = f"""channel,target,account,names,host,log
mail,https://graph.microsoft.com/v1.0/users/canary@tribunal.example/messages/AAMk,{WATCH.upn},{CANARY},,
"""


def access(hour: int, *, second: int = 20, person: Any = WATCH) -> bytes:
    """One access to the canary, so many hours after the start."""
    made = replace(act(10_000 + hour * 100 + second, person=person), time=START + hour * HOUR + second * 10**9)
    return audit_line(mail_items_accessed(made, folders={"Inbox": [CANARY]}))


@pytest.fixture
def planned(tmp_path: Path, tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """A workspace `case` with 12 probes of two hours each planned an hour before; the probes as the plan has them."""
    (tmp_path / "canaries.csv").write_text(_CSV)
    case, plan = tmp_path / "case", tmp_path / "probes"
    assert tocsin("init", case).code == 0
    arguments = ("--workspace", case, "--from", format_time(START), "--days", "1", "--every", "2h", "-o", plan)
    with monkeypatch.context() as then:
        then.setattr("tocsin.probing.now_utc", lambda: START - HOUR)
        done = tocsin("probe", "plan", tmp_path / "canaries.csv", *arguments)
    assert done.code == 0, done.err
    assert "12 probes of 1 canaries" in done.out
    found: list[dict[str, Any]] = yaml.safe_load((plan / "plan.yaml").read_text())["probes"]
    assert len(found) == 12
    return found


def collect(tmp_path: Path, tocsin: Tocsin, probes: list[dict[str, Any]], lost: set[int], *more: bytes) -> Any:
    """Investigate a log with the records of all but the lost probes, hand in all receipts; what `probe check` says."""
    lines = [audit_line(one) for one in records(30)] + [
        access(2 * place) for place in range(len(probes)) if place not in lost
    ]
    late = audit_line(
        mail_items_accessed(replace(act(99), time=START + 60 * HOUR), folders={"Inbox": ["<late@tribunal.example>"]})
    )
    (tmp_path / "audit.jsonl").write_bytes(b"".join((*lines, *more, late)))
    assert tocsin("investigate", tmp_path / "audit.jsonl", "--workspace", tmp_path / "case").code == 0
    receipts = [
        {
            "tocsin_probe": 1,
            "id": probe["id"],
            "nonce": probe["nonce"],
            "time": format_time(START + 2 * place * HOUR + 19 * 10**9),
            "outcome": "made",
        }
        for place, probe in enumerate(probes)
    ]
    text = "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in receipts)
    (tmp_path / "receipts.jsonl").write_text(text)
    arguments = ("--workspace", tmp_path / "case", "--format", "json")
    done = tocsin("probe", "check", tmp_path / "receipts.jsonl", *arguments)
    assert done.code == 0, done.err
    return done.document


def coverage(tmp_path: Path, tocsin: Tocsin) -> list[dict[str, Any]]:
    rows = tocsin("coverage", "--workspace", tmp_path / "case", "--format", "json").document["coverage"]
    return [row for row in rows if row["source"] == "m365_unified_audit"]


def test_probes_that_all_arrive_bound_what_may_be_missing_and_prove_nothing(
    tmp_path: Path, tocsin: Tocsin, planned: list[dict[str, Any]]
) -> None:
    (log,) = collect(tmp_path, tocsin, planned, set())["logs"]
    assert (log["made"], log["lost"], log["bound_per_10000"]) == (12, 0, 2210)
    rows = coverage(tmp_path, tocsin)
    assert {row["state"] for row in rows} == {"unproven"}
    told = [row["evidence"] for row in rows if "at most 22.10 % leave no record (95 % confidence" in row["evidence"]]
    assert len(told) == 1
    assert tocsin("record", "verify", "--workspace", tmp_path / "case").code == 0


def test_a_lost_probe_makes_the_log_gapped_between_those_that_arrived(
    tmp_path: Path, tocsin: Tocsin, planned: list[dict[str, Any]]
) -> None:
    found = collect(tmp_path, tocsin, planned, {4, 5})
    assert [one["id"] for one in found["probes"] if one["fate"] == "lost"] == [planned[4]["id"], planned[5]["id"]]
    (gap,) = [row for row in coverage(tmp_path, tocsin) if row["state"] == "gapped"]
    assert gap["from"] == format_time(START + 6 * HOUR + 19 * 10**9)
    assert gap["to"] == format_time(START + 12 * HOUR + 19 * 10**9)
    assert gap["basis"] == "none"
    assert "2 probes were lost" in gap["evidence"]


def test_a_probe_is_the_institutions_own_and_hides_nobody_elses_access(
    tmp_path: Path, tocsin: Tocsin, planned: list[dict[str, Any]]
) -> None:
    others = access(0, second=25, person=ADA), access(1, second=0)
    collect(tmp_path, tocsin, planned, set(), *others)
    asked = ("--identity", WATCH.upn, "--identity", ADA.upn, "--workspace", tmp_path / "case", "--format", "json")
    rows = tocsin("exposure", *asked).document["exposure"]
    of_canary = {(row["actor"], row["actor_class"]): row for row in rows if row["holding"] == CANARY and row["records"]}
    assert set(of_canary) == {(WATCH.upn, "responder"), (WATCH.upn, "account"), (ADA.upn, "account")}
    assert len(of_canary[WATCH.upn, "responder"]["records"]) == 12
    # The account that probes, at a time when no probe was made, and another account at the time of one.
    assert of_canary[WATCH.upn, "account"]["first"] == format_time(START + HOUR)
    assert of_canary[ADA.upn, "account"]["verdict"] == "confirmed"


def test_a_receipt_with_another_nonce_and_a_plan_among_the_logs_count_for_nothing(
    tmp_path: Path, tocsin: Tocsin, planned: list[dict[str, Any]]
) -> None:
    forged = [{**one, "nonce": "0" * 32} for one in planned]
    found = collect(tmp_path, tocsin, forged, set())
    assert found["unknown"] == 12
    assert {one["fate"] for one in found["probes"]} == {"not_made"}
    other = tmp_path / "other"
    plan = b'{"tocsin_probe_plan":1,"id":"0badcafe-0001","channel":"mail","target":"t","names":["<0@tribunal.example>"]'
    plan += f',"account":"{ADA.upn}","host":"","log":"","due":"{format_time(START)}"'.encode()
    plan += f',"end":"{format_time(START + HOUR)}","commitment":"0","made":"{format_time(START)}"}}\n'.encode()
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "plan.jsonl").write_bytes(plan)
    (logs / "audit.jsonl").write_bytes((tmp_path / "audit.jsonl").read_bytes())
    assert tocsin("investigate", logs, "--workspace", other).code == 0
    assert tocsin("probe", "check", "--workspace", other, "--format", "json").document["probes"] == []


def test_what_was_accessed_before_it_was_planned_is_no_probe(tmp_path: Path, tocsin: Tocsin) -> None:
    (tmp_path / "canaries.csv").write_text(_CSV)
    arguments = ("--workspace", tmp_path / "case", "--from", format_time(START), "-o", tmp_path / "probes")
    assert tocsin("init", tmp_path / "case").code == 0
    refused = tocsin("probe", "plan", tmp_path / "canaries.csv", *arguments)
    assert refused.code == 2
    assert "leave out --from" in refused.err
    assert list((tmp_path / "probes").iterdir()) == []


def test_a_plan_is_of_two_hours_where_none_are_asked_for(tmp_path: Path, tocsin: Tocsin) -> None:
    (tmp_path / "canaries.csv").write_text(_CSV)
    assert tocsin("init", tmp_path / "case").code == 0
    arguments = ("--workspace", tmp_path / "case", "--days", "1", "-o", tmp_path / "probes")
    done = tocsin("probe", "plan", tmp_path / "canaries.csv", *arguments)
    assert done.code == 0, done.err
    assert "12 probes of 1 canaries" in done.out


def test_a_plan_among_the_receipts_calls_no_access_a_probe(
    tmp_path: Path, tocsin: Tocsin, planned: list[dict[str, Any]]
) -> None:
    collect(tmp_path, tocsin, planned, set(), access(1, person=ADA))
    nonce = "0" * 32
    receipt = {"tocsin_probe": 1, "id": "0badcafe-0001", "nonce": nonce, "time": format_time(START + HOUR)}
    plan = {
        **receipt, "outcome": "made", "tocsin_probe_plan": 1, "channel": "mail", "target": "t", "names": [CANARY],
        "account": ADA.upn, "host": "", "log": "", "due": format_time(START), "end": format_time(START + 2 * HOUR),
        "commitment": committed(nonce), "made": format_time(START - HOUR),
    }  # fmt: skip
    lines = (json.dumps(one, separators=(",", ":")) + "\n" for one in (plan, {**receipt, "outcome": "made"}))
    (tmp_path / "receipts.jsonl").write_text("".join(lines))
    refused = tocsin("probe", "check", tmp_path / "receipts.jsonl", "--workspace", tmp_path / "case")
    assert refused.code == 2
    asked = ("--identity", ADA.upn, "--workspace", tmp_path / "case", "--format", "json")
    rows = tocsin("exposure", *asked).document["exposure"]
    by_ada = [row for row in rows if row["holding"] == CANARY and row["actor"] == ADA.upn]
    assert [row["actor_class"] for row in by_ada] == ["account"]


def test_what_is_no_receipt_is_refused_and_nothing_is_sealed(
    tmp_path: Path, tocsin: Tocsin, planned: list[dict[str, Any]]
) -> None:
    collect(tmp_path, tocsin, planned, set())
    asked = ("investigate", tmp_path / "audit.jsonl", "--workspace", tmp_path / "case", "--format", "json")
    before = tocsin(*asked).inputs
    (tmp_path / "receipts.jsonl").write_text('{"tocsin_probe":1,"id":"x"}\n')
    refused = tocsin("probe", "check", tmp_path / "receipts.jsonl", "--workspace", tmp_path / "case")
    assert refused.code == 2
    assert "line 1 is no receipt" in refused.err
    assert tocsin(*asked).inputs == before


def test_under_a_vault_no_canary_names_a_protected_person(tmp_path: Path, tocsin: Tocsin) -> None:
    case = tmp_path / "case"
    link(case, tmp_path / "vault", {"p1": ("Zorbla Quixmere", "zorbla.quixmere@example.org")})
    (tmp_path / "canaries.csv").write_text(_CSV.replace("canary@", "zorbla.quixmere@"))
    arguments = ("--workspace", case, "--every", "2h", "-o", tmp_path / "probes")
    refused = tocsin("probe", "plan", tmp_path / "canaries.csv", *arguments)
    assert refused.code == 5, refused.err
    assert list((tmp_path / "probes").iterdir()) == []
    assert "quixmere" not in (refused.out + refused.err).lower()
    (tmp_path / "canaries.csv").write_text(_CSV)
    assert tocsin("probe", "plan", tmp_path / "canaries.csv", *arguments).code == 0
    assert b"uixmere" not in everything_in(case)
