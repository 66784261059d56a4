"""One question about one field, as rules ask it: made from pySigma's parsed values, put into words for a reader."""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sigma.types import (
    CompareOperators,
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
    SpecialChars,
    special_char_mapping,
)

from tocsin.detect.sigma.placeholders import Placeholders, filled

KEYWORD: Final = ""  # the "field" of a keyword: any value of the record

# In `Predicate.parts`, beside literal text.
ANY_TEXT: Final = 0
ANY_CHARACTER: Final = 1


class Kind(enum.StrEnum):
    """What is asked of a value."""

    LIKE = "like"
    LIKE_CASED = "like_cased"
    REGEX = "regex"
    CIDR = "cidr"
    COMPARE = "compare"
    TIME = "time"
    NULL = "null"
    EXISTS = "exists"
    REFERENCE = "reference"


class Predicate(msgspec.Struct, frozen=True, array_like=True):
    """One question about one field.

    field   as the rule names it; KEYWORD for any value of the record
    parts   LIKE: literal texts with ANY_TEXT and ANY_CHARACTER between, for the whole value; () is the empty text
    text    REGEX: the expression; CIDR: the network; REFERENCE: the other field; COMPARE: < <= > >=; TIME: hour, ...
    flags   REGEX: of `ims`; REFERENCE: `s` starts with, `e` ends with, `se` contains
    number  COMPARE, TIME: what the value is held against
    """

    kind: Kind
    field: str
    parts: tuple[str | int, ...] = ()
    text: str = ""
    flags: str = ""
    number: int | float = 0


class Unsupported(Exception):  # noqa: N818 - an answer about a rule, turned into its reason by the caller
    """A rule asks for something this matcher does not do; the message is the reason, in words."""


_FLAG_LETTER: Final = {
    SigmaRegularExpressionFlag.IGNORECASE: "i",
    SigmaRegularExpressionFlag.MULTILINE: "m",
    SigmaRegularExpressionFlag.DOTALL: "s",
}
_COMPARISON: Final = {
    CompareOperators.LT: "<",
    CompareOperators.LTE: "<=",
    CompareOperators.GT: ">",
    CompareOperators.GTE: ">=",
}


def predicates_of(field: str | None, value: SigmaType, placeholders: Placeholders) -> tuple[list[Predicate], bool]:
    """The predicates one parsed value stands for, joined by OR; True beside them where their outcome is negated.

    A keyword (no field) is looked for inside every value of the record. Raises Unsupported.
    """
    name = KEYWORD if field is None else field
    if isinstance(value, SigmaExpansion):
        found = [predicates_of(field, one, placeholders) for one in value.values]
        if any(negated for _, negated in found):
            raise Unsupported("a negation inside an expanded value")
        return [predicate for predicates, _ in found for predicate in predicates], False
    if isinstance(value, SigmaString):
        is_cased = isinstance(value, SigmaCasedString)
        return [_like(name, parts, is_cased=is_cased) for parts in _filled(value.s, placeholders)], False
    if isinstance(value, SigmaRegularExpression):
        return [_regex(name, value, text) for text in _expressions(value, placeholders)], False
    return [_scalar(name, value)], isinstance(value, SigmaExists) and not value.exists


def _scalar(name: str, value: SigmaType) -> Predicate:
    if isinstance(value, SigmaTimestampPart):  # before SigmaNumber, of which it is a kind
        return Predicate(Kind.TIME, name, text=value.timestamp_part.name.lower(), number=value.number)
    if isinstance(value, SigmaNumber):
        return Predicate(Kind.LIKE, name, parts=(str(value.number),))
    if isinstance(value, SigmaBool):
        return Predicate(Kind.LIKE, name, parts=("true" if value.boolean else "false",))
    if isinstance(value, SigmaCIDRExpression):
        return Predicate(Kind.CIDR, name, text=str(value.network))
    if isinstance(value, SigmaCompareExpression) and value.op in _COMPARISON:
        return Predicate(Kind.COMPARE, name, text=_COMPARISON[value.op], number=value.number.number)
    if name == KEYWORD:
        raise Unsupported(f"a keyword of type {type(value).__name__}")
    if isinstance(value, SigmaNull):
        return Predicate(Kind.NULL, name)
    if isinstance(value, SigmaExists):
        return Predicate(Kind.EXISTS, name)
    if isinstance(value, SigmaFieldReference):
        flags = ("s" if value.starts_with else "") + ("e" if value.ends_with else "")
        return Predicate(Kind.REFERENCE, name, text=value.field, flags=flags)
    raise Unsupported(f"a value of type {type(value).__name__}")


