"""One record in, its event columns and accesses out, as `mapping.toml` and `audit.toml` declare them."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import Any, NamedTuple

from tocsin.collect.counts import count_of
from tocsin.collect.source import Mapped
from tocsin.collect.sources.zeek.accesses import accesses_of, share_file
from tocsin.model.identity import canonical_account, canonical_address, canonical_host
from tocsin.model.instant import is_plausible
from tocsin.model.record import Record

_account = lru_cache(maxsize=16_384)(canonical_account)
_address = lru_cache(maxsize=65_536)(canonical_address)
_host = lru_cache(maxsize=65_536)(canonical_host)
_Fields = Mapping[str, Any]


class _Recipe(NamedTuple):
    """How records of one log are mapped."""

    class_uid: int
    columns: tuple[tuple[str, Callable[[_Fields], str | None]], ...]
    counts: tuple[tuple[str, str], ...]
    status: str
    is_session: bool


def map_record(record: Record) -> Mapped:
    """The record as event and accesses.

    No id of Zeek's is that of one record: a connection's stands in every log that speaks of it, so the key is None.
    """
    (path,) = record.log
    fields, native = record.fields, record.native
    recipe = _recipe(path, "id.orig_h" in fields)
    time: int | None = native["ts"]
    sensor = native.get("sensor")
    event: dict[str, Any] = {
        "time": time,
        "class_uid": recipe.class_uid,
        "metadata.log_name": f"{sensor}/{path}" if sensor else path or None,
    }
    for column, read in recipe.columns:
        value = read(fields)
        if value:
            event[column] = value
    for column, name in recipe.counts:
        event[column] = count_of(fields.get(name))
    if recipe.status:
        said = fields.get(recipe.status)
        if said.__class__ is bool:
            event["status"] = "success" if said else "failure"
    uid = event.get("metadata.uid")
    if recipe.is_session and uid:
        event["actor.session.uid"] = uid
    accesses, warnings = accesses_of(path, fields, event)
    if time is None:
        warnings = (*warnings, "time_unrepresentable" if "ts" in fields else "time_missing")
    elif not is_plausible(time):
        warnings = (*warnings, "time_implausible")
    return Mapped(event, None, accesses, (), warnings)


def _text(value: object) -> str | None:
    """A value as text; lists by comma."""
    if value.__class__ is str:
        return value
    if isinstance(value, list):
        return ",".join(str(one) for one in value if one is not None) or None
    return None if value is None else str(value)


def _of(names: tuple[str, ...]) -> Callable[[_Fields], str | None]:
    """Reads the first of the names that says something: a field, or in braces what is made of several."""
    if len(names) == 1:
        name = names[0]
        if name in _MADE:
            return _MADE[name]

        def read(fields: _Fields) -> str | None:
            value = fields.get(name)
            return value if value.__class__ is str else _text(value)

        return read
    readers = tuple(_of((name,)) for name in names)

    def read_first(fields: _Fields) -> str | None:
        for read in readers:
            if value := read(fields):
                return value
        return None

    return read_first


def _endpoint(fields: _Fields) -> str | None:
    """The answering side: address and port."""
    host, port = fields.get("id.resp_h"), fields.get("id.resp_p")
    if not isinstance(host, str):
        return None
    if port is None:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _url(fields: _Fields) -> str | None:
    """Host and path of a request, without a scheme: Zeek's log names none."""
    host, uri = _text(fields.get("host")), _text(fields.get("uri"))
    if uri and "://" in uri[:12]:
        return uri
    return f"{host or _endpoint(fields) or ''}{uri or ''}" or None


def _file_client(fields: _Fields) -> str | None:
    """The address that opened the connection a file went over: it sent the file or was sent it."""
    hosts = fields.get("tx_hosts" if fields.get("is_orig") is True else "rx_hosts")
    return next((one for one in hosts if isinstance(one, str)), None) if isinstance(hosts, list) else None


def _domain_user(fields: _Fields) -> str | None:
    name, domain = fields.get("username"), fields.get("domainname")
    if not isinstance(name, str) or not name:
        return None
    return f"{domain}\\{name}" if isinstance(domain, str) and domain else name


def _principal(fields: _Fields) -> str | None:
    r"""A Kerberos principal, which Zeek writes `name/REALM`, as `realm\name`: the form Windows has for it."""
    client = fields.get("client")
    if not isinstance(client, str):
        return None
    name, _, realm = client.rpartition("/")
    return f"{realm}\\{name}" if name and realm else name or realm


_MADE: Mapping[str, Callable[[_Fields], str | None]] = {
    "{endpoint}": _endpoint,
    "{url}": _url,
    "{domain_user}": _domain_user,
    "{principal}": _principal,
    "{share_file}": share_file,
    "{file_client}": _file_client,
}
_CANONICAL: Mapping[str, Callable[[str | None], str | None]] = {
    "src_endpoint.ip": _address,
    "dst_endpoint.ip": _address,
    "dst_endpoint.hostname": _host,
    "actor.user.name": _account,
    "user.name": _account,
}


def _reader(column: str, names: list[str]) -> Callable[[_Fields], str | None]:
    read = _of(tuple(names))
    canonical = _CANONICAL.get(column)
    return read if canonical is None else lambda fields: canonical(read(fields))


@lru_cache(maxsize=4096)
def _recipe(path: str, has_connection: bool) -> _Recipe:
    declared = _declared()
    own: Mapping[str, Any] = declared["log"].get(path, {})
    general = declared["connection"] if has_connection else declared["other"]
    columns = {**general["columns"], **own.get("columns", {})}
    return _Recipe(
        class_uid=own.get("class_uid", general["class_uid"]),
        columns=tuple((column, _reader(column, names)) for column, names in columns.items()),
        counts=tuple((column, name) for column, (name,) in own.get("counts", {}).items()),
        status=own.get("status", ""),
        is_session=bool(own.get("session", False)),
    )


@cache
def _declared() -> Mapping[str, Any]:
    return tomllib.loads(resources.files(__package__ or "").joinpath("mapping.toml").read_text("utf-8"))
