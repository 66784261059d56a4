#!/usr/bin/env python3
"""Verifies an evidence package (format `tocsin.evidence`, version 1), offline: `python3 verify.py DIR`.

One file, to be read whole before it is trusted. It needs Python 3.11 or later and the package `cryptography`, and for
time stamps the program `openssl`. It trusts nothing in the package, executes nothing of it and opens no connection. Its
steps are those of the document of the format; the first fault ends it with exit code 4.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from calendar import timegm
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

# Limits: a package can be made by somebody who wishes the reader ill.
MOST_FILES, MOST_RECORDS, MOST_SIGNATURES, MOST_HASHES = 100_000, 1_000_000, 100, 64
FILE_BYTES, LINE_BYTES = 16 << 20, 64 << 20
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
TAG_FILES = {"bagit.txt", "bag-info.txt", MANIFEST, "README.txt"}
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
EXPORT_FILE = "custody/export.json"
REQUIRED = ("package.json", "records.jsonl", "statements.jsonl", "consistency.json", "verify.py", EXPORT_FILE)
PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
TOLERANCE = 300  # seconds that clocks may differ before a time counts as false
TIME_STAMP = re.compile(r"^Time stamp: (\w{3} +\d+ \d\d:\d\d:\d\d)(?:\.\d+)?( \d{4}) GMT$", re.MULTILINE)

# Who may sign which act. An officer may sign any; the workspace's own key, which is no person's, none of FOR_PERSONS.
CUSTODIAN = set("collected read verified timestamped cosigned drilled transferred received returned".split())  # noqa: SIM905
ANALYST = {"read", "verified", "exported", "drilled"}
ROLES: dict[str, set[str]] = {"custodian": CUSTODIAN, "analyst": ANALYST, "receiver": {"received"}, "witness": set()}
FOR_PERSONS = {"enrolled", "succeeded", "revoked", "held", "released", "erased", "handed_over"}
KINDS = CUSTODIAN | ANALYST | FOR_PERSONS | {"recovered", "witness_trusted"}
ERASING = {"officer", "custodian", "analyst"}

Types = Mapping[str, type]
LEAF: Types = {"decoder": str, "length": int, "offset": int, "ordinal": int, "raw": str, "segment": str, "v": int}
LEAF_MAY: Types = {"fields": str, "masked": str, "text": str}
RECORD: Types = {"index": int, "leaf": str, "proof": list, "chunk": int, "input": str, "entry": int, "findings": list}
RECORD_MAY: Types = {"raw": str, "raw_salt": str, "text": str, "text_salt": str, "fields": dict}
PLACE: Types = dict.fromkeys(("input", "offset", "length", "tree_start", "leaves", "first_entry", "read"), int)
PACKAGE: Types = {
    "origin": str,
    "log_key": str,
    "tool": str,
    "size": int,
    "asked": list,
    "redacted": list,
    "counts": dict,
}
EXPORT: Types = {"act": int, "salt": str, "data": str, "proof": list, "size": int, "consistency": list}

# What a fault of each step means for the claim.
ALTERED = "The package is not as it was exported: nothing in it may be relied on"
NOT_SEALED = "What is shown is not what was sealed"
NO_TIME = "The time claimed is not proven"
MEANING = {
    1: ALTERED,
    2: "Nothing can be said of this package",
    3: "Nobody answers for the ledger this package speaks of",
    4: "The ledger was written anew: what was sealed then cannot be told from what was put in later",
    5: NOT_SEALED,
    6: NOT_SEALED,
    7: "The chain of custody shown is not one that holds",
    8: ALTERED,
    9: NO_TIME,
    10: NO_TIME,
    11: NO_TIME,
}


class Fault(Exception):  # noqa: N818 - the word of the format's document
    """The first thing that does not verify: step, place, what it is, what it means for the claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the reader brings along, got elsewhere than from the package.

    log_key     verifier key of the ledger; without it the one in the package is taken
    witnesses   verifier keys of witnesses the reader trusts: each must have cosigned
    tsa_roots   PEM of the roots of authorities the reader trusts: each token must lead to one of them
    checkpoint  a checkpoint note kept elsewhere: it must be of the same history
    opinion     asked after openssl of each token: (token, stamped note, roots, seconds since 1970); raises ValueError
    """

    log_key: str = ""
    witnesses: tuple[str, ...] = ()
    tsa_roots: bytes = b""
    checkpoint: bytes = b""
    opinion: Callable[[bytes, bytes, bytes, int], None] | None = None


class Key(NamedTuple):
    """A public key under the name its signatures bear, with the 4 bytes that lead them."""

    name: str
    public: bytes
    id: bytes


class Note(NamedTuple):
    """A signed note taken apart: the text, and (name, key id, signature, line) of each signature."""

    text: str
    signatures: list[tuple[str, bytes, bytes, str]]


class Checkpoint(NamedTuple):
    """A verified checkpoint; `stamped` is the note with the ledger's own signature alone: what tokens are over."""

    size: int
    root: bytes
    note: Note
    stamped: bytes


@dataclass(frozen=True, slots=True)
class Act:
    """A signed act; `size` and `root` are of the tree before it, `at` is in seconds since 1970."""

    index: int
    kind: str
    at: int
    by: list[str]
    size: int
    root: bytes
    previous: int | None
    what: dict[str, Any]
    note: Note

    def place(self, step: int) -> At:
        """How faults name it."""
        return At(step, f"entry {self.index} (act {self.kind!r} of {moment(self.at)})")


class Record(NamedTuple):
    """What of an enclosed record has to agree with statements; `statement` has the field `root` its leaf lacks."""

    at: At
    shown: dict[str, Any]
    leaf: dict[str, Any]
    root: str
    statement: int | None


class Stamp(NamedTuple):
    """Somebody outside says that the ledger of `size` entries existed at `time`, in seconds since 1970.

    act   the entry that holds it, so that no entry from there on can be older; None where no act does
    """

    size: int
    time: int
    who: str
    act: int | None

    @property
    def words(self) -> str:
        """For faults."""
        return f"the ledger of {self.size} entries was stamped at {moment(self.time)} ({self.who})"


