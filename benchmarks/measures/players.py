"""Which players of an exercise are found by so many alerts a day, how soon, and how many would be found by chance.

An alert finds a player where it names somebody the player acted as, or something it acted through, on a day on which the
player acted. It is *grounded* where it also rests on a record of the player's: an alert about the right person on the right
day may be about something else. What alerts on people drawn at random would find is said beside it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measures.product import ask
from tocsin.exercise import run as play
from tocsin.model.instant import DAY, NANOSECONDS, parse_time

CASE = "long-season"
SEEDS = (306, 307, 308, 309, 310)  # for the page alone: nothing is chosen, written or tuned by looking at them
BUDGET = 5
Place = tuple[str, int]  # file below the exercise's folder, entry
_HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """One player by its truth. Names in lower case; days since 1970-01-01 UTC; `first` in nanoseconds UTC.

    identities   how many of the estate's the player acted as
    """

    name: str
    names: frozenset[str]
    identities: int
    days: frozenset[int]
    first: int
    records: frozenset[Place]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something somebody would look at. `time` it was raised, nanoseconds UTC; a higher `strength` comes first.

    subjects   identities, accounts, sessions, addresses and hosts it is about, in any spelling of case
    records    that it rests on, where it says so
    """

    time: int
    subjects: frozenset[str]
    strength: float = 0.0
    records: frozenset[Place] = frozenset()

    @property
    def day(self) -> int:
        """Days since 1970-01-01 UTC."""
        return self.time // DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What became of one player.

    hours      from its first act to the first alert that finds it, None where none does; `grounded_hours` likewise
    by_chance  the chance that as many alerts on each day, on identities drawn at random, would find it
    """

    player: str
    hours: float | None
    grounded_hours: float | None
    by_chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What so many alerts a day find.

    found        one for each player, in order
    days         days played
    most         alerts on the busiest day, before any is left out
    over         days with more than the budget; 0 where it was kept
    alerts       looked at, and `idle` of them that find nobody
    """

    found: tuple[Found, ...]
    budget: int
    days: int
    most: int
    over: int
    alerts: int
    idle: int

    @property
    def recall(self) -> float:
        """Share of the players that are found."""
        return sum(each.hours is not None for each in self.found) / len(self.found)

    @property
    def grounded_recall(self) -> float:
        """Share of the players that are found by an alert that rests on a record of theirs."""
        return sum(each.grounded_hours is not None for each in self.found) / len(self.found)


def measure(scratch: Path, seed: int, days: int = 70, identities: int | None = None) -> Score:
    """Play the long season, investigate it with its estate, and hold what is alerted against the truth."""
    place = scratch / f"{CASE}-{seed}"
    folder = play(CASE, place, seed, days, identities)
    logs, estate = folder / "logs", folder / "estate"
    answer, _ = ask(scratch, "investigate", logs, "--estate", estate, "--workspace", place / "workspace")
    alerts = alerts_of(answer, folder)
    return score(players_of(folder), alerts, budget=BUDGET, days=days, identities=population(folder))


def section(_data: Path, scratch: Path) -> str:
    """What the page says of it: a row a seed and player, and the totals."""
    scores = {seed: measure(scratch, seed) for seed in SEEDS}
    rows = [
        f"| {seed} | {each.player} | {_told(each.hours)} | {_told(each.grounded_hours)} | {each.by_chance:.2f} |"
        for seed, found in scores.items()
        for each in found.found
    ]
    days = [
        f"| {seed} | {found.alerts} | {found.idle} | {found.most} | {found.over} of {found.days} |"
        for seed, found in scores.items()
    ]
    players = [each for found in scores.values() for each in found.found]
    named = sum(each.hours is not None for each in players)
    grounded = sum(each.grounded_hours is not None for each in players)
    return f"""## Players of a long season, at {BUDGET} alerts a day, on seeds not used in writing it

Simulated: ten weeks, 400 identities, six players each ([how](guides/exercise.md)); it replaces no real data. An alert is an
item of the list of a day, as `tocsin incidents --by-day` prints it. Found: named on a day it acted, among the first {BUDGET} of that day; grounded: by an
alert that rests on a record of its own. By chance: what as many alerts on identities drawn at random would find.

- Found: **{named} of {len(players)}**; grounded **{grounded}**; by chance {sum(each.by_chance for each in players):.1f}

| seed | player | hours to the first alert | to the first that is grounded | by chance |
| --- | --- | --- | --- | --- |
{chr(10).join(rows)}

| seed | alerts looked at | of them on nobody | most on a day, before the rest is left out | days beyond the budget |
| --- | --- | --- | --- | --- |
{chr(10).join(days)}"""


