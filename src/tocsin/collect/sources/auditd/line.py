"""One line of the audit log in, its kind, event and fields out: decoded, under the names the audit system gives them.

Field names and encoding: Audit Field Dictionary of the linux-audit project, and `audit_log_untrustedstring` of the
kernel: a value that could be misread is written in hexadecimal, anything else in quotes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from tocsin.collect.sources.auditd.tables import (
    architecture,
    error_name,
    socket_address,
    syscall_name,
    type_name,
)
from tocsin.model.instant import NANOSECONDS, is_plausible

UNSET = ("4294967295", "-1", "unset")  # an audit user or session that was never set

_HEAD = re.compile(
    r"(?:node=(?P<node>\S+) )?(?:audit(?:\(\))?: )?(?:type ?=(?P<type>[A-Z][A-Z0-9_]*(?:\[\d+\])?|\d{1,5}) )?"
    r"(?:msg=)?audit\((?P<stamp>[^()\n]{1,64}):(?P<serial>\d{1,20})\)(?: ?: ?| )?"
)
_STAMP = re.compile(r"(\d{1,11})(?:\.(\d{1,9}))?")
_FIELD = re.compile(r"""([A-Za-z_][\w\-\[\]]*)=("[^"]*"|\{[^}]*\}|\S*)""")
_NAMED = re.compile(r'(?<=[^\sA-Z])(?=(?:ARCH=|[OAEFS]{0,2}[UG]?ID="|SADDR=\{))')
_AVC = re.compile(r"avc: +(\w+) +\{ ([^}]*) \}")
_HEXADECIMAL = re.compile(r"(?:[0-9A-F]{2})+")
_ARGUMENT = re.compile(r"a(\d{1,6})(?:\[(\d{1,6})\])?")
# Values the kernel or auditd writes in hexadecimal where they hold a space, a quote or a byte that is not ASCII.
_ENCODED = frozenset(
    ("name", "cwd", "exe", "comm", "ocomm", "proctitle", "acct", "cmd", "data", "key", "path", "dir", "file", "vm",
     "new-disk", "old-disk", "root_dir", "device", "watch", "unit", "invalid_context", "grp", "new-group")
)  # fmt: skip


class AuditLine(NamedTuple):
    """One record of the audit log.

    type    kind of record, as a name
    event   what ties it to the other records of its event: time and serial number as written
    node    the host, where the line names it
    time    nanoseconds UTC; None where the line was rendered for people, in a form that has no zone
    body    what stands behind the event, as written
    """

    type: str
    event: str
    node: str | None
    time: int | None
    serial: int | None
    fields: dict[str, Any]
    body: str
    warnings: tuple[str, ...]


def is_audit_text(text: str) -> bool:
    """Whether a text begins as a line of the audit log does."""
    return _HEAD.match(text) is not None


def read_line(text: str) -> AuditLine | None:
    """The record in a line, or None where it has no audit event."""
    head = _HEAD.match(text)
    if head is None:
        return None
    node, kind, stamp, serial = head.group("node", "type", "stamp", "serial")
    kind = type_name(kind) if kind else "KERNEL"
    time, warnings = _time(stamp)
    fields: dict[str, Any] = {"type": kind}
    body = text[head.end() :]
    _read_fields(body, kind, fields)
    number = int(serial)
    return AuditLine(kind, f"{stamp}:{serial}", node, time, number if number < 2**63 else None, fields, body, warnings)


@lru_cache(maxsize=4096)
def _time(stamp: str) -> tuple[int | None, tuple[str, ...]]:
    match = _STAMP.fullmatch(stamp)
    if match is None:
        return None, ("time_unreadable",)
    seconds, fraction = match.groups()
    time = int(seconds) * NANOSECONDS + int((fraction or "0").ljust(9, "0"))
    if time >= 2**63:
        return None, ("time_unrepresentable",)
    return time, () if is_plausible(time) else ("time_implausible",)


def _read_fields(body: str, kind: str, fields: dict[str, Any]) -> None:
    """Add the fields of a body. What the kernel and auditd say stands before what a program said inside `msg='...'`."""
    if "\x1d" in body:
        body = body.replace("\x1d", " ")
    elif 'ID="' in body or "ARCH=" in body or "SADDR={" in body:
        body = _NAMED.sub(" ", body)
    inner = ""
    start = body.find("msg='")
    if start >= 0:
        end = body.rfind("'")
        if end < start + 5:
            end = len(body)
        inner, body = body[start + 5 : end], f"{body[:start]} {body[end + 1 :]}"
    is_execve = kind == "EXECVE"
    for part in (body, inner) if inner else (body,):
        for name, value in _FIELD.findall(part):
            if name not in fields:
                fields[name] = _value(name, value, is_execve)
    if kind == "SYSCALL" or kind == "SECCOMP":
        _name_call(fields)
    elif is_execve:
        _join_arguments(fields)
    elif kind == "SOCKADDR":
        _name_address(fields)
    elif kind == "AVC" and (avc := _AVC.search(body, 0, 2048)):
        fields["seresult"], fields["seperms"] = avc.groups()
    if fields.get("auid") in UNSET:
        fields.setdefault("AUID", "unset")


def _value(name: str, value: str, is_execve: bool) -> str | list[str] | None:
    first = value[:1]
    if first == '"' or first == "{":
        text = value[1:-1]
        return text.split("\x01") if name == "key" and "\x01" in text else text
    if value == "(null)":
        return None
    if value and (name in _ENCODED or (is_execve and _ARGUMENT.fullmatch(name))) and _HEXADECIMAL.fullmatch(value):
        return _decoded(name, value)
    return value


def _decoded(name: str, value: str) -> str | list[str]:
    text = bytes.fromhex(value).decode("utf-8", "replace")
    if name == "proctitle":
        return text.rstrip("\0").replace("\0", " ")
    text = text.rstrip("\0")
    return text.split("\x01") if name == "key" and "\x01" in text else text


def _name_call(fields: dict[str, Any]) -> None:
    """Add architecture and call by name, as auditd itself does where it enriches, and the error by name."""
    arch, number = fields.get("arch"), fields.get("syscall")
    if arch and "ARCH" not in fields:
        fields["ARCH"] = architecture(arch) or arch
    if number and "SYSCALL" not in fields:
        fields["SYSCALL"] = (syscall_name(arch or "", number) or number) if number.isdecimal() else number
    if error := error_name(fields.get("exit") or ""):
        fields["derived.error"] = error


def _join_arguments(fields: dict[str, Any]) -> None:
    """Add the command line; arguments too long for one record come in parts, `a1[0]`, `a1[1]`, and are joined."""
    parts: dict[int, list[tuple[int, str]]] = {}
    for name, value in fields.items():
        if match := _ARGUMENT.fullmatch(name):
            number, part = match.groups()
            parts.setdefault(int(number), []).append((int(part or 0), value or ""))
    whole = {number: "".join(text for _, text in sorted(pieces)) for number, pieces in sorted(parts.items())}
    for number, text in whole.items():
        fields.setdefault(f"a{number}", text)
    if whole:
        fields["derived.command_line"] = " ".join(whole.values())


def _name_address(fields: dict[str, Any]) -> None:
    found = socket_address(fields.get("saddr") or "")
    if found is None:
        return
    fields["derived.family"] = found.family
    for name, value in (("address", found.address), ("port", found.port), ("path", found.path)):
        if value:
            fields[f"derived.{name}"] = value
