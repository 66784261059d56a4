"""Windows events as JSON: bytes in; records, events, accesses and marks out, as from the log they were taken of."""

from __future__ import annotations

from tocsin.collect.source import Source
from tocsin.collect.sources.windows_json.reader import WindowsJson

SOURCE: Source = WindowsJson()
