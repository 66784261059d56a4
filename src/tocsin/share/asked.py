"""What a question named that the logs do not know, in sentences: its answer is no answer."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.model.question import Asked
from tocsin.share.plain import shown


def unknown_to_the_logs(asked: Sequence[Asked]) -> tuple[str, ...]:
    """One sentence a criterion that no record carries."""
    return tuple(_sentence(one) for one in asked if not one.found)


def _sentence(one: Asked) -> str:
    told = f"NOT IN THESE LOGS: {one.kind} {shown(one.value)}."
    if one.like:
        told += f" Is {' or '.join(map(shown, one.like))} meant?"
    return (
        f"{told} That nothing is confirmed of it says nothing: check how it is written, and whether the logs that "
        "would name it were read (tocsin coverage)."
    )
