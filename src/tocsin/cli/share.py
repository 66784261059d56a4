"""`tocsin share`: what people take elsewhere, from what a workspace holds."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli import options
from tocsin.cli.acting import acting
from tocsin.cli.follow_up import Wish, released
from tocsin.cli.progress import progress_on_stderr
from tocsin.cli.transfer import returned
from tocsin.errors import ConfigError
from tocsin.share.exit import release, tell
from tocsin.share.format import Format, Part, all_formats, format_named
from tocsin.share.marking import Tlp
from tocsin.share.plain import shown

if TYPE_CHECKING:
    from tocsin.share.indicators import Own

commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_TIMELINE = ("csv", "jsonl")
_INDICATORS = ("stix",)
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


@commands.callback()
def share() -> None:
    """What people take elsewhere: reports, briefs, timelines, indicators."""


@commands.command()
def report(
    workspace: options.WorkspaceOption,
    format_: Annotated[
        str, typer.Option("--format", metavar="NAME", help="How to write it: text, json, html or brief.")
    ] = "html",
    tlp: options.TlpOption = Tlp.AMBER_STRICT,
    issue: Annotated[
        bool, typer.Option("--issue", help="The brief goes out: the next one says what changed since.")
    ] = False,
    as_of: options.AsOfOption = None,
    to: options.RecipientOption = "",
    output: options.OutputOption = None,
    force: options.ForceOption = False,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """The whole report, or the brief: two pages for those who decide.

    A brief is a draft until it is written with --issue: then what it said is kept, and the next is compared with it.
    """
    from tocsin.share.formats.brief import Brief

    chosen = _named(format_, tuple(f.name for f in all_formats() if f.name not in (*_TIMELINE, *_INDICATORS)))
    if isinstance(chosen, Brief):
        chosen = Brief(tlp=tlp, issuing=issue)
    elif issue:
        raise ConfigError("only a brief is issued", hint="add --format brief, or leave out --issue")
    if issue and as_of is not None:
        raise ConfigError("what could be said then is not issued now", hint="leave out --issue, or --as-of")
    if issue:
        from tocsin.investigation import refuse_issue

        refuse_issue(workspace)
    wish = Wish(
        format_, output, force, quiet, "share report", options.keys_given(as_), {"issue": "yes"} if issue else {}, to,
        as_of=as_of, is_for_others=True,
    )  # fmt: skip
    done = released(chosen, Part.INVESTIGATION, workspace, wish)
    if issue:
        from tocsin.investigation import brief_issued

        brief = brief_issued(workspace, done.answers, done.text, passphrase=done.passphrase)
        if not quiet:
            tell(f"brief no. {brief.number} is kept, SHA-256 {brief.sha256}; the next one is compared with it")


commands.command()(returned)


@commands.command()
def timeline(
    workspace: options.WorkspaceOption,
    format_: Annotated[
        str, typer.Option("--format", metavar="NAME", help="How to write it: csv or jsonl, as Timesketch reads both.")
    ] = "csv",
    to: options.RecipientOption = "",
    output: options.OutputOption = None,
    force: options.ForceOption = False,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Every moment that has a time, with its log line: findings, confirmed accesses, lasting changes, gaps."""
    chosen = _named(format_, _TIMELINE)
    wish = Wish(format_, output, force, quiet, "share timeline", options.keys_given(as_), to=to, is_for_others=True)
    released(chosen, Part.INVESTIGATION, workspace, wish)


@commands.command()
def stix(
    workspace: options.WorkspaceOption,
    format_: Annotated[str, typer.Option("--format", metavar="NAME", help="How to write it: stix.")] = "stix",
    tlp: options.TlpOption = Tlp.AMBER_STRICT,
    own: Annotated[
        list[str] | None,
        typer.Option(metavar="X", help="A network or domain of your own: never an indicator; may be repeated."),
    ] = None,
    accounts: Annotated[
        bool, typer.Option("--accounts", help="Also your own accounts that were used, as observed data.")
    ] = False,
    to: options.RecipientOption = "",
    output: options.OutputOption = None,
    force: options.ForceOption = False,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Indicators of what is taken as an intrusion, as a STIX 2.1 bundle, for others to look for."""
    from tocsin.share.formats.stix import Stix

    _named(format_, _INDICATORS)
    chosen = Stix(tlp=tlp, own=_own(own), with_accounts=accounts)
    wish = Wish(format_, output, force, quiet, "share stix", options.keys_given(as_), to=to, is_for_others=True)
    released(chosen, Part.INVESTIGATION, workspace, wish)


@commands.command()
def handover(
    workspace: options.WorkspaceOption,
    to: Annotated[str, typer.Option(metavar="NAME", help="The receiver's key, as enrolled.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The new folder that is handed over.")],
    asked: Annotated[
        list[str] | None,
        typer.Argument(metavar="[INCIDENT|FINDING]...", help="Default: every incident taken as an intrusion."),
    ] = None,
    redact: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD", help="Withhold what this field says, everywhere; may be repeated."),
    ] = None,
    why_withheld: Annotated[str, typer.Option(metavar="TEXT", help="Why it is withheld, for who receives it.")] = "",
    tlp: options.TlpOption = Tlp.AMBER_STRICT,
    own: Annotated[
        list[str] | None,
        typer.Option(metavar="X", help="A network or domain of your own: never an indicator; may be repeated."),
    ] = None,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Evidence for an authority: package, indicators, what is withheld and why, and a note to sign a receipt against.

    An officer's key releases it. What comes back: tocsin evidence receipt, tocsin share returned.
    """
    from tocsin.cli.evidence import exported_text
    from tocsin.evidence.export import Wanted
    from tocsin.evidence.handover import Terms, assumed, hand_over
    from tocsin.investigation import answers_of

    passphrase, actors = acting(workspace, options.keys_given(as_))
    with progress_on_stderr(quiet=quiet) as progress:
        ids = asked or assumed(answers_of(workspace, question=None, passphrase=passphrase, progress=progress))
        if not ids:
            raise ConfigError("no incident here is taken as an intrusion", hint="name incidents or findings")
        wanted = Wanted(tuple(ids), tuple(redact or ()))
        terms = Terms(to=to, why=why_withheld, own=_own(own), tlp=tlp)
        done = hand_over(workspace, wanted, terms, output, passphrase=passphrase, actors=actors, progress=progress)
    release(exported_text(done.exported), None)
    tell(f"released by {shown(done.officer)} to {shown(done.receiver)}: give them the whole of {shown(str(output))}")


def _own(names: list[str] | None) -> Own:
    from tocsin.share.indicators import Own

    given = [name.strip().lower() for name in names or ()]
    networks = tuple(network for name in given if (network := _network(name)) is not None)
    return Own(networks, tuple(_domain(name) for name in given if _network(name) is None))


def _named(name: str, names: tuple[str, ...]) -> Format:
    if name not in names:
        raise ConfigError(f"there is no format {name!r} for this", hint=f"formats: {', '.join(names)}")
    return format_named(name, Part.INVESTIGATION)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _domain(text: str) -> str:
    if not _DOMAIN.fullmatch(text):
        raise typer.BadParameter(f"{text!r} is no network like 192.0.2.0/24 and no domain like tribunal.example")
    return text
