"""`tocsin vault`: the protected persons, for the protection unit."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from tocsin.cli import options, unsealing
from tocsin.cli.exit_code import ExitCode
from tocsin.cli.passphrase import vault_passphrase
from tocsin.cli.vault_key import sources_at, sources_of
from tocsin.errors import ConfigError, RefusedError
from tocsin.protect.allowance import TEXTS_AN_HOUR
from tocsin.share.exit import release, release_unsealed, tell

if TYPE_CHECKING:
    from tocsin.protect.door import Credentials
    from tocsin.protect.persons_file import Listed

commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_LARGEST_LIST = 256 << 20

CertificateOption: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="What this side shows who it is, PEM.", show_default=False)
]
KeyOption: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Of the certificate, PEM.", show_default=False)
]
AuthorityOption: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Who signs the other side's certificate, PEM.", show_default=False)
]


@commands.callback()
def vault() -> None:
    """The vault of protected persons: names that become tokens before anything is written."""


for command in (unsealing.unseal, unsealing.review, unsealing.unsealers):
    commands.command()(command)


@commands.command()
def init(
    workspace: options.WorkspaceOption,
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="Outside the workspace. Default: in your own data.", show_default=False),
    ] = None,
    passphrase_file: options.VaultPassphraseOption = None,
) -> None:
    """Make an empty vault for a workspace, or link the workspace to the vault that lies there."""
    from tocsin.cli.vault_text import made_text
    from tocsin.protection.vaults import init_vault

    made = init_vault(directory, workspace, sources_at(directory, passphrase_file), os.environ)
    release(made_text(made), None)


@commands.command(name="import")
def import_(
    workspace: options.WorkspaceOption,
    file: Annotated[
        str, typer.Argument(metavar="FILE|-", help="CSV: handle,matter,form[,kind]; or that, sealed with age.")
    ],
    identity: Annotated[
        Path | None,
        typer.Option(metavar="FILE", exists=True, dir_okay=False, help="The age identity the list is sealed for."),
    ] = None,
    accept_weak: Annotated[
        bool, typer.Option("--accept-weak", help="Take forms that would mask much that is no name.")
    ] = False,
    keep_going: Annotated[bool, typer.Option("--keep-going", help="Leave lines with a fault out.")] = False,
    passphrase_file: options.VaultPassphraseOption = None,
) -> None:
    """Bring persons and forms of their names into the vault: all of the list, or nothing.

    Give the list through standard input, or sealed with age: what lies on a disk in clear stays there.
    """
    from tocsin.cli.vault_text import imported_text
    from tocsin.protect.persons_file import read_list
    from tocsin.protection.vaults import import_list, vault_folder

    listed = read_list(_list_bytes(file, identity))
    _accept(listed, accept_weak=accept_weak)
    sources = sources_at(vault_folder(workspace), passphrase_file)
    done = import_list(workspace, listed, sources, os.environ, keep_going=keep_going)
    release(imported_text(done), None)
    raise typer.Exit(ExitCode.INCOMPLETE if done.faults else ExitCode.DONE)


@commands.command(name="list")
def list_(
    workspace: options.WorkspaceOption,
    forms: Annotated[bool, typer.Option("--forms", help="The names as well.")] = False,
    passphrase_file: options.VaultPassphraseOption = None,
) -> None:
    """Who is protected, by handle. The vault's own log keeps that it was asked."""
    from tocsin.cli.vault_text import persons_text
    from tocsin.protection.vaults import list_persons

    persons = list_persons(workspace, sources_of(workspace, passphrase_file), forms=forms)
    release_unsealed(persons_text(persons, forms=forms), None)


@commands.command()
def remove(
    handle: Annotated[str, typer.Argument(metavar="HANDLE", help="Of the person.", show_default=False)],
    workspace: options.WorkspaceOption,
    passphrase_file: options.VaultPassphraseOption = None,
) -> None:
    """Take a person out of the vault: what is processed from now on shows the name in clear."""
    from tocsin.cli.vault_text import changed_text
    from tocsin.protection.vaults import remove_person

    release(changed_text(remove_person(workspace, handle, sources_of(workspace, passphrase_file))), None)


