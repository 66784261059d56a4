"""The options that several commands share, checked as they are read."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from tocsin.errors import ConfigError
from tocsin.model.instant import parse_time
from tocsin.share.marking import Tlp

PERSON_KEY = "TOCSIN_PERSON_KEY"
_HAS_ZONE = re.compile(r"([Zz]|[+-]\d\d:\d\d)$")


def rfc3339(text: str) -> int:
    """Nanoseconds UTC of an RFC 3339 time. A time without a zone could mean two instants: it is refused."""
    value = parse_time(text) if _HAS_ZONE.search(text) else None
    if value is None:
        raise typer.BadParameter(f"{text!r} is not a time like 2024-03-01T00:00:00Z")
    return value


WorkspaceOption: TypeAlias = Annotated[
    Path, typer.Option("--workspace", metavar="DIR", help="The workspace to answer from.", show_default=False)
]
NewWorkspaceOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--workspace", metavar="DIR", help="Continue this workspace, or make it. Default: a new one here."),
]
IndicatorsOption: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--indicators",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="Indicators of others: a STIX bundle, a CSV, or a list of one value a line; may be repeated.",
        show_default=False,
    ),
]
FromOption: TypeAlias = Annotated[
    int | None, typer.Option("--from", metavar="TIME", parser=rfc3339, help="Only events from this RFC 3339 time on.")
]
ToOption: TypeAlias = Annotated[
    int | None, typer.Option("--to", metavar="TIME", parser=rfc3339, help="Only events before this RFC 3339 time.")
]
AsOfOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--as-of",
        metavar="TIME",
        parser=rfc3339,
        help="What could be said then: the answer given last by this RFC 3339 time (tocsin answers lists them).",
        show_default=False,
    ),
]
SinceOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--since",
        metavar="TIME",
        parser=rfc3339,
        help="What changed since the answer given last by this RFC 3339 time; with --as-of until that one.",
        show_default=False,
    ),
]
FormatOption: TypeAlias = Annotated[
    str, typer.Option("--format", metavar="NAME", help="How to write it: text or json.")
]
CoverageFormatOption: TypeAlias = Annotated[
    str, typer.Option("--format", metavar="NAME", help="How to write it: text, json, html or navigator.")
]
ReportFormatOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--format", metavar="NAME", help="What -o or standard output gets: text, json, html, brief, jsonl, csv or stix."
    ),
]
TlpOption: TypeAlias = Annotated[
    Tlp, typer.Option("--tlp", help="How it is marked (TLP 2.0): who may see it.", case_sensitive=False)
]
OutputOption: TypeAlias = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write there instead of to standard output.")
]
ForceOption: TypeAlias = Annotated[bool, typer.Option("--force", help="Let -o replace an existing file.")]
AsOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--as",
        metavar="FILE|NAME",
        help="Sign with this key: a file, or the name of one in the ssh-agent; may be repeated. "
        f"Default: {PERSON_KEY}, else nobody signs.",
        show_default=False,
    ),
]
VaultPassphraseOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="Its first line opens the vault. Default: TOCSIN_VAULT_PASSPHRASE, else asked, else its key file.",
        show_default=False,
    ),
]
RecipientOption: TypeAlias = Annotated[
    str, typer.Option("--to", metavar="NAME", help="For whom: tokens of protected persons are theirs alone.")
]
QuietOption: TypeAlias = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes.")]
WorkersOption: TypeAlias = Annotated[
    int | None,
    typer.Option("--workers", min=1, metavar="N", help="Processes to read with. Default: by the input's size."),
]


def keys_given(as_: list[str] | None) -> tuple[str, ...]:
    """What `--as` names, else the environment."""
    default = os.environ.get(PERSON_KEY)
    return tuple(as_ or ([default] if default else ()))


def refuse_format(name: str, what: str) -> None:
    """ConfigError where a command that writes `what` as text or JSON is asked for another format."""
    if name not in ("text", "json"):
        raise ConfigError(f"there is no format {name!r} for {what}", hint="formats: json, text")


def check_starts(earliest: int | None, likely: int | None, latest: int | None, to: int | None) -> None:
    """ConfigError where the starts of a compromise are not in order, or it begins after what is asked of."""
    given = [time for time in (earliest, likely, latest) if time is not None]
    if given != sorted(given) or (to is not None and given and given[-1] >= to):
        raise ConfigError(
            "the starts are not in order", hint="--from, the earliest, then --likely, then --latest, all before --to"
        )


def check_span(from_: int | None, to: int | None) -> None:
    """ConfigError where the span holds no time."""
    if from_ is not None and to is not None and from_ >= to:
        raise ConfigError("--from is not before --to", hint="--to is exclusive: give a later time")
