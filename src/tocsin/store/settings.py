"""Reads and writes `workspace.toml`: text and whole numbers, at the top and in tables one level deep."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path

from tocsin.errors import StoreError
from tocsin.store.durable import write_durably
from tocsin.store.faults import disk_faults

Value = str | int
Settings = Mapping[str, "Value | Mapping[str, Value]"]


def read_settings(path: Path) -> Settings:
    """What the file says. Raises StoreError where it cannot be read or is no TOML of that shape."""
    with disk_faults(path):
        data = path.read_bytes()
    try:
        document = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} is damaged: {error}", hint="restore it from a backup") from error
    for value in document.values():
        entries = value.values() if isinstance(value, dict) else (value,)
        if not all(isinstance(entry, str | int) for entry in entries):
            raise StoreError(f"{path} is damaged: it holds a value that is neither text nor a whole number")
    return document


def write_settings(path: Path, settings: Settings) -> None:
    """Replaces the file, durably. Raises StoreError."""
    top = [f"{name} = {_literal(value)}" for name, value in settings.items() if not isinstance(value, Mapping)]
    for name, value in settings.items():
        if isinstance(value, Mapping):
            top += ["", f"[{name}]", *(f"{key} = {_literal(entry)}" for key, entry in value.items())]
    write_durably(path, ("\n".join(top) + "\n").encode())


def text_of(section: Mapping[str, object], name: str, path: Path) -> str:
    """The text under `name`. Raises StoreError naming the file where there is none."""
    value = section.get(name)
    if not isinstance(value, str):
        raise StoreError(f"{path} is damaged: it has no {name}", hint="restore it from a backup")
    return value


def number_of(section: Mapping[str, object], name: str, path: Path) -> int:
    """The whole number under `name`. Raises StoreError naming the file where there is none."""
    value = section.get(name)
    if not isinstance(value, int):
        raise StoreError(f"{path} is damaged: it has no {name}", hint="restore it from a backup")
    return value


def _literal(value: Value) -> str:
    return json.dumps(value, ensure_ascii=False)  # without \\u escapes, a JSON string is a TOML basic string
