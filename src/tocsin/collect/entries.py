"""What the accounting says of a file before any of its records is read: its input, in the state it begins with."""

from __future__ import annotations

import fnmatch
from dataclasses import replace

from tocsin.collect.mapping_file import is_mapping
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
# What desktops leave beside files, by name, and how each begins: a log may bear such a name too.
_APPLE_DOUBLE = b"\x00\x05\x16\x07"
_LEFT_BY_DESKTOPS = (
    ("._*", _APPLE_DOUBLE),
    (".ds_store", b"\x00\x00\x00\x01Bud1"),
    ("thumbs.db", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ("desktop.ini", b"["),
)
_TEXT_MARKS = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"

_UNKNOWN = "no source of this version reads it; where it is a log of your own, a mapping can (docs/formats/mapping.md)"


_NOT_IN_FORCE = "a mapping that is not in force: put it in the estate folder, or beside what you give"


def input_of(path: str, content: Content, sha256: str, size: int, container: str | None, control: str = "") -> Input:
    """A file with what one pass over it found; `sha256` and `size` are of its bytes as received.

    `control` is what a collector's own file is, by its name: it counts only where nothing reads the content.
    """
    if content.source is not None:
        state, reason = (InputState.PARTIAL, content.fault) if content.fault else (InputState.READ, "")
    elif content.size == 0 and not content.fault:
        state, reason = InputState.IGNORED, "empty file"
    elif control and not content.fault:
        state, reason = InputState.IGNORED, control
    elif _is_documentation(path):
        state, reason = InputState.IGNORED, "documentation"
    else:
        why = _NOT_IN_FORCE if is_mapping(_last(path)) else content.lacks or _UNKNOWN
        state, reason = InputState.UNRECOGNISED, content.fault or why
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


def may_be_desktops(name: str) -> bool:
    """Whether a desktop leaves files of this name beside others; their content decides (`left_by_desktop`)."""
    last = name.rsplit("/", 1)[-1].lower()
    return any(fnmatch.fnmatchcase(last, pattern) for pattern, _ in _LEFT_BY_DESKTOPS)


def left_by_desktop(name: str, head: bytes) -> bool:
    """Whether a file of this name that begins so is one that a desktop left: it holds nothing of its own."""
    last = name.rsplit("/", 1)[-1].lower()
    return any(
        fnmatch.fnmatchcase(last, pattern) and (head.startswith(start) or head.lstrip(_TEXT_MARKS).startswith(start))
        for pattern, start in _LEFT_BY_DESKTOPS
    )


def _is_documentation(path: str) -> bool:
    return any(fnmatch.fnmatchcase(_last(path).lower(), pattern) for pattern in _DOCUMENTATION)


def _last(path: str) -> str:
    return path.rsplit("/", 1)[-1].rsplit("!", 1)[-1]
