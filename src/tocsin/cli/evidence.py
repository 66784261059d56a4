"""`tocsin evidence`: what somebody else can hold, check and derive again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli import options
from tocsin.cli.acting import acting
from tocsin.cli.progress import progress_on_stderr
from tocsin.cli.transfer import receipt, receive, transfer
from tocsin.errors import ConfigError
from tocsin.share.exit import release, tell
from tocsin.share.plain import shown

if TYPE_CHECKING:
    from tocsin.evidence.export import Exported
    from tocsin.evidence.unpacking import Reproduction

commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@commands.callback()
def evidence() -> None:
    """Evidence packages: records with what proves them, for somebody who trusts nobody here."""


@commands.command()
def export(
    asked: Annotated[list[str], typer.Argument(metavar="INCIDENT|FINDING...", help="Ids, as the report gives them.")],
    workspace: options.WorkspaceOption,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The new folder of the package.")],
    redact: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD", help="Withhold what this field says, everywhere; may be repeated."),
    ] = None,
    findings_only: Annotated[
        bool, typer.Option("--findings-only", help="Leave out the records that confirm what was reached.")
    ] = False,
    note: Annotated[str, typer.Option(metavar="TEXT", help="A line for the first page: why, for whom.")] = "",
    to: options.RecipientOption = "",
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Write a package: the records behind what is named, each with its proof, and all that checks it."""
    from tocsin.evidence.export import Wanted, export_evidence

    wanted = Wanted(tuple(asked), tuple(redact or ()), not findings_only, note, to)
    passphrase, actors = acting(workspace, options.keys_given(as_))
    with progress_on_stderr(quiet=quiet) as progress:
        done = export_evidence(workspace, wanted, output, passphrase=passphrase, actors=actors, progress=progress)
    release(exported_text(done), None)


def exported_text(done: Exported) -> str:
    """What was written, for the terminal."""
    attested = "; ".join(done.outside) or "self-attested: no witness and no time-stamp authority has signed"
    lines = [
        f"written:    {shown(str(done.folder))}",
        f"enclosed:   {done.records:,} records; the findings they stand behind: {done.findings:,}",
        f"withheld:   {done.withheld:,} records of the same sessions, listed by their commitments",
        f"content:    {done.content}",
        f"ledger:     the export is entry {done.entry}",
        f"attested:   {attested}",
        f"check it:   python3 {shown(str(done.folder))}/data/verify.py {shown(str(done.folder))}",
    ]
    return "\n".join(lines) + "\n"


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

    asked = Options(
        log_key=log_key,
        witnesses=tuple(witness or ()),
        tsa_roots=b"\n".join(_content(path) for path in tsa_root or ()),
        checkpoint=_content(checkpoint) if checkpoint else b"",
    )
    if not package.is_dir():
        raise ConfigError(f"{package} is not a folder", hint="name the folder that holds bagit.txt")
    verify_package(package, asked, lambda line: release(f"{line}\n", None))


@commands.command()
def reproduce(package: Annotated[Path, typer.Argument(metavar="DIR", exists=True, file_okay=False)]) -> None:
    """Derive the findings of a package again from its records and rules; ends with code 4 where they differ."""
    from tocsin.attest.verifying import Options, verify_package
    from tocsin.evidence.unpacking import reproduce as again

    verify_package(package, Options(), tell)
    release(reproduced_text(again(package)), None)


def reproduced_text(done: Reproduction) -> str:
    """What was derived again, and what was not, for the terminal."""
    page = (
        f"not compared: made by another version, {shown(done.made_by)}"
        if done.made_by
        else "made again from the package's other files, byte for byte"
    )
    lines = [
        f"reproduced: {done.lines:,} record-level findings, byte for byte, from {done.records:,} records",
        f"findings:   {done.findings - len(done.modelled):,}, each as the enclosed records and rules give it; none "
        "added, none left out",
        *(
            f"believed:   {shown(one.id)} is of the behaviour model {shown(one.detector.id)}: it states its numbers, "
            f"and the digest {shown(one.state[:12])} of what was counted on all days before, which are not enclosed"
            for one in done.modelled
        ),
        f"index.html: {page}",
        *(
            f"shown as:   {shown(name)}; the record says {shown(said)}: that they are one these records do not prove"
            for said, name in done.names.items()
        ),
        *(
            f"beyond:     {shown(one.id)} is told beyond what is enclosed: of {one.more:,} more hits than it lists no "
            "record here shows how many there were, nor how long they went on"
            for one in done.beyond
        ),
        "not derived again: the titles, scores and links of incidents; whose own work a finding is; verdicts, coverage "
        "and exceptions (premises.json); names that are joined, what lines without a year were dated by and as of when "
        "the answers speak (reading.json); withheld.json; validation.json; provenance.jsonld",
    ]
    if done.beside:
        lines.insert(
            2,
            f"beside:     given by the same records, not asked for and not told: {', '.join(map(shown, done.beside))}",
        )
    return "\n".join(lines) + "\n"


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
