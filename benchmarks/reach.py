"""Measures how long reach takes over an invented institution: identities, nested groups, grants, hosts and sign-ins.

Run by `make bench-reach`. Seconds belong to the machine; that they grow as E log V travels.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path

import pyarrow as pa

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tocsin.assess import logons, reach  # noqa: E402
from tocsin.assess.reach_estate import edges_of_estate  # noqa: E402
from tocsin.assess.reach_graph import Graph, Node  # noqa: E402
from tocsin.assess.reach_logs import edges_of_logons  # noqa: E402
from tocsin.assess.reach_names import Names  # noqa: E402
from tocsin.model.estate import Assignment, Estate, Grant, Group, Holding, Host, Identity, Membership  # noqa: E402
from tocsin.model.instant import DAY  # noqa: E402
from tocsin.model.question import CompromiseStart, Question  # noqa: E402
from tocsin.model.reach import NodeKind  # noqa: E402
from tocsin.model.reference import RecordPlace  # noqa: E402

START = 1_700_000_000_000_000_000
SIZES = (25_000, 100_000)


def institution(edges: int, seed: int) -> tuple[Estate, pa.Table]:
    """An estate and sign-ins with about so many ways between things."""
    chosen = random.Random(seed)
    people, groups, hosts, holdings = edges // 20, edges // 100, edges // 100, edges // 12
    ids = [f"p-{number}" for number in range(people)]
    names = [f"group-{number}" for number in range(groups)]
    identities = tuple(Identity(id=one, accounts=(f"{one}@tribunal.example",)) for one in ids)

    def day() -> int:
        return START + chosen.randrange(365) * DAY

    memberships = tuple(
        Membership(identity=chosen.choice(ids), group=chosen.choice(names), from_=day()) for _ in range(edges // 4)
    ) + tuple(
        Membership(identity=names[number], group=names[chosen.randrange(number)], from_=day())
        for number in range(1, groups)
    )
    things = tuple(
        Holding(pattern=f"\\\\files\\m{number}\\*", kind="folder", matter=f"M-{number % 200}", sensitivity="internal")
        for number in range(holdings)
    )
    grants = tuple(
        Grant(grantee=chosen.choice(names), kind="folder", pattern=chosen.choice(things).pattern, from_=day())
        for _ in range(edges // 4)
    )
    rows = [
        {
            "relation": "signed_in",
            "a": f"{chosen.choice(ids)}@tribunal.example",
            "b": f"host-{chosen.randrange(hosts)}",
            "count": 1,
            "first": day(),
            "record": number,
        }
        for number in range(edges // 8)
    ]
    estate = Estate(
        identities=identities,
        by_account={account: one for one in identities for account in one.accounts},
        groups=tuple(Group(id=name) for name in names),
        memberships=memberships,
        holdings=things,
        grants=grants,
        assignments=tuple(
            Assignment(identity=chosen.choice(ids), matter=f"M-{chosen.randrange(200)}", from_=day())
            for _ in range(edges // 20)
        ),
        hosts=tuple(Host(name=f"host-{number}") for number in range(hosts)),
    )
    return estate, pa.Table.from_pylist(rows, schema=logons.SCHEMA)


def measured(edges: int, seed: int) -> str:
    """One line of the table: the median of five."""
    estate, seen = institution(edges, seed)
    ways = reach.Ways(estate=estate, logons=seen, place=lambda number: RecordPlace("Security.evtx", number))
    question = Question(identities=tuple(f"p-{number}" for number in range(5)), hosts=("host-1",))
    start = CompromiseStart(earliest=START, latest=START + 30 * DAY)
    whole, alone = [], []
    for _ in range(5):
        began = time.process_time()
        found = reach.conclude(question, ways, start)
        whole.append(time.process_time() - began)
    names = Names(estate)
    graph = Graph([*edges_of_estate(names), *edges_of_logons(names, seen)])
    seeds = [names.identity(one) for one in question.identities] + [Node(NodeKind.CONTROLLED_HOST, question.hosts[0])]
    for _ in range(5):
        began = time.process_time()
        graph.arrivals(dict.fromkeys(seeds, START))
        alone.append(time.process_time() - began)
    things = len(found.reached)
    return f"| {found.edges:,} | {things:,} | {sorted(alone)[2]:.3f} | {sorted(whole)[2]:.3f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    given = parser.parse_args()
    print("| ways | reached | earliest arrival at everything, CPU s | whole, for two starts, CPU s |")
    print("| ---: | ---: | ---: | ---: |")
    for size in given.sizes:
        print(measured(size, given.seed), flush=True)


if __name__ == "__main__":
    main()
