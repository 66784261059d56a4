"""Who took the logs of an exercise, when and how: the acquisition record that a custodian hands over with them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import yaml

from tocsin.exercise.world import World
from tocsin.model.instant import format_time


def write_acquisition(world: World, logs: Path) -> None:
    """Write `acquisition.yaml` into the folder of the logs, with the SHA-256 of every file below it."""
    files = [
        {"name": path.relative_to(logs).as_posix(), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for path in sorted(logs.rglob("*"))
        if path.is_file()
    ]
    record = {
        "by": f"server operations of {world.title}",
        "when": format_time(world.day(world.shape.days)),
        "tool": "the exercise, which wrote these logs itself",
        "extent": "everything",
        "from": format_time(world.shape.start),
        "to": format_time(world.day(world.shape.days)),
        "files": files,
    }
    (logs / "acquisition.yaml").write_text(
        yaml.safe_dump(record, sort_keys=False, allow_unicode=True), encoding="utf-8"
    )
