"""What the workspace shows of an input: its path and all that is said of it, through the door.

What was replaced is kept beside it, sealed: a member is found in its archive by its own name, and a name that is
protected later on may be one that only the whole of the text shows.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple

import msgspec

from tocsin.model.acquisition import AcquisitionRecord
from tocsin.model.chunk import Input
from tocsin.model.clipping import cut
from tocsin.model.door import Door, mask_json
from tocsin.record.keys import WorkspaceKey

_EPOCH = re.compile(r"!([0-9]+)")


class Clear(NamedTuple):
    """What is said of an input, before the door."""

    path: str
    reason: str
    container: str | None
    acquisition: AcquisitionRecord | None = None


def shown_input(entry: Input, key: WorkspaceKey) -> tuple[Input, bytes | None]:
    """The input as it is registered, and what it said in clear, wrapped; None where it says the same."""
    clear = Clear(entry.path, entry.reason, entry.container, entry.acquisition)
    seen = shown(clear, key.door)
    resting = seen._replace(reason=cut(seen.reason))
    entry = replace(entry, **resting._asdict())
    return entry, None if seen == clear else key.wrap(msgspec.msgpack.encode(clear))


def clear_of(wrapped: bytes, key: WorkspaceKey) -> Clear:
    """What `shown_input` wrapped. Raises ProtectionError without the door."""
    return msgspec.msgpack.decode(key.unwrap(wrapped), type=Clear)


def shown(clear: Clear, door: Door) -> Clear:
    """The same through the door."""
    return msgspec.convert(mask_json(door, msgspec.to_builtins(clear)), Clear)


def epoch_mark(epoch: int) -> str:
    """How the `plan` of a chunk says under which epoch it passed the door; nothing where there is no vault."""
    return f"!{epoch}" if epoch else ""


def epoch_of(plan: str) -> int:
    """What `epoch_mark` said in it."""
    found = _EPOCH.search(plan)
    return int(found[1]) if found else 0
