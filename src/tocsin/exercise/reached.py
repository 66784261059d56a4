"""What the intruder reached, how far, and how much of it the logs can still show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tocsin.exercise import actions as act
from tocsin.exercise import windows_files as files
from tocsin.exercise.actions import Action, WindowsAct
from tocsin.exercise.logs.placing import Placed
from tocsin.exercise.world import World
from tocsin.model.exposure import Degree
from tocsin.model.instant import format_time

_FILE_DEGREES = {
    "FileAccessed": Degree.ACCESSED,
    "FilePreviewed": Degree.OPENED,
    "FileDownloaded": Degree.DOWNLOADED,
    "FileModified": Degree.ALTERED,
}
_RIGHT_DEGREES = {files.READ: Degree.OPENED, files.WRITE: Degree.ALTERED, files.DELETE: Degree.DESTROYED}
_DEGREES = list(Degree)
_MATTERS = "Matters\\"
_ANY_SERVER = "\\\\*\\"  # a share's name as every server logs it


class _Touch(NamedTuple):
    """One act on one holding, under one of the names it has; `thing` is what all its names stand for."""

    kind: str
    holding: str
    container: str
    label: str
    actor: str
    thing: str
    degree: Degree


class _Touched:
    """One holding reached in one account's name, while its accesses are gathered."""

    def __init__(self, facts: Mapping[str, str]) -> None:
        self._facts = facts
        self._places: list[tuple[Placed, Degree]] = []

    def add(self, place: Placed, degree: Degree) -> None:
        self._places.append((place, degree))

    def entry(self) -> dict[str, Any]:
        times = [place.action.time for place, _ in self._places]
        kept = [(place, degree) for place, degree in self._places if place.file is not None]
        return {
            **self._facts,
            "degree": _furthest(degree for _, degree in self._places),
            "proven": _furthest(degree for _, degree in kept),
            "times": len(kept),
            "lost": len(self._places) - len(kept),
            "first": format_time(min(times)),
            "last": format_time(max(times)),
            "records": [record(place) for place, _ in kept],
        }


def _furthest(degrees: Iterator[Degree]) -> str | None:
    furthest = max(degrees, key=_DEGREES.index, default=None)
    return furthest.value if furthest else None


def record(place: Placed) -> dict[str, Any]:
    """Where a record stands."""
    return {"file": place.file, "entry": place.entry}


def holdings(world: World, hostile: Sequence[Placed]) -> list[dict[str, Any]]:
    """The `holdings` of the truth, by kind, container, first time and id."""
    touched: dict[tuple[str, str, str, str], _Touched] = {}
    for place in hostile:
        for touch in _touches(world, place.action):
            facts = {name: str(value) for name, value in touch._asdict().items() if name != "degree"}
            facts["player"] = place.action.player
            key = touch.kind, touch.holding, touch.actor, place.action.player
            touched.setdefault(key, _Touched(facts)).add(place, touch.degree)
    entries = [found.entry() for found in touched.values()]
    return sorted(entries, key=lambda entry: (entry["kind"], entry["container"], entry["first"], entry["holding"]))


def _touches(world: World, action: Action) -> Iterator[_Touch]:
    match action:
        case act.MailRead(person=person, owner=owner, messages=messages):
            for message in messages:
                item = message.internet_message_id
                yield _Touch("mail_item", item, owner.upn, message.subject, person.upn, item, Degree.ACCESSED)
        case act.MailSync(owner=owner, folder=folder):
            yield _Touch("mail_folder", folder, owner.upn, folder, owner.upn, folder, Degree.PRESUMED)
        case act.FileAct(person=person, operation=operation, document=document):
            yield _Touch(
                "document",
                document.url,
                document.site_url,
                document.file,
                person.upn,
                document.url,
                _FILE_DEGREES[operation],
            )
        case WindowsAct(event_id=4663 | 5145):
            yield _on_file_server(world, action)


def _on_file_server(world: World, action: WindowsAct) -> _Touch:
    """A file by its path on the server (4663) or by its share (5145), which says no more than that it was asked for."""
    values = dict(action.data)
    computer = next(host.fqdn for host in world.hosts if host.name == action.host)
    if action.event_id == 4663:
        holding, container = values["ObjectName"], computer
        degree = _RIGHT_DEGREES[int(values["AccessMask"], 16)]
    else:
        container = f"\\\\{computer}\\{values['ShareName'].removeprefix(_ANY_SERVER)}"
        holding, degree = f"{container}\\{values['RelativeTargetName']}", Degree.ACCESSED
    return _Touch(
        kind="document",
        holding=holding,
        container=container,
        label=holding.rpartition("\\")[2],
        actor=f"{values['SubjectDomainName']}\\{values['SubjectUserName']}",
        thing=holding.partition(_MATTERS)[2],
        degree=degree,
    )
