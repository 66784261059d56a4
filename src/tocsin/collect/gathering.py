"""Names of files in; what collectors say of them out: for the members of an archive, and for files in folders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tocsin.collect.archive import Archive
from tocsin.collect.collection import LARGEST, Layout, Left, Sum, is_log, roots_in
from tocsin.collect.limits import ArchiveFault
from tocsin.collect.walk import Found, walk
from tocsin.model.acquisition import Acquisition


class Gathered(NamedTuple):
    """What the collections among some files say, by name of the file.

    controls  the collectors' own files, each with what it is
    stated    of those, the ones that say who collected
    left      (path, why, whether it may be ignored) of what was not brought
    sums      what was written down of the files that were
    """

    controls: Mapping[str, str]
    stated: Mapping[str, Acquisition]
    left: tuple[tuple[str, str, bool], ...]
    sums: Mapping[str, Sum]


NOTHING = Gathered({}, {}, (), {})


def gather(names: Sequence[str], read: Callable[[str], bytes]) -> Gathered:
    """The collections among these names; `read` gives the bytes of one of them."""
    found = NOTHING
    for root, layout in roots_in(names):
        found = _joined(found, _of(root, layout, names, read))
    return found


def gather_members(archive: Archive) -> Gathered:
    """The collections in an archive."""

    def read(name: str) -> bytes:
        data = b""
        try:
            for block in archive.blocks(name):
                data += block
                if len(data) > LARGEST:
                    break
        except ArchiveFault:
            pass  # what can be read of it counts; that it is damaged is told with the member
        return data[:LARGEST]

    return gather(list(archive.members), read)


class Folder(NamedTuple):
    """A folder on disk that is the root of a collection; `path` as accounted, with a final `/`."""

    path: str
    layout: Layout
    gathered: Gathered


class Folders:
    """Finds the collection a file on disk lies in, below the paths given and nowhere else."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._given = [Path(path) for path in paths if Path(path).is_dir()]
        self._known: dict[Path, Folder | None] = {}

    def of(self, found: Found) -> Folder | None:
        """The collection of the nearest folder above that is the root of one."""
        path = found.path
        for folder in found.file.parents:
            path = path[: path.rstrip("/").rfind("/") + 1]
            if not any(folder == given or given in folder.parents for given in self._given):
                return None
            if folder not in self._known:
                self._known[folder] = _folder(folder, path)
            if known := self._known[folder]:
                return known
        return None


def _folder(folder: Path, path: str) -> Folder | None:
    try:
        files = [file.name for file in folder.iterdir() if file.is_file() and not file.is_symlink()]
    except OSError:
        return None
    roots = list(roots_in(files))
    if not roots:
        return None
    layout = roots[0][1]
    prefix = len(str(folder)) + 1
    names = {layout.shown(found.path[prefix:]): found.file for found in walk([str(folder)]) if not found.refusal}

    def read(name: str) -> bytes:
        try:
            with names[name].open("rb") as stream:
                return stream.read(LARGEST)
        except OSError:
            return b""

    return Folder(path, layout, _of("", layout, sorted(names), read))


def _of(root: str, layout: Layout, names: Sequence[str], read: Callable[[str], bytes]) -> Gathered:
    below = [name[len(root) :] for name in names if name.startswith(root)]
    found = layout.read(below, lambda name: read(root + name))
    stated = {}
    if found.stated:
        stated[root + found.stated[0]] = found.stated[1]
    return Gathered(
        controls={root + name: f"{found.tool}: {what}" for name, what in found.controls.items()},
        stated=stated,
        left=tuple(_left(found.left)),
        sums={root + name: one for name, one in found.sums.items()},
    )


def _left(left: Sequence[Left]) -> Iterator[tuple[str, str, bool]]:
    """Each that may be a log; the others counted, by why."""
    others: dict[str, int] = {}
    for one in left:
        if is_log(one.path) and not one.is_known:
            yield one.path, f"not collected: {one.why}", False
        else:
            doubt = "" if one.is_known else ", no log by its name"
            why = f"{doubt}: {one.why.partition(':')[0]}"
            others[why] = others.get(why, 0) + 1
    for why, count in sorted(others.items()):
        yield "...", f"{count:,} not collected{why}", True


def _joined(one: Gathered, other: Gathered) -> Gathered:
    return Gathered(
        {**one.controls, **other.controls},
        {**one.stated, **other.stated},
        (*one.left, *other.left),
        {**one.sums, **other.sums},
    )
