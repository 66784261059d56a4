"""`tocsin incidents cut`, `merge`, `split`, `verdict`, `except`, `close-to`, `undo`, `decisions`, `weights`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli import options
from tocsin.cli.progress import progress_on_stderr
from tocsin.cli.reading import begin_reading
from tocsin.model.decision import DecisionKind, Judgement, Wanted
from tocsin.share.exit import refuse_overwrite, release

_ByOption = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides so.", show_default=False)]
_ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.", show_default=False)]
_PreviewOption = Annotated[bool, typer.Option("--preview", help="Say what it would change; nothing is written.")]


def cut(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="ENTITY|FINDING FINDING",
            help="An entity, as TYPE:ID or its id; or two findings.",
            show_default=False,
        ),
    ],
    workspace: options.WorkspaceOption,
    by: _ByOption,
    reason: _ReasonOption,
    preview: _PreviewOption = False,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Say that an entity ties nothing, or that two findings are not of one incident: they stay apart."""
    if len(what) > 2:
        raise typer.BadParameter("one entity, or two findings: each pair that is cut is a decision of its own")
    wanted = Wanted(kind=DecisionKind.CUT, names=tuple(what), person=by, reason=reason)
    _take(wanted, workspace, as_, preview=preview, quiet=quiet)


def merge(
    what: Annotated[list[str], typer.Argument(metavar="INCIDENT...", help="Ids (i-...).", show_default=False)],
    workspace: options.WorkspaceOption,
    by: _ByOption,
    reason: _ReasonOption,
    preview: _PreviewOption = False,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Say that incidents are one: they stay so whatever comes to them."""
    wanted = Wanted(kind=DecisionKind.MERGE, names=tuple(what), person=by, reason=reason)
    _take(wanted, workspace, as_, preview=preview, quiet=quiet)


def split(
    what: Annotated[list[str], typer.Argument(metavar="FINDING...", help="Ids (f-...).", show_default=False)],
    workspace: options.WorkspaceOption,
    by: _ByOption,
    reason: _ReasonOption,
    preview: _PreviewOption = False,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Take findings out of the incident they stand in, into one of their own."""
    wanted = Wanted(kind=DecisionKind.SPLIT, names=tuple(what), person=by, reason=reason)
    _take(wanted, workspace, as_, preview=preview, quiet=quiet)


def verdict(
    finding: Annotated[str, typer.Argument(metavar="FINDING", help="Its id (f-...).", show_default=False)],
    judgement: Annotated[
        Judgement,
        typer.Argument(
            metavar="true|false|benign",
            help="Hostile; nothing of the kind; or that, done by somebody who may.",
            show_default=False,
        ),
    ],
    workspace: options.WorkspaceOption,
    by: _ByOption,
    reason: _ReasonOption,
    preview: _PreviewOption = False,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Say what a finding turned out to be. The finding stays; what found it weighs a little more or less here."""
    wanted = Wanted(kind=DecisionKind.VERDICT, names=(finding,), person=by, reason=reason, judgement=judgement)
    _take(wanted, workspace, as_, preview=preview, quiet=quiet)


def except_(
    detector: Annotated[
        str, typer.Argument(metavar="MODEL|INDICATOR", help="Of behaviour, by name; or an id.", show_default=False)
    ],
    workspace: options.WorkspaceOption,
    by: _ByOption,
    reason: _ReasonOption,
    until: Annotated[
        str, typer.Option(metavar="DAY", help="The last day it holds, as 2026-03-31.", show_default=False)
    ],
    entity: Annotated[
        str, typer.Argument(metavar="[ENTITY]", help="Only what is about this.", show_default=False)
    ] = "",
    preview: _PreviewOption = False,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Hold back what a behaviour model or an indicator finds: counted, and shown again after the day."""
    names = (detector, entity) if entity else (detector,)
    wanted = Wanted(kind=DecisionKind.EXCEPT, names=names, person=by, reason=reason, expires=until)
    _take(wanted, workspace, as_, preview=preview, quiet=quiet)


def close_to(
    what: Annotated[
        str, typer.Argument(metavar="INCIDENT|ENTITY", help="An id (i-...), or account:NAME.", show_default=False)
    ],
    to: Annotated[
        list[str], typer.Option("--to", metavar="NAME", help="Of an enrolled key; may be repeated.", show_default=False)
    ],
    workspace: options.WorkspaceOption,
    by: _ByOption,
    reason: _ReasonOption,
    preview: _PreviewOption = False,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Show an incident, or what was found of an account, to named people alone, who sign with their key (--as)."""
    wanted = Wanted(kind=DecisionKind.CLOSE, names=(what,), person=by, reason=reason, readers=tuple(to))
    _take(wanted, workspace, as_, preview=preview, quiet=quiet)


def undo(
    workspace: options.WorkspaceOption,
    by: _ByOption,
    reason: _ReasonOption,
    number: Annotated[
        int | None, typer.Argument(metavar="[NUMBER]", help="Of the decision. Default: the last.", show_default=False)
    ] = None,
    preview: _PreviewOption = False,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Take a decision back: incidents are what they were before it. That it was taken stays on record."""
    from tocsin.deciding import undo as take_back
    from tocsin.share.decisions_taken import taken_text

    reading = begin_reading(workspace, options.keys_given(as_))
    with progress_on_stderr(quiet=quiet) as progress:
        taken = take_back(
            workspace,
            number,
            person=by,
            reason=reason,
            passphrase=reading.passphrase,
            actors=reading.actors,
            progress=progress,
            preview=preview,
        )
    release(taken_text(taken), None)


def decisions(
    workspace: options.WorkspaceOption,
    format_: options.FormatOption = "text",
    output: options.OutputOption = None,
    force: options.ForceOption = False,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Every decision that was taken: who, when and why, and what became of it."""
    from tocsin.deciding import list_decisions
    from tocsin.share.decisions_taken import decisions_text
    from tocsin.share.formats.json_document import listed

    options.refuse_format(format_, "this")
    refuse_overwrite(output, force=force)
    reading = begin_reading(workspace, options.keys_given(as_))
    with progress_on_stderr(quiet=quiet) as progress:
        found = list_decisions(workspace, passphrase=reading.passphrase, actors=reading.actors, progress=progress)
    written = listed("decisions", found) if format_ == "json" else decisions_text(found)
    reading.show(written, "incidents decisions", {"format": format_}, output, force=force)


def weights(
    workspace: options.WorkspaceOption,
    format_: options.FormatOption = "text",
    output: options.OutputOption = None,
    force: options.ForceOption = False,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """What verdicts made of the weight of each detector here, beside the one it was shipped with."""
    from tocsin.investigation import answers_of
    from tocsin.share.decisions_taken import weights_text
    from tocsin.share.formats.json_document import listed

    options.refuse_format(format_, "this")
    refuse_overwrite(output, force=force)
    reading = begin_reading(workspace, options.keys_given(as_))
    with progress_on_stderr(quiet=quiet) as progress:
        answers = answers_of(
            workspace, question=None, passphrase=reading.passphrase, progress=progress, readers=reading.names
        )
    written = listed("weights", answers.weights) if format_ == "json" else weights_text(answers.weights)
    reading.show(written, "incidents weights", {"format": format_}, output, force=force)


COMMANDS = (cut, merge, split, verdict, except_, close_to, undo, decisions, weights)


def _take(wanted: Wanted, workspace: Path, as_: list[str] | None, *, preview: bool, quiet: bool) -> None:
    from tocsin.deciding import decide
    from tocsin.share.decisions_taken import taken_text

    reading = begin_reading(workspace, options.keys_given(as_))
    with progress_on_stderr(quiet=quiet) as progress:
        taken = decide(
            workspace,
            wanted,
            passphrase=reading.passphrase,
            actors=reading.actors,
            progress=progress,
            preview=preview,
        )
    release(taken_text(taken), None)
