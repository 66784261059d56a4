"""Several models' p-values as one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

from tocsin.detect.behaviour.combination import Combination

_p = st.floats(1e-9, 1.0)


def test_models_that_say_the_same_are_not_counted_twice() -> None:
    """Of channels that go together the combined p-value is still at most x no more often than x."""
    chance = np.random.default_rng(1)

    def drawn(count: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        common = chance.standard_normal((count, 1))
        channels = np.asarray(ndtr(0.8 * common + 0.6 * chance.standard_normal((count, 4))))
        channels[chance.random(channels.shape) < 0.3] = np.nan
        return channels

    combination = Combination(4)
    for day in range(30):
        combination.learn(day, drawn(400))
    p = combination.p_values(drawn(200_000))
    known = p[~np.isnan(p)]
    for at in (1e-1, 1e-2, 1e-3):
        assert (known <= at).mean() <= 1.3 * at


@given(st.lists(_p, min_size=1, max_size=6))
def test_one_channel_alone_is_believed_as_it_is_and_silence_adds_nothing(channels: list[float]) -> None:
    alone = np.full((len(channels), 3), np.nan)
    alone[:, 1] = channels
    assert np.allclose(Combination(3).p_values(alone), channels, rtol=1e-6, atol=1e-9)
    assert np.isnan(Combination(3).p_values(np.full((2, 3), np.nan))).all()


@given(_p, _p, _p)
def test_an_odder_channel_never_makes_the_day_more_usual(a: float, b: float, c: float) -> None:
    low, high = sorted((a, b))
    first, second = Combination(2).p_values(np.array([[low, c], [high, c]]))
    assert first <= second * (1 + 1e-9)
