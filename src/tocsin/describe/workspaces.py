"""The estate of a workspace, and what its logs show of an institution: imported, drafted, shown and checked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow.compute as pc

from tocsin.assess import attribution, exposure
from tocsin.books import Places, kept_by
from tocsin.continuing import answerable, make_current
from tocsin.correlate import identity
from tocsin.cover import coverage
from tocsin.describe.checking import checked
from tocsin.describe.drafting import Logs, drafted
from tocsin.describe.holders import Seen
from tocsin.describe.importing import imported, lists_in
from tocsin.describe.labels import labels_in
from tocsin.describe.listed import Listed
from tocsin.describe.shown_holdings import Access
from tocsin.errors import ConfigError
from tocsin.model.describing import Change, Checked, Drafted, Imported, Unread
from tocsin.model.door import Door, mask_all
from tocsin.model.estate import Estate
from tocsin.model.identity import canonical_host
from tocsin.model.progress import Progress
from tocsin.opening import open_existing, recover
from tocsin.reading.estates import given_files, keep_files
from tocsin.record.keys import WorkspaceKey
from tocsin.store.estate import judged, rows_of_files
from tocsin.store.estate_rows import Notes, Row, told
from tocsin.store.workspace import Workspace


def import_into_folder(
    paths: Sequence[Path], folder: Path, *, domain: str = "", listed: Sequence[Listed] = ()
) -> Imported:
    """What importing files, and what other systems listed, into the estate of a folder makes of it.

    New where there is none. Nothing is written.

    Raises ConfigError where the estate that is there is faulty.
    """
    return imported(lists_in(folder), paths, domain=domain, listed=listed)


def import_into_workspace(
    paths: Sequence[Path],
    workspace: Path,
    agree: Callable[[Imported], bool],
    *,
    domain: str = "",
    listed: Sequence[Listed] = (),
    passphrase: str | None,
) -> Imported:
    """Import files, and what other systems listed, into the estate a workspace keeps.

    It is done once `agree` has seen what it changes. What is told of it has passed the door of its vault. Raises
    ConfigError where the estate that is there is faulty, or would be behind the door; then, and where nobody agrees,
    nothing is changed.
    """
    with open_existing(workspace, passphrase) as (opened, key), opened.writer_lock():
        recover(opened)
        files = given_files(opened, key)
        notes = Notes()
        base = rows_of_files(files, notes)
        judged(base, notes)
        if notes.faults:
            raise ConfigError(told(notes.faults), hint="tocsin estate check says what is wrong with it")
        found = imported(base, paths, domain=domain, listed=listed, door=key.door)
        shown = masked(found, key.door)
        if found.changes and agree(shown):
            keep_files(opened, key, _files_after(files, found))
        return shown


def draft(
    workspace: Path | None,
    folder: Path,
    paths: Sequence[Path],
    *,
    domain: str = "",
    passphrase: str | None,
    progress: Progress,
) -> Drafted:
    """What is proposed beside the estate in `folder`, else beside the one the workspace has. Nothing is written."""
    own = lists_in(folder)
    if workspace is None:
        return drafted(own, None, paths, domain=domain)
    with open_existing(workspace, passphrase) as (opened, key):
        logs = replace(_logs_of(opened, key, progress), labels=labels_in(opened, key, progress))
        if any(own.values()):
            return drafted(own, logs, paths, domain=domain, door=key.door)
        found = drafted(lists_in(opened.estate), logs, paths, domain=domain, door=key.door)
        kept = {file.name: file.read_text(encoding="utf-8-sig") for file in sorted(opened.estate.glob("*.*"))}
        return replace(found, files={**kept, **found.files})


def check(workspace: Path | None, folder: Path | None, *, passphrase: str | None, progress: Progress) -> Checked:
    """The estate of a folder, else the workspace's own, held against itself and the logs of the workspace, if any."""
    if workspace is None:
        return checked(folder or Path(), None)
    with open_existing(workspace, passphrase) as (opened, key):
        return checked(folder or opened.estate, _logs_of(opened, key, progress))


