"""Factors find who turns to what, and are the same whatever else there is a number for."""

from __future__ import annotations

import numpy as np

from tocsin.detect.behaviour.factors import fit


def _blocks(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Links of 60 accounts of three sorts with 45 things of three sorts."""
    chance = np.random.default_rng(seed)
    is_link = chance.random((60, 45)) < np.where(np.arange(60)[:, None] % 3 == np.arange(45) % 3, 0.4, 0.01)
    account, thing = np.nonzero(is_link)
    return account, thing


def test_what_its_like_turn_to_is_likelier_for_an_account_than_what_others_do() -> None:
    account, thing = _blocks(1)
    fitted = fit(account, thing, np.zeros(60, dtype=np.int64), 45)
    own = fitted.turns_to(np.arange(60), np.zeros(60, dtype=np.int64), np.zeros(60, dtype=bool))
    rates = own @ fitted.things[fitted.thing_place].T
    is_linked = np.zeros((60, 45), dtype=bool)
    is_linked[account, thing] = True
    is_same = np.arange(60)[:, None] % 3 == np.arange(45) % 3
    assert np.median(rates[is_same & ~is_linked]) > 2.5 * np.median(rates[~is_same & ~is_linked])


def test_a_newcomer_is_its_peers() -> None:
    account, thing = _blocks(2)
    group = np.append(np.arange(60) % 3, 1)
    fitted = fit(account, thing, group, 45)
    rates = fitted.turns_to(np.array([60]), np.array([1]), np.array([False]))[0] @ fitted.things[fitted.thing_place].T
    assert rates[np.arange(45) % 3 == 1].mean() > 5 * rates[np.arange(45) % 3 != 1].mean()


def test_numbers_that_no_link_has_change_nothing() -> None:
    account, thing = _blocks(3)
    plain = fit(account, thing, np.zeros(60, dtype=np.int64), 45)
    spread = fit(account * 2 + 1, thing * 3, np.zeros(130, dtype=np.int64), 140)
    assert np.array_equal(plain.accounts, spread.accounts)
    assert np.array_equal(plain.things, spread.things)
    assert np.array_equal(spread.thing_place[thing * 3], plain.thing_place[thing])
