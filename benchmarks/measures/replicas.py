"""Public logs written many times over as the logs of an estate that is larger and was watched for longer.

No two replicas hold one event twice: each is shifted in time by whole weeks, has its own record numbers, native ids and
process ids, and its hosts are of one of `SITES` sites. Accounts and addresses stay, as those of an institution do.
"""

from __future__ import annotations

import datetime as dt
import gzip
import itertools
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

SITES = 8
SLICES = 6  # of each Windows set and sample; a replica holds one of them
SHIFT_DAYS = 7
FILE_BYTES = 32 << 20
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

_DATE = re.compile(rb"\b(20[12]\d)-([01]\d)-([0-3]\d)(?=[T ])")
_RECORD = re.compile(rb'("RecordNumber":)(\d+)')
_HOST = re.compile(rb'("(?:Hostname|Computer)":"[^".]+)')
_GUID = re.compile(rb'((?:Process|Logon)Guid":"\{)[0-9A-Fa-f]{8}')
_NATIVE = re.compile(rb'("(?:Id|eventID)": ?")[0-9a-f]{8}')
_MESSAGE = re.compile(rb'("InternetMessageId": ?"<)')
_EPOCH = re.compile(rb'("ts":)(\d{10})')
_UID = re.compile(rb'("uid":"C)')
_AUDIT = re.compile(rb"(msg=audit\()(\d{10})(?=\.)")
_WEB_DATE = re.compile(rb"\[(\d\d)/([A-Z][a-z]{2})/(20\d\d)(?=:)")
_SYSLOG_DATE = re.compile(rb"^([A-Z][a-z]{2}) ([ \d]\d)(?= \d\d:\d\d:\d\d)")
_FILETIME = re.compile(rb"[\xcb-\xdb]\x01", re.DOTALL)
_EVTX_HEADER, _EVTX_CHUNK = 4096, 65536

Alter = Callable[[bytes], bytes]


def write_replica(data: Path, target: Path, replica: int) -> None:
    """Write the files of one replica (about 100,000 records) below `target`, piece by piece; some are compressed."""
    target.mkdir(parents=True)
    site, part = replica // SLICES % SITES, replica % SLICES
    windows = map(_windows(replica, site), _windows_lines(data, part))
    _write(target, "windows", windows, compress_every=3)
    _write(target, "audit", map(_native(replica), _gzip_lines(data / "m365_unified_audit_log/audit_records.jsonl.gz")))
    _write(
        target,
        "zeek-lab",
        map(_zeek(replica), _gzip_lines(data / "otrf_mordor/apt29_zeek/apt29_day1_zeek_combined.json.gz")),
    )
    for path in sorted((data / "parser_conformance/zeek_tsv_json_pairs").glob("*.json.gz")):
        _write(target, f"zeek-{path.name.removesuffix('.json.gz')}", map(_zeek(replica), _gzip_lines(path)))
    _write_cloudtrail(data, target / "cloudtrail.json", _native(replica))
    _write_samples(data, target / "evtx", part, replica)
    _write(target, "auditd", _repeated(_auditd_lines(data), _auditd(replica), 20))
    _write(target, "sshd", _repeated(_hub_lines(data, _SSHD), _syslog(replica, site), 40))
    _write(target, "access", _repeated(_hub_lines(data, _WEB), _web(replica), 20))


def _write(target: Path, name: str, lines: Iterable[bytes], *, compress_every: int = 0) -> None:
    """The lines as files of `FILE_BYTES`; every so many of them is compressed."""
    rest = iter(lines)
    for number in itertools.count():
        first = next(rest, None)
        if first is None:
            return
        compressed = compress_every and number % compress_every == compress_every - 1
        path = target / f"{name}-{number:02d}.log{'.gz' if compressed else ''}"
        with gzip.open(path, "wb", compresslevel=5) if compressed else path.open("wb") as stream:
            size = 0
            for line in itertools.chain([first], rest):
                stream.write(line + b"\n")
                size += len(line) + 1
                if size >= FILE_BYTES:
                    break


