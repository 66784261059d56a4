"""The list in `rules/README.md` is that of the rules."""

from __future__ import annotations

import os
from itertools import groupby

from .own_rules import RULES, loaded_rules

MARKER = "<!-- written by tests/rules/test_list.py -->\n"


def _list() -> str:
    parts = []
    rules = sorted((path.relative_to(RULES), rule) for path, rule in loaded_rules().items())
    for area, members in groupby(rules, key=lambda one: one[0].parent.name):
        lines = [
            f"| [{rule.info.title}]({path.as_posix()}) | {rule.info.level} | {', '.join(rule.info.techniques)} |"
            for path, rule in members
        ]
        parts.append(f"\n### {area} ({len(lines)})\n\n| rule | level | techniques |\n| --- | --- | --- |\n")
        parts.append("\n".join(lines) + "\n")
    return "".join(parts)


def test_the_list_of_rules_is_complete() -> None:
    page = RULES / "README.md"
    before, marker, after = page.read_text(encoding="utf-8").partition(MARKER)
    assert marker
    if os.environ.get("TOCSIN_WRITE_GOLDEN"):
        page.write_text(before + marker + _list(), encoding="utf-8")
        return
    assert after == _list()
