"""From canaries and a schedule to a plan: each probe once, at its time, with a nonce nobody knows before."""

from __future__ import annotations

import csv
import io
import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import yaml

from tocsin.cover.probing.channels import load_channels
from tocsin.errors import ConfigError
from tocsin.model.cells import plain_cell
from tocsin.model.identity import canonical_account, canonical_address, canonical_host
from tocsin.model.instant import DAY, HOUR, NANOSECONDS, format_time
from tocsin.model.probing import Canary, PlannedProbe, Probe, ProbeChannel, ProbePlan, committed

COLUMNS = ("channel", "target", "account", "names", "host", "log", "address")
MOST_PROBES = 5_000
_REQUIRED = frozenset(("channel", "target", "account"))
_HINT = f"columns: {', '.join(COLUMNS)}; names are what the log calls it, with ; between them (docs/guides/probe.md)"
_NONCE_BYTES, _ID_BYTES = 16, 4


def read_canaries(path: Path) -> tuple[Canary, ...]:
    """The canaries of a CSV file with a header, in its order. Raises ConfigError listing every faulty line."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text", hint="save it as CSV UTF-8") from error
    delimiter = next((mark for mark in ",;\t" if mark in text.split("\n", 1)[0]), ",")
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    names = {name.strip().lower() for name in reader.fieldnames or () if name}
    if not names >= _REQUIRED:
        raise ConfigError(f"{path} has no columns {', '.join(sorted(_REQUIRED - names))}", hint=_HINT)
    found: list[Canary] = []
    faults: list[str] = []
    for row in reader:
        cells = {str(name or "").strip().lower(): plain_cell(str(cell or "").strip()) for name, cell in row.items()}
        if not any(cells.values()):
            continue
        try:
            found.append(canary_of(cells))
        except ValueError as error:
            faults.append(f"line {reader.line_num}: {error}")
    targets = [(one.channel, one.target) for one in found]
    faults += [f"{target} is there twice" for _, target in sorted({one for one in targets if targets.count(one) > 1})]
    if faults:
        raise ConfigError("\n".join((f"{path} was not taken:", *faults[:20])), hint=_HINT)
    if not found:
        raise ConfigError(f"{path} names no canary", hint=_HINT)
    return tuple(found)


def canary_of(cells: Mapping[str, str]) -> Canary:
    """One canary from its cells. Raises ValueError saying what is wrong with it."""
    if "" in cells:
        raise ValueError("more cells than columns")
    if any(not text.isprintable() for text in cells.values()):
        raise ValueError("a cell holds a line break or a control character")
    channel = load_channels().get(cells["channel"])
    if channel is None:
        raise ValueError(f"channel is none of {', '.join(load_channels())}")
    account = canonical_account(cells["account"])
    if not cells["target"] or account is None:
        raise ValueError("target and account must be said: an access by nobody is told from nobody else's")
    host = canonical_host(cells.get("host", "")) or ""
    if channel.needs_host and not host:
        raise ValueError(f"host must be said: a {channel.name} is recorded by the machine it lies on")
    names = tuple(name.strip() for name in cells.get("names", "").split(";") if name.strip())
    return Canary(
        channel.name,
        cells["target"],
        names or (cells["target"],),
        account,
        host,
        cells.get("log", ""),
        _addresses(cells.get("address", ""), channel),
    )


def _addresses(text: str, channel: ProbeChannel) -> tuple[str, ...]:
    given = [one.strip() for one in text.split(";") if one.strip()]
    if given and not channel.names_address:
        raise ValueError(
            f"address: no record of the channel {channel.name} says where an access came from; leave it out"
        )
    try:
        return tuple(sorted({canonical_address(str(ipaddress.ip_address(one))) or "" for one in given}))
    except ValueError:
        raise ValueError(f"address: {text!r} is no IP address; several are parted by ;") from None


def plan_probes(
    canaries: Sequence[Canary],
    *,
    made: int,
    from_: int,
    to: int,
    every: int,
    random_bytes: Callable[[int], bytes],
) -> ProbePlan:
    """One probe of each canary in each `every` from `from_` to `to` (ns UTC, exclusive).

    Raises ConfigError where accesses would be nearer together than the channel records them one by one, where there are
    none or too many, and where they would begin before the plan is made.
    """
    if from_ < made:
        raise ConfigError(
            f"a plan that begins {format_time(from_)} is not made: it is {format_time(made)} now",
            hint="leave out --from, or give a time to come: what was accessed before it was planned is no probe",
        )
    for name in sorted({one.channel for one in canaries}):
        least = load_channels()[name].least
        if every < least:
            raise ConfigError(
                f"probes of the channel {name} are at least {_minutes(least)} apart",
                hint=f"--every {_minutes(least).split()[0]}m: of accesses nearer together one record may stand for two",
            )
    count = max(0, -(-(to - from_) // every)) * len(canaries)
    if not 0 < count <= MOST_PROBES:
        raise ConfigError(
            f"a plan of {count:,} probes is not made: it has 1 to {MOST_PROBES:,}",
            hint="change --every, --from or --days",
        )
    id_ = random_bytes(_ID_BYTES).hex()
    probes: list[Probe] = []
    for due in range(from_, to, every):
        for canary in canaries:
            nonce = random_bytes(_NONCE_BYTES).hex()
            planned = PlannedProbe(f"{id_}-{len(probes) + 1:04}", canary, due, due + every, committed(nonce))
            probes.append(Probe(planned, nonce))
    return ProbePlan(id=id_, made=made, probes=tuple(probes))


def every_of(text: str) -> int:
    """`15m`, `1h` or `1d` as ns. Raises ValueError."""
    units = {"m": 60 * NANOSECONDS, "h": HOUR, "d": DAY}
    if text[-1:] not in units or not text[:-1].isdecimal() or not int(text[:-1]):
        raise ValueError(f"{text!r} is no time like 15m, 1h or 1d")
    return int(text[:-1]) * units[text[-1]]


def plan_yaml(plan: ProbePlan) -> str:
    """The plan for people, and to be kept: what is accessed when, with the nonce of each probe."""
    canaries = list(dict.fromkeys(probe.planned.canary for probe in plan.probes))
    said = {
        "tocsin_probe_plan": 1,
        "plan": plan.id,
        "made": format_time(plan.made),
        "canaries": [
            {"number": number, **one._asdict(), "names": list(one.names), "addresses": list(one.addresses)}
            for number, one in enumerate(canaries, 1)
        ],
        "probes": [
            {
                "id": probe.planned.id,
                "canary": canaries.index(probe.planned.canary) + 1,
                "due": format_time(probe.planned.due),
                "nonce": probe.nonce,
            }
            for probe in plan.probes
        ],
    }
    written: str = yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=120)
    return written


def canaries_of(probes: Iterable[Probe]) -> dict[Canary, int]:
    """Each canary with its number, from 1, in the order of the probes."""
    return {one: number for number, one in enumerate(dict.fromkeys(probe.planned.canary for probe in probes), 1)}


def _minutes(time: int) -> str:
    return f"{-(-time // (60 * NANOSECONDS)):,} minutes"
