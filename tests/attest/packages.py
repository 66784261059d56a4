"""Makes evidence packages from their document alone (docs/formats/evidence.md), for tests to break.

Nothing here comes from the code that writes packages or keeps the record: trees and proofs are the recursive
definitions of RFC 9162, keys and salts derive from names, and every package is the same on each run.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN = "tribunal.example/evidence"
START = 1_943_000_000  # seconds since 1970: every entry is said a minute after the one before
Edit = Callable[[Path], None]


def canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def salt(purpose: str) -> bytes:
    return sha256(f"salt of {purpose}".encode()).digest()


def hashed(salt: bytes, data: bytes) -> str:
    return sha256(salt + data).hexdigest()


def time_text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    split = _split(len(leaves))
    return sha256(b"\1" + tree_hash(leaves[:split]) + tree_hash(leaves[split:])).digest()


def path_of(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 9162, 2.1.3.1."""
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*path_of(index, leaves[:split]), tree_hash(leaves[split:])]
    return [*path_of(index - split, leaves[split:]), tree_hash(leaves[:split])]


def proof(old: int, leaves: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    """PROOF and SUBPROOF of RFC 9162, 2.1.4.1."""
    if old == 0:
        return []
    if old == len(leaves):
        return [] if whole else [tree_hash(leaves)]
    split = _split(len(leaves))
    if old <= split:
        return [*proof(old, leaves[:split], whole=whole), tree_hash(leaves[split:])]
    return [*proof(old - split, leaves[split:], whole=False), tree_hash(leaves[:split])]


def _split(count: int) -> int:
    return 1 << (count - 1).bit_length() - 1


@dataclass(frozen=True)
class Signer:
    """A key that derives from its name; `kind` 4 is a witness's."""

    name: str
    kind: int = 1
    seed: str = ""

    @property
    def private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(sha256(f"key of {self.name}{self.seed}".encode()).digest())

    @property
    def material(self) -> bytes:
        return bytes([self.kind]) + self.private.public_key().public_bytes_raw()

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + self.material).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64(self.material)}"

    def line(self, text: str) -> str:
        return f"— {self.name} {b64(self.id + self.private.sign(text.encode()))}\n"

    def cosignature(self, text: str, time: int) -> str:
        signed = self.private.sign(f"cosignature/v1\ntime {time}\n{text}".encode())
        return f"— {self.name} {b64(self.id + time.to_bytes(8, 'big') + signed)}\n"


LOG = Signer(ORIGIN)
OFFICER, ANALYST, CUSTODIAN = Signer("ofelia.officer"), Signer("ana.analyst"), Signer("curt.custodian")
WITNESS = Signer("witness.example/1", 4)


