"""Real audits as records in the order of the log, and what of each format is the actor, the time, the holding."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Native = dict[str, Any]
Path_ = tuple[str, ...]

_WINDOWS = (
    "empire_powerview_ldap_ntsecuritydescriptor.zip",
    "empire_wmic_add_user_backdoor.zip",
    "aptsimulator_cobaltstrike.zip",
    "cmd_dumping_ntds_dit_file_ntdsutil.zip",
    "empire_mimikatz_sam_access.zip",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Where a format keeps what a change of a log is about; paths lead through objects, the first that is there counts.

    sid      other names of the actor, by which a record may call it instead
    holding  what names the thing reached, the container last
    hosted   whether records are numbered by host and channel
    """

    source: str
    time: Path_
    actor: tuple[Path_, ...]
    sid: tuple[Path_, ...]
    address: tuple[Path_, ...]
    session: tuple[Path_, ...]
    operation: Path_
    holding: tuple[Path_, ...]
    identifier: Path_
    hosted: bool = False


M365 = Shape(
    source="m365_unified_audit",
    time=("CreationTime",),
    actor=(("UserId",),),
    sid=(("UserKey",), ("LogonUserSid",)),
    address=(("ClientIPAddress",), ("ClientIP",), ("ActorIpAddress",)),
    session=(("SessionId",), ("AppAccessContext", "AADSessionId")),
    operation=("Operation",),
    holding=(("ObjectId",), ("SiteUrl",), ("Folders",), ("AffectedItems",), ("Item",), ("MailboxOwnerUPN",)),
    identifier=("Id",),
)
CLOUDTRAIL = Shape(
    source="aws_cloudtrail",
    time=("eventTime",),
    actor=(("userIdentity", "arn"),),
    sid=(("userIdentity", "principalId"), ("userIdentity", "accessKeyId")),
    address=(("sourceIPAddress",),),
    session=(("userIdentity", "accessKeyId"),),
    operation=("eventName",),
    holding=(
        ("requestParameters", "secretId"),
        ("requestParameters", "key"),
        ("requestParameters", "bucketName"),
        ("requestParameters", "snapshotId"),
        ("requestParameters", "dBSnapshotIdentifier"),
    ),
    identifier=("eventID",),
)
WINDOWS = Shape(
    source="windows_json",
    time=("@timestamp",),
    actor=(("SubjectUserName",),),
    sid=(("SubjectUserSid",),),
    address=(("IpAddress",),),
    session=(("SubjectLogonId",),),
    operation=("EventID",),
    holding=(("RelativeTargetName",), ("ObjectName",), ("ShareName",)),
    identifier=("RecordNumber",),
    hosted=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """One real log: its records in order; `dense` are places of records that reach something, where slices are cut."""

    name: str
    shape: Shape
    records: Sequence[Native]
    dense: Sequence[int] = field(default_factory=tuple)


def audits(data: Path) -> tuple[Audit, ...]:
    """Every audit of the data sets that has accesses, by name."""
    return (_tenant(data), _trail(data), *_windows(data))


def value(native: Mapping[str, Any], path: Path_) -> Any:
    """What stands there; None where nothing does."""
    found: Any = native
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def put(native: Native, path: Path_, given: object) -> None:
    """Write a value where one can stand; objects on the way are made their own."""
    for name in path[:-1]:
        below = native.get(name)
        native[name] = dict(below) if isinstance(below, dict) else {}
        native = native[name]
    native[path[-1]] = given


def drop(native: Native, path: Path_) -> None:
    """Take a field away."""
    for name in path[:-1]:
        below = native.get(name)
        if not isinstance(below, dict):
            return
        native[name] = dict(below)
        native = native[name]
    native.pop(path[-1], None)


def first(native: Mapping[str, Any], paths: Sequence[Path_]) -> Path_ | None:
    """The first of the paths under which something stands."""
    return next((path for path in paths if value(native, path) not in (None, "", [], {})), None)


def _tenant(data: Path) -> Audit:
    with gzip.open(data / "m365_unified_audit_log" / "audit_records.jsonl.gz", "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    records.sort(key=lambda one: one["CreationTime"])
    dense = [
        place
        for place, one in enumerate(records)
        if one.get("MailboxOwnerUPN") or str(one.get("ObjectId")).startswith("http")
    ]
    return Audit(name="tenant", shape=M365, records=records, dense=dense)


def _trail(data: Path) -> Audit:
    """All detonations as one trail, and the events of the labelled set that are whole records of a trail."""
    found: list[Native] = []
    with zipfile.ZipFile(data / "cloudtrail" / "stratus_detonations.zip") as archive:
        for name in sorted(archive.namelist()):
            found += json.loads(archive.read(name))
    with gzip.open(data / "cloud_saas_labelled_events" / "events.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            native = event.get("event", event)
            if isinstance(native, dict) and {"eventTime", "eventName", "eventSource", "userIdentity"} <= native.keys():
                found.append(native)
    usable = [
        one
        for one in found
        if isinstance(one.get("eventTime"), str)
        and isinstance(one.get("userIdentity"), dict)
        and not _contradicts_itself(one)
    ]
    # The labelled events are of other years: moved to the days of the detonations, in their order, they are one trail.
    usable.sort(key=lambda one: str(one["eventTime"]))
    records = []
    for place, one in enumerate(usable):
        moved = one | {"eventTime": f"2024-07-{1 + place // 24 % 28:02}T{place % 24:02}:{place % 60:02}:00Z"}
        moved.setdefault("eventID", f"00000000-0000-4000-8000-{place:012x}")
        records.append(moved)
    records.sort(key=lambda one: str(one["eventTime"]))
    dense = [place for place, one in enumerate(records) if first(one, CLOUDTRAIL.holding) and not one.get("errorCode")]
    return Audit(name="trail", shape=CLOUDTRAIL, records=records, dense=dense)


def _contradicts_itself(native: Native) -> bool:
    """Whether a record made anonymous by hand names two buckets: with the one taken away, it is a record of the other."""
    bucket, resources = value(native, ("requestParameters", "bucketName")), native.get("resources")
    if not isinstance(bucket, str) or not isinstance(resources, list):
        return False
    names = {
        str(one.get("ARN", "")).partition(":::")[2].partition("/")[0] for one in resources if isinstance(one, dict)
    }
    return bool(names - {""}) and bucket not in names


def _windows(data: Path) -> Iterator[Audit]:
    """The security events of each data set, numbered anew: what the set left out is no gap of the machine's."""
    for name in _WINDOWS:
        with zipfile.ZipFile(data / "otrf_mordor" / "atomic" / name) as archive:
            member = next(one for one in archive.namelist() if one.endswith(".json") and not one.startswith("__"))
            lines = archive.read(member).splitlines()
        records = [one for one in map(json.loads, lines) if str(one.get("Channel")).lower() == "security"]
        for one in records:
            one.pop("Message", None)
            one["Channel"] = "Security"
        records.sort(key=lambda one: str(one["@timestamp"]))
        numbers: Counter[str] = Counter()
        for one in records:
            numbers[one["Hostname"]] += 1
            one["RecordNumber"] = 10_000 + numbers[one["Hostname"]]
        dense = [
            place
            for place, one in enumerate(records)
            if str(one.get("EventID")) in ("5145", "4663") and one.get("ObjectType") == "File"
        ]
        yield Audit(name=f"windows {name.partition('.')[0]}", shape=WINDOWS, records=records, dense=dense)
