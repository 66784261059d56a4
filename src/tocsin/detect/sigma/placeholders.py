"""What `%name%` stands for in a value with `|expand`: the institution's own names, given beside the rules."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sigma.types import Placeholder, SigmaString

Placeholders = Mapping[str, Sequence[str]]
Part = Any  # of a pySigma string: a text, a wildcard, a placeholder

MOST_TEXTS: Final = 20_000  # that one value of a rule may stand for

_FORM: Final = "write `placeholders:` and under it, by name, a list of texts"


def read_placeholders(document: object) -> dict[str, tuple[str, ...]]:
    """The values by name of a document `placeholders:`. Raises ValueError for what it cannot mean."""
    if not isinstance(document, dict) or not document:
        raise ValueError(f"placeholders without values: {_FORM}")
    return {_name(name): _values(name, values) for name, values in document.items()}


def filled(parts: Sequence[Part], placeholders: Placeholders, *, is_literal: bool = False) -> list[list[Part]]:
    """The parts with every placeholder replaced by each of its values, all ways; wildcards in values are wildcards.

    `is_literal` leaves a value one text, whatever stands in it. Raises LookupError for a name that has no values, and
    ValueError where there would be more than MOST_TEXTS.
    """
    choices: list[list[Sequence[Part]]] = []
    count = 1
    for part in parts:
        if isinstance(part, Placeholder):
            values = placeholders.get(part.name)
            if not values:
                raise LookupError(f"no values are configured for the placeholder %{part.name}%")
            choices.append([(value,) if is_literal else SigmaString(value).s for value in values])
            count *= len(values)
        else:
            choices.append([(part,)])
    if count > MOST_TEXTS:
        raise ValueError(f"a value with placeholders stands for {count} texts, more than {MOST_TEXTS}")
    return [list(itertools.chain.from_iterable(one)) for one in itertools.product(*choices)]


def _name(name: object) -> str:
    if not isinstance(name, str) or not name or set(name) & {"%", "\\"}:
        raise ValueError(f"a placeholder cannot be named {name!r}: {_FORM}")
    return name


def _values(name: str, values: object) -> tuple[str, ...]:
    listed = values if isinstance(values, list) else [values]
    if not listed or not all(isinstance(one, str | int) and not isinstance(one, bool) for one in listed):
        raise ValueError(f"the placeholder {name} needs texts or whole numbers: {_FORM}")
    return tuple(dict.fromkeys(str(one) for one in listed))
