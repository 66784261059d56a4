"""Indicators as they were published: files in; what each asks, and what of it cannot be asked, out.

STIX 2.0 and 2.1 bundles, CSV with a header (also as MISP exports it), plain lists of one value a line, and excerpts
that this product wrote. What cannot be read is told by line or object, and no value is quoted: it may name somebody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Final, NamedTuple

import msgspec

from tocsin.detect.indicators import bundle, listing
from tocsin.detect.indicators.observable import Kind, Mode, NotAskableError, Sought, sought_by
from tocsin.detect.indicators.pattern import Conjunction
from tocsin.detect.indicators.statement import Statement, Unread
from tocsin.model.finding import Level
from tocsin.model.indicator import IndicatorFile, NotAsked, UnreadIndicator

LARGEST_FILE: Final = 256 * 1024 * 1024  # bytes
MOST_INDICATORS: Final = 1_000_000
MOST_EXPRESSIONS: Final = 10_000  # indicators that are expressions and not values: each is tried on every value

FORM: Final = "tocsin-indicators 1"  # part of a digest that names what was asked: read otherwise, it finds otherwise
_MARK: Final = "indicators:"
_EXCERPT: Final = "tocsin.indicators/1"
_LEVELS: Final = {
    Kind.HASH: Level.HIGH,
    Kind.CERTIFICATE: Level.HIGH,
    Kind.URL: Level.HIGH,
    Kind.DOMAIN: Level.MEDIUM,
    Kind.MAIL: Level.MEDIUM,
    Kind.ADDRESS: Level.MEDIUM,
    Kind.REGISTRY: Level.MEDIUM,
    Kind.COMMAND: Level.MEDIUM,
    Kind.FILE_PATH: Level.MEDIUM,
}
_SURE, _UNSURE = 85, 30  # of confidence 0 to 100: from there one level up, below one level down
_MARKINGS: Final = ("", "clear", "white", "green", "amber", "amber+strict", "red")


class Indicator(msgspec.Struct, frozen=True, omit_defaults=True):
    """An indicator that is asked: any of `alternatives` makes it true, each with all of its tests on one record.

    place     line or object in the file at `path`
    partly    why parts of it are not asked
    others, like `model.indicator.FoundIndicator`
    """

    id: str
    title: str
    level: Level
    path: str
    place: str
    alternatives: tuple[tuple[Sought, ...], ...]
    description: str = ""
    partly: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    marking: str = ""
    related: tuple[str, ...] = ()
    confidence: int | None = None
    valid_from: int | None = None
    valid_until: int | None = None

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds it looks for, each once, in its order."""
        return tuple(dict.fromkeys(test.kind for tests in self.alternatives for test in tests))


class Indicators(msgspec.Struct, frozen=True):
    """All that files of indicators give: what is asked, by file and place, and the books of the rest."""

    asked: tuple[Indicator, ...] = ()
    files: tuple[IndicatorFile, ...] = ()
    reasons: tuple[NotAsked, ...] = ()
    unread: tuple[UnreadIndicator, ...] = ()


class _Excerpt(msgspec.Struct, frozen=True):
    schema: str
    indicators: tuple[Indicator, ...]


def indicators_path(path: str) -> str:
    """What a file of indicators is called among the rule files."""
    return f"{_MARK}{path}"


def is_indicators(path: str) -> bool:
    """Whether a path among rule files, also within a set that is kept (`set!path`), is of a file of indicators."""
    return path.startswith(_MARK) or f"!{_MARK}" in path


def excerpt(indicators: Iterable[Indicator]) -> bytes:
    """A file of these indicators alone, as `read_indicators` reads it back; what goes with a package of evidence.

    Where the files they are of lie is not in it.
    """
    chosen = _Excerpt(_EXCERPT, tuple(msgspec.structs.replace(one, path="") for one in indicators))
    return msgspec.json.format(msgspec.json.encode(chosen), indent=1) + b"\n"


def is_excerpt(data: bytes) -> bool:
    """Whether a file is such an excerpt, whatever its name."""
    head = data[:200]
    return head.lstrip().startswith(b"{") and _EXCERPT.encode() in head


def comparisons_in(path: str, data: bytes) -> Iterator[tuple[str, str]]:
    """(object path, value) of every comparison in a file, asked or not, in order."""
    for statement in _statements(_short_name(path), data):
        if isinstance(statement, Statement):
            for comparison in statement.comparisons:
                for value in comparison.values:
                    yield comparison.path, value