@dataclass(frozen=True, slots=True)
class At:
    """A place at a step: makes its faults, and reads what stands there."""

    step: int
    where: str

    def fault(self, what: str, meaning: str = "") -> Fault:
        """To be raised."""
        return Fault(plain(f"step ({self.step}), {self.where}: {what}. {meaning or MEANING[self.step]}."))

    def text(self, content: bytes) -> str:
        """UTF-8 alone."""
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            raise self.fault("it is not UTF-8") from error

    def utf8(self, text: str) -> bytes:
        """The bytes that were hashed."""
        try:
            return text.encode()
        except UnicodeEncodeError as error:
            raise self.fault("it holds text that UTF-8 cannot write") from error

    def base64(self, text: str) -> bytes:
        """Standard base64 in its one spelling."""
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise self.fault("it holds text that is not base64") from error
        if base64.b64encode(data).decode() != text:
            raise self.fault("it holds text that is not canonical base64")
        return data

    def json(self, content: bytes) -> Any:  # noqa: ANN401 - what it is the caller checks
        """JSON without a member twice and without floating point."""
        try:
            return json.loads(
                self.text(content), object_pairs_hook=once, parse_int=whole, parse_float=whole, parse_constant=whole
            )
        except (ValueError, RecursionError) as error:
            raise self.fault(f"it is no JSON as this format has it: {error}") from error

    def canonical(self, text: str) -> dict[str, Any]:
        """An object in the one spelling of RFC 8785; a lone surrogate, which UTF-8 has not, as its JSON escape."""
        value = self.json(self.utf8(text))
        spelled = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        if type(value) is not dict or escaped(spelled) != text:
            raise self.fault("it is no object in canonical JSON")
        return value

    def members(self, value: object, must: Types, may: Types | None = None, *, more: bool = False) -> dict[str, Any]:
        """`value`, an object of these members: `must`, some of `may`, and others only with `more`."""
        if type(value) is not dict:
            raise self.fault("it is no JSON object")
        if missing := sorted(name for name in must if name not in value):
            raise self.fault(f"the member {missing[0]!r} is missing")
        for name, each in value.items():
            kind = must.get(name) or (may or {}).get(name)
            if kind is None and not more:
                raise self.fault(f"the member {name!r} does not belong there")
            if kind is not None and type(each) is not kind:
                raise self.fault(f"the member {name!r} is not of its type")
        return value

    def list(self, value: object, kind: type) -> Sequence[Any]:
        """`value`, a list of `kind` alone."""
        if type(value) is not list or any(type(each) is not kind for each in value):
            raise self.fault("a list is missing or holds something else than it should")
        return value

    def hashes(self, value: object) -> Sequence[bytes]:
        """The hashes of a proof."""
        found = [self.base64(each) for each in self.list(value, str)]
        if len(found) > MOST_HASHES or any(len(each) != 32 for each in found):
            raise self.fault("its proof holds something that is no hash")
        return found

    def hex(self, text: object) -> bytes:
        """32 bytes in lower-case hex."""
        if type(text) is not str or not re.fullmatch("[0-9a-f]{64}", text):
            raise self.fault("a salt or digest is not 64 hex digits")
        return bytes.fromhex(text)

    def opened(self, salt: object, data: bytes) -> bytes:
        """SHA-256(salt, data)."""
        return sha256(self.hex(salt) + data).digest()

    def key(self, text: str, kind: int) -> Key:
        """A verifier key (C2SP signed-note) of this type: 1 Ed25519, 4 Ed25519 cosignature with a time."""
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        data = self.base64(encoded)
        if not name or not data or re.search(r"\s", name):
            raise self.fault("it is no verifier key")
        if data[0] == 6:
            raise self.fault("the key is for ML-DSA-44 (type 0x06): known, and not verified by version 1")
        if data[0] not in (1, 4):
            raise self.fault(f"the key is of the unknown type 0x{data[0]:02x}")
        if data[0] != kind or len(data) != 33:
            raise self.fault(f"the key is not one of the type 0x{kind:02x} that belongs here")
        if sha256(self.utf8(name) + b"\n" + data).hexdigest()[:8] != key_id:
            raise self.fault("the key does not have the id it gives")
        return Key(name, data[1:], bytes.fromhex(key_id))

    def note(self, content: bytes) -> Note:
        """A signed note taken apart, nothing of it verified."""
        text, separator, block = self.text(content).rpartition("\n\n")
        lines = block.split("\n")
        if not separator or lines.pop() or re.search("[\x00-\x09\x0b-\x1f]", text + block):
            raise self.fault("it is no signed note")
        if len(lines) > MOST_SIGNATURES:
            raise self.fault(f"it has more than {MOST_SIGNATURES} signature lines")
        signatures = []
        for line in lines:
            parts = line.split(" ")
            data = self.base64(parts[-1])
            if len(parts) != 3 or parts[0] != "—" or not parts[1] or len(data) <= 4:
                raise self.fault("it has a line that is no signature")
            signatures.append((parts[1], data[:4], data[4:], line))
        return Note(f"{text}\n", signatures)

    def signed(self, note: Note, key: Key) -> str:
        """The one line by which `key` signed the note."""
        lines = [each for each in note.signatures if each[:2] == (key.name, key.id)]
        if len(lines) != 1:
            raise self.fault(f"it is not signed by the key of {key.name!r}, or more than once")
        self.signature(key, lines[0][2], self.utf8(note.text))
        return lines[0][3]

    def signature(self, key: Key, signature: bytes, message: bytes) -> None:
        """Ed25519 (RFC 8032)."""
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
        except (InvalidSignature, ValueError) as error:
            raise self.fault(f"the signature of {key.name!r} is not good") from error

    def included(self, leaf: bytes, index: int, tree: Checkpoint, proof: object) -> None:
        """RFC 9162, 2.1.3.2: the leaf stands at `index` of the tree."""
        if not 0 <= index < tree.size:
            raise self.fault(f"it does not lie in the tree of {tree.size} entries")
        path, last = self.hashes(proof), tree.size - 1
        if len(path) != siblings(index, last):
            raise self.fault(f"its inclusion proof has {len(path)} hashes and not {siblings(index, last)}")
        found = sha256(b"\0" + leaf).digest()
        for sibling in path:
            index, last = past_lone(index, last)
            found = node(sibling, found) if index & 1 else node(found, sibling)
            index, last = index >> 1, last >> 1
        if found != tree.root:
            raise self.fault("its inclusion proof does not lead to the root: it is not in this ledger")

    def consistent(self, old: Checkpoint, new: Checkpoint, proof: object) -> None:
        """RFC 9162, 2.1.4.2: the older tree is the beginning of the newer, larger one."""
        path, index, last = [*self.hashes(proof)], old.size - 1, new.size - 1
        if old.size == 0:
            if path or old.root != sha256().digest():
                raise self.fault("the root of no entries is not that of an empty tree")
            return
        # The walk starts at the largest perfect tree that ends where the old one does. Where that is all of it, its
        # hash is the old root, and no part of the proof.
        if old.size & (old.size - 1) == 0:
            path.insert(0, old.root)
        while index & 1:
            index, last = index >> 1, last >> 1
        if len(path) != 1 + siblings(index, last):
            raise self.fault(f"the consistency proof has {len(path)} hashes and not {1 + siblings(index, last)}")
        before = after = path[0]
        for sibling in path[1:]:
            index, last = past_lone(index, last)
            if index & 1:
                before, after = node(sibling, before), node(sibling, after)
            else:
                after = node(after, sibling)
            index, last = index >> 1, last >> 1
        if (before, after) != (old.root, new.root):
            raise self.fault("the consistency proof does not join the two: the ledger was forked")


