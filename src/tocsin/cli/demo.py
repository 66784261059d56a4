"""`tocsin demo`: an exercise played and investigated, to see what the product does before real logs are at hand."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli import options
from tocsin.cli.called import told
from tocsin.cli.passphrase import passphrase_for
from tocsin.cli.progress import ProgressShown, progress_on_stderr
from tocsin.share.exit import release
from tocsin.share.format import Part, format_named
from tocsin.share.plain import shown
from tocsin.share.report import REPORT_NAME

_EXERCISE = "quiet-reader"
_SEED = 1


def demo(
    workspace: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Play it there. Default: a new folder, tocsin-demo, here.")
    ] = None,
    quiet: options.QuietOption = False,
) -> None:
    """Play an exercise and investigate it."""
    from tocsin.investigation import Settings, investigate

    place = workspace or _new_folder()
    with progress_on_stderr(quiet=quiet) as progress:
        folder = _played(place, progress)
        settings = Settings(
            paths=(str(folder / "logs"),),
            workspace=place,
            estate=folder / "estate",
            rules=(),
            from_=None,
            to=None,
            workers=None,
            now=None,
            passphrase=passphrase_for(place),
        )
        answers = investigate(settings, progress)
    text = format_named("text", Part.INVESTIGATION).render(told(answers), Part.INVESTIGATION)
    report, truth = shown(str((place / REPORT_NAME).resolve())), shown(str(folder / "truth.json"))
    release(
        f"{text}\nAn exercise: every name is invented, and what was really done is in {truth}\nReport: {report}\n", None
    )


def _new_folder() -> Path:
    names = itertools.chain(["tocsin-demo"], (f"tocsin-demo-{number}" for number in itertools.count(2)))
    return next(path for path in map(Path, names) if not path.exists())


def _played(place: Path, progress: ProgressShown) -> Path:
    """The exercise in `place`: played now, or as an earlier demo left it."""
    from tocsin.investigation import run_exercise

    folder = place / "exercise"
    if (folder / "truth.json").is_file():
        return folder
    return run_exercise(_EXERCISE, place, _SEED, progress)
