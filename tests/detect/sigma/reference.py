"""A matcher that is slow and obvious: one rule, one event, from the rule's YAML text, no code of ours or pySigma's.

It parses everything itself (selections, modifiers, wildcards, conditions) as the Sigma specification describes it, and
asks one value at a time. Where the specification leaves room it does what `docs/formats/sigma.md` says.
"""

from __future__ import annotations

import base64
import fnmatch
import itertools
import re
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import yaml

ANY = object()  # `*`
ONE = object()  # `?`

Pattern = list[object]  # one character each, ANY or ONE


class Absent:
    """No such field."""


ABSENT = Absent()


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
        return self.log.get(name) or ABSENT


def matches(text: str, event: Event, placeholders: Mapping[str, Sequence[str]] | None = None) -> bool:
    """Whether any of the conditions of the rule holds."""
    detection = yaml.safe_load(text)["detection"]
    conditions = detection["condition"]
    searches = {name: value for name, value in detection.items() if name != "condition"}
    return any(
        _Condition(one, searches, event, placeholders or {}).holds()
        for one in (conditions if isinstance(conditions, list) else [conditions])
    )


class _Condition:
    """A condition read from left to right: `or` binds least, then `and`, then `not`."""

    def __init__(
        self, text: str, searches: Mapping[str, Any], event: Event, placeholders: Mapping[str, Sequence[str]]
    ) -> None:
        self.words = re.findall(r"[()]|[^\s()]+", text)
        self.searches = searches
        self.event = event
        self.placeholders = placeholders

    def holds(self) -> bool:
        result = self._any()
        assert not self.words, "a condition is read to its end"
        return result

    def _any(self) -> bool:
        found = [self._all()]
        while self._next("or"):
            found.append(self._all())
        return any(found)

    def _all(self) -> bool:
        found = [self._one()]
        while self._next("and"):
            found.append(self._one())
        return all(found)

    def _one(self) -> bool:
        if self._next("not"):
            return not self._one()
        if self._next("("):
            result = self._any()
            assert self._next(")")
            return result
        word = self.words.pop(0)
        if self.words[:1] != ["of"]:
            return self._search(word)
        wanted = self.words[1]
        del self.words[:2]
        names = [name for name in self.searches if not name.startswith("_")] if wanted == "them" else None
        names = names if names is not None else [name for name in self.searches if fnmatch.fnmatchcase(name, wanted)]
        found = [self._search(name) for name in names]
        return all(found) if word == "all" else any(found)

    def _next(self, word: str) -> bool:
        if self.words[:1] == [word]:
            del self.words[0]
            return True
        return False

    def _search(self, name: str) -> bool:
        return _definition(self.searches[name], self.event, self.placeholders)


def _definition(wanted: Any, event: Event, placeholders: Mapping[str, Sequence[str]]) -> bool:
    """A map holds where every entry does, a list of maps where one does, values alone are keywords."""
    if isinstance(wanted, dict):
        return all(_item(key, values, event, placeholders) for key, values in wanted.items())
    if isinstance(wanted, list) and any(isinstance(one, dict | list) for one in wanted):
        return any(_definition(one, event, placeholders) for one in wanted)
    return _item("", wanted, event, placeholders)


def _item(key: str, values: Any, event: Event, placeholders: Mapping[str, Sequence[str]]) -> bool:
    field, *modifiers = key.split("|")
    asked = [_question(one, modifiers, placeholders) for one in (values if isinstance(values, list) else [values])]
    if field:
        held = event.value(field)
        found = [any(one.field(held, event) for one in questions) for questions in asked]
    else:
        texts = [text for value in event.fields.values() for text in _texts(value)]
        found = [any(one.keyword(text) for one in questions for text in texts) for questions in asked]
    if not found:  # `field: []` is a null
        found = [_Null().field(event.value(field), event)]
    holds = all(found) if "all" in modifiers else any(found)
    return holds != ("neq" in modifiers)


