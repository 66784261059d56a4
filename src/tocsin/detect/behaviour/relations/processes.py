"""Which process started which on a host, by day, and what its command line looked like."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.detect.behaviour.relation import Rows, Seen

_STARTED = ("process created",)
# A file name as it is compared: numbers that count versions, sessions and copies are one sign.
_NAME = ((r"^.*[\\/]", ""), (r"\{?[0-9a-f]{8}-[0-9a-f-]{20,30}\}?", "#"), (r"[0-9a-f]{8,}", "#"), (r"[0-9]{3,}", "#"))
# Where a program lies, the first that holds.
_CLASSES = (
    ("temp", r"[\\/](temp|tmp|downloads?|recycle[r.]?[^\\/]*|\$recycle\.bin)[\\/]"),
    ("user", r"^([a-z]:[\\/]users[\\/]|/home/)|[\\/]appdata[\\/]|[\\/]programdata[\\/]"),
    ("system", r"^([a-z]:)?[\\/](windows|usr|bin|sbin|lib|lib64|opt|systemroot)[\\/]|^\\systemroot"),
    ("program", r"^[a-z]:[\\/]program files"),
    ("network", r"^(\\\\|//)"),
)
_MOST_WORDS = 12
# A command line as the signs of its words: no word of it is kept, for they hold names and secrets.
_SIGNS = (
    (r"^\s*(\"[^\"]*\"|\S+)\s*", ""),  # the program itself
    (r"\"[^\"]*\"|'[^']*'", "Q"),
    (r"\S*[A-Za-z0-9+/]{40,}={0,2}\S*", "B"),  # something encoded
    (r"[a-z]{2,8}://\S*", "U"),
    (r"(^|\s)[-/][^\s]{1,}", r"\1-"),
    (r"\S*[\\/]\S*", "P"),
    (r"(^|\s)[0-9][0-9a-fxA-F.,:]*($|\s)", r"\1N\2"),
    (r"[^\s\-QBUPN]\S*|[QBUPN\-]\S+", "W"),
    (r"\s+", ""),
    (r"[^\-QBUPNW]", "W"),
)


class Processes:
    """A row a start: the programs as `class|file name`, the command line as the signs of its first words.

    `-` an option, `P` a path, `U` an address of the web, `N` a number, `B` something encoded, `Q` quoted, `W` a word.
    """

    name = "processes"
    keys = ("host", "parent", "child", "template")
    measures = ()

    def rows(self, seen: Seen) -> Rows | None:
        """Starts that name their program; "" where the parent or the command line is not told."""
        events = seen.events
        starts = np.flatnonzero(events.texts("activity_name").is_in(_STARTED) & events.is_told("process.file.path"))
        if not starts.size:
            return None
        return Rows(
            keys={
                "host": events.texts_of("device.hostname", starts).filled(),
                "parent": events.texts_of("actor.process.file.path", starts).filled().each(_programs),
                "child": events.texts_of("process.file.path", starts).each(_programs),
                "template": events.texts_of("process.cmd_line", starts).filled().each(_templates),
            },
            time=events.time[starts],
            record=events.record[starts],
        )


def _programs(paths: pa.StringArray) -> pa.Array:
    """`class|file name` of each path."""
    lower = pc.utf8_lower(paths)
    name = lower
    for pattern, put in _NAME:
        name = pc.replace_substring_regex(name, pattern, put)
    kind = pa.array(["other"] * len(lower), pa.string())
    for word, pattern in reversed(_CLASSES):
        kind = pc.if_else(pc.match_substring_regex(lower, pattern), word, kind)
    return pc.if_else(pc.equal(lower, ""), "", pc.binary_join_element_wise(kind, name, "|"))


def _templates(commands: pa.StringArray) -> pa.Array:
    signs = commands
    for pattern, put in _SIGNS:
        signs = pc.replace_substring_regex(signs, pattern, put)
    return pc.utf8_slice_codeunits(signs, 0, _MOST_WORDS)


RELATION = Processes()
