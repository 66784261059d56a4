"""Values in; JSON that neither a terminal nor an editor acts on out, each value as it is."""

from __future__ import annotations

import re

import orjson

# Valid in JSON as they are, but a terminal or an editor may act on them: written as the escapes JSON has for them.
_ACTS_ON_A_READER = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def json_text(value: object) -> str:
    """Two spaces of indent, keys in the order given, one line end at the end. The text has no lone surrogate."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return harmless(orjson.dumps(value, option=options).decode("utf-8"))


def harmless(text: str) -> str:
    """The same JSON text, with what a terminal or an editor may act on written as escapes."""
    return text if text.isascii() and "\x7f" not in text else _ACTS_ON_A_READER.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))
