"""Values that must not leave in; texts without them, and a refusal where one stands in a file all the same, out.

Three guards, each enough for the common case: a record whose field is redacted shows neither its bytes nor that value
(`check_records`); what was derived from records has the value taken out (`without`); and every file that was written is
searched for every value in each form it could stand in (`refuse_leaks`).
"""

from __future__ import annotations

import base64
import dataclasses
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

from tocsin.attest.searching import ANYWHERE_FROM, Search
from tocsin.errors import RefusedError
from tocsin.model.evidence import Package
from tocsin.model.finding import Detector, Finding, Incident, Link
from tocsin.model.reference import RecordPlace
from tocsin.render.plain import shown

MASK = "[redacted]"

# Shorter than this a value says what any file says ("yes", "403"): it is kept out by the other two guards.
_SOUGHT_FROM = 4
_BASE64_RUN = re.compile(rb"[A-Za-z0-9+/]{8,}={0,2}")
_OWN_WORDS = re.compile(r"[A-Za-z]+")


# Attributes that are sentences, in which the shortest value is taken out too.
_SENTENCES = frozenset({"why", "reason", "reasons", "evidence", "detail"})
# What other parts of the package refer to, made by us or bound by the ledger: it stays, by type.
_KEPT: Mapping[type, frozenset[str]] = {
    Finding: frozenset({"id"}),
    Detector: frozenset({"id"}),
    Incident: frozenset({"id", "findings"}),
    Link: frozenset({"a", "b"}),
    RecordPlace: frozenset({"input"}),
}
_DERIVED = ("incidents", "findings", "exposure", "coverage", "withheld", "outside", "note", "answers")

T = TypeVar("T")


def values_of(text: str) -> Iterator[str]:
    """The values that must not leave, of one field's JSON text: each text and number in it; of true and null none."""
    yield from _leaves(json.loads(text))


def check_records(package: Package) -> None:
    """Refuses a package in which a record shows what its redacted fields say. Raises RefusedError naming the entry."""
    redacted = frozenset(package.redacted)
    for record in package.records if redacted else ():
        if record.fields is None and (record.raw is not None or record.text is not None):
            raise RefusedError(
                f"the record at entry {record.index} shows its bytes and not its fields: what is redacted may be there",
                hint="withhold its bytes, or show its fields as well",
            )
        names = json.loads(record.fields.names) if record.fields else []
        hidden = [name for name in names if name in redacted]
        open_values = [
            name
            for name, value in zip(names, record.fields.values if record.fields else (), strict=True)
            if name in redacted and not value.is_redacted
        ]
        if open_values or (hidden and (record.raw is not None or record.text is not None)):
            what = f"field {open_values[0]!r}" if open_values else "bytes, which hold a redacted field"
            raise RefusedError(f"the record at entry {record.index} shows its {what}", hint="withhold them as well")


def without(package: Package, values: Iterable[str]) -> Package:
    """The package with the values taken out of what was derived from records; proofs and the ledger's words stay."""
    mask = Mask(values)
    if not mask:
        return package
    changed = {name: mask.apply(getattr(package, name)) for name in _DERIVED}
    hits = tuple(dataclasses.replace(hit, data=mask.json_line(hit.data)) for hit in package.hits)
    return dataclasses.replace(package, hits=hits, **changed)


