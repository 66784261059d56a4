"""Records in, matches out: which rules hold on which records of a source, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from tocsin.detect.sigma.compile import CompiledException, CompiledRules
from tocsin.detect.sigma.explain import Explainer
from tocsin.detect.sigma.logsource import Alternative, Gate, LogSource, passes
from tocsin.detect.sigma.plan import Facts, Plan, Specialised, Specialiser, choose_triggers, share, tune
from tocsin.detect.sigma.predicate import KEYWORD
from tocsin.detect.sigma.truth import NOTHING, Truths
from tocsin.detect.sigma.value import MISSING, Cell, cells_of, fold
from tocsin.model.correlation import asked_fields
from tocsin.model.record import Record

MOST_REMEMBERED: Final = 48 * 1024 * 1024  # characters of values, before all are forgotten
MOST_PLANS: Final = 4096
TUNING_RECORDS: Final = 256  # a plan with as many records at once is tuned to them

Log = tuple[str, ...]


class Match(NamedTuple):
    """A rule holds on a record.

    index    of the record in what was given to `Matcher.match`
    rule     its id
    matched  (field of the record, what was asked in words, the value marked to be cut to 300), in rule order; the
             rule holds on a record of these fields alone, so none for one that only says what must not be
    hidden_by  ids of the exceptions that take it out, sorted; empty where none does. Whether they are in force is not
             decided here
    said     of a rule that correlations count, what the record says in the fields they ask of it
             (`model.correlation.asked_fields`), in their order; None of every other rule
    """

    index: int  # type: ignore[assignment] # of a match, not a method of its tuple
    rule: str
    matched: tuple[tuple[str, str, str], ...]
    hidden_by: tuple[str, ...] = ()
    said: tuple[str | None, ...] | None = None


class Matcher:
    """Matches one source's records; plans, databases and truths of values are kept from call to call.

    The answer for a record depends on that record alone: not on its neighbours, the order, or what was matched before.
    """

    def __init__(self, compiled: CompiledRules, source: str) -> None:
        self._compiled = compiled
        self._parts: list[tuple[Gate, Alternative, list[int]]] = []
        self._shares = [share(predicate) for predicate in compiled.predicates]
        self._plans: dict[tuple[Log, frozenset[str]], Plan] = {}
        self._explainer = Explainer(compiled.predicates, compiled.truth)
        self._counted = asked_fields(compiled.correlations)
        bound = [one for one in compiled.maps if one.source == source]
        self._log_fields = bound[0].log_fields if bound else ()
        self._exceptions: dict[str, list[CompiledException]] = {}
        for exception in compiled.exceptions:
            for rule_id in exception.info.covers if exception.tree is not None else ():
                self._exceptions.setdefault(rule_id, []).append(exception)
        by_log_source: dict[LogSource, list[int]] = {}
        for position, rule in enumerate(compiled.rules):
            if rule.tree is not None:
                by_log_source.setdefault(rule.log_source, []).append(position)
        for one in bound:
            positions: dict[Alternative, list[int]] = {}
            for log_source, some in by_log_source.items():
                for alternative in one.alternatives(log_source):
                    positions.setdefault(alternative, []).extend(some)
            self._parts += [
                (one.gate(alternative), alternative, sorted(some)) for alternative, some in positions.items()
            ]

    @property
    def given_up(self) -> Mapping[str, int]:
        """Rule or exception id to values on which an expression of it was stopped for time, so taken as no match."""
        truths = self._compiled.loaded_truths()
        numbers = {number: count for truth in truths for number, count in truth.given_up.items()}
        found: dict[str, int] = {}
        asked = [(rule.id, rule.numbers()) for rule in self._compiled.rules if numbers]
        asked += [(one.info.id, one.numbers()) for one in self._compiled.exceptions if numbers]
        for id_, wanted in asked:
            count = sum(numbers.get(number, 0) for number in wanted)
            if count:
                found[id_] = count
        return found

    def reads(self, log: Log) -> bool:
        """Whether some rule may hold on records with this log tuple."""
        plan = self._plan(log, frozenset())
        return bool(plan.guards or plan.rules)

    def asked(self, log: Log) -> frozenset[str]:
        """The fields of records with this log tuple that some rule asks for; not those that the log tuple gives."""
        return frozenset(column.name for column in self._plan(log, frozenset()).columns if column.name != KEYWORD)

    def match(self, records: Sequence[Record]) -> list[Match]:
        """Every match, ordered by record and then by the rules' order.

        A rule comes once a record, unless exceptions take it out: then once for each set of them that does where the
        log source binds the rule to the record in more ways than one, and it is hidden only if each set hides it.
        """
        if not self._parts:
            return []
        groups: defaultdict[Log, list[int]] = defaultdict(list)
        for index, record in enumerate(records):
            groups[record.log].append(index)
        hits: list[tuple[int, Specialised]] = []
        for log, indexes in groups.items():
            fields = [records[index].fields for index in indexes]
            for at, rule in self._group(log, frozenset(), fields, list(range(len(indexes)))):
                hits.append((indexes[at], rule))
            self._forget()
        found: dict[tuple[int, int], list[Specialised]] = {}
        for index, rule in hits:
            found.setdefault((index, rule.position), []).append(rule)
        matches = [
            match
            for index, position in sorted(found)
            for match in self._matches(records[index], index, found[index, position])
        ]
        self._forget()
        for truth in self._compiled.loaded_truths():
            truth.forget_long()
        return matches

    def _forget(self) -> None:
        if sum(truth.remembered for truth in self._compiled.loaded_truths()) > MOST_REMEMBERED:
            for truth in self._compiled.loaded_truths():
                truth.forget()

    def _matches(self, record: Record, index: int, ways: Sequence[Specialised]) -> list[Match]:
        """The match of one rule on one record; the ways it is bound to it are alternatives."""
        exceptions = self._exceptions.get(self._compiled.rules[ways[0].position].id)
        if not exceptions:
            return [self._explained(record, index, ways[0], ())]
        log = dict(zip(self._log_fields, record.log, strict=True))
        hidden: dict[tuple[str, ...], Specialised] = {}
        for way in ways:
            by = tuple(
                one.info.id
                for one in exceptions
                if one.tree is not None and not self._explainer.holds(one.tree, way.rename, record.fields, log)
            )
            if not by:
                return [self._explained(record, index, way, ())]
            hidden.setdefault(tuple(sorted(by)), way)
        return [self._explained(record, index, way, by) for by, way in sorted(hidden.items(), key=lambda one: one[0])]

    def _explained(self, record: Record, index: int, rule: Specialised, hidden_by: tuple[str, ...]) -> Match:
        compiled = self._compiled.rules[rule.position]
        log = dict(zip(self._log_fields, record.log, strict=True))
        assert compiled.tree is not None  # noqa: S101 - only rules with a tree are planned
        reasons = self._explainer.reasons(compiled.tree, rule.rename, record.fields, log)
        asked = self._counted.get(compiled.id)
        said = None if asked is None else self._explainer.said(asked, rule.rename, record.fields, log)
        return Match(index, compiled.id, tuple((one.field, one.asked, one.value) for one in reasons), hidden_by, said)

    def _plan(self, log: Log, own: frozenset[str]) -> Plan:
        """The plan of a log tuple, with the log fields in `own` read from the records instead."""
        plan = self._plans.get((log, own))
        if plan is None:
            if len(self._plans) >= MOST_PLANS:
                self._plans.clear()
            plan = self._plans[log, own] = self._made(log, own)
        return plan

    def _made(self, log: Log, own: frozenset[str]) -> Plan:
        constants: dict[str, Cell] = {
            name: text or MISSING for name, text in zip(self._log_fields, log, strict=True) if name not in own
        }
        predicates = self._compiled.predicates
        specialiser = Specialiser(predicates, self._compiled.truth, constants)
        plan = Plan(columns=specialiser.columns)
        seen: set[tuple[tuple[tuple[str, str], ...], int]] = set()
        folded = [fold(text) for text in log]
        for gate, alternative, positions in self._parts:
            if not passes(gate, folded):
                continue
            rename = dict(alternative.rename)
            for position in positions:
                tree = self._compiled.rules[position].tree
                if tree is None or (alternative.rename, position) in seen:
                    continue
                seen.add((alternative.rename, position))
                condition = specialiser.condition(tree, rename)
                if condition is not False:
                    plan.rules.append(Specialised(position, rename, None if condition is True else condition))
        choose_triggers(plan, self._shares)
        plan.guards = tuple(sorted(specialiser.consulted))
        plan.keywords = specialiser.keywords()
        return plan

    def _group(
        self, log: Log, own: frozenset[str], fields: Sequence[Mapping[str, Any]], rows: list[int]
    ) -> list[tuple[int, Specialised]]:
        """Hits among `rows` (places in `fields`), which share the log tuple.

        A record whose own data holds a log field's name with another value is asked by a plan that reads it there:
        the log source binds to the log field, the rule's condition to the event data.
        """
        plan = self._plan(log, own)
        if not plan.guards and not plan.rules:
            return []
        hits: list[tuple[int, Specialised]] = []
        here = [fields[row] for row in rows]
        differing = self._differing(plan, log, here)
        if differing:
            apart: defaultdict[frozenset[str], list[int]] = defaultdict(list)
            for at, names in differing.items():
                apart[own | names].append(rows[at])
            rows = [row for at, row in enumerate(rows) if at not in differing]
            here = [fields[row] for row in rows]
            for names, some in apart.items():
                hits += self._group(log, names, fields, some)
        if not plan.is_tuned and len(here) >= TUNING_RECORDS:
            tune(plan, self._shares, here[:: len(here) // TUNING_RECORDS])
        hits += [(rows[at], plan.rules[place]) for at, place in _asked(plan, here)]
        return hits

    def _differing(self, plan: Plan, log: Log, fields: Sequence[Mapping[str, Any]]) -> Mapping[int, frozenset[str]]:
        """Places of records whose own value of a guarded log field is not the log's, with the names."""
        found: defaultdict[int, frozenset[str]] = defaultdict(frozenset)
        values = dict(zip(self._log_fields, log, strict=True))
        for name in plan.guards:
            allowed = {MISSING, values[name] or MISSING}
            cells = cells_of(fields, name)
            if not allowed.issuperset(cells):
                for at, cell in enumerate(cells):
                    if cell not in allowed:
                        found[at] |= {name}
        return found


