"""Why a rule holds: the fields that made it true, what was asked of each, and the value that answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from tocsin.detect.sigma.condition import Operator, Tree
from tocsin.detect.sigma.predicate import KEYWORD, Kind, Predicate, in_words
from tocsin.detect.sigma.questions import refers
from tocsin.detect.sigma.truth import FieldTruth, Truths
from tocsin.detect.sigma.value import MISSING, Cell, canonical, fold, texts
from tocsin.model.clipping import part_of, to_be_cut

LONGEST_SHOWN: Final = 300  # characters
_BEFORE: Final = 100  # characters shown before what was found in a longer value


class Reason(NamedTuple):
    """One field's part in a match: its name in the record, what was asked in words, the value (cut)."""

    field: str
    asked: str
    value: str


class Explainer:
    """Explains matches of trees over these predicates."""

    def __init__(self, predicates: tuple[Predicate, ...], truth: Callable[[str], FieldTruth]) -> None:
        self._predicates = predicates
        self._truth = truth
        self._words: dict[int, str] = {}  # what predicates ask

    def reasons(
        self, tree: Tree, rename: Mapping[str, str], fields: Mapping[str, Any], log: Mapping[str, str]
    ) -> tuple[Reason, ...]:
        """The true parts of a tree that holds: every part of an AND, of an OR the first that asks for something.

        Of a NOT only what has to be there for it. On a record with the fields named here alone the tree holds as well,
        so it holds without any where nothing is named.
        """
        view = self._view(rename, fields, log)
        found = dict.fromkeys(self._reasons(tree, view) or ())
        while True:
            named = {reason.field for reason in found}
            alone = self._view(rename, {name: value for name, value in fields.items() if name in named}, log)
            more = [one for one in self._lacking(tree, True, view, alone) if one not in found]
            if not more:
                return tuple(found)
            found.update(dict.fromkeys(more))

    def holds(self, tree: Tree, rename: Mapping[str, str], fields: Mapping[str, Any], log: Mapping[str, str]) -> bool:
        """Whether the tree holds on the record."""
        return self._reasons(tree, self._view(rename, fields, log)) is not None

    def said(
        self, names: Sequence[str], rename: Mapping[str, str], fields: Mapping[str, Any], log: Mapping[str, str]
    ) -> tuple[str | None, ...]:
        """What the record says in these rule fields, None where nothing; the elements of a list with commas between."""
        view = self._view(rename, fields, log)
        return tuple(", ".join(texts(view.cell(name)[1])) or None for name in names)

    def _view(self, rename: Mapping[str, str], fields: Mapping[str, Any], log: Mapping[str, str]) -> _View:
        return _View(rename, fields, log, self._truth)

    def _reasons(self, tree: Tree, view: _View) -> list[Reason] | None:
        """None where the tree does not hold."""
        if isinstance(tree, int):
            return self._reason(self._predicates[tree], tree, view)
        if tree.operator is Operator.NOT:
            return [] if self._reasons(tree.children[0], view) is None else None
        if tree.operator is Operator.OR:
            silent: list[Reason] | None = None
            for child in tree.children:
                reasons = self._reasons(child, view)
                if reasons:
                    return reasons
                silent = silent if reasons is None else reasons
            return silent
        found: list[Reason] = []
        for child in tree.children:
            reasons = self._reasons(child, view)
            if reasons is None:
                return None
            found += reasons
        return found

    def _lacking(self, tree: Tree, outcome: bool, view: _View, alone: _View) -> list[Reason]:
        """What `alone`, a part of the record, needs of it so that the tree comes out there as on the whole of it."""
        if (self._reasons(tree, alone) is not None) is outcome:
            return []
        if isinstance(tree, int):
            predicate = self._predicates[tree]
            return self._reason(predicate, tree, view) or [] if outcome else [_refuted(predicate, view)]
        if tree.operator is Operator.NOT:
            return self._lacking(tree.children[0], not outcome, view, alone)
        if (tree.operator is Operator.AND) is outcome:
            return [one for child in tree.children for one in self._lacking(child, outcome, view, alone)]
        telling = next(child for child in tree.children if (self._reasons(child, view) is not None) is outcome)
        return self._lacking(telling, outcome, view, alone)

    def _reason(self, predicate: Predicate, number: int, view: _View) -> list[Reason] | None:
        if predicate.kind is Kind.REFERENCE:
            name, cell = view.cell(predicate.text)
            own_name, own = view.cell(predicate.field)
            if not refers(own, predicate.flags, cell):
                return None
            own_text, text = (_cut(" ".join(texts(one)), predicate) for one in (own, cell))
            asking = Reason(own_name, f"{in_words(predicate)[: -len(predicate.text)]}{name}", own_text)
            return [asking, Reason(name, f"is what {own_name} is compared with", text)]
        truth = self._truth(predicate.field)
        if predicate.field != KEYWORD:
            if number not in view.truths(predicate.field):
                return None
            held = [view.cell(predicate.field)]
        else:
            held = [(name, cell) for name, cell in view.texts() if number in truth.of(cell)]
        for name, cell in held:
            answering = next((text for text in texts(cell) if number in truth.of(text)), "")
            asked = self._words.get(number)
            if asked is None:
                asked = self._words[number] = in_words(predicate)
            return [Reason(name, asked, _cut(answering, predicate))]
        return None


def _refuted(predicate: Predicate, view: _View) -> Reason:
    """Why it is not so: the field as the record has it."""
    name, cell = view.cell(predicate.field)
    asked = "is not null" if predicate.kind is Kind.NULL else f"not: {in_words(predicate)}"
    return Reason(name, asked, _cut(" ".join(texts(cell)), predicate))


class _View:
    """A record as a rule sees it; what is true of a field is looked up once."""

    __slots__ = ("_fields", "_known", "_log", "_rename", "_truth")

    def __init__(
        self,
        rename: Mapping[str, str],
        fields: Mapping[str, Any],
        log: Mapping[str, str],
        truth: Callable[[str], FieldTruth],
    ) -> None:
        self._rename = rename
        self._fields = fields
        self._log = log
        self._truth = truth
        self._known: dict[str, Truths] = {}

    def cell(self, field: str) -> tuple[str, Cell]:
        """The record field a rule field means, and its cell."""
        name = self._rename.get(field, field)
        return name, canonical(self._fields.get(name, self._log.get(name) or MISSING))

    def truths(self, field: str) -> Truths:
        """What is true of the cell of a rule field that is no keyword."""
        known = self._known.get(field)
        if known is None:
            known = self._known[field] = self._truth(field).of(self.cell(field)[1])
        return known

    def texts(self) -> Iterator[tuple[str, Cell]]:
        """Every field of the record, for a keyword."""
        yield from ((name, tuple(texts(canonical(value)))) for name, value in self._fields.items())


def _cut(text: str, predicate: Predicate) -> str:
    """The value, or the part of a long one around the literal that was asked for: cut behind the door."""
    if len(text) <= LONGEST_SHOWN:
        return text
    literal = max((part for part in predicate.parts if isinstance(part, str)), key=len, default="")
    start = max(fold(text).find(fold(literal)) - _BEFORE, 0) if literal else 0
    start = min(start, len(text) - LONGEST_SHOWN + 1)
    if start <= 0:
        return to_be_cut(text, LONGEST_SHOWN - 1, "…")
    return part_of(text, start, start + LONGEST_SHOWN - 2)
