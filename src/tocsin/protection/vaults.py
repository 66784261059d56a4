"""What the protection unit does with a vault: make, fill, list, thin out and rotate it; each goes into its own log."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from tocsin.errors import ConfigError, ProtectionError, RefusedError, StoreError, TocsinError
from tocsin.protect.changes import merge
from tocsin.protect.doors import shared_forms
from tocsin.protect.persons_file import Listed, fault_text
from tocsin.protect.service import key_digest
from tocsin.protect.starting import started
from tocsin.protect.tokens import workspace_tokens
from tocsin.protect.vault import (
    Contents,
    Person,
    Unsealer,
    Vault,
    create_vault,
    is_vault,
    key_file_of,
    locked,
    open_vault,
    refuse_older,
    rotated,
)
from tocsin.protect.vault_log import LogLine, append, lines, utc_now, with_heads
from tocsin.protection.departures import Departed, departed
from tocsin.protection.linking import Link, link_of, refuse_other, write_link
from tocsin.record.acts import login_name
from tocsin.store.key_sources import KeySources
from tocsin.store.workspace import Workspace, open_workspace

_ORIGIN = re.compile(r"[\w.-]{1,200}/[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A vault that was made, or linked to one workspace more. `key_file` is None where its key comes from elsewhere."""

    folder: Path
    epoch: int
    key_file: Path | None
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did.

    made      the vault, where there was none before
    faults    why lines were left out, by line; only with `keep_going`
    shared    lines whose form is another person's, and the line that gave it to them first, 0 for the vault
    departed  what left the workspaces of the vault before these forms were in it; empty where none is new
    """

    folder: Path
    made: Made | None
    epoch: int
    persons: int
    forms: int
    new_persons: int
    new_forms: int
    known_forms: int
    faults: Mapping[int, str]
    shared: Mapping[int, int]
    departed: tuple[Departed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How it stands with a vault. `door` says whether the memory of its process is locked."""

    folder: Path
    id: str
    epoch: int
    source: str
    persons: int
    forms: int
    shared: int
    door: str
    workspaces: tuple[tuple[str, int | None], ...]
    log: tuple[LogLine, ...] = field(repr=False)


def default_folder(workspace: Workspace, environment: Mapping[str, str]) -> Path:
    """Where a vault is made if nobody says where: beside other data of the account, outside the workspace."""
    data = Path(environment.get("XDG_DATA_HOME", ""))
    if not data.is_absolute():
        data = Path(environment["HOME"] if environment.get("HOME") else Path.home()) / ".local" / "share"
    return data / "tocsin" / "vaults" / workspace.id


def vault_folder(workspace: Path) -> Path | None:
    """Where the vault of the workspace lies, None where it has none. Raises ConfigError where it is elsewhere."""
    with closing(open_workspace(workspace)) as opened:
        link = link_of(opened.settings_path)
    if link is None:
        return None
    if not link.vault:
        raise ConfigError(
            f"the vault of {workspace} is served from {link.address}",
            hint="do this where it lies; --workspace names a workspace that is there too",
        )
    return Path(link.vault)


def init_vault(folder: Path | None, workspace: Path, sources: KeySources, environment: Mapping[str, str]) -> Made:
    """A new, empty vault linked to the workspace; where one lies in the folder, that one is linked.

    Raises ConfigError, StoreError; RefusedError where vault and workspace lie in each other.
    """
    with closing(open_workspace(workspace)) as opened:
        return _linked(folder or default_folder(opened, environment), opened, sources)


def admit(folder: Path, origin: str, sources: KeySources, certificate: bytes | None = None) -> None:
    """Lets a workspace that is elsewhere ask at the door of the vault: `origin` is the first line of its checkpoints.

    certificate   in PEM, with which it asks over TLS; no other certificate will do for it, and without one it is
                  answered on a Unix socket alone
    Raises ConfigError where that is no origin, or no certificate.
    """
    if not _ORIGIN.fullmatch(origin):
        raise ConfigError("that is no origin of a workspace", hint="tocsin vault link says it, at the workspace")
    agreed_key = _key_of(certificate) if certificate is not None else ""
    with locked(folder) if is_vault(folder) else nullcontext():
        vault = open_vault(folder, sources)
        served = {origin: "elsewhere", **vault.contents.workspaces}
        agreed = {**vault.contents.certificates} | ({origin: agreed_key} if agreed_key else {})
        vault = _saved(vault, replace(vault.contents, workspaces=served, certificates=agreed), vault.epoch)
        _log(vault, "admit", workspaces=len(served))


