"""What the accounting says of a file before any of its records is read: its input, in the state it begins with."""

from __future__ import annotations

import fnmatch
from dataclasses import replace

from tocsin.collect.scanning import Content
from tocsin.model.chunk import Input, InputState

_DOCUMENTATION = (
    "readme*",
    "license*",
    "licence*",
    "copying*",
    "*.md",
    "*.sha256",
    "*.sha1",
    "*.md5",
)
_RESOURCE_FORKS = ("._*", ".ds_store", "thumbs.db", "desktop.ini")


def input_of(path: str, content: Content, sha256: str, size: int, container: str | None) -> Input:
    """A file with what one pass over it found; `sha256` and `size` are of its bytes as received."""
    if content.source is not None:
        state, reason = (InputState.PARTIAL, content.fault) if content.fault else (InputState.READ, "")
    elif content.size == 0 and not content.fault:
        state, reason = InputState.IGNORED, "empty file"
    elif _is_documentation(path):
        state, reason = InputState.IGNORED, "documentation"
    else:
        state, reason = InputState.UNRECOGNISED, content.fault or "no source of this version reads it"
    return Input(
        path=path,
        sha256=sha256,
        content_sha256=content.sha256,
        size=size,
        source=content.source.name if content.source else "",
        certainty=content.certainty,
        state=state,
        reason=reason,
        container=container,
    )


def faulted(entry: Input, fault: str) -> Input:
    """The input with one more thing that is wrong with it, where there is one."""
    if not fault:
        return entry
    state = InputState.PARTIAL if entry.state is InputState.READ else entry.state
    return replace(entry, state=state, reason=f"{entry.reason}; {fault}" if entry.reason else fault)


def archive_input(path: str, sha256: str, size: int, name: str, container: str | None) -> Input:
    """An archive of the format of that name."""
    return Input(
        path=path,
        sha256=sha256,
        content_sha256=sha256,
        size=size,
        source=name,
        certainty=1.0,
        state=InputState.READ,
        container=container,
    )


def unread_input(
    path: str, reason: str, *, ignored: bool = False, container: str | None = None, size: int = 0
) -> Input:
    """An input of which no byte is read, and why; `ignored` where none need be."""
    return Input(
        path=path,
        sha256="",
        content_sha256="",
        size=size,
        source="",
        certainty=0.0,
        state=InputState.IGNORED if ignored else InputState.UNRECOGNISED,
        reason=reason,
        container=container,
    )


def ignored_name(name: str) -> str:
    """Why a file of this name holds nothing of its own; "" where it may."""
    lower = name.lower()
    return "resource fork" if any(fnmatch.fnmatchcase(lower, pattern) for pattern in _RESOURCE_FORKS) else ""


def ignored_member(name: str) -> str:
    """The same of a member of an archive."""
    return "resource fork" if name.startswith("__MACOSX/") else ignored_name(name.rsplit("/", 1)[-1])


def _is_documentation(path: str) -> bool:
    lower = path.rsplit("/", 1)[-1].rsplit("!", 1)[-1].lower()
    return any(fnmatch.fnmatchcase(lower, pattern) for pattern in _DOCUMENTATION)
