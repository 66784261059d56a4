"""The filing portal: the public reads, parties file, filings are delivered, and the internet knocks on every door."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise import sysmon_events as sysmon
from tocsin.exercise import windows_files as files
from tocsin.exercise.actions import Action, Flow, WebRequest
from tocsin.exercise.presence import MINUTE, Day
from tocsin.exercise.world import World
from tocsin.model.instant import HOUR, NANOSECONDS

WORKER = "C:\\Windows\\System32\\inetsrv\\w3wp.exe"
UPLOADS = "/filing/attachments"
_PUBLIC = (("/", 9_800), ("/content/site.css", 14_200), ("/content/logo.svg", 3_100), ("/hearings.aspx", 21_000))
_VISITS, _VISITS_AT_WEEKENDS = 140, 18
_FILES_SHARE = 0.3
_HOURS = (1, 1, 1, 1, 1, 1, 2, 5, 9, 12, 13, 12, 9, 11, 14, 16, 12, 7, 4, 3, 3, 2, 2, 1)  # busiest before the deadline
_PROBES = (
    "/wp-login.php", "/.env", "/phpmyadmin/index.php", "/admin", "/.git/config", "/xmlrpc.php", "/owa/", "/backup.zip",
    "/cgi-bin/luci", "/actuator/health", "/config.json", "/robots.txt", "/server-status", "/vendor/phpunit/",
)  # fmt: skip
_PROBER = "Mozilla/5.0 zgrab/0.x"
_COMPILER = "C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\csc.exe"


def act(world: World, day: Day, chance: random.Random) -> Iterator[Action]:
    """Visits all day long, about a third of them to file something; probes; and the pages compiled once a day."""
    midnight = world.day(day.number)
    count = _VISITS if world.is_workday(day.number) else _VISITS_AT_WEEKENDS
    for _ in range(count):
        time = midnight + chance.choices(range(24), _HOURS)[0] * HOUR + chance.randrange(HOUR - 20 * MINUTE)
        yield from _visit(world, time, chance)
    for _ in range(chance.randint(1, 4)):
        yield from _probing(world, midnight + chance.randrange(24 * HOUR - 20 * MINUTE), chance)
    yield from _recycling(world, midnight + 5 * HOUR + chance.randrange(HOUR), chance)


def flow_of(requests: list[WebRequest], world: World, port: int) -> Flow:
    """The connection a visitor's requests came through, as the firewall sees it when it ends."""
    first, last = requests[0], requests[-1]
    return Flow(
        last.time + 20 * NANOSECONDS,
        first.address,
        port,
        world.host("web server").address,
        443,
        True,
        (last.time - first.time) // NANOSECONDS + 20,
        sum(request.received for request in requests) + 900 * len(requests),
        sum(request.sent for request in requests) + 400 * len(requests),
    )


def _visit(world: World, time: int, chance: random.Random) -> Iterator[Action]:
    counsel = world.unit("Defence")
    person = chance.choice(counsel)
    known = chance.random() < _FILES_SHARE
    address = person.home_address if known else f"198.51.100.{chance.randint(1, 254)}"
    agent = person.agent if known else chance.choice(world.people).agent
    requests: list[WebRequest] = []

    def ask(method: str, path: str, status: int, sent: int, *, user: str = "", query: str = "", size: int = 0) -> int:
        nonlocal time
        time += chance.randrange(NANOSECONDS // 5, 40 * NANOSECONDS)
        received, taken = size or chance.randint(350, 900), chance.randint(4, 240)
        requests.append(
            WebRequest(
                time, "web01", address, method, path, query, user, agent, status, sent, received, taken
            )
        )  # fmt: skip
        return time

    for path, size in _PUBLIC[: chance.randint(1, len(_PUBLIC))]:
        ask("GET", path, 304 if path.startswith("/content") and chance.random() < 0.5 else 200, size)
    if known:
        number = f"F-26-{chance.randint(1, 9_999):05d}"
        if chance.random() < 0.1:
            ask("POST", "/login.aspx", 401, 1_900)
        ask("POST", "/login.aspx", 302, 600)
        ask("GET", "/filing/new.aspx", 200, 11_400, user=person.upn)
        size = chance.randint(60_000, 4_000_000)
        delivered = ask("POST", "/filing/upload.aspx", 302, 700, user=person.upn, size=size)
        ask("GET", "/filing/receipt.aspx", 200, 6_300, user=person.upn, query=f"no={number}")
        if chance.random() < 0.4:
            ask("GET", f"{UPLOADS}/{number}.pdf", 200, size, user=person.upn)
        ask("GET", "/logout.aspx", 302, 500, user=person.upn)
        yield from _delivery(world, delivered + 2 * NANOSECONDS, f"2026\\{number}.pdf", chance)
    yield from requests
    yield flow_of(requests, world, chance.randint(20_000, 60_000))


def _delivery(world: World, time: int, path: str, chance: random.Random) -> Iterator[Action]:
    service = world.service("filing")
    session = files.ShareSession(
        world.host("file server"),
        service.account,
        chance.getrandbits(24) | 1 << 23,
        world.host("web server").address,
        "Filings",
    )
    yield from files.opened(time, world, session)
    yield from files.touched(time + NANOSECONDS, world, session, path, files.WRITE)


def _probing(world: World, time: int, chance: random.Random) -> Iterator[Action]:
    address, requests = f"198.51.100.{chance.randint(1, 254)}", []
    for path in chance.sample(_PROBES, chance.randint(3, len(_PROBES))):
        time += chance.randrange(NANOSECONDS // 2, 6 * NANOSECONDS)
        requests.append(
            WebRequest(time, "web01", address, "GET", path, "", "", _PROBER, 404, 1_245, 310, chance.randint(1, 9))
        )
    yield from requests
    yield flow_of(requests, world, chance.randint(20_000, 60_000))


def _recycling(world: World, time: int, chance: random.Random) -> Iterator[Action]:
    """The application pool starts anew and compiles its pages: the worker starts a compiler, as it does everywhere."""
    host, pool = world.host("web server"), world.service("portal")
    who = sysmon.Who(pool.domain, pool.account[0], 0x1A000 + chance.randrange(0xFFFF))
    line = f'"{WORKER}" -ap "{pool.account[0]}" -v "v4.0"'
    yield sysmon.process_seen(time, host, who, WORKER, line, "C:\\Windows\\System32\\svchost.exe")
    for _ in range(chance.randint(2, 6)):
        time += chance.randint(2, 50) * NANOSECONDS
        name = f"{chance.getrandbits(40):08x}"
        line = f'"csc.exe" /t:library /utf8output @"C:\\Windows\\Temp\\{name}.cmdline"'
        yield sysmon.process_seen(time, host, who, _COMPILER, line, WORKER)
        yield sysmon.file_created(time + NANOSECONDS, host, who, _COMPILER, f"C:\\Windows\\Temp\\{name}.dll")
