"""Which process started which on a host, by day, and what its command line looked like."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from tocsin.detect.behaviour.relation import Seen

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

    def rows(self, seen: Seen) -> pa.Table:
        """Starts that name their program; "" where the parent or the command line is not told."""
        events = seen.events
        is_start = pc.is_in(events["activity_name"], pa.array(_STARTED))
        events = events.filter(pc.and_(is_start, pc.is_valid(events["process.file.path"])))
        return pa.table(
            {
                "host": pc.fill_null(events["device.hostname"], ""),
                "parent": _program(events["actor.process.file.path"]),
                "child": _program(events["process.file.path"]),
                "template": _template(events["process.cmd_line"]),
                "time": events["time"],
                "record": events["record"],
            }
        )


def _program(paths: pa.ChunkedArray) -> pa.Array:
    """`class|file name` of each path; each distinct one is looked at once."""
    encoded = pc.fill_null(paths, "").combine_chunks().dictionary_encode()
    lower = pc.utf8_lower(encoded.dictionary)
    name = lower
    for pattern, put in _NAME:
        name = pc.replace_substring_regex(name, pattern, put)
    kind = pa.array(["other"] * len(lower), pa.string())
    for word, pattern in reversed(_CLASSES):
        kind = pc.if_else(pc.match_substring_regex(lower, pattern), word, kind)
    told = pc.if_else(pc.equal(lower, ""), "", pc.binary_join_element_wise(kind, name, "|"))
    return told.take(encoded.indices)


def _template(commands: pa.ChunkedArray) -> pa.Array:
    encoded = pc.fill_null(commands, "").combine_chunks().dictionary_encode()
    signs = encoded.dictionary
    for pattern, put in _SIGNS:
        signs = pc.replace_substring_regex(signs, pattern, put)
    return pc.utf8_slice_codeunits(signs, 0, _MOST_WORDS).take(encoded.indices)


RELATION = Processes()