def _question(value: Any, modifiers: Sequence[str], placeholders: Mapping[str, Sequence[str]]) -> list[_Question]:
    """What one value of a rule asks, as alternatives."""
    names = set(modifiers)
    if "re" in names:
        return _expressions(str(value), modifiers, placeholders)
    if "cidr" in names:
        return [_Network(str(value))]
    if "exists" in names:
        return [_Exists(bool(value))]
    if "fieldref" in names:
        starts, ends = "startswith" in names or "contains" in names, "endswith" in names or "contains" in names
        return [_Reference(str(value), starts, ends)]
    for name, order in _ORDERS.items():
        if name in names:
            return [_Compares(order, value)]
    for name, part in _PARTS.items():
        if name in names:
            return [_Time(part, value)]
    if value is None:
        return [_Null()]
    if isinstance(value, bool):
        return [_Text(list("true" if value else "false"), False)]
    if isinstance(value, int | float):
        return [_Number(str(int(value)) if value == int(value) else str(value))]
    return [_Text(pattern, "cased" in names) for pattern in _patterns(value, modifiers, placeholders)]


def _patterns(value: str, modifiers: Sequence[str], placeholders: Mapping[str, Sequence[str]]) -> list[Pattern]:
    """The texts wanted, changed by one modifier after the other."""
    found = [_wildcards(value)]
    for place, modifier in enumerate(modifiers):
        match modifier:
            case "contains":
                found = [[ANY, *pattern, ANY] for pattern in found]
            case "startswith":
                found = [[*pattern, ANY] for pattern in found]
            case "endswith":
                found = [[ANY, *pattern] for pattern in found]
            case "windash":
                found = [dashed for pattern in found for dashed in _dashes(pattern)]
            case "wide" | "utf16le":
                found = [_widened(pattern, "utf-16-le") for pattern in found]
            case "utf16":
                found = [["\ufeff", *_widened(pattern, "utf-16-le")] for pattern in found]
            case "utf16be":
                found = [_widened(pattern, "utf-16-be") for pattern in found]
            case "base64":
                found = [list(base64.b64encode(_bytes(pattern, modifiers[:place])).decode()) for pattern in found]
            case "base64offset":
                found = [list(one) for pattern in found for one in _offsets(_bytes(pattern, modifiers[:place]))]
            case "expand":
                found = [filled for pattern in found for filled in _filled(pattern, placeholders, _wildcards)]
    return found


def _wildcards(value: str) -> Pattern:
    r"""`*` and `?` are wildcards; `\*`, `\?` and `\\` are those characters; any other backslash is one."""
    pattern: Pattern = []
    place = 0
    while place < len(value):
        if value[place] == "\\" and value[place + 1 : place + 2] in ("*", "?", "\\"):
            pattern.append(value[place + 1])
            place += 1
        else:
            pattern.append({"*": ANY, "?": ONE}.get(value[place], value[place]))
        place += 1
    return pattern


def _dashes(pattern: Pattern) -> list[Pattern]:
    """A dash or slash before a word and not behind one may be any of five."""
    choices: list[Sequence[object]] = []
    for place, one in enumerate(pattern):
        before = pattern[place - 1] if place else ANY
        after = pattern[place + 1] if place + 1 < len(pattern) else ANY
        is_free = one in ("-", "/") and not _is_word(before) and _is_word(after)
        choices.append(("-", "/", "\u2013", "\u2014", "\u2015") if is_free else (one,))
    return [list(chosen) for chosen in itertools.product(*choices)]


def _is_word(one: object) -> bool:
    return isinstance(one, str) and (one.isalnum() or one == "_")


def _widened(pattern: Pattern, encoding: str) -> Pattern:
    wide: Pattern = []
    for one in pattern:
        wide.extend(one.encode(encoding).decode("latin-1") if isinstance(one, str) else [one])
    return wide


