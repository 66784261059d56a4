"""The tables of `tocsin.db`. Times are int64 nanoseconds UTC unless a column says otherwise."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData()

# One investigation or collection. `settings` is JSON; `finished` is null while it runs or after it was interrupted.
runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("started", Text, nullable=False),
    Column("finished", Text),
    Column("tool", Text, nullable=False),
    Column("settings", Text, nullable=False),
)

# One file or archive member. `complete` once its last chunk is committed.
inputs = Table(
    "inputs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", Integer, ForeignKey("runs.id"), nullable=False),
    Column("path", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("content_sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("certainty", Float, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("container", Text),
    Column("complete", Boolean, nullable=False),
    # [path, reason, container, acquisition] in clear, wrapped under the workspace key and the door's, where a protected
    # name was replaced in one of them.
    Column("clear", LargeBinary),
)

# The epochs of the vault under which all texts of the database but those of chunks passed the door, the last in force;
# none before a vault was linked. `size`: of the ledger then. A chunk's epoch is in its `plan`.
doors = Table(
    "doors",
    metadata,
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
)

# What an acquisition record (an input of source `acquisition`) says of other inputs, as JSON of `model.acquisition`.
acquisitions = Table(
    "acquisitions",
    metadata,
    Column("input", Integer, ForeignKey("inputs.id"), primary_key=True),
    Column("document", LargeBinary, nullable=False),
)

# One committed chunk. `kind`: `records` (its bytes are its segment's), `derived` (its bytes are inflated from the
# container's segments), `container` (bytes of an archive or compressed file as received; one leaf, no records),
# `extracted` (once `derived`: its bytes are its segment's since its container was erased).
chunks = Table(
    "chunks",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("input", Integer, ForeignKey("inputs.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("skip", BigInteger, nullable=False),
    Column("preamble", LargeBinary, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("name", Text, nullable=False, unique=True),
    Column("stem", Text, unique=True),  # name of its files since a record was erased from it; null: they bear `name`
    Column("secret", LargeBinary, nullable=False),  # wrapped under the workspace key, and the door's where there is one
    Column("segment_sha256", Text, nullable=False),  # of the segment file; "" for a derived chunk
    Column("decoder", Text, nullable=False),
    Column("tree_start", BigInteger, nullable=False),
    Column("leaves", BigInteger, nullable=False),
    Column("first_entry", BigInteger, nullable=False),
    Column("read", BigInteger, nullable=False),
    Column("stored", BigInteger, nullable=False),
    Column("duplicates", BigInteger, nullable=False),
    Column("events_sha256", Text, nullable=False),  # of events/<name>.parquet; "" where there is no event
    Column("events", BigInteger, nullable=False),
    Column("first", BigInteger),
    Column("last", BigInteger),
    Column("plan", Text, nullable=False),  # digest of the rules the hits were made with, and the epoch of the vault
    Column("fielded", LargeBinary, nullable=False),  # ordinals of the leaves with a field root, 4 bytes each, ascending
)

rejections = Table(
    "rejections",
    metadata,
    Column("chunk", Integer, ForeignKey("chunks.sequence"), nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("detail", Text, nullable=False),
)

warnings = Table(
    "warnings",
    metadata,
    Column("chunk", Integer, ForeignKey("chunks.sequence"), nullable=False, index=True),
    Column("code", Text, nullable=False),
    Column("count", BigInteger, nullable=False),
)

# What a fold keeps of one chunk, as an Arrow IPC stream.
partials = Table(
    "partials",
    metadata,
    Column("chunk", Integer, ForeignKey("chunks.sequence"), primary_key=True),
    Column("fold", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

# Keys of the events a chunk left, 16 bytes each, so that a second copy is known as one (`store.event_keys`).
chunk_keys = Table(
    "chunk_keys",
    metadata,
    Column("chunk", Integer, ForeignKey("chunks.sequence"), primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

# The right edge of the tree at the committed size: one row.
tree = Table(
    "tree",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("edge", LargeBinary, nullable=False),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("signed", Text, nullable=False),
)

# Cosignatures of witnesses over published checkpoints: `key` is the witness's verifier key, `line` ends in a newline.
cosignatures = Table(
    "cosignatures",
    metadata,
    Column("size", BigInteger, ForeignKey("checkpoints.size"), primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    Column("time", BigInteger, primary_key=True, autoincrement=False),  # seconds since 1970, by the witness's clock
    Column("name", Text, nullable=False),
    Column("line", Text, nullable=False),
)

# RFC 3161 tokens over notes of published checkpoints, as received (DER), with the roots (PEM) they were held against.
timestamps = Table(
    "timestamps",
    metadata,
    Column("token_sha256", Text, primary_key=True),
    Column("size", BigInteger, ForeignKey("checkpoints.size"), nullable=False),
    Column("sha256", Text, nullable=False),  # of the note
    Column("authority", Text, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("accuracy", BigInteger, nullable=False),  # ns; 0 where none is stated
    Column("token", LargeBinary, nullable=False),
    Column("roots", LargeBinary, nullable=False),
)

# What time-stamp authorities were asked (DER): an answer is known by the nonce, in decimal.
timestamp_requests = Table(
    "timestamp_requests",
    metadata,
    Column("nonce", Text, primary_key=True),
    Column("size", BigInteger, ForeignKey("checkpoints.size"), nullable=False),
    Column("data", LargeBinary, nullable=False),
)

# What the ledger says beside records: the leaf, its kind, and what it commits to with its salt (`record.statements`).
statements = Table(
    "statements",
    metadata,
    Column("leaf", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False, index=True),
    Column("salt", LargeBinary, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

# Briefs that went out. `figures` is JSON of `model.brief.Figures`: what the next one is compared with.
briefs = Table(
    "briefs",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # 1 for the first
    Column("issued", Text, nullable=False),
    Column("as_of", BigInteger),
    Column("sha256", Text, nullable=False),  # of the brief as it was released
    Column("tool", Text, nullable=False),
    Column("figures", Text, nullable=False),
)

# What an answer said, once however often it was given: zstd of JSON of `model.answers.Answers`, wrapped. `name` is the
# keyed digest of the JSON.
answer_documents = Table(
    "answer_documents",
    metadata,
    Column("name", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

# The answers that were given, and when; `docs/decisions/two-clocks.md` says which. `document` is null and `withheld`
# says why where it is not kept any more. `figures` is JSON of `model.clocks.AnswerFigures`: counts, which name nobody.
answers = Table(
    "answers",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # 1 for the first
    Column("given", BigInteger, nullable=False),
    Column("run", Integer, ForeignKey("runs.id"), nullable=False),
    Column("occasion", Text, nullable=False),
    Column("as_of", BigInteger),
    Column("tool", Text, nullable=False),
    Column("document", Text, ForeignKey("answer_documents.name")),
    Column("withheld", Text, nullable=False),
    Column("figures", Text, nullable=False),
)