def verify(folder: Path, options: Options, say: Callable[[str], None] = print) -> None:
    """Returns when all that can be checked holds, else raises the first Fault; `say` is told each step's outcome."""

    def told(step: int, outcome: str) -> None:
        say(plain(f"({step}) {outcome}"))

    bag = Bag(folder)
    told(1, f"bag: checked: {len(bag.hashes):,} files are those the manifests list")
    package = read_package(bag)
    origin, size = package["origin"], package["size"]
    told(2, f"package.json: checked: version 1, made by {package['tool']}")
    log = log_key(package, options)
    checkpoints = read_checkpoints(bag, origin, size, log)
    held = "the key you gave" if options.log_key else "the key in the package: compare it with one got elsewhere"
    told(3, f"checkpoints: checked: {len(checkpoints)} of {origin}, signed by {held}: {package['log_key']}")
    export = At(8, EXPORT_FILE).members(bag.json(8, EXPORT_FILE), EXPORT)
    check_history(bag, checkpoints, size, export)
    told(4, f"consistency: checked: {len(checkpoints)} checkpoints are of one history")
    told(4, kept_elsewhere(options, checkpoints, origin, log))
    records = list(read_records(bag, checkpoints[size]))
    if package["counts"].get("records") != len(records):
        raise At(5, "records.jsonl").fault("it has not as many records as package.json says", ALTERED)
    told(5, f"records: checked: {len(records):,} are in the tree of {size:,} entries and open their leaves")
    said = read_statements(bag, checkpoints[size])
    for record in records:
        bind(record, said)
    late = sum(record.statement is not None for record in records)
    told(6, f"statements: checked: {len(said.objects) + len(said.acts):,}; records are bound to chunk and input")
    if late:
        told(6, f"note: the fields of {late:,} records were committed later than the records")
    people = People(origin, log)
    for outcome in people.admit(said.acts, checkpoints):
        told(7, outcome)
    told(7, f"acts: checked: {len(said.acts):,}, {people.by_nobody} of them not signed by a person")
    act = export_act(export, checkpoints)
    for outcome in people.admit([act], checkpoints):
        told(8, outcome)
    check_export(act, export["size"], bag, package, len(records), people)
    signers = "the workspace's own key, no person," if act.by == [origin] else " and ".join(act.by)
    told(8, f"export: checked: entry {act.index} binds every file of the payload: by {signers} at {moment(act.at)}")
    stamps: list[Stamp] = []
    outside = (
        (9, cosigned(checkpoints, said.acts, people, options)),
        (10, stamped(bag, checkpoints, said.acts, options)),
    )
    for step, outcomes in outside:
        for outcome, stamp in outcomes:
            told(step, outcome)
            stamps += [stamp] if stamp else []
    check_times([*said.acts, act], stamps)
    told(11, f"times: {f'checked against {len(stamps)}' if stamps else 'not checked: none'} from outside")
    for line in conclusion(package, len(records), options, stamps):
        say(plain(line))


class Bag:
    """(1) A BagIt bag whose every file has the hash its manifests list; what is read later is held against it again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        found = self._walk()
        if TAG_MANIFEST not in found or MANIFEST not in found:
            raise At(1, str(folder)).fault("there is no manifest", "This is no evidence package, or not all of one")
        own = b"".join(self._parts(1, TAG_MANIFEST, FILE_BYTES))
        self.hashes = self._listed(TAG_MANIFEST, own)
        if other := set(self.hashes) ^ TAG_FILES:
            raise At(1, TAG_MANIFEST).fault(f"it lists other tag files than this format has: {min(other)!r}")
        self.payload = dict(sorted(self._listed(MANIFEST, self.whole(1, MANIFEST)).items()))
        self.hashes |= self.payload | {TAG_MANIFEST: sha256(own).hexdigest()}
        if outside := [path for path in self.payload if not path.startswith("data/")]:
            raise At(1, MANIFEST).fault(f"{outside[0]!r} is not below data/")
        if beside := found - set(self.hashes):
            raise At(1, min(beside)).fault("the file stands beside the lists")
        for path in [*sorted(self.hashes), *(f"data/{name}" for name in REQUIRED)]:
            if path not in found:
                raise At(1, path).fault("the file is missing")
            for _ in self._parts(1, path):
                pass
        if self.whole(1, "bagit.txt") != BAGIT:
            raise At(1, "bagit.txt").fault("it does not declare BagIt 1.0 in UTF-8")

    def json(self, step: int, name: str) -> Any:  # noqa: ANN401 - what it is the caller checks
        """A file below data/ as JSON."""
        return At(step, name).json(self.whole(step, f"data/{name}"))

    def named(self, pattern: str) -> list[tuple[str, re.Match[str]]]:
        """The files below data/ whose name is of this pattern."""
        found = ((path, re.fullmatch(pattern, path.removeprefix("data/"))) for path in self.payload)
        return [(path, match) for path, match in found if match]

    def whole(self, step: int, path: str) -> bytes:
        """A file that has to be small."""
        return b"".join(self._parts(step, path, FILE_BYTES))

    def lines(self, step: int, name: str) -> Iterator[tuple[str, bytes]]:
        """(place, line) of a file below data/, one line in memory at a time."""
        rest, number = b"", 0
        for part in self._parts(step, f"data/{name}"):
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                number += 1
                yield f"{name} line {number}", line
            if len(rest) > LINE_BYTES:
                raise At(step, f"{name} line {number + 1}").fault(f"the line is longer than {LINE_BYTES >> 20} MiB")
        if rest:
            raise At(step, f"{name} line {number + 1}").fault("the last line does not end")

    def _walk(self) -> set[str]:
        """Every file. A link, a device or a pipe would show something else to each reader."""
        found: set[str] = set()
        waiting = [self.folder]
        while waiting:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    path = Path(entry.path)
                    name, mode = path.relative_to(self.folder).as_posix(), entry.stat(follow_symlinks=False).st_mode
                    if stat.S_ISDIR(mode):
                        waiting.append(path)
                    elif stat.S_ISREG(mode):
                        found.add(name)
                    else:
                        raise At(1, name).fault("it is a link or no ordinary file")
                    if len(found) + len(waiting) > MOST_FILES:
                        raise At(1, str(self.folder)).fault(f"there are more than {MOST_FILES:,} files")
        return found

    def _listed(self, name: str, content: bytes) -> dict[str, str]:
        lines = At(1, name).text(content).split("\n")
        if lines.pop():
            raise At(1, name).fault("its last line does not end")
        listed: dict[str, str] = {}
        for number, line in enumerate(lines, 1):
            digest, _, path = line.partition("  ")
            at = At(1, f"{name} line {number}")
            at.hex(digest)
            if not PATH.fullmatch(path):
                raise at.fault(f"the path {path!r} leads out of the package or is not plain")
            listed[path] = digest
        if len({path.lower() for path in listed}) != len(lines):
            raise At(1, name).fault("it lists a path twice")
        return listed

    def _parts(self, step: int, path: str, limit: int | None = None) -> Iterator[bytes]:
        """The file in parts; at its end a fault where its hash is not the one listed."""
        hashed, length = sha256(), 0
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(self.folder / path, flags), "rb") as stream:
            while part := stream.read(1 << 20):
                length += len(part)
                if limit is not None and length > limit:
                    raise At(step, path).fault(f"the file is larger than {limit >> 20} MiB")
                hashed.update(part)
                yield part
        if path != TAG_MANIFEST and hashed.hexdigest() != self.hashes[path]:
            raise At(step, path).fault("its hash is not the one listed", ALTERED)


def read_package(bag: Bag) -> dict[str, Any]:
    """(2) package.json, of a version this verifier knows."""
    at, package = At(2, "package.json"), bag.json(2, "package.json")
    at.members(package, {"format": str, "version": int}, more=True)
    if package["format"] != "tocsin.evidence":
        raise at.fault("it is not of the format tocsin.evidence")
    if package["version"] != 1:
        raise at.fault(f"version {package['version']} is not known to this verifier, which knows version 1")
    return at.members(package, PACKAGE, more=True)


def log_key(package: dict[str, Any], options: Options) -> Key:
    """(3) The ledger's key. Where the reader has one, the package must name the same."""
    at = At(3, "package.json")
    if options.log_key not in ("", package["log_key"]):
        raise at.fault("it names another key of the ledger than the one you gave")
    key = at.key(package["log_key"], 1)
    if key.name != package["origin"]:
        raise at.fault("the key of the ledger does not bear the name of the origin")
    return key


