"""Bytes in; files of the payload out, each written once, inside its folder, and counted."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tocsin.errors import StoreError
from tocsin.store.faults import disk_faults

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 60
# Names that are a device on Windows, whatever follows the point.
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{one}{n}" for one in ("com", "lpt") for n in range(1, 10))})


class Enclosed(NamedTuple):
    """A file of the payload as it was written: path from `data/`, SHA-256 in hex, bytes, and what a reader is told."""

    path: str
    sha256: str
    size: int
    media_type: str
    description: str


class Payload:
    """The folder `data/` while it is being filled."""

    def __init__(self, folder: Path) -> None:
        """Into this folder, which is made where it is missing (mode 0700)."""
        self._folder = folder
        self._files: list[Enclosed] = []
        self._taken: set[str] = set()
        with disk_faults(folder):
            folder.mkdir(mode=0o700, exist_ok=True)

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self._folder

    @property
    def files(self) -> tuple[Enclosed, ...]:
        """What was written, by path."""
        return tuple(sorted(self._files))

    def add(self, path: str, data: bytes | Iterable[bytes], media_type: str, description: str) -> None:
        """Writes one file. Raises StoreError where the path would leave the folder or is there already."""
        parts = path.split("/")
        if not all(_PART.fullmatch(part) for part in parts) or path.lower() in self._taken:
            raise StoreError(f"{path!r} cannot be a file of the package: its name is not plain, or is taken")
        target = self._folder.joinpath(*parts)
        digest, size = hashlib.sha256(), 0
        with disk_faults(target):
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with target.open("xb") as stream:
                for piece in (data,) if isinstance(data, bytes) else data:
                    stream.write(piece)
                    digest.update(piece)
                    size += len(piece)
        self._taken.add(path.lower())
        self._files.append(Enclosed(path, digest.hexdigest(), size, media_type, description))


def safe_name(identifier: str) -> str:
    """A file name for an id: the id itself where it is plain, else what is plain of it and a digest of the whole.

    Two ids never give the same name, on a disk that knows no upper case either.
    """
    plain = _NOT_PLAIN.sub("_", identifier).strip("._-")
    is_device = plain.lower().split(".")[0] in _DEVICES
    is_ours = plain.startswith("id-")
    if plain == identifier == plain.lower() and len(plain) <= _LONGEST and not is_device and not is_ours:
        return plain
    digest = hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"id-{plain[:_LONGEST].strip('._-').lower()}-{digest}".replace("--", "-")
