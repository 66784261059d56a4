"""Lists of indicators as people keep them: one value a line, or CSV with a header (also as MISP exports it)."""

from __future__ import annotations

import csv
import io
import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from tocsin.detect.indicators.observable import Kind, path_of
from tocsin.detect.indicators.pattern import Comparison
from tocsin.detect.indicators.statement import Statement, Unread
from tocsin.model.instant import parse_time

_LONGEST_LINE: Final = 16_384
_COMMENT: Final = ("#", ";", "//")
_FANGS: Final = (
    (re.compile(r"^h(?:xx|\*\*|__)p(s?)(?=:|\[:)", re.IGNORECASE), r"http\1"),
    (re.compile(r"^(?:fxp|f\*p)(?=:|\[:)", re.IGNORECASE), "ftp"),
    (re.compile(r"\[(\.|:|://|@|/)\]|\((\.|@)\)|\{(\.|@)\}"), lambda found: found[1] or found[2] or found[3]),
    (re.compile(r"[\[({ ]dot[\])} ]", re.IGNORECASE), "."),
    (re.compile(r"[\[({]at[\])}]", re.IGNORECASE), "@"),
    (re.compile(r"\[\.(?=[\w-])|(?<=\w)\.\]"), "."),
)
_SIZES: Final = {32, 40, 56, 64, 96, 128}
_HEX: Final = re.compile(r"[0-9A-Fa-f]+")
_NAME: Final = re.compile(r"(?:[\w-]+\.)+([A-Za-z][\w-]+)\.?")
_MAIL: Final = re.compile(r"[^\s@/]+@(?:[\w-]+\.)+[\w-]+")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_ADDRESS_PORT: Final = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:.]+\]):\d{1,5}")
# Endings of file names, and of them those under which there are domains too.
_ENDINGS: Final = frozenset({
    "apk", "bat", "bin", "cab", "cmd", "cpl", "dat", "dll", "dmg", "doc", "docm", "docx", "elf", "exe", "gz", "hta",
    "img", "ipa", "iso", "jar", "jpg", "js", "jse", "lnk", "log", "msi", "ocx", "pdf", "pif", "png", "ps1", "psm1",
    "rar", "rtf", "scr", "sys", "tar", "tmp", "txt", "vbe", "vbs", "war", "wsf", "xls", "xlsb", "xlsm", "xlsx",
    "swf", "xml",
})  # fmt: skip
_BOTH: Final = frozenset(["app", "cc", "mov", "pl", "ps", "py", "rs", "sh", "so", "zip"])

# Types of lists, as people and MISP write them, to a kind; "" where a value of it cannot be looked for here.
_TYPES: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(("ip", "ip-src", "ip-dst", "ipv4", "ipv6", "ip-addr", "ipv4-addr", "ipv6-addr", "cidr", "address",
                     "ip address"), Kind.ADDRESS),
    **dict.fromkeys(("domain", "hostname", "domain-name", "host", "fqdn"), Kind.DOMAIN),
    **dict.fromkeys(("url", "uri", "link"), Kind.URL),
    **dict.fromkeys(("email", "email-src", "email-dst", "email-addr", "mail", "email-reply-to", "email address"),
                    Kind.MAIL),
    "email-subject": Kind.SUBJECT,
    **dict.fromkeys(("md5", "sha1", "sha-1", "sha224", "sha256", "sha-256", "sha384", "sha512", "sha-512", "hash",
                     "file-hash", "filehash-md5", "filehash-sha1", "filehash-sha256"), Kind.HASH),
    **dict.fromkeys(("filename", "file-name", "file name", "file"), Kind.FILE_NAME),
    **dict.fromkeys(("file-path", "filepath", "path", "file path"), Kind.FILE_PATH),
    **dict.fromkeys(("process", "process-name", "process name"), Kind.PROCESS),
    **dict.fromkeys(("command", "command-line", "process-command-line"), Kind.COMMAND),
    **dict.fromkeys(("user-agent", "user agent", "useragent"), Kind.AGENT),
    **dict.fromkeys(("regkey", "registry", "windows-registry-key"), Kind.REGISTRY),
    **dict.fromkeys(("x509-fingerprint-md5", "x509-fingerprint-sha1", "x509-fingerprint-sha256", "x509-certificate"),
                    Kind.CERTIFICATE),
}  # fmt: skip
_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "type": ("type", "indicator_type", "ioc_type"),
    "value": ("value", "indicator", "ioc", "ioc_value"),
    "id": ("uuid", "id"),
    "title": ("title", "name"),
    "description": ("comment", "description", "note"),
    "confidence": ("confidence",),
    "valid_from": ("valid_from",),
    "valid_until": ("valid_until", "expires"),
    "labels": ("labels", "tags", "attribute_tag"),
    "marking": ("tlp", "marking"),
    "to_ids": ("to_ids",),
}
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def form(data: bytes) -> str:
    """`csv` or `list`."""
    return "csv" if _header(_text(data)) else "list"