@dataclass
class Maker:
    """A ledger that grows, and the package made of it; what is said can be bent at every step."""

    start: int = START
    leaves: list[bytes] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    statements: list[dict[str, Any]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    cosigned: dict[int, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def state(self, kind: str, data: str) -> int:
        index = len(self.leaves)
        own = salt(f"statement {index}")
        self.leaves.append(canonical({"statement": hashed(own, data.encode()), "v": 1}).encode())
        self.statements.append({"index": index, "kind": kind, "salt": own.hex(), "data": data})
        return index

    def input(self, number: int, path: str) -> int:
        return self.state("input", canonical({"statement": "input", "input": number, "path": path, "size": 99}))

    def chunk(self, number: int, path: str, lines: Sequence[bytes], *, shown: Sequence[int], **bent: object) -> None:
        """Records, the statement of their chunk; every odd one commits a text, every third its fields."""
        start, offset, held = len(self.leaves), 0, []
        name = sha256(f"chunk {start}".encode()).hexdigest()
        for ordinal, raw in enumerate(lines):
            index = len(self.leaves)
            salts = {kind: salt(f"{kind} {index}") for kind in ("raw", "text")}
            leaf = {
                "decoder": "lines 1",
                "length": len(raw),
                "offset": offset,
                "ordinal": ordinal,
                "segment": name,
                "v": 1,
            }
            leaf["raw"] = hashed(salts["raw"], raw)
            one: dict[str, Any] = {"index": index, "input": path, "entry": ordinal, "findings": ["finding-1"]}
            one |= {"raw": b64(raw), "raw_salt": salts["raw"].hex()}
            if ordinal % 2:
                text = raw.decode().upper()
                leaf["text"] = hashed(salts["text"], text.encode())
                one |= {"text": text, "text_salt": salts["text"].hex()}
            if ordinal % 3 == 0:
                one["fields"], leaf["fields"] = fields_of(index, {"account": "ada.example", "message": raw.decode()})
            one["leaf"] = canonical(leaf)
            self.leaves.append(one["leaf"].encode())
            offset += len(raw)
            if ordinal in shown:
                held.append(one)
        body = {
            "statement": "chunk",
            "input": number,
            "name": name,
            "decoder": "lines 1",
            "offset": 0,
            "length": offset,
        }
        body |= {"tree_start": start, "leaves": len(lines), "first_entry": 0, "read": len(lines)}
        chunk = self.state("chunk", canonical(body | bent))
        self.records += [one | {"chunk": chunk} for one in held]

    def late_fields(self, record: dict[str, Any]) -> int:
        """Commits fields of a record whose leaf has none."""
        index = record["index"]
        record["fields"], root = fields_of(index, {"account": "ada.example"}, redacted=("account",))
        record["fields"]["statement"] = self.state(
            "fields", canonical({"statement": "fields", "leaf": index, "fields": root})
        )
        return int(record["fields"]["statement"])

    def act(self, kind: str, what: Mapping[str, object], *by: Signer, **bent: Any) -> int:
        return self.state("act", self.note(kind, what, *by, **bent))

    def note(
        self, kind: str, what: Mapping[str, object], *by: Signer, signed: Sequence[Signer] = (), **bent: Any
    ) -> str:
        size = len(self.leaves)
        body = {
            "act": kind,
            "at": time_text(self.start + 60 * size),
            "by": [signer.name for signer in by],
            "ledger": {"root": b64(tree_hash(self.leaves)), "size": size},
            "previous": max((one["index"] for one in self.statements if one["kind"] == "act"), default=None),
            "what": dict(what),
        }
        text = f"tocsin/act/1\n{canonical(body | bent)}\n"
        return text + "\n" + "".join(signer.line(text) for signer in signed or by)

    def enrol(self, new: Signer, by: Signer, *roles: str) -> int:
        what = {"name": new.name, "key": new.vkey, "roles": list(roles), "person": f"Person of {new.name}"}
        return self.act("enrolled", what, by)

    def publish(self) -> int:
        self.sizes.append(len(self.leaves))
        return len(self.leaves)

    def checkpoint_text(self, size: int) -> str:
        return f"{ORIGIN}\n{size}\n{b64(tree_hash(self.leaves[:size]))}\n"

    def checkpoint(self, size: int) -> str:
        text = self.checkpoint_text(size)
        return f"{text}\n{LOG.line(text)}{self.cosigned.get(size, '')}"

    def stamped_note(self, size: int) -> bytes:
        text = self.checkpoint_text(size)
        return f"{text}\n{LOG.line(text)}".encode()

    def cosign(self, size: int, witness: Signer, time: int) -> None:
        self.cosigned[size] = self.cosigned.get(size, "") + witness.cosignature(self.checkpoint_text(size), time)

    def write(
        self,
        folder: Path,
        edit: Edit = lambda _: None,
        *,
        by: Sequence[Signer] = (ANALYST,),
        export: Mapping[str, object] | None = None,
        **bent: Any,
    ) -> Path:
        """The package up to the last size published; `edit` changes the payload before the act of export binds it."""
        size = self.sizes[-1]
        tree = self.leaves[:size]
        for one in (*self.records, *self.statements):
            if one["index"] < size:
                one["proof"] = [b64(each) for each in path_of(one["index"], tree)]
                if one.get("kind") == "act":
                    one["ledger_proof"] = ledger_proof(one["data"], tree)
        said = [one for one in self.statements if one["index"] < size]
        head = {"format": "tocsin.evidence", "version": 1, "origin": ORIGIN, "log_key": LOG.vkey, "tool": "tocsin test"}
        head |= {"asked": ["finding-1"], "size": size, "redacted": [], "reproducible": True}
        head |= {"counts": {"records": len(self.records), "statements": len(said)}}
        joined = [
            {"from": old, "to": new, "proof": [b64(each) for each in proof(old, self.leaves[:new])]}
            for old, new in zip(self.sizes, self.sizes[1:], strict=False)
        ]
        files = {
            "package.json": json.dumps(head, indent=2).encode(),
            "records.jsonl": b"".join(json.dumps(one).encode() + b"\n" for one in self.records),
            "statements.jsonl": b"".join(json.dumps(one).encode() + b"\n" for one in said),
            "consistency.json": json.dumps(joined).encode(),
            "verify.py": b"# not executed by the tests\n",
            "findings.json": b"{}\n",
        }
        files |= {f"checkpoints/{each}.note": self.checkpoint(each).encode() for each in self.sizes} | self.files
        for name, content in files.items():
            put(folder / "data" / name, content)
        edit(folder)
        what = {"content": content_digest(folder), "asked": ["finding-1"], "records": len(self.records), "redacted": []}
        note = self.note("exported", what | dict(export or {}), *by, **bent)
        index = self.state("act", note)
        own = self.statements.pop()
        newer = len(self.leaves)
        closing = {"act": index, "salt": own["salt"], "data": note, "size": newer}
        closing["proof"] = [b64(each) for each in path_of(index, self.leaves)]
        closing["ledger_proof"] = ledger_proof(note, self.leaves)
        closing["consistency"] = [b64(each) for each in proof(size, self.leaves)]
        put(folder / "data/custody/export.json", json.dumps(closing).encode())
        put(folder / f"data/checkpoints/{newer}.note", self.checkpoint(newer).encode())
        put(folder / "README.txt", b"SELF-ATTESTED: a package of the tests\n")
        put(folder / "bag-info.txt", b"Source-Organization: Tribunal of the Example\n")
        put(folder / "bagit.txt", b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
        rebag(folder)
        return folder


def ledger_proof(note: str, leaves: Sequence[bytes]) -> list[str]:
    """That the ledger an act was signed over is the beginning of this one; nothing where it says it was larger."""
    said = re.search(r'"ledger":\{[^}]*"size":([0-9]+)', note)
    size = int(said[1]) if said else 0
    return [b64(each) for each in proof(size, leaves)] if size <= len(leaves) else []


def fields_of(index: int, fields: Mapping[str, object], redacted: Sequence[str] = ()) -> tuple[dict[str, Any], str]:
    """Fields as a record's line shows them, and their root."""
    names = json.dumps(sorted(fields), separators=(",", ":"))
    names_salt = salt(f"names {index}")
    digests, values = sha256(names_salt + names.encode()).digest(), []
    for name in sorted(fields):
        text, own = json.dumps(fields[name], ensure_ascii=False), salt(f"{name} {index}")
        digest = sha256(own + text.encode()).digest()
        digests += digest
        values.append({"digest": digest.hex()} if name in redacted else {"salt": own.hex(), "text": text})
    return {"names": names, "names_salt": names_salt.hex(), "values": values}, sha256(digests).hexdigest()


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _listed(folder: Path, *, payload: bool) -> list[tuple[str, str]]:
    found = []
    for each in folder.rglob("*"):
        name = each.relative_to(folder).as_posix()
        if each.is_file() and name.startswith("data/") == payload and name != "tagmanifest-sha256.txt":
            found.append((name, sha256(each.read_bytes()).hexdigest()))
    return sorted(found)


def content_digest(folder: Path) -> str:
    """What the act of export binds: before custody/ and its checkpoint are written, all of the payload."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in _listed(folder, payload=True))
    return sha256(lines.encode()).hexdigest()


def rebag(folder: Path) -> None:
    """Writes both manifests anew: anybody can, without a key."""
    for name, payload in (("manifest-sha256.txt", True), ("tagmanifest-sha256.txt", False)):
        lines = "".join(f"{digest}  {path}\n" for path, digest in _listed(folder, payload=payload))
        put(folder / name, lines.encode())


def edit_lines(name: str, change: Callable[[list[dict[str, Any]]], object]) -> Edit:
    """An edit of a file of JSON lines; `change` returns other lines or changes those it is given."""

    def edit(folder: Path) -> None:
        path = folder / "data" / name
        lines = [json.loads(line) for line in path.read_bytes().splitlines()]
        changed = change(lines)
        lines = changed if isinstance(changed, list) else lines
        path.write_bytes(b"".join(json.dumps(line).encode() + b"\n" for line in lines))

    return edit


def edit_json(name: str, change: Callable[[Any], object]) -> Edit:
    """An edit of a JSON file."""

    def edit(folder: Path) -> None:
        path = folder / "data" / name
        value = json.loads(path.read_bytes())
        change(value)
        path.write_bytes(json.dumps(value).encode())

    return edit


LINES = [b"192.0.2.%d GET /f/%d\n" % (number, number) for number in range(7)]


def small_ledger(start: int = START) -> Maker:
    """Two inputs, three people, a witness, fields committed late; three checkpoints, the last one cosigned."""
    maker = Maker(start)
    maker.enrol(OFFICER, OFFICER, "officer")
    maker.enrol(ANALYST, OFFICER, "analyst")
    maker.enrol(CUSTODIAN, OFFICER, "custodian")
    maker.publish()
    maker.act("witness_trusted", {"name": WITNESS.name, "key": WITNESS.vkey}, OFFICER)
    maker.chunk(1, "logs/portal.log", LINES, shown=(0, 1, 2, 5))
    maker.input(1, "logs/portal.log")
    maker.act("collected", {"inputs": 1, "login": "curt"}, LOG)
    maker.publish()
    maker.chunk(2, "logs/mail.log", LINES[:3], shown=(1,))
    maker.input(2, "logs/mail.log")
    maker.late_fields(maker.records[-1])
    maker.act("read", {"command": "exposure"}, CUSTODIAN)
    maker.cosign(maker.publish(), WITNESS, start + 60 * len(maker.leaves))
    return maker