def _told(hours: float | None) -> str:
    return "not found" if hours is None else f"{hours:,.1f}"


def players_of(folder: Path) -> tuple[Player, ...]:
    """The players of the exercise in `folder`, with every name the estate has for those they acted as."""
    truth = json.loads((folder / "truth.json").read_bytes())
    with (folder / "estate" / "identities.csv").open(encoding="utf-8", newline="") as lines:
        accounts = {row["id"]: row["accounts"].split(";") for row in csv.DictReader(lines)}
    records: dict[str, set[Place]] = {}
    for each in truth["records"]:
        records.setdefault(each["player"], set()).add((each["file"], each["entry"]))
    return tuple(
        Player(
            name=each["name"],
            names=frozenset(
                name.lower()
                for group in (
                    each["identities"],
                    *each["through"].values(),
                    *(accounts[one] for one in each["identities"]),
                )
                for name in group
            ),
            identities=len(each["identities"]),
            days=frozenset((parse_time(f"{day}T00:00:00Z") or 0) // DAY for day in each["days"]),
            first=parse_time(each["first"]) or 0,
            records=frozenset(records.get(each["name"], ())),
        )
        for each in truth["players"]
    )


def population(folder: Path) -> int:
    """How many identities the estate of the exercise in `folder` has."""
    with (folder / "estate" / "identities.csv").open(encoding="utf-8", newline="") as lines:
        return sum(1 for _ in csv.DictReader(lines))


def alerts_of(answer: Mapping[str, Any], folder: Path) -> tuple[Alert, ...]:
    """The items of each day of an investigation's JSON answer, as alerts: the first of a day is the strongest."""
    findings = {finding["id"]: finding for finding in answer["findings"]}
    return tuple(
        _alert(-place, [findings[one] for one in item["findings"]], folder)
        for day in answer["days"]
        for place, item in enumerate(day["items"])
    )


def _alert(strength: float, new: Sequence[Mapping[str, Any]], folder: Path) -> Alert:
    """Raised with the first of its findings; that of a behaviour model with its last record, for it needs the day."""
    times = [parse_time(finding["last" if finding["measured"] else "first"]) or 0 for finding in new]
    return Alert(
        time=min(times),
        subjects=frozenset(entity["id"] for finding in new for entity in finding["entities"]),
        strength=strength,
        records=frozenset(
            (each["input"].removeprefix(f"{folder}/"), each["entry"]) for finding in new for each in finding["records"]
        ),
    )


def score(players: Sequence[Player], alerts: Iterable[Alert], *, budget: int, days: int, identities: int) -> Score:
    """What the strongest `budget` alerts of each day find, in an institution of so many identities, over so many days.

    Of alerts equally strong the earlier comes first. Raises ValueError without a player.
    """
    if not players:
        raise ValueError("an exercise played without players has nobody to find")
    by_day: dict[int, list[Alert]] = {}
    for alert in alerts:
        by_day.setdefault(alert.day, []).append(alert)
    kept = {
        day: sorted(raised, key=lambda alert: (-alert.strength, alert.time, sorted(alert.subjects)))[:budget]
        for day, raised in by_day.items()
    }
    looked_at = [alert for day in sorted(kept) for alert in kept[day]]
    counts = [len(raised) for raised in by_day.values()]
    return Score(
        found=tuple(_found(player, looked_at, kept, identities) for player in players),
        budget=budget,
        days=days,
        most=max(counts, default=0),
        over=sum(count > budget for count in counts),
        alerts=len(looked_at),
        idle=sum(not any(_finds(alert, player) for player in players) for alert in looked_at),
    )


def _finds(alert: Alert, player: Player) -> bool:
    return alert.day in player.days and not player.names.isdisjoint(name.lower() for name in alert.subjects)


def _found(player: Player, alerts: Sequence[Alert], by_day: Mapping[int, Sequence[Alert]], identities: int) -> Found:
    finding = [alert for alert in alerts if _finds(alert, player)]
    missed = 1.0
    for day in player.days:
        missed *= (1 - min(1.0, player.identities / identities)) ** len(by_day.get(day, ()))
    return Found(
        player=player.name,
        hours=_hours(player, finding),
        grounded_hours=_hours(player, [alert for alert in finding if not player.records.isdisjoint(alert.records)]),
        by_chance=1 - missed,
    )


def _hours(player: Player, alerts: Sequence[Alert]) -> float | None:
    """From the player's first act to the first of the alerts."""
    first = min((alert.time for alert in alerts), default=None)
    return None if first is None else max(0, first - player.first) / NANOSECONDS / _HOUR_SECONDS
