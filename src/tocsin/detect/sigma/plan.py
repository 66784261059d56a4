"""What is left to ask of records that share one log tuple: rules specialised to it, and what picks the few to ask.

A rule is asked of a record only if one of its *triggers* is true there: a set of predicates of which at least one
holds whenever the rule does. Rules without such a set (a negation alone, a null) are asked of every record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from tocsin.detect.sigma.condition import Node, Operator, Tree
from tocsin.detect.sigma.predicate import ANY_TEXT, KEYWORD, Kind, Predicate
from tocsin.detect.sigma.questions import (
    AllOf,
    AnyOf,
    Column,
    Condition,
    Every,
    Known,
    Not,
    Reference,
    Some,
    columns_in,
    names_in,
)
from tocsin.detect.sigma.truth import NOTHING, FieldTruth, Truths
from tocsin.detect.sigma.value import Cell, Cells

_LONG: Final = 256  # characters of a column's values, on average: looked at last
_DEAR: Final = 30.0  # how much rarer a trigger in such a column must be


class Specialised(NamedTuple):
    """A rule as it stands for a log tuple; `condition` is None where the log tuple alone makes it true."""

    position: int
    rename: Mapping[str, str]
    condition: Condition | None


class Outcome(NamedTuple):
    """Places of rules that hold, and of those that depend on more."""

    holding: tuple[int, ...]
    undecided: tuple[int, ...]


@dataclass(slots=True, kw_only=True)
class Plan:
    """Everything to ask of records with one log tuple.

    rules     numbered by their place here; one rule may stand more than once, with other renames
    triggers  column number to predicate number to the rules it calls for
    unguided  rules without a trigger, asked of every record
    guards    log fields whose value the rules were specialised to
    keywords  the keyword column's number and the predicates asked of it, where there are any
    asked     the fields that are read of a record
    is_tuned  whether the triggers were chosen by how often predicates hold in records that were seen
    keyed     columns of which everything true is known before rules are asked; the others, keywords and those of long
              values, are looked at where these leave a rule undecided
    elsewhere by rule its triggers in columns that are not keyed
    outcomes  by what is true of the keyed columns, the rules that then hold and those that are undecided; `telling` are
              those with any
    """

    columns: list[Column] = field(default_factory=list)
    rules: list[Specialised] = field(default_factory=list)
    triggers: dict[int, dict[int, list[int]]] = field(default_factory=dict)
    unguided: list[int] = field(default_factory=list)
    guards: tuple[str, ...] = ()
    keywords: tuple[int, Truths] | None = None
    asked: frozenset[str] = frozenset()
    is_tuned: bool = False
    keyed: tuple[int, ...] = ()
    elsewhere: dict[int, dict[int, Truths]] = field(default_factory=dict)
    outcomes: dict[tuple[Truths, ...], Outcome] = field(default_factory=dict)
    telling: set[tuple[Truths, ...]] = field(default_factory=set)
    seen: int = 0

    def columns_read(self) -> frozenset[int]:
        """The columns that its conditions read: what the log alone decides is not among them."""
        conditions = (rule.condition for rule in self.rules if rule.condition is not None)
        return frozenset(number for condition in conditions for number in columns_in(condition))

    def fields(self) -> frozenset[str]:
        """The fields that its conditions read."""
        conditions = (rule.condition for rule in self.rules if rule.condition is not None)
        return frozenset(name for condition in conditions for name in names_in(condition, self.columns))

    def forget(self) -> None:
        """Empties the memory of outcomes, so that it stays bounded whatever the input."""
        self.outcomes.clear()
        self.telling.clear()

    def learn(self, key: tuple[Truths, ...]) -> None:
        """Adds the outcome for what is true of the keyed columns of a record."""
        facts = Known(zip(self.keyed, key, strict=True))
        called: list[int] = list(self.unguided)
        for column, truths in facts.items():
            index = self.triggers.get(column)
            if index is not None:
                for number in truths & index.keys():
                    called += index[number]
        holding: list[int] = []
        undecided: list[int] = []
        for place in dict.fromkeys(called):
            condition = self.rules[place].condition
            judged = True if condition is None else condition.judge(facts)
            if judged:
                holding.append(place)
            elif judged is None and condition is not None:
                # Where a trigger in a column that is not keyed holds, that calls for the rule: here none of them does.
                facts.ruled_out = self.elsewhere.get(place, {})
                if condition.judge(facts) is not False:
                    undecided.append(place)
                facts.ruled_out = {}
        self.outcomes[key] = Outcome(tuple(holding), tuple(undecided))
        if holding or undecided:
            self.telling.add(key)


class Specialiser:
    """Specialises rules to one log tuple; log fields in `constants` have that cell in every record of the plan."""

    def __init__(
        self, predicates: Sequence[Predicate], truth: Callable[[str], FieldTruth], constants: Mapping[str, Cell]
    ) -> None:
        self._predicates = predicates
        self._truth = truth
        self._constants = constants
        self._numbers: dict[tuple[str, str], int] = {}
        self._known: dict[str, Truths] = {}
        self.columns: list[Column] = []
        self.consulted: set[str] = set()
        self._keywords: set[int] = set()
        self.is_by_value = False  # whether a condition compares with what a constant is, and not what is true of it

    def keywords(self) -> tuple[int, Truths] | None:
        """As `Plan.keywords`, for the conditions made so far."""
        number = self._numbers.get((KEYWORD, KEYWORD))
        return None if number is None else (number, frozenset(self._keywords))

    def condition(self, tree: Tree, rename: Mapping[str, str]) -> Condition | bool:
        """What the tree comes down to; a boolean where the constants decide it."""
        if isinstance(tree, int):
            return self._leaf(tree, rename)
        if tree.operator is Operator.NOT:
            part = self.condition(tree.children[0], rename)
            if isinstance(part, bool):
                return not part
            return part.part if isinstance(part, Not) else Not(part)
        return self._joined(tree, rename)

    def _joined(self, tree: Node, rename: Mapping[str, str]) -> Condition | bool:
        is_and = tree.operator is Operator.AND
        parts: list[Condition] = []
        by_column: dict[int, list[int]] = {}
        for child in tree.children:
            part = self.condition(child, rename)
            if isinstance(part, bool):
                if part is not is_and:
                    return part
            elif isinstance(part, AllOf if is_and else AnyOf) or (isinstance(part, AnyOf) and len(part.numbers) == 1):
                by_column.setdefault(part.column, []).extend(part.numbers)
            else:
                parts.append(part)
        merged: list[Condition] = [
            AllOf(column, frozenset(numbers)) if is_and and len(numbers) > 1 else AnyOf(column, frozenset(numbers))
            for column, numbers in by_column.items()
        ]
        parts = merged + parts
        if not parts:
            return is_and
        if len(parts) == 1:
            return parts[0]
        return Every(tuple(parts)) if is_and else Some(tuple(parts))

    def _leaf(self, number: int, rename: Mapping[str, str]) -> Condition | bool:
        predicate = self._predicates[number]
        name = rename.get(predicate.field, predicate.field)
        if predicate.kind is Kind.REFERENCE:
            other = rename.get(predicate.text, predicate.text)
            constant = {name, other} & self._constants.keys()
            self.consulted.update(constant)
            self.is_by_value = self.is_by_value or bool(constant)
            return Reference(name, other, predicate.flags, self._constants)
        if name in self._constants:
            self.consulted.add(name)
            known = self._known.get(predicate.field)
            if known is None:
                known = self._known[predicate.field] = self._truth(predicate.field).of(self._constants[name])
            return number in known
        if name == KEYWORD:
            self._keywords.add(number)
        key = (name, predicate.field)
        column = self._numbers.get(key)
        if column is None:
            column = self._numbers[key] = len(self.columns)
            self.columns.append(Column(name, self._truth(predicate.field)))
        return AnyOf(column, frozenset((number,)))


def choose_triggers(plan: Plan, shares: Sequence[float], apart: Set[int] = frozenset()) -> None:
    """Gives every rule of the plan its triggers, and says which columns are `Plan.keyed`: all but those in `apart`.

    `shares` is by predicate how often it holds, guessed (`share`).
    """
    plan.triggers.clear()
    plan.unguided.clear()
    plan.forget()
    plan.keyed = tuple(
        number for number in sorted(plan.columns_read()) if plan.columns[number].name != KEYWORD and number not in apart
    )
    for place in range(len(plan.rules)):
        _choose_trigger(plan, place, shares)
    plan.elsewhere.clear()
    for column, index in plan.triggers.items():
        if column not in plan.keyed:
            for number, places in index.items():
                for place in places:
                    held = plan.elsewhere.setdefault(place, {})
                    held[column] = held.get(column, NOTHING) | {number}


def tune(plan: Plan, shares: Sequence[float], cells: Cells, step: int) -> None:
    """Chooses the triggers again by how often predicates hold in every so many of these records.

    Columns of long values are set apart, for each is seldom seen twice. Changes the speed, never an answer.
    """
    counts: Counter[int] = Counter()
    asked: dict[int, float] = {}
    apart: set[int] = set()
    many = len(range(0, len(cells), step))
    for number in sorted(plan.columns_read()):
        name, truth = plan.columns[number]
        if name != KEYWORD:
            some = cells.of(name)[::step]
            length = sum(len(cell) for cell in some if isinstance(cell, str))
            if length > _LONG * many:
                apart.add(number)
            asked |= dict.fromkeys(truth.predicates, _DEAR if number in apart else 1.0)
            for cell, count in Counter(some).items():
                for one in truth.of(cell):
                    counts[one] += count
    measured = list(shares)
    for number, times in asked.items():
        measured[number] = times * (counts[number] + shares[number]) / (many + 1)
    choose_triggers(plan, measured, apart)
    plan.is_tuned = True


def _choose_trigger(plan: Plan, place: int, shares: Sequence[float]) -> None:
    condition = plan.rules[place].condition
    found = None if condition is None else _necessary(condition, plan.columns, shares)
    if found is None:
        plan.unguided.append(place)
        return
    for column, numbers in found.numbers.items():
        index = plan.triggers.setdefault(column, {})
        for number in sorted(numbers):
            index.setdefault(number, []).append(place)


class _Necessary(NamedTuple):
    """Predicates by column, of which at least one holds where the condition does; `share` guesses how often."""

    share: float
    numbers: Mapping[int, Truths]


def _necessary(condition: Condition, columns: Sequence[Column], shares: Sequence[float]) -> _Necessary | None:
    match condition:
        case AnyOf(column, numbers):
            if not numbers.isdisjoint(columns[column].truth.always_possible):
                return None
            share = sum(shares[number] for number in numbers)
            return _Necessary(share, {column: numbers})
        case AllOf(column, numbers):
            telling = numbers - columns[column].truth.always_possible
            if not telling:
                return None
            share, rarest = min((shares[number], number) for number in telling)
            return _Necessary(share, {column: frozenset((rarest,))})
        case Every(parts):
            found = [one for part in parts if (one := _necessary(part, columns, shares)) is not None]
            return min(found, key=lambda one: one.share, default=None)
        case Some(parts):
            return _union(_necessary(part, columns, shares) for part in parts)
    return None


def _union(parts: Iterable[_Necessary | None]) -> _Necessary | None:
    share = 0.0
    numbers: dict[int, Truths] = {}
    for part in parts:
        if part is None:
            return None
        share += part.share
        for column, some in part.numbers.items():
            numbers[column] = numbers.get(column, frozenset()) | some
    return _Necessary(share, numbers)


def share(predicate: Predicate) -> float:
    """A guess of the share of values that satisfy the predicate; it decides speed, never an answer."""
    match predicate.kind:
        case Kind.REGEX:
            return 0.02
        case Kind.LIKE | Kind.LIKE_CASED:
            literal = max((len(part) for part in predicate.parts if isinstance(part, str)), default=0)
            inside = len(predicate.parts) > 1 and predicate.parts[0] == ANY_TEXT == predicate.parts[-1]
            return max(0.5 ** min(literal, 10), 0.001) * (1 if inside else 4)
    return 0.3
