"""A workspace linked to a vault of invented persons, as `tocsin vault` links one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from tocsin.investigation import init_workspace
from tocsin.model.protection import FormKind
from tocsin.protect.vault import Form, Person, create_vault, is_vault, locked, open_vault, vault_sources
from tocsin.protection.linking import Link, write_link
from tocsin.store.workspace import open_workspace


def link(workspace: Path, vault: Path, persons: Mapping[str, Sequence[str]]) -> int:
    """The workspace, made where there is none, with exactly these persons in its vault; the epoch that gives it.

    persons   by handle, the forms of their names; one with an `@` is an address
    """
    if not (workspace / "workspace.toml").exists():
        init_workspace(workspace, None)
    sources = vault_sources(os.environ)
    held = open_vault(vault, sources) if is_vault(vault) else create_vault(vault, sources)
    with closing(open_workspace(workspace)) as opened, locked(vault):
        contents = replace(
            held.contents,
            persons=tuple(_person(handle, forms) for handle, forms in persons.items()),
            workspaces={**held.contents.workspaces, opened.origin: str(workspace)},
        )
        held = held.saved(contents, epoch=held.epoch + 1)
        write_link(opened.settings_path, Link(id=held.id, epoch=held.epoch, vault=str(vault)))
    return held.epoch


def _person(handle: str, forms: Sequence[str]) -> Person:
    kinds = (FormKind.ADDRESS if "@" in form else FormKind.NAME for form in forms)
    return Person(
        id=handle.encode().ljust(16, b"\0")[:16],
        handle=handle,
        matters=(),
        forms=tuple(Form(kind=kind, text=form) for kind, form in zip(kinds, forms, strict=True)),
    )


def everything_in(folder: Path) -> bytes:
    """The bytes of every file below a folder and the name of each, one after the other."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return b"\n".join(str(path.relative_to(folder)).encode() + b"\n" + path.read_bytes() for path in files)
