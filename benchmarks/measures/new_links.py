"""New links of real sign-ins: whether those that came to be were held likelier than those that never were.

A component test of `detect/behaviour/factors.py`: no intruder is in these data, so it says nothing of recall.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks.measures.separation import area
from benchmarks.page import table
from tocsin.detect.behaviour import factors

FILE = "authentication_lanl/auth_events_days0-2_benign.txt.gz"


def measure(data: Path) -> tuple[int, Mapping[str, float]]:
    """(links of the third day that are new between accounts and hosts of the first two; by method the chance that such
    a one is held likelier than another pair that never was).
    """
    text = gzip.decompress((data / FILE).read_bytes()).decode()
    fields = [line.split(",") for line in text.split()]
    # Field 1 is the account, 4 the computer signed in to; computers' own accounts have a `$`.
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
        "degree product": np.outer(degree, users).astype(np.float64),
        "popularity": np.tile(users, (len(accounts), 1)).astype(np.float64),
        "random": np.random.default_rng(1).random(is_known.shape),
    }
    return int(is_new.sum()), {name: area(score[is_new], score[~is_new & ~is_known]) for name, score in likely.items()}


def section(data: Path, scratch: Path) -> str:
    """What the page says of it."""
    new, areas = measure(data)
    rows: list[tuple[object, ...]] = [(name, f"{value:.3f}") for name, value in areas.items()]
    return f"""## Component: new links of real sign-ins, `authentication_lanl`

A test of how likely a new link is held (`detect/behaviour/factors.py`, behind `links_host`): 15,000 sign-ins, the first minutes
of three days, no intruder among them. {new} links of the third day are new between accounts and hosts of the first two; asked is
the chance that such a one is held likelier than a pair that never was. Recall of intruders cannot be measured here, and three
days are too few for any model to be warm.

{table("score | area under the curve", rows)}"""
