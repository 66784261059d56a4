"""Real users' commands: which blocks of another user stand out, by what the product judges known things with.

A component test of `detect/behaviour/pitman_yor.py`, and of no model: none of the product judges commands by account.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks.measures.separation import area, detected
from benchmarks.page import table
from tocsin.detect.behaviour.pitman_yor import _DISCOUNT, _STRENGTH, Known, mid_p, popularity

FOLDER = "user_behaviour_purdue_unix"
_TRAINED = 0.6  # of a user's commands
_BLOCK = 100  # commands


def measure(data: Path) -> Mapping[str, tuple[float, float, float]]:
    """By method (area under the curve, detection at 1 % and at 5 % false alarms), means over the users.

    Trained on the first 60 % of each user's commands; blocks of 100 of the rest; another user's block is a masquerade.
    What a user never used has half the chance of all it never used.
    """
    commands = {
        path.name: gzip.decompress(path.read_bytes()).decode("utf-8", "replace").split()
        for path in sorted((data / FOLDER).glob("user*_commands.txt.gz"))
    }
    cut = {user: int(_TRAINED * len(words)) for user, words in commands.items()}
    trained = {user: words[: cut[user]] for user, words in commands.items()}
    codes = {word: code for code, word in enumerate(sorted({word for words in trained.values() for word in words}))}
    counts = np.array(
        [np.bincount([codes[word] for word in words], minlength=len(codes)) for words in trained.values()]
    )
    users = (counts > 0).sum(axis=0)
    account, thing = np.nonzero(counts)
    p = mid_p(Known(account=account, count=counts[account, thing].astype(np.float64), users=users[thing]), users)
    base = popularity(users)[users]
    chance = np.random.default_rng(1)
    results: dict[str, list[list[float]]] = {}
    for number, user in enumerate(trained):
        own = counts[number] > 0
        fresh = (_STRENGTH + _DISCOUNT * own.sum()) / (counts[number].sum() + _STRENGTH) * (1 - base[own].sum())
        odd = np.full(len(codes) + 1, -np.log10(fresh / 2))
        odd[thing[account == number]] = -np.log10(p[account == number])
        blocks = {who: _blocks(words[cut[who] :], codes) for who, words in commands.items()}
        weights = {
            "Pitman-Yor": odd,
            "share of commands never used before": np.append(~own, True).astype(np.float64),
            "popularity": np.append(-np.log10(base), -np.log10(base.min())),
        }
        scores = {
            name: {who: np.array([weight[block].mean() for block in its]) for who, its in blocks.items()}
            for name, weight in weights.items()
        }
        scores["random"] = {who: chance.random(len(its)) for who, its in blocks.items()}
        for name, score in scores.items():
            others = np.concatenate([its for who, its in score.items() if who != user])
            found = [
                area(others, score[user]),
                detected(others, score[user], 0.01),
                detected(others, score[user], 0.05),
            ]
            results.setdefault(name, []).append(found)
    means = {name: np.mean(its, axis=0).tolist() for name, its in results.items()}
    return {name: (whole, at_1, at_5) for name, (whole, at_1, at_5) in means.items()}


def _blocks(words: list[str], codes: Mapping[str, int]) -> list[list[int]]:
    return [
        [codes.get(word, len(codes)) for word in words[start : start + _BLOCK]]
        for start in range(0, len(words) - _BLOCK + 1, _BLOCK)
    ]


def section(data: Path, scratch: Path) -> str:
    """What the page says of it."""
    rows: list[tuple[object, ...]] = [
        (name, f"{whole:.3f}", f"{at_1:.2f}", f"{at_5:.2f}") for name, (whole, at_1, at_5) in measure(data).items()
    ]
    return f"""## Component: masqueraders among real users, `{FOLDER}`

A test of how known things are judged (`detect/behaviour/pitman_yor.py`), and of no model: none of the product judges
commands by account. Four users; trained on the first 60 % of each one's commands, scored on blocks of 100 of the rest, where
another user's block is a masquerade. Parameters are the product's; nothing was chosen on these data. Means over the users.

{table("score | area under the curve | detected at 1 % false alarms | at 5 %", rows)}"""
