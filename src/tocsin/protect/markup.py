"""Markup that stands inside words and between them, as the matcher and the guard read over it."""

from __future__ import annotations

import re
from typing import Final

# Of HTML, SVG and Office: markup that may stand inside a word. All other markup keeps two words apart.
_INLINE = (
    r"(?:a|abbr|b|bdi|bdo|code|em|font|i|mark|q|s|small|span|strong|sub|sup|tspan|u|wbr"
    r"|(?:w|a):(?:r|t|rPr|b|bCs|i|iCs|u|sz|szCs|lang|rFonts|color|noProof|proofErr|bookmarkStart|bookmarkEnd"
    r"|hyperlink|ins|del|latin|ea|cs|solidFill|srgbClr)|text:(?:span|a|s))"
)
INLINE_TAG: Final = re.compile(rf"</?{_INLINE}(?:\s[^<>]*+)?/?>", re.IGNORECASE)
# A comment ends before the next begins, so that a text of nothing but beginnings is read once.
_COMMENT = r"<!--(?:[^<-]|-(?!->)|<(?!!--))*+-->"
MARKUP: Final = re.compile(
    rf"(?P<inline></?{_INLINE}(?:\s[^<>]*+)?/?>)|{_COMMENT}|<[/!?A-Za-z][^<>]*+>", re.IGNORECASE | re.DOTALL
)
APART: Final = "<>"  # what may not stand between two words of a name, and is no markup


def has_inline(text: str) -> bool:
    """Whether there is markup that may stand inside a word."""
    return "<" in text and INLINE_TAG.search(text) is not None
