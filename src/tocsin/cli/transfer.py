"""`tocsin evidence transfer`, `receive`, `receipt`, `tocsin share returned`: evidence from hand to hand, and back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli import options
from tocsin.cli.acting import acting
from tocsin.cli.passphrase import person_passphrase
from tocsin.cli.progress import progress_on_stderr
from tocsin.share.exit import refuse_overwrite, release, tell
from tocsin.share.plain import shown

_PackageArgument = Annotated[
    Path,
    typer.Argument(metavar="PACKAGE", exists=True, file_okay=False, help="The package's folder.", show_default=False),
]
_NoteArgument = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The note.", show_default=False)
]
_OutputOption = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE", help="Where the note goes.", show_default=False)
]


def transfer(
    package: _PackageArgument,
    to: Annotated[str, typer.Option(metavar="NAME", help="The receiver's key, as enrolled.", show_default=False)],
    workspace: options.WorkspaceOption,
    output: _OutputOption,
    force: options.ForceOption = False,
    as_: options.AsOption = None,
) -> None:
    """Pass a package on, once it verifies: a note you sign, for the receiver to sign a receipt against."""
    from tocsin.attest.verifying import Options, verify_package
    from tocsin.evidence.transfer import contents_of, pass_on

    refuse_overwrite(output, force=force)
    verify_package(package, Options(), tell)
    passphrase, actors = acting(workspace, options.keys_given(as_))
    passed = pass_on(workspace, contents_of(package), to, passphrase=passphrase, actors=actors)
    release(passed.note, output, force=force)
    tell(
        f"transfer note for {shown(passed.receiver.person)} ({passed.receiver.key.name}): {output}\n"
        f"send it with the package; they run: tocsin evidence receive {output.name} --package DIR --as KEY -o RECEIPT"
    )


def receive(
    note: _NoteArgument,
    package: Annotated[
        Path, typer.Option(metavar="DIR", exists=True, file_okay=False, help="The package.", show_default=False)
    ],
    as_: Annotated[str, typer.Option("--as", metavar="FILE|NAME", help="Your key.", show_default=False)],
    output: _OutputOption,
    force: options.ForceOption = False,
) -> None:
    """Sign for a package you were given, once it verifies and is what the giver signed; needs no workspace."""
    from tocsin.attest.verifying import Options, verify_package
    from tocsin.evidence.transfer import receive as received
    from tocsin.evidence.transfer import small_text

    refuse_overwrite(output, force=force)
    verify_package(package, Options(), tell)
    receipt = received(small_text(note), package, as_, person_passphrase, os.environ)
    release(receipt.note, output, force=force)
    tell(f"receipt for the package {receipt.content} from {receipt.origin}: {output}\nsend it back to the giver")


def receipt(file: _NoteArgument, workspace: options.WorkspaceOption, as_: options.AsOption = None) -> None:
    """File the receipt that came back: its signature is the receiver's own."""
    from tocsin.evidence.transfer import file_receipt, small_text

    passphrase, actors = acting(workspace, options.keys_given(as_))
    filed = file_receipt(workspace, small_text(file), passphrase=passphrase, actors=actors)
    release(f"receipt of {shown(str(filed.what['from']))} filed: entry {filed.leaf} of the ledger\n", None)


def returned(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="What came back.", show_default=False)
    ],
    source: Annotated[str, typer.Option("--from", metavar="NAME", help="Who sent it.", show_default=False)],
    note: Annotated[str, typer.Option(metavar="TEXT", help="What it is.", show_default=False)],
    workspace: options.WorkspaceOption,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Take in what an authority sent back, indicators or a tip: sealed byte for byte, its source named."""
    from tocsin.evidence.transfer import take_back

    passphrase, actors = acting(workspace, options.keys_given(as_))
    with progress_on_stderr(quiet=quiet) as progress:
        taken = take_back(workspace, file, source, note, passphrase=passphrase, actors=actors, progress=progress)
    release(f"sealed as {shown(taken.path)}, SHA-256 {taken.sha256}: entry {taken.entry} of the ledger\n", None)
