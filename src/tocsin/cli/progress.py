"""What an investigation says of its progress in; lines and a bar on standard error out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from tocsin.share.exit import passed, tell
from tocsin.share.plain import shown

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID


class ProgressShown(Protocol):
    """What the investigation reports to: a stage with its total in bytes or items, an advance in the same, a note."""

    def stage(self, name: str, total: int | None) -> None:
        """A stage begins, and the one before it is done."""
        ...

    def advance(self, amount: int) -> None:
        """So much more of the stage is done."""
        ...

    def note(self, text: str) -> None:
        """Something a person should read now."""
        ...


class Silence:
    """Shows nothing."""

    def stage(self, name: str, total: int | None) -> None:
        """Nothing."""

    def advance(self, amount: int) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""


class Notes(Silence):
    """Notes only: standard error is a file or a pipe, where a bar is noise."""

    def note(self, text: str) -> None:
        """One line."""
        tell(f"tocsin: {shown(text)}")


class Terminal:
    """A bar a stage; notes scroll above it."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._stage: TaskID | None = None

    def stage(self, name: str, total: int | None) -> None:
        """A bar for the new stage; the one before it is filled."""
        self.finish()
        self._stage = self._bars.add_task(shown(passed(name)), total=total)

    def advance(self, amount: int) -> None:
        """The bar of the stage moves on."""
        if self._stage is not None:
            self._bars.advance(self._stage, amount)

    def note(self, text: str) -> None:
        """One line above the bars."""
        self._bars.console.print(shown(passed(text)), markup=False, highlight=False)

    def finish(self) -> None:
        """The bar of the last stage is full."""
        if self._stage is not None:
            total = next(task.total for task in self._bars.tasks if task.id == self._stage)
            self._bars.update(self._stage, total=total or 1, completed=total or 1)


@contextmanager
def progress_on_stderr(*, quiet: bool) -> Iterator[ProgressShown]:
    """Bars where standard error is a terminal, notes alone where it is not, nothing where asked for quiet."""
    if quiet or not sys.stderr.isatty():
        yield Silence() if quiet else Notes()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.percentage:>3.0f} %")
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as bars:
        shown_progress = Terminal(bars)
        yield shown_progress
        shown_progress.finish()