def _key_of(certificate: bytes) -> str:
    try:
        return key_digest(ssl.PEM_cert_to_DER_cert(certificate.decode("ascii")))
    except ValueError as error:
        raise ConfigError(
            "that is no certificate", hint="a PEM file, the one `tocsin vault link` is given with --certificate"
        ) from error


def import_list(
    workspace: Path, listed: Listed, sources: KeySources, environment: Mapping[str, str], *, keep_going: bool = False
) -> Imported:
    """The forms of the list into the vault of the workspace, which is made where there is none: all, or none.

    With `keep_going` the lines without a fault. Raises ConfigError naming each fault by line and reason.
    """
    if listed.faults and not keep_going:
        count = len(listed.faults)
        raise ConfigError(
            f"{count} line{'' if count == 1 else 's'} of the list cannot be used, and nothing was imported\n"
            + fault_text(listed.faults),
            hint="mend these lines, or leave them out with --keep-going",
        )
    made = None
    if vault_folder(workspace) is None:
        made = init_vault(None, workspace, sources, environment)
    with _changing(workspace, sources) as vault:
        merged = merge(vault.contents.persons, listed.rows)
        if merged.is_change or merged.persons != vault.contents.persons:
            # Whom a matter concerns is no form: nothing is found otherwise, and nothing need be processed again.
            epoch = vault.epoch + merged.is_change
            vault = _saved(vault, replace(vault.contents, persons=merged.persons), epoch)
        figures = {"persons": merged.new_persons, "forms": merged.new_forms, "faults": len(listed.faults)}
        _log(vault, "import", **figures)
    _remember(workspace, vault)
    return Imported(
        folder=vault.folder,
        made=made,
        epoch=vault.epoch,
        persons=len(merged.persons),
        forms=vault.form_count,
        new_persons=merged.new_persons,
        new_forms=merged.new_forms,
        known_forms=merged.known_forms,
        faults=listed.faults,
        shared=merged.shared,
        departed=tuple(_departed(vault)) if merged.new_forms else (),
    )


def list_persons(workspace: Path, sources: KeySources, *, forms: bool) -> tuple[Person, ...]:
    """Who is protected, by handle: put into the vault's log before it is told, with whether the forms were shown."""
    with _changing(workspace, sources) as vault:
        _log(vault, "list", persons=len(vault.contents.persons), forms=vault.form_count if forms else 0)
    return tuple(sorted(vault.contents.persons, key=lambda person: person.handle))


def note_in_log(workspace: Path, sources: KeySources, what: str, **figures: int | str) -> Vault:
    """A line in the log of the workspace's vault, which the key at hand opens; gives the vault as it is now."""
    with _changing(workspace, sources) as vault:
        _log(vault, what, **figures)
        return vault


def remove_person(workspace: Path, handle: str, sources: KeySources) -> int:
    """Takes the person out of the vault; gives the new epoch. Raises ConfigError, which does not quote the handle."""
    with _changing(workspace, sources) as vault:
        kept = tuple(person for person in vault.contents.persons if person.handle != handle)
        if len(kept) == len(vault.contents.persons):
            raise ConfigError("nobody in the vault has that handle", hint="see them with: tocsin vault list")
        vault = _saved(vault, replace(vault.contents, persons=kept), vault.epoch + 1)
        _log(vault, "remove", persons=1)
    _remember(workspace, vault)
    return vault.epoch


def rotate_keys(
    workspace: Path, sources: KeySources, new_sources: KeySources, *, restored: bool = False
) -> tuple[int, Path | None]:
    """A new key for the vault and new keys for its tokens; gives the new epoch, and where its key file now lies.

    restored   the vault is an older copy that was put back: its epoch goes beyond all its workspaces have seen
    """
    with _changing(workspace, sources, restored=restored) as vault:
        seen = [_seen(Path(path), vault.id) or 0 for path in vault.contents.workspaces.values()]
        vault = replace(vault, contents=with_heads(vault))
        vault = rotated(vault, new_sources, epoch=max(vault.epoch, *seen) + 1)
        _log(vault, "rotate", restored=int(restored))
    _remember(workspace, vault)
    return vault.epoch, key_file_of(vault, new_sources)


