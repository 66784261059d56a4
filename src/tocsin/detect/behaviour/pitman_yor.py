"""How probable each known thing of an account is among all it might turn to: a Pitman-Yor process over popularity.

    P(d|u) = ((n_ud - δ)+ + (α + δ K_u) P0(d)) / (n_u + α)           δ = 0.3, α = 5
    P0(d)  = ((k_d - δ0)+ + (α0 + δ0 H) / (H + 1)) / (k. + α0)       δ0 = 0.4, α0 = 50

n_ud is the decayed number of days on which u turned to d, K_u of how many things, k_d how many accounts ever did, H how
many things anybody did; one place more stands for whatever nobody did yet. After Sanna Passino and Heard, Foundations
of Data Science 1 (2019); the mid-p of a thing is the mass of what is less probable for u, with half of what is as
probable.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.detect.behaviour.history import Floats, Integers

_DISCOUNT, _STRENGTH = 0.3, 5.0
_BASE_DISCOUNT, _BASE_STRENGTH = 0.4, 50.0
_SAME = 1e-9  # relative: two probabilities nearer than this are one


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What accounts turned to before, an entry a pair of account and thing, those of an account beside each other.

    account   of each entry, ascending
    count     n_ud, above 0
    users     k_d of its thing
    """

    account: Integers
    count: Floats
    users: Integers


def popularity(users: Integers) -> Floats:
    """P0 of a thing by how many accounts ever turned to it, for 0 to the largest number of `users` (by thing)."""
    taken = users[users > 0]
    every = float(taken.sum())
    new = (_BASE_STRENGTH + _BASE_DISCOUNT * taken.size) / (taken.size + 1.0)
    k = np.arange(int(users.max(initial=0)) + 1, dtype=np.float64)
    table: Floats = (np.maximum(k - _BASE_DISCOUNT, 0.0) + new) / (every + _BASE_STRENGTH)
    return table


def mid_p(known: Known, users: Integers) -> Floats:
    """Of each entry; `users` is k_d of all things, by thing.

    Work is that of sorting the entries and the things by their number of users.
    """
    if not known.account.size:
        return np.empty(0)
    base = popularity(users)
    _, first, account = np.unique(known.account, return_index=True, return_inverse=True)
    things = np.bincount(account).astype(np.float64)
    total = np.add.reduceat(known.count, first)
    fresh = (_STRENGTH + _DISCOUNT * things) / (total + _STRENGTH)  # weight of P0, by account
    kept = np.maximum(known.count - _DISCOUNT, 0.0) / (total + _STRENGTH)[account]
    p = kept + fresh[account] * base[known.users]
    reached = _reached(account, first, p)
    # A thing that u never turned to is less probable where its popularity is below this.
    below = np.searchsorted(base, p / fresh[account] * (1.0 - _SAME))
    mass = np.bincount(users, minlength=base.size) * base
    mass[0] = base[0]
    of_all = np.concatenate(([0.0], np.cumsum(mass)))[below]
    of_own = _below(account, first, known.users, base[known.users], below)
    result: Floats = np.clip(reached + fresh[account] * np.maximum(of_all - of_own, 0.0), 1e-12, 1.0)
    return result


def _reached(account: Integers, first: Integers, p: Floats) -> Floats:
    """By entry the mass of its account's entries that are less probable, and half of those that are as probable."""
    order = np.lexsort((p, account))
    sorted_p, sorted_account = p[order], account[order]
    before = np.cumsum(sorted_p) - sorted_p
    start = np.repeat(before[first], np.diff(np.append(first, p.size)))
    before -= start
    is_new = np.ones(p.size, dtype=np.bool_)
    is_new[1:] = (sorted_account[1:] != sorted_account[:-1]) | (sorted_p[1:] > sorted_p[:-1] * (1.0 + _SAME))
    tie = np.cumsum(is_new) - 1
    of_tie = np.bincount(tie, weights=sorted_p)
    reached = np.empty(p.size)
    reached[order] = before[is_new][tie] + of_tie[tie] / 2.0
    return reached


def _below(account: Integers, first: Integers, users: Integers, weight: Floats, limit: Integers) -> Floats:
    """By entry the weight of its account's entries with fewer than `limit` users."""
    width = int(max(users.max(), limit.max())) + 1
    place = account * width + users
    order = np.argsort(place, kind="stable")
    running = np.concatenate(([0.0], np.cumsum(weight[order])))
    until = np.searchsorted(place[order], account * width + limit)
    found: Floats = running[until] - running[first][account]
    return found
