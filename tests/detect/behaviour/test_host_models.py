"""What the models of hosts notice, and what they leave alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tests.detect.behaviour.invented import history, least, run

_HOSTS = 60


def _browsing(chance: np.random.Generator, days: int) -> Iterator[dict[str, Any]]:
    """Hosts that go where all go, now and then, and sometimes where nobody else does."""
    for day in range(days):
        for host in range(_HOSTS):
            for place in chance.choice(12, 4, replace=False).tolist():
                yield _row(day, host, f"site-{place}.example", np.unique(chance.integers(30_000, 60_000, 25)))
            if chance.random() < 0.3:
                lone = f"lone-{chance.integers(10_000)}.example"
                yield _row(day, host, lone, np.unique(chance.integers(30_000, 60_000, 20)))


def _row(day: int, host: int, destination: str, seconds: np.ndarray, out: int = 200_000) -> dict[str, Any]:
    told = {"day": day, "host": f"host-{host}", "destination": destination, "log": "conn", "out": out}
    return {**told, "seconds": seconds.tolist(), "count": len(seconds)}


def _beats(chance: np.random.Generator, period: float, jitter: float) -> np.ndarray:
    at = np.cumsum(period * chance.uniform(1 - jitter, 1 + jitter, int(86_400 / period)))
    return at[at < 86_400].astype(np.int64)


@pytest.mark.parametrize(("period", "jitter"), [(600, 0.0), (600, 0.3), (1_800, 0.2), (600, 0.5)])
def test_a_new_beacon_is_the_oddest_of_its_day(period: float, jitter: float) -> None:
    chance = np.random.default_rng(7)
    beacon = _row(9, 5, "c2.example", _beats(chance, period, jitter)[:288])
    told = history("connections", [*_browsing(chance, 10), beacon])
    found = least("beaconing", told, dict(run("beaconing", told))[9])
    others = [p for name, p in found.items() if name != "host-5"]
    assert found["host-5"] < 1e-3 * min(others)
    assert np.mean(np.array(others) < 0.05) <= 0.05


def test_what_many_hosts_call_regularly_or_one_has_called_for_weeks_is_no_beacon() -> None:
    chance = np.random.default_rng(8)
    rows = list(_browsing(chance, 20))
    rows += [_row(day, host, "update.example", _beats(chance, 600, 0.0)) for day in range(20) for host in range(_HOSTS)]
    rows += [_row(day, 5, "monitor.example", _beats(chance, 600, 0.0)) for day in range(20)]
    told = history("connections", rows)
    scores = dict(run("beaconing", told))
    assert least("beaconing", told, scores[5])["host-5"] < 1e-6
    last = least("beaconing", told, scores[19])
    assert last["host-5"] > 0.01
    assert np.mean(np.array(list(last.values())) < 0.01) <= 0.02


def _sending(chance: np.random.Generator, days: int) -> Iterator[dict[str, Any]]:
    usual = np.exp(chance.normal(15, 1, _HOSTS))  # some 3 MB a day
    for day in range(days):
        for host in range(_HOSTS):
            out = int(usual[host] * np.exp(chance.normal(0, 0.4)))
            yield _row(day, host, "site-1.example", np.array([40_000]), out)


def test_a_gigabyte_at_once_is_the_oddest_of_its_day() -> None:
    chance = np.random.default_rng(3)
    told = history("connections", [*_sending(chance, 20), _row(19, 5, "drop.example", np.array([9]), 10**9)])
    found = least("outbound", told, dict(run("outbound", told))[19])
    assert found.pop("host-5") < 1e-3 * min(found.values())


def test_a_slow_drip_is_found_within_ten_days() -> None:
    """A gigabyte in 30 days, from a host that sends 3 MB a day."""
    chance = np.random.default_rng(4)
    rows = list(_sending(chance, 40))
    rows += [_row(day, 5, "drop.example", np.array([9]), 33_000_000) for day in range(20, 40)]
    told = history("connections", rows)
    by_day = {day: least("outbound", told, scores) for day, scores in run("outbound", told)}
    first = [day for day in range(20, 40) if by_day[day]["host-5"] <= sorted(by_day[day].values())[0]]
    assert first
    assert first[0] - 20 <= 10


def test_a_day_far_beyond_teaches_no_more_than_three_scales() -> None:
    """The second gigabyte is nearly as odd as the first."""
    chance = np.random.default_rng(5)
    rows = [*_sending(chance, 20), _row(18, 5, "drop.example", np.array([9]), 10**9)]
    once = history("connections", [*rows, _row(19, 5, "drop.example", np.array([9]), 10**9)])
    again = least("outbound", once, dict(run("outbound", once))[19])["host-5"]
    assert again < 0.01


def test_a_host_is_told_what_two_logs_say_of_the_same_bytes_once() -> None:
    rows = [_row(day, host, "a.example", np.array([9]), 5_000) for day in range(7) for host in range(4)]
    twice = [*rows, *({**row, "log": "http"} for row in rows)]
    alone, both = (history("connections", one) for one in (rows, twice))
    for (_, one), (_, other) in zip(run("outbound", alone), run("outbound", both), strict=True):
        assert one.p.tolist() == other.p.tolist()


def _starts(chance: np.random.Generator, days: int, hosts: range = range(_HOSTS)) -> Iterator[dict[str, Any]]:
    usual = [
        ("explorer", "winword"),
        ("explorer", "chrome"),
        ("services", "svchost"),
        ("explorer", "cmd"),
        ("cmd", "net"),
    ]
    for day in range(days):
        for host in hosts:
            for parent, child in (usual[place] for place in chance.choice(5, 4, replace=False)):
                form = "-W" if chance.random() < 0.9 else "-WP"
                yield {"day": day, "host": f"host-{host}", "parent": parent, "child": child, "template": form}


def test_a_program_under_a_parent_that_never_starts_it_is_the_oddest_of_its_day() -> None:
    chance = np.random.default_rng(6)
    odd = {"day": 9, "host": "host-5", "parent": "winword", "child": "cmd", "template": "-W"}
    told = history("processes", [*_starts(chance, 10), {**odd, "parent": "explorer"}, odd])  # started the usual way too
    found = least("process_rarity", told, dict(run("process_rarity", told))[9])
    assert found.pop("host-5") < 0.2 * min(found.values())


def test_a_new_host_that_does_as_the_others_is_hardly_odder_than_they_are() -> None:
    chance = np.random.default_rng(9)
    rows = [*_starts(chance, 10), *({**row, "day": 9} for row in _starts(chance, 1, range(100, 130)))]
    told = history("processes", rows)
    found = least("process_rarity", told, dict(run("process_rarity", told))[9])
    settled = [p for name, p in found.items() if int(name[5:]) < _HOSTS]
    new = [p for name, p in found.items() if int(name[5:]) >= 100]
    threshold = np.quantile(settled, 0.1)
    assert np.mean(np.array(new) <= threshold) <= 2 * 0.1 + 0.1
