"""Where the things of accesses belong: each distinct thing is looked up once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tocsin.detect.behaviour.history import History, Integers, PlacedRows
from tocsin.model.behaviour import Surroundings


def placed_rows(history: History, around: Surroundings) -> PlacedRows:
    """Every row's thing and where it belongs; models that ask it of one history are given the same."""
    for asked, placed in history.placed:
        if asked is around:
            return placed
    history.placed.append((around, _placed_rows(history, around)))
    return history.placed[-1][1]


def _placed_rows(history: History, around: Surroundings) -> PlacedRows:
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


def classes_of(placed: PlacedRows) -> tuple[npt.NDArray[np.object_], Integers]:
    """The classes of holdings, sorted, and by row which: the declared sensitivity, else the kind of holding."""
    told = [place.sensitivity or kind for place, (kind, _, _) in zip(placed.places, placed.things, strict=True)]
    names, code = np.unique(np.array(told, dtype=object), return_inverse=True)
    return names, code[placed.row].astype(np.int64) if code.size else np.empty(0, dtype=np.int64)


def matters_of(placed: PlacedRows) -> tuple[tuple[str, ...], Integers]:
    """The matters, sorted, and by row which: the declared one, else the mailbox or site it lies in; -1 for none."""
    told = np.array(
        [place.matter or container for place, (_, _, container) in zip(placed.places, placed.things, strict=True)],
        dtype=object,
    )
    names, code = np.unique(told, return_inverse=True) if told.size else (told, np.empty(0, dtype=np.int64))
    texts = tuple(names.tolist())
    code = np.where(code == texts.index(""), -1, code) if "" in texts else code
    return texts, code[placed.row].astype(np.int64)


def holdings_of(history: History) -> Integers:
    """By row of a history of accesses a number for the holding in its container."""
    width = len(history.names["container"]) + 1
    number: Integers = np.unique(history.codes["holding"] * width + history.codes["container"], return_inverse=True)[1]
    return number
