"""The figures of `docs/evaluation.md` that must not fall: the same measures, held to their value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchmarks.measures import (
    alerts,
    attack_samples,
    cloud,
    masquerades,
    new_links,
    otrf,
    tenant,
    throttling,
)
from benchmarks.measures.conformance import evtx_edge, ossec

SMALL = (
    "SDWIN-201021232814",
    "SDWIN-201018225619",
    "SDWIN-201018195009",
    "SDWIN-201029202324",
    "SDWIN-201219070027",
)


@pytest.mark.real
def test_the_tenant_is_answered_exactly(real_data: Path, tmp_path: Path) -> None:
    figures = tenant.measure(real_data, tmp_path)
    assert set(figures.records.values()) == {(3114, 3114, 0)}
    assert figures.formats_agree
    assert figures.mail_items == tenant.Overlap(expected=497, found=497, right=497)
    assert (figures.groups, figures.groups_exact) == (107, 107)
    assert figures.files.precision == figures.files.recall == 1.0
    assert figures.changes_missed == {
        "Set-Mailbox": 5
    }  # provisioning by the provider: no rule, no right, no forwarding
    assert figures.provider_only > 0


@pytest.mark.real
def test_every_record_of_the_attack_samples_is_read(real_data: Path, tmp_path: Path) -> None:
    figures = attack_samples.measure(real_data, tmp_path)
    assert (figures.files, figures.files_exact) == (384, 384)
    assert figures.records == (18729, 18729, 18729)
    assert figures.alerted >= 268
    assert figures.technique >= 53
    assert figures.rules[0] + figures.rules[3] >= 3780


@pytest.mark.real
def test_a_throttled_mailbox_is_told_and_never_ruled_out(real_data: Path, tmp_path: Path) -> None:
    figures = throttling.measure(real_data, tmp_path)
    assert figures.reported == figures.mailboxes > 0
    assert figures.ruled_out == 0


@pytest.mark.real
def test_small_sets_of_the_laboratory_are_read_whole_and_noticed(real_data: Path, tmp_path: Path) -> None:
    figures = otrf.measure(real_data, tmp_path, only=SMALL)
    assert figures.sets == 5
    assert figures.unread == ()
    truth, read, stored, rejected = figures.events
    assert truth == read == stored > 0
    assert rejected == 0
    assert {miss.set for miss in figures.misses} == set()


@pytest.mark.real
def test_what_a_campaign_can_show_is_listed_for_every_technique(real_data: Path) -> None:
    for line in (real_data / "otrf_mordor" / "ground_truth_compound.jsonl").read_text("utf-8").splitlines():
        campaign = json.loads(line)
        assert otrf.observable(campaign["id"], campaign["techniques"])


@pytest.mark.real
def test_lines_that_must_not_match_raise_no_finding(real_data: Path, tmp_path: Path) -> None:
    figures = ossec.measure(real_data, tmp_path)
    assert figures.matched == 0
    assert figures.right >= 119
    assert not [file for file in figures.unread if ossec.why_unread(file) == "not explained"]


@pytest.mark.real
def test_unusual_event_logs_give_no_fewer_records_than_another_reader(real_data: Path, tmp_path: Path) -> None:
    files = evtx_edge.measure(real_data, tmp_path)
    assert len(files) == 18
    assert not [file.name for file in files if file.stored < file.theirs or file.read != file.stored + file.rejected]
    assert not [file.name for file in files if file.errors and not file.told]


@pytest.mark.real
def test_cloud_logs_are_read_whole(real_data: Path, tmp_path: Path) -> None:
    exploded = cloud.detonations(real_data, tmp_path)
    assert all(one.read == one.records for one in exploded)
    assert sum(one.state == "alert" for one in exploded) >= 5
    types = {one.name: one for one in cloud.labelled(real_data, tmp_path)}
    calls = types["AWS.CloudTrail"]
    assert all(one.read == one.events for one in types.values() if one.read)
    assert calls.read == 290
    assert calls.alerted >= 33
    assert calls.false / calls.near < calls.alerted / calls.alerting


@pytest.mark.real
def test_the_intrusion_among_a_companys_alerts_is_its_first_incident(real_data: Path, tmp_path: Path) -> None:
    score = alerts.measure(real_data, tmp_path, "russellmitchell")  # the smallest of the four
    assert score.rank == 1
    assert score.homogeneity >= 0.95
    assert score.completeness >= 0.95
    assert score.pairs >= 36


@pytest.mark.real
def test_every_set_whose_technique_is_missed_has_its_reason(real_data: Path) -> None:
    truth = (real_data / "otrf_mordor" / "ground_truth_atomic.jsonl").read_text("utf-8")
    sets = {json.loads(line)["id"] for line in truth.splitlines()}
    assert set(otrf.why_missed()) <= sets


@pytest.mark.real
def test_known_and_new_links_of_real_people_are_told_apart(real_data: Path) -> None:
    area, _, _ = masquerades.measure(real_data)["Pitman-Yor"]
    assert area >= 0.82
    new, areas = new_links.measure(real_data)
    assert new == 92
    assert areas["factors"] >= 0.97