def read_checkpoints(bag: Bag, origin: str, size: int, log: Key) -> dict[int, Checkpoint]:
    """(3) The enclosed checkpoints by size, ascending."""
    found = {}
    for path, match in bag.named(r"checkpoints/(.*)"):
        checkpoint = read_checkpoint(At(3, path), bag.whole(3, path), origin, log)
        if match[1] != f"{checkpoint.size}.note":
            raise At(3, path).fault(f"it is over {checkpoint.size} entries, which is not the size in its name")
        found[checkpoint.size] = checkpoint
    if size not in found:
        raise At(3, "data/checkpoints").fault(f"there is none over the {size} entries that package.json says")
    return dict(sorted(found.items()))


def read_checkpoint(at: At, content: bytes, origin: str, log: Key) -> Checkpoint:
    """C2SP tlog-checkpoint: origin, size and root, a line each, signed by the ledger's key."""
    note = at.note(content)
    lines = note.text.split("\n")
    if len(lines) != 4:
        raise at.fault("a checkpoint has three lines")
    if lines[0] != origin:
        raise at.fault(f"it is a checkpoint of {lines[0]!r} and not of {origin!r}")
    root = at.base64(lines[2])
    if not re.fullmatch("0|[1-9][0-9]{0,14}", lines[1]) or len(root) != 32:
        raise at.fault("it gives no size and root")
    return Checkpoint(int(lines[1]), root, note, f"{note.text}\n{at.signed(note, log)}\n".encode())


def check_history(bag: Bag, checkpoints: dict[int, Checkpoint], size: int, export: dict[str, Any]) -> None:
    """(4) Each checkpoint is the beginning of the next; the last, beyond the package's size, is that of the export."""
    *sizes, newest = checkpoints
    if newest != export["size"] or not sizes or sizes[-1] != size:
        what = (
            f"the last two checkpoints are not that of the package ({size}) and that of its export ({export['size']})"
        )
        raise At(4, "data/checkpoints").fault(what)
    at = At(4, "consistency.json")
    steps = [
        at.members(each, {"from": int, "to": int, "proof": list})
        for each in at.list(bag.json(4, "consistency.json"), dict)
    ]
    if [(step["from"], step["to"]) for step in steps] != list(pairwise(sizes)):
        raise at.fault("it does not join each checkpoint with the next")
    for step in [*steps, {"from": size, "to": newest, "proof": export["consistency"]}]:
        old, new = checkpoints[step["from"]], checkpoints[step["to"]]
        At(4, f"checkpoints {old.size} and {new.size}").consistent(old, new, step["proof"])


def kept_elsewhere(options: Options, checkpoints: dict[int, Checkpoint], origin: str, log: Key) -> str:
    """(4) The checkpoint the reader kept is one of this history; only a size that is enclosed can be joined."""
    if not options.checkpoint:
        return "checkpoint kept elsewhere: not checked: none given"
    kept = read_checkpoint(At(4, "the checkpoint you gave"), options.checkpoint, origin, log)
    at = At(4, f"the checkpoint you gave, over {kept.size} entries")
    if kept.size > max(checkpoints):
        what = f"the package's ledger ends at {max(checkpoints)}: it was rolled back, or the package is older"
        raise at.fault(what, "Ask for a package made after your checkpoint")
    if kept.size not in checkpoints:
        what = "none of that size is enclosed, so that the two cannot be joined"
        raise at.fault(what, "Ask for a package that encloses your checkpoint")
    if kept.root != checkpoints[kept.size].root:
        raise at.fault("the package has another root for that size: the ledger was forked")
    return f"checkpoint kept elsewhere: checked: the one over {kept.size} entries is of this history"


def read_records(bag: Bag, tree: Checkpoint) -> Iterator[Record]:
    """(5) Each record's leaf is in the tree, and what is shown of the record is what the leaf commits to."""
    last = -1
    for number, (line, content) in enumerate(bag.lines(5, "records.jsonl")):
        if number >= MOST_RECORDS:
            raise At(5, line).fault(f"there are more than {MOST_RECORDS:,} records")
        shown = At(5, line).members(At(5, line).json(content), RECORD, RECORD_MAY)
        at = At(5, f"entry {shown['index']} ({line})")
        if shown["index"] <= last:
            raise at.fault("the lines do not ascend by index: one is doubled or moved", ALTERED)
        last = shown["index"]
        leaf = at.members(at.canonical(shown["leaf"]), LEAF, LEAF_MAY)
        if leaf["v"] != 1:
            raise at.fault(f"the leaf is of the unknown version {leaf['v']}")
        at.included(at.utf8(shown["leaf"]), last, tree, shown["proof"])
        for name in ("raw", "text"):
            if (name in shown) != (f"{name}_salt" in shown):
                raise at.fault(f"{name} and {name}_salt stand only together")
            if name in shown:
                data = at.base64(shown[name]) if name == "raw" else at.utf8(shown[name])
                if at.opened(shown[f"{name}_salt"], data).hex() != leaf.get(name):
                    raise at.fault(f"the {name} shown does not give the hash in the leaf")
                if name == "raw" and len(data) != leaf["length"]:
                    raise at.fault("the raw shown is not as long as the leaf says")
        root, statement = field_root(at, shown["fields"], leaf) if "fields" in shown else ("", None)
        yield Record(at, shown, leaf, root, statement)