class Mask:
    """Takes values out of texts, the longest first; false where there is none to take out."""

    def __init__(self, values: Iterable[str]) -> None:
        """For these values; an empty one is none."""
        ordered = sorted({value for value in values if value}, key=lambda value: (-len(value), value))
        self._values = ordered
        self._any = _alternatives(value for value in ordered if len(value) >= _SOUGHT_FROM)
        self._all = _alternatives(ordered)

    def __bool__(self) -> bool:
        return bool(self._values)

    def text(self, text: str, *, is_sentence: bool = False) -> str:
        """The text without them; the shortest are taken out of sentences alone."""
        pattern = self._all if is_sentence else self._any
        return pattern.sub(MASK, text) if pattern else text

    def apply(self, value: T, *, is_sentence: bool = False) -> T:
        """The same value, of the same type, its texts without them; numbers and enumerations stay."""
        changed: T = _rebuilt(self, value, is_sentence)
        return changed

    def json_line(self, data: bytes) -> bytes:
        """One line of canonical JSON without them, canonical again."""
        changed = self.apply(json.loads(data))
        text = json.dumps(changed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode("utf-8", "backslashreplace")


def is_sought(value: str) -> bool:
    """Whether files are searched for the value: not for a short number nor for a word of our own."""
    return len(value) >= _SOUGHT_FROM and not (value.isdigit() and len(value) < ANYWHERE_FROM) and not _is_ours(value)


class Sought:
    """Looks for values in bytes, each in every form it could stand in; those that cannot be sought are not looked for.

    As UTF-8, UTF-16, JSON (once and twice escaped), HTML, per cent encoded, in hex, and in base64 at each of its three
    alignments; what looks like base64 is read as well.
    """

    def __init__(self, values: Iterable[str]) -> None:
        forms = [form for value in sorted({value for value in values if is_sought(value)}) for form in _forms(value)]
        self._search = Search(forms) if forms else None

    def stands_in(self, data: bytes) -> bool:
        """Whether any of the values stands there."""
        search = self._search
        return search is not None and any(search.finds_any(text) for text in (data, b"\n".join(_decoded(data))))


def refuse_leaks(folder: Path, values: Iterable[str]) -> None:
    """Searches every file below the folder, and its name, for every value (`Sought`).

    Raises RefusedError naming the file, never the value.
    """
    sought = Sought(values)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        data = path.read_bytes() if path.is_file() else b""
        if sought.stands_in(name.encode("utf-8")) or sought.stands_in(data):
            raise RefusedError(
                f"a redacted value stands in {name}: nothing was handed over",
                hint="redact the other fields that hold it, or leave out the finding or rule that names it",
            )


def _decoded(data: bytes) -> Iterator[bytes]:
    """What stands in the file as base64, as the bytes it is; runs that are none give bytes that nothing is found in."""
    for run in _BASE64_RUN.findall(data):
        text = run.rstrip(b"=")
        yield base64.b64decode(text[: len(text) // 4 * 4] + _tail(text))


def _tail(text: bytes) -> bytes:
    rest = text[len(text) // 4 * 4 :]
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""


def _forms(value: str) -> set[bytes]:
    values = {value} if value.isascii() else {value, value.lower(), value.upper()}
    return {form for each in values for form in _forms_of(each)}


def _forms_of(value: str) -> set[bytes]:
    texts = {value, shown(value), html.escape(value), html.escape(value).replace("&#x27;", "&#39;")}
    texts |= {html.escape(value).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"), html.escape(shown(value))}
    for _ in range(2):
        texts |= {json.dumps(text, ensure_ascii=ascii_alone)[1:-1] for text in texts for ascii_alone in (True, False)}
    data = value.encode("utf-8", "surrogatepass")
    texts |= {quote(data, safe=""), quote(data), quote_plus(data)}
    texts |= {re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), text) for text in list(texts) if "%" in text}
    plain = {text.encode("utf-8", "surrogatepass") for text in texts}
    plain |= {value.encode(code, "surrogatepass") for code in ("utf-16-le", "utf-16-be")}
    found = set(plain) | {data.hex().encode(), data.hex().upper().encode()}
    for form in plain:
        found |= {inside for inside in _inside_base64(form) if len(inside) >= ANYWHERE_FROM}
    return found


def _inside_base64(data: bytes) -> Iterator[bytes]:
    """The characters that bytes make in base64 whatever stands before and behind them, at each of three alignments."""
    for lead in range(3):
        text = base64.b64encode(bytes(lead) + data)
        first, end = -(-lead * 8 // 6), (lead + len(data)) * 8 // 6
        yield text[first:end]
        yield text[first:end].replace(b"+", b"-").replace(b"/", b"_")


def _alternatives(values: Iterable[str]) -> re.Pattern[str] | None:
    found = [
        re.escape(value) if len(value) >= ANYWHERE_FROM else rf"(?<!\w){re.escape(value)}(?!\w)" for value in values
    ]
    return re.compile("|".join(found), re.IGNORECASE) if found else None


def _rebuilt(mask: Mask, value: Any, is_sentence: bool) -> Any:  # noqa: ANN401 - any model value
    kind = type(value)
    if kind is str:
        return mask.text(value, is_sentence=is_sentence)
    if isinstance(value, Mapping):
        return {key: _rebuilt(mask, item, key in _SENTENCES) for key, item in value.items()}
    if kind in (tuple, list):
        return kind(_rebuilt(mask, item, is_sentence) for item in value)
    names: Iterable[str] = getattr(value, "_fields", ()) if isinstance(value, tuple) else ()
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
    kept = _KEPT.get(kind, frozenset())
    parts = {name: _rebuilt(mask, getattr(value, name), name in _SENTENCES) for name in names if name not in kept}
    if parts:
        whole = {name: getattr(value, name) for name in names} | parts
        return kind(**whole)
    return value


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield json.dumps(value)
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _leaves(part)


def _is_ours(value: str) -> bool:
    return _OWN_WORDS.fullmatch(value) is not None and value.lower() in _own_words()


@cache
def _own_words() -> frozenset[str]:
    folder = Path(__file__).parent
    # What the files of a package are made of: a value that is one of these words stands in any package.
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix in (".py", ".toml", ".j2", ".css")]
    texts = (path.read_text(encoding="utf-8").lower() for path in paths if path.is_file())
    return frozenset(word for text in texts for word in _OWN_WORDS.findall(text))
