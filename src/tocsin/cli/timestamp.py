"""`tocsin timestamp`: the time, attested by authorities outside (RFC 3161)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli import options
from tocsin.cli.acting import acting
from tocsin.share.exit import release
from tocsin.share.plain import shown

if TYPE_CHECKING:
    from tocsin.custody.attestation import Stamped

commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_AuthorityOption = Annotated[
    Path,
    typer.Option(
        "--authority",
        metavar="ROOT.pem",
        exists=True,
        dir_okay=False,
        help="The authority's root certificate, got by another way than its answers.",
    ),
]


@commands.callback()
def timestamp() -> None:
    """Time stamps of authorities outside (RFC 3161)."""


@commands.command()
def request(
    workspace: options.WorkspaceOption,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.tsq", help="Write there.")],
    force: options.ForceOption = False,
) -> None:
    """Write what an authority is asked: a time stamp over the newest checkpoint. It sees a hash, nothing else."""
    from tocsin.custody.attestation import request_stamp

    asked = request_stamp(workspace)
    release(asked.data, output, force=force)
    release(f"request: a time stamp over the first {asked.size:,} entries\n", None)


@commands.command()
def accept(
    answer: Annotated[Path, typer.Argument(metavar="FILE.tsr", exists=True, dir_okay=False)],
    workspace: options.WorkspaceOption,
    authority: _AuthorityOption,
    as_: options.AsOption = None,
) -> None:
    """Verify an authority's answer by two programs, and keep it."""
    from tocsin.custody.attestation import accept_stamp

    passphrase, actors = acting(workspace, options.keys_given(as_))
    release(_text(accept_stamp(workspace, answer.read_bytes(), authority.read_bytes(), passphrase, actors)), None)


@commands.command()
def fetch(
    url: Annotated[str, typer.Argument(metavar="URL", help="Of the authority; a hash is sent there, nothing else.")],
    workspace: options.WorkspaceOption,
    authority: _AuthorityOption,
    as_: options.AsOption = None,
) -> None:
    """Ask an authority over the network, and keep its answer: request and accept in one."""
    from tocsin.custody.attestation import fetch_stamp

    passphrase, actors = acting(workspace, options.keys_given(as_))
    release(_text(fetch_stamp(workspace, url, authority.read_bytes(), passphrase, actors)), None)


def _text(stamped: Stamped) -> str:
    from tocsin.model.instant import format_time

    exact = f", within {stamped.accuracy / 1e9:g} s" if stamped.accuracy else ""
    second = "" if len(stamped.checks) > 1 else "; no second opinion: there is no openssl here"
    lines = [
        f"stamped:  the first {stamped.size:,} entries, by {shown(stamped.authority)}",
        f"time:     {format_time(stamped.time)}{exact}",
        f"verified: {' and '.join(stamped.checks)}{second}",
    ]
    return "\n".join(lines) + "\n"