def field_root(at: At, fields: dict[str, Any], leaf: dict[str, Any]) -> tuple[str, int | None]:
    """(5) The root of the fields shown, and the statement that has it where the leaf does not."""
    at.members(fields, {"names": str, "names_salt": str, "values": list}, {"statement": int})
    names, values = at.list(at.json(at.utf8(fields["names"])), str), at.list(fields["values"], dict)
    if len(names) != len(values) or list(names) != sorted(set(names)):
        raise at.fault("its fields are not as many as their names, or the names not in order")
    digests = at.opened(fields["names_salt"], at.utf8(fields["names"]))
    for value in values:
        if "digest" in value:
            digests += at.hex(at.members(value, {"digest": str})["digest"])
        else:
            at.members(value, {"salt": str, "text": str})
            digests += at.opened(value["salt"], at.utf8(value["text"]))
    root, statement = sha256(digests).hexdigest(), fields.get("statement")
    if statement is None and root != leaf.get("fields"):
        raise at.fault("the fields shown do not give the root in the leaf")
    if statement is not None and "fields" in leaf:
        raise at.fault("its leaf has a root of the fields: no statement can give another")
    return root, statement


@dataclass(slots=True)
class Said:
    """The opened statements by leaf index, the paths of inputs by their number, and the acts in order."""

    objects: dict[int, dict[str, Any]] = field(default_factory=dict)
    paths: dict[int, set[str]] = field(default_factory=dict)
    acts: list[Act] = field(default_factory=list)


def read_statements(bag: Bag, tree: Checkpoint) -> Said:
    """(6) Each statement is in the tree and of the kind it says."""
    said, last = Said(), -1
    for number, (line, content) in enumerate(bag.lines(6, "statements.jsonl")):
        if number >= MOST_RECORDS:
            raise At(6, line).fault(f"there are more than {MOST_RECORDS:,} statements")
        types: Types = {"index": int, "kind": str, "salt": str, "data": str, "proof": list}
        shown = At(6, line).members(At(6, line).json(content), types)
        index, kind = shown["index"], shown["kind"]
        at = At(6, f"entry {index} ({line})")
        if index <= last:
            raise at.fault("the lines do not ascend by index: one is doubled or moved", ALTERED)
        last = index
        opened(at, shown, index, tree)
        if kind == "act":
            said.acts.append(read_act(at, shown["data"], index))
            continue
        if kind not in ("input", "chunk", "derived", "fields"):
            raise at.fault(f"version 1 knows no statement of the kind {kind!r}")
        said.objects[index] = stated = at.canonical(shown["data"])
        if stated.get("statement") != kind:
            raise at.fault(f"it is no statement of the kind {kind!r}")
        if kind == "input":
            at.members(stated, {"input": int, "path": str}, more=True)
            said.paths.setdefault(stated["input"], set()).add(escaped(stated["path"]))
    return said


def opened(at: At, shown: dict[str, Any], index: int, tree: Checkpoint) -> None:
    """(6) The statement's salt and text give a leaf that is in the tree."""
    digest = at.opened(shown["salt"], at.utf8(shown["data"])).hex()
    at.included(f'{{"statement":"{digest}","v":1}}'.encode(), index, tree, shown["proof"])


def bind(record: Record, said: Said) -> None:
    """(6) The record lies in its chunk, the chunk in its input, and its fields are those committed."""
    at, leaf, shown = At(6, record.at.where), record.leaf, record.shown

    def stated(index: int, kind: str, types: Types) -> dict[str, Any]:
        found = said.objects.get(index, {})
        if found.get("statement") != kind:
            raise at.fault(f"its {kind} statement, entry {index}, is not enclosed")
        return at.members(found, types, more=True)

    chunk = stated(shown["chunk"], "chunk", {"name": str, "decoder": str, **PLACE})
    if (chunk["name"], chunk["decoder"]) != (leaf["segment"], leaf["decoder"]):
        raise at.fault("its chunk statement is that of another chunk")
    if not 0 <= leaf["ordinal"] < chunk["leaves"] or last_of(chunk, leaf) != shown["index"]:
        raise at.fault("it does not lie where its chunk statement has it")
    if min(leaf["offset"], leaf["length"]) < 0 or leaf["offset"] + leaf["length"] > chunk["length"]:
        raise at.fault("it does not lie within its chunk")
    # A span that could not be read can stand for several records, so that later ones are so much further on.
    if not 0 <= shown["entry"] - chunk["first_entry"] - leaf["ordinal"] <= chunk["read"] - chunk["leaves"]:
        raise at.fault(f"it is said to be record {shown['entry']} of its input, which it is not")
    if escaped(shown["input"]) not in said.paths.get(chunk["input"], ()):
        raise at.fault(f"no enclosed statement of its input has the path {shown['input']!r}")
    if record.statement is not None:
        fields = stated(record.statement, "fields", {"fields": str, "leaf": int})
        if (fields["leaf"], fields["fields"]) != (shown["index"], record.root):
            raise at.fault("the fields shown do not give the root in their statement")


def last_of(chunk: dict[str, Any], leaf: dict[str, Any]) -> int:
    """Where the chunk statement has the leaf."""
    return int(chunk["tree_start"] + leaf["ordinal"])


def read_act(at: At, data: str, index: int) -> Act:
    """An act's note taken apart, its signatures unchecked."""
    note = at.note(at.utf8(data))
    header, _, rest = note.text.partition("\n")
    if header != "tocsin/act/1" or rest.count("\n") != 1:
        raise at.fault("it is no act of version 1")
    types: Types = {"act": str, "at": str, "by": list, "ledger": dict, "what": dict}
    body = at.canonical(rest[:-1])
    previous = body.pop("previous", "")
    at.members(body, types)
    if previous is not None and (type(previous) is not int or not 0 <= previous < index):
        raise at.fault("it does not name the act before it")
    tree, by = at.members(body["ledger"], {"root": str, "size": int}), [*at.list(body["by"], str)]
    if not by or len(set(by)) != len(by):
        raise at.fault("it names nobody who signs, or somebody twice")
    try:
        time = timegm(datetime.strptime(body["at"], "%Y-%m-%dT%H:%M:%SZ").timetuple())
    except ValueError as error:
        raise at.fault("it gives no time") from error
    if moment(time) != body["at"]:
        raise at.fault("it gives no time")
    return Act(index, body["act"], time, by, tree["size"], at.base64(tree["root"]), previous, body["what"], note)


