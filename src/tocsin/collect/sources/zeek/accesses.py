"""What a record shows to have been reached over SMB, as `audit.toml` declares the degrees."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from tocsin.model.exposure import ActorClass
from tocsin.model.identity import canonical_address

_FILES, _CONTENT = "smb_files", "files"
_SHARE_ROOT = "<share_root>"
_NO_SHARE = "<unknown>"
Rows = tuple[Mapping[str, Any], ...]


class _Degrees(NamedTuple):
    actions: Mapping[str, str]
    read: str
    written: str


def accesses_of(path: str, fields: Mapping[str, Any], event: Mapping[str, Any]) -> tuple[Rows, tuple[str, ...]]:
    """(rows for `model.tables.ACCESSES`, warning codes) of a record of the log `path`."""
    if path == _FILES:
        return _of_action(fields, event)
    if path == _CONTENT and fields.get("source") == "SMB":
        return _of_content(fields, event)
    return (), ()


def share_file(fields: Mapping[str, Any]) -> str | None:
    """The file a record of smb_files names, under its share."""
    share, name = _share(fields), _name(fields, "name")
    return f"{share}\\{name}" if share and name else name


def _of_action(fields: Mapping[str, Any], event: Mapping[str, Any]) -> tuple[Rows, tuple[str, ...]]:
    action = fields.get("action")
    degree = _degrees().actions.get(action) if isinstance(action, str) else None
    share = _share(fields)
    if degree is None or (share or "").upper().endswith("\\IPC$"):
        return (), ()
    names = [name for name in (_name(fields, "name"), _name(fields, "prev_name")) if name]
    if _SHARE_ROOT in names:
        return (), ()
    container = share or _server(fields.get("id.resp_h"))
    if not names:
        return (_row("", container, degree, str(action), event),), ("holding_not_named",)
    rows = tuple(
        _row(f"{share}\\{name}" if share else name, container, degree, str(action), event)
        for name in dict.fromkeys(names)
    )
    return rows, () if share else ("share_unknown",)


def _of_content(fields: Mapping[str, Any], event: Mapping[str, Any]) -> tuple[Rows, tuple[str, ...]]:
    """Content of a file that went over the wire; the log names the file within its share, and not the share."""
    name = _name(fields, "filename")
    sent, seen = fields.get("is_orig"), fields.get("seen_bytes")
    if name and _SHARE_ROOT in name:
        return (), ()
    if sent.__class__ is not bool or not isinstance(seen, int) or seen <= 0:
        return (), ()
    degrees = _degrees()
    client, server = ("tx_hosts", "rx_hosts") if sent else ("rx_hosts", "tx_hosts")
    event = {
        "src_endpoint.ip": canonical_address(_first(fields.get(client)) or fields.get("id.orig_h")),
        "actor.session.uid": _only(fields.get("conn_uids")) or fields.get("uid"),
    }
    container = _server(_first(fields.get(server)) or fields.get("id.resp_h"))
    degree = degrees.written if sent else degrees.read
    operation = "SMB content sent to the server" if sent else "SMB content sent by the server"
    told = ("share_unknown",) if name else ("holding_not_named",)
    return (_row(name or "", container, degree, operation, event),), told


def _row(
    holding: str, container: str | None, degree: str, operation: str, event: Mapping[str, Any]
) -> Mapping[str, Any]:
    return {
        "kind": "document",
        "holding": holding,
        "container": container,
        "label": holding.rpartition("\\")[2] or holding or None,
        "actor": "",  # none of these logs names an account
        "actor_class": ActorClass.ACCOUNT.value,
        "address": event.get("src_endpoint.ip"),
        "session": event.get("actor.session.uid"),
        "client": None,
        "degree": degree,
        "operation": operation,
    }


def _share(fields: Mapping[str, Any]) -> str | None:
    r"""`\\server\share`, the server's name in lower case; None where Zeek did not see the share mapped."""
    path = fields.get("path")
    if not isinstance(path, str) or not path or path == _NO_SHARE:
        return None
    server, separator, rest = path.lstrip("\\").rstrip("\\").partition("\\")
    return f"\\\\{server.lower()}\\{rest}" if separator else f"\\\\{server.lower()}"


def _name(fields: Mapping[str, Any], key: str) -> str | None:
    name = fields.get(key)
    return name.replace("/", "\\").strip("\\") or None if isinstance(name, str) else None


def _server(value: object) -> str | None:
    address = canonical_address(value) if isinstance(value, str) else None
    return f"\\\\{address}" if address else None


def _first(value: object) -> str | None:
    return next((one for one in value if isinstance(one, str)), None) if isinstance(value, list) else None


def _only(value: object) -> str | None:
    return value[0] if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str) else None


@cache
def _degrees() -> _Degrees:
    declared = tomllib.loads(resources.files(__package__ or "").joinpath("audit.toml").read_text("utf-8"))
    actions = {name: entry["degree"] for entry in declared["action"] for name in entry["names"]}
    return _Degrees(actions, declared["content"]["read"], declared["content"]["written"])
