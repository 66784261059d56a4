"""Exercise: a simulated institution that writes logs in the real formats, with the truth beside them."""

from __future__ import annotations

from tocsin.exercise.case import CaseInfo, list_cases, playable, run

__all__ = ["CaseInfo", "list_cases", "playable", "run"]
