"""The estate as the workspace keeps it: through the door, and beside it as it was given, sealed.

Cells and scalars pass the door one by one, so that a table stays a table; a name that stands in two cells beside each
other is replaced in both.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import yaml

from tocsin.errors import ConfigError, VerificationError
from tocsin.model.door import Door, mask_all, mask_one
from tocsin.record.keys import WorkspaceKey
from tocsin.record.segment import open_segment, seal_segment
from tocsin.store.derivation import new_secret
from tocsin.store.durable import write_durably
from tocsin.store.estate import judged, keep_estate, replace_estate, rows_of_files
from tocsin.store.estate_rows import Notes, told
from tocsin.store.faults import disk_faults
from tocsin.store.workspace import Workspace

_SEALED = "estate.sealed"
_SUFFIXES = (".csv", ".yaml", ".yml")
_MAPPINGS = (".mapping.yaml", ".mapping.yml")
_LENGTH = 4


def keep_through_door(workspace: Workspace, key: WorkspaceKey, folder: Path) -> None:
    """The estate in `folder` replaces what the workspace had. Raises ConfigError where a mapping names somebody."""
    if not key.door.epoch:
        keep_estate(folder, workspace.estate)
    elif folder.resolve() != workspace.estate.resolve():
        _keep(workspace, key, _files(folder))


def pass_again(workspace: Workspace, key: WorkspaceKey) -> None:
    """What the workspace keeps, through the door as it is now."""
    path = workspace.path / _SEALED
    if path.exists():
        _keep(workspace, key, _unsealed(path, key))
    elif workspace.estate.is_dir() and (files := _files(workspace.estate)):
        _keep(workspace, key, files)


def given_files(workspace: Workspace, key: WorkspaceKey) -> dict[str, bytes]:
    """The files of the workspace's estate as they were given, by name; with a vault they may name protected persons."""
    path = workspace.path / _SEALED
    if path.exists():
        return _unsealed(path, key)
    return _files(workspace.estate) if workspace.estate.is_dir() else {}


def keep_files(workspace: Workspace, key: WorkspaceKey, files: Mapping[str, bytes]) -> None:
    """These files are the workspace's estate from now on, through the door where it has one.

    Raises ConfigError, and nothing is changed, where what comes out of the door would be no estate.
    """
    if not key.door.epoch:
        replace_estate(files, workspace.estate)
        return
    notes = Notes()
    judged(rows_of_files({name: masked_file(name, data, key.door) for name, data in files.items()}, notes), notes)
    if notes.faults:
        raise ConfigError(told(notes.faults), hint="two of its names are of one protected person: name one of them")
    _keep(workspace, key, files)


def _unsealed(path: Path, key: WorkspaceKey) -> dict[str, bytes]:
    with disk_faults(path):
        data = path.read_bytes()
    length = int.from_bytes(data[:_LENGTH], "big")
    secret = key.unwrap(data[_LENGTH : _LENGTH + length])
    packed = open_segment(data[_LENGTH + length :], secret)
    try:
        return msgspec.msgpack.decode(packed, type=dict[str, bytes])
    except msgspec.MsgspecError as error:
        raise VerificationError(f"{path} holds no estate") from error


def _files(folder: Path) -> dict[str, bytes]:
    given = [file for file in sorted(folder.iterdir()) if file.suffix in _SUFFIXES and file.is_file()]
    return {file.name: file.read_bytes() for file in given}


def _keep(workspace: Workspace, key: WorkspaceKey, files: Mapping[str, bytes]) -> None:
    masked = {mask_one(key.door, name): masked_file(name, data, key.door) for name, data in files.items()}
    secret = new_secret()
    wrapped = key.wrap(secret)
    sealed = seal_segment(msgspec.msgpack.encode(dict(files)), secret)
    write_durably(workspace.path / _SEALED, len(wrapped).to_bytes(_LENGTH, "big") + wrapped + sealed)
    for name, data in masked.items():
        write_durably(workspace.estate / name, data)
    for old in workspace.estate.iterdir():
        if old.name not in masked:
            old.unlink()


def masked_file(name: str, data: bytes, door: Door) -> bytes:
    """A file of an estate through the door; the very same bytes where nothing in it is replaced.

    Raises ConfigError for a mapping that names a protected person: it is a part of how records are read, for good.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
    if mask_one(door, text) == text and name.endswith(".csv"):
        return data
    if name.endswith(_MAPPINGS):
        if mask_one(door, text) == text:
            return data
        raise ConfigError(
            "a mapping in the estate names a protected person",
            hint="write it without the name: say the columns of the log and what its operations mean",
        )
    return _masked_csv(text, door) if name.endswith(".csv") else _masked_yaml(text, data, door)


def _masked_csv(text: str, door: Door) -> bytes:
    header = text.split("\n", 1)[0]
    delimiter = next((mark for mark in ",;\t" if mark in header), ",")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    replaced = mask_all(door, {cell for row in rows for cell in row})
    rows = [[replaced.get(cell, cell) for cell in row] for row in rows]
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter, lineterminator="\n").writerows(_over_two_cells(row, door) for row in rows)
    return written.getvalue().encode()


def _over_two_cells(row: Sequence[str], door: Door) -> list[str]:
    cells = list(row)
    if mask_one(door, whole := " ".join(cells)) == whole:
        return cells
    for place in range(len(cells) - 1):
        pair = f"{cells[place]} {cells[place + 1]}"
        if (shown := mask_one(door, pair)) != pair:
            cells[place] = cells[place + 1] = shown
    return cells


def _masked_yaml(text: str, data: bytes, door: Door) -> bytes:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return mask_one(door, text).encode()  # what nobody can read is told of as a fault, without what it says
    nodes = list(_scalars(root)) if root is not None else []
    replaced = mask_all(door, {node.value for node in nodes})
    if not replaced:
        return data
    for node in nodes:
        node.value = replaced.get(node.value, node.value)
    shown: str = yaml.serialize(root, allow_unicode=True)
    return shown.encode()


def _scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _scalars(key)
            yield from _scalars(value)
    else:
        for each in node.value:
            yield from _scalars(each)
