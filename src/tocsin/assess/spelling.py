"""One text for every way the same address or path is written, to compare by; what is shown stays as the log has it.

Two names that give one text here are taken as one thing. So each rule only drops what can never tell two things apart.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote

# A link made for somebody leads to the document as `/:w:/r/sites/…`: the letters say the kind of it and of the link.
_LINK_FORM = re.compile(r"^(?:/:[a-z]{1,2}:/[a-z](?=/))+")
_WEB = re.compile(r"^(https?)://(?:[^/?#@]*@)?([^/?#:]+)(?::(\d*))?([^?#]*)(\?[^#]*)?(?:#.*)?$", re.DOTALL)
_STANDARD_PORT = {"http": "80", "https": "443"}
# What a query of SharePoint says of the way a document is shown, never of which document it is.
_OF_SHAREPOINT = re.compile(r"^/(?:sites|teams|personal|_layouts)/|/_layouts/")
_ABOUT_SHOWING = frozenset(("web", "csf", "e", "action", "mobileredirect", "downloadframe", "rtime"))
# A file there by its own address, which no query makes another one; pages (`.aspx`) are told what to show by theirs.
_FILE = re.compile(r"\.(?!as[phm]x$)[^./]+$")
_DEVICE = re.compile(r"^\\(?:\\[.?]|\?\?)\\(?:(unc)\\)?")
# What parts an address: a document may bear these in its name, and then they are written with a percent sign.
_DIVIDES_PATH, _DIVIDES_QUERY = re.compile(r"[%?#]"), re.compile(r"[%&#]")
_END_OF_PATH, _END_OF_STEPS = re.compile(r"[/\s]+$"), re.compile(r"[\\\s]+$")
_MANY_SLASHES = re.compile(r"/{2,}")
_MANY_BACKSLASHES = re.compile(r"\\{2,}")
_DRIVE = re.compile(r"^[a-z]:[\\/]")
# Snapshots, images and volumes have ids of their own, which most records give without the rest of the ARN.
_COPY = re.compile(r"arn:[^:]*:ec2:[^:]*:[^:]*:(?:snapshot|image|volume)/((?:snap|ami|vol)-[0-9a-f]+)")
# What holds the items of a table, or hands them on, is the table.
_OF_A_TABLE = re.compile(r"(arn:[^:]*:dynamodb:[^:]*:[^:]*:table/[^/]+)/(?:index|stream|backup)/.*", re.DOTALL)
_EARLIER = re.compile(r"@gmt-[0-9.]+-[0-9.]+")  # how a share is asked for what it held then


@lru_cache(maxsize=262_144)
def comparable(text: str) -> str:
    """The text to compare a holding's id, container or pattern by; a `*` at the end stays."""
    folded = _folded(text.strip())
    if "://" in folded[:10]:
        return _web(folded)
    if folded.startswith("<") and folded.endswith(">") and "@" in folded:
        return folded[1:-1].strip()  # the id of a message, with or without what it is written between
    if folded.startswith("\\") or _DRIVE.match(folded):
        return _path(folded)
    if folded.startswith("//") and folded.count("/") >= 3:
        return _path(folded.replace("/", "\\"))
    found = _COPY.fullmatch(folded) or _OF_A_TABLE.fullmatch(folded)
    return found[1] if found else folded


@lru_cache(maxsize=65_536)
def skeleton(text: str) -> str:
    """`comparable` without what a reader may not see: marks on letters, signs without width, forms and kinds of spaces.

    Two names that differ and have one skeleton may be one, typed by one person and recorded by a machine.
    """
    known = comparable(text).replace("&amp;", "&")
    if known.isascii():
        return known
    parted = unicodedata.normalize("NFKD", known).casefold()
    seen = (sign for sign in parted if unicodedata.category(sign) not in _UNSEEN)
    return "".join(" " if sign.isspace() else sign for sign in seen).translate(_LOOKS_LIKE)


_UNSEEN = frozenset(("Mn", "Cf"))
_LOOKS_LIKE = str.maketrans({"\u0131": "i", "\u0649": "\u064a", "\u06cc": "\u064a", "\u06a9": "\u0643"})


def _folded(text: str) -> str:
    """NFC in lower case; of the Greek sigma both small forms are one, as they have one capital."""
    return unicodedata.normalize("NFC", text).lower().replace("\u03c2", "\u03c3")


def _web(text: str) -> str:
    found = _WEB.match(text)
    if found is None:
        return text
    scheme, host, port, path, query = found.groups()
    path = _LINK_FORM.sub("", _MANY_SLASHES.sub("/", _unquoted(path, _DIVIDES_PATH)))
    if not path.endswith("*"):
        path = _END_OF_PATH.sub("", path)
    shown = f":{port}" if port and port != _STANDARD_PORT[scheme] else ""
    # Which of the two the link says is decided by the server, not by the link.
    return f"https://{host.strip().rstrip('.')}{shown}{path}{_query(path, query)}"


