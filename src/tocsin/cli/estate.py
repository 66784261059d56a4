"""`tocsin estate`: the institution described: imported from lists, drafted from the logs, checked and shown."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from tocsin.cli import options
from tocsin.cli.exit_code import ExitCode
from tocsin.cli.passphrase import ldap_password
from tocsin.cli.progress import progress_on_stderr
from tocsin.cli.reading import Reading, begin_reading
from tocsin.errors import ConfigError
from tocsin.share.exit import refuse_overwrite, release, tell

if TYPE_CHECKING:
    from tocsin.describe.listed import Listed
    from tocsin.model.describing import Imported

commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_WorkspaceOption = Annotated[
    Path | None,
    typer.Option("--workspace", metavar="DIR", help="The workspace with the logs, or the estate.", show_default=False),
]
_FolderOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="DIR", help="The folder of the estate.", show_default=False)
]
_DomainOption = Annotated[
    str,
    typer.Option("--domain", metavar="NAME", help="NetBIOS name of the domain, for accounts as Windows names them."),
]
_FolderArgument = Annotated[
    Path | None, typer.Argument(metavar="[DIR]", help="The folder of the estate.", show_default=False)
]


class _Asked(NamedTuple):
    """A directory as the options name it; without an address none is asked."""

    url: str
    only: str
    bind: str
    password_file: Path | None
    authority: Path | None
    limit: int
    timeout_seconds: int

    def listed(self) -> list[Listed]:
        """What it answers."""
        if not self.url:
            if self.only or self.bind or self.password_file or self.authority:
                raise ConfigError("which directory? --ldap names it", hint="ldaps://dc01.example.org/DC=example,DC=org")
            return []
        from tocsin.describe.ldap_server import listed
        from tocsin.describe.ldap_url import directory_asked

        asked = directory_asked(
            self.url,
            only=self.only,
            bind=self.bind,
            password=ldap_password(self.bind, self.password_file) if self.bind else "",
            authority=self.authority,
            limit=self.limit,
            timeout_seconds=self.timeout_seconds,
        )
        return [listed(asked)]


@commands.callback()
def estate() -> None:
    """The institution described: who works here, what is held, what must not stop."""


@commands.command(name="import")
def import_(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH...]", help="Lists of an estate, or exports of a directory, mailboxes, sites."),
    ] = None,
    workspace: _WorkspaceOption = None,
    folder: _FolderOption = None,
    domain: _DomainOption = "",
    ldap: Annotated[
        str,
        typer.Option(metavar="URL", help="Ask a directory: ldaps://dc01.example.org/DC=example,DC=org."),
    ] = "",
    ldap_bind: Annotated[
        str, typer.Option(metavar="WHO", help="Who signs in there: a DN, user@domain or DOMAIN\\user.")
    ] = "",
    ldap_password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", exists=True, dir_okay=False, help="Its first line is the password.")
    ] = None,
    ldap_ca: Annotated[
        Path | None, typer.Option(metavar="FILE", exists=True, dir_okay=False, help="The authority to trust, PEM.")
    ] = None,
    ldap_filter: Annotated[str, typer.Option(metavar="FILTER", help="Only these: '(department=Registry)'.")] = "",
    ldap_limit: Annotated[int, typer.Option(metavar="N", min=1, help="At most so many entries.")] = 1_000_000,
    ldap_timeout: Annotated[int, typer.Option(metavar="SECONDS", min=1, help="Wait so long for an answer.")] = 60,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")] = False,
    format_: options.FormatOption = "text",
    as_: options.AsOption = None,
) -> None:
    """Take over what other systems know, after showing what that changes.

    CSV, JSON, YAML and LDIF: lists of an estate; users, groups and computers of a directory; mailboxes, sites and
    sensitivity labels. With --ldap a directory is asked itself, over TLS; the password is typed, or in a file or
    TOCSIN_LDAP_PASSWORD. Ends with code 3 where rows were not understood.
    """
    from tocsin.describe.workspaces import import_into_folder, import_into_workspace

    if (workspace is None) == (folder is None):
        raise ConfigError("where to? name one of --workspace and -o", hint="-o DIR makes an estate in a folder")
    options.refuse_format(format_, "estates")
    if not paths and not ldap:
        raise ConfigError("import what? name files or folders, or --ldap", hint="tocsin estate import users.csv -o DIR")
    asked = _Asked(ldap, ldap_filter, ldap_bind, ldap_password_file, ldap_ca, ldap_limit, ldap_timeout)
    given, listed = paths or [], asked.listed()
    if workspace is not None:
        reading = begin_reading(workspace, options.keys_given(as_))

        def agree(found: Imported) -> bool:
            _show_import(found, format_, reading)
            return _agreed(yes=yes)

        found = import_into_workspace(
            given, workspace, agree, domain=domain, listed=listed, passphrase=reading.passphrase
        )
        if not found.changes:
            _show_import(found, format_, reading)
    elif folder is not None:
        found = import_into_folder(given, folder, domain=domain, listed=listed)
        _show_import(found, format_, None)
        if found.changes and _agreed(yes=yes):
            _write(folder, found.files, gone=found.gone)
    raise typer.Exit(ExitCode.INCOMPLETE if found.unread else ExitCode.DONE)


@commands.command()
def draft(
    folder: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The folder of the estate.")],
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE...]", help="Lists and exports, as for import.")
    ] = None,
    workspace: _WorkspaceOption = None,
    domain: _DomainOption = "",
    format_: options.FormatOption = "text",
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Propose an estate from the logs, and from lists: a person fills in the matter of a few lines.

    What is in the folder already stays as it is. New rows bear the number of the draft, and why they are proposed.
    """
    from tocsin.describe.workspaces import draft as draft_of
    from tocsin.share.estate_text import draft_text
    from tocsin.share.formats.json_document import single

    if workspace is None and not files:
        raise ConfigError("there is nothing to draft from", hint="name --workspace, or lists that you have")
    options.refuse_format(format_, "estates")
    reading = begin_reading(workspace, options.keys_given(as_)) if workspace is not None else None
    passphrase = reading.passphrase if reading is not None else None
    with progress_on_stderr(quiet=quiet) as progress:
        found = draft_of(workspace, folder, files or (), domain=domain, passphrase=passphrase, progress=progress)
    text = single("draft", found) if format_ == "json" else draft_text(found, str(folder))
    _put_on_record(reading, "estate draft", text)
    _write(folder, found.files)
    release(text, None)
    raise typer.Exit(ExitCode.INCOMPLETE if found.unread else ExitCode.DONE)


