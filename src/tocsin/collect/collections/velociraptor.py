"""Collections of Velociraptor: an offline collector's container, or a server's export of one collection.

`uploads/` holds files under percent-encoded names, `results/` rows of each artefact, `uploads.json` a line a file.
Layout: https://docs.velociraptor.app/docs/offline_triage/ and `velociraptor fuse container`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote

import orjson

from tocsin.collect.collection import AS_SAID, Collection, Left, Read, Sum
from tocsin.model.acquisition import Acquisition
from tocsin.model.clipping import to_be_cut
from tocsin.model.instant import is_plausible

_CONTROLS = {
    "client_info.json": "what Velociraptor says of the machine",
    "collection_context.json": "what Velociraptor was asked",
    "requests.json": "what Velociraptor was asked",
    "metadata.json": "what was written down with the collector",
    "uploads.json": "Velociraptor's list of the files it brought",
    "uploads.csv": "Velociraptor's list of the files it brought",
    "log.json": "Velociraptor's own log",
    "logs.json": "Velociraptor's own log",
    "log.csv": "Velociraptor's own log",
    "logs.csv": "Velociraptor's own log",
}
_STATED = "collection_context.json"
_MARKERS = ("collection_context.json", "client_info.json", "uploads.json")
_ESCAPED = re.compile(r"(?:%(?!21|2[fF]|5[cC]|0|1|7[fF])[0-9A-Fa-f]{2})+")
_OK = 0


class Velociraptor:
    """See `collect.collection.Layout`."""

    def roots(self, names: Sequence[str]) -> Sequence[str]:
        """Where two of its own files lie side by side."""
        found: dict[str, int] = {}
        for name in names:
            folder, _, last = name.rpartition("/")
            if last in _MARKERS:
                root = f"{folder}/" if folder else ""
                found[root] = found.get(root, 0) + 1
        return [root for root, count in found.items() if count > 1]

    def shown(self, name: str) -> str:
        """`uploads/auto/C%3A/Windows` as `uploads/auto/C:/Windows`; what would change its parts stays encoded."""
        if not name.startswith("uploads/") or "%" not in name:
            return name
        return _ESCAPED.sub(lambda match: unquote(match[0], errors="replace"), name)

    def read(self, names: Sequence[str], read: Read) -> Collection:
        """Who and what from the context and the client's info, what is missing from `uploads.json` and the context."""
        present = set(names)
        info = _object(read, "client_info.json", present)
        context = _object(read, _STATED, present)
        rows = list(_rows(read("uploads.json"))) if "uploads.json" in present else []
        controls = {name: text for name, text in _CONTROLS.items() if name in present}
        for name in ("log.json", "logs.json"):
            if name in present and (errors := _errors(read(name))):
                controls[name] += f"; errors in it: {errors[0]:,}, the first: {errors[1]}"
        for name in names:
            if _is_index(name, present):
                controls[name] = "an index of Velociraptor's"
        shown = {self.shown(name) for name in names}
        left, sums = _uploads(rows, shown)
        return Collection(
            tool="Velociraptor",
            stated=_stated(info, context, names),
            controls=controls,
            left=(*left, *_failed(context)),
            sums=sums,
        )


LAYOUT = Velociraptor()


def _is_index(name: str, present: set[str]) -> bool:
    """Whether it lies beside the file it would be the index of."""
    return (name.endswith(".index") and name.removesuffix(".index") in present) or (
        name.startswith("uploads/") and name.endswith(".idx") and name.removesuffix(".idx") in present
    )


def _uploads(rows: Sequence[dict[str, Any]], shown: set[str]) -> tuple[list[Left], dict[str, Sum]]:
    left: list[Left] = []
    sums: dict[str, Sum] = {}
    sparse = {_place(row) for row in rows if row.get("Type") == "idx"}
    for row in rows:
        place, size, stored = _place(row), row.get("file_size"), row.get("uploaded_size")
        if not place or row.get("Type") == "idx":
            continue
        if place not in shown:
            left.append(Left(place, "Velociraptor's list names it, and it is not here"))
        elif isinstance(stored, int) and isinstance(size, int):
            why = ""
            if stored < size and place in sparse:
                why = f"Velociraptor brought the used ranges of it only: {stored:,} of {size:,} bytes"
            elif stored < size:
                why = f"Velociraptor brought {stored:,} of its {size:,} bytes"
            sums[place] = Sum(size=stored, why=why)
    return left, sums


def _place(row: dict[str, Any]) -> str:
    """The name below the root, as `Velociraptor.shown` gives it."""
    parts = row.get("_Components")
    if isinstance(parts, list) and parts and all(isinstance(part, str) for part in parts):
        return "/".join(part.replace("/", "%2F").replace("\\", "%5C") for part in parts)
    place = row.get("vfs_path")
    return place if isinstance(place, str) else ""


def _failed(context: dict[str, Any]) -> Iterator[Left]:
    stats = context.get("query_stats")
    for one in stats if isinstance(stats, list) else ():
        if isinstance(one, dict) and one.get("status") not in (None, _OK, "OK"):
            artefact = str(one.get("Artifact") or "an artefact")
            yield Left(
                f"artefact {artefact}",
                f"it failed: {to_be_cut(str(one.get('error_message') or 'no reason given'), 200)}",
            )


def _stated(info: dict[str, Any], context: dict[str, Any], names: Sequence[str]) -> tuple[str, Acquisition] | None:
    when = _when(context.get("create_time")) or _when(context.get("start_time"))
    if when is None:
        return None
    request = context.get("request")
    asked = request.get("artifacts") if isinstance(request, dict) else None
    creator = request.get("creator") if isinstance(request, dict) else None
    host = str(info.get("Fqdn") or info.get("Hostname") or "")
    who = str(creator) if creator else "not said by whom"
    return _STATED, Acquisition(
        files=tuple(
            (f"{top}/*", "") for top in ("uploads", "results") if any(name.startswith(f"{top}/") for name in names)
        ),
        by=f"{who}, on {host or 'a machine not named'} ({AS_SAID})",
        own_word=True,
        when=when,
        system=host,
        tool=f"Velociraptor {info.get('Version') or ''}".strip(),
        command=", ".join(map(str, asked)) if isinstance(asked, list) else "",
    )


def _when(value: object) -> int | None:
    """A count since 1970 in seconds, microseconds or nanoseconds, as versions differ."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return next((value * unit for unit in (1, 1_000, 1_000_000_000) if is_plausible(value * unit)), None)


def _object(read: Read, name: str, present: set[str]) -> dict[str, Any]:
    if name not in present:
        return {}
    try:
        value = orjson.loads(read(name))
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _rows(data: bytes) -> Iterator[dict[str, Any]]:
    for line in data.splitlines():
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(value, dict):
            yield value


def _errors(data: bytes) -> tuple[int, str] | None:
    found = [str(row.get("message", "")).strip() for row in _rows(data) if row.get("level") == "ERROR"]
    return (len(found), to_be_cut(found[0], 200)) if found else None
