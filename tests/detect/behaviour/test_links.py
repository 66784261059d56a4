"""Links: what is planted stands out, what is taught stays within bounds, newcomers cry no louder than the settled."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import nbinom
from tests.detect.behaviour.days import FIRST_DAY, history, run

from tocsin.detect.behaviour.links import Links, at_least
from tocsin.detect.behaviour.model import all_models
from tocsin.model.behaviour import Surroundings

_DAYS = 40


def _rows(seed: int, joining: int = 0) -> list[dict[str, object]]:
    """Thirty accounts of three sorts with hosts of their sort, five of their own and now and then another of the sort.

    `joining` accounts more come on day 25.
    """
    chance = np.random.default_rng(seed)
    own = [chance.choice(12, 5, replace=False) for _ in range(30 + joining)]
    rows: list[dict[str, object]] = []
    for day in range(_DAYS):
        for account in range(30 if day < 25 else 30 + joining):
            hosts = {int(each) for each in chance.choice(own[account], 3)}
            if chance.random() < 0.08:
                hosts.add(int(chance.integers(12)))
            rows += [
                {"day": day, "account": f"person-{account:02d}", "host": f"host-{account % 3}-{host}"}
                for host in sorted(hosts)
            ]
    return rows


def test_a_host_of_others_is_odder_than_all_that_happens_by_itself() -> None:
    planted = {"day": 36, "account": "person-04", "host": "host-2-5"}
    told = [
        (p, day, account, sentence)
        for day, account, p, sentence, _, _ in run(
            all_models()["links_host"], history("sign_ins", [*_rows(1), planted])
        )
    ]
    _, day, account, sentence = min(told)
    assert (day, account) == (36, "person-04")
    assert "host host-2-5 for the first time" in sentence


def test_many_new_hosts_on_a_day_are_odder_than_one() -> None:
    def oddest(number: int) -> float:
        planted = [{"day": 36, "account": "person-04", "host": f"host-2-{host}"} for host in range(number)]
        rows = history("sign_ins", [*_rows(1), *planted])
        return min(
            p for day, account, p, *_ in run(all_models()["links_host"], rows) if (day, account) == (36, "person-04")
        )

    assert oddest(6) < oddest(1) / 10


def test_thirty_days_of_many_new_hosts_teach_no_more_than_as_many_as_a_day_may_teach() -> None:

    def learned(number: int) -> float:
        account = np.concatenate([np.repeat(np.arange(20), 3), np.full(number, 20)])
        every, things, starts = [], [], [0]
        for day in range(32):
            own = np.repeat(np.arange(20), 3) * 3 + np.tile(np.arange(3), 20)
            every.append(account)
            things.append(np.concatenate([own, 60 + day * 30 + np.arange(number)]))
            starts.append(starts[-1] + account.size)
        links = Links(np.concatenate(every), np.concatenate(things), np.zeros(21, dtype=np.int64), 60 + 32 * 30)
        judged = None
        for day in range(32):
            rows = slice(starts[day], starts[day + 1])
            judged = links.judge(day, rows)
            links.learn(day, rows, np.ones(account.size, dtype=bool))
        assert judged is not None
        return float(judged.expected[judged.account == 20].max())

    assert learned(30) == pytest.approx(learned(10), rel=0.01)
    assert learned(30) < 4


def test_what_is_barred_is_not_learned() -> None:
    planted = [{"day": day, "account": "person-04", "host": "host-2-5"} for day in (34, 36, 38)]
    rows = history("sign_ins", [*_rows(1), *planted])
    told = [
        sentence
        for _, account, _, sentence, _, _ in run(all_models()["links_host"], rows, barred_from={"person-04": 34})
        if account == "person-04" and "host-2-5" in sentence
    ]
    assert len(told) == 3
    assert all("for the first time" in sentence for sentence in told)


@pytest.mark.parametrize("at", [0.05, 0.01])
def test_newcomers_are_told_at_most_twice_as_often_as_the_settled(at: float) -> None:
    low = {True: 0, False: 0}
    days = {True: set(), False: set()}  # type: dict[bool, set[tuple[int, int, str]]]
    for seed in range(4):
        rows = history("sign_ins", _rows(seed, joining=12))
        for day, account, p, _, scores, place in run(all_models()["links_host"], rows):
            is_new = account >= "person-30" and day < 39
            if day < 25:
                continue
            days[is_new].add((seed, day, account))
            low[is_new] += p * scores.tested[place] <= at
    rate = {which: low[which] / len(days[which]) for which in low}
    assert rate[True] <= max(2 * rate[False], 0.5 * at)
    assert rate[False] <= 2 * at


@pytest.mark.parametrize(
    ("number", "shape", "rate", "share"), [(1, 0.5, 3.0, 1.0), (2, 4.0, 0.7, 0.1), (5, 1.5, 2.0, 0.9)]
)
def test_at_least_is_the_upper_tail_of_a_thinned_negative_binomial(
    number: int, shape: float, rate: float, share: float
) -> None:
    told = at_least(np.array([number]), np.array([shape]), np.array([rate]), np.array([share]))[0]
    assert told == pytest.approx(nbinom.sf(number - 1, shape, rate / (rate + share)))


def test_a_matter_is_the_thing_where_one_is_declared_else_the_container_and_never_a_document() -> None:
    rows = [
        {
            "day": day,
            "actor": f"person-{one}",
            "kind": "document",
            "holding": f"doc-{day}-{one}",
            "container": "share-a",
        }
        for day in range(8)
        for one in range(3)
    ]
    rows.append({"day": 7, "actor": "person-1", "kind": "document", "holding": "doc-x", "container": "share-b"})
    told = [sentence for *_, sentence, _, _ in run(all_models()["links_matter"], history("accesses", rows))]
    assert any("reached matter share-b for the first time" in sentence for sentence in told)
    assert not any("doc-" in sentence for sentence in told)


def test_who_took_an_account_over_is_judged_as_a_newcomer_and_it_is_said() -> None:
    """The account was there for weeks; its holder came the day before."""
    planted = [{"day": 36, "account": "person-04", "host": f"host-1-{host}"} for host in range(10)]
    rows = history("sign_ins", [*_rows(1), *planted])

    def told(around: Surroundings) -> tuple[float, str]:
        return min(
            (p, sentence)
            for day, account, p, sentence, _, _ in run(all_models()["links_host"], rows, around)
            if (day, account) == (36, "person-04")
        )

    settled, sentence = told(Surroundings())
    newcomer, why = told(Surroundings(joined={"person-04": FIRST_DAY + 35}))
    assert newcomer > settled
    assert "known for 1 days and judged by its peers" in why
    assert "judged by its peers" not in sentence


def test_who_came_to_another_unit_is_judged_by_its_new_peers_and_it_is_said() -> None:
    """The work of another unit on day 36: odd for who stayed, and what everybody does for who moved there."""
    there = [f"person-{number:02d}" for number in range(1, 30, 3)]
    planted = [{"day": 36, "account": "person-00", "host": f"host-1-{host}"} for host in range(6)]
    rows = history("sign_ins", [*(row for row in _rows(1) if (row["day"], row["account"]) < (36, "")), *planted])
    units = {f"person-{number:02d}": f"unit {number % 3}" for number in range(30)}

    def told(around: Surroundings) -> tuple[float, str]:
        found = run(all_models()["links_host"], rows, around)
        return min((p, sentence) for day, account, p, sentence, _, _ in found if (day, account) == (36, "person-00"))

    stayed, _ = told(Surroundings(unit=units))
    joined = {"person-00": FIRST_DAY + 36}
    moved, why = told(Surroundings(unit=units | {"person-00": "unit 1"}, joined=joined, moved=frozenset(joined)))
    assert moved > 10 * stayed
    assert "in its unit for 0 days and judged by its peers" in why
    assert f"of {len(there)} peers" in why
