"""Values that must not leave in; texts without them, and a refusal where one stands in a file all the same, out.

Three guards, each enough for the common case: a record whose field is redacted shows neither its bytes nor that value
(`check_records`); what was derived from records has the value taken out (`without`); and every file that was written is
searched for every value in each form it could stand in (`refuse_leaks`).
"""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from tocsin.attest.searching import ANYWHERE_FROM, Search
from tocsin.attest.spellings import spellings, variants
from tocsin.errors import RefusedError
from tocsin.model.evidence import Package
from tocsin.model.finding import Detector, Finding, Incident, Link
from tocsin.model.reference import RecordPlace

MASK = "[redacted]"

# Shorter than this a value says what any file says ("yes", "403"): it is kept out by the other two guards.
_SOUGHT_FROM = 4
_BASE64_RUN = re.compile(rb"[A-Za-z0-9+/]{8,}={0,2}")
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]*\w")
_NAMING = (
    re.compile(r"\A[^\\]+\\([^\\]+)\Z"),
    re.compile(r"\A([\w-]+)(?:\.[\w-]+)+\.[A-Za-z-]+\.?\Z"),
    re.compile(r"\A([^<>]+)<[^<>]+>"),
    re.compile(r"(?i)\bCN=((?:[^,/\\]|\\.)+)"),
)
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


def values_of(text: str, *, in_records: bool = False) -> Iterator[str]:
    """The values that must not leave, of one field's JSON text: each text and number in it; of true and null none.

    Of a text also what others call the same by (`_parts`), where that is searched for at all.

    in_records   as they are looked for in records, where a word of our own is no less a name
    """
    found = list(_leaves(json.loads(text)))
    for value in tuple(found):
        found += [part for part in _parts(value) if part not in found and is_sought(part, in_records=in_records)]
    yield from found


def _parts(value: str) -> Iterator[str]:
    """What names the same without the rest: in logs an account stands under another domain or none.

    Each mail address, its letters and digits with `_` between as in the names of personal sites, and what stands before
    its at sign; of `DOMAIN\\account` the account; of a host's full name, of three labels or more, the first; the name
    before an address in angle brackets; the common names of a distinguished name.
    """
    for address in _ADDRESS.findall(value):
        yield from (address, address.partition("@")[0], re.sub(r"\W", "_", address))
    for pattern in _NAMING:
        for part in pattern.findall(value):
            yield part.strip(" \"'")


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
    return derived(package, mask) if mask else package


def derived(package: Package, mask: Mask) -> Package:
    """The package with the mask applied to what was derived from records, and to nothing that proves anything."""
    changed = {name: mask.apply(getattr(package, name)) for name in _DERIVED}
    hits = tuple(dataclasses.replace(hit, data=mask.json_line(hit.data)) for hit in package.hits)
    return dataclasses.replace(package, hits=hits, **changed)


class Mask:
    """Takes values out of texts, the longest first; false where there is none to take out."""

    def __init__(self, values: Iterable[str]) -> None:
        """For these values; an empty one is none."""
        wanted = {each for value in values for each in variants(value) if each}
        ordered = sorted(wanted, key=lambda value: (-len(value), value))
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


def is_sought(value: str, *, in_records: bool = False) -> bool:
    """Whether files are searched for the value: not for a short number; records alone for a word of our own."""
    if len(value) < _SOUGHT_FROM or (value.isdigit() and len(value) < ANYWHERE_FROM):
        return False
    return in_records or not _is_ours(value)


class Sought:
    """Looks for values in bytes, each as `attest.spellings` writes it; those that cannot be sought are not looked for.

    What looks like base64 is read as well.
    """

    def __init__(self, values: Iterable[str], *, in_records: bool = False) -> None:
        """For these values; `in_records` as `is_sought` has it."""
        sought = sorted({value for value in values if is_sought(value, in_records=in_records)})
        forms = [form for value in sought for form in spellings(value)]
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
