"""The logs of the network: the firewall's, with the VPN it ends, and those of the DHCP server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tocsin.exercise.actions import Flow, Lease, NetworkAction, Tunnel
from tocsin.exercise.formats import fortigate, windows_dhcp
from tocsin.exercise.logs.placing import Placed, write_file
from tocsin.exercise.world import World
from tocsin.model.instant import NANOSECONDS, format_time

_FIRST_SESSION = 8_100_000


class FirewallLog:
    """`logs/firewall/fw01-DATE.log`."""

    takes = (Flow, Tunnel)
    precision_ns = NANOSECONDS

    def __init__(self, world: World, folder: Path) -> None:
        self._world = world
        self._folder = folder
        self._sessions = _FIRST_SESSION

    def write_day(self, day: int, actions: Sequence[NetworkAction]) -> Iterator[Placed]:
        """One file."""
        name = f"logs/firewall/fw01-{format_time(self._world.day(day))[:10]}.log"
        write_file(self._folder, name, "".join(map(self._line, actions)).encode())
        yield from (Placed(action, name, entry) for entry, action in enumerate(actions))

    def _line(self, action: NetworkAction) -> str:
        if isinstance(action, Tunnel):
            number = 0x51A0000 + int(action.person.id[1:])
            return fortigate.tunnel(
                time=action.time,
                up=action.up,
                number=number,
                user=action.person.sam,
                remote=action.person.home_address,
                inside=action.address,
            )
        self._sessions += 1
        return fortigate.traffic(
            time=action.time,
            source=(action.source, action.source_port),
            destination=(action.destination, action.port),
            interfaces=("wan1", "dmz") if action.inbound else ("internal", "wan1"),
            policy=12 if action.inbound else 3,
            session=self._sessions,
            seconds=action.seconds,
            sent=action.sent,
            received=action.received,
        )

    def close(self) -> None:
        """Nothing stays open."""


class LeaseLog:
    """`logs/dhcp/DhcpSrvLog-DATE.log`; the server keeps one a weekday, these were copied each night."""

    takes = (Lease,)
    precision_ns = NANOSECONDS

    def __init__(self, world: World, folder: Path) -> None:
        self._world = world
        self._folder = folder

    def write_day(self, day: int, actions: Sequence[Lease]) -> Iterator[Placed]:
        """One file."""
        name = f"logs/dhcp/DhcpSrvLog-{format_time(self._world.day(day))[:10]}.log"
        rows = [windows_dhcp.HEADER, *(self._row(action) for action in actions)]
        write_file(self._folder, name, "".join(rows).encode())
        yield from (Placed(action, name, entry) for entry, action in enumerate(actions))

    def _row(self, action: Lease) -> str:
        number = int(action.person.id[1:])
        return windows_dhcp.row(
            time=action.time,
            renewed=action.renewed,
            address=action.person.device_address,
            name=f"nb{number:04d}.{self._world.domain}",
            hardware=f"02005E{number:06X}",
            transaction=action.time // NANOSECONDS % 2**32,
        )

    def close(self) -> None:
        """Nothing stays open."""
