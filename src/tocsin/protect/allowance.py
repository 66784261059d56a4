"""How much may be searched for one workspace in an hour: who may ask can try names, and is slowed down and seen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

HOUR_SECONDS = 3600.0
# An investigation asks for about four texts a record: this is some five million records an hour.
TEXTS_AN_HOUR = 20_000_000


@dataclass(slots=True)
class _Hour:
    began: float
    texts: int = 0
    is_told: bool = False


class Allowance:
    """Counts the texts of each workspace, hour by hour; several threads may ask."""

    def __init__(self, texts: int, clock: Callable[[], float], told: Callable[[str], None]) -> None:
        """`texts` an hour; `clock` in seconds; `told` takes the workspace that reached it, once an hour."""
        self._most = texts
        self._clock = clock
        self._told = told
        self._hours: dict[str, _Hour] = {}
        self._counting = threading.Lock()

    def takes(self, workspace: str, texts: int) -> bool:
        """Whether so many more may be searched now; then they are counted."""
        with self._counting:
            now = self._clock()
            hour = self._hours.get(workspace)
            if hour is None or now - hour.began >= HOUR_SECONDS:
                hour = self._hours[workspace] = _Hour(now)
            if hour.texts + texts <= self._most:
                hour.texts += texts
                return True
            is_first, hour.is_told = not hour.is_told, True
        if is_first:
            self._told(workspace)
        return False
