"""The style of a page: its text, and the digest by which the page's policy lets in this style and no other."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import NamedTuple


class Style(NamedTuple):
    """As every template wants it: the text of the style, and its SHA-256 in base64."""

    style: str
    style_digest: str


def style_of(file: Path) -> Style:
    """The style a file holds."""
    text = file.read_text(encoding="utf-8")
    return Style(text, base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii"))
