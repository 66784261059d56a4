"""`tocsin coverage`: what was watched, and what was not."""

from __future__ import annotations

from tocsin.cli import options
from tocsin.cli.follow_up import Wish, answer_part
from tocsin.share.format import Part


def coverage(
    workspace: options.WorkspaceOption,
    as_of: options.AsOfOption = None,
    format_: options.FormatOption = "text",
    output: options.OutputOption = None,
    force: options.ForceOption = False,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """What was watched, and when nobody was watching."""
    wish = Wish(format_, output, force, quiet, "coverage", options.keys_given(as_), as_of=as_of)
    answer_part(Part.COVERAGE, workspace, wish)
