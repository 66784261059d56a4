"""Answers in; one self-contained page out: no script, nothing loaded, no clock, byte-equal for equal answers."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.errors import ConfigError
from tocsin.model.answers import Answers
from tocsin.model.instant import NANOSECONDS, format_time
from tocsin.model.triage import A_DAY
from tocsin.render.style import style_of
from tocsin.share import exceptions, hypotheses, preservation, reach_words, summary
from tocsin.share.behaviour import behaviour_words
from tocsin.share.correlations import left_out_words
from tocsin.share.decisions_taken import decision_words, weight_words
from tocsin.share.format import Part
from tocsin.share.holdings_shown import NONE_RECORDED_PREMISE, none_recorded_words
from tocsin.share.indicated import indicator_lines
from tocsin.share.page import page
from tocsin.share.unsealing import alone_sentence
from tocsin.share.watched import SIGNS, match_words

if TYPE_CHECKING:
    from jinja2 import Environment


_TEMPLATES = {Part.INVESTIGATION: "report.html.j2", Part.COVERAGE: "coverage_page.html.j2"}


class Html:
    """The answers as a page to read, print and hand over."""

    name = "html"
    parts = frozenset(_TEMPLATES)

    def render(self, answers: Answers, part: Part) -> str:
        """The page; nothing of `run` is in it. Raises ConfigError for a part that has no page."""
        if part not in _TEMPLATES:
            raise ConfigError(f"there is no page of {part} alone: the report shows the whole investigation")
        style = style_of(Path(__file__).parent / "report.css")
        template = _environment().get_template(_TEMPLATES[part])
        return template.render(**style._asdict(), **page(answers)._asdict())


FORMAT = Html()


@cache
def _environment() -> Environment:
    """What the template may call, beside its values."""
    from tocsin.render.templates import environment as new_environment

    environment = new_environment(Path(__file__).parent)
    environment.filters["time"] = _time
    environment.filters["counted"] = summary.counted
    environment.filters["decision"] = decision_words
    environment.filters["weight"] = weight_words
    environment.filters["words"] = lambda value: str(value).replace("_", " ")
    environment.globals.update(
        a_day=A_DAY,
        degrees=summary.DEGREES,
        bases=summary.BASES,
        states=summary.COVERAGE_STATES,
        signs=SIGNS,
        match_words=match_words,
        lacks=summary.LACKS,
        cut_words=summary.cut_words,
        alone_sentence=alone_sentence,
        exception_words=exceptions.exception_words,
        implicated_words=exceptions.implicated_words,
        hits_equation=exceptions.hits_equation,
        behaviour_words=behaviour_words,
        left_out_words=left_out_words,
        indicator_lines=indicator_lines,
        exception_warning=exceptions.warning,
        container_words=summary.container_words,
        has_items=summary.has_items,
        none_recorded_premise=NONE_RECORDED_PREMISE,
        none_recorded_words=none_recorded_words,
        plural_of=summary.plural_of,
        observed=hypotheses.observed,
        name_of=reach_words.name_of,
        way_to=reach_words.way_to,
        matter_words=reach_words.matter_words,
        reach_caution=reach_words.CAUTION,
        expiry_name=preservation.name_of,
        expiry_sure=preservation.sure_words,
        expiry_collected=preservation.collected_words,
    )
    return environment


def _time(value: int | None) -> str:
    """`2024-03-04 02:11:09`, the fraction cut and the zone named once on the page; `undated` for None."""
    if value is None:
        return "undated"
    return format_time(value // NANOSECONDS * NANOSECONDS).replace("T", " ").removesuffix("Z")
