"""Where the things of accesses belong: each distinct thing is looked up once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.detect.behaviour.history import History, Integers
from tocsin.model.behaviour import Placed, Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedRows:
    """Of a history of accesses: `row` has by row the place in `things` (kind, holding, container) and in `places`."""

    row: Integers
    things: tuple[tuple[str, str, str], ...]
    places: tuple[Placed, ...]


def placed_rows(history: History, around: Surroundings) -> PlacedRows:
    """Every row's thing and where it belongs."""
    keys = ("kind", "holding", "container")
    kinds, holdings, containers = (history.names[key] for key in keys)
    kind, holding, container = (history.codes[key] for key in keys)
    code = (kind * (len(holdings) + 1) + holding) * (len(containers) + 1) + container
    _, first, row = np.unique(code, return_index=True, return_inverse=True)
    named = zip(kind[first].tolist(), holding[first].tolist(), container[first].tolist(), strict=True)
    things = tuple((kinds[a], holdings[b], containers[c]) for a, b, c in named)
    return PlacedRows(
        row=row.astype(np.int64),
        things=things,
        places=tuple(around.place(*thing) for thing in things),
    )
