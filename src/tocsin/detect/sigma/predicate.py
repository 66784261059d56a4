"""One question about one field, as rules ask it: made from pySigma's parsed values, put into words for a reader."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from sigma.exceptions import SigmaError
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
)

KEYWORD: Final = ""  # the "field" of a keyword: any value of the record

# In `Predicate.parts`, beside literal text.
ANY_TEXT: Final = 0
ANY_CHARACTER: Final = 1

Placeholders = Mapping[str, Sequence[str]]


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
        return [_like(name, text) for text in _expanded(value, placeholders)], False
    if isinstance(value, SigmaRegularExpression):
        return [_regex(name, one) for one in _expanded_regex(value, placeholders)], False
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


def _like(name: str, value: SigmaString) -> Predicate:
    """The string's parts; a run of `*` is one, adjacent texts are joined."""
    parts: list[str | int] = [ANY_TEXT] if name == KEYWORD else []
    for part in value.s:
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
    kind = Kind.LIKE_CASED if isinstance(value, SigmaCasedString) else Kind.LIKE
    return Predicate(kind, name, parts=tuple(parts))


def _regex(name: str, value: SigmaRegularExpression) -> Predicate:
    flags = "".join(sorted(_FLAG_LETTER[flag] for flag in value.flags))
    return Predicate(Kind.REGEX, name, text=str(value.regexp), flags=flags)


def _replacements(placeholder: Placeholder, placeholders: Placeholders) -> list[SigmaString]:
    values = placeholders.get(placeholder.name)
    if not values:
        raise Unsupported(f"no values are configured for the placeholder %{placeholder.name}%")
    return [SigmaString(value) for value in values]


def _expanded(value: SigmaString, placeholders: Placeholders) -> list[SigmaString]:
    if not value.contains_placeholder():
        return [value]
    try:
        found = value.replace_placeholders(lambda one: iter(_replacements(one, placeholders)))
    except SigmaError as error:
        raise Unsupported(str(error)) from error
    return [SigmaCasedString.from_sigma_string(one) for one in found] if isinstance(value, SigmaCasedString) else found


def _expanded_regex(value: SigmaRegularExpression, placeholders: Placeholders) -> list[SigmaRegularExpression]:
    if not value.contains_placeholder():
        return [value]
    try:
        return value.replace_placeholders(lambda one: iter(_replacements(one, placeholders)))
    except SigmaError as error:
        raise Unsupported(str(error)) from error


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
