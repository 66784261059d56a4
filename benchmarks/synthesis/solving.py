"""Values for fields that make a rule's condition hold: a choice of its alternatives, and a value for each field asked."""

from __future__ import annotations

import ipaddress
import itertools
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.synthesis.expressions import anchors, matching_text
from tocsin.detect.sigma.compiled_rules import CompiledRule, CompiledRules
from tocsin.detect.sigma.condition import Operator, Tree
from tocsin.detect.sigma.explain import Explainer
from tocsin.detect.sigma.predicate import ANY_TEXT, KEYWORD, Kind, Predicate
from tocsin.detect.sigma.value import MISSING, canonical, fold

TRIES = 300
BETWEEN = (" ", "", "x", "\\", ".", "-", " q ", "/", "zz", "\t")


class Unsolvable(Exception):  # noqa: N818 - an answer about a rule
    """No event was found; the message says for what field or why."""


@dataclass(slots=True)
class _Asked:
    """What is asked of one field of the record, and what must not hold there."""

    wanted: list[int] = field(default_factory=list)
    unwanted: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the log allows: values of log fields (none named: any), the field a keyword may stand in, other fixed fields.

    defaults  fields every record of the log has; a value that is asked for takes their place
    own_data  log fields that an event's own data may have too, with another value
    between   what may stand between the parts of a text
    """

    log_fields: tuple[str, ...]
    gate: Mapping[str, Sequence[str]]
    keyword_field: str
    defaults: Mapping[str, Any] = field(default_factory=dict)
    own_data: tuple[str, ...] = ()
    between: tuple[str, ...] = BETWEEN


@dataclass(frozen=True, slots=True)
class Event:
    """An event of a log: its values of the log fields, and all fields with the log's among them."""

    log: Mapping[str, str]
    fields: Mapping[str, Any]


class Solver:
    """Finds events for rules of one compiled set."""

    def __init__(self, compiled: CompiledRules) -> None:
        self._compiled = compiled
        self._explainer = Explainer(compiled.predicates, compiled.truth)

    def solve(self, tree: Tree, rename: Mapping[str, str], terms: Terms, seed: str) -> Iterator[Event]:
        """Events on which the tree holds; raises Unsolvable at the end where there was none."""
        reason, found = "no value fits", 0
        for attempt in range(TRIES):
            chance = random.Random(f"{seed} {attempt}")
            literals = dict(_ways(tree, True, chance, is_first=attempt == 0))
            try:
                fields = self._event(literals, rename, terms, chance)
            except Unsolvable as error:
                reason = str(error)
                continue
            log = {name: self._log_value(name, fields, terms, chance) for name in terms.log_fields}
            if self._explainer.holds(tree, rename, fields, log):
                found += 1
                yield Event(log, fields)
        if not found:
            raise Unsolvable(reason)

    def holds(
        self, rule: CompiledRule, rename: Mapping[str, str], fields: Mapping[str, Any], log: Mapping[str, str]
    ) -> bool:
        """Whether the rule holds on a record that was read."""
        return rule.tree is not None and self._explainer.holds(rule.tree, rename, fields, log)

    def _log_value(self, name: str, fields: Mapping[str, Any], terms: Terms, chance: random.Random) -> str:
        told = str(fields.get(name, ""))
        allowed = terms.gate.get(name)
        return told if allowed is None or fold(told) in map(fold, allowed) else chance.choice(allowed)

    def _event(
        self, literals: Mapping[int, bool], rename: Mapping[str, str], terms: Terms, chance: random.Random
    ) -> dict[str, Any]:
        asked: dict[str, _Asked] = {}
        references: list[Predicate] = []
        for number, wanted in literals.items():
            predicate = self._compiled.predicates[number]
            if predicate.kind is Kind.REFERENCE:
                if wanted:
                    references.append(predicate)
                continue
            name = rename.get(predicate.field, predicate.field)
            one = asked.setdefault(name, _Asked())
            (one.wanted if wanted else one.unwanted).append(number)
        keywords = asked.pop(KEYWORD, _Asked())
        fields: dict[str, Any] = dict(terms.defaults)
        for name in terms.log_fields:
            asked.setdefault(name, _Asked())
        for name, one in asked.items():
            value = self._value(name, one, terms, chance)
            if value is MISSING:
                fields.pop(name, None)
            else:
                fields[name] = value
        for predicate in references:
            name = rename.get(predicate.field, predicate.field)
            other = rename.get(predicate.text, predicate.text)
            text = str(fields.setdefault(other, "reference"))
            fields[name] = ("x" if "e" in predicate.flags else "") + text + ("x" if "s" in predicate.flags else "")
        if keywords.wanted:
            told = self._value(KEYWORD, keywords, terms, chance)
            before = fields.get(terms.keyword_field)
            fields[terms.keyword_field] = told if before is None else f"{before} {told}"
        return fields

    def _value(self, name: str, asked: _Asked, terms: Terms, chance: random.Random) -> Any:
        predicates = self._compiled.predicates
        kinds = {predicates[number].kind for number in asked.wanted}
        if any(predicates[number].kind is Kind.EXISTS for number in asked.unwanted) and name not in terms.gate:
            return MISSING
        if Kind.NULL in kinds:
            return None if Kind.EXISTS in kinds else MISSING
        needs_text = any(predicates[number].kind is Kind.NULL for number in asked.unwanted)
        choices: list[Any] = []
        if name in terms.gate:
            choices = list(terms.gate[name])
            chance.shuffle(choices)
        if asked.wanted and (name not in terms.gate or name in terms.own_data):
            choices += self._choices([predicates[number] for number in asked.wanted], terms, chance)
        elif name in terms.own_data:
            choices.append("Another log")
        elif name in terms.gate:
            pass
        elif needs_text or name in terms.defaults:
            choices = [
                terms.defaults.get(name, "another value"),
                f"value {chance.randrange(9)}",
                "7",
                "C:\\another.exe",
            ]
            if name not in terms.defaults:
                chance.shuffle(choices)
        else:
            return MISSING
        for choice in choices:
            if self._fits(choice, asked):
                return choice
        raise Unsolvable(f"no value of {name or 'a keyword'} fits what is asked of it")

    def _fits(self, value: Any, asked: _Asked) -> bool:
        cell = canonical(value)
        for numbers, wanted in ((asked.wanted, True), (asked.unwanted, False)):
            for number in numbers:
                truth = self._compiled.truth(self._compiled.predicates[number].field)
                if (number in truth.of(cell)) is not wanted:
                    return False
        return True

    def _choices(self, predicates: Sequence[Predicate], terms: Terms, chance: random.Random) -> Iterator[str]:
        """Texts that may satisfy all of them."""
        for predicate in predicates:
            yield from _whole(predicate, chance)
        heads, tails = [""], [""]
        middles: list[str] = []
        for predicate in predicates:
            if predicate.kind is Kind.REGEX:
                text = matching_text(predicate.text, chance)
                starts, ends = anchors(predicate.text)
                if starts and ends:
                    yield text
                (heads if starts else tails if ends else middles).append(text)
            elif predicate.kind in (Kind.LIKE, Kind.LIKE_CASED):
                pieces = _pieces(predicate)
                if len(pieces) == 1:
                    yield pieces[0]
                heads.append(pieces[0])
                tails.append(pieces[-1])
                middles += pieces[1:-1]
        head, tail = max(heads, key=len), max(tails, key=len)
        middles = list(dict.fromkeys(middles))
        around = fold(head) + "\0" + fold(tail)
        apart = [one for one in middles if fold(one) not in around]
        fewest = [one for one in apart if not any(one != other and fold(one) in fold(other) for other in apart)]
        between = [*terms.between, *("".join(chance.choices("bdfhjkmprtvw", k=4)) for _ in range(4))]
        for some in (fewest, apart, middles, fewest[::-1]):
            for one in between:
                yield head + one.join(["", *some, ""] if some else ["", ""]) + tail
                yield head + one.join(some) + tail
        if fold(tail).startswith(fold(head)):
            yield tail
        if fold(head).endswith(fold(tail)):
            yield head


