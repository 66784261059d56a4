"""The text of an event that is not well-formed in, one that is out: what syslog does to XML on its way is undone.

Agents blank `;` (so that `&lt;` becomes `&lt `), pass control characters through, and cut lines at their own limit.
"""

from __future__ import annotations

import re

_ENTITY = re.compile(r"&(lt|gt|quot|apos|amp) ")
_BARE_AMPERSAND = re.compile(r"&(?!(?:lt|gt|quot|apos|amp|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_DATA = re.compile(r'(<Data Name="[^"<>]*">)(.*?)(</Data>(?=\s*<Data Name="|\s*</EventData>)|\Z)', re.DOTALL)
_MARKUP = str.maketrans({"<": "&lt;", ">": "&gt;"})


def repaired(text: str) -> str:
    """The text with its entities closed, stray markup in data escaped, and the elements that were cut off closed."""
    text = _CONTROL.sub("\ufffd", _ENTITY.sub(r"&\1;", text))
    text = _BARE_AMPERSAND.sub("&amp;", text)
    text = _DATA.sub(lambda found: found.group(1) + found.group(2).translate(_MARKUP) + "</Data>", text)
    if not text.endswith("</Event>"):
        begun = text.rfind("<")
        if text.find(">", begun) < 0:
            text = text[:begun]
        text += "</EventData></Event>"
    return text
