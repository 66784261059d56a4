"""The log of the filing portal's web server: a file a day, as IIS names and writes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tocsin.exercise.actions import WebRequest
from tocsin.exercise.formats import iis
from tocsin.exercise.logs.placing import Placed, write_file
from tocsin.exercise.world import World
from tocsin.model.instant import NANOSECONDS, format_time


class WebLog:
    """`logs/iis/HOST/u_exYYMMDD.log`."""

    takes = (WebRequest,)
    precision_ns = NANOSECONDS

    def __init__(self, world: World, folder: Path) -> None:
        self._world = world
        self._folder = folder
        self._addresses = {host.name: host.address for host in world.hosts}

    def write_day(self, day: int, actions: Sequence[WebRequest]) -> Iterator[Placed]:
        """One file a host."""
        midnight = self._world.day(day)
        by_host: dict[str, list[WebRequest]] = {}
        for action in actions:
            by_host.setdefault(action.host, []).append(action)
        for host, requests in sorted(by_host.items()):
            name = f"logs/iis/{host}/u_ex{format_time(midnight)[2:10].replace('-', '')}.log"
            lines = [iis.header(midnight), *(self._line(request) for request in requests)]
            write_file(self._folder, name, "".join(lines).encode())
            yield from (Placed(request, name, entry) for entry, request in enumerate(requests))

    def _line(self, request: WebRequest) -> str:
        return iis.line(
            time=request.time,
            server=(request.host, self._addresses[request.host]),
            address=request.address,
            method=request.method,
            path=request.path,
            query=request.query,
            user=request.user,
            agent=request.agent,
            status=request.status,
            sent=request.sent,
            received=request.received,
            taken=request.taken,
        )

    def close(self) -> None:
        """Nothing stays open."""
