"""A text that a regular expression matches, read off the expression itself."""

from __future__ import annotations

import random
import re
import warnings
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import sre_constants
    import sre_parse

_WORD = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_CLASSES = {
    sre_constants.CATEGORY_DIGIT: "0123456789",
    sre_constants.CATEGORY_NOT_DIGIT: "abcXYZ -.",
    sre_constants.CATEGORY_WORD: _WORD + "_",
    sre_constants.CATEGORY_NOT_WORD: " -./\\:",
    sre_constants.CATEGORY_SPACE: " ",
    sre_constants.CATEGORY_NOT_SPACE: _WORD,
}
_MOST_REPEATED = 40


def matching_text(expression: str, chance: random.Random) -> str:
    """A text for the expression; whether it matches is to be tried (look-around is not followed)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parsed = sre_parse.parse(expression)
    return "".join(_text(parsed, chance, {}))


def _text(parsed: Any, chance: random.Random, groups: dict[int, str]) -> list[str]:
    return [_piece(operator, argument, chance, groups) for operator, argument in parsed]


def _piece(operator: Any, argument: Any, chance: random.Random, groups: dict[int, str]) -> str:
    match str(operator):
        case "LITERAL":
            return chr(argument)
        case "NOT_LITERAL":
            return next(one for one in "xy" if ord(one) != argument)
        case "ANY":
            return chance.choice(_WORD)
        case "IN":
            return _of_class(argument, chance)
        case "CATEGORY":
            return chance.choice(_CLASSES[argument])
        case "BRANCH":
            return "".join(_text(chance.choice(argument[1]), chance, groups))
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, inner = argument
            count = chance.randint(least, min(most, max(least, 2), max(least, _MOST_REPEATED)))
            return "".join("".join(_text(inner, chance, groups)) for _ in range(count))
        case "SUBPATTERN":
            number, _, _, inner = argument
            text = "".join(_text(inner, chance, groups))
            groups[number] = text
            return text
        case "ATOMIC_GROUP":
            return "".join(_text(argument, chance, groups))
        case "GROUPREF":
            return groups.get(argument, "")
    return ""  # anchors and look-around


def _of_class(items: Any, chance: random.Random) -> str:
    negated = str(items[0][0]) == "NEGATE"
    wanted: list[str] = []
    for operator, argument in items:
        match str(operator):
            case "LITERAL":
                wanted.append(chr(argument))
            case "RANGE":
                wanted += [chr(code) for code in range(argument[0], min(argument[1], argument[0] + 200) + 1)]
            case "CATEGORY":
                wanted += _CLASSES[argument]
    if not negated:
        return chance.choice(wanted)
    return chance.choice([one for one in _WORD + " -_./" if one not in wanted] or ["\u20ac"])


def anchors(expression: str) -> tuple[bool, bool]:
    """Whether the expression begins and ends with an anchor."""
    ends = re.search(r"(?<!\\)(?:\\\\)*\$\)?$", expression) is not None
    return expression.startswith(("^", "(^", r"\A")), ends
