"""The records of one event in; its columns, accesses and marks out, and the fields its records share for the rules."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from tocsin.collect.source import Mapped
from tocsin.collect.sources.auditd.accesses import (
    access_rows,
    is_for_one_thing,
    mark_rows,
    named,
    of_anything,
    resolved,
    serves,
    touched,
)
from tocsin.collect.sources.auditd.line import UNSET, AuditLine
from tocsin.collect.sources.auditd.tables import read_table
from tocsin.model.identity import canonical_account, canonical_address, canonical_host

CHANNEL = "auditd"

_account = lru_cache(maxsize=65_536)(canonical_account)
_address = lru_cache(maxsize=65_536)(canonical_address)
_host = lru_cache(maxsize=65_536)(canonical_host)

_STATUS = {"yes": "success", "success": "success", "1": "success", "no": "failure", "failed": "failure"}
_STATUS |= {"fail": "failure", "0": "failure"}
_NOBODY = frozenset({"", "?", "-1", "unset", "(unknown user)", "(invalid user)", "(unknown)", "unknown(4294967295)"})
_NAMELESS = frozenset({"", "?", "(null)"})
# Records that go with another one and never speak for the event while that one is there.
_COMPANIONS = frozenset(
    ("PATH", "CWD", "EXECVE", "PROCTITLE", "EOE", "SOCKADDR", "OPENAT2", "BPRM_FCAPS", "CAPSET", "MMAP", "FD_PAIR",
     "OBJ_PID", "IPC", "SOCKETCALL")
)  # fmt: skip
_SIGN_IN = 3002
# Of a session opened, or a right to one given, as another account.
_SIGNED_IN = frozenset(("USER_START", "USER_ACCT", "CRED_ACQ", "USER_AUTH", "USER_ROLE_CHANGE"))
_RECEIVING = frozenset({"accept", "accept4", "recvfrom", "recvmsg"})
# What the records of an event have in common is in its SYSCALL; arguments and the number of paths are its own.
_OWN = frozenset({"type", "a0", "a1", "a2", "a3", "items"})


def map_audit(lines: Sequence[AuditLine], host: str | None = None) -> tuple[Mapped, list[dict[str, Any]]]:
    """The event of these records, and the fields of each as rules see them.

    `host` is where the records come from, unless they name it themselves. A rule speaks of one record (`type: PATH`,
    `name: ...`): each keeps its own fields, and has of the others what is true of the whole event.
    """
    syscall: Mapping[str, Any] = {}
    by_type: dict[str, Mapping[str, Any]] = {}
    paths = []
    for line in lines:
        by_type.setdefault(line.type, line.fields)
        if line.type == "PATH":
            paths.append(line.fields)
    syscall = by_type.get("SYSCALL", {})
    speaker = next((line for line in lines if line.type == "SYSCALL"), None) or next(
        (line for line in lines if line.type not in _COMPANIONS), lines[0]
    )
    seen = [line.fields for line in lines]
    cwd = _string(by_type.get("CWD", {}).get("cwd"))
    if len(lines) > 1:
        shared = {name: value for name, value in syscall.items() if name not in _OWN}
        if cwd:
            shared["cwd"] = cwd
        if shared:
            seen = [{**shared, **fields} for fields in seen]
    call = _string(syscall.get("SYSCALL")) or ("io_uring" if "URINGOP" in by_type else "")
    files = resolved(paths, call, cwd, syscall)
    for place, line in enumerate(lines):
        if line.type == "PATH" and (path := _whole(line.fields, cwd)):
            seen[place] = {**seen[place], "derived.path": path}
    fields = speaker.fields if speaker.type != "SYSCALL" else syscall
    event = _event(lines, speaker, fields, by_type, _host(speaker.node or host))
    warnings = [*speaker.warnings]
    if files.loose:
        warnings.append("path_relative")
    if not syscall and all(line.type in _COMPANIONS for line in lines):
        warnings.append("event_incomplete")
    if files.items:
        event["file.path"] = _named(files.items)
    actor = event.get("actor.user.name") or event.get("actor.user.uid") or ""
    is_by_system = _string(fields.get("auid")) in UNSET
    changes = []
    # What the record of the call would say is lost with it; one that does not say that it failed may have succeeded.
    if event.get("status") != "failure" and (call or paths):
        changes = list(touched(call, files, syscall, by_type.get("OPENAT2", {})))
        if call and changes and serves(_string(fields.get("exe")), cwd):
            changes.append(of_anything(call))
    as_root = actor != "root" and not is_by_system and _is_root(fields)
    if (
        event.get("status") == "success"
        and not changes
        and not is_by_system
        and _is_becoming(speaker.type, fields, as_root)
    ):
        changes, as_root = [of_anything(call or speaker.type)], True
    accesses = access_rows(changes, event, actor, as_root=as_root) if changes else ()
    if changes and not is_by_system:
        also = (
            one for one in _acting_as(fields, speaker.node or host) if one not in (actor, event.get("actor.user.uid"))
        )
        accesses = [*accesses, *(row for one in also for row in access_rows(changes, event, one, as_root=False))]
    if speaker.type == "LOGIN" and (before := _before(fields, speaker.node or host)):
        accesses = access_rows([of_anything("LOGIN")], event, before, as_root=False)
    signalled = _string(by_type.get("OBJ_PID", {}).get("ocomm"))
    marks = mark_rows(
        speaker.type, {**fields, "derived.signalled": signalled} if signalled else fields, changes, event, actor
    )
    if event.get("status") != "failure":
        marks += named(call, files, is_by_system=is_by_system)
    return Mapped(event, _key(lines, event), accesses, marks, tuple(warnings)), seen


def _is_root(fields: Mapping[str, Any]) -> bool:
    """Whether a call was made with the rights of root, and not by a program that has them for one thing only."""
    if _string(fields.get("uid")) in ("0", "root"):
        return True
    has_rights = any(_string(fields.get(name)) in ("0", "root") for name in ("euid", "fsuid"))
    return has_rights and not is_for_one_thing(_string(fields.get("exe")))


def _is_becoming(kind: str, fields: Mapping[str, Any], as_root: bool) -> bool:
    """Whether a record tells of an account that went on with the rights of root: a call, a command, a session."""
    if kind == "SYSCALL":
        return as_root
    if kind == "USER_CMD":
        return True
    return kind in _SIGNED_IN and _name(fields, "acct") == "root" and _name(fields, "AUID") != "root"


def _acting_as(fields: Mapping[str, Any], host: str | None) -> list[str]:
    """The accounts beside the one that signed in under whose names a call was made, root left out."""
    found = []
    for number, name in (("uid", "UID"), ("euid", "EUID"), ("fsuid", "FSUID")):
        text = _string(fields.get(number))
        if text in ("", "0", "root") or text in UNSET or text == _string(fields.get("auid")):
            continue
        told = _name(fields, name) or (_numbered(text, _host(host)) if text.isdecimal() else _account(text))
        if told:
            found.append(told)
    return list(dict.fromkeys(found))


def _before(fields: Mapping[str, Any], host: str | None) -> str | None:
    """The account whose session was given to another one; None where nobody had signed in, or it is the same."""
    number = _string(fields.get("old-auid"))
    if (
        not number
        or number in UNSET
        or number == _string(fields.get("auid"))
        or _string(fields.get("res")) in ("0", "failed")
    ):
        return None
    return _name(fields, "OLD-AUID") or (_numbered(number, _host(host)) if number.isdecimal() else _account(number))


def _event(
    lines: Sequence[AuditLine],
    speaker: AuditLine,
    fields: Mapping[str, Any],
    by_type: Mapping[str, Mapping[str, Any]],
    host: str | None,
) -> dict[str, Any]:
    kind = speaker.type
    call = _string(fields.get("SYSCALL")) if kind == "SYSCALL" else ""
    execve, socket = by_type.get("EXECVE", {}), by_type.get("SOCKADDR", {})
    event: dict[str, Any] = {
        "time": speaker.time,
        "class_uid": _call_classes().get(call, 1003) if call else _classes().get(kind, 0),
        "metadata.sequence": None if kind.startswith("DAEMON_") else speaker.serial,  # the daemon counts for itself
        "activity_name": call or kind,
        "metadata.log_name": CHANNEL,
        "metadata.event_code": kind,
        "metadata.uid": speaker.event,
        "device.hostname": host,
        "status": _STATUS.get(_string(fields.get("success") or fields.get("res"))),
    }
    _add_accounts(event, fields, host)
    if address := _source_address(fields, socket, call):
        event["src_endpoint.ip"] = address
    session = _string(fields.get("ses"))
    if host and session not in UNSET and session.isdecimal():
        event["actor.session.uid"] = f"{host}|{session}"
    if (pid := _string(fields.get("pid"))).isdecimal():
        event["process.uid"] = f"{host or ''}|{pid}"
    if (exe := _string(fields.get("exe"))) not in _NAMELESS:
        event["process.file.path"] = exe
    command = execve.get("derived.command_line") or fields.get("cmd") or by_type.get("PROCTITLE", {}).get("proctitle")
    if command:
        event["process.cmd_line"] = command
    if resource := _resource(fields, socket, call):
        event["resource.name"] = resource
    return event


def _add_accounts(event: dict[str, Any], fields: Mapping[str, Any], host: str | None) -> None:
    """Who acts: the account that signed in, kept through su and sudo; before a sign-in, the one that signs in."""
    acted_on = _name(fields, "acct") or _name(fields, "ID")
    if acted_on is None and (number := _string(fields.get("id"))).isdecimal() and number not in UNSET:
        acted_on = "root" if number == "0" else _numbered(number, host)
    if acted_on:
        event["user.name"] = acted_on
    number = _string(fields.get("auid"))
    name = _name(fields, "AUID")
    if number in UNSET or not number:
        name = acted_on if event["class_uid"] == _SIGN_IN and acted_on else _name(fields, "UID")
        number = "" if name and name == acted_on else _string(fields.get("uid"))
    if name is None and number:
        name = "root" if number == "0" else None if number.isdecimal() else _account(number)  # `ausearch -i` has names
    if name:
        event["actor.user.name"] = name
    if number.isdecimal() and number != "0":
        if host:
            event["actor.user.uid"] = _numbered(number, host)
        elif not name:
            event["actor.user.name"] = _numbered(number, host)


def _source_address(fields: Mapping[str, Any], socket: Mapping[str, Any], call: str) -> str | None:
    for name in ("addr", "hostname"):
        text = _string(fields.get(name))
        if text not in _NAMELESS:
            return _address(text)
    return _address(socket.get("derived.address")) if call in _RECEIVING else None


def _resource(fields: Mapping[str, Any], socket: Mapping[str, Any], call: str) -> str | None:
    address, port = socket.get("derived.address"), socket.get("derived.port")
    if address and call not in _RECEIVING:
        return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    for name in ("unit", "grp", "path", "name", "profile", "terminal"):
        text = _string(fields.get(name))
        if text not in _NAMELESS:
            return text
    return _string(socket.get("derived.path")) or None


def _named(items: Sequence[tuple[str, str, int | None]]) -> str:
    """The file an event is about: what it made or removed, else the first it names."""
    return next((path for nametype, path, _ in reversed(items) if nametype in ("CREATE", "DELETE")), items[0][1])


def _whole(fields: Mapping[str, Any], cwd: str | None) -> str:
    name = _string(fields.get("name"))
    return name if name.startswith("/") or not (name and cwd) else f"{cwd.rstrip('/')}/{name.removeprefix('./')}"


def _numbered(number: str, host: str | None) -> str:
    """An account known by its number alone: of its host, because another may give the number to another account."""
    return f"{host}|uid:{number}" if host else f"uid:{number}"


def _key(lines: Sequence[AuditLine], event: Mapping[str, Any]) -> bytes:
    """Host and event id, and what the records say: half an event is not a second copy of the other half."""
    digest = hashlib.blake2b(f"{event.get('device.hostname')}\0{lines[0].event}".encode(), digest_size=16)
    for line in lines:
        digest.update(f"\0{line.type}\0{line.body}".encode("utf-8", "replace"))
    return digest.digest()


def _name(fields: Mapping[str, Any], name: str) -> str | None:
    text = _string(fields.get(name))
    return None if text in _NOBODY else _account(text)


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


@cache
def _classes() -> Mapping[str, int]:
    return {name: int(number) for number, names in read_table("types.toml")["classes"].items() for name in names}


@cache
def _call_classes() -> Mapping[str, int]:
    return {name: int(number) for number, names in read_table("types.toml")["calls"].items() for name in names}
