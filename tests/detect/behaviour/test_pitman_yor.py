"""The mid-p of known things is what the formula gives, thing by thing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.detect.behaviour.pitman_yor import Known, mid_p, popularity

_THINGS = 6
_USED = st.dictionaries(
    st.tuples(st.integers(0, 3), st.integers(0, _THINGS - 1)), st.sampled_from((0.2, 0.5, 1.0, 2.0, 7.5)), min_size=1
)


def _brute(links: dict[tuple[int, int], float]) -> dict[tuple[int, int], float]:
    users = [sum(thing == d for _, d in links) for thing in range(_THINGS)]
    seen = [k for k in users if k]
    places = len(seen) + 1
    base = {
        d: (max(k - 0.4, 0.0) + (50.0 + 0.4 * len(seen)) / places) / (sum(seen) + 50.0)
        for d, k in enumerate(users)
        if k
    } | {"never seen": (50.0 + 0.4 * len(seen)) / places / (sum(seen) + 50.0)}
    assert sum(base.values()) == pytest.approx(1.0)
    told = {}
    for u, d in links:
        own = {x: count for (v, x), count in links.items() if v == u}
        total = sum(own.values()) + 5.0
        chance = {
            x: (max(own.get(x, 0.0) - 0.3, 0.0) if isinstance(x, int) else 0.0) / total
            + (5.0 + 0.3 * len(own)) / total * p
            for x, p in base.items()
        }
        less = sum(p for p in chance.values() if p < chance[d] * (1 - 1e-9))
        same = sum(p for x, p in chance.items() if p == pytest.approx(chance[d], rel=1e-9) and x in own)
        told[u, d] = less + same / 2
    return told


@given(_USED)
def test_it_is_the_mass_of_what_is_less_probable_and_half_of_what_is_as_probable(
    links: dict[tuple[int, int], float],
) -> None:
    pairs = sorted(links)
    users = np.array([sum(thing == d for _, d in pairs) for thing in range(_THINGS)])
    known = Known(
        account=np.array([u for u, _ in pairs]),
        count=np.array([links[pair] for pair in pairs]),
        users=users[[d for _, d in pairs]],
    )
    assert mid_p(known, users) == pytest.approx([_brute(links)[pair] for pair in pairs], rel=1e-6)


def test_popularity_rises_with_users_and_leaves_something_for_what_nobody_used() -> None:
    table = popularity(np.array([0, 1, 5, 2]))
    assert table[0] > 0
    assert np.all(np.diff(table) >= 0)
