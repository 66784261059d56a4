"""What a record says of the log itself and of standing access: rows for the marks, by `audit.toml`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tocsin.collect.sources.aws_cloudtrail.reached import Place, object_arn
from tocsin.collect.sources.aws_cloudtrail.semantics import Meaning
from tocsin.model.clipping import to_be_cut
from tocsin.model.coverage import Mark

_BUCKET = "requestParameters.bucketName"
_MOST_SHOWN = 600  # characters of one value
_PREFIXES = ("requestParameters.", "responseElements.", "userIdentity.")
# Where a trail writes: `AWSLogs/[o-organisation/]account/CloudTrail[-Digest|-Insight]/region/year/...`.
_LOG_FILE = re.compile(r"AWSLogs/(?:o-[a-z0-9]+/)?(\d{12})/CloudTrail(?:-Digest|-Insight)?/([a-z0-9-]+)/")


def marks_of(
    fields: Mapping[str, Any], meaning: Meaning, place: Place, channel: str | None, account: str | None
) -> list[dict[str, Any]]:
    """Rows for MARKS without record, time and source."""
    return [
        {
            "kind": change.kind,
            "host": None,
            "channel": channel,
            "scope": _scope(change.scope, fields, place),
            "actor": account,
            "detail": _detail(change.sentence, change.shows, fields),
            "given_to": "; ".join(dict.fromkeys(_receivers(change.given_to, fields))) or None,
        }
        for change in meaning.changes
        if change.applies(fields)
    ]


def deleted_logs(holdings: list[str], account: str | None) -> list[dict[str, Any]]:
    """A mark for each trail whose log or digest files are among the things destroyed: `channel` is the trail's own."""
    channels: dict[str, list[str]] = {}
    for holding in holdings:
        if match := _LOG_FILE.search(holding):
            channels.setdefault(f"{match.group(1)}/{match.group(2)}", []).append(holding)
    return [
        {
            "kind": str(Mark.CLEARED),
            "host": None,
            "channel": channel,
            "scope": channel,
            "actor": account,
            "detail": f"a file of the trail was deleted: {_shown(files[0])}",
        }
        for channel, files in sorted(channels.items())
    ]


def _scope(names: tuple[str, ...], fields: Mapping[str, Any], place: Place) -> str | None:
    for name in names:
        if text := _one_line(fields.get(name)):
            is_bare_bucket = name == _BUCKET and not text.startswith("arn:")
            return object_arn(place.partition, text, None) if is_bare_bucket else text
    return None


def _receivers(names: tuple[str, ...], fields: Mapping[str, Any]) -> Iterator[str]:
    for name in names:
        value = fields.get(name)
        for item in value if isinstance(value, list) else (value,):
            if text := _one_line(item):
                yield text


def _detail(sentence: str, shows: tuple[str, ...], fields: Mapping[str, Any]) -> str:
    shown = [f"{_short(name)} {text}" for name in shows if (text := _shown(fields.get(name)))]
    return f"{sentence}: {'; '.join(shown)}" if shown else sentence


def _short(name: str) -> str:
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name


def _shown(value: object) -> str:
    """A value on one line, cut where it is long; "" where there is none."""
    return to_be_cut(_one_line(value), _MOST_SHOWN, "…")


def _one_line(value: object) -> str:
    if value is None:
        return ""
    text = ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
    return " ".join(text.split())
