"""What holds for every format found by folder, and what each shows of an invented investigation."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tocsin.errors import ConfigError
from tocsin.model.answers import Answers, BlindRule, Lack
from tocsin.share.format import Format, Part, all_formats, format_named
from tocsin.share.plain import shown_page
from tocsin.share.report import write_report

Golden = Callable[[str, str], None]
FORMATS = [(each, part) for each in all_formats() for part in sorted(each.parts)]
every_format = pytest.mark.parametrize(("format_", "part"), FORMATS, ids=[f"{f.name}-{p}" for f, p in FORMATS])


def whole(name: str, answers: Answers) -> str:
    """The whole investigation in the format of that name."""
    return format_named(name, Part.INVESTIGATION).render(answers, Part.INVESTIGATION)


@every_format
def test_equal_answers_give_equal_text(format_: Format, part: Part, answers: Answers) -> None:
    assert format_.render(answers, part) == format_.render(dataclasses.replace(answers), part)


@every_format
def test_nothing_found_is_said_and_not_a_fault(format_: Format, part: Part, empty: Answers) -> None:
    assert format_.render(empty, part).endswith("\n")


@every_format
def test_no_value_of_a_log_can_act_on_the_reader(format_: Format, part: Part, answers: Answers) -> None:
    text = format_.render(answers, part)
    assert shown_page(text) == text
    text.encode("utf-8")


@every_format
def test_the_words_never_say_that_a_person_did_it(format_: Format, part: Part, answers: Answers) -> None:
    text = format_.render(answers, part)
    assert not re.search(r"\b(suspect|culprit|perpetrator|attacker|he|she)\b", text, re.IGNORECASE)


@pytest.mark.parametrize(("name", "suffix"), [("text", "txt"), ("json", "json"), ("html", "html")])
def test_the_investigation_is_as_reviewed(name: str, suffix: str, answers: Answers, same_as_golden: Golden) -> None:
    same_as_golden(f"investigation.{suffix}", whole(name, answers))


@pytest.mark.parametrize("part", [Part.EXPOSURE, Part.INCIDENTS, Part.COVERAGE, Part.DAYS])
def test_a_part_in_words_is_as_reviewed(part: Part, answers: Answers, same_as_golden: Golden) -> None:
    same_as_golden(f"{part}.txt", format_named("text", part).render(answers, part))


def test_an_unknown_format_names_those_there_are() -> None:
    with pytest.raises(ConfigError) as caught:
        format_named("pdf", Part.INVESTIGATION)
    assert "brief, csv, html, json, jsonl, stix, text" in caught.value.hint
    with pytest.raises(ConfigError):
        format_named("html", Part.EXPOSURE)


def test_the_text_names_what_an_estates_mapping_read_instead_of_a_sure_source(answers: Answers) -> None:
    first, *rest = answers.accounting.inputs
    displaced = dataclasses.replace(first, warnings=(("displaces_m365_unified_audit", 7),))
    accounting = dataclasses.replace(answers.accounting, inputs=(displaced, *rest))
    text = " ".join(whole("text", dataclasses.replace(answers, accounting=accounting)).split())
    assert f"{first.path}: m365_unified_audit is sure of it, and the estate's mapping read it instead" in text
    assert "read it instead" not in whole("text", answers)


def test_the_answers_fit_one_screen(answers: Answers) -> None:
    screen = whole("text", answers).split("ACCOUNTING")[0].splitlines()
    assert len(screen) <= 50
    assert max(map(len, screen)) <= 80


def test_many_incidents_still_fit_one_screen(answers: Answers) -> None:
    many = dataclasses.replace(
        answers,
        incidents=answers.incidents * 400,
        containment=answers.containment * 400,
        attribution=answers.attribution * 400,
    )
    text = whole("text", many)
    assert len(text.split("ACCOUNTING")[0].splitlines()) <= 54
    assert "... and 797 more incidents in the report" in text


def test_a_part_is_the_same_elements_as_the_whole(answers: Answers) -> None:
    document = json.loads(whole("json", answers))
    for part in (Part.EXPOSURE, Part.INCIDENTS, Part.COVERAGE, Part.DAYS):
        alone = json.loads(format_named("json", part).render(answers, part))
        assert alone["schema"]["name"] == f"tocsin.{part}"
        assert alone[part] == document[part]


def test_the_page_knows_nothing_of_the_run(answers: Answers, empty: Answers) -> None:
    other = dataclasses.replace(
        answers, run=dataclasses.replace(empty.run, workspace="/elsewhere", seconds=99.0, workers=4)
    )
    assert whole("html", other) == whole("html", answers)


def test_the_report_is_replaced_as_a_whole(answers: Answers, empty: Answers, tmp_path: Path) -> None:
    write_report(answers, tmp_path)
    path = write_report(empty, tmp_path)
    assert path == tmp_path / "report.html"
    assert path.read_text(encoding="utf-8") == whole("html", empty)


class _Page(HTMLParser):
    """Which elements and attributes a page has, and whether every one is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.ids: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in {"meta", "br"}:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def close(self) -> None:
        super().close()
        assert self._open == []


def page_of(text: str) -> _Page:
    """The page, parsed to its end."""
    page = _Page()
    page.feed(text)
    page.close()
    return page


