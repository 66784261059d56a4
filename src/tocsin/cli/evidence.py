"""`tocsin evidence`: packages for a court or an authority, and their verification."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.transfer import receipt, receive, transfer
from tocsin.errors import ConfigError
from tocsin.share.exit import release

commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@commands.callback()
def evidence() -> None:
    """Evidence packages."""


for passing in (transfer, receive, receipt):
    commands.command()(passing)


@commands.command()
def verify(
    package: Annotated[Path, typer.Argument(metavar="DIR", help="The package.", show_default=False)],
    log_key: Annotated[str, typer.Option(metavar="VKEY", help="The ledger's key, got elsewhere.")] = "",
    witness: Annotated[list[str] | None, typer.Option(metavar="VKEY", help="A witness you trust.")] = None,
    tsa_root: Annotated[
        list[Path] | None, typer.Option(metavar="PEM", help="A root of a time-stamping authority you trust.")
    ] = None,
    checkpoint: Annotated[Path | None, typer.Option(metavar="NOTE", help="A checkpoint kept elsewhere.")] = None,
) -> None:
    """Check a package, offline; ends with code 4 at the first fault, and says what it means for the claim."""
    from tocsin.attest.verifying import Options, verify_package

    options = Options(
        log_key=log_key,
        witnesses=tuple(witness or ()),
        tsa_roots=b"\n".join(_content(path) for path in tsa_root or ()),
        checkpoint=_content(checkpoint) if checkpoint else b"",
    )
    if not package.is_dir():
        raise ConfigError(f"{package} is not a folder", hint="name the folder that holds bagit.txt")
    verify_package(package, options, lambda line: release(f"{line}\n", None))
    release("VERIFIED\n", None)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
