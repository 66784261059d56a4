"""`tocsin estate`: the institution described: imported from lists, drafted from the logs, checked and shown."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli import options
from tocsin.cli.exit_code import ExitCode
from tocsin.cli.progress import progress_on_stderr
from tocsin.cli.reading import Reading, begin_reading
from tocsin.errors import ConfigError
from tocsin.share.exit import refuse_overwrite, release, tell

if TYPE_CHECKING:
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
_TEXT_OR_JSON = "formats: json, text"


@commands.callback()
def estate() -> None:
    """The institution described: who works here, what is held, what must not stop."""


@commands.command(name="import")
def import_(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Lists of an estate, or exports of a directory, mailboxes, sites."),
    ],
    workspace: _WorkspaceOption = None,
    folder: _FolderOption = None,
    domain: _DomainOption = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")] = False,
    format_: options.FormatOption = "text",
    as_: options.AsOption = None,
) -> None:
    """Take over what other systems know, after showing what that changes.

    CSV, JSON, YAML and LDIF: lists of an estate; users, groups and computers of a directory; mailboxes, sites and
    sensitivity labels. Ends with code 3 where rows were not understood.
    """
    from tocsin.describe.workspaces import import_into_folder, import_into_workspace

    if (workspace is None) == (folder is None):
        raise ConfigError("where to? name one of --workspace and -o", hint="-o DIR makes an estate in a folder")
    _check_format(format_)
    if workspace is not None:
        reading = begin_reading(workspace, options.keys_given(as_))

        def agree(found: Imported) -> bool:
            _show_import(found, format_, reading)
            return _agreed(yes=yes)

        found = import_into_workspace(paths, workspace, agree, domain=domain, passphrase=reading.passphrase)
        if not found.changes:
            _show_import(found, format_, reading)
    elif folder is not None:
        found = import_into_folder(paths, folder, domain=domain)
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
    _check_format(format_)
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
    _check_format(format_)
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
    _check_format(format_)
    refuse_overwrite(output, force=force)
    reading = begin_reading(workspace, options.keys_given(as_)) if workspace is not None else None
    lists = lists_of(workspace, folder, passphrase=reading.passphrase if reading is not None else None)
    text = estate_document(lists) if format_ == "json" else show_text(lists)
    _put_on_record(reading, "estate show", text)
    release(text, output, force=force)


def _check_format(format_: str) -> None:
    if format_ not in ("text", "json"):
        raise ConfigError(f"there is no format {format_!r} for estates", hint=_TEXT_OR_JSON)


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
