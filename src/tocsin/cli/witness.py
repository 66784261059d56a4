"""`tocsin witness`: those outside who sign that the ledger only grew, asked and heard by any medium."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli import options
from tocsin.cli.acting import acting
from tocsin.cli.passphrase import new_person_passphrase, person_passphrase
from tocsin.share.exit import refuse_overwrite, release, tell
from tocsin.share.plain import shown

if TYPE_CHECKING:
    from tocsin.custody.attestation import Witness
    from tocsin.record.witness import Cosigned

commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_OutArgument = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Write there.", show_default=False)]
_KeyOption = Annotated[
    Path, typer.Option("--key", metavar="FILE", exists=True, dir_okay=False, help="The witness's key.")
]


@commands.callback()
def witness() -> None:
    """Witnesses: those outside who sign that the ledger only grew."""


@commands.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the witness, like archive.example/w1.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="For the key; FILE.vkey is made beside it.")],
) -> None:
    """Make a witness's key, under a passphrase. For the witness: no workspace is needed."""
    from tocsin.custody.attestation import make_witness_key

    refuse_overwrite(file, force=False)
    key = make_witness_key(name, file, new_person_passphrase(file))
    release(f"{key}\n", None)
    tell(f"the key is {shown(str(file))}; the line above goes to the institution: tocsin witness trust VKEY")


@commands.command()
def sign(
    request: Annotated[Path, typer.Argument(metavar="REQUEST", exists=True, dir_okay=False)],
    key: _KeyOption,
    state: Annotated[Path, typer.Option(metavar="FILE", help="What this witness signed last; made the first time.")],
    output: _OutArgument,
    log: Annotated[
        str, typer.Option(metavar="VKEY", help="The key of the ledger: the first time, told by another way.")
    ] = "",
    force: options.ForceOption = False,
) -> None:
    """Sign a request where the ledger only grew since the last time. For the witness: no workspace is needed."""
    from tocsin.custody.attestation import cosign

    refuse_overwrite(output, force=force)
    signed = cosign(request.read_bytes(), key, state, log or None, person_passphrase(key))
    release(signed.answer, output, force=force)
    release(_signed(signed), None)


@commands.command()
def trust(
    vkey: Annotated[str, typer.Argument(metavar="VKEY", help="The key the witness told you.")],
    workspace: options.WorkspaceOption,
    as_: options.AsOption = None,
) -> None:
    """Take this witness's signatures from now on."""
    from tocsin.custody.attestation import trust_witness

    passphrase, actors = acting(workspace, options.keys_given(as_))
    key = trust_witness(workspace, vkey, passphrase, actors)
    release(f"trusted: {shown(key.name)}\n", None)


@commands.command()
def request(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of a trusted witness.")],
    workspace: options.WorkspaceOption,
    output: _OutArgument,
    last: Annotated[
        int | None, typer.Option(min=0, metavar="SIZE", help="What the witness says it signed last, after a loss.")
    ] = None,
    force: options.ForceOption = False,
) -> None:
    """Write what a witness is asked to sign: the newest checkpoint, and the proof that the ledger only grew."""
    from tocsin.custody.attestation import request_cosignature

    asked = request_cosignature(workspace, name, last)
    release(asked.data, output, force=force)
    release(f"request: the first {asked.size:,} entries, for {shown(name)}\n", None)


@commands.command()
def accept(
    answer: Annotated[Path, typer.Argument(metavar="ANSWER", exists=True, dir_okay=False)],
    workspace: options.WorkspaceOption,
    as_: options.AsOption = None,
) -> None:
    """Verify what a witness answered, and keep it."""
    from tocsin.custody.attestation import accept_cosignatures
    from tocsin.opening import utc_text

    passphrase, actors = acting(workspace, options.keys_given(as_))
    for each in accept_cosignatures(workspace, answer.read_bytes(), passphrase, actors):
        moment = utc_text(each.time * 10**9)
        release(f"cosigned: the first {each.size:,} entries, by {shown(each.key.name)} at {moment}\n", None)


@commands.command(name="list")
def list_(workspace: options.WorkspaceOption) -> None:
    """The key of this ledger, to tell to witnesses, and those trusted with what they signed last."""
    from tocsin.custody.attestation import list_witnesses

    key, witnesses = list_witnesses(workspace)
    lines = [f"ledger:  {key}", *(_line(each) for each in witnesses)]
    release("\n".join(lines) + "\n", None)


def _line(each: Witness) -> str:
    from tocsin.opening import utc_text

    signed = "nothing yet" if each.time is None else f"{each.size:,} entries at {utc_text(each.time * 10**9)}"
    return f"witness: {shown(each.key.name)}: {signed}"


def _signed(signed: Cosigned) -> str:
    from tocsin.opening import utc_text

    lines = [
        f"signed:  {shown(signed.head.origin)}",
        f"entries: {signed.head.size:,}; {signed.before:,} the last time",
        f"root:    {base64.b64encode(signed.head.root).decode()}",
        f"time:    {utc_text(signed.time * 10**9)}, by the clock of this computer",
    ]
    return "\n".join(lines) + "\n"
