"""From the alerts of other tools to which networks are of one site: what passes between two networks is seen in both.

Two networks are of one site where one rule fires in both in the same second far more often than it does some minutes
apart, which is what chance does. Where alerts of several institutions stand in one log, only that tells them apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.correlate.weights import Weights, load_weights
from tocsin.model.finding import EntityType, Finding
from tocsin.model.identity import network_of_address
from tocsin.model.instant import NANOSECONDS

_APART = (-3600, -1800, -900, 900, 1800, 3600)  # seconds: what is seen together at these distances is chance

Integers = npt.NDArray[np.int64]


class Places(NamedTuple):
    """Per finding the networks its devices stand in, and their sites; empty where not known."""

    networks: list[frozenset[str]]
    sites: list[frozenset[int]]
    are_several: bool  # sites, that is

    @classmethod
    def of(cls, findings: Sequence[Finding], sites: Mapping[str, int]) -> Places:
        networks = [frozenset(e.id for e in one.entities if e.type is EntityType.NETWORK) for one in findings]
        of_finding = [frozenset(sites[one] for one in each if one in sites) for each in networks]
        return cls(networks, of_finding, len(set(sites.values())) > 1)

    def may_tie(self, type_: EntityType, a: int, b: int) -> bool:
        """Whether sharing something of this type can tie two findings: one host name in two networks is two hosts, and
        a rule that fires on two sites saw two hands. Where there are several a network of which none is known may be
        of any: what fires there too is no tie but within that network."""
        if type_ is EntityType.HOST:
            return not self.networks[a] or not self.networks[b] or not self.networks[a].isdisjoint(self.networks[b])
        if type_ is EntityType.RULE and self.are_several and self.networks[a] and self.networks[b]:
            shared = (self.sites[a] & self.sites[b]) or (self.networks[a] & self.networks[b])
            return bool(shared)
        return True


def sites_of(state: pa.Table) -> dict[str, int]:
    """By network the number of its site, for networks that are seen together with others; by name of the first.

    state   rows of `correlate.findings.SCHEMA`, whatever becomes of them later
    """
    alerts = state.filter(pc.and_(state["told"].is_valid(), pc.and_(state["time"].is_valid(), _named(state))))
    networks, of_row = _networks(alerts)
    if len(networks) < 2:
        return {}
    together, by_chance = _together(alerts, of_row, len(networks))
    weights = load_weights()
    parents = list(range(len(networks)))
    for a, b in zip(*np.nonzero(_are_one(together, by_chance, weights)), strict=True):
        _unite(parents, int(a), int(b))
    roots = [_root(parents, place) for place in range(len(networks))]
    joined = {root for root in roots if roots.count(root) > 1}
    return {network: root for network, root in zip(networks, roots, strict=True) if root in joined}


def _named(state: pa.Table) -> pa.ChunkedArray:
    return state["device.ip"].is_valid()


def _networks(alerts: pa.Table) -> tuple[list[str], Integers]:
    """The networks of the devices, sorted, and the place of each row's; -1 for none."""
    column = alerts["device.ip"].combine_chunks().dictionary_encode()
    of_value = [network_of_address(value) for value in column.dictionary.to_pylist()]
    networks = sorted({network for network in of_value if network is not None})
    places = {network: place for place, network in enumerate(networks)}
    numbers = np.array([*(-1 if network is None else places[network] for network in of_value), -1], dtype=np.int64)
    codes: Integers = numbers[column.indices.to_numpy(zero_copy_only=False).astype(np.int64)]
    return networks, codes


def _together(alerts: pa.Table, networks: Integers, count: int) -> tuple[Integers, npt.NDArray[np.float64]]:
    """By pairs of networks how many (rule, second) both have, and how many would by chance."""
    known = networks >= 0
    rule = alerts["rule"].combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
    second: Integers = alerts["time"].to_numpy() // NANOSECONDS
    second = second - second.min()
    span = int(second.max()) + 2 * max(_APART) + 1
    moments = [
        np.unique(rule[known & (networks == one)] * span + second[known & (networks == one)] + max(_APART))
        for one in range(count)
    ]
    together = np.zeros((count, count), dtype=np.int64)
    by_chance = np.zeros((count, count))
    for a in range(count):
        for b in range(a + 1, count):
            together[a, b] = np.intersect1d(moments[a], moments[b], assume_unique=True).size
            if together[a, b]:
                apart = (np.intersect1d(moments[a], moments[b] + by, assume_unique=True).size for by in _APART)
                by_chance[a, b] = sum(apart) / len(_APART)
    return together, by_chance


def _are_one(together: Integers, by_chance: npt.NDArray[np.float64], weights: Weights) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = (together >= weights.together) & (together > weights.beyond_chance * (by_chance + 1))
    return found


def _root(parents: list[int], place: int) -> int:
    while parents[place] != place:
        place = parents[place]
    return place


def _unite(parents: list[int], a: int, b: int) -> None:
    first, second = sorted((_root(parents, a), _root(parents, b)))
    parents[second] = first