def why_none(path: str, data: bytes) -> str:
    """ "" for a file that holds an indicator, else why it holds none: the first fault of it."""
    first = ""
    if is_excerpt(data):
        return first
    for one in _statements(_short_name(path), data):
        if isinstance(one, Statement):
            return ""
        first = first or f"{one.place}: {one.reason}"
    return first or "there is nothing of the kind in it"


def read_indicators(texts: Mapping[str, bytes]) -> Indicators:
    """Every indicator in files, by path, in their order.

    Of several versions of one id the newest counts; of several indicators that ask the same, the first that is not
    revoked, with the time in which any of them is valid.
    """
    gathered = _Gathered(texts)
    names: set[str] = set()
    for path, data in texts.items():
        if is_excerpt(data):
            gathered.take_excerpt(path, data)
            continue
        name, number = _short_name(path), 2
        while name in names:  # lines are told apart by it
            name, number = f"{_short_name(path)}-{number}", number + 1
        names.add(name)
        gathered.take(path, _statements(name, data))
    return gathered.concluded()


def _statements(name: str, data: bytes) -> Iterator[Statement | Unread]:
    if len(data) > LARGEST_FILE:
        yield Unread("the file", f"longer than {LARGEST_FILE:,} bytes")
        return
    reader = bundle.statements if bundle.is_json(data) else listing.statements
    yield from reader(data, name)


def _short_name(path: str) -> str:
    return PurePath(path.rpartition("!")[2].removeprefix(_MARK)).name


def _form(data: bytes) -> str:
    if is_excerpt(data):
        return "excerpt"
    return "stix" if bundle.is_json(data) else listing.form(data)


class _Placed(NamedTuple):
    path: str
    said: Statement


class _Gathered:
    """What was read so far."""

    def __init__(self, texts: Mapping[str, bytes]) -> None:
        self._forms = {path: _form(data) for path, data in texts.items()}
        self._newest: dict[str, _Placed] = {}
        self._done: dict[str, Indicator] = {}
        self._unread: list[UnreadIndicator] = []
        self._counts: dict[str, Counter[str]] = {path: Counter() for path in texts}
        self._markings: dict[str, str] = {}

    def take(self, path: str, statements: Iterable[Statement | Unread]) -> None:
        counts = self._counts[path]
        for one in statements:
            if isinstance(one, Unread):
                counts["unread"] += 1
                self._unread.append(UnreadIndicator(path=path, place=one.place, reason=one.reason))
                continue
            if len(self._newest) >= MOST_INDICATORS:
                counts["unread"] += 1
                reason = f"beyond the {MOST_INDICATORS:,} indicators that are taken"
                self._unread.append(UnreadIndicator(path=path, place=one.place, reason=reason))
                break
            before = self._newest.get(one.id)
            if before is not None and _contradicts(before.said, one):
                counts["unread"] += 1
                reason = "another indicator has its id and its time of change, and says something else"
                self._unread.append(UnreadIndicator(path=path, place=one.place, reason=reason))
                continue
            counts["given"] += 1
            counts["guessed"] += one.is_guessed
            self._markings[path] = max(self._markings.get(path, ""), one.marking, key=_gravity)
            if before is not None:
                loser = path if before.said.modified >= one.modified else before.path
                self._counts[loser]["repeated"] += 1
            if before is None or before.said.modified < one.modified:
                self._newest[one.id] = _Placed(path, one)

    def take_excerpt(self, path: str, data: bytes) -> None:
        try:
            found = msgspec.json.decode(data, type=_Excerpt).indicators
        except msgspec.MsgspecError as error:
            self._counts[path]["unread"] += 1
            self._unread.append(UnreadIndicator(path=path, place="the file", reason=f"no excerpt: {error}"))
            return
        for one in found:
            is_new = one.id not in self._done
            self._counts[path].update(given=1, asked=is_new, repeated=not is_new, partly=is_new and bool(one.partly))
            if is_new:
                self._done[one.id] = msgspec.structs.replace(one, path=path)

    def concluded(self) -> Indicators:
        reasons: dict[str, list[str]] = {}
        by_tests: dict[tuple[tuple[Sought, ...], ...], str] = {one.alternatives: id_ for id_, one in self._done.items()}
        found = dict(self._done)
        expressions = 0
        for id_, (path, said) in self._newest.items():
            counts = self._counts[path]
            if said.is_revoked:
                counts["revoked"] += 1
                continue
            alternatives, partly = _asked(said)
            expressions += any(test.mode is Mode.FITS for tests in alternatives for test in tests)
            if alternatives and expressions > MOST_EXPRESSIONS:
                alternatives, partly = (), (f"beyond the {MOST_EXPRESSIONS:,} expressions that are tried",)
            for reason in partly:
                reasons.setdefault(reason, []).append(id_)
            if not alternatives:
                counts["not_asked"] += 1
            elif alternatives in by_tests:
                counts["repeated"] += 1
                same = by_tests[alternatives]
                found[same] = _widened(found[same], said)
            else:
                counts["asked"] += 1
                counts["partly"] += bool(partly)
                by_tests[alternatives] = id_
                found[id_] = _indicator(path, said, alternatives, partly)
        return Indicators(
            asked=tuple(found.values()),
            files=tuple(self._file(path) for path in self._counts),
            reasons=tuple(
                NotAsked(reason=reason, count=len(ids), example=ids[0]) for reason, ids in sorted(reasons.items())
            ),
            unread=tuple(self._unread),
        )

    def _file(self, path: str) -> IndicatorFile:
        counts = self._counts[path]
        return IndicatorFile(
            path=path,
            form=self._forms[path],
            given=counts["given"],
            asked=counts["asked"],
            partly=counts["partly"],
            not_asked=counts["not_asked"],
            revoked=counts["revoked"],
            repeated=counts["repeated"],
            unread=counts["unread"],
            guessed=counts["guessed"],
            marking=self._markings.get(path, ""),
        )