def _ways(tree: Tree, wanted: bool, chance: random.Random, *, is_first: bool) -> Iterator[tuple[int, bool]]:
    """Predicates with the outcome that makes the tree come out as wanted: one choice of many."""
    if isinstance(tree, int):
        yield tree, wanted
    elif tree.operator is Operator.NOT:
        yield from _ways(tree.children[0], not wanted, chance, is_first=is_first)
    elif (tree.operator is Operator.AND) is wanted:
        for child in tree.children:
            yield from _ways(child, wanted, chance, is_first=is_first)
    else:
        child = tree.children[0] if is_first else chance.choice(tree.children)
        yield from _ways(child, wanted, chance, is_first=is_first)


def _whole(predicate: Predicate, chance: random.Random) -> Iterator[str]:
    """Whole values, where one predicate alone says them."""
    match predicate.kind:
        case Kind.CIDR:
            network = ipaddress.ip_network(predicate.text)
            for place in (1, 0, chance.randrange(min(network.num_addresses, 2**31))):
                yield str(network[min(place, network.num_addresses - 1)])
        case Kind.COMPARE:
            for step in (0, 1, -1):
                yield str(predicate.number + step)
        case Kind.TIME:
            for day, hour in itertools.product((1, 9, 17, 25), (3, 23)):
                for month in (1, 3, 6, 12):
                    yield f"2024-{month:02}-{day:02}T{hour:02}:07:00Z"
            number = int(predicate.number)
            yield f"2024-03-09T{number % 24:02}:{number % 60:02}:00Z"
        case Kind.EXISTS:
            yield "a value"


def _pieces(predicate: Predicate) -> list[str]:
    """The literal texts between the `*`: the first and the last stand at the ends; a `?` is any letter."""
    pieces = [""]
    for part in predicate.parts:
        if isinstance(part, str):
            pieces[-1] += part
        elif part == ANY_TEXT:
            pieces.append("")
        else:
            pieces[-1] += "x"
    return pieces


def unflattened(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Names with points as objects in one another."""
    found: dict[str, Any] = {}
    for name, value in fields.items():
        place = found
        *above, last = re.split(r"\.", name)
        for part in above:
            inner = place.setdefault(part, {})
            if not isinstance(inner, dict):
                raise Unsolvable(f"{name} is asked for as a value and as an object")
            place = inner
        place[last] = value
    return found
