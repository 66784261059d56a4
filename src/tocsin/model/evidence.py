"""What an evidence package is made of, before it is files: format in `docs/formats/evidence.md`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tocsin.model.answers import Answers
from tocsin.model.coverage import Coverage
from tocsin.model.exposure import Exposure
from tocsin.model.finding import Finding, Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One field's value as shown: `salt` and JSON `text`, or, where it is redacted, its 32-byte `digest` alone."""

    salt: bytes = b""
    text: str = ""
    digest: bytes = b""

    @property
    def is_redacted(self) -> bool:
        """Whether only the digest is shown."""
        return bool(self.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFields:
    """The fields of a record under its field root (`record.commitment`).

    names     JSON list of their names, in order; `values` stand in the same order
    statement  leaf of the statement that commits the root, None where the record's own leaf does
    """

    names: str
    names_salt: bytes
    values: tuple[Value, ...]
    statement: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnclosedRecord:
    """One record with what proves it.

    index      of its leaf in the tree; `leaf` is the leaf's own text
    proof      its audit path to the package's checkpoint
    chunk      leaf of the `chunk` statement of the chunk it lies in
    input      path of its input as accounted, `entry` its ordinal there
    raw, text  the bytes as framed and the canonical text (EVTX), with their salts; None where they are withheld
    findings   ids of the findings it stands behind
    time       nanoseconds UTC as its source reads it: no leaf binds it, and `evidence reproduce` reads it anew
    """

    index: int
    leaf: str
    proof: tuple[bytes, ...]
    chunk: int
    input: str
    entry: int
    raw: bytes | None = None
    raw_salt: bytes = b""
    text: bytes | None = None
    text_salt: bytes = b""
    fields: ShownFields | None = None
    findings: tuple[str, ...] = ()
    time: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnclosedStatement:
    """One statement of the ledger, opened: `data` under `salt` at leaf `index`, and the path to the checkpoint.

    ledger_proof   of an act: that the tree it was signed over is the beginning of the checkpoint's; None of others
    """

    index: int
    kind: str
    salt: bytes
    data: bytes
    proof: tuple[bytes, ...]
    ledger_proof: tuple[bytes, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An RFC 3161 token over the checkpoint of `size` entries, as received (DER), and the roots it verified under."""

    size: int
    authority: str
    time: int
    der: bytes
    roots: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class WithheldSession:
    """Records of a session of which others are enclosed, that are not: how many, from when to when, their commitments.

    leaves   (leaf index, leaf hash), ascending: who is shown such a record later can hold it against these
    """

    session: str
    count: int
    first: int | None
    last: int | None
    leaves: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedRecord:
    """An enclosed record that speaks of protected persons, and is shown in part.

    index    of its leaf; `fields` the names of those withheld for it, empty where none of its fields is shown
    tokens   of the persons, 27 characters each, sorted
    """

    index: int
    fields: tuple[str, ...]
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WithheldRules:
    """A file of rules that stays: ids of the rules and exceptions in it, sorted, and its salted digest in hex."""

    ids: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HitLine:
    """One record-level finding: a line of canonical JSON that `evidence reproduce` derives again byte for byte."""

    finding: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What deriving the findings again takes beside the records and the rules.

    preambles  by leaf of the `chunk` statement, the bytes every record of that chunk is read with
    as_of      ns UTC: exceptions end
    dating     (ns UTC, whether it is the latest) of what dated lines that name no year
    names      the one name an account or host is shown by, where the log has another
    rules      names of the enclosed rule files (`Package.rules`), in the order they are read: the first of an id counts
    beside     ids of findings, or of parts of findings, that the enclosed records give too and nobody asked for
    from_      ns UTC: where the answers begin, None where no time was asked of
    in_force   ids of the correlations among the enclosed rules that could be run, and find something, where the answers
               were given: the others hold nothing back
    """

    preambles: Mapping[int, bytes]
    as_of: int | None
    dating: tuple[int, bool] | None
    names: Mapping[str, str]
    rules: tuple[str, ...]
    beside: tuple[str, ...] = ()
    from_: int | None = None
    in_force: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """All an evidence package says.

    asked        ids of the incidents and findings it was made for
    size         of the checkpoint all `proof`s lead to; `checkpoints` are notes by size, that one among them
    consistency  (old size, new size, proof) joining neighbouring checkpoints, ascending
    log_key      the ledger's public key as signed notes' verifiers take it
    outside      one sentence a cosignature or token; empty: the package is self-attested
    redacted     names of the fields that are withheld everywhere
    protected    records of which something is withheld because they speak of protected persons, by index
    untold       files of rules that are not enclosed: beside a token they would tell a part of a protected name
    reproducible whether `hits` can be derived again from the enclosed records
    attachments  files by name that go with it (indicators): the content digest covers them, the ledger does not
    made         when, RFC 3339 with Z and whole seconds; "": the time of the newest act among the statements
    by           names of the keys the export is signed with; empty: the ledger's own, no person's
    """

    origin: str
    log_key: str
    tool: str
    asked: tuple[str, ...]
    size: int
    checkpoints: Mapping[int, str]
    consistency: tuple[tuple[int, int, tuple[bytes, ...]], ...]
    tokens: tuple[Token, ...]
    records: tuple[EnclosedRecord, ...]
    statements: tuple[EnclosedStatement, ...]
    incidents: tuple[Incident, ...]
    findings: tuple[Finding, ...]
    exposure: tuple[Exposure, ...]
    coverage: tuple[Coverage, ...]
    hits: tuple[HitLine, ...]
    withheld: tuple[WithheldSession, ...]
    rules: Mapping[str, str]
    answers: Answers
    outside: tuple[str, ...]
    reading: Reading
    redacted: tuple[str, ...] = ()
    protected: tuple[ProtectedRecord, ...] = ()
    untold: tuple[WithheldRules, ...] = ()
    reproducible: bool = True
    note: str = ""
    made: str = ""
    by: tuple[str, ...] = ()
    attachments: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The act `exported` that followed the writing, and what proves it: the last thing a package gets.

    act         the statement of kind `act`, its proof leading to the tree of `size` entries
    checkpoint  the signed note of that tree; `consistency` leads from the package's size to it
    """

    act: EnclosedStatement
    size: int
    checkpoint: str
    consistency: tuple[bytes, ...]
