"""Text patterns of one field as one Hyperscan database, and an engine of its own for what Hyperscan cannot run.

Patterns that ignore case are compiled caseless over bytes, which is exact for ASCII; other text is scanned a second
time with its case folded. Expressions are searched for anywhere in the value; their classes (`\\w`, `\\d`) are ASCII.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Final

import hyperscan
import re2
import regex

from tocsin.detect.sigma.predicate import ANY_CHARACTER, ANY_TEXT, Kind, Predicate, Unsupported
from tocsin.detect.sigma.value import fold

EXPRESSION_SECONDS: Final = 1.0  # for one value, where only a backtracking engine understands the expression

# What google-re2 reads in another way than Hyperscan: `$` not before a final line end, `\s` without the vertical tab.
_OTHERWISE_IN_RE2: Final = re.compile(r"\$|\\[sSZ]|\[:space:\]")
# `\Z` holds before a final line end too; in `regex` it does not.
_BEFORE_LAST_LINE_END: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\Z")

Search = Callable[[str], bool]  # raises TimeoutError where the engine backtracks and the time is up

_TEXT_FLAGS: Final = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_ALLOWEMPTY | hyperscan.HS_FLAG_DOTALL
_REGEX_FLAGS: Final = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_ALLOWEMPTY | hyperscan.HS_FLAG_UTF8
# Hyperscan unrolls bounded repeats, and those of one expression multiply: it works for seconds on what it then refuses
# as too large (two of 60 and 120 characters: 0.5 s; one of 4,000: 14 s, Hyperscan 5.4). Beyond this it is not asked.
_MOST_UNROLLED: Final = 1000
_LONG_REPEAT: Final = 20  # shorter ones (the groups of a GUID) cost nothing to speak of
_REPEAT: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{([0-9]+)(?:,([0-9]*))?\}", re.DOTALL)
_LETTER_FLAGS: Final = {
    "i": hyperscan.HS_FLAG_CASELESS,
    "m": hyperscan.HS_FLAG_MULTILINE,
    "s": hyperscan.HS_FLAG_DOTALL,
}


def is_pattern(predicate: Predicate) -> bool:
    """Whether it needs a scan: an expression, or text with a wildcard that is not all there is."""
    if predicate.kind is Kind.REGEX:
        return True
    if predicate.kind not in (Kind.LIKE, Kind.LIKE_CASED):
        return False
    return len(predicate.parts) > 1 or ANY_CHARACTER in predicate.parts


def is_heavy(expression: str) -> bool:
    """Whether its bounded repeats are too many for one database: it is then searched for on its own."""
    return unrolled(expression) > _MOST_UNROLLED


def unrolled(expression: str) -> int:
    """How many copies its long bounded repeats make of what they repeat, as if each stood inside the other."""
    bounds = (int((one.group(2) or one.group(1))[:9]) for one in _REPEAT.finditer(expression) if one.group(1))
    return math.prod(bound for bound in bounds if bound >= _LONG_REPEAT)


def is_linear(predicate: Predicate) -> bool:
    """Whether the expression can be run in time that grows with the text alone."""
    return _linear(predicate) is not None


def encoded(text: str) -> bytes:
    """UTF-8 that Hyperscan may scan: a lone surrogate, which has no UTF-8, becomes U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def platform() -> str:
    """What a database compiled here may be loaded on: the version of Hyperscan and the CPU features it uses."""
    probe = hyperscan.Database()
    probe.compile(expressions=[b"a"], ids=[0], elements=1, flags=[0])
    return f"{version('hyperscan')} {probe.info()!s}"


def _literal(text: str) -> str:
    return "".join(
        character if character.isalnum() or not character.isascii() else f"\\x{ord(character):02x}"
        for character in text
    )


def _expression(predicate: Predicate) -> tuple[bytes, int]:
    """Hyperscan's expression and flags for a pattern. `\\z`, because `$` also fits before a final newline."""
    if predicate.kind is Kind.REGEX:
        flags = _REGEX_FLAGS
        for letter in predicate.flags:
            flags |= _LETTER_FLAGS[letter]
        return encoded(predicate.text.replace("\0", "\\x00")), flags
    flags = _TEXT_FLAGS | (hyperscan.HS_FLAG_CASELESS if predicate.kind is Kind.LIKE else 0)
    if ANY_CHARACTER in predicate.parts:
        flags |= hyperscan.HS_FLAG_UTF8  # one character, not one byte
    parts = list(predicate.parts)
    start, end = "^", "\\z"
    if parts[0] == ANY_TEXT:
        start = ""
        del parts[0]
    if parts and parts[-1] == ANY_TEXT:
        end = ""
        del parts[-1]
    middle = "".join(
        _literal(fold(part) if predicate.kind is Kind.LIKE else part)
        if isinstance(part, str)
        else ("." if part == ANY_CHARACTER else ".*")
        for part in parts
    )
    return encoded(f"{start}{middle}{end}"), flags


