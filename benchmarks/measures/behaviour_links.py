"""Links of accounts: planted lateral movement on an invented estate, new links of real sign-ins, masquerades of real users.

Each beside its baselines. The invented estate has groups that share hosts, which favours factors; its habits are drawn
before anything is planted; refits, rank and priors of the factors were chosen on estates drawn alike, of other seeds.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tocsin.detect.behaviour import factors
from tocsin.detect.behaviour.links import Links
from tocsin.detect.behaviour.pitman_yor import _DISCOUNT, _STRENGTH, Known, mid_p, popularity

LANL = "authentication_lanl/auth_events_days0-2_benign.txt.gz"
PURDUE = "user_behaviour_purdue_unix"
BUDGETS = (1, 5, 20)  # alerts a day
_ACCOUNTS, _HOSTS, _GROUPS, _DAYS, _WARM = 400, 300, 10, 90, 30
_CAMPAIGNS = 30
_BLOCK = 100  # commands

Numbers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """Invented sign-ins, a row a day, account and host: `rows`; the peer group of each account; the rows planted."""

    rows: Numbers
    group: Numbers
    planted: frozenset[tuple[int, int, int]]


def estate(seed: int) -> Estate:
    """Ninety days; 30 days of one account each are compromised and make one to three links to hosts drawn evenly."""
    chance = np.random.default_rng(seed)
    group, group_of_host = chance.integers(0, _GROUPS, _ACCOUNTS), chance.integers(0, _GROUPS, _HOSTS)
    popular, busy = chance.pareto(1.2, _HOSTS) + 0.1, chance.gamma(2, 1.5, _ACCOUNTS)
    came = np.zeros(_ACCOUNTS, dtype=np.int64)
    came[chance.choice(_ACCOUNTS, 20, replace=False)] = chance.integers(30, 80, 20)
    weights = popular * np.where(group_of_host == group[:, None], 30.0, 1.0)
    weights /= weights.sum(axis=1, keepdims=True)
    own = [chance.choice(_HOSTS, 8, replace=False, p=weight) for weight in weights]
    liked = [chance.dirichlet(np.full(8, 0.7)) for _ in range(_ACCOUNTS)]
    workdays = [day for day in range(_DAYS) if day % 7 < 5]
    rows = []
    for day in workdays:
        for account in range(_ACCOUNTS):
            if day < came[account] or chance.random() < 0.1:
                continue
            for _ in range(1 + chance.poisson(busy[account])):
                is_other = chance.random() < 0.03
                host = (
                    chance.choice(_HOSTS, p=weights[account])
                    if is_other
                    else chance.choice(own[account], p=liked[account])
                )
                rows.append((day, account, int(host)))
    known = {(account, host) for _, account, host in rows}
    planted: set[tuple[int, int, int]] = set()
    while len({(day, account) for day, account, _ in planted}) < _CAMPAIGNS:
        day, account = int(chance.choice([each for each in workdays if each >= 40])), int(chance.integers(_ACCOUNTS))
        if came[account] > day - 20:
            continue
        hosts = {int(host) for host in chance.integers(0, _HOSTS, chance.integers(1, 4))}
        planted |= {(day, account, host) for host in hosts if (account, host) not in known}
    every = np.unique(np.array([*rows, *planted], dtype=np.int64), axis=0)
    return Estate(rows=every, group=group.astype(np.int64), planted=frozenset(planted))


def recalls(seeds: range = range(5)) -> Mapping[str, list[Mapping[int, float]]]:
    """By method and seed the share of compromised account-days found within each budget, from day 30 on."""
    found: dict[str, list[Mapping[int, float]]] = {}
    for seed in seeds:
        told = estate(seed)
        for name, scores in _methods(told, seed).items():
            found.setdefault(name, []).append(_recall(scores))
    return found


def _methods(told: Estate, seed: int) -> dict[str, list[tuple[float, bool]]]:
    """By method (score, whether planted) of each account-day: the lower, the odder."""
    chance = np.random.default_rng(seed + 1000)
    models = {
        name: Links(told.rows[:, 1], told.rows[:, 2], told.group, _HOSTS, is_factored=is_factored)
        for name, is_factored in (("links", True), ("links, popularity for factors", False))
    }
    days: dict[str, dict[tuple[int, int], tuple[float, bool]]] = {}
    seen: set[tuple[int, int]] = set()
    users, hosts = np.zeros(_HOSTS), np.zeros(_ACCOUNTS)
    for day in np.unique(told.rows[:, 0]).tolist():
        first, last = np.searchsorted(told.rows[:, 0], [day, day + 1])
        rows = slice(int(first), int(last))
        scores: dict[str, Callable[[int, int], float]] = {
            "first seen": lambda account, host: float((account, host) in seen),
            "degree product": lambda account, host: (
                (users[host] + 1) * (hosts[account] + 1) + 1e9 * ((account, host) in seen)
            ),
            "random": lambda account, host: float(chance.random()),
        }
        links = told.rows[rows, 1:].tolist()
        if day >= _WARM:
            for name, model in models.items():
                judged = model.judge(day, rows)
                if judged is None:
                    continue
                for account, host, p in zip(
                    judged.account.tolist(), judged.thing.tolist(), (judged.p * judged.links).tolist(), strict=True
                ):
                    _keep(days.setdefault(name, {}), day, account, p, (day, account, host) in told.planted)
            for name, score in scores.items():
                for account, host in links:
                    _keep(
                        days.setdefault(name, {}),
                        day,
                        account,
                        score(account, host),
                        (day, account, host) in told.planted,
                    )
        for model in models.values():
            model.learn(day, rows, np.ones(rows.stop - rows.start, dtype=np.bool_))
        for account, host in links:
            if (account, host) not in seen:
                seen.add((account, host))
                users[host] += 1
                hosts[account] += 1
    # Equal scores stand in an order of chance, and not in that of the rows.
    return {
        name: [(score + 1e-12 * chance.random(), is_planted) for score, is_planted in its.values()]
        for name, its in days.items()
    }


def _keep(
    days: dict[tuple[int, int], tuple[float, bool]], day: int, account: int, score: float, is_planted: bool
) -> None:
    least, was = days.get((day, account), (np.inf, False))
    days[day, account] = (min(least, score), was or is_planted)


def _recall(scores: list[tuple[float, bool]]) -> Mapping[int, float]:
    order = sorted(scores)
    workdays = sum(_WARM <= day < _DAYS and day % 7 < 5 for day in range(_DAYS))
    every = sum(is_planted for _, is_planted in order)
    return {budget: sum(is_planted for _, is_planted in order[: budget * workdays]) / every for budget in BUDGETS}


def lanl(data: Path) -> Mapping[str, tuple[int, float]]:
    """By method how many links of the third day are new between accounts and hosts of the first two, and the chance
    that such a one is held likelier than another pair that never was.
    """
    text = gzip.decompress((data / LANL).read_bytes()).decode()
    fields = [line.split(",") for line in text.split()]
    # Field 1 is the account, 4 the computer signed in to; computers' own accounts end in `$`.
    links = [
        (int(each[0]) // 86_400, each[1], each[4])
        for each in fields
        if each[7] == "LogOn" and each[8] == "Success" and "$" not in each[1]
    ]
    before = {(account, host) for day, account, host in links if day < 2}
    accounts = {name: code for code, name in enumerate(sorted({account for account, _ in before}))}
    hosts = {name: code for code, name in enumerate(sorted({host for _, host in before}))}
    is_known = np.zeros((len(accounts), len(hosts)), dtype=np.bool_)
    is_new = np.zeros_like(is_known)
    for name, host in before:
        is_known[accounts[name], hosts[host]] = True
    for day, name, host in links:
        if day == 2 and name in accounts and host in hosts and (name, host) not in before:
            is_new[accounts[name], hosts[host]] = True
    account, thing = np.nonzero(is_known)
    fitted = factors.fit(account, thing, np.zeros(len(accounts), dtype=np.int64), len(hosts))
    users, degree = is_known.sum(axis=0), is_known.sum(axis=1)
    likely = {
        "factors": fitted.accounts @ fitted.things.T,
        "popularity": np.tile(users, (len(accounts), 1)).astype(np.float64),
        "degree product": np.outer(degree, users).astype(np.float64),
    }
    return {
        name: (int(is_new.sum()), _auc(score[is_new], score[~is_new & ~is_known])) for name, score in likely.items()
    }


def masquerades(data: Path) -> Mapping[str, tuple[float, float, float]]:
    """By method (area under the curve, detection at 1 % and at 5 % false alarms), means over the four users.

    Trained on the first 60 % of each user's commands; blocks of 100 of the rest; another user's block is a masquerade.
    The mid-p of known commands is the product's; what a user never used has half the chance of all it never used.
    """
    commands = {
        path.name: gzip.decompress(path.read_bytes()).decode("utf-8", "replace").split()
        for path in sorted((data / PURDUE).glob("user*_commands.txt.gz"))
    }
    cut = {user: int(0.6 * len(words)) for user, words in commands.items()}
    trained = {user: words[: cut[user]] for user, words in commands.items()}
    codes = {word: code for code, word in enumerate(sorted({word for words in trained.values() for word in words}))}
    counts = np.array(
        [np.bincount([codes[word] for word in words], minlength=len(codes)) for words in trained.values()]
    )
    users = (counts > 0).sum(axis=0)
    account, thing = np.nonzero(counts)
    p = mid_p(Known(account=account, count=counts[account, thing].astype(np.float64), users=users[thing]), users)
    base = popularity(users)[users]
    results: dict[str, list[list[float]]] = {}
    for number, user in enumerate(trained):
        own = counts[number] > 0
        fresh = (_STRENGTH + _DISCOUNT * own.sum()) / (counts[number].sum() + _STRENGTH) * (1 - base[own].sum())
        odd = np.full(len(codes) + 1, -np.log10(fresh / 2))
        odd[thing[account == number]] = -np.log10(p[account == number])
        unusual = np.append(~own, True).astype(np.float64)
        rare = np.append(-np.log10(base), -np.log10(base.min()))
        blocks = {who: _blocks(words[cut[who] :], codes) for who, words in commands.items()}
        for name, weight in (("Pitman-Yor", odd), ("first seen", unusual), ("popularity", rare)):
            score = {who: np.array([weight[block].mean() for block in its]) for who, its in blocks.items()}
            others = np.concatenate([its for who, its in score.items() if who != user])
            found = [
                _auc(others, score[user]),
                _detected(others, score[user], 0.01),
                _detected(others, score[user], 0.05),
            ]
            results.setdefault(name, []).append(found)
    means = {name: np.mean(its, axis=0).tolist() for name, its in results.items()}
    return {name: (area, at_1, at_5) for name, (area, at_1, at_5) in means.items()}


def _blocks(words: list[str], codes: Mapping[str, int]) -> list[list[int]]:
    return [
        [codes.get(word, len(codes)) for word in words[start : start + _BLOCK]]
        for start in range(0, len(words) - _BLOCK + 1, _BLOCK)
    ]


def _auc(positive: Floats, negative: Floats) -> float:
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive) + np.searchsorted(ordered, positive, side="right")
    return float(below.mean() / 2 / negative.size)


def _detected(positive: Floats, negative: Floats, alarms: float) -> float:
    return float((positive > np.quantile(negative, 1 - alarms, method="higher")).mean())


def figures(data: Path) -> dict[str, Any]:
    """All of them; of the invented estate means and deviations over the seeds."""
    return {
        "estate": {
            name: {budget: _spread([one[budget] for one in seeds]) for budget in BUDGETS}
            for name, seeds in recalls().items()
        },
        "lanl": lanl(data),
        "masquerades": masquerades(data),
    }


def _spread(values: list[float]) -> tuple[float, float]:
    return round(float(np.mean(values)), 3), round(float(np.std(values)), 3)
