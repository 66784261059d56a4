"""From an `acquisition.yaml` to who took which files and what was counted (`docs/formats/acquisition.md`).

A fault is told by line and with what to do, never by value: values can be names of people. Whatever the bytes are,
nothing is raised: what cannot be read is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from tocsin.model.acquisition import Acquisition, AcquisitionRecord, Extent
from tocsin.model.instant import DAY, parse_time

NAMES = ("acquisition.yaml", "acquisition.yml")
LARGEST = 64 << 10

_TEXTS = ("by", "system", "tool", "command", "account", "filter", "source", "note")
_KEYS = ("files", "when", *_TEXTS, "extent", "from", "to", "reported_count", "last_record_numbers")
_LIST = "acquisitions"
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_NUMBER = re.compile(r"[0-9]{1,18}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_ZONE = re.compile(r"([Zz]|UTC|[+-]\d\d:?\d\d)$")
_PARENTS = re.compile(r"(^|[/\\])\.\.([/\\]|$)")


def is_acquisition(name: str) -> bool:
    """Whether a file of this name is an acquisition record."""
    return name.lower() in NAMES


def read_acquisition(path: str, data: bytes) -> AcquisitionRecord:
    """The record in the bytes of the file accounted as `path`. Pure.

    An acquisition with a fault in it counts without it; one that does not say who, when and how counts for nothing.
    """
    faults: list[tuple[int, str]] = []
    found = tuple(_read(data, faults))
    if not found and not faults:
        faults.append((1, "empty: write by, when and command, or remove the file"))
    told = tuple(f"line {line}: {what}" for line, what in sorted(set(faults)))
    return AcquisitionRecord(path=path, acquisitions=found, faults=told)


def unreadable(path: str, why: str) -> AcquisitionRecord:
    """The record of a file that could not be opened."""
    return AcquisitionRecord(path=path, acquisitions=(), faults=(f"line 1: {why}",))


_Faults = list[tuple[int, str]]


def _read(data: bytes, faults: _Faults) -> Iterator[Acquisition]:
    if len(data) > LARGEST:
        faults.append((1, "larger than 64 KiB: keep the acquisition record apart from what was acquired"))
        return
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        faults.append((data[: error.start].count(b"\n") + 1, "not UTF-8 text: save it as UTF-8"))
        return
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        faults.append((line, "not YAML: put a text with a colon or a quote in it into single quotes"))
        return
    if root is None:
        return
    if isinstance(root, yaml.MappingNode) and [_name(key) for key, _ in root.value] == [_LIST]:
        root = root.value[0][1]
    nodes = root.value if isinstance(root, yaml.SequenceNode) else [root]
    for node in nodes:
        acquisition = _acquisition(node, faults)
        if acquisition is not None:
            yield acquisition


def _acquisition(node: yaml.Node, faults: _Faults) -> Acquisition | None:
    line = node.start_mark.line + 1
    if not isinstance(node, yaml.MappingNode):
        faults.append((line, "not a mapping: write `key: value` lines"))
        return None
    values: dict[str, yaml.Node] = {}
    for key, value in node.value:
        at, name = key.start_mark.line + 1, _name(key)
        if name not in _KEYS:
            faults.append((at, f"not a key of an acquisition: use one of {', '.join(_KEYS)}"))
        elif name in values:
            faults.append((at, f"{name} is there twice: keep one"))
        else:
            values[name] = value
    texts = {name: _text(name, values.get(name), faults) for name in _TEXTS}
    when = _time("when", values.get("when"), faults)
    from_, to = _time("from", values.get("from"), faults), _time("to", values.get("to"), faults)
    if from_ is not None and to is not None and from_ >= to:
        at = values["from"].start_mark.line + 1
        faults.append((at, "from is not before to: write the first and the last day of the time asked for"))
        from_ = to = None
    missing = [name for name in ("by", "when") if name not in values]
    if not texts["tool"] and not texts["command"]:
        missing.append("command")
    faults.extend((line, f"{name} is missing: add it, or the origin is not attested") for name in missing)
    if missing or when is None or not texts["by"]:
        return None
    return Acquisition(
        files=_files(values.get("files"), faults),
        when=when,
        by=texts["by"],
        system=texts["system"],
        tool=texts["tool"],
        command=texts["command"],
        account=texts["account"],
        filter=texts["filter"],
        source=texts["source"],
        note=texts["note"],
        reported_count=_count("reported_count", values.get("reported_count"), faults),
        last_record_numbers=_last_numbers(values.get("last_record_numbers"), faults),
        extent=_extent(values.get("extent"), faults),
        from_=from_,
        to=to,
    )


def _name(node: yaml.Node) -> str:
    return node.value.strip().lower() if isinstance(node, yaml.ScalarNode) else ""


def _text(name: str, node: yaml.Node | None, faults: _Faults) -> str:
    if node is None:
        return ""
    if isinstance(node, yaml.ScalarNode):
        value: str = node.value.strip()
        return "" if node.tag == "tag:yaml.org,2002:null" else value
    faults.append((node.start_mark.line + 1, f"{name} is not one text: put it on one line, in single quotes"))
    return ""


def _time(name: str, node: yaml.Node | None, faults: _Faults) -> int | None:
    """A bare date is its first moment; of `to` its last."""
    if node is None:
        return None
    line, text = node.start_mark.line + 1, _text(name, node, faults)
    is_day = _DAY.fullmatch(text) is not None
    value = parse_time(f"{text}T00:00:00Z" if is_day else text)
    if value is None or not (_ZONE.search(text) or is_day):
        faults.append((line, f"{name} is not a time with its zone: write it as 2026-03-20T14:05:00Z"))
        return None
    return value + DAY if is_day and name == "to" else value


def _extent(node: yaml.Node | None, faults: _Faults) -> Extent | None:
    if node is None:
        return None
    text = _text("extent", node, faults).lower()
    if text in tuple(Extent):
        return Extent(text)
    faults.append(
        (node.start_mark.line + 1, f"extent is not one of {', '.join(Extent)}: write one of them, or leave it out")
    )
    return None


def _count(name: str, node: yaml.Node | None, faults: _Faults) -> int | None:
    if node is None:
        return None
    text = _text(name, node, faults)
    if _NUMBER.fullmatch(text):
        return int(text)
    faults.append((node.start_mark.line + 1, f"{name} is not a whole number: write digits alone, as 3112"))
    return None


def _last_numbers(node: yaml.Node | None, faults: _Faults) -> tuple[tuple[str, int], ...]:
    if node is None:
        return ()
    if not isinstance(node, yaml.MappingNode):
        faults.append((node.start_mark.line + 1, "last_record_numbers is not a mapping: write `Security: 48213`"))
        return ()
    found = []
    for key, value in node.value:
        channel = key.value.strip() if isinstance(key, yaml.ScalarNode) else ""
        number = _count("a record number", value, faults)
        if not channel:
            faults.append(
                (key.start_mark.line + 1, "a record number without the name of its log: write `Security: 48213`")
            )
        elif number is not None:
            found.append((channel, number))
    return tuple(found)


def _files(node: yaml.Node | None, faults: _Faults) -> tuple[tuple[str, str], ...]:
    if node is None:
        return ()
    items = node.value if isinstance(node, yaml.SequenceNode) else [node]
    found = []
    for item in items:
        name, digest = _file(item, faults)
        line = item.start_mark.line + 1
        if not name or name.startswith("/") or _PARENTS.search(name):
            faults.append((line, "a file without a name below this folder: write its name, or a pattern with *"))
            continue
        if digest and ("*" in name or "?" in name or "[" in name):
            faults.append((line, "a hash of a pattern: name the file it is of"))
            digest = ""
        found.append((name, digest.lower()))
    if not found:
        faults.append(
            (node.start_mark.line + 1, "files names nothing: name them, or leave files out for all of the folder")
        )
    return tuple(found)


def _file(node: yaml.Node, faults: _Faults) -> tuple[str, str]:
    if not isinstance(node, yaml.MappingNode):
        return _text("a file", node, faults).replace("\\", "/"), ""
    values = {_name(key): value for key, value in node.value}
    for key, _ in node.value:
        if _name(key) not in ("name", "sha256"):
            faults.append((key.start_mark.line + 1, "not a key of a file: use name and sha256"))
    digest = _text("sha256", values.get("sha256"), faults)
    if digest and not _DIGEST.fullmatch(digest):
        faults.append((values["sha256"].start_mark.line + 1, "sha256 is not 64 hexadecimal digits: write it whole"))
        digest = ""
    return _text("name", values.get("name"), faults).replace("\\", "/"), digest
