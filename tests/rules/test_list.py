"""The list in `rules/README.md` is that of the rules."""

from __future__ import annotations

import os
from itertools import groupby

from .own_rules import RULES, loaded_rules, shown_correlations

MARKER = "<!-- written by tests/rules/test_list.py -->\n"


def _list() -> str:
    parts = []
    shown = {path: rule.info for path, rule in loaded_rules().items()}
    shown |= {path: rule.info for path, rule in shown_correlations().items()}
    rules = sorted((path.relative_to(RULES), shown[path]) for path in shown)
    for area, members in groupby(rules, key=lambda one: one[0].parent.name):
        lines = [
            f"| [{info.title}]({path.as_posix()}) | {info.level} | {', '.join(info.techniques)} |"
            for path, info in members
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