def vault_status(workspace: Path, sources: KeySources) -> Status:
    """How it stands with the vault of the workspace; its door is opened once to see that it does.

    Raises VerificationError where its log is not what it was.
    """
    with _changing(workspace, sources) as vault, closing(open_workspace(workspace)) as opened:
        origin = opened.origin
        log = tuple(lines(vault))
    with started(vault.folder, vault.seal, origin, seen=vault.epoch, by=login_name()) as running:
        is_locked = running.ready.memory_locked
    return Status(
        folder=vault.folder,
        id=vault.id,
        epoch=vault.epoch,
        source=vault.source,
        persons=len(vault.contents.persons),
        forms=vault.form_count,
        shared=shared_forms(vault.contents.persons),
        door="memory locked" if is_locked else "memory not locked: the limit of this account forbids it",
        workspaces=tuple((path, _seen(Path(path), vault.id)) for _, path in sorted(vault.contents.workspaces.items())),
        log=log,
    )


def vault_log(workspace: Path, sources: KeySources) -> tuple[LogLine, ...]:
    """The vault's own log, oldest first. Raises VerificationError where it is not what it was."""
    with _changing(workspace, sources) as vault:
        _log(vault, "log")
        return tuple(lines(vault))


def handles_by_token(workspace: Path, sources: KeySources) -> Mapping[str, str]:
    """The handle of every protected person by their token in the workspace; put into the vault's log before."""
    with closing(open_workspace(workspace)) as opened:
        origin = opened.origin
    with _changing(workspace, sources) as vault:
        keys = workspace_tokens(vault.contents.token_key, origin)
        found = {keys.person(person.id): person.handle for person in vault.contents.persons}
        _log(vault, "persons at risk", persons=len(found))
    return found


def unsealers(workspace: Path, sources: KeySources) -> tuple[Unsealer, ...]:
    """Who may unseal, by name of the key; put into the vault's log before it is told."""
    with _changing(workspace, sources) as vault:
        found = tuple(sorted(vault.contents.unsealers, key=lambda one: one.name))
        _log(vault, "unsealers", people=len(found))
    return found


def allow_unsealing(workspace: Path, unsealer: Unsealer, sources: KeySources) -> None:
    """Let somebody unseal from now on; in the place of a key of that name. A door that is served knows it when it is
    started again."""
    with _changing(workspace, sources) as vault:
        others = tuple(one for one in vault.contents.unsealers if one.name != unsealer.name)
        vault = _saved(vault, replace(vault.contents, unsealers=(*others, unsealer)), vault.epoch)
        _log(vault, "allow unsealing", key=unsealer.name, officer=int(unsealer.officer))


def forbid_unsealing(workspace: Path, name: str, sources: KeySources) -> None:
    """Let nobody unseal any more with the key of that name. Raises ConfigError where there is none."""
    with _changing(workspace, sources) as vault:
        left = tuple(one for one in vault.contents.unsealers if one.name != name)
        if len(left) == len(vault.contents.unsealers):
            raise ConfigError(f"{name} may not unseal anyway", hint="see who may: tocsin vault unsealers")
        vault = _saved(vault, replace(vault.contents, unsealers=left), vault.epoch)
        _log(vault, "forbid unsealing", key=name)


def log_line(vault: Vault, what: str, **figures: int | str) -> None:
    """Puts into the log of the vault what was done with it, in counts. Raises StoreError."""
    with locked(vault.folder):
        _log(vault, what, **figures)


