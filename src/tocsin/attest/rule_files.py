"""The rules that go with a package, under names of the package's own: where they lie at home stays at home."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import PurePath

from tocsin.attest.payload import safe_name
from tocsin.model.answers import Answers


def file_names(paths: Iterable[str]) -> dict[str, str]:
    """By path, in the order of the paths, a name of its own below `rules/`, made of the last part of the path."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for path in paths:
        stem = re.sub(r"[^A-Za-z0-9_-]", "_", PurePath(_last(path)).stem)[:80] or "rule"
        name, number = stem, 2
        while name in taken:
            name, number = f"{stem}-{number}", number + 1
        taken.add(name)
        names[path] = name
    return names


def under_own_names(answers: Answers, files: Mapping[str, str], paths: Iterable[str]) -> Answers:
    """The answers, each rule file in them named as it is in the package (`files`), or by the last part of its path.

    paths   of every rule file there is: they stand in sentences too
    """
    known = sorted(paths, key=lambda path: (-len(path), path))

    def name(path: str) -> str:
        return f"rules/{safe_name(files[path])}.yml" if path in files else _last(path)

    def sentence(text: str) -> str:
        for path in known:
            if path in text:
                text = text.replace(path, name(path))
        return text

    rules = answers.accounting.rules
    failed = tuple(replace(one, path=name(one.path), reason=sentence(one.reason)) for one in rules.failed)
    return replace(
        answers,
        accounting=replace(answers.accounting, rules=replace(rules, failed=failed)),
        exceptions=tuple(replace(one, path=name(one.path)) for one in answers.exceptions),
    )


def _last(path: str) -> str:
    """The file's own name, of a member of an archive (`archive!member`) the member's; of either kind of slash."""
    return re.split(r"[/\\!]", path)[-1]
