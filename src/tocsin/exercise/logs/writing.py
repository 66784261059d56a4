"""From actions to log files in the real formats, day by day, and where in them the intruder's actions stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tocsin.exercise.actions import Action
from tocsin.exercise.logs.network import FirewallLog, LeaseLog
from tocsin.exercise.logs.placing import Log, Placed
from tocsin.exercise.logs.tenant import TenantLog
from tocsin.exercise.logs.web import WebLog
from tocsin.exercise.logs.windows import ClearedLog, WindowsLogs
from tocsin.exercise.world import World


def write_logs(
    world: World, days: Iterable[Iterable[Action]], cleared: Sequence[ClearedLog], folder: Path, seed: int
) -> tuple[Placed, ...]:
    """Write `folder/logs/**` from the actions of each day, in any order within it; equal arguments write equal bytes.

    Back come the intruder's actions by time, each cut to what its log keeps, so that the truth says no more than the
    log can. What begins on a day and falls behind its midnight is written with the next; behind the last it is not. No
    more than a day is held in memory.
    """
    logs: tuple[Log, ...] = (
        TenantLog(world, folder, seed),
        WindowsLogs(world, folder, cleared),
        WebLog(world, folder),
        FirewallLog(world, folder),
        LeaseLog(world, folder),
    )
    of_type = {type_: number for number, log in enumerate(logs) for type_ in log.takes}
    hostile: list[Placed] = []
    for day, actions in enumerate(_to_midnight(world, days)):
        sorted_out: list[list[Action]] = [[] for _ in logs]
        for action in actions:
            number = of_type[type(action)]
            precision = logs[number].precision_ns
            sorted_out[number].append(action._replace(time=action.time // precision * precision))
        for log, of_log in zip(logs, sorted_out, strict=True):
            if of_log:
                hostile.extend(place for place in log.write_day(day, of_log) if place.action.player)
    for log in logs:
        log.close()
    return tuple(sorted(hostile, key=lambda place: place.action.time))


def _to_midnight(world: World, days: Iterable[Iterable[Action]]) -> Iterator[list[Action]]:
    """Each day's actions by time; what is later than the day is kept for the next."""
    later: list[Action] = []
    for day, actions in enumerate(days):
        ordered = sorted([*later, *actions], key=lambda action: action.time)
        end = world.day(day + 1)
        later = [action for action in ordered if action.time >= end]
        yield ordered[: len(ordered) - len(later)]
