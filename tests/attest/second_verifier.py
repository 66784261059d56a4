"""A second verifier of evidence packages, written from docs/formats/evidence.md alone, with no code of the first.

The package is decoded into one immutable value; laws, in the order of the document, then object to what they find in
it. What no law objects to verifies. Everything is read into memory once: this one is for comparing, not for a court.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, datetime
from functools import partial, reduce
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar, dataclass_transform

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

T = TypeVar("T")
Decoder = Callable[[Any], T]

FIVE_MINUTES = 300
READ_WHOLE, A_LINE = 16 << 20, 64 << 20
MANY_FILES, MANY_LINES, MANY_SIGNATURES, MANY_KEYS = 100_000, 1_000_000, 100, 5_000

TAGS = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "README.txt")
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
PACKAGE, RECORDS, STATEMENTS = "data/package.json", "data/records.jsonl", "data/statements.jsonl"
PROGRAM, CONSISTENCY, EXPORT = "data/verify.py", "data/consistency.json", "data/custody/export.json"

PEOPLES_ROLES = frozenset({"officer", "custodian", "analyst", "protection", "receiver", "witness"})
LEDGER = "the ledger's own key"
MAY_SIGN: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        kind: frozenset(LEDGER if word == "ledger" else word for word in who.split())
        for kinds, who in (
            ("enrolled revoked held released handed_over", "officer"),
            ("succeeded", "officer custodian analyst protection receiver witness"),
            ("erased", "officer custodian analyst"),
            ("recovered witness_trusted", "officer ledger"),
            ("exported decided", "officer analyst ledger"),
            ("collected timestamped cosigned transferred returned", "officer custodian ledger"),
            ("received", "officer custodian receiver ledger"),
            ("read verified", "officer custodian analyst protection ledger"),
            ("drilled", "officer custodian analyst ledger"),
            ("unsealed reviewed", "protection officer"),
        )
        for kind in kinds.split()
    }
)


class RefusalError(Exception):
    """What a decoder cannot take."""


def need(holds: object, why: str) -> None:
    if not holds:
        raise RefusalError(why)


# -- decoders: from bytes and JSON to values ---------------------------------------------------------------------------


def utf8(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise RefusalError("not UTF-8") from None


def _no_float(text: str) -> Any:
    raise RefusalError(f"{text[:30]} is no whole number")


def _small(text: str) -> int:
    need(len(text) < 18 and abs(int(text)) < 1 << 53, f"{text[:30]}: a number beyond 53 bits")
    return int(text)


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    need(len(dict(pairs)) == len(pairs), "a member named twice")
    return dict(pairs)


def parsed(text: str) -> Any:
    """JSON as the document has it: whole numbers, no member twice."""
    try:
        return json.loads(
            text, parse_float=_no_float, parse_constant=_no_float, parse_int=_small, object_pairs_hook=_once
        )
    except (ValueError, RecursionError):
        raise RefusalError("no JSON") from None


def spelled(text: str) -> str:
    """Each lone surrogate as the six characters of its escape."""
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)


def canonical(text: str) -> Any:
    value = parsed(text)
    need(_ascii_names(value), "a member name that is not ASCII")
    again = spelled(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")))
    need(again == text, "not canonical JSON")
    return value


def _ascii_names(value: object) -> bool:
    if isinstance(value, dict):
        return all(name.isascii() for name in value) and all(map(_ascii_names, value.values()))
    return not isinstance(value, list) or all(map(_ascii_names, value))


def whole(value: object) -> int:
    if type(value) is not int or value < 0:
        raise RefusalError("no whole number from 0")
    return value


def string(value: object) -> str:
    if not isinstance(value, str):
        raise RefusalError("no text")
    return value


def plain(value: object) -> str:
    """Text that can be hashed: UTF-8 has no lone surrogate."""
    need(spelled(string(value)) == value, "a lone surrogate")
    return string(value)


def matching(pattern: str, what: str) -> Decoder[str]:
    def decode(value: object) -> str:
        need(re.fullmatch(pattern, string(value)), f"no {what}")
        return string(value)

    return decode


hexadecimal = matching("[0-9a-f]{64}", "hex of 64 digits")


def digest(value: object) -> bytes:
    return bytes.fromhex(hexadecimal(value))


def base64_bytes(value: object) -> bytes:
    try:
        data = base64.b64decode(string(value).encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise RefusalError("no base64") from None
    need(base64.b64encode(data).decode() == value, "not the canonical base64")
    return data


def node(value: object) -> bytes:
    data = base64_bytes(value)
    need(len(data) == 32, "no hash of 32 bytes")
    return data


def one_of(*allowed: object) -> Decoder[Any]:
    def decode(value: object) -> object:
        need(any(type(value) is type(one) and value == one for one in allowed), f"none of {allowed}")
        return value

    return decode


def many(decoder: Decoder[T]) -> Decoder[tuple[T, ...]]:
    def decode(value: object) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise RefusalError("no list")
        return tuple(map(decoder, value))

    return decode


def anything(value: object) -> object:
    return value


def mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise RefusalError("no object")
    return MappingProxyType(value)


def nullable(decoder: Decoder[T]) -> Decoder[T | None]:
    return lambda value: None if value is None else decoder(value)


def by(decoder: Decoder[Any]) -> Any:
    """A member of an object, and what decodes it. A trailing underscore of its name is not part of it."""
    return field(metadata={"decoder": decoder})


def perhaps(decoder: Decoder[Any]) -> Any:
    """A member that may be absent, and then is None."""
    return field(default=None, metadata={"decoder": decoder})


def shape(kind: type[T], *, is_open: bool = False) -> Decoder[T]:
    """An object as a dataclass; others than its members only where the shape is open."""
    members = {one.name.rstrip("_"): one for one in fields(kind)}  # type: ignore[arg-type]
    required = {name for name, one in members.items() if one.default is MISSING}

    def decode(value: object) -> T:
        given = mapping(value)
        need(required <= given.keys(), f"members are missing: {sorted(required - given.keys())}")
        need(is_open or given.keys() <= members.keys(), f"members too many: {sorted(given.keys() - members.keys())}")
        return kind(
            **{
                one.name: within(name, one.metadata["decoder"], given[name])
                for name, one in members.items()
                if name in given
            }
        )

    return decode


def within(place: str, decoder: Decoder[T], value: Any) -> T:
    """Decodes, and says where it was that it could not."""
    try:
        return decoder(value)
    except RefusalError as why:
        raise RefusalError(f"{place}: {why}") from None


def json_text(inner: Decoder[T]) -> Decoder[T]:
    """An object in canonical JSON within a text."""
    return lambda value: inner(canonical(plain(value)))


def time_of(value: object) -> int:
    """Seconds since 1970 of an RFC 3339 time in UTC, whole seconds."""
    text = matching(r"[1-9][0-9]{3}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}Z", "time")(value)
    try:
        return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
    except ValueError:
        raise RefusalError("no time") from None


def distinct(decoder: Decoder[tuple[T, ...]]) -> Decoder[tuple[T, ...]]:
    def decode(value: object) -> tuple[T, ...]:
        found = decoder(value)
        need(len(set(found)) == len(found), "one stands twice")
        return found

    return decode


def some(decoder: Decoder[tuple[T, ...]]) -> Decoder[tuple[T, ...]]:
    def decode(value: object) -> tuple[T, ...]:
        need(value, "an empty list")
        return decoder(value)

    return decode


name_of_a_key = matching("[a-z0-9.@-]+", "name of a key")


# -- signed notes ------------------------------------------------------------------------------------------------------


class Key(NamedTuple):
    """A verifier key."""

    name: str
    kind: int
    id: bytes
    material: bytes


class Signature(NamedTuple):
    """A signature line, and the line itself."""

    name: str
    id: bytes
    body: bytes
    line: str


class Note(NamedTuple):
    """A signed note: what is signed, and who says to have."""

    text: str
    signatures: tuple[Signature, ...]

    def of(self, key: Key) -> tuple[Signature, ...]:
        """The lines that say to be of the key."""
        return tuple(one for one in self.signatures if (one.name, one.id) == (key.name, key.id))


def key_of(kind: int) -> Decoder[Key]:
    def decode(value: object) -> Key:
        parts = string(value).split("+", 2)
        need(len(parts) == 3, "no verifier key")
        data = base64_bytes(parts[2])
        need(data[:1] != b"\x06", "ML-DSA-44: known, not verified in version 1")
        need(data[:1] in (b"\x01", b"\x04"), "a key of an unknown type")
        need(data[0] == kind, f"a key of the type {data[0]:#04x}, not {kind:#04x}")
        need(len(data) == 33, "a key that is not of 32 bytes")
        _key_name(parts[0])
        identity = sha256(parts[0].encode() + b"\n" + data).digest()[:4]
        need(parts[1] == identity.hex(), "a key whose id is another")
        return Key(parts[0], kind, identity, data[1:])

    return decode


def _key_name(name: str) -> None:
    need(name and "+" not in name and not any(map(str.isspace, name)), "no name of a key")
    plain(name)


def note(value: object) -> Note:
    text = plain(value)
    need(not re.search("[\x00-\x09\x0b-\x1f]", text), "a control character in a note")
    body, empty_line, tail = text.rpartition("\n\n")
    need(empty_line and tail.endswith("\n"), "no note: a text, an empty line, signature lines")
    lines = tail[:-1].split("\n")
    need(len(lines) <= MANY_SIGNATURES, "too many signature lines")
    return Note(body + "\n", tuple(map(_signature, lines)))


def _signature(line: str) -> Signature:
    dash, name, data, *more = [*line.split(" "), "", ""]
    need(dash == "—" and not any(more), "no signature line")
    need(len(more) == 2, "no signature line")
    need(name, "a signature line without a name")
    body = base64_bytes(data)
    need(len(body) > 4, "a signature line without a signature")
    return Signature(name, body[:4], body[4:], line + "\n")


def is_signed(text: str, key: Key, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.material).verify(signature, text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def cosigned_at(text: str, key: Key, body: bytes) -> int | None:
    """The time of a good cosignature, or None."""
    seconds = int.from_bytes(body[:8], "big")
    message = f"cosignature/v1\ntime {seconds}\n{text}"
    return seconds if len(body) == 72 and seconds < 1 << 63 and is_signed(message, key, body[8:]) else None


# -- the package as a value: its objects, member by member -------------------------------------------------------------


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(by, perhaps))
def frozen(kind: type[T]) -> type[T]:
    return dataclass(frozen=True, slots=True, kw_only=True)(kind)


@frozen
class Counts:
    records: int = by(whole)


@frozen
class Head:
    format: str = by(one_of("tocsin.evidence"))
    version: int = by(one_of(1))
    origin: str = by(plain)
    log_key: Key = by(key_of(1))
    tool: str = by(string)
    asked: tuple[str, ...] = by(many(string))
    size: int = by(whole)
    redacted: tuple[str, ...] = by(many(string))
    counts: Counts = by(shape(Counts, is_open=True))


@frozen
class Value:
    salt: bytes | None = perhaps(digest)
    text: str | None = perhaps(plain)
    digest: bytes | None = perhaps(digest)


@frozen
class Fields:
    names: str = by(plain)
    names_salt: bytes = by(digest)
    values: tuple[Value, ...] = by(many(shape(Value)))
    statement: int | None = perhaps(whole)


@frozen
class Leaf:
    decoder: str = by(string)
    fields: str | None = perhaps(hexadecimal)
    length: int = by(whole)
    masked: str | None = perhaps(hexadecimal)
    offset: int = by(whole)
    ordinal: int = by(whole)
    raw: str = by(hexadecimal)
    segment: str = by(hexadecimal)
    text: str | None = perhaps(hexadecimal)
    v: int = by(one_of(1))


@frozen
class Record:
    index: int = by(whole)
    leaf: str = by(plain)
    proof: tuple[bytes, ...] = by(many(node))
    chunk: int = by(whole)
    input: str = by(string)
    entry: int = by(whole)
    raw: bytes | None = perhaps(base64_bytes)
    raw_salt: bytes | None = perhaps(digest)
    text: str | None = perhaps(plain)
    text_salt: bytes | None = perhaps(digest)
    fields: Fields | None = perhaps(shape(Fields))
    findings: tuple[object, ...] = by(many(anything))


@frozen
class Statement:
    index: int = by(whole)
    kind: str = by(one_of("input", "chunk", "derived", "fields", "rewritten", "act"))
    salt: bytes = by(digest)
    data: str = by(plain)
    proof: tuple[bytes, ...] = by(many(node))
    ledger_proof: tuple[bytes, ...] | None = perhaps(many(node))


@frozen
class InputSaid:
    input: int = by(whole)
    path: str = by(string)


@frozen
class ChunkSaid:
    name: str = by(hexadecimal)
    decoder: str = by(string)
    input: int = by(whole)
    offset: int = by(whole)
    length: int = by(whole)
    tree_start: int = by(whole)
    leaves: int = by(whole)
    first_entry: int = by(whole)
    read: int = by(whole)


@frozen
class FieldsSaid:
    leaf: int = by(whole)
    fields: str = by(hexadecimal)


@frozen
class RewrittenSaid:
    chunk: int = by(whole)
    erased: tuple[tuple[int, ...], ...] = by(many(many(whole)))
    residue: str = by(hexadecimal)
    segment_sha256: str = by(hexadecimal)


@frozen
class OtherSaid:
    statement: str = by(string)


@frozen
class Joint:
    from_: int = by(whole)
    to: int = by(whole)
    proof: tuple[bytes, ...] = by(many(node))


@frozen
class Exported:
    act: int = by(whole)
    salt: bytes = by(digest)
    data: str = by(plain)
    proof: tuple[bytes, ...] = by(many(node))
    size: int = by(whole)
    ledger_proof: tuple[bytes, ...] = by(many(node))
    consistency: tuple[bytes, ...] = by(many(node))


@frozen
class Tree:
    size: int = by(whole)
    root: bytes = by(node)


@frozen
class Body:
    act: str = by(one_of(*MAY_SIGN))
    at: int = by(time_of)
    by_: tuple[str, ...] = by(some(distinct(many(string))))
    ledger: Tree = by(shape(Tree))
    previous: int | None = by(nullable(whole))
    what: Mapping[str, Any] = by(mapping)


@frozen
class Enrolment:
    name: str = by(name_of_a_key)
    key: Key = by(key_of(1))
    roles: tuple[str, ...] = by(some(many(one_of(*PEOPLES_ROLES))))
    person: str = by(matching(r"(?s).*\S.*", "name of a person"))


@frozen
class Replacement:
    name: str = by(string)
    new_name: str = by(name_of_a_key)
    key: Key = by(key_of(1))


@frozen
class Recovery(Replacement):
    reason: str = by(string)


@frozen
class Revocation:
    name: str = by(string)
    reason: str = by(string)
    since: int | None = by(nullable(whole))


@frozen
class Review:
    entry: int = by(whole)


@frozen
class Trust:
    key: Key = by(key_of(4))


@frozen
class ExportSaid:
    content: str = by(hexadecimal)
    asked: tuple[str, ...] = by(many(string))
    records: int = by(whole)
    redacted: tuple[str, ...] = by(many(string))


SAID: Mapping[str, Decoder[Any]] = {
    "input": shape(InputSaid, is_open=True),
    "chunk": shape(ChunkSaid, is_open=True),
    "fields": shape(FieldsSaid, is_open=True),
    "derived": shape(OtherSaid, is_open=True),
    "rewritten": shape(RewrittenSaid, is_open=True),
}
FORMS: Mapping[str, Decoder[Any]] = {
    "enrolled": shape(Enrolment, is_open=True),
    "succeeded": shape(Replacement, is_open=True),
    "recovered": shape(Recovery, is_open=True),
    "revoked": shape(Revocation, is_open=True),
    "witness_trusted": shape(Trust, is_open=True),
    "reviewed": shape(Review, is_open=True),
}
EXPORT_SAID = shape(ExportSaid, is_open=True)


@frozen
class Act:
    """An act at its place in the ledger; `form` is what of its `what` is verified."""

    index: int
    body: Body
    form: Any
    note: Note
    ledger_proof: tuple[bytes, ...]


@frozen
class Checkpoint:
    """A signed state of the ledger."""

    origin: str
    size: int
    root: bytes
    note: Note


@frozen
class Token:
    """A token, the size it says to be over, and the roots beside it."""

    name: str
    size: int
    data: bytes
    roots: bytes


@frozen
class Reader:
    """What the reader brings along: verifier keys, roots in PEM, a checkpoint that was kept."""

    log_key: str | None = None
    witnesses: tuple[str, ...] = ()
    tsa_roots: bytes | None = None
    checkpoint: bytes | None = None


@frozen
class Package:
    """All that a law may look at."""

    digests: Mapping[str, str]
    head: Head
    checkpoints: tuple[Checkpoint, ...]
    joints: tuple[Joint, ...]
    records: tuple[Record, ...]
    leaves: tuple[Leaf, ...]
    statements: tuple[Statement, ...]
    said: Mapping[int, Any]
    acts: tuple[Act, ...]
    export: Exported
    tokens: tuple[Token, ...]
    witnesses: tuple[Key, ...]
    log_key: Key | None
    kept: Checkpoint | None
    tsa_roots: bytes | None

    def root(self, size: int) -> bytes | None:
        return next((one.root for one in self.checkpoints if one.size == size), None)


def checkpoint(data: bytes) -> Checkpoint:
    signed = note(utf8(data))
    origin, size, root, *more = [*signed.text.split("\n"), "", ""]
    need(len(more) == 3, "a checkpoint has three lines")
    matching("0|[1-9][0-9]{0,15}", "size")(size)
    return Checkpoint(origin=origin, size=int(size), root=node(root), note=signed)


def act(index: int, data: str, ledger_proof: tuple[bytes, ...]) -> Act:
    signed = note(data)
    lines = signed.text.split("\n")
    need(len(lines) == 3 and lines[0] == "tocsin/act/1", "no act of this version")
    body = json_text(shape(Body))(lines[1])
    form = FORMS[body.act](body.what) if body.act in FORMS else None
    return Act(index=index, body=body, form=form, note=signed, ledger_proof=ledger_proof)


def json_lines(data: bytes, decoder: Decoder[T]) -> tuple[T, ...]:
    need(not data or data.endswith(b"\n"), "the last line has no end")
    lines = data.split(b"\n")[:-1]
    need(len(lines) <= MANY_LINES and max(map(len, lines), default=0) < A_LINE, "too many lines, or one too long")
    return tuple(within(f"line {at}", lambda one: decoder(parsed(utf8(one))), line) for at, line in enumerate(lines, 1))


def said(statement: Statement) -> Any:
    """What a statement says, as its kind has it."""
    need((statement.kind == "act") == (statement.ledger_proof is not None), "a ledger_proof is what acts have")
    if statement.ledger_proof is not None:
        return act(statement.index, statement.data, statement.ledger_proof)
    value = json_text(mapping)(statement.data)
    need(value.get("statement") == statement.kind, f"it is not of the kind {statement.kind}")
    return SAID[statement.kind](value)


def decoded(files: Mapping[str, bytes], digests: Mapping[str, str], reader: Reader) -> Package:
    """The package of its files; refuses with the place of what cannot be taken."""

    def at(name: str, decoder: Callable[[bytes], T]) -> T:
        need(name in files, f"{name}: missing")
        need(name in (RECORDS, STATEMENTS) or len(files[name]) <= READ_WHOLE, f"{name}: too large")
        return within(name, decoder, files[name])

    def document(name: str, decoder: Decoder[T]) -> T:
        return at(name, lambda data: decoder(parsed(utf8(data))))

    need(PROGRAM in files, f"{PROGRAM}: missing")
    head = document(PACKAGE, shape(Head, is_open=True))
    notes = {name: at(name, checkpoint) for name in files if name.startswith("data/checkpoints/")}
    for name, one in notes.items():
        need(name == f"data/checkpoints/{one.size}.note", f"{name}: it is over {one.size} entries")
    records = at(RECORDS, lambda data: json_lines(data, shape(Record)))
    statements = at(STATEMENTS, lambda data: json_lines(data, shape(Statement)))
    export = document(EXPORT, shape(Exported))
    saying = {one.index: within(f"statement {one.index}", said, one) for one in statements}
    last = within(EXPORT, partial(act, export.act, ledger_proof=export.ledger_proof), export.data)
    return Package(
        digests=digests,
        head=head,
        checkpoints=tuple(sorted(notes.values(), key=lambda one: one.size)),
        joints=document(CONSISTENCY, many(shape(Joint))),
        records=records,
        leaves=tuple(within(f"record {one.index}", json_text(shape(Leaf)), one.leaf) for one in records),
        statements=statements,
        said=MappingProxyType(saying),
        acts=(*(one for one in saying.values() if isinstance(one, Act)), last),
        export=export,
        tokens=tuple(_tokens(files)),
        witnesses=tuple(map(key_of(4), reader.witnesses)),
        log_key=nullable(key_of(1))(reader.log_key),
        kept=nullable(checkpoint)(reader.checkpoint),
        tsa_roots=reader.tsa_roots,
    )


def _tokens(files: Mapping[str, bytes]) -> Iterator[Token]:
    names = {name for name in files if name.startswith("data/timestamps/")}
    for name in sorted(names):
        found = re.fullmatch(r"(data/timestamps/(0|[1-9][0-9]{0,15})-[0-9]+)\.(tsr|pem)", name)
        if found is None:
            raise RefusalError(f"{name}: neither a token nor the roots of one")
        need(len(files[name]) <= READ_WHOLE, f"{name}: too large")
        need({f"{found[1]}.tsr", f"{found[1]}.pem"} <= names, f"{name}: a token or its roots are missing")
        if found[3] == "tsr":
            yield Token(name=name, size=int(found[2]), data=files[name], roots=files[f"{found[1]}.pem"])


# -- the bag -----------------------------------------------------------------------------------------------------------


def walked(folder: Path) -> Iterator[tuple[str, bytes]]:
    """All files below, by path; refuses what is no ordinary file."""
    for entry in sorted(os.scandir(folder), key=lambda one: one.name):
        if entry.is_dir(follow_symlinks=False):
            yield from ((f"{entry.name}/{name}", data) for name, data in walked(folder / entry.name))
        else:
            need(entry.is_file(follow_symlinks=False), f"{entry.name!r}: a link, device or pipe")
            yield entry.name, (folder / entry.name).read_bytes()


def listing(name: str, data: bytes) -> Mapping[str, str]:
    """Path to digest of a manifest."""
    need(len(data) <= READ_WHOLE, f"{name}: too large")
    text = utf8(data)
    need(text.endswith("\n"), f"{name}: no lines")
    lines = [re.fullmatch("([0-9a-f]{64})  (.+)", line) for line in text[:-1].split("\n")]
    found = {line[2]: line[1] for line in lines if line}
    need(len(found) == len(lines), f"{name}: a line that is none, or a path twice")
    return MappingProxyType(found)


def opened(folder: Path) -> tuple[Mapping[str, bytes], Mapping[str, str]]:
    """Step 1: the files, and the digests of the payload."""
    need(folder.is_dir(), "no folder")
    files = dict(walked(folder))
    need(len(files) <= MANY_FILES, "too many files")
    for path in files:
        parts = path.split("/")
        need(all(re.fullmatch("[A-Za-z0-9_-][A-Za-z0-9._-]*", part) for part in parts), f"{path!r}: no plain path")
    need(len({path.lower() for path in files}) == len(files), "two paths that differ in case alone")
    need({path for path in files if not path.startswith("data/")} == set(TAGS), "other tag files than five")
    need(files["bagit.txt"] == DECLARATION, "bagit.txt: another declaration")
    tags, payload = (listing(name, files[name]) for name in ("tagmanifest-sha256.txt", "manifest-sha256.txt"))
    need(tags.keys() == set(TAGS) - {"tagmanifest-sha256.txt"}, "the tag manifest lists other files")
    need(payload.keys() == {path for path in files if path.startswith("data/")}, "the manifest lists other files")
    for path, expected in (*tags.items(), *payload.items()):
        need(sha256(files[path]).hexdigest() == expected, f"{path}: another hash")
    need(
        {path for path in files if path.startswith("data/custody/")} <= {EXPORT},
        "custody/ has a file that no act binds",
    )
    return MappingProxyType(files), payload


# -- Merkle trees, by their recursive definition (RFC 9162, 2.1) -------------------------------------------------------


def leaf_hash(leaf: str) -> bytes:
    return sha256(b"\x00" + leaf.encode()).digest()


def joined(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def _left(size: int) -> int:
    """The largest power of two below."""
    return 1 << (size - 1).bit_length() - 1


def root_by_path(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """The root of the tree that has the leaf there, where the path is of the right length."""
    if size == 1:
        need(not path, "an inclusion proof that is too long")
        return leaf
    need(path, "an inclusion proof that is too short")
    *lower, sibling = path
    left = _left(size)
    if index < left:
        return joined(root_by_path(index, left, leaf, lower), sibling)
    return joined(sibling, root_by_path(index - left, size - left, leaf, lower))


def roots_by_proof(old: int, new: int, proof: Sequence[bytes], known: bytes | None) -> tuple[bytes, bytes]:
    """The roots of both trees; `known` is the older root where it is a subtree of the newer on its left edge."""
    if old == new:
        if known is not None:
            need(not proof, "a consistency proof that is too long")
            return known, known
        need(len(proof) == 1, "a consistency proof of another length")
        return proof[0], proof[0]
    need(proof, "a consistency proof that is too short")
    *lower, sibling = proof
    left = _left(new)
    if old <= left:
        older, newer = roots_by_proof(old, left, lower, known)
        return older, joined(newer, sibling)
    older, newer = roots_by_proof(old - left, new - left, lower, None)
    return joined(sibling, older), joined(sibling, newer)


def is_prefix(old: Tree, new: Tree, proof: Sequence[bytes]) -> bool:
    if old.size == 0:
        return old.root == sha256().digest() and not proof
    try:
        return old.size <= new.size and roots_by_proof(old.size, new.size, proof, old.root) == (old.root, new.root)
    except RefusalError:
        return False


def is_in_tree(index: int, leaf: str, tree: Tree, path: Sequence[bytes]) -> bool:
    try:
        return index < tree.size and root_by_path(index, tree.size, leaf_hash(leaf), path) == tree.root
    except RefusalError:
        return False


# -- laws --------------------------------------------------------------------------------------------------------------


def checkpoints_are_signed(package: Package) -> Iterator[str]:
    key = package.head.log_key
    if key.name != package.head.origin:
        yield "package.json: the key does not bear the name of the origin"
    if package.log_key not in (None, key):
        yield "package.json: the key is not the one the reader has"
    for one in package.checkpoints:
        yield from _checkpoint_faults(one, package)
    if package.root(package.head.size) is None:
        yield f"there is no checkpoint over {package.head.size} entries"


def _checkpoint_faults(one: Checkpoint, package: Package) -> Iterator[str]:
    if one.origin != package.head.origin:
        yield f"checkpoint {one.size}: of another origin"
    lines = one.note.of(package.head.log_key)
    if len(lines) != 1 or not is_signed(one.note.text, package.head.log_key, lines[0].body):
        yield f"checkpoint {one.size}: not signed, once, by the ledger's key"


def checkpoints_are_one_history(package: Package) -> Iterator[str]:
    sizes = [one.size for one in package.checkpoints]
    size, newest = package.head.size, package.export.size
    if [one for one in sizes if one > size] != [newest]:
        yield "beyond the package's size there is not the checkpoint of the export, and it alone"
        return
    within = [one for one in sizes if one <= size]
    if [(one.from_, one.to) for one in package.joints] != list(pairwise(within)):
        yield "consistency.json does not join the checkpoints one by one"
        return
    proofs = (*(one.proof for one in package.joints), package.export.consistency)
    for (old, new), proof in zip(pairwise(package.checkpoints), proofs, strict=True):
        if not is_prefix(Tree(size=old.size, root=old.root), Tree(size=new.size, root=new.root), proof):
            yield f"checkpoints {old.size} and {new.size}: no proof that the one became the other"
    if package.kept is not None:
        yield from _checkpoint_faults(package.kept, package)
        if package.root(package.kept.size) != package.kept.root:
            yield f"the checkpoint kept over {package.kept.size} entries is not of this history"


def _tree(package: Package) -> Tree:
    root = package.root(package.head.size)
    assert root is not None
    return Tree(size=package.head.size, root=root)


def _export_tree(package: Package) -> Tree:
    root = package.root(package.export.size)
    assert root is not None
    return Tree(size=package.export.size, root=root)


def _ascends(items: Iterable[Record | Statement]) -> bool:
    return all(one.index < next_.index for one, next_ in pairwise(items))


def records_are_in_the_tree(package: Package) -> Iterator[str]:
    if package.head.counts.records != len(package.records):
        yield "package.json: another number of records"
    if not _ascends(package.records):
        yield "records.jsonl: the indices do not ascend"
    tree = _tree(package)
    for record, leaf in zip(package.records, package.leaves, strict=True):
        if not is_in_tree(record.index, record.leaf, tree, record.proof):
            yield f"record {record.index}: not in the tree"
        yield from (f"record {record.index}: {why}" for why in _opened_faults(record, leaf))


def _opened_faults(record: Record, leaf: Leaf) -> Iterator[str]:
    shown_text = None if record.text is None else record.text.encode()
    for name, shown, salt, expected in (
        ("raw", record.raw, record.raw_salt, leaf.raw),
        ("text", shown_text, record.text_salt, leaf.text),
    ):
        if (shown is None) != (salt is None):
            yield f"{name} without its salt, or the salt alone"
        elif shown is not None and salt is not None and sha256(salt + shown).hexdigest() != expected:
            yield f"{name} is not what the leaf commits to"
    if record.raw is not None and len(record.raw) != leaf.length:
        yield "raw is of another length"
    if record.fields is not None:
        if (leaf.fields is None) == (record.fields.statement is None):
            yield "its fields are committed to in neither or both of leaf and statement"
        elif _field_root(record.fields) is None:
            yield "names and values of its fields do not fit"
        elif leaf.fields not in (None, _field_root(record.fields)):
            yield "its fields are not what the leaf commits to"


def _field_root(shown: Fields) -> str | None:
    """The root, or None where names or values are not well-formed."""
    try:
        names = many(string)(parsed(shown.names))
    except RefusalError:
        return None
    hashes = [_value_hash(one) for one in shown.values]
    if len(names) != len(hashes) or not all(one < next_ for one, next_ in pairwise(names)):
        return None
    start = sha256(shown.names_salt + shown.names.encode())
    return None if None in hashes else sha256(start.digest() + b"".join(one or b"" for one in hashes)).hexdigest()


def _value_hash(value: Value) -> bytes | None:
    match (value.salt, value.text, value.digest):
        case (bytes(salt), str(text), None):
            return sha256(salt + text.encode()).digest()
        case (None, None, bytes(withheld)):
            return withheld
    return None


def _statement_leaf(salt: bytes, data: str) -> str:
    return f'{{"statement":"{sha256(salt + data.encode()).hexdigest()}","v":1}}'


def statements_are_in_the_tree(package: Package) -> Iterator[str]:
    if not _ascends(package.statements):
        yield "statements.jsonl: the indices do not ascend"
    tree = _tree(package)
    for one in package.statements:
        if not is_in_tree(one.index, _statement_leaf(one.salt, one.data), tree, one.proof):
            yield f"statement {one.index}: not in the tree"


ALWAYS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "input": ("input", ("path", "sha256", "content_sha256", "source", "container")),
    "chunk": ("name", ("input", "offset", "length", "decoder", "tree_start", "first_entry")),
}


def statements_say_the_same_of_one_thing(package: Package) -> Iterator[str]:
    said: dict[tuple[str, object], list[object]] = {}
    for one in package.statements:
        if one.kind in ALWAYS:
            subject, names = ALWAYS[one.kind]
            body = json.loads(one.data)
            values = [body.get(name) for name in names]
            if said.setdefault((one.kind, body[subject]), values) != values:
                yield f"statement {one.index}: of the same {one.kind} another one says otherwise"


def records_have_their_statements(package: Package) -> Iterator[str]:
    inputs = {(one.input, spelled(one.path)) for one in package.said.values() if isinstance(one, InputSaid)}
    for record, leaf in zip(package.records, package.leaves, strict=True):
        chunk = package.said.get(record.chunk)
        if not isinstance(chunk, ChunkSaid):
            yield f"record {record.index}: the statement of its chunk is not enclosed"
            continue
        laws = {
            "its chunk has another name or decoder": (chunk.name, chunk.decoder) == (leaf.segment, leaf.decoder),
            "its statement stands before the end of its chunk": chunk.tree_start + chunk.leaves <= record.chunk,
            "its ordinal is not that of its place": record.index == chunk.tree_start + leaf.ordinal,
            "its ordinal lies beyond its chunk": leaf.ordinal < chunk.leaves,
            "its span lies beyond its chunk": leaf.offset + leaf.length <= chunk.length,
            "its entry cannot be there": 0
            <= record.entry - chunk.first_entry - leaf.ordinal
            <= chunk.read - chunk.leaves,
            "no statement has its input and path": (chunk.input, spelled(record.input)) in inputs,
            "no statement has its fields": record.fields is None
            or record.fields.statement is None
            or package.said.get(record.fields.statement)
            == FieldsSaid(leaf=record.index, fields=_field_root(record.fields) or ""),
        }
        yield from (f"record {record.index}: {why}" for why, holds in laws.items() if not holds)


# -- acts: who was in force --------------------------------------------------------------------------------------------


class Holder(NamedTuple):
    """A key that an act brought in."""

    key: Key
    person: str
    roles: frozenset[str]


class People(NamedTuple):
    """Who stands at an entry: all keys ever brought in; of which it stands that they fell, were revoked, replaced."""

    known: Mapping[str, Holder]
    fell: frozenset[str]
    revoked: frozenset[str]
    replaced: frozenset[str]

    @property
    def ended(self) -> frozenset[str]:
        return self.fell | self.revoked | self.replaced

    def in_force(self, role: str) -> frozenset[str]:
        return frozenset(name for name in self.known.keys() - self.ended if role in self.known[name].roles)


def same_person(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _brought(one: Act) -> str | None:
    if isinstance(one.form, Enrolment):
        return one.form.name
    return one.form.new_name if isinstance(one.form, Replacement) else None


def tainted_by(revocation: Act, acts: Sequence[Act]) -> tuple[frozenset[int], frozenset[str]]:
    """Acts that a revocation takes back, and the keys that fall with its own; what comes after it is none of them."""

    def step(tainted: tuple[frozenset[int], Mapping[str, int]], one: Act) -> tuple[frozenset[int], Mapping[str, int]]:
        fallen, since = tainted
        if not any(one.index >= since[name] for name in one.body.by_ if name in since):
            return tainted
        new = _brought(one)
        return fallen | {one.index}, {**since, new: one.index} if new else since

    since = revocation.form.since
    start = {revocation.form.name: revocation.index if since is None else since}
    before = (one for one in acts if one.index < revocation.index)
    nothing: tuple[frozenset[int], Mapping[str, int]] = (frozenset(), start)
    fallen, keys = reduce(step, before, nothing)
    return fallen, frozenset(keys) - {revocation.form.name}


def taken_back(acts: Sequence[Act]) -> tuple[frozenset[int], frozenset[str]]:
    """Acts that do not count after the last of these, and keys that fell, from the last revocation to the first."""

    def step(fallen: tuple[frozenset[int], frozenset[str]], revocation: Act) -> tuple[frozenset[int], frozenset[str]]:
        if revocation.index in fallen[0]:
            return fallen
        taken, keys = tainted_by(revocation, acts)
        return fallen[0] | taken, fallen[1] | keys

    revocations = (one for one in reversed(acts) if isinstance(one.form, Revocation))
    return reduce(step, revocations, (frozenset[int](), frozenset[str]()))


def acts_are_one_chain(package: Package) -> Iterator[str]:
    for one, before in zip(package.acts, (None, *(one.index for one in package.acts)), strict=False):
        if one.body.previous != before:
            yield f"act {one.index}: an act is missing before it, or it names another"


def acts_are_by_those_who_may(package: Package) -> Iterator[str]:
    """Each is judged as of its own entry: what came later takes nothing from its having been good."""
    known: Mapping[str, Holder] = {}
    if sum(isinstance(one.form, Enrolment | Replacement | Revocation) for one in package.acts) > MANY_KEYS:
        yield f"more than {MANY_KEYS} acts about keys"
        return
    for place, one in enumerate(package.acts):
        people = _people(known, package.acts[:place])
        faults = list(_act_faults(one, people, package))
        if not faults and isinstance(one.form, Revocation):
            # Of revocations that this one takes back nothing stands beside it.
            others = _people(known, package.acts[: place + 1], besides=one)
            faults = ["the key was revoked before"] if one.form.name in others.revoked else []
        yield from (f"act {one.index}: {why}" for why in faults)
        if faults:
            return
        known = {**known, **_brought_by(one, known)}


def _people(known: Mapping[str, Holder], acts: Sequence[Act], besides: Act | None = None) -> People:
    taken, fell = taken_back(acts)
    standing = [one for one in acts if one.index not in taken and one is not besides]
    return People(
        known=known,
        fell=fell,
        revoked=frozenset(one.form.name for one in standing if isinstance(one.form, Revocation)),
        replaced=frozenset(one.form.name for one in standing if isinstance(one.form, Replacement)),
    )


def _brought_by(one: Act, known: Mapping[str, Holder]) -> Mapping[str, Holder]:
    if isinstance(one.form, Enrolment):
        return {one.form.name: Holder(one.form.key, one.form.person, frozenset(one.form.roles))}
    if isinstance(one.form, Replacement):
        return {one.form.new_name: known[one.form.name]._replace(key=one.form.key)}
    return {}


def _act_faults(one: Act, people: People, package: Package) -> Iterator[str]:
    body, origin = one.body, package.head.origin
    if body.ledger.size > one.index:
        yield "it was signed over a ledger larger than its own place"
    grown = _export_tree(package) if one is package.acts[-1] else _tree(package)
    if not is_prefix(body.ledger, grown, one.ledger_proof):
        yield "the ledger it was signed over is not the beginning of this one"
    is_first = isinstance(one.form, Enrolment) and not people.known
    signers = dict(people.known)
    if is_first:
        signers[one.form.name] = Holder(one.form.key, one.form.person, frozenset(one.form.roles))
    by_ledger = origin in body.by_
    if by_ledger and body.by_ != (origin,):
        yield "the ledger's key does not sign alone"
        return
    if unknown := [name for name in body.by_ if name not in signers and not by_ledger]:
        yield f"signed by a key that nobody enrolled: {unknown}"
        return
    keys = [package.head.log_key] if by_ledger else [signers[name].key for name in body.by_]
    for key in keys:
        lines = one.note.of(key)
        if len(lines) != 1 or not is_signed(one.note.text, key, lines[0].body):
            yield f"not signed, once, by {key.name!r}"
    if gone := people.ended & set(body.by_):
        yield f"signed by a key that was ended: {sorted(gone)}"
    holders = [] if by_ledger else [signers[name] for name in body.by_]
    if is_first and (body.by_ != (one.form.name,) or "officer" not in one.form.roles):
        yield "the first key enrolled is no officer's that signs for itself"
    yield from _role_faults(one, holders)
    if isinstance(one.form, Review):
        yield from _review_faults(one, people, package.acts)
    if isinstance(one.form, Enrolment | Replacement):
        yield from _new_key_faults(one, people)
    yield from _standing_faults(one, people, holders)


def _role_faults(one: Act, holders: Sequence[Holder]) -> Iterator[str]:
    kind, may = one.body.act, MAY_SIGN[one.body.act]
    if kind == "succeeded":
        if one.body.by_ != (one.form.name,):
            yield "a key is succeeded by another than itself"
    elif not (all(may & one_.roles for one_ in holders) if holders else LEDGER in may):
        yield f"somebody without the role signed {kind!r}"
    if kind == "erased":
        if all(same_person(one_.person, holders[0].person) for one_ in holders):
            yield "one person alone erases"
        if not any("officer" in one_.roles for one_ in holders):
            yield "no officer erases"
    if kind == "unsealed" and not is_break_glass(one):
        if all(same_person(one_.person, holders[0].person) for one_ in holders):
            yield "one person alone unseals"
        if not any("protection" in one_.roles for one_ in holders):
            yield "nobody unseals who answers for the protected persons"


def is_break_glass(one: Act) -> bool:
    return one.body.act == "unsealed" and one.body.what.get("break_glass") is True


def _review_faults(one: Act, people: People, acts: Sequence[Act]) -> Iterator[str]:
    earlier = [each for each in acts if each.index < one.index and is_break_glass(each)]
    reviewed = next((each for each in earlier if each.index == one.form.entry), None)
    if reviewed is None:
        yield "it reviews nothing that somebody unsealed alone"
        return
    pairs = (
        (people.known[mine].person, people.known[his].person) for mine in one.body.by_ for his in reviewed.body.by_
    )
    if any(same_person(*pair) for pair in pairs):
        yield "it reviews what its own signer unsealed"


def _new_key_faults(one: Act, people: People) -> Iterator[str]:
    name = _brought(one)
    if one.form.key.name != name:
        yield "the key bears another name"
    if name in people.known or one.form.key.material in {holder.key.material for holder in people.known.values()}:
        yield "the name or the key was brought in before"


def _standing_faults(one: Act, people: People, holders: Sequence[Holder]) -> Iterator[str]:
    form = one.form
    if isinstance(form, Revocation | Replacement) and form.name not in people.known:
        yield f"nobody enrolled the key {form.name!r}"
        return
    if isinstance(form, Revocation) and form.since is not None and form.since > one.index:
        yield "it is revoked as of a size to come"
    if isinstance(form, Replacement) and form.name in people.replaced:
        yield "the key was replaced before"
    if one.body.act == "recovered":
        if form.name in people.fell:
            yield "the key fell with another: it is not to be recovered"
        if any(same_person(holder.person, people.known[form.name].person) for holder in holders):
            yield "somebody recovers the own key"
        if not holders and people.in_force("officer") - {form.name}:
            yield "the ledger's key recovers while an officer is in force"


def the_export_is_of_this_package(package: Package) -> Iterator[str]:
    export, head, one = package.export, package.head, package.acts[-1]
    if one.body.act != "exported":
        yield "the act of export is another"
        return
    try:
        said_of_it = EXPORT_SAID(one.body.what)
    except RefusalError as why:
        yield f"the act of export: {why}"
        return
    leaf = _statement_leaf(export.salt, export.data)
    if export.act < head.size or not is_in_tree(export.act, leaf, _export_tree(package), export.proof):
        yield "the act of export is not in the tree, after what it exports"
    if one.index in taken_back(package.acts)[0]:
        yield "the act of export does not count"
    if said_of_it.content != content_digest(package):
        yield "the files are not those that were exported"
    if (said_of_it.asked, said_of_it.records, said_of_it.redacted) != (head.asked, len(package.records), head.redacted):
        yield "it was asked for something else"


def content_digest(package: Package) -> str:
    apart = {EXPORT, f"data/checkpoints/{package.export.size}.note"}
    lines = (f"{package.digests[path]}  {path}\n" for path in sorted(package.digests.keys() - apart))
    return sha256("".join(lines).encode()).hexdigest()


# -- time from outside -------------------------------------------------------------------------------------------------


class Attested(NamedTuple):
    """That the ledger had so many entries at a time between two, in seconds since 1970; `is_held` tells the act that
    took it in."""

    size: int
    earliest: int
    latest: int
    is_held: Callable[[Act], bool]


def _trusted(package: Package) -> tuple[Key, ...]:
    fallen, _ = taken_back(package.acts)
    by_acts = (one.form.key for one in package.acts if isinstance(one.form, Trust) and one.index not in fallen)
    return tuple(dict.fromkeys((*package.witnesses, *by_acts)))


def _cosignatures(package: Package) -> Iterator[tuple[Checkpoint, Key, Signature]]:
    for one in package.checkpoints:
        for key in _trusted(package):
            yield from ((one, key, line) for line in one.note.of(key))


def cosignatures_verify(package: Package) -> Iterator[str]:
    found = list(_cosignatures(package))
    for one, key, line in found:
        if cosigned_at(one.note.text, key, line.body) is None:
            yield f"checkpoint {one.size}: no cosignature of {key.name}"
    for key in package.witnesses:
        if key not in {witness for _, witness, _ in found}:
            yield f"the witness {key.name} cosigned nothing"


def tokens_verify(package: Package) -> Iterator[str]:
    if package.tsa_roots is not None and not package.tokens:
        yield "there is no token for the roots the reader brings"
    for token in package.tokens:
        try:
            _token_time(token, package)
        except RefusalError as why:
            yield f"{token.name}: {why}"


def _token_time(token: Token, package: Package) -> tuple[int, int] | None:
    """When it was stamped, and give or take how many seconds; None where openssl is not at hand."""
    one = next((one for one in package.checkpoints if one.size == token.size), None)
    if one is None:
        raise RefusalError("the checkpoint it is over is not enclosed")
    is_token = _is_token(token.data)
    if shutil.which("openssl") is None:
        return None
    stamped = one.note.text + "\n" + one.note.of(package.head.log_key)[0].line
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "token").write_bytes(token.data)
        (Path(folder) / "roots").write_bytes(package.tsa_roots or token.roots)
        given = ("-in", f"{folder}/token", *(["-token_in"] if is_token else []))
        shown = _openssl("ts", "-reply", *given, "-text")
        need("Hash Algorithm: sha256" in shown, "it is no token over SHA-256")
        found = re.search(r"^Time stamp: (\w+ +[0-9]+ [0-9:]+)(?:\.[0-9]+)? ([0-9]+) GMT$", shown, re.MULTILINE)
        if found is None:
            raise RefusalError("it gives no time")
        moment = datetime.strptime(f"{found[1]} {found[2]}", "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)
        at, imprint = int(moment.timestamp()), sha256(stamped.encode()).hexdigest()
        roots = ("-CAfile", f"{folder}/roots", "-attime", str(at))
        _openssl("ts", "-verify", "-digest", imprint, *given, *roots)
        return at, _accuracy(shown)


def _accuracy(shown: str) -> int:
    """What openssl shows of it, in seconds, rounded up."""
    line = next((one for one in shown.splitlines() if one.startswith("Accuracy: ")), "")
    need(line, "nothing is said of its accuracy")
    micros = 0
    for number, unit in re.findall("0x([0-9A-Fa-f]+) (seconds|millis|micros)", line):
        micros += int(number, 16) * {"seconds": 10**6, "millis": 10**3, "micros": 1}[unit]
    return (micros + 10**6 - 1) // 10**6


def _is_token(data: bytes) -> bool:
    """Whether DER is a TimeStampToken (it begins with an OID) or a TimeStampResp (with a SEQUENCE)."""
    need(len(data) > 2 and data[0] == 0x30, "no DER")
    wide = data[1] & 0x7F if data[1] & 0x80 else 0
    length = int.from_bytes(data[2 : 2 + wide], "big") if wide else data[1]
    need(2 + wide + length == len(data) and data[2 + wide] in (0x06, 0x30), "neither a token nor an answer")
    return data[2 + wide] == 0x06


def _openssl(*arguments: str) -> str:
    ended = subprocess.run(["openssl", *arguments], capture_output=True, check=False, env={**os.environ, "LC_ALL": "C"})
    need(ended.returncode == 0, "openssl does not take it")
    return ended.stdout.decode("utf-8", "replace")


def _attested(package: Package) -> Iterator[Attested]:
    for one, key, line in _cosignatures(package):
        if (at := cosigned_at(one.note.text, key, line.body)) is not None:
            yield Attested(one.size, at, at, partial(_holds, "cosigned", "line", line.line.removesuffix("\n")))
    for token in package.tokens:
        if (stamped := _token_time(token, package)) is not None:
            at, accuracy = stamped
            digest_of_it = sha256(token.data).hexdigest()
            yield Attested(
                token.size, at - accuracy, at + accuracy, partial(_holds, "timestamped", "token_sha256", digest_of_it)
            )


def _holds(kind: str, member: str, value: str, one: Act) -> bool:
    return one.body.act == kind and one.body.what.get(member) == value


def times_agree_with_those_from_outside(package: Package) -> Iterator[str]:
    for attested in _attested(package):
        for one in package.acts:
            if one.index < attested.size and one.body.at > attested.latest + FIVE_MINUTES:
                yield f"act {one.index}: post-dated"
        held = [attested.is_held(one) for one in package.acts]
        for one in package.acts[held.index(True) :] if True in held else ():
            if one.body.at < attested.earliest - FIVE_MINUTES:
                yield f"act {one.index}: back-dated"


LAWS: tuple[Callable[[Package], Iterator[str]], ...] = (
    checkpoints_are_signed,
    checkpoints_are_one_history,
    records_are_in_the_tree,
    statements_are_in_the_tree,
    statements_say_the_same_of_one_thing,
    records_have_their_statements,
    acts_are_one_chain,
    acts_are_by_those_who_may,
    the_export_is_of_this_package,
    cosignatures_verify,
    tokens_verify,
    times_agree_with_those_from_outside,
)


def objections(folder: Path, reader: Reader | None = None) -> list[str]:
    """All that the first law that finds something objects to; nothing where the package verifies."""
    try:
        package = decoded(*opened(folder), reader or Reader())
    except (RefusalError, OSError) as why:
        return [str(why)]
    return next((found for law in LAWS if (found := list(law(package)))), [])
