"""Who is likely to turn to what it never turned to: binary Poisson factorisation of the links there are.

    A_ud = 1 where u turned to d, N_ud ~ Poisson(Σ_k a_uk b_dk), A_ud = 1{N_ud > 0}

Coordinate ascent after Sanna Passino, Turcotte and Heard, Annals of Applied Statistics 16 (2022): zero-truncated
counts m = λ / (1 - e^-λ) are shared out among the factors, and gamma posteriors of a and b follow. An account's prior
is what its peers turn to, worth `_PEER_LINKS` links: a newcomer is its peers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.special import digamma

from tocsin.detect.behaviour.history import Flags, Floats, Integers

_RANK = 12
_SWEEPS = 20
_SHAPE = 0.3
_PEER_LINKS = 2.0
_SEED = 20_010_914


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """Of the accounts and things that had links when it was fitted.

    account_place, thing_place   by code the row in `accounts` and `things`, -1 for those that had none
    accounts, things             expected a and b
    peers                        expected a of a newcomer, by peer group
    """

    account_place: Integers
    thing_place: Integers
    accounts: Floats
    things: Floats
    peers: Floats

    def turns_to(self, account: Integers, group: Integers, is_anew: Flags) -> Floats:
        """The row of each of these accounts (codes, with their groups); that of its peers where it is new or anew."""
        place = np.where(is_anew, -1, self.account_place[account])
        rows: Floats = np.where((place >= 0)[:, None], self.accounts[np.maximum(place, 0)], self.peers[group])
        return rows


def fit(account: Integers, thing: Integers, group: Integers, things: int) -> Factors:
    """Factors of distinct links (`account`, `thing`: codes); `group` by account, `things` how many codes there are.

    The same links give the same factors whatever else has a code.
    """
    own, account_of = np.unique(account, return_inverse=True)
    their, thing_of = np.unique(thing, return_inverse=True)
    links = np.arange(account.size)
    ones = np.ones(account.size)
    by_account = csr_array((ones, (account_of, links)), shape=(own.size, account.size))
    by_thing = csr_array((ones, (thing_of, links)), shape=(their.size, account.size))
    groups, group_of = np.unique(group[own], return_inverse=True)
    by_group = csr_array((np.ones(own.size), (group_of, np.arange(own.size))), shape=(groups.size, own.size))
    rank = int(min(_RANK, own.size, their.size))
    chance = np.random.default_rng(_SEED)
    a, log_a = _gamma(chance.gamma(5.0, 0.2, (own.size, rank)) + _SHAPE, np.full((own.size, 1), 1.0))
    b, log_b = _gamma(chance.gamma(5.0, 0.2, (their.size, rank)) + _SHAPE, np.full((their.size, 1), 1.0))
    shared = np.full((own.size, rank), _PEER_LINKS / rank)
    for _ in range(_SWEEPS):
        counts = by_account @ _shared_out(a, b, log_a, log_b, account_of, thing_of)
        among = by_group @ counts
        shared = _PEER_LINKS * (among / among.sum(axis=1, keepdims=True))[group_of]
        a, log_a = _gamma(_SHAPE + shared + counts, _activity(a) + b.sum(axis=0))
        counts = by_thing @ _shared_out(a, b, log_a, log_b, account_of, thing_of)
        b, log_b = _gamma(_SHAPE + counts, _activity(b) + a.sum(axis=0))
    account_place = np.full(group.size, -1, dtype=np.int64)
    account_place[own] = np.arange(own.size)
    thing_place = np.full(things, -1, dtype=np.int64)
    thing_place[their] = np.arange(their.size)
    peers = np.tile(a.mean(axis=0), (int(group.max(initial=0)) + 1, 1))
    peers[groups] = (by_group @ a) / by_group.sum(axis=1)[:, None]
    return Factors(account_place=account_place, thing_place=thing_place, accounts=a, things=b, peers=peers)


def _shared_out(a: Floats, b: Floats, log_a: Floats, log_b: Floats, account: Integers, thing: Integers) -> Floats:
    """By link and factor the expected count: the truncated count of the link times the factor's share of it."""
    rate = np.maximum(np.einsum("ek,ek->e", a[account], b[thing]), 1e-12)
    share = log_a[account] * log_b[thing]
    counts: Floats = share * (rate / -np.expm1(-rate) / share.sum(axis=1))[:, None]
    return counts


def _gamma(shape: Floats, rate: Floats) -> tuple[Floats, Floats]:
    """Mean of gamma variables, and e to the mean of their logarithm."""
    return shape / rate, np.exp(digamma(shape)) / rate


def _activity(mean: Floats) -> Floats:
    """By row the rate of its gamma prior: one that is in many links is active in all factors."""
    rank = mean.shape[1]
    rate: Floats = ((1.0 + rank * _SHAPE) / (1.0 + mean.sum(axis=1)))[:, None]
    return rate


def popular(account: Integers, thing: Integers, group: Integers, things: int) -> Factors:
    """Instead of factors: every account turns to a thing at the rate at which accounts did."""
    own = np.unique(account)
    their, users = np.unique(thing, return_counts=True)
    account_place = np.full(group.size, -1, dtype=np.int64)
    account_place[own] = np.arange(own.size)
    thing_place = np.full(things, -1, dtype=np.int64)
    thing_place[their] = np.arange(their.size)
    return Factors(
        account_place=account_place,
        thing_place=thing_place,
        accounts=np.ones((own.size, 1)),
        things=users.astype(np.float64)[:, None],
        peers=np.ones((int(group.max(initial=0)) + 1, 1)),
    )
