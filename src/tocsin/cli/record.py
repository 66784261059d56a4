"""`tocsin record`: the sealed record, checked."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli import erasure, options
from tocsin.cli.acting import acting
from tocsin.cli.exit_code import ExitCode
from tocsin.cli.passphrase import passphrase_for
from tocsin.cli.progress import progress_on_stderr
from tocsin.cli.reading import begin_reading
from tocsin.share.exit import cleared, refuse_overwrite, release
from tocsin.share.plain import shown

if TYPE_CHECKING:
    from tocsin.record.verify import Verified

commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@commands.callback()
def record() -> None:
    """The sealed record."""


for command in (erasure.hold, erasure.release, erasure.holds, erasure.erase):
    commands.command()(command)


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
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Recompute the whole record from its bytes; ends with code 4 at the first fault, and names it.

    With --against also that nothing was taken away since: FILE is a checkpoint, a witness's answer or its state.
    """
    from tocsin.investigation import verify_record

    kept = [path.read_bytes() for path in against or ()]
    reading = begin_reading(workspace, options.keys_given(as_))
    with progress_on_stderr(quiet=quiet) as progress:
        verified = verify_record(workspace, passphrase=reading.passphrase, progress=progress, against=kept)
    text = cleared(_words(verified), None)
    reading.done("record verify", {"size": verified.size}, text.text, kind="verified")
    release(text, None)
    if verified.sealed or verified.unread:
        raise typer.Exit(ExitCode.INCOMPLETE)


@commands.command()
def checkpoint(
    workspace: options.WorkspaceOption, output: options.OutputOption = None, force: options.ForceOption = False
) -> None:
    """Sign the ledger as it stands and write the checkpoint out, to be kept elsewhere: for verify --against."""
    from tocsin.opening import signed_now

    refuse_overwrite(output, force=force)
    release(signed_now(workspace, passphrase_for(workspace)), output, force=force)


@commands.command()
def custody(
    workspace: options.WorkspaceOption,
    format_: options.FormatOption = "text",
    output: options.OutputOption = None,
    force: options.ForceOption = False,
) -> None:
    """The chain of custody: who did what with the evidence, when, and at which entry of the ledger."""
    from tocsin.custody.chain import chain
    from tocsin.share.custody import chain_text
    from tocsin.share.formats.json_document import listed

    options.refuse_format(format_, "custody")
    refuse_overwrite(output, force=force)
    passphrase, _ = acting(workspace, ())
    found = chain(workspace, passphrase)
    release(listed("custody", found) if format_ == "json" else chain_text(found), output, force=force)


def _people(verified: Verified) -> list[str]:
    """Who acted, as far as the ledger can say."""
    if not verified.acts:
        return []
    back = f"; {len(verified.disowned):,} do not count any more: tocsin record custody" if verified.disowned else ""
    signed = verified.acts - verified.unsigned
    return [f"acts:       {verified.acts:,}: {signed:,} signed by people, {verified.unsigned:,} by nobody{back}"]


def _sealed(verified: Verified) -> str:
    return (
        f"{verified.sealed:,} records and {verified.unread:,} entries are sealed under the door of the vault, which is "
        "not at hand: their files are as they were written, and nothing more is known of them"
    )


def _words(verified: Verified) -> str:
    root = base64.b64encode(verified.root).decode("ascii")
    unsigned = verified.size - verified.published
    signed = f"the newest checkpoint covers the first {verified.published:,}; {unsigned:,} after it are not signed yet"
    erased = f"{verified.erased:,} records were erased by decision: their commitments alone are there"
    lines = [
        f"verified:   {verified.records:,} records in {verified.segments:,} segments are as they were sealed",
        f"tree:       {verified.size:,} entries, root {root}",
        f"signed:     {signed if unsigned else 'the newest checkpoint covers all of them'}",
        _attested(verified),
        *_people(verified),
        *([f"answers:    {verified.answers:,} that were given are as they were kept"] if verified.answers else []),
        *([f"erased:     {erased}"] if verified.erased else []),
        *([f"not opened: {_sealed(verified)}"] if verified.sealed or verified.unread else []),
        *(
            f"NOT RIGHT:  {each.leaves:,} records are gone for good by entry {each.entry}, and what allowed that does "
            f"not count any more: {shown(each.why)}"
            for each in verified.unfounded
        ),
        *(
            f"not whole:  {shown(path)}: without what was erased it is not the file received"
            for path in verified.not_whole
        ),
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