@dataclass(slots=True)
class Person:
    """A key of the registry; `until` is the entry from which it is no longer in force, `ended` the act that said so."""

    key: Key
    roles: frozenset[str]
    person: str
    until: int | None = None
    ended: str = ""


class People:
    """(7) Who may sign: a fold over the acts in the order of the ledger.

    cuts       by key name (from, by): entries from `from` on do not count, as the revocation at entry `by` says
    uncounted  acts that were good when they were signed and were taken back so
    """

    def __init__(self, origin: str, log: Key) -> None:
        self.origin, self.log, self.by_nobody = origin, log, 0
        self.known: dict[str, Person] = {}
        self.cuts: dict[str, tuple[int, int]] = {}
        self.uncounted: set[int] = set()
        self.newest: int | None = None

    def admit(self, acts: Sequence[Act], checkpoints: dict[int, Checkpoint]) -> Iterator[str]:
        """Raises the first Fault; yields what a reader should know of acts that stand."""
        brought: dict[str, list[Act]] = {}
        for act in acts:
            for name in act.by if act.kind in ("enrolled", "succeeded", "recovered") else ():
                brought.setdefault(name, []).append(act)
        for act in reversed(acts):
            since = act.what.get("since")
            if act.kind == "revoked" and type(since) is int and not self._is_cut(act):
                self._cut(str(act.what.get("name")), since, act.index, brought)
        for act in acts:
            at = act.place(7)
            if act.previous != self.newest:
                since = "before" if self.newest is None else f"between entries {self.newest} and"
                raise at.fault(f"an act is missing {since} {act.index}: whose keys counted cannot be judged")
            self.newest = act.index
            if not 0 <= act.size <= act.index:
                raise at.fault(f"it speaks of a ledger of {act.size} entries, which came after it")
            if act.size in checkpoints and act.root != checkpoints[act.size].root:
                raise at.fault(f"it was signed over another ledger of {act.size} entries", MEANING[4])
            if act.kind not in KINDS:
                raise at.fault("version 1 knows no such act")
            yield from self._admit(at, act)

    def _cut(self, name: str, since: int, end: int, brought: Mapping[str, Sequence[Act]]) -> None:
        """Takes back what a key signed, and the keys it brought in since then: a thief may have done it."""
        waiting = [(name, since)]
        while waiting:
            name, start = waiting.pop()
            if start < self.cuts.get(name, (end, 0))[0]:
                self.cuts[name] = start, end
                since_then = [act for act in brought.get(name, ()) if start <= act.index < end]
                waiting += [(str(act.what.get("new_name", act.what.get("name"))), act.index) for act in since_then]

    def _is_cut(self, act: Act) -> bool:
        """Whether it was taken back; the revocation that does so stands, if it is by the very key it revokes."""
        cuts = [self.cuts[name] for name in act.by if name in self.cuts]
        return any(start <= act.index and act.index != end for start, end in cuts)

    def _admit(self, at: At, act: Act) -> Iterator[str]:
        is_first = act.kind == "enrolled" and not self.known and act.by == [act.what.get("name")]
        if self.origin in act.by:
            if act.by != [self.origin] or act.kind in FOR_PERSONS:
                raise at.fault("only people may sign it, and the workspace's own key signed")
            at.signed(act.note, self.log)
            self.by_nobody += 1
        elif not is_first:
            self._check_signers(at, act)
        if self._is_cut(act):
            self.uncounted.add(act.index)
            yield f"note: {at.where} does not count: a key that signed it was revoked as of an earlier entry"
        if act.kind == "recovered" and act.by == [self.origin]:
            yield f"note: {at.where} was signed by the workspace's own key: no other officer was left"
        self._apply(at, act)
        if is_first:
            first = self.known[act.by[0]]
            if "officer" not in first.roles:
                raise at.fault("the first key enrolled, which signs for itself, has to be an officer's")
            at.signed(act.note, first.key)
            yield f"note: {act.by[0]} signed first, for itself (entry {act.index}): no ledger can prove whose key it is"

    def _check_signers(self, at: At, act: Act) -> None:
        signers = []
        for name in act.by:
            signer = self.known.get(name)
            if signer is None:
                raise at.fault(f"nobody enrolled the key {name!r} before it")
            if signer.until is not None:
                raise at.fault(f"the key {name!r} was {signer.ended} before, at entry {signer.until}")
            if name in self.cuts and act.index > self.cuts[name][1]:
                raise at.fault(
                    f"the key {name!r} fell with another that was revoked before, at entry {self.cuts[name][1]}"
                )
            at.signed(act.note, signer.key)
            signers.append(signer)
        if act.kind == "succeeded":
            if act.by != [act.what.get("name")]:
                raise at.fault("a key hands over to the next by its own signature alone")
        elif act.kind == "erased":
            if len({signer.person.casefold().strip() for signer in signers}) < 2:
                raise at.fault("an erasure takes two people")
            held = [signer.roles for signer in signers]
            if not any("officer" in roles for roles in held) or not all(ERASING & roles for roles in held):
                raise at.fault("an erasure takes an officer, and nobody from outside")
        else:
            for name, signer in zip(act.by, signers, strict=True):
                if "officer" not in signer.roles and not any(act.kind in ROLES[role] for role in signer.roles):
                    roles = ", ".join(sorted(signer.roles))
                    raise at.fault(f"the key {name!r} may not sign it in the role of {roles}")

    def _apply(self, at: At, act: Act) -> None:
        """What an act about keys changes. One that does not count ends no key, and what it brings in is cut too."""
        if act.kind == "enrolled":
            what = at.members(act.what, {"roles": list, "person": str}, more=True)
            roles = frozenset(at.list(what["roles"], str))
            if not roles or not roles <= {*ROLES, "officer"} or not what["person"].strip():
                raise at.fault("it names no person, or no role that version 1 knows")
            self._enrol(at, act, "name", roles, what["person"])
        elif act.kind in ("succeeded", "recovered", "revoked"):
            name = str(act.what.get("name"))
            old = self.known.get(name)
            # A key that was revoked can be replaced, one that was replaced can be revoked: each once.
            if old is None or old.ended == act.kind or (old.ended not in ("", "revoked") and act.kind != "revoked"):
                raise at.fault(f"there is no key {name!r} of which it could be said")
            if act.kind != "succeeded":
                at.members(act.what, {"reason": str}, more=True)
            if act.kind == "revoked":
                since = act.what.get("since", -1)
                if since is not None and (type(since) is not int or not 0 <= since <= act.size):
                    raise at.fault("it does not say from which size of the ledger on the key counts no more")
            else:
                self._check_recovery(at, act, name, old.person)
                self._enrol(at, act, "new_name", old.roles, old.person)
            if act.index not in self.uncounted and old.until is None:
                old.until, old.ended = act.index, act.kind

    def _check_recovery(self, at: At, act: Act, name: str, person: str) -> None:
        if act.kind == "recovered":
            officers = {each for each, one in self.known.items() if "officer" in one.roles and one.until is None}
            if act.by == [self.origin] and officers - {name}:
                raise at.fault("a lost key is replaced by another officer, where there is one")
            if any(self.known[each].person == person for each in act.by if each in self.known):
                raise at.fault("a lost key is replaced by another officer, not by its own person's word")

    def _enrol(self, at: At, act: Act, member: str, roles: frozenset[str], person: str) -> None:
        what = at.members(act.what, {member: str, "key": str}, more=True)
        name, key = what[member], at.key(what["key"], 1)
        if key.name != name or not re.fullmatch("[a-z0-9.@-]+", name) or name == self.origin:
            raise at.fault(f"{name!r} is not the name of the key it brings in, or cannot be one")
        if name in self.known or any(key.public == one.key.public for one in self.known.values()):
            raise at.fault(f"the name {name!r} or its key was enrolled before")
        self.known[name] = Person(key, roles, person)