def lists_of(workspace: Path | None, folder: Path | None, *, passphrase: str | None) -> Mapping[str, Sequence[Row]]:
    """The rows of an estate; of a workspace as they are behind its door. Raises ConfigError listing every fault."""
    if workspace is None:
        return _existing(folder or Path())
    with open_existing(workspace, passphrase) as (opened, _):
        return _existing(opened.estate)


def _existing(folder: Path) -> Mapping[str, Sequence[Row]]:
    if not folder.is_dir():
        raise ConfigError(f"{folder} is not a folder", hint="docs/formats/estate.md describes the folder")
    return lists_in(folder)


def _files_after(files: Mapping[str, bytes], found: Imported) -> dict[str, bytes]:
    kept = {name: data for name, data in files.items() if name not in found.gone}
    return {**kept, **{name: text.encode() for name, text in found.files.items()}}


def masked(found: Imported, door: Door) -> Imported:
    """What may be told of an import: every text of a row or a file's name through the door."""
    texts = {text for change in found.changes for one in change.differences for text in one[1:]}
    texts |= {change.name for change in found.changes} | {one.file for one in found.read}
    shown = mask_all(door, {*texts, *found.warnings, *(one.file for one in found.unread)})
    if not shown:
        return found

    def show(text: str) -> str:
        return shown.get(text, text)

    return replace(
        found,
        read=tuple(replace(one, file=show(one.file)) for one in found.read),
        unread=tuple(Unread(file=show(one.file), line=one.line, why=one.why) for one in found.unread),
        changes=tuple(
            Change(
                list=change.list,
                name=show(change.name),
                is_new=change.is_new,
                differences=tuple((column, show(old), show(new)) for column, old, new in change.differences),
            )
            for change in found.changes
        ),
        warnings=tuple(show(one) for one in found.warnings),
    )


def _logs_of(workspace: Workspace, key: WorkspaceKey, progress: Progress) -> Logs:
    """What the folds kept, as far as an institution shows in it. Raises StoreError where nothing was investigated."""
    make_current(workspace, key, progress)
    answerable(workspace, key)
    hosts: dict[str, set[str]] = defaultdict(set)
    watched = kept_by(workspace, coverage.NAME, coverage.combine).select(["source", "host", "channel"])
    for row in watched.group_by(["source", "host", "channel"]).aggregate([]).to_pylist():
        if name := canonical_host(row["host"]):
            hosts[name].add(row["channel"] or row["source"])
    accounts: dict[str, Seen] = defaultdict(Seen)
    means = kept_by(workspace, attribution.NAME, attribution.combine)
    for row in means.to_pylist():
        if row["account"]:
            one = Seen(records=row["count"], has_session=bool(row["session"]), first=row["first"], last=row["last"])
            accounts[row["account"]].add(one)
    state = kept_by(workspace, exposure.NAME, exposure.combine)
    ways = state.select(["kind", "holding", "container", "actor", "actor_class", "client", "first", "last"])
    ways = ways.append_column("times", pc.list_value_length(state["record"]))
    reached: Counter[tuple[str, str, str]] = Counter()
    clients: dict[str, tuple[int, set[str]]] = {}
    for row in ways.to_pylist():
        times = row["times"]
        if row["holding"]:  # what a record does not name is nothing an estate could name
            reached[row["kind"], row["holding"], row["container"] or ""] += times
        if row["actor"]:
            by = Seen(accesses=Counter({row["actor_class"]: times}), first=row["first"], last=row["last"])
            accounts[row["actor"]].add(by)
        client = (row["client"] or "").lower()
        if _is_application(client) and row["actor_class"] != "provider_service":
            count, users = clients.setdefault(client, (0, set()))
            clients[client] = count + times, users | {row["actor"]}
    return Logs(
        accounts=accounts,
        identities=identity.conclude(
            kept_by(workspace, identity.NAME, identity.combine), hosts, Estate(), Places(workspace)
        ),
        accesses=[Access(*thing, times) for thing, times in sorted(reached.items())],
        hosts=hosts,
        applications={name: (count, len(users)) for name, (count, users) in sorted(clients.items())},
    )


def _is_application(client: str) -> bool:
    """Whether a client is told by the id of an application, and not by what it calls itself."""
    return len(client) == 36 and [len(part) for part in client.split("-")] == [8, 4, 4, 4, 12]