def _like(name: str, found: Sequence[Any], *, is_cased: bool) -> Predicate:
    """A string by its parts; a run of `*` is one, adjacent texts are joined."""
    parts: list[str | int] = [ANY_TEXT] if name == KEYWORD else []
    for part in found:
        if isinstance(part, str):
            if parts and isinstance(parts[-1], str):
                parts[-1] += part
            elif part:
                parts.append(part)
        elif part is SpecialChars.WILDCARD_SINGLE:
            parts.append(ANY_CHARACTER)
        elif not parts or parts[-1] != ANY_TEXT:
            parts.append(ANY_TEXT)
    if name == KEYWORD and parts[-1] != ANY_TEXT:
        parts.append(ANY_TEXT)
    kind = Kind.LIKE_CASED if is_cased else Kind.LIKE
    return Predicate(kind, name, parts=tuple(parts))


def _regex(name: str, value: SigmaRegularExpression, text: str) -> Predicate:
    flags = "".join(sorted(_FLAG_LETTER[flag] for flag in value.flags))
    return Predicate(Kind.REGEX, name, text=text, flags=flags)


def _filled(parts: Sequence[Any], placeholders: Placeholders, *, is_literal: bool = False) -> list[list[Any]]:
    try:
        return filled(parts, placeholders, is_literal=is_literal)
    except (LookupError, ValueError) as error:
        raise Unsupported(error.args[0]) from error


def _expressions(value: SigmaRegularExpression, placeholders: Placeholders) -> list[str]:
    """The expression; with placeholders one for each value, which stands in it as it is."""
    if not value.contains_placeholder():
        return [str(value.regexp)]
    parts = [part if isinstance(part, Placeholder) else _written(part) for part in value.regexp.s]
    escaped = {name: [re.escape(one) for one in values] for name, values in placeholders.items()}
    found = ["".join(one) for one in _filled(parts, escaped, is_literal=True)]
    for one in found:
        try:
            re.compile(one)
        except re.error as error:
            raise Unsupported(f"the expression '{one}' is invalid: {error}") from error
    return found


def _written(part: str | SpecialChars) -> str:
    return part if isinstance(part, str) else special_char_mapping[part]


_RELATION: Final = {"": "is the same as", "s": "starts with", "e": "ends with", "se": "contains"}
_ORDER: Final = {"<": "is less than", "<=": "is at most", ">": "is greater than", ">=": "is at least"}


def in_words(predicate: Predicate) -> str:
    """What was asked, as it reads after the field's name: `ends with '\\certutil.exe'`."""
    match predicate.kind:
        case Kind.LIKE:
            return _like_in_words(predicate.parts)
        case Kind.LIKE_CASED:
            return f"{_like_in_words(predicate.parts)} (case-sensitive)"
        case Kind.REGEX:
            suffix = f" ({predicate.flags})" if predicate.flags else ""
            return f"matches the expression '{predicate.text}'{suffix}"
        case Kind.CIDR:
            return f"is an address of {predicate.text}"
        case Kind.COMPARE:
            return f"{_ORDER[predicate.text]} {predicate.number}"
        case Kind.TIME:
            return f"has the {predicate.text} {predicate.number}"
        case Kind.NULL:
            return "is null"
        case Kind.EXISTS:
            return "is there"
        case Kind.REFERENCE:
            relation = _RELATION[predicate.flags]
            return f"{relation} the field {predicate.text}"


def _like_in_words(parts: tuple[str | int, ...]) -> str:
    match parts:
        case ():
            return "is empty"
        case (str(text),):
            return f"is '{text}'"
        case (0, str(text)):
            return f"ends with '{text}'"
        case (str(text), 0):
            return f"starts with '{text}'"
        case (0, str(text), 0):
            return f"contains '{text}'"
        case (0,):
            return "has any text"
    marks = {ANY_TEXT: "*", ANY_CHARACTER: "?"}
    return "is like '{}'".format("".join(part if isinstance(part, str) else marks[part] for part in parts))
