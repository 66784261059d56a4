"""Records in, matches out: which rules hold on which records of a source, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from tocsin.detect.indicators.matching import IndicatorMatcher
from tocsin.detect.sigma.compiled_rules import CompiledException, CompiledRules
from tocsin.detect.sigma.explain import Explainer
from tocsin.detect.sigma.hits import hits_in
from tocsin.detect.sigma.logsource import Alternative, Gate, LogSource, passes
from tocsin.detect.sigma.plan import Plan, Specialised, Specialiser, choose_triggers, share, tune
from tocsin.detect.sigma.predicate import KEYWORD
from tocsin.detect.sigma.value import MISSING, Cell, Cells, fold
from tocsin.model.correlation import asked_fields
from tocsin.model.record import Record
from tocsin.model.rows import MappedRows, Rows

MOST_REMEMBERED: Final = 48 * 1024 * 1024  # characters of values, before all are forgotten
MOST_PLANS: Final = 4096
TUNING_RECORDS: Final = 256  # a plan that has seen as many is tuned to those at hand, if they are not too few
RECORDS_BETWEEN: Final = 1024  # looks at how much is remembered
FEWEST_TUNING: Final = 32
MOST_OUTCOMES: Final = 100_000  # of all plans, before all are forgotten

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


class Remembered(NamedTuple):
    """How much a matcher keeps: characters of values, values too long to be kept, outcomes of plans, and plans."""

    characters: int
    long_values: int
    outcomes: int
    plans: int


class Matcher:
    """Matches one source's records; plans, databases and truths of values are kept from call to call.

    The answer for a record depends on that record alone: not on its neighbours, the order, or what was matched before.
    """

    def __init__(self, compiled: CompiledRules, source: str) -> None:
        self._compiled = compiled
        self._parts: list[tuple[Gate, Alternative, list[int]]] = []
        self._shares = [share(predicate) for predicate in compiled.predicates]
        self._plans: dict[tuple[Log, frozenset[str]], Plan] = {}
        # Logs that make no difference to the rules share a plan: by the parts that bind them and what is true of them.
        self._shared: dict[tuple[object, ...], Plan] = {}
        self._outcomes = 0  # remembered in the plans
        self._explainer = Explainer(compiled.predicates, compiled.truth)
        self._counted = asked_fields(compiled.correlations)
        bound = [one for one in compiled.maps if one.source == source]
        self._log_fields = bound[0].log_fields if bound else ()
        self._indicators = IndicatorMatcher(compiled.index, bound[0].observables if bound else ())
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

        renamed = {(name, field) for _, one, _ in self._parts for field, name in one.rename}
        self._fields_of_logs = {
            name: sorted({name, *(field for to, field in renamed if to == name)} & compiled.fields)
            for name in self._log_fields
        }

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
        """Whether some rule or indicator may hold on records with this log tuple."""
        plan = self._plan(log, frozenset())
        return bool(plan.guards or plan.rules or self._indicators.asked)

    def asked(self, log: Log) -> frozenset[str]:
        """The fields of records with this log tuple that some rule or indicator asks for; not those that the log tuple
        gives."""
        columns = self._plan(log, frozenset()).columns
        return self._indicators.asked | {column.name for column in columns if column.name != KEYWORD}

    @property
    def remembered(self) -> Remembered:
        """What is kept between calls, for speed alone."""
        truths = self._compiled.loaded_truths()
        return Remembered(
            characters=sum(truth.remembered for truth in truths),
            long_values=sum(truth.remembered_long for truth in truths),
            outcomes=sum(len(plan.outcomes) for plan in {id(plan): plan for plan in self._plans.values()}.values()),
            plans=len(self._plans),
        )

    def match(self, records: Sequence[Record]) -> list[Match]:
        """Every match, ordered by record and then by the rules' order, indicators after them.

        A rule comes once a record, unless exceptions take it out: then once for each set of them that does where the
        log source binds the rule to the record in more ways than one, and it is hidden only if each set hides it.
        """
        if not self._asks:
            return []
        groups: defaultdict[Log, list[int]] = defaultdict(list)
        for place, record in enumerate(records):
            groups[record.log].append(place)
        rows = (MappedRows(log, places, [records[at].fields for at in places]) for log, places in groups.items())
        return self.match_rows(rows)

    def match_rows(self, groups: Iterable[Rows]) -> list[Match]:
        """`match` for records that come by columns; `Match.index` is the place of the record."""
        if not self._asks:
            return []
        every = list(groups)
        matches = self._told(every, lambda rows, at: rows.fields(at))
        found = [Match(*one) for one in self._indicators.match_rows(every)]
        return sorted((*matches, *found), key=lambda match: match.index) if found else matches

    @property
    def _asks(self) -> bool:
        return bool(self._parts or self._indicators.asked)

    def wanted(self, log: Log) -> frozenset[str] | None:
        """The fields that rules and indicators ask of records of a log; None where they ask all, for a keyword."""
        plan = self._plan(log, frozenset())
        return None if plan.keywords is not None else plan.asked | self._indicators.asked

    def places(self, groups: Iterable[Rows]) -> list[tuple[int, str]]:
        """(place, rule id) of every match, ordered as `match` has them, without why; exceptions are not asked."""
        found = {(rows.places[at], rule.position) for rows, at, rule in self._hits(groups)}
        self._forget_long()
        return [(place, self._compiled.rules[position].id) for place, position in sorted(found)]

    def _told(self, groups: Iterable[Rows], fields_of: Callable[[Rows, int], Mapping[str, Any]]) -> list[Match]:
        found: dict[tuple[int, int], list[Specialised]] = {}
        where: dict[int, tuple[Rows, int]] = {}
        for rows, at, rule in self._hits(groups):
            place = rows.places[at]
            where[place] = rows, at
            found.setdefault((place, rule.position), []).append(rule)
        matches: list[Match] = []
        for place, position in sorted(found):
            rows, at = where[place]
            matches += self._matches(fields_of(rows, at), rows.log, place, found[place, position])
        self._forget()
        self._forget_long()
        return matches

    def _hits(self, groups: Iterable[Rows]) -> Iterator[tuple[Rows, int, Specialised]]:
        """(rows, place in them, rule) wherever a rule holds, in no order."""
        asked = 0
        for rows in groups if self._parts else ():
            for at, rule in self._group(rows.log, frozenset(), rows):
                yield rows, at, rule
            asked += len(rows.places)
            if asked >= RECORDS_BETWEEN:
                asked = 0
                self._forget()
        self._forget()

    def _forget_long(self) -> None:
        for truth in self._compiled.loaded_truths():
            truth.forget_long()

    def _forget(self) -> None:
        if self._outcomes > MOST_OUTCOMES:
            self._outcomes = 0
            for plan in self._plans.values():
                plan.forget()
        if sum(truth.remembered for truth in self._compiled.loaded_truths()) > MOST_REMEMBERED:
            for truth in self._compiled.loaded_truths():
                truth.forget()

    def _matches(self, fields: Mapping[str, Any], values: Log, index: int, ways: Sequence[Specialised]) -> list[Match]:
        """The match of one rule on one record; the ways it is bound to it are alternatives."""
        exceptions = self._exceptions.get(self._compiled.rules[ways[0].position].id)
        log = dict(zip(self._log_fields, values, strict=True))
        if not exceptions:
            return [self._explained(fields, log, index, ways[0], ())]
        hidden: dict[tuple[str, ...], Specialised] = {}
        for way in ways:
            by = tuple(
                one.info.id
                for one in exceptions
                if one.tree is not None and not self._explainer.holds(one.tree, way.rename, fields, log)
            )
            if not by:
                return [self._explained(fields, log, index, way, ())]
            hidden.setdefault(tuple(sorted(by)), way)
        return [
            self._explained(fields, log, index, way, by) for by, way in sorted(hidden.items(), key=lambda one: one[0])
        ]

    def _explained(
        self,
        fields: Mapping[str, Any],
        log: Mapping[str, str],
        index: int,
        rule: Specialised,
        hidden_by: tuple[str, ...],
    ) -> Match:
        compiled = self._compiled.rules[rule.position]
        assert compiled.tree is not None  # noqa: S101 - only rules with a tree are planned
        reasons = self._explainer.reasons(compiled.tree, rule.rename, fields, log)
        asked = self._counted.get(compiled.id)
        said = None if asked is None else self._explainer.said(asked, rule.rename, fields, log)
        return Match(index, compiled.id, tuple((one.field, one.asked, one.value) for one in reasons), hidden_by, said)

    def _plan(self, log: Log, own: frozenset[str]) -> Plan:
        """The plan of a log tuple, with the log fields in `own` read from the records instead."""
        plan = self._plans.get((log, own))
        if plan is None:
            if len(self._plans) >= MOST_PLANS:
                self._plans.clear()
                self._shared.clear()
            plan = self._plans[log, own] = self._shared_plan(log, own)
        return plan

    def _shared_plan(self, log: Log, own: frozenset[str]) -> Plan:
        constants: dict[str, Cell] = {
            name: text or MISSING for name, text in zip(self._log_fields, log, strict=True) if name not in own
        }
        folded = [fold(text) for text in log]
        bound = [place for place, (gate, _, _) in enumerate(self._parts) if passes(gate, folded)]
        true = [
            (name, field, self._compiled.truth(field).of(cell))
            for name, cell in constants.items()
            for field in self._fields_of_logs[name]
        ]
        key = (*bound, None, *true)
        plan = self._shared.get(key)
        if plan is None:
            plan, is_of_others = self._made(constants, [self._parts[place] for place in bound])
            if is_of_others:
                self._shared[key] = plan
        return plan

    def _made(
        self, constants: Mapping[str, Cell], parts: Iterable[tuple[Gate, Alternative, list[int]]]
    ) -> tuple[Plan, bool]:
        """A plan, and whether it is also that of other logs of which the same is true."""
        predicates = self._compiled.predicates
        specialiser = Specialiser(predicates, self._compiled.truth, constants)
        plan = Plan(columns=specialiser.columns)
        seen: set[tuple[tuple[tuple[str, str], ...], int]] = set()
        for _, alternative, positions in parts:
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
        plan.asked = plan.fields() | specialiser.consulted
        return plan, not specialiser.is_by_value

    def _group(self, log: Log, own: frozenset[str], rows: Rows) -> list[tuple[int, Specialised]]:
        """Hits among rows.

        A record whose own data holds a log field's name with another value is asked by a plan that reads it there:
        the log source binds to the log field, the rule's condition to the event data.
        """
        plan = self._plan(log, own)
        if not plan.guards and not plan.rules:
            return []
        hits: list[tuple[int, Specialised]] = []
        cells = Cells(rows)
        here = list(range(len(cells)))
        differing = self._differing(plan, log, cells)
        if differing:
            apart: defaultdict[frozenset[str], list[int]] = defaultdict(list)
            for at, names in differing.items():
                apart[own | names].append(at)
            for names, some in apart.items():
                hits += [(some[at], rule) for at, rule in self._group(log, names, _part(rows, some))]
            here = [at for at in here if at not in differing]
            cells = Cells(_part(rows, here))
        plan.seen += len(here)
        if not plan.is_tuned and plan.seen >= TUNING_RECORDS and len(here) >= FEWEST_TUNING:
            tune(plan, self._shares, cells, max(len(here) // TUNING_RECORDS, 1))
        before = len(plan.outcomes)
        hits += [(here[at], plan.rules[place]) for at, place in hits_in(plan, cells)]
        self._outcomes += len(plan.outcomes) - before
        return hits

    def _differing(self, plan: Plan, log: Log, cells: Cells) -> Mapping[int, frozenset[str]]:
        """Places of records whose own value of a guarded log field is not the log's, with the names."""
        found: defaultdict[int, frozenset[str]] = defaultdict(frozenset)
        values = dict(zip(self._log_fields, log, strict=True))
        for name in plan.guards:
            allowed = {MISSING, values[name] or MISSING}
            held = cells.of(name)
            if not allowed.issuperset(held):
                for at, cell in enumerate(held):
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


def _part(rows: Rows, some: Sequence[int]) -> MappedRows:
    return MappedRows(rows.log, [rows.places[at] for at in some], [rows.fields(at) for at in some])