@commands.command()
def rotate(
    workspace: options.WorkspaceOption,
    restored: Annotated[
        bool,
        typer.Option("--restored", help="The vault is an older copy that was put back; who is missing is in it again."),
    ] = False,
    new_passphrase_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", exists=True, dir_okay=False, help="Its first line opens the vault from now on."),
    ] = None,
    passphrase_file: options.VaultPassphraseOption = None,
) -> None:
    """New keys for the vault and its tokens: every token changes, and all is processed again."""
    from tocsin.cli.vault_text import rotated_text
    from tocsin.protect.vault import vault_sources
    from tocsin.protection.vaults import rotate_keys

    sources = sources_of(workspace, passphrase_file)
    given = vault_passphrase(None, new_passphrase_file)
    new = vault_sources(os.environ, given) if given else sources
    epoch, key_file = rotate_keys(workspace, sources, new, restored=restored)
    release(rotated_text(epoch, key_file, "passphrase" if new.passphrase is not None else "service credential"), None)


@commands.command()
def status(workspace: options.WorkspaceOption, passphrase_file: options.VaultPassphraseOption = None) -> None:
    """Epoch, figures, key and workspaces of the vault; its log is checked, and its door opened once."""
    from tocsin.cli.vault_text import status_text
    from tocsin.protection.vaults import vault_status

    release(status_text(vault_status(workspace, sources_of(workspace, passphrase_file))), None)


@commands.command()
def log(workspace: options.WorkspaceOption, passphrase_file: options.VaultPassphraseOption = None) -> None:
    """What was done with the vault, when and by which account, in counts."""
    from tocsin.cli.vault_text import log_text
    from tocsin.protection.vaults import vault_log

    release(log_text(vault_log(workspace, sources_of(workspace, passphrase_file))), None)


@commands.command()
def check(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Files and folders that are to leave.", show_default=False)
    ],
    workspace: options.WorkspaceOption,
    passphrase_file: options.VaultPassphraseOption = None,
) -> None:
    """Search anything for protected persons before it leaves: where and how, never who. The vault's log keeps it.

    Ends with 5 where something is found, with 3 where something could not be searched, pictures among it, else with 0.
    """
    from tocsin.cli.vault_text import checked_text
    from tocsin.protection.checking import check_paths

    found = check_paths(workspace, paths, sources_of(workspace, passphrase_file))
    release(checked_text(found), None)
    if found.references:
        raise typer.Exit(ExitCode.REFUSED)
    raise typer.Exit(ExitCode.INCOMPLETE if found.unsearched or found.unseen else ExitCode.DONE)


@commands.command()
def admit(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the vault.", show_default=False)],
    origin: Annotated[
        str, typer.Argument(metavar="ORIGIN", help="Of the workspace; `vault link` says it there.", show_default=False)
    ],
    certificate: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="With which the workspace asks over TLS, PEM; no other will do for it.",
        ),
    ] = None,
    passphrase_file: options.VaultPassphraseOption = None,
) -> None:
    """Let a workspace that is on another machine ask at the door; a door that is served takes it in at once."""
    from tocsin.protection.vaults import admit as admitted

    shown = certificate.read_bytes() if certificate else None
    admitted(directory, origin, sources_at(directory, passphrase_file), shown)


@commands.command()
def link(
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="unix:PATH or tls:HOST:PORT, as it is served.", show_default=False)
    ],
    workspace: options.WorkspaceOption,
    certificate: CertificateOption = None,
    key: KeyOption = None,
    authority: AuthorityOption = None,
) -> None:
    """Link a workspace to a door that is served elsewhere: this machine then holds no vault."""
    from contextlib import closing

    from tocsin.protection.linking import link_served
    from tocsin.store.workspace import open_workspace

    credentials = _credentials(certificate, key, authority)
    with closing(open_workspace(workspace)) as opened:
        linked = link_served(opened, address, credentials)
    release(f"door:  {address}\nepoch: {linked.epoch}\n", None)