def _bytes(pattern: Pattern, before: Sequence[str]) -> bytes:
    text = "".join(str(one) for one in pattern)
    if "utf16" in before:
        return b"\xff\xfe" + text[1:].encode("latin-1")
    return text.encode("latin-1" if {"wide", "utf16le", "utf16be"} & set(before) else "utf-8")


def _offsets(data: bytes) -> Iterator[str]:
    """What stands in the base64 of any longer text, by its place in it: the characters that the data alone decides."""
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + data + b"\0\0\0").decode()
        first, end = 8 * offset, 8 * (offset + len(data))
        yield "".join(one for place, one in enumerate(text) if 6 * place >= first and 6 * place + 6 <= end)


def _filled(
    pattern: Pattern, placeholders: Mapping[str, Sequence[str]], read: Callable[[str], Pattern]
) -> Iterator[Pattern]:
    """Every `%name%` replaced by each of its values, as they are read."""
    for start, end in itertools.combinations([place for place, one in enumerate(pattern) if one == "%"], 2):
        name = pattern[start + 1 : end]
        if name and all(isinstance(one, str) and one not in "\\%" for one in name):
            for value in placeholders["".join(map(str, name))]:
                for rest in _filled(pattern[end + 1 :], placeholders, read):
                    yield [*pattern[:start], *read(value), *rest]
            return
    yield pattern


def _expressions(value: str, modifiers: Sequence[str], placeholders: Mapping[str, Sequence[str]]) -> list[_Question]:
    flags = 0
    for names, flag in ((("i", "ignorecase"), re.I), (("m", "multiline"), re.M), (("s", "dotall"), re.S)):
        flags |= flag if set(names) & set(modifiers) else 0
    found = [value]
    if "expand" in modifiers:
        found = [
            "".join(str(one) for one in filled)
            for filled in _filled(list(value), placeholders, lambda text: list(re.escape(text)))
        ]
    start = r"\A" if "startswith" in modifiers else ""
    end = r"(?=\n?\Z)" if "endswith" in modifiers else ""
    return [_Expression(f"{start}(?:{one}){end}", flags) for one in found]


@dataclass
class _Question:
    """What is asked of a field or of a text."""

    def field(self, held: Any, event: Event) -> bool:
        return any(self.text(text) for text in _texts(held))

    def keyword(self, text: str) -> bool:
        return self.text(text)

    def text(self, text: str) -> bool:
        raise NotImplementedError


@dataclass
class _Null(_Question):
    def field(self, held: Any, event: Event) -> bool:
        return held is ABSENT or held is None or (isinstance(held, list) and (not held or None in held))


@dataclass
class _Exists(_Question):
    wanted: bool

    def field(self, held: Any, event: Event) -> bool:
        return (held is not ABSENT) == self.wanted


@dataclass
class _Reference(_Question):
    name: str
    starts: bool
    ends: bool

    def field(self, held: Any, event: Event) -> bool:
        others = [_fold(other) for other in _texts(event.value(self.name))]
        return any(self._refers(_fold(text), other) for text in _texts(held) for other in others)

    def _refers(self, text: str, other: str) -> bool:
        if self.starts and self.ends:
            return other in text
        if self.starts:
            return text[: len(other)] == other
        return text[len(text) - len(other) :] == other and len(other) <= len(text) if self.ends else text == other


@dataclass
class _Number(_Question):
    wanted: str

    def text(self, text: str) -> bool:
        return text == self.wanted


@dataclass
class _Text(_Question):
    pattern: Pattern
    is_cased: bool

    def text(self, text: str) -> bool:
        return _fits(text, self.pattern, is_cased=self.is_cased)

    def keyword(self, text: str) -> bool:
        return _fits(text, [ANY, *self.pattern, ANY], is_cased=self.is_cased)


@dataclass
class _Expression(_Question):
    r"""`\w`, `\d` and `\s` are ASCII; case is ignored in every script."""

    wanted: str
    flags: int

    def text(self, text: str) -> bool:
        has_case = self.flags & re.I and not self.wanted.isascii()
        return re.search(self.wanted, text, self.flags | (0 if has_case else re.ASCII)) is not None