def export_act(export: dict[str, Any], checkpoints: dict[int, Checkpoint]) -> Act:
    """(8) The act of export, which is in the ledger that came after the package's."""
    at = At(8, f"entry {export['act']} ({EXPORT_FILE})")
    opened(at, export, export["act"], checkpoints[export["size"]])
    act = read_act(at, export["data"], export["act"])
    if act.kind != "exported":
        raise at.fault(f"it is an act {act.kind!r} and not that of export")
    return act


def check_export(act: Act, newer: int, bag: Bag, package: dict[str, Any], count: int, people: People) -> None:
    """(8) The act of export speaks of exactly these files."""
    at = act.place(8)
    if act.index < package["size"]:
        raise at.fault("it came before the checkpoint the package was made from")
    if act.index in people.uncounted:
        raise at.fault("a key that signed it was revoked as of an earlier entry")
    outside = {f"data/checkpoints/{newer}.note", f"data/{EXPORT_FILE}"}
    for path in bag.payload:
        if path.startswith("data/custody/") and path not in outside:
            raise At(8, path).fault("no act binds the file, and nothing may stand there beside export.json")
    lines = [f"{digest}  {path}\n" for path, digest in bag.payload.items() if path not in outside]
    what = at.members(act.what, {"content": str, "asked": list, "records": int, "redacted": list}, more=True)
    if what["content"] != sha256("".join(lines).encode()).hexdigest():
        raise at.fault("the files are not those that were exported")
    if (what["asked"], what["records"], what["redacted"]) != (package["asked"], count, package["redacted"]):
        raise at.fault("it says another question, number of records or redaction than the package")


def cosigned(
    checkpoints: Mapping[int, Checkpoint], acts: Sequence[Act], people: People, options: Options
) -> Iterator[tuple[str, Stamp | None]]:
    """(9) Cosignatures (C2SP tlog-cosignature) of witnesses whom the reader or an act names; others never count."""
    trusted: dict[tuple[str, bytes], tuple[Key, str]] = {}
    for act in acts:
        if act.kind == "witness_trusted" and act.index not in people.uncounted:
            key = act.place(9).key(act.place(9).members(act.what, {"key": str}, more=True)["key"], 4)
            trusted[key.name, key.id] = key, f"whom the institution named itself (entry {act.index})"
    given = [At(9, "the witness you gave").key(text, 4) for text in options.witnesses]
    trusted |= {(key.name, key.id): (key, "whom you named") for key in given}
    lines = {act.what.get("line"): act.index for act in reversed(acts) if act.kind == "cosigned"}
    met, unknown = set(), set()
    for size, checkpoint in checkpoints.items():
        for name, key_id, signature, line in checkpoint.note.signatures:
            if (name, key_id) not in trusted:
                unknown |= {name} - {people.log.name}
                continue
            key, why = trusted[name, key_id]
            time = int.from_bytes(signature[:8], "big")
            message = f"cosignature/v1\ntime {time}\n{checkpoint.note.text}".encode()
            At(9, f"checkpoints/{size}.note").signature(key, signature[8:], message)
            met.add((name, key_id))
            stamp = Stamp(size, time, name, lines.get(line))
            yield f"cosignature: checked: {size:,} entries, {moment(time)}, by {name}, {why}", stamp
    for key in given:
        if (key.name, key.id) not in met:
            raise At(9, "the witness you gave").fault(f"{key.name!r} cosigned none of the checkpoints")
    for name in sorted(unknown):
        yield f"cosignature: not checked: {name} is a witness whom nobody named: it counts for nothing", None
    if not met:
        yield "cosignatures: none that counts", None


def stamped(
    bag: Bag, checkpoints: dict[int, Checkpoint], acts: Sequence[Act], options: Options
) -> Iterator[tuple[str, Stamp | None]]:
    """(10) RFC 3161 tokens over checkpoints, verified by openssl as of the time they give."""
    tokens, openssl = bag.named(r"timestamps/([0-9]{1,15})-[0-9]+\.tsr"), openssl_here()
    held = {act.what.get("token_sha256"): act.index for act in reversed(acts) if act.kind == "timestamped"}
    known = {path.removesuffix("tsr") + end for path, _ in tokens for end in ("tsr", "pem")}
    for path, _ in bag.named(r"timestamps/.*"):
        if path not in known:
            raise At(10, path).fault("it is no token, nor the root of one")
    if options.tsa_roots and not tokens:
        raise At(10, "data/timestamps").fault("there is no token that could lead to the root you gave")
    for path, match in tokens:
        at, size, root = At(10, path), int(match[1]), path.removesuffix("tsr") + "pem"
        if size not in checkpoints or root not in bag.payload:
            raise at.fault("the checkpoint of that size or the root is not enclosed")
        token, note, roots = bag.whole(10, path), checkpoints[size].stamped, options.tsa_roots or bag.whole(10, root)
        if openssl is None:
            yield f"time stamp: not checked: {path}: there is no OpenSSL here", None
            continue
        time = token_time(at, openssl, token, note, roots)
        try:
            if options.opinion is not None:
                options.opinion(token, note, roots, time)
        except ValueError as error:
            raise at.fault(f"openssl verifies it and the second verifier does not: {error}") from error
        under = (
            "a root you gave" if options.tsa_roots else "the root in the package: ask the authority whether it is its"
        )
        stamp = Stamp(size, time, path, held.get(bag.payload[path]))
        yield f"time stamp: checked: {size:,} entries, {moment(time)}, under {under}", stamp
    if not tokens:
        yield "time stamps: none enclosed", None