def _windows_lines(data: Path, part: int) -> Iterator[bytes]:
    """That slice of every set of Windows events in JSON lines."""
    folder = data / "otrf_mordor"
    for path in sorted((*folder.glob("atomic/*.zip"), *folder.glob("compound/*/*.zip"))):
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if not member.filename.endswith(".json") or member.filename.startswith("__MACOSX"):
                    continue
                start, end = (member.file_size * edge // SLICES for edge in (part, part + 1))
                with archive.open(member) as stream:
                    position = 0
                    for line in stream:
                        if start <= position < end and b'"Hostname":' in line:
                            yield line.strip()
                        position += len(line)


def _gzip_lines(path: Path) -> Iterator[bytes]:
    with gzip.open(path, "rb") as stream:
        for line in stream:
            yield line.strip()


def _auditd_lines(data: Path) -> Iterator[bytes]:
    for path in sorted((data / "parser_conformance/auditd_go_libaudit").glob("auparse__*.log")):
        yield from (line for line in path.read_bytes().splitlines() if line.startswith(b"type="))


_SSHD = re.compile(rb"^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ sshd\[")
_WEB = re.compile(rb'^[0-9.]+ \S+ \S+ \[\d\d/[A-Z][a-z]{2}/20\d\d:[^\]]+\] "[A-Z]+ [^"]*" \d{3} \d+ "[^"]*" "[^"]*"$')


def _hub_lines(data: Path, wanted: re.Pattern[bytes]) -> Iterator[bytes]:
    with zipfile.ZipFile(data / "parser_conformance/crowdsec_hub/logs.zip") as archive:
        for name in sorted(archive.namelist()):
            yield from (line for line in archive.read(name).splitlines() if wanted.match(line))


def _repeated(lines: Iterable[bytes], alter: Alter, times: int) -> Iterator[bytes]:
    altered = [alter(line) for line in lines]
    for _ in range(times):
        yield from altered


def _shifted_days(replica: int) -> int:
    return replica // SLICES * SHIFT_DAYS


def _dates(replica: int) -> Alter:
    days = dt.timedelta(days=_shifted_days(replica))
    known: dict[bytes, bytes] = {}

    def shifted(found: re.Match[bytes]) -> bytes:
        text = found.group()
        if text not in known:
            try:
                known[text] = (dt.date.fromisoformat(text.decode()) + days).isoformat().encode()
            except ValueError:
                known[text] = text
        return known[text]

    return lambda line: _DATE.sub(shifted, line)


def _windows(replica: int, site: int) -> Alter:
    dates, own = _dates(replica), b"%08x" % (0xA0000000 + replica)

    def alter(line: bytes) -> bytes:
        line = _RECORD.sub(lambda found: found[1] + b"%d" % (int(found[2]) + replica // SLICES * 50_000_000), line)
        line = _HOST.sub(rb"\g<1>-s%d" % site, line)
        return _GUID.sub(rb"\g<1>" + own, dates(line))

    return alter


def _native(replica: int) -> Alter:
    dates, own = _all_dates(replica), b"%08x" % (0xA0000000 + replica)

    def alter(line: bytes) -> bytes:
        return _MESSAGE.sub(rb"\g<1>" + own, _NATIVE.sub(rb"\g<1>" + own, dates(line)))

    return alter


def _all_dates(replica: int) -> Alter:
    """For sets that are whole in every replica, and not a slice: each replica has days of its own."""
    return _dates(replica * SLICES)


def _zeek(replica: int) -> Alter:
    dates, seconds = _all_dates(replica), _shifted_days(replica * SLICES) * 86_400

    def alter(line: bytes) -> bytes:
        line = _EPOCH.sub(lambda found: found[1] + b"%d" % (int(found[2]) + seconds), dates(line))
        return _UID.sub(rb"\g<1>%d" % replica, line)

    return alter


def _auditd(replica: int) -> Alter:
    seconds = _shifted_days(replica * SLICES) * 86_400
    return lambda line: _AUDIT.sub(lambda found: found[1] + b"%d" % (int(found[2]) + seconds), line)


def _syslog(replica: int, site: int) -> Alter:
    days = dt.timedelta(days=replica % 28)

    def shifted(found: re.Match[bytes]) -> bytes:
        day = dt.date(2021, _MONTHS.index(found[1].decode()) + 1, int(found[2])) + days
        return f"{_MONTHS[day.month - 1]} {day.day:2d}".encode()

    return lambda line: re.sub(rb"(:\d\d \S+)(?= sshd)", rb"\g<1>-s%d" % site, _SYSLOG_DATE.sub(shifted, line), count=1)


def _web(replica: int) -> Alter:
    days = dt.timedelta(days=_shifted_days(replica * SLICES))

    def shifted(found: re.Match[bytes]) -> bytes:
        day = dt.date(int(found[3]), _MONTHS.index(found[2].decode()) + 1, int(found[1])) + days
        return f"[{day.day:02d}/{_MONTHS[day.month - 1]}/{day.year}".encode()

    return lambda line: _WEB_DATE.sub(shifted, line)


def _write_cloudtrail(data: Path, target: Path, alter: Alter) -> None:
    with zipfile.ZipFile(data / "cloudtrail/stratus_detonations.zip") as archive, target.open("wb") as stream:
        stream.write(b'{"Records":[')
        separator = b""
        for name in sorted(archive.namelist()):
            for record in json.loads(archive.read(name)):
                stream.write(separator + alter(json.dumps(record).encode()))
                separator = b",\n"
        stream.write(b"]}\n")


def _write_samples(data: Path, target: Path, part: int, replica: int) -> None:
    """That slice of the Windows event log samples, every time in them shifted and the checksums made anew."""
    target.mkdir()
    shift = _shifted_days(replica) * 86_400 * 10**7
    with zipfile.ZipFile(data / "evtx_attack_samples/evtx-attack-samples.zip") as archive:
        for number, name in enumerate(sorted(n for n in archive.namelist() if n.lower().endswith(".evtx"))):
            if number % SLICES == part:
                content = bytearray(archive.read(name))
                for start in range(_EVTX_HEADER, len(content) - _EVTX_CHUNK + 1, _EVTX_CHUNK):
                    if content[start : start + 8] == b"ElfChnk\0":
                        content[start : start + _EVTX_CHUNK] = _shifted_block(
                            bytes(content[start : start + _EVTX_CHUNK]), shift
                        )
                (target / name.replace("/", "_")).write_bytes(content)


def _shifted_block(block: bytes, shift: int) -> bytearray:
    """A block of an EVTX file with every FILETIME of 2009 to 2024 in its records moved by `shift`."""
    changed = bytearray(block)
    (free,) = struct.unpack_from("<I", block, 48)
    for found in _FILETIME.finditer(block, 512 + 6):
        place = found.start() - 6
        if place + 8 <= free:
            (value,) = struct.unpack_from("<Q", block, place)
            struct.pack_into("<Q", changed, place, value + shift)
    struct.pack_into("<I", changed, 52, zlib.crc32(changed[512:free]))
    struct.pack_into("<I", changed, 124, zlib.crc32(changed[:120] + changed[128:512]))
    return changed