def _database(predicates: Mapping[int, Predicate]) -> hyperscan.Database:
    compiled = [_expression(predicate) for predicate in predicates.values()]
    database = hyperscan.Database()
    database.compile(
        expressions=[expression for expression, _ in compiled],
        ids=list(predicates),
        elements=len(compiled),
        flags=[flags for _, flags in compiled],
    )
    return database


def compile_patterns(predicates: Mapping[int, Predicate]) -> tuple[bytes, frozenset[int]]:
    """The field's patterns as a serialised database ("" for none), and the ids of the expressions left out of it.

    An expression is left out where Hyperscan refuses it (look-around, back-references, too large), or would after long
    work: see `searcher`.
    """
    patterns = {number: predicate for number, predicate in predicates.items() if is_pattern(predicate)}
    refused = frozenset(
        number
        for number, predicate in patterns.items()
        if predicate.kind is Kind.REGEX and is_heavy(predicate.text) and _linear(predicate) is not None
    )
    asked = {number: predicate for number, predicate in patterns.items() if number not in refused}
    if not asked:
        return b"", refused
    try:
        return hyperscan.dumpb(_database(asked)), refused
    except hyperscan.error:
        more = frozenset(
            number
            for number, predicate in asked.items()
            if predicate.kind is Kind.REGEX and not _is_accepted(number, predicate)
        )
    if not more:
        raise Unsupported("Hyperscan refuses a field's patterns taken together")
    refused |= more
    kept = {number: predicate for number, predicate in patterns.items() if number not in refused}
    return (hyperscan.dumpb(_database(kept)) if kept else b""), refused


def _is_accepted(number: int, predicate: Predicate) -> bool:
    try:
        _database({number: predicate})
    except hyperscan.error:
        return False
    return True


def searcher(predicate: Predicate) -> Search:
    """The expression in google-re2, or where that cannot run it in `regex` with a time limit. Raises Unsupported."""
    linear = _linear(predicate)
    if linear is not None:
        return linear
    letters = {"i": regex.IGNORECASE, "m": regex.MULTILINE, "s": regex.DOTALL}
    flags = regex.ASCII if predicate.text.isascii() else regex.UNICODE
    for letter in predicate.flags:
        flags |= letters[letter]
    try:
        backtracking = regex.compile(_BEFORE_LAST_LINE_END.sub(r"\1(?=\\n?\\Z)", predicate.text), flags)
    except regex.error as error:
        raise Unsupported(f"the expression '{predicate.text}' cannot be run: {error}") from error
    return lambda text: backtracking.search(text, timeout=EXPRESSION_SECONDS) is not None


def _linear(predicate: Predicate) -> Search | None:
    """The expression in google-re2, None where that cannot run it."""
    if _OTHERWISE_IN_RE2.search(predicate.text):
        return None
    options = re2.Options()
    options.log_errors = False
    prefix = f"(?{predicate.flags})" if predicate.flags else ""
    try:
        linear = re2.compile(prefix + predicate.text, options)
    except re2.error:
        return None
    return lambda text: linear.search(text) is not None


class Scanner:
    """One field's database, loaded: which patterns fit a text."""

    __slots__ = ("_database", "_raw")

    def __init__(self, serialised: bytes, predicates: Mapping[int, Predicate]) -> None:
        self._database = hyperscan.loadb(serialised, hyperscan.HS_MODE_BLOCK)
        self._database.scratch = hyperscan.Scratch(self._database)
        self._raw = frozenset(number for number, predicate in predicates.items() if predicate.kind is not Kind.LIKE)

    def scan(self, text: str) -> list[int]:
        """Ids of the patterns that fit, in no order."""
        found = self._found(encoded(text))
        if text.isascii():
            return found
        exact = [number for number in found if number in self._raw]
        return exact + [number for number in self._found(encoded(fold(text))) if number not in self._raw]

    def _found(self, data: bytes) -> list[int]:
        found: list[int] = []
        keep = found.append

        def collect(number: int, start: int, end: int, flags: int, context: object) -> None:
            keep(number)

        self._database.scan(data, collect)
        return found
