"""How a long work tells how far it is; front ends show it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Where a long work tells how far it is. Totals in the unit of the stage (bytes, records, items)."""

    def stage(self, name: str, total: int | None) -> None:
        """A new stage begins."""
        ...

    def advance(self, amount: int) -> None:
        """So much of it is done."""
        ...

    def note(self, text: str) -> None:
        """A sentence worth showing."""
        ...
