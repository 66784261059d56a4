"""A rule's condition as a tree over numbered predicates, from pySigma's condition objects."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator

import msgspec
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.filters import SigmaFilter
from sigma.rule import SigmaRule

from tocsin.detect.sigma.exceptions import condition_of
from tocsin.detect.sigma.placeholders import Placeholders
from tocsin.detect.sigma.predicate import Predicate, Unsupported, predicates_of


class Operator(enum.StrEnum):
    """How a node joins its children."""

    AND = "and"
    OR = "or"
    NOT = "not"


class Node(msgspec.Struct, frozen=True, array_like=True):
    """An operator over at least one child (exactly one for NOT); a child that is a number is a predicate."""

    operator: Operator
    children: tuple[Node | int, ...]


Tree = Node | int


class PredicateTable:
    """Every distinct predicate of all rules, numbered from 0 in the order met."""

    def __init__(self) -> None:
        self.numbers: dict[Predicate, int] = {}

    def number(self, predicate: Predicate) -> int:
        """The predicate's number, given at the first call."""
        return self.numbers.setdefault(predicate, len(self.numbers))


def tree_of(rule: SigmaRule, placeholders: Placeholders, table: PredicateTable) -> Tree:
    """The rule's conditions, joined by OR where it has several. Raises Unsupported, or pySigma's SigmaError."""
    return joined(
        Operator.OR, (_tree(condition.parsed, placeholders, table) for condition in rule.detection.parsed_condition)
    )


def tree_of_filter(sigma: SigmaFilter, placeholders: Placeholders, table: PredicateTable) -> Tree:
    """What a filter asks beside the rule it is joined to. Raises Unsupported, or pySigma's SigmaError."""
    return _tree(condition_of(sigma), placeholders, table)


def _tree(item: object, placeholders: Placeholders, table: PredicateTable) -> Tree:
    if isinstance(item, ConditionAND | ConditionOR):
        operator = Operator.AND if isinstance(item, ConditionAND) else Operator.OR
        return joined(operator, (_tree(child, placeholders, table) for child in item.args))
    if isinstance(item, ConditionNOT):
        return negated(_tree(item.args[0], placeholders, table))
    if isinstance(item, ConditionFieldEqualsValueExpression | ConditionValueExpression):
        field = item.field if isinstance(item, ConditionFieldEqualsValueExpression) else None
        predicates, is_negated = predicates_of(field, item.value, placeholders)
        tree = joined(Operator.OR, (table.number(predicate) for predicate in predicates))
        return negated(tree) if is_negated else tree
    raise Unsupported("a condition that asks for nothing")


def joined(operator: Operator, children: Iterable[Tree]) -> Tree:
    """The children under one operator; children of the same operator are taken in, duplicates left out."""
    flat: dict[Tree, None] = {}
    for child in children:
        if isinstance(child, Node) and child.operator is operator:
            flat.update(dict.fromkeys(child.children))
        else:
            flat[child] = None
    if not flat:
        raise Unsupported("a condition that asks for nothing")
    return next(iter(flat)) if len(flat) == 1 else Node(operator, tuple(flat))


def negated(tree: Tree) -> Tree:
    """Its negation; two negations are none."""
    if isinstance(tree, Node) and tree.operator is Operator.NOT:
        return tree.children[0]
    return Node(Operator.NOT, (tree,))


def decided_first(tree: Tree, is_early: Callable[[int], bool]) -> Tree:
    """The same tree with the predicates that may decide it early (`is_early`) before the other parts of each node."""
    if isinstance(tree, int):
        return tree
    children = [decided_first(child, is_early) for child in tree.children]
    return Node(
        tree.operator,
        tuple(sorted(children, key=lambda child: not (isinstance(child, int) and is_early(child)))),
    )


def predicates_in(tree: Tree) -> Iterator[int]:
    """Every predicate number of the tree, in rule order, repeated where the rule repeats it."""
    if isinstance(tree, int):
        yield tree
    else:
        for child in tree.children:
            yield from predicates_in(child)
