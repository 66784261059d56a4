"""What another system was asked for and answered, before anything is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tocsin.describe.entries import Entry


class Listed(NamedTuple):
    """Entries under the label they are told by; `faults` of the whole: what is not here; `notes` for a person."""

    label: str
    kind: str
    entries: Sequence[Entry]
    faults: Sequence[str] = ()
    notes: Sequence[str] = ()
