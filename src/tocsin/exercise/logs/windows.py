"""The Windows event logs: a file a host and channel, and of a cleared one what was archived and what came after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tocsin.exercise.actions import WindowsAct
from tocsin.exercise.formats.evtx import EvtxFile, WindowsEvent
from tocsin.exercise.logs.placing import Placed
from tocsin.exercise.world import World
from tocsin.model.instant import format_time

_FIRST_RECORD_NUMBER = 20_001
_WINDOWS_TICK = 100  # nanoseconds
_FAILURES = {4625, 1203}  # Security events that only report a failure


class ClearedLog(NamedTuple):
    """A Windows log that was cleared: up to `archived_to` it was copied, from there to the clearing it is gone."""

    host: str
    channel: str
    archived_to: int
    cleared_at: int


class _Open:
    """A log file while it grows."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file: BinaryIO = path.open("wb")
        self.log = EvtxFile(self.file)
        self.entries = 0

    def close(self) -> None:
        self.log.close()
        self.file.close()


class WindowsLogs:
    """`logs/windows/HOST/CHANNEL.evtx`. Record numbers run on through what was cleared."""

    takes = (WindowsAct,)
    precision_ns = _WINDOWS_TICK

    def __init__(self, world: World, folder: Path, cleared: Sequence[ClearedLog]) -> None:
        self._folder = folder
        self._computers = {host.name: host.fqdn for host in world.hosts}
        self._clearings = {(entry.host, entry.channel): entry for entry in cleared}
        self._numbers: dict[tuple[str, str], int] = {}
        self._open: dict[str, _Open] = {}

    def write_day(self, day: int, actions: Sequence[WindowsAct]) -> Iterator[Placed]:
        """Append to every log."""
        del day
        for action in actions:
            log = (action.host, action.channel)
            number = self._numbers[log] = self._numbers.get(log, _FIRST_RECORD_NUMBER - 1) + 1
            name = _log_file(action.host, action.channel, action.time, self._clearings.get(log))
            if name is None:
                yield Placed(action, None, None)
                continue
            if name not in self._open:
                self._open[name] = _Open(self._folder / name)
            file = self._open[name]
            file.log.append(_event(action, number, self._computers[action.host]))
            yield Placed(action, name, file.entries)
            file.entries += 1

    def close(self) -> None:
        """Write what is left of each file."""
        for file in self._open.values():
            file.close()


def _log_file(host: str, channel: str, time: int, clearing: ClearedLog | None) -> str | None:
    """The file an event of that time is in; None where it was neither archived nor left."""
    name = channel.replace("/", "%4")  # as Windows names the file of a channel
    if clearing is None or time >= clearing.cleared_at // _WINDOWS_TICK * _WINDOWS_TICK:
        return f"logs/windows/{host}/{name}.evtx"
    if time < clearing.archived_to:
        return f"logs/windows/{host}/Archive-{name}-{format_time(clearing.archived_to)[:10]}.evtx"
    return None


def _event(action: WindowsAct, number: int, computer: str) -> WindowsEvent:
    return WindowsEvent(
        channel=action.channel,
        provider=action.provider,
        event_id=action.event_id,
        record_number=number,
        time=action.time,
        computer=computer,
        data=action.data,
        user_data=action.user_data,
        keywords=_keywords(action),
        security_user_id=action.user_sid,
    )


def _keywords(action: WindowsAct) -> int:
    """What a Security event's keywords say of the outcome; other channels only have the reserved bit."""
    if action.channel != "Security":
        return 0x8000000000000000
    if action.event_id in _FAILURES:
        return 0x8010000000000000
    return 0x4020000000000000 if action.event_id == 1102 else 0x8020000000000000
