"""`tocsin`: the commands together; an error becomes a message, a hint and an exit code here and nowhere else."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from typer.exceptions import TyperException

from tocsin import __version__
from tocsin.cli import (
    estate,
    evidence,
    exercise,
    incidents,
    key,
    mapping,
    probe,
    record,
    rules,
    share,
    timestamp,
    vault,
    witness,
)
from tocsin.cli.answers import answers
from tocsin.cli.coverage import coverage
from tocsin.cli.demo import demo
from tocsin.cli.detect import detect
from tocsin.cli.exit_code import ExitCode, of_error
from tocsin.cli.explain import explain
from tocsin.cli.exposure import exposure
from tocsin.cli.init import init
from tocsin.cli.investigate import investigate
from tocsin.cli.note import note
from tocsin.cli.preserve import preserve
from tocsin.cli.readiness import readiness
from tocsin.errors import ProtectionError, TocsinError
from tocsin.protect.exits import close_doors, standing_watch
from tocsin.protect.fault_hooks import places, quiet_faults
from tocsin.share.exit import release, tell

_CODES = """Exit codes: 0 done; 1 findings at or above --fail-on; 2 usage, or a faulty rule; 3 done, but some input was
rejected, partial or unrecognised; 4 integrity failure; 5 refused; 70 internal error; 74 storage; 130 interrupted."""

# Plain help and no tracebacks: rich costs a third of the start, and a traceback can show what the logs hold.
app = typer.Typer(
    name="tocsin",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog=_CODES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    *(investigate, detect, explain, exposure, coverage, readiness, answers, note, preserve),
    *(init, demo),
):
    app.command()(command)
app.add_typer(incidents.commands, name="incidents")
app.add_typer(record.commands, name="record")
app.add_typer(key.commands, name="key")
app.add_typer(evidence.commands, name="evidence")
app.add_typer(witness.commands, name="witness")
app.add_typer(timestamp.commands, name="timestamp")
app.add_typer(mapping.commands, name="mapping")
app.add_typer(rules.commands, name="rules")
app.add_typer(share.commands, name="share")
app.add_typer(vault.commands, name="vault")
app.add_typer(estate.commands, name="estate")
app.add_typer(probe.commands, name="probe")
app.add_typer(exercise.commands, name="exercise")


def _version(wanted: bool) -> None:
    if wanted:
        release(f"tocsin {__version__}\n", None)
        raise typer.Exit


@app.callback()
def tocsin(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """From an institution's own logs: what happened, what was compromised, who, what to cut, and how it is proven."""


def main() -> None:
    """Run the command line on the process's arguments and end the process with its exit code."""
    quiet_faults()
    try:
        code = run(sys.argv[1:])
    except Exception as error:  # the last supervisor: the exit code has to say that the fault is ours
        raise SystemExit(_internal(error)) from error
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; what was raised on purpose has been told on standard error."""
    close_doors()
    try:
        code = typer.main.get_command(app).main(arguments, prog_name="tocsin", standalone_mode=False)
    except TyperException as error:
        context = getattr(error, "ctx", None)
        return _told(error.format_message(), f"{context.command_path if context else 'tocsin'} --help", ExitCode.USAGE)
    except (TocsinError, OSError) as error:
        return _told(_message(error), getattr(error, "hint", ""), of_error(error))
    except (KeyboardInterrupt, typer.Abort):
        code = ExitCode.INTERRUPTED
    if code == ExitCode.INTERRUPTED:
        return _told("interrupted", "nothing committed is lost: run it again to resume", ExitCode.INTERRUPTED)
    return int(code or ExitCode.DONE)


def _told(message: str, hint: str, code: ExitCode) -> int:
    tell(f"tocsin: {message}" + (f"\n  hint: {hint}" if hint else ""))
    return code


def _message(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    path = getattr(error, "path", "")
    line = getattr(error, "line", None)
    place = f"{path}:{line}: " if line is not None else f"{path}: "
    return f"{place if path else ''}{error}"


def _internal(error: Exception) -> int:
    """The traceback goes to a private file, not to the screen: its last line can quote a log. It passes the door as all
    does; where the door does not answer, it says types and places in the code alone."""
    import tempfile
    import traceback
    from pathlib import Path

    try:
        details = standing_watch().masked("".join(traceback.format_exception(error)))
    except ProtectionError:
        details = places(error)
    path = Path(tempfile.mkdtemp(prefix="tocsin-fault-")) / "details.txt"
    hint = f"details in {path}; it may quote the logs: keep it as you keep them"
    try:
        release(details, path)
    except Exception:  # noqa: BLE001 - the last supervisor still: the exit code has to be said
        hint = "the details could not be written"
    return _told(f"internal error ({type(error).__name__}): this is a fault of tocsin", hint, ExitCode.INTERNAL)
