"""Reach in; one JSON document out, as `docs/formats/reach.md` describes it."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.model.question import Asked
from tocsin.model.reach import Reach
from tocsin.render.element import element
from tocsin.render.json_text import json_text
from tocsin.share.document import headed


def reach_json(reach: Reach, asked: Sequence[Asked]) -> str:
    """`schema`, what was asked and whether the logs know it, then the fields of the reach; everything, verbatim."""
    fields = element(reach)
    return json_text(headed("reach") | {"asked": element(tuple(asked))} | (fields if isinstance(fields, dict) else {}))
