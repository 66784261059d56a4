"""Tar archives, seen through their compression where they have one."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import BinaryIO

from tocsin.collect.archive import Archive, Member, names
from tocsin.collect.inflate import BLOCK
from tocsin.collect.limits import Limits, TruncatedError, UnopenableError


class TarArchive:
    """An open tar archive. Links, devices and pipes are members that cannot be read."""

    def __init__(self, archive: tarfile.TarFile, limits: Limits) -> None:
        self._archive = archive
        self._limits = limits
        files = [each for each in _listed(archive) if not each.isdir()]
        self._entries = dict(zip(names(each.name for each in files), files, strict=True))
        self.members = {
            name: Member(each.size, each.size, "" if each.isfile() else "a link or device, not a file")
            for name, each in self._entries.items()
        }

    def blocks(self, name: str) -> Iterator[bytes]:
        entry = self._entries[name]
        left = entry.size
        try:
            stream = self._archive.extractfile(entry)
            while stream is not None and left > 0:
                data = stream.read(min(BLOCK, left))
                if not data:
                    break
                left -= len(data)
                yield data
        except (tarfile.TarError, OSError, EOFError) as error:
            raise TruncatedError(f"the member is damaged: {error}") from error
        if left:
            raise TruncatedError("the archive ends inside this member")

    def close(self) -> None:
        self._archive.close()


def _listed(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Members up to where the archive breaks off."""
    while True:
        try:
            entry = archive.next()
        except (tarfile.TarError, TruncatedError, OSError, EOFError):
            return
        if entry is None:
            return
        yield entry


class Tar:
    """The format: POSIX and GNU tar, by the magic at byte 257."""

    name = "tar"

    def recognises(self, head: bytes) -> bool:
        return head[257:262] == b"ustar"

    def open(self, stream: BinaryIO, limits: Limits) -> Archive:
        try:
            return TarArchive(tarfile.open(fileobj=stream, mode="r:"), limits)
        except (tarfile.TarError, OSError, EOFError) as error:
            raise UnopenableError(f"the archive cannot be opened: {error}") from error


FORMAT = Tar()