def statements(data: bytes, name: str) -> Iterator[Statement | Unread]:
    """Every indicator of a list, by line; `name` is the file's own, of which ids are made: never of the values."""
    text = _text(data)
    header = _header(text)
    if header is None:
        for number, line in enumerate(text.splitlines(), 1):
            yield from _of_line(line, f"line {number}", f"{name}:{number}")
    else:
        yield from _of_table(text, *header, name)


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


def _header(text: str) -> tuple[str, int] | None:
    """The delimiter of a table and the number of its header line; None where there is none."""
    for number, line in enumerate(text.splitlines()[:20]):
        if not line.strip() or line.startswith(_COMMENT):
            continue
        for delimiter in ",;\t|":
            columns = _columns(next(csv.reader([line], delimiter=delimiter), []))
            if "type" in columns and "value" in columns:
                return delimiter, number
        return None
    return None


def _columns(header: Sequence[str]) -> dict[str, int]:
    named = [name.strip().strip("#").strip().lower() for name in header]
    return {
        wanted: named.index(next(name for name in names if name in named))
        for wanted, names in _COLUMNS.items()
        if any(name in named for name in names)
    }


def refanged(text: str) -> str:
    """A value as it was before somebody made it harmless to click on."""
    text = text.strip().strip("\"'").strip()
    for fang, tooth in _FANGS:
        text = fang.sub(tooth, text)
    return text


def _of_line(line: str, place: str, id_: str) -> Iterator[Statement | Unread]:
    if len(line) > _LONGEST_LINE:
        yield Unread(place, f"longer than {_LONGEST_LINE:,} characters")
        return
    value = re.split(r"\s#", line, maxsplit=1)[0].strip()
    if not value or value.startswith(_COMMENT):
        return
    if "\ufffd" in value or "\0" in value:
        yield Unread(place, "not text in UTF-8 or UTF-16")
        return
    value, not_asked = _without_port(refanged(value))
    kinds = _guessed(value)
    if not kinds:
        yield Unread(place, "neither an address, a domain, a URL, a mail address, a hash, a path nor a file name")
        return
    comparisons = tuple(Comparison(path_of(kind, value), "=", (value,)) for kind in kinds)
    yield Statement(
        id=id_,
        place=place,
        comparisons=comparisons,
        alternatives=tuple((one,) for one in comparisons),
        not_asked=not_asked,
        is_guessed=len(kinds) > 1,
    )


def _without_port(value: str) -> tuple[str, tuple[str, ...]]:
    found = _ADDRESS_PORT.fullmatch(value)
    return (found[1].strip("[]"), ("the port beside an address is not compared",)) if found else (value, ())