def test_the_page_stands_alone_and_runs_nothing(answers: Answers) -> None:
    page = page_of(whole("html", answers))
    assert not page.tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name in {"style", "src"}]
    assert all(value.startswith("#") for _, name, value in page.attributes if name == "href")
    policy = next(value for _, name, value in page.attributes if name == "content" and "default-src" in value)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_every_link_of_the_page_leads_somewhere(answers: Answers) -> None:
    page = page_of(whole("html", answers))
    targets = {value[1:] for _, name, value in page.attributes if name == "href"}
    assert targets <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_a_hostile_name_is_shown_and_not_run(answers: Answers) -> None:
    text = whole("html", answers)
    assert "<script" not in text
    assert "Odd file name &lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "\\u202egnihton\\u202c moves mail with \\x1b[2J" in text


def test_every_claim_of_the_page_names_its_log_lines(answers: Answers) -> None:
    text = whole("html", answers)
    places = [finding.records[0] for finding in answers.findings]
    places += [change.record for change in answers.changes]
    places += [exposure.records[0] for exposure in answers.exposure[:2]]
    for place in places:
        shown_path = place.input.replace("<", "&lt;").replace(">", "&gt;")
        assert f"{shown_path}#{place.entry}</code>" in text


def test_claims_have_anchors_and_drawn_things_lead_to_theirs(answers: Answers) -> None:
    page = page_of(whole("html", answers))
    expected = {f"finding-{number}" for number in range(1, len(answers.findings) + 1)}
    expected |= {f"change-{number}" for number in range(1, len(answers.changes) + 1)}
    judged = [each for each in answers.exposure if not each.actor_class.is_apart]
    expected |= {f"access-{number}" for number in range(1, len(judged) + 1)}
    expected |= {"gap-1", "cut-1", "incident-1", "place-1", "step-1", "not-run", "not-read", "proof"}
    assert expected <= set(page.ids)
    led_to = {value for tag, name, value in page.attributes if tag == "a" and name == "href"}
    drawn = {id_ for id_ in page.ids if id_.startswith("entity-")}
    assert {f"#{id_}" for id_ in drawn} <= led_to


def test_the_pictures_speak_to_who_does_not_see_them(answers: Answers) -> None:
    text = whole("html", answers)
    page = page_of(text)
    named = {value for tag, name, value in page.attributes if tag == "svg" and name == "aria-labelledby"}
    assert {id_ for names in named for id_ in names.split()} <= set(page.ids)
    assert {"title", "desc"} <= page.tags
    assert ", implicated</title>" in text


def test_what_was_not_watched_is_hatched_and_the_grave_is_higher(answers: Answers) -> None:
    page = page_of(whole("html", answers))
    marks = [value for tag, name, value in page.attributes if tag == "rect" and name == "class"]
    assert {"cleared", "throttled", "access", "change", "note"} <= set(marks)
    assert "fill: url(#hatch)" in whole("html", answers)
    assert "hatch" in page.ids


def test_a_missing_log_is_told_from_a_log_that_holds_nothing_of_the_kind(answers: Answers) -> None:
    rules = answers.accounting.rules
    silent = dataclasses.replace(rules.blind[0], id="quiet", lacks=Lack.EVENT)
    accounting = dataclasses.replace(answers.accounting, rules=dataclasses.replace(rules, blind=(*rules.blind, silent)))
    for name in ("html", "text"):
        text = whole(name, dataclasses.replace(answers, accounting=accounting))
        assert "The log is missing: what these rules look for could be in it: 3 rules" in text
        assert "no record of it has a field these rules need: 1 rule" in text
        assert "The log was read, and holds nothing of the kind: 1 rule" in text


def test_the_text_of_an_exposure_shows_the_confirmed_first_and_stays_short(answers: Answers) -> None:
    one, unknown = answers.exposure[0], answers.exposure[2]
    many = tuple(dataclasses.replace(one, holding=f"<{number:05}@tribunal.example>") for number in range(2_000))
    more = tuple(dataclasses.replace(unknown, holding=f"box-{number}", container="") for number in range(2_000))
    text = format_named("text", Part.EXPOSURE).render(dataclasses.replace(answers, exposure=many + more), Part.EXPOSURE)
    assert len(text.splitlines()) < 80
    assert "CONFIRMED   2,000 holdings" in text
    assert "UNKNOWN   2,000 holdings, by what stands in the way" in text
    assert text.index("CONFIRMED   ") < text.index("UNKNOWN   ")
    assert "tocsin exposure --workspace /srv/cases/tocsin-2024-03-08 --format json" in text


def test_commands_are_printed_as_the_program_was_called(answers: Answers) -> None:
    called = dataclasses.replace(answers, run=dataclasses.replace(answers.run, program="./bin/tocsin"))
    assert "./bin/tocsin record verify --workspace" in whole("text", called)
    assert "./bin/tocsin exposure --workspace" in format_named("text", Part.EXPOSURE).render(called, Part.EXPOSURE)


def test_the_sealed_entries_are_explained(answers: Answers) -> None:
    text = " ".join(whole("text", answers).split())
    assert "sealed 3,116 entries = 3,114 records read + 2 inputs (as received" in text


def test_a_long_list_is_cut_with_a_count_of_the_rest(answers: Answers) -> None:
    one = answers.exposure[0]
    many = tuple(dataclasses.replace(one, holding=f"<{number:05}@tribunal.example>") for number in range(2_000))
    text = whole("html", dataclasses.replace(answers, exposure=many))
    assert "2,000 confirmed, 0 unknown, 0 ruled out" in text
    assert "1,700 verdicts beyond these 300: in the JSON." in text


def test_two_thousand_blind_rules_are_a_few_lines(answers: Answers) -> None:
    rules = answers.accounting.rules
    blind = tuple(BlindRule(id=f"rule-{n:04}", title="", reason=f"no input has source {n % 3}") for n in range(2_000))
    accounting = dataclasses.replace(answers.accounting, rules=dataclasses.replace(rules, blind=blind))
    text = whole("html", dataclasses.replace(answers, accounting=accounting))
    assert text.count("rule-") == 60
    assert "647 more rules, in the JSON" in text
