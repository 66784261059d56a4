"""`tocsin answers`: when answers were given, for `--as-of`, and what changed between two."""

from __future__ import annotations

from tocsin.cli import options
from tocsin.cli.follow_up import Wish, release_changed
from tocsin.errors import ConfigError
from tocsin.share.exit import refuse_overwrite, release


def answers(
    workspace: options.WorkspaceOption,
    since: options.SinceOption = None,
    as_of: options.AsOfOption = None,
    format_: options.FormatOption = "text",
    output: options.OutputOption = None,
    force: options.ForceOption = False,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """When answers were given, and what each said in figures; with --since, what changed from one to another.

    Any of them is told again with --as-of: tocsin exposure, incidents, coverage, share report.
    """
    from tocsin.investigation import list_answers
    from tocsin.share.clocks import answers_text
    from tocsin.share.formats.json_document import listed

    if since is not None:
        wish = Wish(format_, output, force, quiet, "answers", options.keys_given(as_), as_of=as_of)
        release_changed(workspace, wish, since, verdicts_only=False)
        return
    if as_of is not None:
        raise ConfigError("--as-of says until when, with --since", hint="tocsin exposure --as-of TIME tells an answer")
    options.refuse_format(format_, "answers")
    refuse_overwrite(output, force=force)
    found = list_answers(workspace)
    release(listed("answers", found) if format_ == "json" else answers_text(found), output, force=force)
