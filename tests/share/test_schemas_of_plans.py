"""Readiness, a plan of probes and what became of them: each schema describes all that is written, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cover.probing.test_judging import NOW, accesses, judged, made, offsets
from tests.cover.probing.test_planning import canary, plan
from tests.cover.test_readiness import ESTATE, products
from tests.share.test_schema import FOLDER, closed

from tocsin.cover.probing.planning import plan_yaml
from tocsin.cover.readiness import assess
from tocsin.model.estate import Estate, ProductInUse
from tocsin.readiness import NOTHING_SHOWN, Move, after_moves, institution
from tocsin.share.formats.json_document import single

NAMES = ("readiness", "probe_plan", "probe_check")


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    return found


def strict(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(closed(schema(name)), format_checker=jsonschema.FormatChecker())


STRICT = {name: strict(name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one_and_its_page_leads_to_it(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))
    pages = [page.read_text(encoding="utf-8") for page in Path(FOLDER).glob("*.md")]
    assert any(f"]({name}.schema.json)" in page for page in pages)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=20, deadline=None)
@given(products, st.integers(1, 3_650))
def test_readiness_is_described_to_the_last_key(declared: list[ProductInUse], look_back: int) -> None:
    estate = Estate(
        holdings=ESTATE.holdings,
        sensitivities=ESTATE.sensitivities,
        matters=ESTATE.matters,
        persons=ESTATE.persons,
        products=tuple(declared),
    )
    known = institution(estate, NOTHING_SHOWN, look_back)
    move = Move(holdings="*", to="https://tribunal.example/sites/all/*", kind="document", product=None)
    moved = after_moves(estate, NOTHING_SHOWN, known, [move], look_back)
    said = json.loads(single("readiness", assess(known, NOW, look_back, moved=moved)))
    STRICT["readiness"].validate(said)
    assert said["classes"]
    assert said["moves"]
    del said["classes"][0]["answers"][0]["reason"]
    with pytest.raises(jsonschema.ValidationError):
        STRICT["readiness"].validate(said)


@given(made, offsets, st.integers(0, 12 * 3_600))
def test_what_became_of_probes_is_described_to_the_last_key(
    when: dict[int, int], seconds: list[int], until: int
) -> None:
    STRICT["probe_check"].validate(json.loads(single("probe_check", judged(when, accesses(seconds), until))))


def test_a_plan_is_described_to_the_last_key() -> None:
    bound = canary("s3://b/k", "object")._replace(addresses=("192.0.2.1",))
    said = yaml.safe_load(plan_yaml(plan(bound, canary("/srv/x"))))
    STRICT["probe_plan"].validate(said)
    assert len(said["probes"]) > 1
