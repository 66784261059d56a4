"""A matcher that is slow and obvious: one rule, one event, straight over pySigma's condition, no code of ours."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.rule import SigmaRule
from sigma.types import (
    CompareOperators,
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
    SpecialChars,
)

Pattern = list[str | SpecialChars]


class Absent:
    """No such field."""


class Event:
    """One event as a rule bound through some part of the log sees it."""

    def __init__(self, fields: Mapping[str, Any], log: Mapping[str, str], rename: Mapping[str, str]) -> None:
        self.fields = fields
        self.log = log
        self.rename = rename

    def value(self, field: str) -> Any:
        name = self.rename.get(field, field)
        if name in self.fields:
            return self.fields[name]
        return self.log.get(name) or Absent()


def matches(rule: SigmaRule, event: Event) -> bool:
    """Whether any of the rule's conditions holds."""
    return any(_holds(condition.parsed, event) for condition in rule.detection.parsed_condition)


def _holds(item: object, event: Event) -> bool:
    if isinstance(item, ConditionAND):
        return all(_holds(child, event) for child in item.args)
    if isinstance(item, ConditionOR):
        return any(_holds(child, event) for child in item.args)
    if isinstance(item, ConditionNOT):
        return not _holds(item.args[0], event)
    if isinstance(item, ConditionValueExpression):
        return any(_keyword(item.value, text) for value in event.fields.values() for text in _texts(value))
    assert isinstance(item, ConditionFieldEqualsValueExpression)
    return _field(event.value(item.field), item.value, event)


def _field(held: object, wanted: object, event: Event) -> bool:
    if isinstance(wanted, SigmaExpansion):
        return any(_field(held, one, event) for one in wanted.values)
    if isinstance(wanted, SigmaNull):
        return isinstance(held, Absent) or held is None or (isinstance(held, list) and (not held or None in held))
    if isinstance(wanted, SigmaExists):
        return isinstance(held, Absent) != wanted.exists
    if isinstance(wanted, SigmaFieldReference):
        others = _texts(event.value(wanted.field))
        return any(_refers(_fold(text), _fold(other), wanted) for text in _texts(held) for other in others)
    return any(_text(text, wanted) for text in _texts(held))


def _refers(text: str, other: str, wanted: SigmaFieldReference) -> bool:
    if wanted.starts_with and wanted.ends_with:
        return other in text
    if wanted.starts_with:
        return text.startswith(other)
    return text.endswith(other) if wanted.ends_with else text == other


def _texts(held: object) -> list[str]:
    if isinstance(held, list):
        return [text for element in held for text in _texts(element)]
    if held is None or isinstance(held, Absent):
        return []
    if isinstance(held, bool):
        return ["true" if held else "false"]
    if isinstance(held, float) and held == int(held):
        return [str(int(held))]
    return [str(held)]


def _text(text: str, wanted: object) -> bool:
    if isinstance(wanted, SigmaString):
        return _fits(text, _pattern(wanted), is_cased=isinstance(wanted, SigmaCasedString))
    if isinstance(wanted, SigmaRegularExpression):
        flags = re.ASCII
        for flag, letter in (
            (SigmaRegularExpressionFlag.IGNORECASE, re.IGNORECASE),
            (SigmaRegularExpressionFlag.MULTILINE, re.MULTILINE),
            (SigmaRegularExpressionFlag.DOTALL, re.DOTALL),
        ):
            if flag in wanted.flags:
                flags |= letter
        return re.search(str(wanted.regexp), text, flags) is not None
    if isinstance(wanted, SigmaBool):
        return _fold(text) == ("true" if wanted.boolean else "false")
    if isinstance(wanted, SigmaNumber):
        return text == str(wanted.number)
    if isinstance(wanted, SigmaCompareExpression):
        return _compares(text, wanted)
    assert isinstance(wanted, SigmaCIDRExpression)
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return address in wanted.network or (mapped is not None and mapped in wanted.network)


def _compares(text: str, wanted: SigmaCompareExpression) -> bool:
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
        return False
    held, bound = Fraction(text), Fraction(wanted.number.number)
    return {
        CompareOperators.LT: held < bound,
        CompareOperators.LTE: held <= bound,
        CompareOperators.GT: held > bound,
        CompareOperators.GTE: held >= bound,
    }[wanted.op]


def _keyword(wanted: object, text: str) -> bool:
    if isinstance(wanted, SigmaExpansion):
        return any(_keyword(one, text) for one in wanted.values)
    if isinstance(wanted, SigmaString):
        around: Pattern = [SpecialChars.WILDCARD_MULTI, *_pattern(wanted), SpecialChars.WILDCARD_MULTI]
        return _fits(text, around, is_cased=isinstance(wanted, SigmaCasedString))
    return _text(text, wanted)


def _pattern(wanted: SigmaString) -> Pattern:
    pattern: Pattern = []
    for part in wanted.s:
        assert isinstance(part, str | SpecialChars)
        pattern.extend(part) if isinstance(part, str) else pattern.append(part)
    return pattern


def _fold(text: str) -> str:
    return "".join(_fold_character(character) for character in text)


def _fold_character(character: str) -> str:
    for folded in (character.casefold(), character.lower()):
        if len(folded) == 1:
            return folded
    return character


def _fits(text: str, pattern: Pattern, *, is_cased: bool) -> bool:
    """Character by character: which prefixes of the pattern fit the text read so far."""
    reached = {0}
    for position in range(len(text) + 1):
        for place in range(len(pattern)):
            if place in reached and pattern[place] is SpecialChars.WILDCARD_MULTI:
                reached.add(place + 1)
        if position == len(text):
            break
        following: set[int] = set()
        for place in reached - {len(pattern)}:
            wanted = pattern[place]
            if wanted is SpecialChars.WILDCARD_MULTI:
                following.add(place)
            elif wanted is SpecialChars.WILDCARD_SINGLE or _same(text[position], wanted, is_cased=is_cased):
                following.add(place + 1)
        reached = following
    return len(pattern) in reached


def _same(character: str, wanted: str | SpecialChars, *, is_cased: bool) -> bool:
    assert isinstance(wanted, str)
    return character == wanted if is_cased else _fold_character(character) == _fold_character(wanted)
