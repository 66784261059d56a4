"""Whether what was reached by a path may be a holding that was renamed or moved, where the log gives no new name.

An operating system records that a path was given up (deleted, or given another name) and not which one it became. So a
path that was given up may be another in the same folder, or one that ends, or goes on, under the same last name.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from tocsin.assess.spelling import comparable


class Renamings:
    """Paths given up by anybody, whenever, held against the paths of what was reached."""

    def __init__(self, given_up: Iterable[str], reached: Iterable[str]) -> None:
        self._given_up = sorted({path for one in given_up if (path := _path(one))})
        known = frozenset(self._given_up)
        self._reached = sorted({path for one in reached if (path := _path(one))}) if known else []
        self._parts = {part for path in self._reached for part in path.split("\\")}
        # What was reached lay in a folder that was given up, before or after; or is what was.
        folders = {path for one in self._reached for path in _folders(one) if path in known}
        self._in_folders = {_parent(one) for one in folders} - {""}, {_last(one) for one in folders}
        self._beside = {_parent(one) for one in self._reached if one in known} - {""}

    def may_be(self, text: str) -> bool:
        """Whether something reached may be it, or lie in it, under the name it has had before or since."""
        if not self._given_up or not (own := _path(text)):
            return False
        above = [*_folders(own), own]
        if any(self._is_reached_as(one, by_folder=True) for one in above if self._was_given_up(one)):
            return True
        if text.endswith("*") and any(self._is_reached_as(one, by_folder=False) for one in self._within(own)):
            return True
        parents, names = self._in_folders
        if not parents.isdisjoint(above) or not names.isdisjoint(own.split("\\")):
            return True
        return not text.endswith("*") and _parent(own) in self._beside

    def _was_given_up(self, path: str) -> bool:
        place = bisect_left(self._given_up, path)
        return place < len(self._given_up) and self._given_up[place] == path

    def _within(self, folder: str) -> Iterator[str]:
        for one in self._given_up[bisect_left(self._given_up, f"{folder}\\") :]:
            if not one.startswith(f"{folder}\\"):
                return
            yield one

    def _is_reached_as(self, given_up: str, *, by_folder: bool) -> bool:
        """Whether something was reached that what was given up may have become."""
        if _last(given_up) in self._parts:
            return True
        beginning = f"{_parent(given_up)}\\"
        place = bisect_left(self._reached, beginning)
        return by_folder and place < len(self._reached) and self._reached[place].startswith(beginning)


def _path(text: str) -> str:
    """A path of a drive, a share or a host as it is compared, by one separator; "" for any other text."""
    known = comparable(text).rstrip("*")
    if known.startswith("/"):
        known = known.replace("/", "\\")
    return known.rstrip("\\") if known.startswith("\\") or known[1:3] == ":\\" else ""


def _folders(path: str) -> Iterator[str]:
    """The folders above a path, from the outermost on."""
    return (path[:place] for place, sign in enumerate(path) if sign == "\\" and place > 2)


def _parent(path: str) -> str:
    return path.rpartition("\\")[0]


def _last(path: str) -> str:
    return path.rpartition("\\")[2]
