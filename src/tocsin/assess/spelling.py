"""One text for every way the same address or path is written, to compare by; what is shown stays as the log has it.

Two names that give one text here are taken as one thing. So each rule only drops what can never tell two things apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from html import unescape
from urllib.parse import unquote

# A link made for somebody leads to the document as `/:w:/r/sites/…`: the letters say the kind of it and of the link.
_LINK_FORM = re.compile(r"^(?:/:[a-z]{1,2}:/[a-z](?=/))+")
_WEB = re.compile(r"^(https?)://(?:[^/?#@]*@)?([^/?#:]+)(?::(\d*))?([^?#]*)(\?[^#]*)?(?:#.*)?$", re.DOTALL)
_STANDARD_PORT = {"http": "80", "https": "443"}
# What a query of SharePoint says of the way a document is shown, never of which document it is.
_OF_SHAREPOINT = re.compile(
    r"^https?://(?:[^/]+\.sharepoint(?:-mil)?\.[a-z]+(?:/|$)|[^/]+/(?:sites|teams|personal|_layouts)/)|/_layouts/"
)
_NAME_OF_FILE = re.compile(r"\.[a-z0-9]{2,5}$")
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


# Bytes of UTF-8 read in these are the wrong signs; letters that some could not write became a question mark.
_CODECS = ("cp1252", "latin-1", "cp1250", "cp1251", "cp1253", "cp1256", "cp437", "cp850", "cp852", "cp866")
_REPLACED = re.compile(r"\ufffd|[\ud800-\udfff]|\\x[89a-f][0-9a-f]|(?<=://).*\?(?![^/=]*=)")


@lru_cache(maxsize=65_536)
def is_misread(text: str) -> bool:
    """Whether letters of a name were lost on its way: replaced, or written in one encoding and read in another."""
    if _REPLACED.search(text) or ("%" in text and _REPLACED.search(comparable(text))):
        return True
    return not text.isascii() and any(_is_read_in(codec, text) for codec in _CODECS)


def _is_read_in(codec: str, text: str) -> bool:
    try:
        text.encode(codec).decode("utf-8")
    except UnicodeError:
        return False
    return True


def first_misread(text: str) -> int:
    """Where the first sign stands of which it is not known what it was, in a text as it is compared."""
    found = re.search(r"[^\x00-\x7f]|\\x[89a-f][0-9a-f]|\?", text)
    return found.start() if found else 0


@lru_cache(maxsize=65_536)
def skeleton(text: str) -> str:
    """`comparable` without what a reader may not see: marks on letters, signs without width, forms and kinds of spaces.

    Two names that differ and have one skeleton may be one, typed by one person and recorded by a machine.
    """
    known = comparable(unescape(text) if "&" in text else text)
    if known.isascii():
        return _BLANKS.sub(" ", known.replace("+", " "))
    parted = unicodedata.normalize("NFKD", known).casefold()
    seen = (sign for sign in parted if unicodedata.category(sign) not in _UNSEEN)
    return _BLANKS.sub(" ", "".join(map(_plain, seen)).translate(_LOOKS_LIKE))


def _plain(sign: str) -> str:
    """A dash, a space or a digit of whatever script, each as it is typed."""
    if sign.isspace() or sign == "+":
        return " "
    if sign.isdecimal():
        return str(unicodedata.decimal(sign))
    return "-" if sign == "\u2212" or unicodedata.category(sign) == "Pd" else sign


_BLANKS = re.compile(r"\s{2,}")
_UNSEEN = frozenset(("Mn", "Cf"))
# Letters that look alike: of Arabic, and of Cyrillic and Greek those that look Latin, small or as capitals; quotation
# marks. The line that stretches an Arabic word says nothing.
_LOOKS_LIKE = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u2032\u02bc`\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e", '"'),
        **dict(zip("\u0131\u0649\u06cc\u06a9", "i\u064a\u064a\u0643", strict=True)),
        **dict(zip("авекмнорстухіјѕһԁԛԝѵ", "abekmhopctyxijshdqwv", strict=True)),
        **dict(zip("αβεζηικμνορτυχ", "abezhikmvoptux", strict=True)),
        "\u0640": "",
    }
)


def _folded(text: str) -> str:
    """NFC in lower case; of the Greek sigma both small forms are one, as they have one capital."""
    return unicodedata.normalize("NFC", text).lower().replace("\u03c2", "\u03c3")


def _web(text: str) -> str:
    if "#" in text:
        text = _with_number_sign(text)
    found = _WEB.match(text)
    if found is None:
        return text
    scheme, host, port, path, query = found.groups()
    path = _LINK_FORM.sub("", _MANY_SLASHES.sub("/", _unquoted(path, _DIVIDES_PATH).replace("\\", "/")))
    if "/." in path:
        path = _without_steps(path)
    if not path.endswith("*"):
        path = _END_OF_PATH.sub("", path)
    shown = f":{port}" if port and port != _STANDARD_PORT[scheme] else ""
    # Which of the two the link says is decided by the server, not by the link.
    return f"https://{host.strip().rstrip('.')}{shown}{path}{_query(f'https://{host}{path}', query)}"


def _with_number_sign(text: str) -> str:
    """A bare number sign of SharePoint is one of a name; behind the name of a file or page a place in it follows."""
    before, _, after = text.partition("#")
    is_name = "?" not in before and (not _NAME_OF_FILE.search(before) or "/" in after or _NAME_OF_FILE.search(after))
    return f"{before}%23{after.replace('#', '%23')}" if is_name and _OF_SHAREPOINT.search(before) else text


def _without_steps(path: str) -> str:
    """Without `.` and `..`, as RFC 3986 (5.2.4) has it."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1] or [""]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _query(address: str, query: str | None) -> str:
    """What of the query names a thing, in order of name."""
    parts = [_unquoted(part, _DIVIDES_QUERY).strip() for part in (query or "?")[1:].split("&")]
    is_of_sharepoint = _OF_SHAREPOINT.search(address) is not None
    if is_of_sharepoint and _FILE.search(address.partition("://")[2].partition("/")[2]):
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
        if folded.count("://") > 1 or is_misread(text):  # two of them, or letters that are lost
            return True
        known = comparable(text)
        if "?" in known and _OF_SHAREPOINT.search(known):  # what a page shows is told by its query
            return True
        return _LINK_BY_ID.search(_unquoted(folded)) is not None or _QUOTED_TWICE.search(folded) is not None
    return "\\" in folded and any(_SHORT_NAME.fullmatch(part) or part in _KEPT for part in folded.split("\\"))