def _contradicts(one: Statement, other: Statement) -> bool:
    return one.modified == other.modified and (
        one.comparisons != other.comparisons or one.is_revoked != other.is_revoked
    )


def _gravity(marking: str) -> int:
    short = marking.lower().removeprefix("tlp:").strip()
    return _MARKINGS.index(short) if short in _MARKINGS else 1 if marking else 0


def _asked(said: Statement) -> tuple[tuple[tuple[Sought, ...], ...], tuple[str, ...]]:
    """What of a statement is asked, and why the rest is not; one test of an AND that cannot be asked takes it along."""
    alternatives: dict[tuple[Sought, ...], None] = {}
    partly = list(said.not_asked)
    for conjunction in said.alternatives:
        try:
            alternatives.update(dict.fromkeys(_tests(conjunction)))
        except NotAskableError as reason:
            partly.append(str(reason))
    return tuple(alternatives), tuple(dict.fromkeys(partly))


def _tests(conjunction: Conjunction) -> list[tuple[Sought, ...]]:
    found: list[tuple[Sought, ...]] = [()]
    for comparison in conjunction:
        if comparison.operator == "IN" and len(conjunction) == 1:
            return [(test,) for test in sought_by(comparison)]
        tests = sought_by(comparison)
        found = [(*before, test) for before in found for test in tests]
    return found


def _indicator(
    path: str, said: Statement, alternatives: tuple[tuple[Sought, ...], ...], partly: tuple[str, ...]
) -> Indicator:
    kinds = [test.kind for tests in alternatives for test in tests]
    return Indicator(
        id=said.id,
        title=said.title or _title(said, kinds),
        level=_level(alternatives, said.confidence),
        path=path,
        place=said.place,
        alternatives=alternatives,
        description=said.description,
        partly=partly,
        labels=said.labels,
        marking=said.marking,
        related=said.related,
        confidence=said.confidence,
        valid_from=said.valid_from,
        valid_until=said.valid_until,
    )


def _title(said: Statement, kinds: Sequence[Kind]) -> str:
    values = [value for comparison in said.comparisons for value in comparison.values]
    more = f" and {len(values) - 1} more" if len(values) > 1 else ""
    return f"Indicator {kinds[0]} {values[0][:120]}{more}"


def _level(alternatives: tuple[tuple[Sought, ...], ...], confidence: int | None) -> Level:
    """That of the weakest alternative, whose strongest test decides; a network and an expression count as low."""

    def rank(test: Sought) -> int:
        return Level.LOW.rank if test.mode is not Mode.IS else _LEVELS.get(test.kind, Level.LOW).rank

    found = min(max(rank(test) for test in tests) for tests in alternatives)
    if confidence is not None:
        found += (confidence >= _SURE) - (confidence < _UNSURE)
    return list(Level)[min(max(found, Level.INFORMATIONAL.rank), Level.HIGH.rank)]


def _widened(one: Indicator, said: Statement) -> Indicator:
    """With the time in which this one is valid too, the graver marking and level, and what else it is related to."""
    starts = (one.valid_from, said.valid_from)
    ends = (one.valid_until, said.valid_until)
    return msgspec.structs.replace(
        one,
        level=max(one.level, _level(one.alternatives, said.confidence), key=lambda level: level.rank),
        marking=max(one.marking, said.marking, key=_gravity),
        valid_from=None if None in starts else min(time for time in starts if time is not None),
        valid_until=None if None in ends else max(time for time in ends if time is not None),
        related=tuple(dict.fromkeys((*one.related, *said.related))),
    )
