"""What reading an object gives: the event in it as the EVTX source has it, or why there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tocsin.collect.sources.windows_evtx.mapping import Origin

Offset = Callable[[], int | None]

NESTED_WARNING = "nested_too_deeply"


class Shaped(NamedTuple):
    """The event: values of the log fields, fields, origin, and codes of what had to be assumed."""

    log: tuple[str, str, str]
    fields: dict[str, Any]
    origin: Origin
    warnings: tuple[str, ...] = ()


class NoEvent(NamedTuple):
    """Why an object cannot be read as an event: reason and detail as in `model.record.Unreadable`."""

    reason: str
    detail: str
