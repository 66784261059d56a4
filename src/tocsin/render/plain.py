"""Text from logs in; text that can neither drive a terminal nor reorder what a reader sees out."""

from __future__ import annotations

import re

# C0 and C1 controls, lone surrogates, marks that reorder or hide text, and Unicode's own line ends. The joiners
# U+200C and U+200D stay: Persian and Indic names are written with them, and they move nothing.
_UNSAFE = (
    r"\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
)
_IN_A_VALUE = re.compile(f"[{_UNSAFE}]|[\U000e0000-\U000e007f]")
_IN_A_PAGE = re.compile(f"(?!\n)[{_UNSAFE}]|[\U000e0000-\U000e007f]")


def shown(value: str) -> str:
    """One value on one line: controls and line ends as `\\x1b`, `\\n`, `\\u202e`. JSON has values verbatim."""
    return value if value.isprintable() and value.isascii() else _IN_A_VALUE.sub(_escape, value)


def shown_page(text: str) -> str:
    """A whole text with its line ends kept and every other control escaped; the same text when given its own result."""
    return _IN_A_PAGE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode("ascii")
