"""Paths as given in, every file below them out, in one order for every machine; nothing is opened for reading here."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tocsin.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file on disk: `path` as accounted; `refusal` says why it will not be opened, "" where it may be."""

    path: str
    file: Path
    refusal: str = ""
    ignored: bool = False


def walk(paths: Sequence[str]) -> Iterator[Found]:
    """Every file under the paths, in the order given and below a folder by name; each file once, its hard links told.

    ConfigError where a path does not exist. What cannot be listed or is no regular file comes with its refusal. A link
    to what is not read by itself was not read: it is not ignored.
    """
    seen: dict[tuple[int, int], Found] = {}
    roots = [Path(given).resolve() for given in paths]
    for given in paths:
        root = Path(given)
        if not root.exists() and not root.is_symlink():
            raise ConfigError(f"there is no {given}", hint="check the path; a folder or a file is expected")
        for found in _below(root, given, roots):
            try:
                status = found.file.stat(follow_symlinks=not found.refusal)
            except OSError:
                yield found
                continue
            earlier = seen.setdefault((status.st_dev, status.st_ino), found)
            if earlier is found:
                yield found
            elif earlier.file.resolve() != found.file.resolve():
                yield Found(path=found.path, file=found.file, refusal=f"the same file as {earlier.path}", ignored=True)


def _below(root: Path, given: str, roots: Sequence[Path]) -> Iterator[Found]:
    if not root.is_dir():
        yield _file(root, given, follow=True)
        return
    try:
        paths = sorted(root.iterdir(), key=os.fsencode)
    except OSError as error:
        yield Found(path=given, file=root, refusal=f"cannot be listed: {error.strerror}")
        return
    for path in paths:
        shown = f"{given.rstrip('/')}/{os.fsencode(path.name).decode('utf-8', 'backslashreplace')}"
        if path.is_symlink():
            yield _link(path, shown, roots)
        elif path.is_dir():
            yield from _below(path, shown, roots)
        else:
            yield _file(path, shown, follow=False)


def _link(path: Path, shown: str, roots: Sequence[Path]) -> Found:
    """A symbolic link inside a folder: never followed; what it leads to is read by itself, or was not read."""
    target = path.resolve()
    if target.exists() and any(target == root or root in target.parents for root in roots):
        return Found(path=shown, file=path, refusal="symbolic link to what is read under its own name", ignored=True)
    return Found(
        path=shown, file=path, refusal="symbolic link out of what was given, not followed: give its target too"
    )


def _file(path: Path, shown: str, *, follow: bool) -> Found:
    try:
        mode = path.stat(follow_symlinks=follow).st_mode
    except OSError as error:
        return Found(path=shown, file=path, refusal=f"cannot be opened: {error.strerror}")
    if not stat.S_ISREG(mode):
        return Found(path=shown, file=path, refusal="not a regular file", ignored=True)
    return Found(path=shown, file=path)
