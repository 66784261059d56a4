"""What a long work tells of itself while it runs, through the door."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.model.door import Door, mask_one
from tocsin.model.progress import Progress


@dataclass(frozen=True, slots=True)
class _Told:
    progress: Progress
    door: Door

    def stage(self, name: str, total: int | None) -> None:
        self.progress.stage(mask_one(self.door, name), total)

    def advance(self, amount: int) -> None:
        self.progress.advance(amount)

    def note(self, text: str) -> None:
        self.progress.note(mask_one(self.door, text))


def through_door(progress: Progress, door: Door) -> Progress:
    """The same, with every sentence through the door first."""
    return _Told(progress, door) if door.epoch else progress
