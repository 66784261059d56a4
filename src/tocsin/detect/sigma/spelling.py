"""Detections as an author writes them, spelled so that pySigma reads each modifier as the specification means it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

# One modifier under two names (appendix of modifiers of the Sigma specification 2.1).
_SAME: Final = {"utf16le": "wide"}
_PLACES: Final = frozenset({"contains", "startswith", "endswith"})
# Texts with a special meaning in the condition of a document.
_NO_SEARCH: Final = frozenset({"condition", "rules", "timeframe"})


def spelled(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a rule or a filter, with the keys of its searches spelled as `_item` does; all else as it is."""
    found = dict(document)
    for part in ("detection", "filter"):
        searches = found.get(part)
        if isinstance(searches, dict):
            found[part] = {name: value if name in _NO_SEARCH else _search(value) for name, value in searches.items()}
    return found


def _search(value: object) -> object:
    if isinstance(value, list):
        return [_search(one) for one in value]
    if not isinstance(value, dict):
        return value
    found: dict[object, object] = {}
    for key, values in value.items():
        new, changed = _item(key, values) if isinstance(key, str) and "|" in key else (key, values)
        if new in found:  # two spellings of one key: left as they are, for pySigma to tell
            return value
        found[new] = changed
    return found


def _item(key: str, values: object) -> tuple[str, object]:
    r"""A key with its modifiers, and its values.

    `cased` goes last: what is encoded or expanded behind it would forget it. Where an expression must stand says the
    expression itself (`\A`, `\Z`), since it is searched for anywhere; a number as an expression is its digits.
    """
    field, *names = key.split("|")
    modifiers = [_SAME.get(name, name) for name in names]
    if "cased" in modifiers:
        modifiers = [name for name in modifiers if name != "cased"] + ["cased"]
    if "re" in modifiers:
        places = _PLACES.intersection(modifiers)
        start = r"\A" if "startswith" in places else ""
        end = r"\Z" if "endswith" in places else ""
        modifiers = [name for name in modifiers if name not in _PLACES]
        if isinstance(values, list):
            values = [_expression(one, start, end) for one in values]
        else:
            values = _expression(values, start, end)
    return "|".join((field, *modifiers)), values


def _expression(value: object, start: str, end: str) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return f"{start}(?:{value}){end}" if isinstance(value, str) and start + end else value
