"""One text for every way the same address or path is written, to compare by; what is shown stays as the log has it.

Two names that give one text here are taken as one thing. So each rule only drops what can never tell two things apart.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote

# A link made for somebody leads to the document as `/:w:/r/sites/…`: the letters say the kind of it and of the link.
_LINK_FORM = re.compile(r"^/:[a-z]{1,2}:/[a-z]/")
_WEB = re.compile(r"^(https?)://(?:[^/?#@]*@)?([^/?#:]+)(?::(\d*))?([^?#]*)(\?[^#]*)?(?:#.*)?$", re.DOTALL)
_STANDARD_PORT = {"http": "80", "https": "443"}
# What a query of SharePoint says of the way a document is shown, never of which document it is.
_OF_SHAREPOINT = re.compile(r"^/(?:sites|teams|personal|_layouts)/|/_layouts/")
_ABOUT_SHOWING = frozenset(("web", "csf", "e", "action", "mobileredirect", "downloadframe", "rtime"))
_DEVICE = re.compile(r"^\\(?:\\[.?]|\?\?)\\(?:(unc)\\)?")
_MANY_SLASHES = re.compile(r"/{2,}")
_MANY_BACKSLASHES = re.compile(r"\\{2,}")
_DRIVE = re.compile(r"^[a-z]:[\\/]")


@lru_cache(maxsize=262_144)
def comparable(text: str) -> str:
    """The text to compare a holding's id, container or pattern by; a `*` at the end stays."""
    folded = unicodedata.normalize("NFC", text.strip()).lower()
    if "://" in folded[:10]:
        return _web(folded)
    if folded.startswith("\\") or _DRIVE.match(folded):
        return _path(folded)
    if folded.startswith("//") and folded.count("/") >= 3:
        return _path(folded.replace("/", "\\"))
    return folded


def _web(text: str) -> str:
    found = _WEB.match(text)
    if found is None:
        return text
    scheme, host, port, path, query = found.groups()
    path = _unquoted(path or "/")
    path = _LINK_FORM.sub("/", path)
    path = _MANY_SLASHES.sub("/", path)
    if len(path) > 1 and not path.endswith("*"):
        path = path.rstrip("/")
    shown = f":{port}" if port and port != _STANDARD_PORT[scheme] else ""
    # Which of the two the link says is decided by the server, not by the link.
    return f"https://{host.rstrip('.')}{shown}{'' if path == '/' else path}{_query(path, query)}"


def _query(path: str, query: str | None) -> str:
    """What of the query names a thing, in order of name."""
    parts = [part for part in (query or "?")[1:].split("&") if part]
    dropped = _ABOUT_SHOWING if _OF_SHAREPOINT.search(path) else frozenset[str]()
    kept = sorted(_unquoted(part) for part in parts if part.partition("=")[0] not in dropped)
    return "?" + "&".join(kept) if kept else ""


def _unquoted(text: str) -> str:
    """Percent signs undone; NFC and lower case again, for what stood behind them."""
    return unicodedata.normalize("NFC", unquote(text, errors="surrogateescape")).lower() if "%" in text else text


def _path(text: str) -> str:
    """A path of Windows: prefixes of devices off, one separator, no separator or space or dot at the end."""
    text = text.replace("/", "\\")
    found = _DEVICE.match(text)
    if found:
        text = ("\\\\" if found[1] else "") + text[found.end() :]
    head, rest = ("\\\\", text[2:]) if text.startswith("\\\\") else ("", text)
    rest = _MANY_BACKSLASHES.sub(r"\\", rest)
    if not rest.endswith("*"):
        rest = rest.rstrip("\\. ") if len(rest) > 3 else rest
    return head + rest