class Matchers(Mapping[str, Matcher]):
    """The matchers of compiled rules by source, each made when it is first asked for: a run reads few of them."""

    def __init__(self, compiled: CompiledRules) -> None:
        self._compiled = compiled
        self._made: dict[str, Matcher] = {}
        self._sources = dict.fromkeys(one.source for one in compiled.maps)

    def __getitem__(self, source: str) -> Matcher:
        if source not in self._sources:
            raise KeyError(source)
        if source not in self._made:
            self._made[source] = Matcher(self._compiled, source)
        return self._made[source]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)


def _asked(plan: Plan, fields: Sequence[Mapping[str, Any]]) -> list[tuple[int, int]]:
    """(record, rule) places where the rule holds."""
    hits: list[tuple[int, int]] = []
    known: dict[int, Facts] = {}
    keyword_column, keywords = -1, dict[int, Truths]()
    if plan.keywords is not None:
        keyword_column, wanted = plan.keywords
        keywords = plan.columns[keyword_column].truth.of_any_value(fields, wanted)

    def facts_of(at: int) -> Facts:
        facts = known.get(at)
        if facts is None:
            facts = known[at] = Facts(plan.columns, fields[at])
            facts[keyword_column] = keywords.get(at, NOTHING)
        return facts

    called: defaultdict[int, list[int]] = defaultdict(list)
    for number, index in plan.triggers.items():
        name, truth = plan.columns[number]
        if name == KEYWORD:
            for at, truths in keywords.items():
                for one in truths & index.keys():
                    called[at] += index[one]
            continue
        cells = cells_of(fields, name)
        hot: dict[Cell, list[int]] = {}
        for cell in set(cells):
            truths = truth.of(cell)
            if truths:
                places = [place for one in truths if one in index for place in index[one]]
                if places:
                    hot[cell] = places
        if hot:
            for at, cell in enumerate(cells):
                if cell in hot:
                    called[at] += hot[cell]
    for at, places in called.items():
        facts = facts_of(at)
        for place in dict.fromkeys(places):
            condition = plan.rules[place].condition
            if condition is None or condition.holds(facts):
                hits.append((at, place))
    for place, names in plan.unguided:
        condition = plan.rules[place].condition
        if condition is None:
            hits += [(at, place) for at in range(len(fields))]
        elif names is None:
            hits += [(at, place) for at in range(len(fields)) if condition.holds(facts_of(at))]
        else:
            outcome: dict[tuple[Cell, ...], bool] = {}
            for at, key in enumerate(zip(*(cells_of(fields, name) for name in names), strict=True)):
                holds = outcome.get(key)
                if holds is None:
                    holds = outcome[key] = condition.holds(facts_of(at))
                if holds:
                    hits.append((at, place))
    return hits
