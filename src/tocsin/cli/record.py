"""`tocsin record`: the sealed record, checked."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli import options
from tocsin.cli.passphrase import passphrase_for
from tocsin.cli.progress import progress_on_stderr
from tocsin.share.exit import release
from tocsin.share.plain import shown

if TYPE_CHECKING:
    from tocsin.record.verify import Verified

commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@commands.callback()
def record() -> None:
    """The sealed record."""


@commands.command()
def verify(
    workspace: options.WorkspaceOption,
    against: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="A checkpoint kept elsewhere: this record must be that one, grown. May be repeated.",
        ),
    ] = None,
    quiet: options.QuietOption = False,
) -> None:
    """Recompute the whole record from its bytes; ends with code 4 at the first fault, and names it.

    With --against also that nothing was taken away since: FILE is a checkpoint, a witness's answer or its state.
    """
    from tocsin.investigation import verify_record

    kept = [path.read_bytes() for path in against or ()]
    with progress_on_stderr(quiet=quiet) as progress:
        verified = verify_record(workspace, passphrase=passphrase_for(workspace), progress=progress, against=kept)
    release(_words(verified), None)


def _words(verified: Verified) -> str:
    root = base64.b64encode(verified.root).decode("ascii")
    unsigned = verified.size - verified.published
    signed = f"the newest checkpoint covers the first {verified.published:,}; {unsigned:,} after it are not signed yet"
    lines = [
        f"verified:   {verified.records:,} records in {verified.segments:,} segments are as they were sealed",
        f"tree:       {verified.size:,} entries, root {root}",
        f"signed:     {signed if unsigned else 'the newest checkpoint covers all of them'}",
        _attested(verified),
        *(f"unfinished: {shown(path)}: run it again to read the rest" for path in verified.unfinished),
    ]
    return "\n".join(lines) + "\n"


def _attested(verified: Verified) -> str:
    from tocsin.model.instant import format_time

    newest = verified.attested
    if newest is None:
        return (
            f"outside:    self-attested: nobody outside vouches for any of the {verified.size:,} entries; "
            "who holds the key could write them anew"
        )
    since = verified.size - newest.size
    rest = f"{since:,} after them could be removed without trace" if since else "there are none after them"
    first = f"the first {newest.size:,} entries at {format_time(newest.time)}"
    return f"outside:    {shown(newest.who)} attested {first}; {rest}"