@commands.command()
def serve(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the vault.", show_default=False)],
    listen: Annotated[
        str,
        typer.Option(metavar="ADDRESS", help="unix:PATH, or tls:HOST:PORT with the three below.", show_default=False),
    ],
    account: Annotated[
        list[int] | None, typer.Option(metavar="NUMBER", help="Of who may ask on unix:PATH; may be repeated.")
    ] = None,
    certificate: CertificateOption = None,
    key: KeyOption = None,
    authority: AuthorityOption = None,
    limit: Annotated[
        int, typer.Option(metavar="TEXTS", min=1, help="That are searched for one workspace in an hour.")
    ] = TEXTS_AN_HOUR,
    passphrase_file: options.VaultPassphraseOption = None,
) -> None:
    """Serve the door of the vault to its workspaces until interrupted, so that no other machine holds the vault."""
    from tocsin.protection.serving import serve as served

    credentials = _credentials(certificate, key, authority)
    sources = sources_at(directory, passphrase_file)
    served(directory, listen, sources, accounts=account or [], credentials=credentials, limit=limit, told=tell)


def _credentials(certificate: Path | None, key: Path | None, authority: Path | None) -> Credentials | None:
    from tocsin.protect.door import Credentials

    if certificate and key and authority:
        return Credentials(certificate=certificate, key=key, authority=authority)
    if certificate or key or authority:
        raise ConfigError("a door on TLS needs --certificate, --key and --authority", hint="give all three")
    return None


def _list_bytes(file: str, identity: Path | None) -> bytes:
    """The list as it was written, opened where it is sealed; a file in clear is warned of."""
    from tocsin.protect.age import open_with_identity, open_with_passphrase
    from tocsin.protect.persons_file import is_age
    from tocsin.store.faults import disk_faults

    if file == "-":
        data = sys.stdin.buffer.read(_LARGEST_LIST + 1)
    else:
        with disk_faults(Path(file)), Path(file).open("rb") as stream:
            data = stream.read(_LARGEST_LIST + 1)
    if len(data) > _LARGEST_LIST:
        raise ConfigError(f"the list is larger than {_LARGEST_LIST >> 20} MiB", hint="import it in parts")
    if is_age(data):
        return open_with_identity(data, identity) if identity else open_with_passphrase(data, _age_passphrase())
    if identity is not None:
        raise ConfigError("the list is not sealed with age", hint="leave --identity out")
    if file != "-":
        tell(
            f"tocsin: {file} holds names in clear, and keeps holding them: also when it is deleted the disk may\n"
            "  hint: give the list through standard input, or sealed with age; keep this file on an encrypted disk"
        )
    return data


def _age_passphrase() -> str:
    given = os.environ.get("TOCSIN_AGE_PASSPHRASE")
    if given:
        return given
    if not sys.stdin.isatty():
        raise ConfigError(
            "the list is sealed with age, and nobody is there to type its passphrase",
            hint="give --identity FILE, or set TOCSIN_AGE_PASSPHRASE",
        )
    return getpass.getpass("Passphrase of the list: ")


def _accept(listed: Listed, *, accept_weak: bool) -> None:
    """Asks about forms that would mask much that is no name. Raises RefusedError where nobody takes them."""
    from tocsin.protect.persons_file import fault_text

    if not listed.weak or accept_weak:
        return
    what = f"some forms would mask much that is no name\n{fault_text(listed.weak)}"
    if sys.stdin.isatty():
        tell(f"tocsin: {what}")
        if typer.confirm("Import them all the same?", err=True):
            return
    raise RefusedError(f"{what}\nnothing was imported", hint="mend these lines, or take them with --accept-weak")
