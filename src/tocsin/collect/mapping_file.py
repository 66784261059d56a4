"""From a `*.mapping.yaml` to a checked mapping (`docs/formats/mapping.md`); every fault by line, with what to do."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

from tocsin.collect.declared.moments import FORMATS, format_fault, zone_fault
from tocsin.errors import ConfigError
from tocsin.model.mapping import MEANINGS, HeldIn, Layout, LogMapping, Operation, Outcome, TimeColumns, Value
from tocsin.model.tables import EVENT_COLUMNS, EVENT_COUNTS
from tocsin.store.estate_rows import told_line
from tocsin.store.estate_values import HOLDING_KINDS

PATTERNS = ("*.mapping.yaml", "*.mapping.yml")
LARGEST = 256 << 10
ENCODINGS = (
    "utf-8",
    "utf-16-le",
    "utf-16-be",
    "iso-8859-1",
    "iso-8859-15",
    "windows-1250",
    "windows-1251",
    "windows-1252",
)

_HINT = "docs/formats/mapping.md describes every key"
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_VERSION = "1"
_SHOWN_FAULTS = 20
_HELD = ("kind", "id", "container", "label", "prefix")
_KEYS = (
    "mapping", "name", "files", "format", "required", "time", "id", "sequence", "operation", "outcome", "attributes",
    "holdings", "operations", "logsource", "completeness", "class_uid",
)  # fmt: skip
_TYPES = ("csv", "json")
_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
_YES, _NO = {"", "yes", "true", "on"}, {"no", "false", "off"}


class Declared(NamedTuple):
    """A mapping, the file it was read from, and the path it is shown by; whether the estate vouches for it."""

    path: str
    file: Path
    mapping: LogMapping
    in_estate: bool = False


def is_mapping(name: str) -> bool:
    """Whether a file of this name is a mapping."""
    return any(fnmatch.fnmatchcase(name.lower(), pattern) for pattern in PATTERNS)


def read_mapping(path: str, file: Path) -> LogMapping:
    """The mapping in a file shown as `path`. Raises ConfigError with every fault (20 shown, the rest counted)."""
    try:
        with file.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error
    return parse_mapping(path, data)


def mappings_for(paths: Sequence[str]) -> tuple[Declared, ...]:
    """The mappings in the folders given themselves and beside the files given, by name; never deeper.

    What lies deeper was collected, and may have been put there by an intruder. Raises ConfigError for one that is
    faulty, and where two declare logs of one name.
    """
    files: dict[str, Path] = {}
    seen: set[Path] = set()
    for given in paths:
        path = Path(given)
        folder, shown = (path, f"{given.rstrip('/')}/") if path.is_dir() else (path.parent, _folder_of(given))
        if folder not in seen:
            seen.add(folder)
            files |= {shown + os.fsencode(file.name).decode("utf-8", "backslashreplace"): file for file in _in(folder)}
    return joined(Declared(path, file, read_mapping(path, file)) for path, file in sorted(files.items()))


def mappings_in(folder: Path) -> tuple[Declared, ...]:
    """The mappings in an estate folder; raises as `mappings_for` does."""
    files = ((f"{folder.name}/{file.name}", file) for file in _in(folder))
    return joined(Declared(path, file, read_mapping(path, file), in_estate=True) for path, file in files)


def joined(found: Iterable[Declared]) -> tuple[Declared, ...]:
    """Mappings by name, each once. Raises ConfigError where two declare logs of one name and differ."""
    declared: dict[str, Declared] = {}
    for one in found:
        known = declared.setdefault(one.mapping.name, one)
        if known.mapping != one.mapping:
            hint = "give each log a name of its own, or keep one of the files"
            raise ConfigError(f"{one.path} and {known.path} both declare {one.mapping.name}, and differ", hint=hint)
        if one.in_estate and not known.in_estate:
            declared[one.mapping.name] = known._replace(in_estate=True)
    return tuple(declared[name] for name in sorted(declared))


def unchanged(kept: Sequence[LogMapping], given: Sequence[LogMapping]) -> tuple[LogMapping, ...]:
    """All the mappings of a workspace, by name. Raises ConfigError where one was changed: what it read stays."""
    found = {mapping.name: mapping for mapping in kept}
    for mapping in given:
        if found.setdefault(mapping.name, mapping) != mapping:
            raise ConfigError(
                f"the mapping {mapping.name} is not the one by which this workspace was read",
                hint="investigate into a new workspace, or put the former mapping back",
            )
    return tuple(found[name] for name in sorted(found))


def _folder_of(given: str) -> str:
    return given[: given.rfind("/") + 1]


def _in(folder: Path) -> list[Path]:
    try:
        found = sorted(file for file in folder.iterdir() if is_mapping(file.name))
    except OSError:
        return []
    return [file for file in found if file.is_file() and not file.is_symlink()]


def parse_mapping(path: str, data: bytes) -> LogMapping:
    """The mapping in the bytes of a file shown as `path`. Pure; raises as `read_mapping` does."""
    faults: list[tuple[int, str]] = []
    mapping = _Reading(faults).mapping(_root(data, faults))
    if faults or mapping is None:
        lines = [told_line((path, line, what)) for line, what in sorted(set(faults))]
        more = [f"and {len(lines) - _SHOWN_FAULTS:,} more"] if len(lines) > _SHOWN_FAULTS else []
        raise ConfigError("\n".join((*lines[:_SHOWN_FAULTS], *more)), hint=_HINT)
    return mapping


def _root(data: bytes, faults: list[tuple[int, str]]) -> yaml.Node | None:
    if len(data) > LARGEST:
        faults.append((1, f"larger than {LARGEST >> 10} KiB: this is no mapping"))
        return None
    try:
        return yaml.compose(data.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        faults.append((data[: error.start].count(b"\n") + 1, "not UTF-8 text: save it as UTF-8"))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        faults.append((line, "not YAML: put a text with a colon, a star or a quote in it into single quotes"))
    return None


class _Reading:
    """Reads nodes and gathers faults; what is faulty reads as empty."""

    def __init__(self, faults: list[tuple[int, str]]) -> None:
        self._faults = faults

    def mapping(self, root: yaml.Node | None) -> LogMapping | None:
        if self._faults:
            return None
        if not isinstance(root, yaml.MappingNode):
            self._fault(root, "not a mapping: begin with `mapping: 1`")
            return None
        top = self._table(root, "the file", _KEYS)
        if self._text(top.get("mapping"), "mapping") != _VERSION:
            self._fault(top.get("mapping", root), f"mapping is not {_VERSION}, the version this product reads")
        name = self._text(top.get("name"), "name")
        if not _NAME.fullmatch(name):
            self._fault(top.get("name", root), "name is missing, or not lower-case letters, digits, `_`, `-` and `.`")
        files = self._texts(top.get("files"), "files")
        if not files:
            self._fault(top.get("files", root), "files is missing: name the files, or a pattern such as 'audit-*.csv'")
        operation = self._text(top.get("operation"), "operation")
        logsource = self._table(top.get("logsource"), "logsource", ("product", "category", "service"))
        completeness = self._table(top.get("completeness"), "completeness", ("note", "citation"))
        holdings = self._holdings(top.get("holdings"))
        operations = self._operations(top.get("operations"), {one.name for one in holdings})
        if operations and not operation:
            self._fault(top.get("operations"), "operations without operation: name the column they stand in")
        if holdings and not operations:
            self._fault(top.get("holdings"), "holdings without operations: say what each operation does to them")
        return LogMapping(
            name=name,
            files=files,
            layout=self._layout(top.get("format"), root),
            time=self._time(top.get("time"), root),
            required=self._texts(top.get("required"), "required"),
            identifier=self._texts(top.get("id"), "id"),
            sequence=self._text(top.get("sequence"), "sequence"),
            operation=operation,
            outcome=self._outcome(top.get("outcome")),
            attributes=self._attributes(top.get("attributes")),
            holdings=holdings,
            operations=operations,
            product=self._text(logsource.get("product"), "product") or name,
            category=self._text(logsource.get("category"), "category"),
            service=self._text(logsource.get("service"), "service"),
            class_uid=self._number(top.get("class_uid"), "class_uid"),
            note=self._text(completeness.get("note"), "note"),
            citation=self._text(completeness.get("citation"), "citation"),
        )

    def _layout(self, node: yaml.Node | None, root: yaml.Node) -> Layout:
        table = self._table(node, "format", ("type", "delimiter", "quote", "header", "columns", "encoding"))
        kind = self._text(table.get("type"), "type")
        if kind not in _TYPES:
            self._fault(table.get("type", node or root), f"format has no type of {', '.join(_TYPES)}")
        encoding = self._text(table.get("encoding"), "encoding").lower() or "utf-8"
        if encoding not in ENCODINGS:
            self._fault(table.get("encoding"), f"encoding is not one of {', '.join(ENCODINGS)}")
        columns = self._texts(table.get("columns"), "columns")
        if len(set(columns)) < len(columns):
            self._fault(table.get("columns"), "a column is there twice: give each a name of its own")
        header = self._text(table.get("header"), "header").lower()
        if header not in _YES | _NO:
            self._fault(table.get("header"), "header is neither yes nor no")
        if (header in _NO) != bool(columns) and kind == "csv":
            self._fault(table.get("header", node), "a file without a header line needs `header: no` and its columns")
        given = self._text(table.get("delimiter"), "delimiter", strip=False)
        delimiter = _DELIMITERS.get(given, given) or ","
        quote = self._text(table.get("quote"), "quote", strip=False) if "quote" in table else '"'
        quote = "" if quote == "none" else quote
        if not _is_sign(delimiter) or (quote and not _is_sign(quote)) or quote == delimiter:
            self._fault(node, "delimiter and quote are two different single characters of ASCII, quote may be `none`")
            delimiter, quote = ",", '"'
        return Layout(type=kind, delimiter=delimiter, quote=quote, columns=columns, encoding=encoding)

    def _time(self, node: yaml.Node | None, root: yaml.Node) -> TimeColumns:
        table = self._table(node, "time", ("column", "columns", "format", "zone"))
        columns = self._texts(table.get("columns", table.get("column")), "column")
        if not columns:
            self._fault(node or root, "time has no column: name the column the time of an event stands in")
        given, zone = self._text(table.get("format"), "format"), self._text(table.get("zone"), "zone")
        fault = format_fault(given)
        if fault:
            self._fault(table.get("format", node or root), fault)
        elif not zone and not FORMATS.get(given, "%z" in given):
            self._fault(node or root, "zone is missing: UTC, an offset such as +01:00, or a name such as Europe/Berlin")
        if zone and (fault := zone_fault(zone)):
            self._fault(table.get("zone"), fault)
        return TimeColumns(columns=columns, format=given, zone=zone)

    def _outcome(self, node: yaml.Node | None) -> Outcome | None:
        if node is None:
            return None
        table = self._table(node, "outcome", ("column", "success", "failure"))
        found = Outcome(
            column=self._text(table.get("column"), "column"),
            success=self._texts(table.get("success"), "success"),
            failure=self._texts(table.get("failure"), "failure"),
        )
        if not found.column or not (found.success or found.failure):
            self._fault(node, "outcome needs its column and the values that mean success and failure")
        if {each.casefold() for each in found.success} & {each.casefold() for each in found.failure}:
            self._fault(node, "a value means success and failure")
        return found

    def _attributes(self, node: yaml.Node | None) -> tuple[tuple[str, Value], ...]:
        found = []
        for path, value in self._table(node, "attributes", (*EVENT_COLUMNS, *EVENT_COUNTS)).items():
            if isinstance(value, yaml.MappingNode):
                table = self._table(value, path, ("column", "value"))
                one = Value(
                    column=self._text(table.get("column"), "column"), constant=self._text(table.get("value"), "value")
                )
            else:
                one = Value(column=self._text(value, path))
            if bool(one.column) == bool(one.constant):
                self._fault(value, f"{path} needs a column, or one `value` that stands for every record")
            found.append((path, one))
        return tuple(sorted(found))

    def _holdings(self, node: yaml.Node | None) -> tuple[HeldIn, ...]:
        found = []
        for name, value in self._table(node, "holdings").items():
            table = self._table(value, name, _HELD)
            one = HeldIn(name=name, **{key: self._text(table.get(key), key) for key in _HELD})
            if one.kind not in HOLDING_KINDS:
                self._fault(table.get("kind", value), f"kind is not one of {', '.join(HOLDING_KINDS)}")
            if not one.id:
                self._fault(value, "id is missing: name the column in which the thing's own id stands")
            found.append(one)
        return tuple(found)

    def _operations(self, node: yaml.Node | None, holdings: set[str]) -> tuple[Operation, ...]:
        found = []
        for name, value in self._table(node, "operations", fold=False).items():
            detailed = isinstance(value, yaml.MappingNode)
            table = self._table(value, "an operation", ("is", "holding")) if detailed else {"is": value}
            meaning, holding = self._text(table.get("is"), "is"), self._text(table.get("holding"), "holding")
            if meaning not in MEANINGS:
                self._fault(value, f"not a meaning of an operation: use one of {', '.join(MEANINGS)}")
            if holding and holding not in holdings:
                self._fault(value, "a holding that is not among holdings")
            found.append(Operation(name=name, meaning=meaning, holding=holding))
        return tuple(sorted(found, key=lambda one: one.name))

    def _table(
        self, node: yaml.Node | None, what: str, keys: tuple[str, ...] = (), *, fold: bool = True
    ) -> Mapping[str, yaml.Node]:
        """The values of a mapping node by key; with `keys`, no other may stand in it."""
        if node is None:
            return {}
        if not isinstance(node, yaml.MappingNode):
            self._fault(node, f"{what} is not `key: value` lines")
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = key.value.strip() if isinstance(key, yaml.ScalarNode) else ""
            if not name or (keys and name not in keys):
                shown = f": use one of {', '.join(keys)}" if keys else ""
                self._fault(key, f"not a key of {what}{shown}")
            elif name in found or (fold and name.lower() in {each.lower() for each in found}):
                self._fault(key, "there twice: keep one")
            else:
                found[name] = value
        return found

    def _text(self, node: yaml.Node | None, what: str, *, strip: bool = True) -> str:
        if node is None:
            return ""
        if isinstance(node, yaml.ScalarNode):
            value: str = node.value.strip() if strip else node.value
            return "" if node.tag == "tag:yaml.org,2002:null" and value in ("", "~") else value
        self._fault(node, f"{what} is not one text")
        return ""

    def _texts(self, node: yaml.Node | None, what: str) -> tuple[str, ...]:
        if node is None:
            return ()
        items = node.value if isinstance(node, yaml.SequenceNode) else [node]
        return tuple(text for item in items if (text := self._text(item, what)))

    def _number(self, node: yaml.Node | None, what: str) -> int:
        text = self._text(node, what)
        if text and not (text.isascii() and text.isdecimal() and len(text) < 8):
            self._fault(node, f"{what} is not a whole number")
            return 0
        return int(text or 0)

    def _fault(self, node: yaml.Node | None, what: str) -> None:
        self._faults.append((node.start_mark.line + 1 if node is not None else 1, what))


def _is_sign(text: str) -> bool:
    return len(text) == 1 and text.isascii() and (text.isprintable() or text == "\t") and text not in "\r\n"
