"""From a plan and from receipts to the lines this source reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from tocsin.collect.sources.probe import SOURCE
from tocsin.errors import ConfigError
from tocsin.model.instant import format_time
from tocsin.model.probing import ProbePlan
from tocsin.model.record import Unreadable

_HINT = "the file that the script of tocsin probe plan writes: one line a probe"


def planned_lines(plan: ProbePlan) -> Iterator[bytes]:
    """A line a probe, without its nonce, each with its line end."""
    for probe in plan.probes:
        planned = probe.planned
        said = {
            "tocsin_probe_plan": 1,
            "id": planned.id,
            **planned.canary._asdict(),
            "names": list(planned.canary.names),
            "addresses": list(planned.canary.addresses),
            "due": format_time(planned.due),
            "end": format_time(planned.end),
            "commitment": planned.commitment,
            "made": format_time(plan.made),
        }
        yield json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def read_receipts(path: Path) -> bytes:
    """The receipts of a file, as they stand. Raises ConfigError where anything else is in it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    found = list(SOURCE.records(data, b"", 0))
    bad = [number for number, one in enumerate(found, 1) if isinstance(one, Unreadable) or "outcome" not in one.native]
    if bad or not found:
        what = f"line {bad[0]:,} is no receipt" if bad else "there is no receipt in it"
        raise ConfigError(f"{path} was not taken: {what}", hint=_HINT)
    return data if data.endswith(b"\n") else data + b"\n"
