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
    """Every file under the paths, in the order given and below a folder by name; each file once.

    ConfigError where a path does not exist. What cannot be listed or is no regular file comes with its refusal.
    """
    seen: set[tuple[int, int]] = set()
    for given in paths:
        root = Path(given)
        if not root.exists() and not root.is_symlink():
            raise ConfigError(f"there is no {given}", hint="check the path; a folder or a file is expected")
        for found in _below(root, given):
            try:
                status = found.file.stat()
            except OSError:
                yield found
                continue
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            yield found


def _below(root: Path, given: str) -> Iterator[Found]:
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
            yield Found(path=shown, file=path, refusal="symbolic link inside a folder, not followed", ignored=True)
        elif path.is_dir():
            yield from _below(path, shown)
        else:
            yield _file(path, shown, follow=False)


def _file(path: Path, shown: str, *, follow: bool) -> Found:
    try:
        mode = path.stat(follow_symlinks=follow).st_mode
    except OSError as error:
        return Found(path=shown, file=path, refusal=f"cannot be opened: {error.strerror}")
    if not stat.S_ISREG(mode):
        return Found(path=shown, file=path, refusal="not a regular file", ignored=True)
    return Found(path=shown, file=path)
