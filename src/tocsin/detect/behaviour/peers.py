"""Whom an account is compared with where it has too little of its own."""

from __future__ import annotations

import numpy as np

from tocsin.detect.behaviour.history import Integers
from tocsin.model.behaviour import Surroundings


def groups_of(accounts: tuple[str, ...], around: Surroundings) -> Integers:
    """By account the number of its peer group: those of one unit and role, and of one sort."""
    told = [
        f"{around.unit.get(name, '')}\n{around.role.get(name, '')}\n{around.kind_of(name).value}" for name in accounts
    ]
    _, group = np.unique(np.array(told, dtype=object), return_inverse=True)
    return group.astype(np.int64)
