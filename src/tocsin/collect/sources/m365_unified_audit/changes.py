"""What a record says of the log itself and of standing access: rows for the marks, by `audit.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocsin.collect.sources.m365_unified_audit.accesses import mailbox_of
from tocsin.collect.sources.m365_unified_audit.semantics import Change, Meaning, throttle_hours
from tocsin.model.coverage import Mark

_MOST_SHOWN = 240  # characters of one value
_PREFIXES = ("Parameters.", "OperationProperties.", "ModifiedProperties.", "Item.ParentFolder.")


def marks_of(
    native: Mapping[str, Any], fields: Mapping[str, Any], meaning: Meaning, channel: str, actor: str | None, by: str
) -> list[dict[str, Any]]:
    """Rows for MARKS without record, time and source; `by` names the provider's service that acted, or is ""."""
    rows = [
        {
            "kind": change.kind,
            "host": None,
            "channel": channel,
            "scope": _scope(change, fields),
            "actor": actor,
            "detail": _detail(change, fields) + (f" (by the provider's {by})" if by else ""),
        }
        for change in meaning.changes
        if change.applies(fields)
    ]
    if str(fields.get("OperationProperties.IsThrottled", "")).casefold() == "true":
        rows.append(
            {
                "kind": str(Mark.THROTTLED),
                "host": None,
                "channel": channel,
                "scope": mailbox_of(native),
                "actor": actor,
                "detail": f"the provider stopped recording binds of this mailbox for up to {throttle_hours()} hours",
            }
        )
    return rows


def _scope(change: Change, fields: Mapping[str, Any]) -> str | None:
    return next((text for name in change.scope if (text := _shown(fields.get(name)))), None)


def _detail(change: Change, fields: Mapping[str, Any]) -> str:
    shown = [f"{_short(name)} {text}" for name in change.shows if (text := _shown(fields.get(name)))]
    return f"{change.sentence}: {'; '.join(shown)}" if shown else change.sentence


def _short(name: str) -> str:
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name.removesuffix(".NewValue")


def _shown(value: object) -> str:
    """A value on one line, cut where it is long; "" where there is none."""
    if value is None:
        return ""
    text = ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
    line = " ".join(text.split())
    return line if len(line) <= _MOST_SHOWN else line[:_MOST_SHOWN] + "…"
