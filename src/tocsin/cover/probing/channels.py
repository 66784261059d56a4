"""The ways to make a known access, as `channels.toml` declares them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

from tocsin.model.instant import HOUR, NANOSECONDS
from tocsin.model.probing import ProbeChannel, RecordedIn


@cache
def load_channels() -> Mapping[str, ProbeChannel]:
    """Every channel, by name."""
    text = (resources.files(__package__) / "channels.toml").read_text(encoding="utf-8")
    found = (
        ProbeChannel(
            name=entry["name"],
            what=entry["what"],
            sh=entry["sh"],
            powershell=entry["powershell"],
            least=entry["least_minutes"] * 60 * NANOSECONDS,
            tolerance=entry["tolerance_seconds"] * NANOSECONDS,
            late=entry["late_hours"] * HOUR,
            needs_host=entry["needs_host"],
            names_address=entry["names_address"],
            recorded_in=tuple(RecordedIn(source, log) for source, log in entry["recorded_in"]),
            citation=entry["citation"],
        )
        for entry in tomllib.loads(text)["channel"]
    )
    return MappingProxyType({one.name: one for one in found})