# Of SharePoint: a link shared with somebody (`/:w:/s/…`), pages that are given the id or place of a document, and what
# the service keeps of what was changed or deleted; what Office writes beside a document that is open.
_LINK_BY_ID = re.compile(
    r"^https?://[^/]+/(?::[a-z]{1,2}:/(?:[a-qs-z]/|r/_layouts/))|[?&](?:sourcedoc|docid|authkey|uniqueid|share|guid|sourceid)="
    r"|/_layouts/|/forms/[^?]*\.aspx\?|/(?:preservationholdlibrary|recyclebin)(?:/|$)|/~\$[^/]*$|/[0-9]+_\.000$|/_api/|/_vti_|/guestaccess\.aspx|/download\.aspx|/doc\.aspx|/wopiframe",
)
_QUOTED_TWICE = re.compile(r"%25[0-9a-f]{2}")  # or a name with a percent sign and two digits in it
_GUID = re.compile(r"\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$", re.IGNORECASE)
# `PROGRA~1`: what Windows calls a long name for programs that know short ones only.
_SHORT_NAME = re.compile(r"[^\\/. ~]{1,6}~[0-9]{1,6}(?:\.[^\\/. ]{0,3})?")
# What was deleted, copied, replicated or kept to be used offline, under names of their own.
_KEPT = frozenset(("$recycle.bin", "system volume information", "dfsrprivate", "csc"))
_VOLUME = re.compile(r"^\\(?:device\\[^\\]*volume[^\\]*|volume\{[^}]*\})(?=\\|$)")
ANY_VOLUME = "?:"


_SITE_OF = re.compile(r"https://[^/]+(?:/(?:sites|teams|personal)/[^/?]+)?")
_OF_LIBRARY = re.compile(r"(.*(?=/forms/)|.*/lists/[^/]+)/(?:forms/)?[^/]*\.aspx$")
_PAGE = re.compile(r"\.as[phm]x(?:\?|$)")


def shown_by(text: str, kind: str) -> Iterator[str]:
    """Of a page or link that stands for what it shows, patterns of what that may be: in its library, site or server."""
    known = comparable(text)
    found = _SITE_OF.match(known)
    if found is None or known.endswith("*"):
        return
    if library := _OF_LIBRARY.match(known):
        yield f"{library[1]}/*"
    if (says_nothing(text) and not is_misread(text)) or (_PAGE.search(known) and (kind == "site" or "?" in known)):
        yield f"{found[0]}/*"


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
