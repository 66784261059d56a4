"""Networks are of one site where one rule fires in both in the same second, far beyond chance."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from tests.correlate.test_alert_frequency import alert

from tocsin.correlate import findings
from tocsin.correlate.sites import sites_of
from tocsin.model.instant import HOUR, NANOSECONDS, parse_time
from tocsin.model.tables import HITS

START = parse_time("2026-03-02T00:00:00Z") or 0
A, B, C, D = "10.1.0.5", "10.2.0.5", "10.3.0.5", "10.4.0.5"


def seen(number: int, address: str, second: int, rule: str = "tls") -> dict[str, Any]:
    time = START + second * NANOSECONDS
    return alert(number, time, rule, device__ip=address, device__hostname="gate")


def sites(rows: list[dict[str, Any]]) -> dict[str, int]:
    return sites_of(findings.summarise(pa.Table.from_pylist(rows, schema=HITS)))


def passing(first: int, one: str, other: str, by: int = 0) -> list[dict[str, Any]]:
    """Traffic that is seen in both networks in the same second, at odd times."""
    times = [number * number * 37 + by for number in range(30)]
    ends = enumerate((one, other))
    return [seen(first + 2 * number + end, address, at) for end, address in ends for number, at in enumerate(times)]


def test_what_passes_between_two_networks_makes_them_one_site() -> None:
    found = sites([*passing(0, A, B), *passing(100, C, D, by=11)])
    assert found["10.1.0.0/16"] == found["10.2.0.0/16"]
    assert found["10.3.0.0/16"] == found["10.4.0.0/16"]
    assert found["10.1.0.0/16"] != found["10.3.0.0/16"]


def test_two_attacks_in_the_same_seconds_do_not() -> None:
    """Nine coincidences are what one scan of two companies at once may give."""
    both = [seen(10 * number + end, address, 500 + number) for number in range(9) for end, address in enumerate((A, C))]
    assert sites([*passing(1000, A, B), *both]).keys() == {"10.1.0.0/16", "10.2.0.0/16"}


def test_what_fires_in_both_all_the_time_is_chance() -> None:
    rows = [seen(2 * number + end, address, number) for number in range(4000) for end, address in enumerate((A, B))]
    assert 4000 * NANOSECONDS > HOUR
    assert sites(rows) == {}
