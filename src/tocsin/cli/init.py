"""`tocsin init`: a new workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.passphrase import passphrase_for
from tocsin.share.exit import release
from tocsin.share.plain import shown


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.", show_default=False)],
) -> None:
    """Make a workspace in a new or empty folder.

    It is sealed under TOCSIN_PASSPHRASE where that is set, else under a key file made in your configuration folder.
    """
    from tocsin.investigation import init_workspace

    created = init_workspace(directory, passphrase_for(None))
    lines = [f"workspace: {shown(str(created.path))}"]
    if created.key_file:
        lines.append(f"key file:  {shown(str(created.key_file))}")
        lines.append("Keep a copy of the key file elsewhere: nothing opens the workspace without it.")
    else:
        lines.append("It opens with your passphrase alone: nothing can recover it.")
    lines.append("Put it on an encrypted disk: its tables show which account read what.")
    release("\n".join(lines) + "\n", None)
