"""A STIX pattern (STIX 2.1, section 9; 2.0, part 5) in; what it compares, and which of it can hold on one record, out.

Comparisons joined by AND and OR inside brackets are asked of one record, brackets joined by OR likewise. What needs
more than one observation (AND between brackets, FOLLOWEDBY, WITHIN, REPEATS, START) is told, and not asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from typing import Final, NamedTuple

LONGEST_PATTERN: Final = 1024 * 1024  # characters
DEEPEST: Final = 50  # brackets within brackets
MOST_ALTERNATIVES: Final = 20_000

_TOKEN: Final = re.compile(
    r"""\s+ | //[^\n]* | /\*.*?\*/
    | (?P<literal> t?'(?:\\.|[^'\\])*' | [hb]'[^']*' )
    | (?P<number> [+-]?\d+(?:\.\d+)? (?![\w-]) )
    | (?P<sign> <> | != | >= | <= | == | [=<>\[\](),] )
    | (?P<path> [A-Za-z][\w-]* : (?:[A-Za-z_][\w-]*|'(?:\\.|[^'\\])*')
        (?: \. (?:[A-Za-z_0-9][\w-]*|'(?:\\.|[^'\\])*') | \[(?:\*|-?\d+)\] )* )
    | (?P<word> [A-Za-z]+ )""",
    re.VERBOSE | re.DOTALL,
)
_QUOTED: Final = re.compile(r"'((?:\\.|[^'\\])*)'")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_OPERATORS: Final = frozenset({"=", "==", "!=", "<>", "<", ">", "<=", ">=", "IN", "LIKE", "MATCHES"})
_SETS: Final = frozenset({"ISSUBSET", "ISSUPERSET"})


class PatternError(ValueError):
    """Not a pattern; says where and what was wanted, and quotes nothing of it: values may name somebody."""


class Comparison(NamedTuple):
    """One test of one property: its object path as written, quotes off; `values` are several with IN alone."""

    path: str
    operator: str  # as in STIX, EXISTS among them
    values: tuple[str, ...]
    is_negated: bool = False


Conjunction = tuple[Comparison, ...]  # all of them on one record


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """What a pattern says.

    comparisons   every one in it, in order, asked or not
    alternatives  any of them makes it true
    not_asked     why parts of it are not asked, each once
    """

    comparisons: tuple[Comparison, ...]
    alternatives: tuple[Conjunction, ...]
    not_asked: tuple[str, ...]


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


class _Part(NamedTuple):
    """What was read of an expression between observations; `is_one` while it asks one observation alone."""

    alternatives: tuple[Conjunction, ...]
    not_asked: tuple[str, ...]


def parse_pattern(text: str) -> Pattern:
    """Raises PatternError for what is no pattern."""
    if len(text) > LONGEST_PATTERN:
        raise PatternError(f"longer than {LONGEST_PATTERN:,} characters")
    reader = _Reader(_tokens(text))
    part = reader.followed(0)
    if not reader.is_done:
        raise reader.fault("the end")
    return Pattern(
        comparisons=tuple(reader.comparisons),
        alternatives=tuple(dict.fromkeys(part.alternatives)),
        not_asked=tuple(dict.fromkeys(part.not_asked)),
    )


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise PatternError(f"at character {at + 1} stands what no pattern has")
        if token.lastgroup is not None:
            found.append(_Token(token.lastgroup, token.group(), at + 1))
        at = token.end()
    return found


class _Reader:
    """Reads tokens in order; the operators of observations bind as AND, then OR, then FOLLOWEDBY."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self.comparisons: list[Comparison] = []

    @property
    def is_done(self) -> bool:
        return self._at == len(self._tokens)

    def fault(self, wanted: str) -> PatternError:
        where = f"at character {self._tokens[self._at].at}" if not self.is_done else "at the end"
        return PatternError(f"{where}: {wanted} is wanted")

    def _next(self) -> str:
        """The word or sign that comes next, words in capitals; "" for anything else."""
        if self.is_done:
            return ""
        token = self._tokens[self._at]
        return token.text.upper() if token.kind == "word" else token.text if token.kind == "sign" else ""

    def _is(self, *texts: str) -> bool:
        if self._next() in texts:
            self._at += 1
            return True
        return False

    def _want(self, text: str) -> None:
        if not self._is(text):
            raise self.fault(text)

    def followed(self, depth: int) -> _Part:
        parts = [self._or(depth)]
        while self._is("FOLLOWEDBY"):
            parts.append(self._or(depth))
        return parts[0] if len(parts) == 1 else _Part((), ("one observation after another (FOLLOWEDBY)",))

    def _or(self, depth: int) -> _Part:
        parts = [self._and(depth)]
        while self._is("OR"):
            parts.append(self._and(depth))
        return _either(parts)

    def _and(self, depth: int) -> _Part:
        parts = [self._observed(depth)]
        while self._is("AND"):
            parts.append(self._observed(depth))
        return parts[0] if len(parts) == 1 else _Part((), ("several observations together (AND between brackets)",))

    def _observed(self, depth: int) -> _Part:
        if depth > DEEPEST:
            raise PatternError(f"more than {DEEPEST} brackets within one another")
        if self._is("["):
            part = self._any(depth + 1)
            self._want("]")
        elif self._is("("):
            part = self.followed(depth + 1)
            self._want(")")
        else:
            raise self.fault("[")
        while qualifier := self._qualifier():
            part = _Part((), (f"a qualifier ({qualifier})",))
        return part

    def _qualifier(self) -> str:
        if self._is("WITHIN"):
            self._value()
            self._want("SECONDS")
            return "WITHIN"
        if self._is("REPEATS"):
            self._value()
            self._want("TIMES")
            return "REPEATS"
        if self._is("START"):
            self._value()
            self._want("STOP")
            self._value()
            return "START and STOP"
        return ""

    def _any(self, depth: int) -> _Part:
        parts = [self._all(depth)]
        while self._is("OR"):
            parts.append(self._all(depth))
        return _either(parts)

    def _all(self, depth: int) -> _Part:
        part = self._compared(depth)
        while self._is("AND"):
            part = _both(part, self._compared(depth))
        return part

    def _compared(self, depth: int) -> _Part:
        if depth > DEEPEST:
            raise PatternError(f"more than {DEEPEST} brackets within one another")
        if self._is("("):
            part = self._any(depth + 1)
            self._want(")")
            return part
        if self._is("EXISTS"):
            return self._said(Comparison(self._path(), "EXISTS", ()))
        is_negated = self._is("NOT")
        if is_negated and self._is("EXISTS"):
            return self._said(Comparison(self._path(), "EXISTS", (), is_negated=True))
        path = self._path()
        is_negated = self._is("NOT") or is_negated
        operator = self._next()
        if operator not in _OPERATORS | _SETS:
            raise self.fault("an operator")
        self._at += 1
        values = self._values() if operator == "IN" else (self._value(),)
        return self._said(Comparison(path, "=" if operator == "==" else operator, values, is_negated))

    def _said(self, comparison: Comparison) -> _Part:
        self.comparisons.append(comparison)
        return _Part(((comparison,),), ())

    def _path(self) -> str:
        if self.is_done or self._tokens[self._at].kind != "path":
            raise self.fault("an object path")
        self._at += 1
        return _QUOTED.sub(lambda found: _unescaped(found[1]), self._tokens[self._at - 1].text)

    def _values(self) -> tuple[str, ...]:
        self._want("(")
        found = [self._value()]
        while self._is(","):
            found.append(self._value())
        self._want(")")
        return tuple(found)

    def _value(self) -> str:
        if self.is_done:
            raise self.fault("a value")
        token = self._tokens[self._at]
        is_truth = token.kind == "word" and token.text.lower() in ("true", "false")
        if token.kind not in ("literal", "number") and not is_truth:
            raise self.fault("a value")
        self._at += 1
        if token.kind != "literal":
            return token.text.lower()
        return _unescaped(token.text[token.text.index("'") + 1 : -1])


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def _either(parts: list[_Part]) -> _Part:
    if len(parts) == 1:
        return parts[0]
    return _Part(
        tuple(one for part in parts for one in part.alternatives),
        tuple(why for part in parts for why in part.not_asked),
    )


def _both(one: _Part, other: _Part) -> _Part:
    if len(one.alternatives) * len(other.alternatives) > MOST_ALTERNATIVES:
        raise PatternError(f"more than {MOST_ALTERNATIVES:,} alternatives")
    joined = tuple(
        (*a, *(each for each in b if each not in a)) for a, b in product(one.alternatives, other.alternatives)
    )
    return _Part(joined, (*one.not_asked, *other.not_asked))
