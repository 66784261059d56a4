"""`tocsin rules`: sets kept by a workspace; rules and exceptions listed, checked, tested; exceptions previewed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli import options
from tocsin.cli.acting import acting
from tocsin.cli.exit_code import ExitCode
from tocsin.cli.progress import progress_on_stderr
from tocsin.cli.reading import begin_reading
from tocsin.model.rule import RuleState
from tocsin.share.exit import refuse_overwrite, release

commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_PathsArgument = Annotated[
    list[Path], typer.Argument(metavar="PATH...", exists=True, help="Rule files, folders, zip archives.")
]


@commands.callback()
def rules() -> None:
    """Rules, and the exceptions to them."""


@commands.command(name="list")
def list_(
    rules: Annotated[
        list[Path] | None, typer.Option("--rules", metavar="DIR", exists=True, help="More rules; may be repeated.")
    ] = None,
    format_: options.FormatOption = "text",
) -> None:
    """Our own rules and those given, with the exceptions that cover each."""
    from tocsin.investigation import list_rules
    from tocsin.share.formats.json_document import listed
    from tocsin.share.rules import list_text

    options.refuse_format(format_, "rules")
    found = list_rules(rules or ())
    text = listed("rules", found.rules) if format_ == "json" else list_text(found.rules, found.exceptions, found.failed)
    release(text, None)


@commands.command()
def add(
    path: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", exists=True, help="A zip archive as published, a folder, or one rule.")
    ],
    workspace: options.WorkspaceOption,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="What to call it. Default: by its file.")] = None,
    format_: options.FormatOption = "text",
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Keep a rule set in the workspace, in place of the one of that name; the next investigation on it uses it."""
    from tocsin.hunting.sets import add_rules
    from tocsin.share.formats.json_document import single
    from tocsin.share.rules import added_text

    options.refuse_format(format_, "rules")
    passphrase, actors = acting(workspace, options.keys_given(as_))
    with progress_on_stderr(quiet=quiet) as progress:
        found = add_rules(path, workspace, name=name, passphrase=passphrase, actors=actors, progress=progress)
    release(single("rule_set", found) if format_ == "json" else added_text(found), None)


@commands.command()
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As tocsin rules sets shows it.")],
    workspace: options.WorkspaceOption,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Take a rule set out of the workspace; the next investigation on it is without its rules."""
    from tocsin.hunting.sets import remove_rules
    from tocsin.share.rules import removed_text

    passphrase, actors = acting(workspace, options.keys_given(as_))
    with progress_on_stderr(quiet=quiet) as progress:
        remove_rules(name, workspace, passphrase=passphrase, actors=actors, progress=progress)
    release(removed_text(name), None)


@commands.command()
def sets(workspace: options.WorkspaceOption, format_: options.FormatOption = "text") -> None:
    """The rule sets the workspace keeps, and which release each is."""
    from tocsin.hunting.sets import kept_sets
    from tocsin.share.formats.json_document import listed
    from tocsin.share.rules import sets_text

    options.refuse_format(format_, "rules")
    passphrase, _ = acting(workspace, ())
    found = kept_sets(workspace, passphrase=passphrase)
    release(listed("sets", found) if format_ == "json" else sets_text(found), None)


@commands.command()
def account(
    workspace: options.WorkspaceOption,
    state: Annotated[
        list[RuleState] | None, typer.Option(metavar="STATE", help="Only rules in this state; may be repeated.")
    ] = None,
    format_: options.FormatOption = "text",
    output: options.OutputOption = None,
    force: options.ForceOption = False,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """What each rule could have seen of what the workspace holds: operable, partly blind, blind or failed, and why."""
    from tocsin.hunting.accounting import account_rules
    from tocsin.share.formats.json_document import single
    from tocsin.share.rules import account_text

    options.refuse_format(format_, "rules")
    refuse_overwrite(output, force=force)
    reading = begin_reading(workspace, options.keys_given(as_))
    with progress_on_stderr(quiet=quiet) as progress:
        found = account_rules(workspace, passphrase=reading.passphrase, progress=progress)
    if state:
        found = replace(found, rules=tuple(one for one in found.rules if one.state in state))
    written = single("rules_account", found) if format_ == "json" else account_text(found)
    reading.show(written, "rules account", {"format": format_}, output, force=force)


@commands.command()
def check(
    paths: _PathsArgument,
    strict: Annotated[bool, typer.Option("--strict", help="A doubt ends with code 2 as well.")] = False,
    format_: options.FormatOption = "text",
) -> None:
    """Load rules, exceptions and cases, name each fault (code 2) and doubt: logs nobody reads, slips, slow patterns."""
    from tocsin.investigation import check_rules
    from tocsin.share.formats.json_document import single
    from tocsin.share.rules import check_text

    options.refuse_format(format_, "rules")
    found = check_rules(paths)
    release(single("check", found) if format_ == "json" else check_text(found), None)
    raise typer.Exit(ExitCode.USAGE if found.faults or (strict and found.doubts) else ExitCode.DONE)


@commands.command(name="test")
def cases(paths: _PathsArgument, format_: options.FormatOption = "text") -> None:
    """Run rules on the cases beside them (`NAME.cases.yml`); ends with code 2 where one fails."""
    from tocsin.investigation import run_cases
    from tocsin.share.formats.json_document import listed
    from tocsin.share.rules import cases_text

    options.refuse_format(format_, "rules")
    found = run_cases(paths)
    release(listed("cases", found) if format_ == "json" else cases_text(found), None)
    raise typer.Exit(ExitCode.DONE if found and all(each.passed for each in found) else ExitCode.USAGE)


@commands.command()
def preview(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The exception: a Sigma filter.")
    ],
    workspace: options.WorkspaceOption,
    format_: options.FormatOption = "text",
    output: options.OutputOption = None,
    force: options.ForceOption = False,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """What an exception would have hidden of what the workspace holds, before it is enabled. Nothing of it is kept."""
    from tocsin.investigation import preview_exceptions
    from tocsin.share.exceptions import preview_text
    from tocsin.share.formats.json_document import single

    options.refuse_format(format_, "rules")
    refuse_overwrite(output, force=force)
    reading = begin_reading(workspace, options.keys_given(as_))
    with progress_on_stderr(quiet=quiet) as progress:
        found = preview_exceptions(
            file, workspace, passphrase=reading.passphrase, progress=progress, readers=reading.names
        )
    written = single("preview", found) if format_ == "json" else preview_text(found)
    reading.show(written, "rules preview", {"format": format_}, output, force=force)