@dataclass
class _Network(_Question):
    wanted: str

    def text(self, text: str) -> bool:
        network, _, length = self.wanted.partition("/")
        wanted = _forms_of(network)[0]
        size = int(length or len(wanted) * 8)
        return any(len(held) == len(wanted) and _bits(held)[:size] == _bits(wanted)[:size] for held in _forms_of(text))


def _forms_of(text: str) -> list[bytes]:
    """The bytes of an address; an IPv4 address inside IPv6 is both. None for anything else."""
    if re.fullmatch(r"(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}", text) and all(
        int(one) < 256 for one in text.split(".")
    ):
        return [bytes(int(one) for one in text.split("."))]
    if not re.fullmatch(r"[0-9a-fA-F:.]*:[0-9a-fA-F:.]*", text):
        return []
    try:
        long = socket.inet_pton(socket.AF_INET6, text)
    except OSError:
        return []
    return [long, long[12:]] if long.startswith(b"\0" * 10 + b"\xff\xff") else [long]


def _bits(data: bytes) -> str:
    return "".join(f"{byte:08b}" for byte in data)


_ORDERS: Mapping[str, Callable[[Fraction, Fraction], bool]] = {
    "lt": lambda held, wanted: held < wanted,
    "lte": lambda held, wanted: held <= wanted,
    "gt": lambda held, wanted: held > wanted,
    "gte": lambda held, wanted: held >= wanted,
}


@dataclass
class _Compares(_Question):
    order: Callable[[Fraction, Fraction], bool]
    wanted: int | float

    def text(self, text: str) -> bool:
        if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
            return False
        return self.order(Fraction(text), Fraction(self.wanted))


_PARTS: Mapping[str, Callable[[datetime], int]] = {
    "minute": lambda time: time.minute,
    "hour": lambda time: time.hour,
    "day": lambda time: time.day,
    "week": lambda time: int(time.strftime("%V")),
    "month": lambda time: time.month,
    "year": lambda time: time.year,
}


@dataclass
class _Time(_Question):
    part: Callable[[datetime], int]
    wanted: int

    def text(self, text: str) -> bool:
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            return False
        return self.part(time.astimezone(UTC) if time.tzinfo else time) == self.wanted


def _texts(held: Any) -> list[str]:
    """The texts in a value: a list gives those of its elements, nothing and no value give none."""
    if isinstance(held, list):
        return [text for element in held for text in _texts(element)]
    if held is None or held is ABSENT:
        return []
    if isinstance(held, bool):
        return ["true" if held else "false"]
    if isinstance(held, float) and held == int(held):
        return [str(int(held))]
    return [str(held)]


def _fold(text: str) -> str:
    return "".join(_fold_character(character) for character in text)


def _fold_character(character: str) -> str:
    """Unicode simple folding: the one that keeps a character one."""
    for folded in (character.casefold(), character.lower()):
        if len(folded) == 1:
            return folded
    return character


def _fits(text: str, pattern: Pattern, *, is_cased: bool) -> bool:
    """Character by character: which prefixes of the pattern fit the text read so far."""
    reached = {0}
    for position in range(len(text) + 1):
        for place in range(len(pattern)):
            if place in reached and pattern[place] is ANY:
                reached.add(place + 1)
        if position == len(text):
            break
        following: set[int] = set()
        for place in reached - {len(pattern)}:
            wanted = pattern[place]
            if wanted is ANY:
                following.add(place)
            elif wanted is ONE or _same(text[position], str(wanted), is_cased=is_cased):
                following.add(place + 1)
        reached = following
    return len(pattern) in reached


def _same(character: str, wanted: str, *, is_cased: bool) -> bool:
    return character == wanted if is_cased else _fold_character(character) == _fold_character(wanted)
