"""From the digest files of a trail and the files read to where its chain is broken, and which log files are not whole.

A fold of marks: a digest, and each log file it lists. What a digest can show, and what it cannot (its signature is not
checked, so nothing is proven by it): `collect/sources/aws_cloudtrail_digest/audit.toml`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from tocsin.model.coverage import Coverage, CoverageState
from tocsin.model.exposure import Basis
from tocsin.model.instant import HOUR, format_time, is_plausible, parse_time
from tocsin.model.reference import RecordPlace
from tocsin.model.tables import MARKS

NAME = "digests"
SCHEMA = MARKS
_DIGEST: Final = "digest"  # kinds of mark, as the source writes them
_LISTS: Final = "digest_lists"
_SEALING: Final = "aws_cloudtrail_digest"
_SEALED: Final = "aws_cloudtrail"
_NAMED = 3


class Content(NamedTuple):
    """An input: its path, the SHA-256 of what is in it when inflated, and the records read of it."""

    path: str
    sha256: str
    records: int


class _File(NamedTuple):
    """A log file as a digest lists it; `first` and `last` of its events, -1 where the digest does not say."""

    name: str
    sha256: str
    first: int
    last: int


class _Digest(NamedTuple):
    from_: int
    to: int
    name: str
    before: str
    before_sha256: str
    files: tuple[_File, ...]
    sha256: str  # of its own content; "" where its input holds more than it
    place: RecordPlace


def summarise(marks: pa.Table) -> pa.Table:
    """The marks of digests in one chunk, in canonical order. Pure."""
    return combine([marks.filter(pc.is_in(marks["kind"], pa.array([_DIGEST, _LISTS])))])


def combine(partials: Sequence[pa.Table]) -> pa.Table:
    """Distinct marks of all; associative, commutative and idempotent."""
    table = pa.concat_tables([SCHEMA.empty_table(), *partials])
    distinct = table.group_by(SCHEMA.names, use_threads=False).aggregate([])
    return distinct.select(SCHEMA.names).cast(SCHEMA).sort_by([(name, "ascending") for name in SCHEMA.names])


def conclude(
    state: pa.Table, contents: Iterable[Content], *, place: Callable[[int], RecordPlace]
) -> tuple[Coverage, ...]:
    """What the digests say of the log files of each trail; `contents` are all inputs, by which files are recognised.

    A break in the chain is `gapped`, and so is a listed file with another content and a digest that is not the one the
    next names; a listed file that was not read is `not_collected`.
    """
    inputs = {one.path: one for one in contents}
    read = _Read(
        frozenset(one.sha256 for one in inputs.values() if one.sha256),
        frozenset(_base(path) for path in inputs),
    )
    rows: list[Coverage] = []
    for (channel, trail), chain in sorted(_chains(state, inputs, place).items()):
        name = f"trail {trail}" if trail else "the trail"
        doubts = [*_breaks(chain, channel, name), *_altered(chain, channel, name), *_lacking(chain, channel, read)]
        rows += [*doubts, _told(chain, channel, name, read, len(doubts))]
    return tuple(rows)


class _Read(NamedTuple):
    """Of all inputs: the hashes of their contents, and their names without folder and `.gz`."""

    contents: frozenset[str]
    names: frozenset[str]


def _chains(
    state: pa.Table, inputs: Mapping[str, Content], place: Callable[[int], RecordPlace]
) -> dict[tuple[str, str], list[_Digest]]:
    """The digests of each trail in time, by channel and name of the trail; one that was read twice is there once."""
    files: dict[int, list[_File]] = {}
    heads: list[dict[str, object]] = []
    for row in state.to_pylist():
        if row["kind"] == _DIGEST:
            heads.append(row)
        else:
            files.setdefault(row["record"], []).append(_file(row))
    chains: dict[tuple[str, str], dict[tuple[object, ...], _Digest]] = {}
    for row in heads:
        said, record = _detail(row), int(str(row["record"]))
        from_, to = parse_time(said.get("from", "")), parse_time(said.get("to", ""))
        if from_ is None or to is None or not (is_plausible(from_) and is_plausible(to) and from_ < to):
            continue  # the record's own warnings tell of it
        here = place(record)
        content = inputs.get(here.input)
        digest = _Digest(
            from_=from_,
            to=to,
            name=said.get("object", ""),
            before=said.get("previous", ""),
            before_sha256=str(row["scope"] or ""),
            files=tuple(sorted(files.get(record, ()))),
            sha256=content.sha256 if content is not None and content.records == 1 else "",
            place=here,
        )
        key = str(row["channel"] or ""), said.get("trail", "")
        chains.setdefault(key, {}).setdefault((*digest[:6],), digest)
    return {key: sorted(found.values()) for key, found in chains.items()}


def _file(row: Mapping[str, object]) -> _File:
    said = _detail(row)
    times = [parse_time(said.get(name, "")) for name in ("from", "to")]
    first, last = (time if time is not None and is_plausible(time) else -1 for time in times)
    return _File(said.get("object", ""), str(row["scope"] or ""), first, last)


def _detail(row: Mapping[str, object]) -> dict[str, str]:
    try:
        said = json.loads(str(row["detail"]))
    except ValueError:
        return {}
    return {name: str(value) for name, value in said.items()} if isinstance(said, dict) else {}


def _breaks(chain: Sequence[_Digest], channel: str, name: str) -> Iterator[Coverage]:
    """Where hours pass between two digests: one is written each hour, also when nothing happened."""
    reached = chain[0]
    for digest in chain[1:]:
        if digest.from_ > reached.to:
            hours = max(round((digest.from_ - reached.to) / HOUR), 1)
            yield _row(
                channel,
                (reached.to, digest.from_),
                CoverageState.GAPPED,
                f"the chain of digests of {name} is broken: no digest of {_counted(hours, 'hour')} between"
                f" {format_time(reached.to)} and {format_time(digest.from_)}",
                (reached.place, digest.place),
            )
        if digest.to > reached.to:
            reached = digest


def _altered(chain: Sequence[_Digest], channel: str, name: str) -> Iterator[Coverage]:
    """Digests of one hour that are unlike, or that are not what the next one says stood before it."""
    for before, after in pairwise(chain):
        if before.name == after.name and before.from_ == after.from_:
            words = f"two unlike copies of a digest of {name} were read"
        elif (
            before.name == after.before
            and before.sha256
            and after.before_sha256
            and before.sha256 != after.before_sha256
        ):
            words = f"a digest of {name} is not the one that the next names: it was changed, or put in"
        elif before.to == after.from_ and after.before and before.name != after.before:
            words = f"the digest of {name} for the next hour names another one before it"
        else:
            continue
        span = before.from_, max(before.to, before.from_ + 1)
        yield _row(channel, span, CoverageState.GAPPED, words, (before.place, after.place))


def _lacking(chain: Sequence[_Digest], channel: str, read: _Read) -> Iterator[Coverage]:
    """Log files that digests list and no input is; hours on end make one row."""
    for state in (CoverageState.NOT_COLLECTED, CoverageState.GAPPED):
        group: list[tuple[_Digest, list[_File]]] = []
        for digest in chain:
            files = [one for one in digest.files if _fault(one, read) is state]
            if group and (not files or digest.from_ > group[-1][0].to):
                yield _of_files(group, channel, state)
                group = []
            if files:
                group.append((digest, files))
        if group:
            yield _of_files(group, channel, state)


def _fault(file: _File, read: _Read) -> CoverageState | None:
    if file.sha256 in read.contents:
        return None
    return CoverageState.GAPPED if _base(file.name) in read.names else CoverageState.NOT_COLLECTED


def _of_files(group: Sequence[tuple[_Digest, Sequence[_File]]], channel: str, state: CoverageState) -> Coverage:
    files = [one for _, found in group for one in found]
    named = ", ".join(_base(one.name) or "one without a name" for one in files[:_NAMED])
    more = f" and {len(files) - _NAMED:,} more" if len(files) > _NAMED else ""
    count = _counted(len(files), "log file")
    if state is CoverageState.GAPPED:
        words = f"{count} read with another content than the digest says, so that records may be missing or changed"
    else:
        words = f"{count} listed by digests not among the inputs"
    # A file is delivered some minutes after its events: what is missing reaches back before the hour of its digest.
    first = min([group[0][0].from_, *(one.first for one in files if one.first >= 0)])
    last = max([group[-1][0].to, *(one.last + 1 for one in files)])
    return _row(
        channel,
        (first, last),
        state,
        f"{words}: {named}{more}",
        tuple(dict.fromkeys((group[0][0].place, group[-1][0].place))),
    )


def _told(chain: Sequence[_Digest], channel: str, name: str, read: _Read, doubts: int) -> Coverage:
    """What the chain shows: never more than unproven, for the provider's signature was not checked."""
    files = {one for digest in chain for one in digest.files}
    intact = sum(one.sha256 in read.contents for one in files)
    whole = "without a break" if not doubts else f"with {_counted(doubts, 'doubt')}"
    return Coverage(
        source=_SEALING,
        host="",
        channel=channel,
        from_=chain[0].from_,
        to=max(digest.to for digest in chain),
        state=CoverageState.UNPROVEN,
        evidence=f"{_counted(len(chain), 'digest')} of {name} {whole}: {intact:,} of {_counted(len(files), 'log file')}"
        " listed read as they were delivered; the provider's signature on the digests was not checked",
        records=tuple(dict.fromkeys((chain[0].place, chain[-1].place))),
        basis=Basis.SEALED,
    )


def _row(
    channel: str, span: tuple[int, int], state: CoverageState, evidence: str, records: tuple[RecordPlace, ...]
) -> Coverage:
    return Coverage(
        source=_SEALED,
        host="",
        channel=channel,
        from_=span[0],
        to=span[1],
        state=state,
        evidence=evidence,
        records=records,
        basis=Basis.NONE,
    )


def _base(path: str) -> str:
    return path.replace("!", "/").rpartition("/")[2].removesuffix(".gz")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
