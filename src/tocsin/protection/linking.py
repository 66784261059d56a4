"""How a workspace and its vault find each other: `[door]` of `workspace.toml`, and the door opened for a command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tocsin.errors import ProtectionError, StoreError
from tocsin.protect.client import connect
from tocsin.protect.door import Credentials, DoorAddress, disconnect
from tocsin.protect.starting import started
from tocsin.protect.vault import open_vault, refuse_older
from tocsin.record.acts import login_name
from tocsin.store.key_sources import KeySources
from tocsin.store.settings import Value, number_of, read_settings, text_of, write_settings
from tocsin.store.workspace import Workspace

_SECTION = "door"
_TEXTS = ("vault", "address", "certificate", "key", "authority")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a workspace knows of its vault.

    id           of the vault
    epoch        the newest this workspace has seen: an older vault is an old copy
    vault        its folder, "" where its door is served elsewhere
    address      where it is served, "" where each command opens the vault itself
    certificate, key, authority   files for `tls:`, else ""
    """

    id: str
    epoch: int
    vault: str = ""
    address: str = ""
    certificate: str = ""
    key: str = ""
    authority: str = ""


def link_of(settings: Path) -> Link | None:
    """What the file `workspace.toml` says of a vault, None where it names none. Raises StoreError."""
    section = read_settings(settings).get(_SECTION)
    if section is None:
        return None
    if not isinstance(section, Mapping):
        raise StoreError(f"{settings} is damaged: {_SECTION} is no table", hint="restore it from a backup")
    texts = {name: text_of(section, name, settings) for name in _TEXTS if name in section}
    link = Link(id=text_of(section, "id", settings), epoch=number_of(section, "epoch", settings), **texts)
    if not link.vault and not link.address:
        raise StoreError(f"{settings} is damaged: it names neither a vault nor a door", hint="restore it from a backup")
    return link


def write_link(settings: Path, link: Link) -> None:
    """Puts the link into `workspace.toml`, in the place of the one before. Raises StoreError."""
    section: dict[str, Value] = {"id": link.id, "epoch": link.epoch}
    section |= {name: str(getattr(link, name)) for name in _TEXTS if getattr(link, name)}
    write_settings(settings, {**read_settings(settings), _SECTION: section})


def link_served(workspace: Workspace, place: str, credentials: Credentials | None) -> Link:
    """Links the workspace to a door that is served elsewhere, once it has answered. Raises ProtectionError."""
    before = link_of(workspace.settings_path)
    address = DoorAddress(
        place=place,
        workspace=workspace.origin,
        vault=before.id if before else "",
        epoch=before.epoch if before else 0,
        credentials=credentials,
    )
    try:
        client = connect(address)
    except ProtectionError as error:
        shown = " --certificate FILE" if credentials else ""
        raise ProtectionError(
            str(error),
            hint=f"where the vault lies, let this workspace in: tocsin vault admit DIR {workspace.origin}{shown}",
        ) from None
    client.close()
    files = {}
    if credentials is not None:
        named = {"certificate": credentials.certificate, "key": credentials.key, "authority": credentials.authority}
        files = {name: str(path.absolute()) for name, path in named.items()}
    link = Link(id=client.vault, epoch=client.epoch, address=place, **files)
    write_link(workspace.settings_path, link)
    return link


@contextmanager
def open_door(workspace: Workspace, sources: KeySources) -> Iterator[DoorAddress | None]:
    """The address of the door of the workspace while the block runs; None where it has no vault.

    The vault is opened by a process of its own that ends with the block; where the door is served elsewhere, it is
    asked once. The newest epoch is remembered. Raises ProtectionError where no door opens, StoreError where no key
    opens the vault. `sources` are those of the vault (`protect.vault.vault_sources`).
    """
    link = link_of(workspace.settings_path)
    if link is None:
        yield None
        return
    if link.address:
        with _disconnecting(_served(workspace, link)) as address:
            yield address
        return
    folder = Path(link.vault)
    if not folder.is_dir():
        raise ProtectionError(
            f"the vault of {workspace.path} is not at {folder}",
            hint="bring it back there, or say where it is with: tocsin vault init DIR --workspace DIR",
        )
    vault = open_vault(folder, sources)
    refuse_other(link, vault.id)
    with started(folder, vault.seal, workspace.origin, seen=link.epoch, by=login_name()) as running:
        del vault
        remember(workspace, link, running.ready.epoch)
        with _disconnecting(running.address) as address:
            yield address


@contextmanager
def _disconnecting(address: DoorAddress) -> Iterator[DoorAddress]:
    try:
        yield address
    finally:
        disconnect(address)


def _served(workspace: Workspace, link: Link) -> DoorAddress:
    credentials = None
    if link.certificate:
        credentials = Credentials(
            certificate=Path(link.certificate), key=Path(link.key), authority=Path(link.authority)
        )
    address = DoorAddress(
        place=link.address, workspace=workspace.origin, vault=link.id, epoch=link.epoch, credentials=credentials
    )
    client = connect(address)
    client.close()
    remember(workspace, link, client.epoch)
    return replace(address, epoch=client.epoch)


def remember(workspace: Workspace, link: Link, epoch: int) -> None:
    """The workspace has seen that epoch. Raises ProtectionError where it has seen a newer one."""
    refuse_older(epoch, link.epoch)
    if epoch > link.epoch:
        write_link(workspace.settings_path, replace(link, epoch=epoch))


def refuse_other(link: Link, vault: str) -> None:
    """ProtectionError where a vault is not the one the workspace is linked to."""
    if vault != link.id:
        raise ProtectionError(
            "this is another vault than the one the workspace was linked to",
            hint="name the right one: what was processed holds tokens that no other vault can make",
        )
