"""`tocsin record hold`, `release`, `holds` and `erase`: what must stay, and what two people decide must go."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tocsin.cli import options
from tocsin.cli.acting import acting
from tocsin.cli.progress import progress_on_stderr
from tocsin.errors import RefusedError
from tocsin.share.exit import release as print_out
from tocsin.share.exit import tell
from tocsin.share.plain import shown

_HoldArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Of the hold: a file number, say.", show_default=False)
]
_ReasonOption = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Who decided it, and why.", show_default=False)
]


def hold(
    name: _HoldArgument, workspace: options.WorkspaceOption, reason: _ReasonOption, as_: options.AsOption = None
) -> None:
    """Set a legal hold: while it is in force nothing is erased."""
    from tocsin.erasure.holding import set_hold

    passphrase, actors = acting(workspace, options.keys_given(as_))
    act = set_hold(workspace, name, reason, actors, passphrase)
    print_out(f"in force: {shown(name)}; nothing is erased until it is released (entry {act.leaf:,})\n", None)


def release(
    name: _HoldArgument, workspace: options.WorkspaceOption, reason: _ReasonOption, as_: options.AsOption = None
) -> None:
    """End a legal hold."""
    from tocsin.erasure.holding import list_holds, release_hold

    passphrase, actors = acting(workspace, options.keys_given(as_))
    act = release_hold(workspace, name, reason, actors, passphrase)
    left = sum(one.is_in_force for one in list_holds(workspace))
    print_out(f"released: {shown(name)} (entry {act.leaf:,}); {left:,} other holds are in force\n", None)


def holds(workspace: options.WorkspaceOption) -> None:
    """Every legal hold that was set, in force or released."""
    from tocsin.erasure.holding import list_holds
    from tocsin.share.erasure import holds_text

    print_out(holds_text(list_holds(workspace)), None)


def erase(
    workspace: options.WorkspaceOption,
    reason: _ReasonOption,
    records: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RECORD]", help="PATH#ENTRY as findings name it, or @LEAF in the ledger.", show_default=False
        ),
    ] = None,
    before: Annotated[
        int | None,
        typer.Option(
            metavar="TIME", parser=options.rfc3339, help="Also all parts of logs whose last event is older than this."
        ),
    ] = None,
    as_: options.AsOption = None,
    and_: Annotated[
        str, typer.Option("--and", metavar="FILE|NAME", help="The key of the second person.", show_default=False)
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: it has been seen what goes.")] = False,
    quiet: options.QuietOption = False,
) -> None:
    """Erase records for good. It takes two people; what would go is shown first. Their commitments stay."""
    from tocsin.erasure.erasing import erase as carry_out
    from tocsin.erasure.erasing import plan_erasure
    from tocsin.model.erasure import Asked
    from tocsin.share.erasure import done_text, plan_text

    passphrase, actors = acting(workspace, (*options.keys_given(as_), *([and_] if and_ else [])))
    asked = Asked(records=tuple(records or ()), before=before)
    with progress_on_stderr(quiet=quiet) as progress:
        plan = plan_erasure(workspace, asked, passphrase=passphrase, progress=progress)
    tell(plan_text(plan).rstrip("\n"))
    if not yes:
        _ask()
    with progress_on_stderr(quiet=quiet) as progress:
        done = carry_out(workspace, plan, reason=reason, actors=actors, passphrase=passphrase, progress=progress)
    print_out(done_text(done), None)


def _ask() -> None:
    if not sys.stdin.isatty():
        raise RefusedError("nobody is there to say yes", hint="look at what would go, then give --yes")
    if not typer.confirm("Erase this? It cannot be undone", err=True):
        raise RefusedError("nothing was erased")
