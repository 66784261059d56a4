"""`tocsin vault unseal`, `review` and `unsealers`: names shown to two people, and who may be among them."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from tocsin.cli import options
from tocsin.cli.acting import acting
from tocsin.cli.passphrase import passphrase_for
from tocsin.cli.progress import progress_on_stderr
from tocsin.cli.vault_key import sources_of
from tocsin.share.exit import refuse_unsealed, release, tell
from tocsin.share.exit import unseal as show
from tocsin.share.plain import shown

_SECONDS = {"s": 1, "m": 60, "h": 3600}


def _span(text: str) -> int:
    """Seconds of `90s`, `15m` or `2h`."""
    found = re.fullmatch(r"(\d{1,6})([smh])", text.strip())
    if found is None:
        raise typer.BadParameter(f"{text!r} is no time like 15m or 2h")
    return int(found[1]) * _SECONDS[found[2]]


def unseal(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="FINDING|RECORD",
            help="One finding by its id, or one record: PATH#ENTRY or @LEAF.",
            show_default=False,
        ),
    ],
    workspace: options.WorkspaceOption,
    as_: options.AsOption = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Who needs to know, and why. It stays on record.")] = "",
    seconds: Annotated[
        int, typer.Option("--for", metavar="TIME", parser=_span, help="How long those who signed may look again.")
    ] = "15m",  # type: ignore[assignment]  # the parser reads it
    break_glass: Annotated[
        bool,
        typer.Option("--break-glass", help="Alone, in an emergency: every answer says so until somebody reviewed it."),
    ] = False,
    act: Annotated[
        int | None,
        typer.Option(metavar="ENTRY", help="Look again, within its time: one of those who signed.", show_default=False),
    ] = None,
    output: options.OutputOption = None,
    force: options.ForceOption = False,
    quiet: options.QuietOption = False,
) -> None:
    """Show who stands behind the tokens of one finding or record, to two people; one answers for the protected.

    First it is put on record. Names go to the terminal, or into a file that you alone can read.
    """
    from tocsin.disclosure.unsealing import Asked, refuse_ungrantable
    from tocsin.disclosure.unsealing import unseal as carry_out
    from tocsin.share.unsealing import persons_text

    asked = Asked(subject=subject, reason=reason, seconds=seconds, break_glass=break_glass, act=act)
    passphrase, actors = acting(workspace, options.keys_given(as_))
    refuse_ungrantable(asked, actors)  # who may not is told so, wherever the names would have gone
    refuse_unsealed(output, force=force)
    with progress_on_stderr(quiet=quiet) as progress:
        done = carry_out(workspace, asked, actors=actors, passphrase=passphrase, progress=progress)
    record = f"{shown(done.where)}\n{done.record}\n" if done.where else ""
    show(persons_text(done.persons) + record, output, force=force)
    tell(f"on record as entry {done.entry:,}; until {done.until} look again with: --act {done.entry}")
    if done.break_glass:
        tell(f"alone: every answer says so until somebody else ran: tocsin vault review {done.entry}")


def review(
    entry: Annotated[
        int, typer.Argument(metavar="ENTRY", help="Of what one person unsealed alone.", show_default=False)
    ],
    workspace: options.WorkspaceOption,
    words: Annotated[str, typer.Option(metavar="TEXT", help="What you found: was it called for?", show_default=False)],
    as_: options.AsOption = None,
) -> None:
    """Answer for what somebody else unsealed alone; from then on answers do not say it any more."""
    from tocsin.disclosure.unsealing import review as carry_out

    passphrase, actors = acting(workspace, options.keys_given(as_))
    done = carry_out(workspace, entry, words, actors=actors, passphrase=passphrase)
    release(f"reviewed: entry {entry:,}, by entry {done.leaf:,}\n", None)


def unsealers(
    workspace: options.WorkspaceOption,
    allow: Annotated[
        str, typer.Option(metavar="NAME", help="Let whoever holds this enrolled key unseal.", show_default=False)
    ] = "",
    forbid: Annotated[str, typer.Option(metavar="NAME", help="Not any more.", show_default=False)] = "",
    passphrase_file: options.VaultPassphraseOption = None,
) -> None:
    """Who may unseal, by the vault's own list: nobody who is not in it, whoever enrolled them in the workspace."""
    from tocsin.disclosure.unsealers import allow as let
    from tocsin.protection.vaults import forbid_unsealing
    from tocsin.protection.vaults import unsealers as listed

    sources = sources_of(workspace, passphrase_file)
    if allow:
        let(workspace, allow, sources, passphrase_for(workspace))
    if forbid:
        forbid_unsealing(workspace, forbid, sources)
    lines = [
        f"{shown(one.name)}  {shown(one.person)}{', answers for the protected persons' if one.officer else ''}"
        for one in listed(workspace, sources)
    ]
    release("\n".join(lines or ["nobody may unseal: --allow NAME, twice"]) + "\n", None)
