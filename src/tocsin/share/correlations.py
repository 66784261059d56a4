"""Accounts of correlations in; the words that text and report share out."""

from __future__ import annotations

from tocsin.model.answers import CorrelationAccount
from tocsin.share.summary import counted


def left_out_words(one: CorrelationAccount) -> str:
    """What a correlation could not count, in one sentence to be shown escaped; "" where it counted all."""
    parts = [
        f"{number:,} without {what}"
        for number, what in (
            (one.untimed, "a time"),
            (one.ungrouped, "what it is grouped by"),
            (one.unvalued, "a value it can count"),
        )
        if number
    ]
    if not parts:
        return ""
    left_out = one.untimed + one.ungrouped + one.unvalued
    return f"{one.title}: {left_out:,} of {counted(one.records, 'record')} could not be counted: {', '.join(parts)}"
