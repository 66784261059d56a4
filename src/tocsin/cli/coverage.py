"""`tocsin coverage`: what was watched, and what was not."""

from __future__ import annotations

from typing import Annotated

import typer

from tocsin.cli import options
from tocsin.cli.follow_up import Wish, answer_part
from tocsin.cli.progress import progress_on_stderr
from tocsin.cli.reading import begin_reading
from tocsin.errors import ConfigError
from tocsin.share.exit import refuse_overwrite
from tocsin.share.format import Part

_NAVIGATOR = "navigator"


def coverage(
    workspace: options.WorkspaceOption,
    as_of: options.AsOfOption = None,
    rules: Annotated[
        bool, typer.Option("--rules", help="Which rules could have fired, by host and day, in text or json.")
    ] = False,
    format_: options.CoverageFormatOption = "text",
    output: options.OutputOption = None,
    force: options.ForceOption = False,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """What was watched, and when nobody was watching; with --rules or --format navigator, what could have fired."""
    wish = Wish(format_, output, force, quiet, "coverage", options.keys_given(as_), as_of=as_of)
    if as_of is not None and (rules or format_ == _NAVIGATOR):
        raise ConfigError("what could have fired is told of today", hint="leave out --as-of")
    if rules or format_ == _NAVIGATOR:
        _rules(workspace, wish)
    else:
        answer_part(Part.COVERAGE, workspace, wish)


def _rules(workspace: options.WorkspaceOption, wish: Wish) -> None:
    from tocsin.hunting.operable import rules_by_host
    from tocsin.share.formats.json_document import single
    from tocsin.share.navigator import layer_text
    from tocsin.share.operable import rules_text

    writers = {"text": rules_text, "json": lambda found: single("rules_by_host", found), _NAVIGATOR: layer_text}
    if wish.format not in writers:
        raise ConfigError(f"there is no format {wish.format!r} for rules", hint=f"formats: {', '.join(writers)}")
    refuse_overwrite(wish.output, force=wish.force)
    reading = begin_reading(workspace, wish.keys)
    with progress_on_stderr(quiet=wish.quiet) as progress:
        found = rules_by_host(workspace, passphrase=reading.passphrase, progress=progress)
    written = writers[wish.format](found)
    reading.show(written, wish.command, {"format": wish.format}, wish.output, force=wish.force)
