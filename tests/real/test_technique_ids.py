"""The crosswalk of technique ids against a release of ATT&CK, tags of public rules and labels of public data."""

from __future__ import annotations

import gzip
import json
import re
import zipfile
from pathlib import Path

import pytest

from tocsin.correlate.techniques import crosswalk

pytestmark = pytest.mark.real
NO_TECHNIQUE = {"T0000"}  # a label of one file of the attack samples


@pytest.fixture(scope="module")
def release(real_data: Path) -> set[str]:
    """The techniques of ATT&CK 18.1."""
    with gzip.open(real_data / "attack_knowledge" / "attack_enterprise_reduced.json.gz") as stream:
        return {technique["id"] for technique in json.load(stream)["techniques"]}


def test_every_successor_is_a_technique_of_a_release(release: set[str]) -> None:
    ids = crosswalk()
    assert not set(ids.replaced) - release - ids.introduced
    assert not ids.introduced & release


def test_every_tag_of_public_rules_is_known(real_data: Path, release: set[str]) -> None:
    (path,) = (real_data / "sigma" / "rules").glob("*.zip")
    tags = set()
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(".yml"):
                tags |= set(re.findall(r"attack\.(t\d{4}(?:\.\d{3})?)\b", archive.read(name).decode().lower()))
    assert len(tags) == 401
    assert not {tag.upper() for tag in tags} - release - crosswalk().introduced


def test_every_label_is_known_or_was_replaced(real_data: Path, release: set[str]) -> None:
    ids = crosswalk()
    labels = set()
    for table in (
        "otrf_mordor/ground_truth_atomic.jsonl",
        "otrf_mordor/ground_truth_compound.jsonl",
        "evtx_attack_samples/ground_truth.jsonl",
    ):
        for line in (real_data / table).read_text("utf-8").splitlines():
            labels |= {technique.upper() for technique in json.loads(line)["techniques"]}
    assert labels - release - set(ids.successor) == NO_TECHNIQUE