@commands.command()
def check(
    folder: _FolderArgument = None,
    workspace: _WorkspaceOption = None,
    format_: options.FormatOption = "text",
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """What is wrong or odd in an estate, and how much of the logs it names.

    Ends with code 2 where it has faults.
    """
    from tocsin.describe.workspaces import check as check_of
    from tocsin.share.estate_text import check_text
    from tocsin.share.formats.json_document import single

    _check_named(folder, workspace)
    options.refuse_format(format_, "estates")
    reading = begin_reading(workspace, options.keys_given(as_)) if workspace is not None else None
    passphrase = reading.passphrase if reading is not None else None
    with progress_on_stderr(quiet=quiet) as progress:
        found = check_of(workspace, folder, passphrase=passphrase, progress=progress)
    text = single("check", found) if format_ == "json" else check_text(found)
    _put_on_record(reading, "estate check", text)
    release(text, None)
    raise typer.Exit(ExitCode.USAGE if found.faults else ExitCode.DONE)


@commands.command()
def show(
    folder: _FolderArgument = None,
    workspace: _WorkspaceOption = None,
    format_: options.FormatOption = "text",
    output: options.OutputOption = None,
    force: options.ForceOption = False,
    as_: options.AsOption = None,
) -> None:
    """The estate, list by list; as JSON the whole of it, which `tocsin estate import` takes back."""
    from tocsin.describe.workspaces import lists_of
    from tocsin.share.estate_text import show_text
    from tocsin.store.estate_files import estate_document

    _check_named(folder, workspace)
    options.refuse_format(format_, "estates")
    refuse_overwrite(output, force=force)
    reading = begin_reading(workspace, options.keys_given(as_)) if workspace is not None else None
    lists = lists_of(workspace, folder, passphrase=reading.passphrase if reading is not None else None)
    text = estate_document(lists) if format_ == "json" else show_text(lists)
    _put_on_record(reading, "estate show", text)
    release(text, output, force=force)


def _check_named(folder: Path | None, workspace: Path | None) -> None:
    if folder is None and workspace is None:
        raise ConfigError("which estate? name its folder, or --workspace", hint="tocsin estate check DIR")


def _put_on_record(reading: Reading | None, command: str, text: str) -> None:
    if reading is not None:
        reading.done(command, {}, text)


def _show_import(found: Imported, format_: str, reading: Reading | None) -> None:
    from tocsin.share.estate_text import import_text
    from tocsin.share.formats.json_document import single

    text = single("import", found) if format_ == "json" else import_text(found)
    _put_on_record(reading, "estate import", text)
    release(text, None)


def _agreed(*, yes: bool) -> bool:
    """Whether the changes are wanted. Raises ConfigError where nobody can be asked."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise ConfigError("nothing is written: nobody can be asked", hint="--yes writes without asking")
    if not typer.confirm("Write this?", err=True):
        tell("tocsin: nothing is written")
        return False
    return True


def _write(folder: Path, files: dict[str, str], *, gone: tuple[str, ...] = ()) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in sorted(files.items()):
        release(text.encode(), folder / name, force=True)
    for name in gone:
        (folder / name).unlink(missing_ok=True)
