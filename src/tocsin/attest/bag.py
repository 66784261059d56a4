"""Files under `data/` in; the BagIt 1.0 files (RFC 8493) that list and seal them out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

PAYLOAD = "data"
_DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_MANIFEST, _TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
_READ_BYTES = 1 << 20


class Digest(NamedTuple):
    """A file of the bag: its path from the bag's folder with `/`, the hex of its SHA-256, its bytes."""

    path: str
    sha256: str
    size: int


def close_bag(folder: Path, info: Mapping[str, str]) -> None:
    """Writes `bagit.txt`, `bag-info.txt` and both manifests over what lies in the folder.

    Tag files that are there already (`README.txt`) are listed in the tag manifest. A label of `info` is one word, a
    value one line; a value that is longer than a line is the caller's fault.
    """
    payload = sorted(digests(folder, f"{PAYLOAD}/"))
    oxum = f"{sum(one.size for one in payload)}.{len(payload)}"
    labels = {**info, "Payload-Oxum": oxum}
    _write(folder / "bagit.txt", _DECLARATION)
    _write(folder / "bag-info.txt", "".join(f"{label}: {' '.join(value.split())}\n" for label, value in labels.items()))
    _write(folder / _MANIFEST, manifest(payload))
    tags = [one for one in digests(folder) if not one.path.startswith(f"{PAYLOAD}/") and one.path != _TAG_MANIFEST]
    _write(folder / _TAG_MANIFEST, manifest(sorted(tags)))


def digests(folder: Path, under: str = "") -> Iterator[Digest]:
    """Every file below the folder whose path begins with `under`, in no order."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if name.startswith(under) and path.is_file():
            yield Digest(name, *_digest(path))


def manifest(files: Iterable[Digest]) -> str:
    """One line a file, as given: digest, two spaces, path. A path has no line end and no per cent sign."""
    return "".join(f"{one.sha256}  {one.path}\n" for one in files)


def _digest(path: Path) -> tuple[str, int]:
    found, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while data := stream.read(_READ_BYTES):
            found.update(data)
            size += len(data)
    return found.hexdigest(), size


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8"))
