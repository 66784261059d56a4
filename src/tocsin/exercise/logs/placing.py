"""Where an action stands in the logs, and what every kind of log does with a day's actions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from tocsin.exercise.actions import Action


class Placed(NamedTuple):
    """An action and its record: `file` below the exercise's folder, 0-based `entry`; None where no log has it."""

    action: Action
    file: str | None
    entry: int | None


class Log(Protocol):
    """One kind of log."""

    @property
    def takes(self) -> tuple[type[Any], ...]:
        """The types of action it holds."""

    @property
    def precision_ns(self) -> int:
        """What it keeps of their times."""

    def write_day(self, day: int, actions: Sequence[Any]) -> Iterator[Placed]:
        """Write the actions of one day, in order of time; days come in order. The placed ones must be consumed."""

    def close(self) -> None:
        """Finish what is open."""


def write_file(folder: Path, name: str, data: bytes) -> None:
    """Write `folder/name`, with the folders it needs."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