def _query(path: str, query: str | None) -> str:
    """What of the query names a thing, in order of name."""
    parts = [_unquoted(part, _DIVIDES_QUERY).strip() for part in (query or "?")[1:].split("&")]
    is_of_sharepoint = _OF_SHAREPOINT.search(path) is not None
    if is_of_sharepoint and _FILE.search(path):
        return ""
    dropped = _ABOUT_SHOWING if is_of_sharepoint else frozenset[str]()
    kept = sorted(part for part in parts if part and part.partition("=")[0] not in dropped)
    return "?" + "&".join(kept) if kept else ""


def _unquoted(text: str, kept: re.Pattern[str] | None = None) -> str:
    """Percent signs undone, but for `kept`, which mean another thing bare; NFC and lower case for what stood behind."""
    if "%" not in text:
        return text
    bare = _folded(unquote(text, errors="surrogateescape"))
    return bare if kept is None else kept.sub(lambda sign: f"%{ord(sign[0]):02x}", bare)


def says_nothing(text: str) -> bool:
    """Whether an address or path does not tell which thing it leads to: a short name, a link by a token or an id."""
    folded = text.strip().lower()
    if "://" in folded[:10]:
        return _LINK_BY_ID.search(_unquoted(folded)) is not None or _QUOTED_TWICE.search(folded) is not None
    return "\\" in folded and any(_SHORT_NAME.fullmatch(part) or part in _KEPT for part in folded.split("\\"))


# Of SharePoint: a link shared with somebody (`/:w:/s/…`), pages that are given the id or place of a document, and what
# the service keeps of what was changed or deleted.
_LINK_BY_ID = re.compile(
    r"^https?://[^/]+/(?::[a-z]{1,2}:/(?:[a-qs-z]/|r/_layouts/))|[?&](?:sourcedoc|docid|authkey|uniqueid|share|guid|sourceid)="
    r"|/(?:_layouts|forms)/[^?]*\.aspx\?|/preservationholdlibrary(?:/|$)|/[0-9]+_\.000$|/_api/|/_vti_|/guestaccess\.aspx|/download\.aspx|/doc\.aspx|/wopiframe",
)
_QUOTED_TWICE = re.compile(r"%25[0-9a-f]{2}")  # or a name with a percent sign and two digits in it
_GUID = re.compile(r"\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$", re.IGNORECASE)
# `PROGRA~1`: what Windows calls a long name for programs that know short ones only.
_SHORT_NAME = re.compile(r"[^\\/. ~]{1,6}~[0-9]{1,6}(?:\.[^\\/. ]{0,3})?")
# What was deleted, copied, replicated or kept to be used offline, under names of their own.
_KEPT = frozenset(("$recycle.bin", "system volume information", "dfsrprivate", "csc"))
_VOLUME = re.compile(r"^\\(?:device\\[^\\]*volume[^\\]*|volume\{[^}]*\})(?=\\|$)")
ANY_VOLUME = "?:"


def is_guid(text: str) -> bool:
    """Whether a text is such an id, in braces or not, and nothing besides."""
    return _GUID.match(text) is not None


def is_by_volume(text: str) -> bool:
    """Whether a path names its volume and no drive: which drive that is, or was copied from, is not told."""
    return _VOLUME.match(_device_off(comparable(text))) is not None


def on_any_volume(text: str) -> str | None:
    """A path of a host without its drive or volume, as `?:\\…`; None for anything else."""
    known = _device_off(comparable(text))
    found = _VOLUME.match(known)
    if found:
        return ANY_VOLUME + known[found.end() :]
    return ANY_VOLUME + known[2:] if _DRIVE.match(known) else None


def _device_off(text: str) -> str:
    return text if text.startswith("\\device\\") or not text.startswith("volume{") else "\\" + text


def _path(text: str) -> str:
    """A path of Windows: prefixes of devices off, one separator, no separator or space or dot at the end of a part, no
    steps back, no time of an earlier version, and no stream of a file."""
    text = text.replace("/", "\\")
    found = _DEVICE.match(text)
    if found:
        text = ("\\\\" if found[1] else "") + text[found.end() :]
    head, rest = ("\\\\", text[2:]) if text.startswith("\\\\") else ("", text)
    rest = _MANY_BACKSLASHES.sub(r"\\", rest)
    if rest.endswith("*"):
        start, separator, last = rest.rpartition("\\")
        return head + _stepped(start) + separator + last
    return head + (_stepped(rest) if len(rest) > 3 else rest)


def _stepped(text: str) -> str:
    """The path without `.` and `..`, spaces and dots at the end of its parts, and the stream of its last part."""
    parts: list[str] = []
    for part in text.split("\\"):
        if part == "..":
            parts = parts[:-1] if len(parts) > 1 else parts
        elif (part != "." and not _EARLIER.fullmatch(part)) or not parts:
            parts.append(part.rstrip(". ") or ("" if part.strip() else part))
    while len(parts) > 1 and (not parts[-1] or ":" in parts[-1]):
        last = parts.pop().partition(":")[0].rstrip(". ")
        parts += [last] if last else []
    return _END_OF_STEPS.sub("", "\\".join(parts))