def _linked(folder: Path, workspace: Workspace, sources: KeySources) -> Made:
    folder = folder.absolute()
    _refuse_inside(folder.resolve(), workspace.path.resolve())
    is_new = not is_vault(folder)
    link = link_of(workspace.settings_path)
    if link is not None and is_new:  # before anything is made: a vault of its own is another one
        raise ProtectionError(
            f"{workspace.path} is linked to a vault already, and there is none at {folder}",
            hint=f"it was last {f'at {link.vault}' if link.vault else f'served from {link.address}'}: name the folder "
            "it lies in now; what was processed holds tokens that no other vault can make",
        )
    with _nothing_half_made(folder) if is_new else nullcontext():
        vault = create_vault(folder, sources) if is_new else open_vault(folder, sources)
    if link is not None:
        refuse_other(link, vault.id)
    with locked(folder):
        vault = vault if is_new else open_vault(folder, sources)
        seen = link.epoch if link else 0
        refuse_older(vault.epoch, seen)
        served = {**vault.contents.workspaces, workspace.origin: str(workspace.path.absolute())}
        if served != vault.contents.workspaces:
            # Whom it serves changes nothing of what is found: no new epoch.
            vault = _saved(vault, replace(vault.contents, workspaces=served), vault.epoch)
        _log(vault, "init" if is_new else "link", workspaces=len(served))
    write_link(workspace.settings_path, Link(id=vault.id, epoch=vault.epoch, vault=str(folder)))
    return Made(folder=folder, epoch=vault.epoch, key_file=key_file_of(vault, sources), is_new=is_new)


@contextmanager
def _nothing_half_made(folder: Path) -> Iterator[None]:
    """Where a vault cannot be made, a folder that was not there before is not left behind."""
    was_there = folder.exists()
    try:
        yield
    except (TocsinError, OSError):
        if not was_there:
            with suppress(OSError):  # it holds what somebody else put there
                folder.rmdir()
        raise


def _refuse_inside(folder: Path, workspace: Path) -> None:
    if folder.is_relative_to(workspace) or workspace.is_relative_to(folder):
        raise RefusedError(
            "a vault does not lie in a workspace, nor a workspace in a vault: who copies one would have both",
            hint="name a folder elsewhere, best on another machine or an encrypted disk of its own",
        )


@contextmanager
def _changing(workspace: Path, sources: KeySources, *, restored: bool = False) -> Iterator[Vault]:
    """The vault of the workspace, held alone. Raises as `open_vault`, and where the workspace knows another."""
    folder = vault_folder(workspace)
    if folder is None:
        raise ConfigError(
            f"{workspace} has no vault", hint=f"make one with: tocsin vault init DIR --workspace {workspace}"
        )
    with closing(open_workspace(workspace)) as opened:
        link = link_of(opened.settings_path)
    if not folder.is_dir():
        raise StoreError(
            f"the vault is not at {folder}", hint="bring it back, or say where it is with: tocsin vault init DIR"
        )
    with locked(folder):
        vault = open_vault(folder, sources)
        if link is not None:
            refuse_other(link, vault.id)
            refuse_older(vault.epoch, 0 if restored else link.epoch)
        yield vault


def _saved(vault: Vault, contents: Contents, epoch: int) -> Vault:
    """On disk, with the log as it stands: a line that goes missing later is noticed."""
    return vault.saved(replace(contents, logs=with_heads(vault).logs), epoch=epoch)


def _log(vault: Vault, what: str, **figures: int | str) -> None:
    append(vault, LogLine(at=utc_now(), by=login_name(), what=what, epoch=vault.epoch, figures=figures))


def _remember(workspace: Path, vault: Vault) -> None:
    with closing(open_workspace(workspace)) as opened:
        link = link_of(opened.settings_path)
        if link is not None and link.epoch < vault.epoch:
            write_link(opened.settings_path, replace(link, epoch=vault.epoch))


def _departed(vault: Vault) -> Iterator[Departed]:
    """Of each of its workspaces that is on this machine and out of which something went."""
    for path in sorted(vault.contents.workspaces.values()):
        if _seen(Path(path), vault.id) is not None:
            found = departed(Path(path))
            if found.left or found.sealed:
                yield found


def _seen(workspace: Path, vault: str) -> int | None:
    """The newest epoch of the vault a workspace has seen, None where it is not there or no longer linked to it."""
    settings = workspace / "workspace.toml"
    try:
        link = link_of(settings)
    except StoreError:
        return None
    return link.epoch if link is not None and link.id == vault else None
