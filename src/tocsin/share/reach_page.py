"""Reach in; one self-contained page out: no script, nothing loaded, byte-equal for equal input."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.model.instant import NANOSECONDS, format_time
from tocsin.model.question import Asked
from tocsin.model.reach import Reach
from tocsin.render.style import style_of
from tocsin.share import reach_words
from tocsin.share.asked import unknown_to_the_logs
from tocsin.share.summary import counted

if TYPE_CHECKING:
    from jinja2 import Environment

_FORMATS = Path(__file__).parent / "formats"
# Rows of one list, and of all together, that the page lists; what is beyond is counted, and in the JSON.
ROWS = 300
_EVERY_ROW = 3_000
_LEAST_ROWS = 10


def reach_page(reach: Reach, asked: Sequence[Asked]) -> str:
    """What could be opened, matter by matter, with the way that leads to each thing first."""
    matters, others = reach_words.open_matters(reach), reach_words.other_things(reach)
    each = max(_LEAST_ROWS, min(ROWS, _EVERY_ROW // max(len(matters) + len(others), 1)))
    style = style_of(_FORMATS / "report.css")
    return (
        _environment()
        .get_template("reach.html.j2")
        .render(
            **style._asdict(),
            reach=reach,
            caution=reach_words.CAUTION,
            not_known=tuple(unknown_to_the_logs(asked)),
            compromised=reach_words.compromised(reach),
            matters=matters,
            others=others,
            rows=ROWS,
            rows_each=each,
        )
    )


@cache
def _environment() -> Environment:
    from tocsin.render.templates import environment as new_environment

    environment = new_environment(_FORMATS)
    environment.filters["counted"] = counted
    environment.filters["time"] = _time
    environment.filters["words"] = lambda value: str(value).replace("_", " ")
    environment.globals.update(
        name_of=reach_words.name_of, way_to=reach_words.way_to, matter_words=reach_words.matter_words
    )
    return environment


def _time(value: int | None) -> str:
    if value is None:
        return "from the start on"
    return format_time(value // NANOSECONDS * NANOSECONDS).replace("T", " ").removesuffix("Z")
