"""A plan and records of its log in; which of its rules hold on which of them out."""

from __future__ import annotations

from collections import defaultdict

from tocsin.detect.sigma.plan import Plan
from tocsin.detect.sigma.predicate import KEYWORD
from tocsin.detect.sigma.questions import Facts
from tocsin.detect.sigma.truth import NOTHING, Truths
from tocsin.detect.sigma.value import Cells


def hits_in(plan: Plan, cells: Cells) -> list[tuple[int, int]]:
    """(place of the record, place of the rule in the plan) wherever it holds, in no order."""
    hits: list[tuple[int, int]] = []
    known: dict[int, Facts] = {}
    keyword_column, keywords = -1, dict[int, Truths]()
    if plan.keywords is not None:
        keyword_column, wanted = plan.keywords
        keywords = plan.columns[keyword_column].truth.of_any_value(
            [cells.rows.fields(at) for at in range(len(cells))], wanted
        )

    def facts_of(at: int) -> Facts:
        facts = known.get(at)
        if facts is None:
            facts = known[at] = Facts(plan.columns, cells, at)
            facts[keyword_column] = keywords.get(at, NOTHING)
        return facts

    undecided: defaultdict[int, list[int]] = defaultdict(list)
    for number, index in plan.triggers.items():
        if plan.columns[number].name == KEYWORD:
            for at, truths in keywords.items():
                for one in truths & index.keys():
                    undecided[at] += index[one]
        elif number not in plan.keyed:
            _call(plan, number, cells, undecided)
    keys = _keys(plan, cells)
    distinct = set(keys)
    for key in distinct.difference(plan.outcomes):
        plan.learn(key)
    if not distinct.isdisjoint(plan.telling):
        for at, key in enumerate(keys):
            if key in plan.telling:
                outcome = plan.outcomes[key]
                hits += [(at, place) for place in outcome.holding]
                undecided[at] += outcome.undecided
    for at, places in undecided.items():
        facts = facts_of(at) if places else None
        for place in dict.fromkeys(places):
            condition = plan.rules[place].condition
            if condition is None or (facts is not None and condition.holds(facts)):
                hits.append((at, place))
    return hits


def _keys(plan: Plan, cells: Cells) -> list[tuple[Truths, ...]]:
    """Record by record what is true of the keyed columns."""
    if not plan.keyed:
        return [()] * len(cells)
    columns = [plan.columns[number] for number in plan.keyed]
    return list(zip(*[truth.of_all(cells.of(name)) for name, truth in columns], strict=True))


def _call(plan: Plan, number: int, cells: Cells, called: defaultdict[int, list[int]]) -> None:
    """Adds, by record, the rules that its cell in a trigger column calls for."""
    name, truth = plan.columns[number]
    index = plan.triggers[number]
    for at, truths in enumerate(truth.of_all(cells.of(name))):
        if not truths.isdisjoint(index):
            for one in truths & index.keys():
                called[at] += index[one]
