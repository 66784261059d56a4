"""`tocsin incidents`: which findings belong together, and why."""

from __future__ import annotations

from tocsin.cli import options
from tocsin.cli.follow_up import Wish, answer_part
from tocsin.share.format import Part


def incidents(
    workspace: options.WorkspaceOption,
    as_of: options.AsOfOption = None,
    format_: options.FormatOption = "text",
    output: options.OutputOption = None,
    force: options.ForceOption = False,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Incidents, the worst first, with the log lines."""
    wish = Wish(format_, output, force, quiet, "incidents", options.keys_given(as_), as_of=as_of)
    answer_part(Part.INCIDENTS, workspace, wish)
