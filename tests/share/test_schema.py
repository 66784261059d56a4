"""The published schema describes the document: all of it, and nothing else."""

from __future__ import annotations

import copy
import dataclasses
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.model.answers import Answers
from tocsin.model.reference import RecordPlace
from tocsin.share.document import VERSION, document
from tocsin.share.format import Part, format_named
from tocsin.share.formats.json_document import listed

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "formats"
SCHEMA = json.loads((FOLDER / "investigation.schema.json").read_text(encoding="utf-8"))
any_text = st.text(alphabet=st.characters(), max_size=20)


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with no key allowed that it does not describe."""
    strict = copy.deepcopy(schema)
    _close(strict)
    return strict


def _close(node: object) -> None:
    if isinstance(node, dict):
        if "properties" in node:
            node.setdefault("additionalProperties", False)
        for value in node.values():
            _close(value)
    elif isinstance(node, list):
        for value in node:
            _close(value)


STRICT = jsonschema.Draft202012Validator(closed(SCHEMA), format_checker=jsonschema.FormatChecker())


def rendered(answers: Answers) -> dict[str, Any]:
    """The JSON document, read back."""
    back: dict[str, Any] = json.loads(format_named("json", Part.INVESTIGATION).render(answers, Part.INVESTIGATION))
    return back


def test_the_schema_is_one_and_of_the_documents_version() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"].endswith(f":{VERSION}")


def test_a_full_and_an_empty_document_are_described_to_the_last_key(answers: Answers, empty: Answers) -> None:
    STRICT.validate(rendered(answers))
    STRICT.validate(rendered(empty))


def test_the_schema_would_notice_a_key_gone_or_a_number_out_of_range(answers: Answers) -> None:
    for path, value in ((("incidents", 0, "score"), 101), (("accounting", "inputs", 0, "certainty"), 1.5)):
        wrong = rendered(answers)
        node: Any = wrong
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = value
        with pytest.raises(jsonschema.ValidationError):
            STRICT.validate(wrong)
    gone = rendered(answers)
    del gone["findings"][0]["why"]
    with pytest.raises(jsonschema.ValidationError):
        STRICT.validate(gone)


def test_every_number_says_its_unit_or_range() -> None:
    def numbers(node: object) -> list[dict[str, Any]]:
        if isinstance(node, dict):
            own = [node] if node.get("type") in ("integer", "number") else []
            return own + [found for value in node.values() for found in numbers(value)]
        return [found for value in node for found in numbers(value)] if isinstance(node, list) else []

    found = numbers(SCHEMA)
    assert found
    assert all(number["description"] and "minimum" in number for number in found)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(text=any_text, entry=st.integers(min_value=0, max_value=2**32 - 1))
def test_a_value_of_a_log_reads_back_as_it_was(answers: Answers, text: str, entry: int) -> None:
    finding = dataclasses.replace(answers.findings[0], why=text, records=(RecordPlace(text, entry),))
    back = rendered(dataclasses.replace(answers, findings=(finding,)))
    STRICT.validate(back)
    expected = text.encode("utf-8", "backslashreplace").decode("utf-8")
    assert back["findings"][0]["why"] == expected
    assert back["findings"][0]["records"] == [{"input": expected, "entry": entry}]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(time=st.integers(min_value=-(2**63), max_value=2**63 - 1))
def test_every_time_there_can_be_is_written(answers: Answers, time: int) -> None:
    STRICT.validate(rendered(dataclasses.replace(answers, as_of=time)))


def test_settings_stand_in_the_order_of_their_names(answers: Answers) -> None:
    assert list(rendered(answers)["settings"]) == ["from", "to"]


def test_what_has_no_place_in_the_document_is_refused(answers: Answers) -> None:
    with pytest.raises(TypeError, match="no place"):
        document(dataclasses.replace(answers, not_done=object()), Part.INVESTIGATION)  # type: ignore[arg-type]


def test_another_list_stands_under_its_own_name() -> None:
    back = json.loads(listed("exercises", [RecordPlace("a", 1)]))
    assert back == {
        "schema": {"name": "tocsin.exercises", "version": VERSION},
        "exercises": [{"input": "a", "entry": 1}],
    }


def test_the_page_on_the_format_names_every_key(answers: Answers) -> None:
    page = (FOLDER / "investigation.md").read_text(encoding="utf-8")

    def keys(node: object) -> set[str]:
        if isinstance(node, dict):
            return set(node) | {key for value in node.values() for key in keys(value)}
        return {key for value in node for key in keys(value)} if isinstance(node, list) else set()

    document_ = rendered(answers) | {"settings": {}}
    assert not {key for key in keys(document_) if f"`{key}`" not in page}
