"""The contract of a behaviour model: it scores a day by what it learned before, then learns the day.

One file under `models/` adds one model; it offers `MODEL`. `tests/contracts/test_behaviour_models.py` puts every model
found through the same checks: it never looks ahead, what is not to be learned leaves no trace, equal histories give
equal scores, p-values lie in (0, 1], and each sentence holds only numbers that are named.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from tocsin.detect.behaviour import models
from tocsin.detect.behaviour.history import Flags, Floats, History, Integers
from tocsin.errors import ConfigError
from tocsin.model.behaviour import ModelInfo, Number, Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What a model says of one day, in columns; a row is one thing it tested.

    subject   place of the account or host in `History.names[Model.subject]`
    row       row of the history that is shown for it
    p         mid-p in (0, 1]; NaN where the model is not warm. Of a fact: 0
    tested    how many things of that subject were tested that day, those that did not happen included; at least 1
    numbers   by name a column, of what `Model.explain` says
    level     of facts, the `Level` of each; None where all have that of the model
    """

    subject: Integers
    row: Integers
    p: Floats
    tested: Integers
    numbers: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    level: npt.NDArray[np.object_] | None = None

    def numbers_of(self, place: int) -> dict[str, Number]:
        """The named numbers of one score, as plain values: floats to 6 significant digits."""
        told: dict[str, Number] = {}
        for name, column in self.numbers.items():
            value = column[place].item() if hasattr(column[place], "item") else column[place]
            told[name] = float(f"{value:.6g}") if isinstance(value, float) else value
        return told


NO_SCORES = Scores(
    subject=np.empty(0, dtype=np.int64),
    row=np.empty(0, dtype=np.int64),
    p=np.empty(0),
    tested=np.empty(0, dtype=np.int64),
)


class Memory(Protocol):
    """What a model has learned up to a day. Days come in ascending order; a day without rows does not come."""

    def score(self, day: int, rows: slice) -> Scores:
        """How odd the day's rows are by what was learned before it. Changes nothing."""

    def learn(self, day: int, rows: slice, taken: Flags) -> None:
        """Take in the day; `taken` says by row whether it may be learned from (an open incident's may not)."""


class Model(Protocol):
    """What a file under `models/` offers as `MODEL`.

    relation  the one it reads; `subject` is the key of it that is judged
    begin     an empty memory for this history; it may size its columns by it and must not learn from it
    explain   one sentence of these numbers and nothing else
    """

    @property
    def info(self) -> ModelInfo: ...

    @property
    def relation(self) -> str: ...

    @property
    def subject(self) -> str: ...

    def begin(self, history: History, around: Surroundings) -> Memory: ...

    def explain(self, numbers: Mapping[str, Number]) -> str: ...


@cache
def all_models() -> Mapping[str, Model]:
    """Every model found under `models/`, by name. Raises ConfigError for a module without a `MODEL`."""
    found: dict[str, Model] = {}
    for module in pkgutil.iter_modules(models.__path__):
        model: Model | None = getattr(importlib.import_module(f"{models.__name__}.{module.name}"), "MODEL", None)
        if model is None:
            raise ConfigError(f"the module {module.name} of behaviour models has no MODEL")
        found[model.info.name] = model
    return dict(sorted(found.items()))


def models_on(names: Sequence[str] | None = None) -> Mapping[str, Model]:
    """Those that take part: the named ones, or all that are on."""
    every = all_models()
    return {name: model for name, model in every.items() if (model.info.is_on if names is None else name in names)}
