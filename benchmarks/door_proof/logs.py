"""Names planted in real records: one record of the public data sets for each kind of log, written again and again with
another name in a field that people fill in, and a mark of our own beside it to find the place by afterwards.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
import random
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.door_proof.names import SEED, Name, has_short_vowel
from benchmarks.door_proof.writings import ARRANGED, ENCODINGS, generated

_PADS = (*range(185, 203, 3), *range(240, 260, 4), *range(490, 515, 5), *range(1000, 1028, 5), *range(4070, 4100, 6))


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One place a name was put.

    mark      stands beside it in the log
    kind      exact: as the vault has it, however encoded; generated: spelled by a system; arranged: turned, shortened
    writing   the encoding, the system or the arrangement
    text      what stands there
    """

    mark: str
    person: int
    script: str
    source: str
    kind: str
    writing: str
    text: str


def planted(names: Sequence[Name], exact: int, sources: Sequence[str], seed: int = SEED) -> list[Planted]:
    """For each name so many exact writings, each spelling of it, and two arrangements: spread over sources and
    encodings so that every pair of these comes up."""
    chance = random.Random(seed)
    encodings, arrangements = list(ENCODINGS), list(ARRANGED)
    found: list[Planted] = []

    def plant(name: Name, kind: str, writing: str, text: str) -> None:
        source = sources[len(found) % len(sources)]
        mark = f"zqx{len(found):07d}"
        found.append(
            Planted(
                mark=mark, person=name.number, script=name.script, source=source, kind=kind, writing=writing, text=text
            )
        )

    count = 0
    for name in names:
        for _ in range(exact):
            encoding = encodings[count // len(sources) % len(encodings)]
            plant(name, "exact", encoding, ENCODINGS[encoding](name.form))
            count += 1
        for system, text in generated(name):
            unsaid = "short vowels, " if has_short_vowel(name) else ""
            plant(name, "generated", unsaid + system, text)
        for arrangement in chance.sample(arrangements[1:], 2):
            if arrangement == "initial" and name.script != "latin":
                arrangement = "turned"
            if arrangement == "jammed" and name.script != "latin":
                arrangement = "dots"
            plant(name, "arranged", arrangement, ARRANGED[arrangement](name.given, name.family))
        if name.number % 10 == 0:
            plant(name, "exact", "after a long text", "~" * _PADS[name.number // 10 % len(_PADS)] + " " + name.form)
    return found


# -- the records --------------------------------------------------------------------------------------------------------

_Write = Callable[[Sequence[Planted]], bytes]


def _jsonl(records: Iterable[Mapping[str, Any]]) -> bytes:
    """Every other line with its letters escaped, as many writers do."""
    lines = (json.dumps(record, ensure_ascii=number % 2 == 0) for number, record in enumerate(records))
    return "\n".join(lines).encode() + b"\n"


def _windows(data: Path) -> _Write:
    with zipfile.ZipFile(data / "otrf_mordor/atomic/schtask_create.zip") as archive:
        lines = archive.read(archive.namelist()[0]).decode().splitlines()
    records: list[dict[str, Any]] = [json.loads(line) for line in lines if line]
    started = next(record for record in records if record["EventID"] == 4688)
    made = next(record for record in records if record["EventID"] == 11)

    def record(number: int, one: Planted) -> dict[str, Any]:
        if number % 2:
            command = f"C:\\Windows\\notepad.exe /open:{one.mark} {one.text}"
            return started | {"CommandLine": command, "Message": f"A new process has been created.\r\n\t{command}"}
        path = f"C:\\Users\\Public\\{one.mark} {one.text}.docx"
        return made | {"TargetFilename": path, "Message": f"File created:\r\nTargetFilename: {path}"}

    return lambda planted: _jsonl(record(*each) for each in enumerate(planted))


def _tenant_records(data: Path) -> list[dict[str, Any]]:
    with gzip.open(data / "m365_unified_audit_log/audit_records.jsonl.gz", "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def _tenant_record(records: Sequence[dict[str, Any]], number: int, one: Planted) -> dict[str, Any]:
    sent = next(record for record in records if record["Operation"] == "Send")
    opened = next(
        record for record in records if record["Operation"] in ("FileAccessed", "FilePreviewed", "FileUploaded")
    )
    own = {"Id": f"00000000-0000-4000-8000-{int(one.mark[3:]):012d}"}
    if number % 2:
        item = {
            "Subject": f"{one.mark} {one.text}",
            "InternetMessageId": f"<{number}@mail.example.org>",
            "Id": "Unknown",
        }
        return sent | own | {"Item": item}
    return (
        opened
        | own
        | {
            "SourceFileName": f"{one.mark} {one.text}.docx",
            "ObjectId": f"https://files.example.org/sites/a/{one.mark} {one.text}.docx",
        }
    )


def _tenant(data: Path) -> _Write:
    records = _tenant_records(data)
    return lambda planted: _jsonl(_tenant_record(records, *each) for each in enumerate(planted))


def _tenant_csv(data: Path) -> _Write:
    records = _tenant_records(data)
    with gzip.open(
        data / "m365_unified_audit_log/search_unifiedauditlog_export.csv.gz", "rt", encoding="utf-8-sig", newline=""
    ) as stream:
        reader = csv.DictReader(stream)
        row = next(reader)

    def write(planted: Sequence[Planted]) -> bytes:
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, list(row), quoting=csv.QUOTE_ALL)
        writer.writeheader()
        for number, one in enumerate(planted):
            record = _tenant_record(records, number, one)
            audit = json.dumps(record, ensure_ascii=number % 4 < 2)
            beside = {"UserIds": record["UserId"], "Operations": record["Operation"], "Identity": record["Id"]}
            writer.writerow(row | beside | {"AuditData": audit})
        return out.getvalue().encode()

    return write


def _cloud(data: Path) -> _Write:
    with zipfile.ZipFile(data / "cloudtrail/stratus_detonations.zip") as archive:
        record: dict[str, Any] = json.loads(archive.read(archive.namelist()[0]))[0]

    def one(number: int, each: Planted) -> dict[str, Any]:
        own = {"eventID": f"00000000-0000-4000-8000-{int(each.mark[3:]):012d}"}
        if number % 2:
            return record | own | {"userAgent": f"{each.mark} {each.text}"}
        key = {"bucketName": "an-invented-bucket", "key": f"a/{each.mark} {each.text}.pdf"}
        return record | own | {"eventSource": "s3.amazonaws.com", "eventName": "GetObject", "requestParameters": key}

    return lambda planted: json.dumps({"Records": [one(*each) for each in enumerate(planted)]}).encode()


def _zeek(data: Path) -> _Write:
    streams: dict[str, dict[str, Any]] = {}
    with gzip.open(data / "otrf_mordor/apt29_zeek/apt29_day1_zeek_combined.json.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            streams.setdefault(record["@stream"], record)

    def one(number: int, each: Planted) -> dict[str, Any]:
        if number % 3 == 0 or "/" in each.text:  # which no file's name can hold
            return streams["http"] | {"uri": f"/{each.mark}?q= {each.text}"}
        if number % 3 == 1:
            return streams["smb_files"] | {"name": f"shared\\{each.mark} {each.text}.docx"}
        return streams["files"] | {"filename": f"{each.mark} {each.text}.docx"}

    return lambda planted: _jsonl(one(*each) for each in enumerate(planted))


def _audit(data: Path) -> _Write:
    """The command and the path as auditd writes what is more than plain letters: in hexadecimal digits."""
    with gzip.open(data / "benign_and_mixed_samples/msticpy/auditd_log.txt.gz", "rt", encoding="utf-8") as stream:
        lines = stream.read().splitlines()
    system = next(line for line in lines if line.startswith("type=SYSCALL"))
    fields = system.split("): ", 1)[1]

    def one(number: int, each: Planted) -> Iterator[str]:
        stamp = f"msg=audit(1551487424.{number % 1000:03d}:{800000 + number})"
        said = f"/srv/{each.mark} {each.text}".encode().hex().upper()
        yield f"type=SYSCALL {stamp}: {fields}"
        yield f'type=EXECVE {stamp}: argc=2 a0="/usr/bin/less" a1={said}'
        yield f"type=PATH {stamp}: item=0 name={said} inode=27 dev=08:01 mode=0100644 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL"

    return lambda planted: "\n".join(line for each in enumerate(planted) for line in one(*each)).encode() + b"\n"


def _system(data: Path) -> _Write:
    with gzip.open(
        data / "benign_and_mixed_samples/msticpy/syslog_data.csv.gz", "rt", encoding="utf-8", newline=""
    ) as stream:
        said = next(row["SyslogMessage"] for row in csv.DictReader(stream) if "COMMAND=" in row["SyslogMessage"])
    before = said.split("COMMAND=")[0]

    def write(planted: Sequence[Planted]) -> bytes:
        lines = (
            f"2019-07-08T16:{number // 60 % 60:02d}:{number % 60:02d}+00:00 squid-uk-02 sudo: {before}COMMAND=/usr/bin/less /srv/{one.mark} {_in_line(one.text)}"
            for number, one in enumerate(planted)
        )
        return "\n".join(lines).encode() + b"\n"

    return write


def _in_line(text: str) -> str:
    """Without the line breaks of quoted-printable, where a record is a line."""
    return text.replace("=\n", "")


def _web(data: Path) -> _Write:
    with zipfile.ZipFile(data / "parser_conformance/crowdsec_hub/logs.zip") as archive:
        line = archive.read("apache-http-probing/apache-http-probing.log").decode().splitlines()[0]
    head, tail = line.split('"GET ', 1)[0], line.split(" HTTP/1.1", 1)[1]

    def write(planted: Sequence[Planted]) -> bytes:
        lines = (
            f'{head}"GET /find?m={one.mark}&q={_in_line(one.text).replace(" ", "+")} HTTP/1.1{tail}' for one in planted
        )
        return "\n".join(lines).encode() + b"\n"

    return write


WRITERS: Mapping[str, Callable[[Path], _Write]] = {
    "Windows events": _windows,
    "Microsoft 365": _tenant,
    "Microsoft 365, CSV": _tenant_csv,
    "CloudTrail": _cloud,
    "Zeek": _zeek,
    "auditd": _audit,
    "syslog": _system,
    "web access": _web,
}
_ENDINGS = {"Microsoft 365, CSV": "csv", "CloudTrail": "json", "auditd": "log", "syslog": "log", "web access": "log"}


def write_logs(folder: Path, data: Path, everything: Sequence[Planted], named: Sequence[Name]) -> None:
    """A folder of logs that hold all that is planted; their own names, and those of archives and members, name people,
    and so do lines that no source can read."""
    folder.mkdir(parents=True)
    called = itertools.cycle(named)
    for source, writer in WRITERS.items():
        write, ending = writer(data), _ENDINGS.get(source, "jsonl")
        of_source = [one for one in everything if one.source == source]
        parts = [of_source[number::4] for number in range(4)]
        stem = source.replace(" ", "-").replace(",", "")
        broken = next(called).form
        (folder / f"{stem} {next(called).form}.{ending}").write_bytes(write(parts[0]) + _broken(ending, broken))
        (folder / f"{stem} {next(called).form}.{ending}.gz").write_bytes(gzip.compress(write(parts[1]), mtime=0))
        with zipfile.ZipFile(folder / f"{next(called).form} {stem}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{next(called).form}/{stem}.{ending}", write(parts[2]))
        _tar(folder / f"{next(called).form} {stem}.tar.gz", f"{next(called).form}/{stem}.{ending}", write(parts[3]))
    _zstandard(folder / f"{next(called).form} again.jsonl.zst", (WRITERS["Zeek"](data))(everything[:40]))
    (folder / f"{next(called).form} unknown.bin").write_bytes(f"no log at all\n{next(called).form}\n".encode())


def _broken(ending: str, name: str) -> bytes:
    if ending == "jsonl":
        return f'{{"EventID": 4688, "broken by {name}\n'.encode()
    return f"a line that says {name} and is no record\n".encode() if ending == "log" else b""


def _tar(path: Path, member: str, data: bytes) -> None:
    with tarfile.open(path, "w:gz") as archive:
        entry = tarfile.TarInfo(member)
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))


def _zstandard(path: Path, data: bytes) -> None:
    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "zstd") as stream:
        stream.write(data)
    path.write_bytes(out.getvalue().to_pybytes())