def openssl_here() -> str | None:
    """The program, if it is one that can verify as of another time than now."""
    found = shutil.which("openssl")
    if found is None:
        return None
    said = subprocess.run([found, "version"], capture_output=True, timeout=60, check=False).stdout  # noqa: S603
    return found if re.match(rb"OpenSSL (1\.1|[3-9])", said) else None


def token_time(at: At, openssl: str, token: bytes, note: bytes, roots: bytes) -> int:
    """When a token that verifies says the note existed. Whether the certificate was revoked is not asked."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("response", token), ("note", note), ("roots", roots)):
            Path(folder, name).write_bytes(content)

        def run(*arguments: str) -> tuple[bool, str]:
            command = [openssl, "ts", *arguments]
            try:
                ended = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)  # noqa: S603
            except subprocess.TimeoutExpired as error:
                raise at.fault("openssl does not come to an end with it") from error
            return ended.returncode == 0, (ended.stdout + ended.stderr).decode("utf-8", "replace")

        # Enclosed is a token, or an authority's answer with one: the token alone is signed, and read for the time.
        if not run("-reply", "-in", "response", "-token_out", "-out", "token")[0]:
            Path(folder, "token").write_bytes(token)
        found = TIME_STAMP.search(run("-reply", "-token_in", "-in", "token", "-text")[1])
        if found is None:
            raise at.fault("it is no token of a time-stamping authority")
        time = timegm(datetime.strptime(found[1] + found[2], "%b %d %H:%M:%S %Y").timetuple())
        how = ("-data", "note", "-CAfile", "roots", "-attime", str(time))
        good, words = run("-verify", "-token_in", "-in", "token", *how)
    if not good and "imprint mismatch" in words:
        raise at.fault("it stamps something else than the checkpoint of that size")
    if not good:
        why = ", ".join(re.findall(r"(?:Verify error|reason|error):([^:\n]+)", words)) or words[-200:]
        raise at.fault(f"openssl does not verify it under the root: {why}")
    return time


def check_times(acts: Sequence[Act], stamps: Sequence[Stamp]) -> None:
    """(11) No entry claims a time that one from outside contradicts."""
    for act in acts:
        for stamp in stamps:
            if stamp.act is not None and act.index >= stamp.act and act.at < stamp.time - TOLERANCE:
                raise act.place(11).fault(f"it is back-dated: {stamp.words}, which entry {stamp.act} before it holds")
            if act.index < stamp.size and act.at > stamp.time + TOLERANCE:
                raise act.place(11).fault(f"it is post-dated: {stamp.words}, and it was there already")


def conclusion(package: dict[str, Any], count: int, options: Options, stamps: Sequence[Stamp]) -> Iterable[str]:
    """What a pass proves, and what it does not."""
    yield f"PROVEN: the {count:,} records, where their bytes are shown byte for byte, are in the ledger of"
    yield f"  {package['origin']} as it stood at {package['size']:,} entries; the keys named signed the acts shown;"
    yield "  no file of the payload was changed since the export."
    yield "NOT PROVEN: that the logs were true before they were sealed; that the findings follow from the records (see"
    yield "  `tocsin evidence reproduce`); that nothing else stands in the ledger, such as a later revocation; that the"
    yield "  holder of a key is who the ledger says; any time but those of steps 9 and 10; that a person did anything."
    if not options.log_key:
        yield "SELF-ATTESTED KEY: no --log-key was given. Whoever makes a key can make a ledger."
    if not stamps:
        yield "SELF-ATTESTED TIME: nobody outside is shown to have seen this ledger. It can have been made at one go."


def siblings(index: int, last: int) -> int:
    """How many nodes from node `index` up to the root have a sibling, where `last` is the last node of its row."""
    # Below the height where both ways meet each node has one, above it only a right node has.
    below = (index ^ last).bit_length()
    return below + (index >> below).bit_count()


def past_lone(index: int, last: int) -> tuple[int, int]:
    """The node up to which this one rises unchanged, having no sibling."""
    while index == last and not index & 1:
        index, last = index >> 1, last >> 1
    return index, last


def node(left: bytes, right: bytes) -> bytes:
    """RFC 9162, 2.1.1."""
    return sha256(b"\1" + left + right).digest()


def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object that names nothing twice."""
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a member stands twice in an object")
    return dict(pairs)


def whole(digits: str) -> int:
    """A JSON number, of up to 53 bits as every language has them."""
    if not re.fullmatch("-?[0-9]{1,16}", digits) or abs(int(digits)) >= 2**53:
        raise ValueError(f"{digits[:20]} is no whole number of up to 53 bits")
    return int(digits)


def escaped(text: str) -> str:
    """A byte of a path that is no UTF-8 is a lone surrogate in JSON: here as the six characters of its escape."""
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)


def moment(time: int) -> str:
    """RFC 3339 in UTC, whole seconds."""
    try:
        return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return f"{time} s after 1970"


def plain(text: str) -> str:
    """Text that does nothing to a terminal: a package can hold anything."""
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in text)


def main(arguments: Sequence[str]) -> int:
    """0 where all holds, 4 at the first fault; called wrongly it ends with 2."""
    asked = argparse.ArgumentParser(
        description="Verifies an evidence package, offline; ends with 4 at the first fault."
    )
    asked.add_argument("folder", type=Path, metavar="DIR")
    asked.add_argument("--log-key", default="", metavar="VKEY", help="the ledger's key, got elsewhere")
    asked.add_argument("--witness", action="append", default=[], metavar="VKEY", help="a witness you trust")
    asked.add_argument("--tsa-root", action="append", default=[], type=Path, metavar="PEM", help="an authority's root")
    asked.add_argument("--checkpoint", type=Path, metavar="NOTE", help="a checkpoint kept elsewhere")
    given = asked.parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a console that cannot show a letter is no fault
    try:
        roots = b"\n".join(path.read_bytes() for path in given.tsa_root)
        kept = given.checkpoint.read_bytes() if given.checkpoint else b""
        next(given.folder.iterdir(), None)
    except OSError as error:
        asked.error(f"{error.filename}: {error.strerror}")
    options = Options(log_key=given.log_key, witnesses=tuple(given.witness), tsa_roots=roots, checkpoint=kept)
    try:
        verify(given.folder, options)
    except Fault as fault:
        print(f"FAULT at {fault}")
        return 4
    except OSError as error:
        asked.error(plain(f"{error.filename}: {error.strerror}: nothing is said of the package"))
    print("VERIFIED")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