def _guessed(value: str) -> tuple[Kind, ...]:
    """The kinds a value may be of: more than one where its text does not say."""
    if _SCHEME.fullmatch(value):
        return (Kind.URL,)
    if _is_network(value):
        return (Kind.ADDRESS,)
    if _MAIL.fullmatch(value):
        return (Kind.MAIL,)
    if len(value) in _SIZES and _HEX.fullmatch(value):
        return (Kind.HASH,)
    if re.match(r"(?i)hk(?:ey_|lm|cu|u|cr|cc)|\\registry\\", value):
        return (Kind.REGISTRY,)
    if re.match(r"[A-Za-z]:[\\/]|[\\/%~]", value):
        return (Kind.FILE_PATH,)
    name = _NAME.fullmatch(value)
    if name is None:
        host, separator, _ = value.partition("/")
        return (Kind.URL,) if separator and _NAME.fullmatch(host) and " " not in value else ()
    ending = name[1].lower()
    if ending in _BOTH:
        return (Kind.DOMAIN, Kind.FILE_NAME)
    return (Kind.FILE_NAME,) if ending in _ENDINGS else (Kind.DOMAIN,)


def _is_network(value: str) -> bool:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return True


def _of_table(text: str, delimiter: str, header: int, name: str) -> Iterator[Statement | Unread]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns: dict[str, int] = {}
    line = 0
    while True:
        first = line + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Unread(f"line {first}", "no CSV: a quote that does not end, or a value that is too long")
            line = reader.line_num
            continue
        line = reader.line_num
        if first <= header:
            continue
        if not columns:
            columns = _columns(row)
        elif any(cell.strip() for cell in row) and not row[0].startswith("#"):
            yield _of_row(row, columns, first, name)


def _of_row(row: Sequence[str], columns: Mapping[str, int], line: int, name: str) -> Statement | Unread:
    place = f"line {line}"

    def cell(column: str) -> str:
        at = columns.get(column, -1)
        return row[at].strip() if 0 <= at < len(row) else ""

    value, type_ = refanged(cell("value")), cell("type").lower()
    if not value or not type_:
        return Unread(place, "it has no type or no value")
    comparisons, not_asked = _typed(type_, value)
    if cell("to_ids").lower() in ("0", "false", "no"):
        not_asked = ("its publisher says it is not for detection (to_ids)",)
    confidence = cell("confidence")
    own = cell("id")
    asked = comparisons if cell("to_ids").lower() not in ("0", "false", "no") else ()
    return Statement(
        id=own if _ID.fullmatch(own) and len(own) >= 32 else f"{name}:{line}",
        place=place,
        comparisons=comparisons,
        alternatives=tuple((one,) for one in asked),
        not_asked=not_asked,
        title=cell("title"),
        description=cell("description"),
        labels=tuple(part.strip() for part in re.split(r"[,;|]", cell("labels")) if part.strip()),
        marking=cell("marking"),
        confidence=int(confidence) if confidence.isdigit() and int(confidence) <= 100 else None,
        valid_from=parse_time(cell("valid_from")) if cell("valid_from") else None,
        valid_until=parse_time(cell("valid_until")) if cell("valid_until") else None,
    )


def _typed(type_: str, value: str) -> tuple[tuple[Comparison, ...], tuple[str, ...]]:
    """What a typed value asks. Of MISP's pairs a hash or an address speaks alone; a name and an address each do."""
    if "|" in type_ and "|" in value:
        one, _, other = type_.partition("|")
        left, _, right = value.partition("|")
        if one == "filename":
            found, _ = _typed(other, right)
            return found, ("the file name beside a hash is not compared",)
        if other == "port":
            found, _ = _typed(one, left)
            return found, ("the port beside an address is not compared",)
        return (*_typed(one, left)[0], *_typed(other, right)[0]), ()
    kind = _TYPES.get(type_)
    if kind is None:
        if ":" in type_ and re.fullmatch(r"[a-z0-9-]+:[\w.'\[\]*-]+", type_):
            return (Comparison(type_.replace("'", ""), "=", (value,)),), ()
        return (Comparison(f"{type_}:value", "=", (value,)),), ()
    if kind in (Kind.HASH, Kind.CERTIFICATE) and len(value) not in _SIZES:
        return (), ("the value is no hash",)
    value, not_asked = _without_port(value) if kind is Kind.ADDRESS else (value, ())
    return (Comparison(path_of(kind, value), "=", (value,)),), not_asked
