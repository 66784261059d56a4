"""`tocsin key`: the keys people sign with; how they come, change, are lost, are stolen and go."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli import options
from tocsin.cli.acting import acting, hand_of
from tocsin.cli.exit_code import ExitCode
from tocsin.cli.passphrase import new_person_passphrase, person_passphrase
from tocsin.errors import ConfigError
from tocsin.record.roles import Role
from tocsin.share.exit import release
from tocsin.share.plain import shown

if TYPE_CHECKING:
    from tocsin.record.acts import Act

commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Of the key: a-z, 0-9, dot, at sign, hyphen.", show_default=False)
]
_KeyArgument = Annotated[
    str, typer.Argument(metavar="VKEY", help="The public key, as `tocsin key new` printed it.", show_default=False)
]


@commands.callback()
def key() -> None:
    """The keys people sign with."""


@commands.command()
def new(
    name: _NameArgument,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="Where the key goes; never replaced.", show_default=False),
    ],
) -> None:
    """Make a key of your own, under a passphrase, in OpenSSH's format.

    Its public half is printed: an officer enrols it.
    """
    from tocsin.custody.enrolment import new_key

    public = new_key(output, name, new_person_passphrase)
    release(
        f"key file:   {shown(str(output))}\n"
        "            It and its passphrase stay with you; keep a copy where a fire would not reach both.\n"
        f"public key: {public}\n"
        "next:       Give the public key to an officer, who enrols you with: tocsin key enrol\n",
        None,
    )


@commands.command()
def show(
    name: _NameArgument,
    as_: Annotated[
        str,
        typer.Option(
            "--as", metavar="FILE|NAME", help="The key file, or its name in the ssh-agent.", show_default=False
        ),
    ],
) -> None:
    """The public key of a key you have already, as ssh-keygen made it, under the name it is to bear."""
    from tocsin.custody.enrolment import public_key

    release(f"{public_key(name, as_, person_passphrase, os.environ)}\n", None)


@commands.command()
def enrol(
    vkey: _KeyArgument,
    person: Annotated[
        str, typer.Option(metavar="TEXT", help="Whose it is, as a court is to read it.", show_default=False)
    ],
    role: Annotated[list[Role], typer.Option(help="What the person may do; may be repeated.", show_default=False)],
    workspace: options.WorkspaceOption,
    as_: options.AsOption = None,
) -> None:
    """Let a person sign in a workspace.

    The first is an officer and signs with the key itself; everybody else is let in by an officer.
    """
    from tocsin.custody.enrolment import enrol as enrolled

    _told(enrolled(workspace, vkey, person, role, hand_of(workspace, options.keys_given(as_))))


@commands.command(name="list")
def list_(workspace: options.WorkspaceOption, format_: options.FormatOption = "text") -> None:
    """Every key that was ever enrolled, and what became of it."""
    from tocsin.custody.chain import key_rows
    from tocsin.share.custody import keys_text
    from tocsin.share.formats.json_document import listed

    options.refuse_format(format_, "keys")
    passphrase, _ = acting(workspace, ())
    rows = key_rows(workspace, passphrase)
    release(listed("keys", rows) if format_ == "json" else keys_text(rows), None)


@commands.command()
def succeed(vkey: _KeyArgument, workspace: options.WorkspaceOption, as_: options.AsOption = None) -> None:
    """Replace your key by a new one of yours: the old one signs (--as), and signs nothing after it."""
    from tocsin.custody.enrolment import succeed as succeeded

    _told(succeeded(workspace, vkey, hand_of(workspace, options.keys_given(as_))))


@commands.command()
def revoke(
    name: _NameArgument,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why.", show_default=False)],
    workspace: options.WorkspaceOption,
    since: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="SIZE",
            help="What it signed from this entry of the ledger on does not count either: it was stolen before that.",
            show_default=False,
        ),
    ] = None,
    as_: options.AsOption = None,
) -> None:
    """Take a key's say away: somebody left, or it was stolen. An officer signs."""
    from tocsin.custody.enrolment import revoke as revoked

    _told(revoked(workspace, name, reason, since, hand_of(workspace, options.keys_given(as_))))


@commands.command()
def recover(
    name: _NameArgument,
    vkey: _KeyArgument,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="How it was lost.", show_default=False)],
    workspace: options.WorkspaceOption,
    as_: options.AsOption = None,
) -> None:
    """Replace a key that is lost by a new one of the same person.

    Another officer signs. Where no other is left the workspace's own key does, and that is shown for ever.
    """
    from tocsin.custody.enrolment import recover as recovered

    _told(recovered(workspace, name, vkey, reason, hand_of(workspace, options.keys_given(as_))))


@commands.command()
def drill(
    workspace: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Look at the people and keys of this one too.", show_default=False),
    ] = None,
    backup: Annotated[
        Path | None,
        typer.Option(metavar="FILE", exists=True, dir_okay=False, help="A copy of its key file: does it open it?"),
    ] = None,
    as_: options.AsOption = None,
) -> None:
    """Rehearse succession, loss, theft and recovery with throw-away keys; ends with code 3 where something is open.

    With --workspace also whether its own people and keys would survive it: bring everybody's key (--as).
    """
    from tocsin.custody.drill import drill as drilled
    from tocsin.share.custody import drill_text

    if workspace is None and (backup or as_):
        raise ConfigError("--backup and --as are of a workspace", hint="name it with --workspace")
    passphrase, actors = acting(workspace, options.keys_given(as_))
    steps = drilled(workspace, backup, passphrase=passphrase, actors=actors)
    release(drill_text(steps), None)
    raise typer.Exit(ExitCode.DONE if all(step.is_good for step in steps) else ExitCode.INCOMPLETE)


def _told(act: Act) -> None:
    from tocsin.custody.chain import did

    release(f"{did(act)}: entry {act.leaf} of the ledger, signed by {' and '.join(act.by)}\n", None)
