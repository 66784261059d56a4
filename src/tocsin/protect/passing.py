"""All that a chunk gave, through the door: every text of it, each distinct one asked for once, before any of it rests.

What the product itself says (ids of rules, kinds, degrees, names of sources) is no text of a log and is left as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from hashlib import blake2b
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc

from tocsin.model.chunk import ChunkAccount, ChunkResult
from tocsin.model.clipping import cut, is_marked
from tocsin.model.door import Door, mask_all
from tocsin.model.tables import HITS
from tocsin.protect.written import Written, masked_as_written

# Words of the product and of the rules' authors: what the rules say is seen to where rules are kept.
_OWN = frozenset(("record", "source", "rule", "hidden_by", "kind", "actor_class", "degree", "fields"))
# Columns whose texts are JSON: the texts in it are what is looked at.
_JSON = frozenset(("matched", "log", "said", "told"))
_PARTS = 3
_UNTOLD = "…"  # stands for what was asked
_AS_WRITTEN: Written = MappingProxyType({})
_TABLES = ("events", "hits", "sightings", "accesses", "marks")
# Of what correlations compare, kept as it is; a longer text is told by its beginning and a digest of the whole.
_LONGEST_COMPARED = 300


def pass_through(
    result: ChunkResult, logs: pa.Table, door: Door, written: Written = _AS_WRITTEN
) -> tuple[ChunkResult, pa.Table]:
    """What may leave the worker of a chunk and of the logs seen in it; what was to be cut is cut behind the door.

    written   how the records wrote what the tables hold in lower case
    The same tables where nothing is replaced. Raises ProtectionError where the door fails: then nothing leaves.
    """
    tables = {name: getattr(result, name) for name in _TABLES}
    if door.epoch:
        every = {**tables, "logs": logs}
        texts = {text for table in every.values() for text in _texts(table)}
        texts.update(rejection.detail for rejection in result.account.rejected)
        texts.update(_rules_told(result.hits))
        replaced = mask_all(door, texts)
        if written:
            replaced |= masked_as_written(door, written)
        if replaced:
            tables = {name: _masked(table, replaced) for name, table in tables.items()}
            tables["hits"] = _with_rules_told(tables["hits"], lambda text: replaced.get(text, text))
            logs = _masked(logs, replaced)
            result = replace(result, account=_account(result.account, lambda text: replaced.get(text, text)))
    tables["marks"] = _with(tables["marks"], "detail", cut) if tables["marks"].num_rows else tables["marks"]
    tables["hits"] = cut_hits(tables["hits"])
    tables["sightings"] = cut_sightings(tables["sightings"])
    return replace(result, account=_account(result.account, cut), **tables), logs


def _columns(table: pa.Table) -> Iterator[str]:
    for field in table.schema:
        if pa.types.is_string(field.type) and field.name not in _OWN:
            yield field.name


def _texts(table: pa.Table) -> Iterator[str]:
    for name in _columns(table):
        for text in pc.unique(table.column(name)).to_pylist():
            if text:
                yield from _said(json.loads(text)) if name in _JSON else (text,)


def _said(value: object) -> Iterator[str]:
    """Every text in a JSON value; a number is one as well, for the number of a document may be written as one."""
    match value:
        case str():
            yield value
        case list():
            for each in value:
                yield from _said(each)
        case dict():
            for name, each in value.items():
                yield name
                yield from _said(each)
        case int() | float():
            yield str(value)


def _replaced(value: object, replaced: Mapping[str, str]) -> object:
    match value:
        case str():
            return replaced.get(value, value)
        case list():
            return [_replaced(each, replaced) for each in value]
        case dict():
            return {replaced.get(name, name): _replaced(each, replaced) for name, each in value.items()}
        case int() | float():
            return replaced.get(str(value), value)
    return value


def _matched(part: object, replaced: Mapping[str, str]) -> object:
    """What matched: [field, what was asked in words, value]. What was asked of a name would tell a part of it beside
    its token: the text in quotes is kept only where the value shows it still."""
    other = _replaced(part, replaced)
    if isinstance(part, list) and isinstance(other, list) and len(other) == _PARTS and other[2] != part[2]:
        asked, value = str(other[1]), str(other[2]).casefold()
        begin, end = asked.find("'") + 1, asked.rfind("'")
        if 0 < begin < end and asked[begin:end].casefold() not in value:
            asked = f"{asked[:begin]}{_UNTOLD}{asked[end:]}"
        return [other[0], asked, other[2]]
    return other


def _masked(table: pa.Table, replaced: Mapping[str, str]) -> pa.Table:
    for name in _columns(table):
        if name in _JSON:
            # As they were written: `matched` keeps its letters, `log` escapes them.
            ascii_only = name == "log"

            def new(text: str, *, ascii_only: bool = ascii_only) -> str:
                value = json.loads(text)
                other = _replaced(value, replaced) if ascii_only else [_matched(part, replaced) for part in value]
                return text if other == value else json.dumps(other, ensure_ascii=ascii_only)

            table = _with(table, name, new)
        else:
            table = _with(table, name, lambda text: replaced.get(text, text))
    return table


def _rules_told(hits: pa.Table) -> list[str]:
    """The rules of other tools among the hits: their ids are words of the log, and no words of ours."""
    rules: list[str] = pc.unique(hits.filter(hits["told"].is_valid())["rule"]).to_pylist()
    return rules


def _with_rules_told(hits: pa.Table, new: Callable[[str], str]) -> pa.Table:
    if hits["told"].null_count == hits.num_rows:
        return hits
    other = _with(hits, "rule", new)["rule"]
    return hits.set_column(hits.schema.get_field_index("rule"), HITS.field("rule"), _where_told(hits, other))


def _where_told(hits: pa.Table, other: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(hits["told"].is_valid(), other, hits["rule"])


def untold_rules(before: pa.Table, after: pa.Table) -> frozenset[str]:
    """Ids of the rules whose words are not told of some hit any more; the hits before the door and behind it."""
    rows = zip(before["rule"].to_pylist(), before["matched"].to_pylist(), after["matched"].to_pylist(), strict=True)
    return frozenset(rule for rule, one, other in rows if one != other and _untold(one) < _untold(other))


def _untold(matched: str) -> int:
    return sum(asked.endswith(f"'{_UNTOLD}'") for _, asked, _ in json.loads(matched))


def cut_hits(hits: pa.Table) -> pa.Table:
    """The hits with the values that matched cut to what is shown of them."""

    def new(text: str) -> str:
        return json.dumps(_cut_all(json.loads(text)), ensure_ascii=False) if is_marked(text) else text

    if not hits.num_rows:
        return hits
    return _with_rules_told(_with(_with(hits, "matched", new), "told", new), cut)


def _cut_all(value: object) -> object:
    if isinstance(value, list):
        return [_cut_all(each) for each in value]
    return cut(value) if isinstance(value, str) else value


def cut_sightings(sightings: pa.Table) -> pa.Table:
    """The sightings with each long text as its beginning and a digest of the whole: two that differ still do."""

    def short(said: str | None) -> str | None:
        if said is None or len(said) <= _LONGEST_COMPARED:
            return said
        digest = blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        return f"{said[: _LONGEST_COMPARED - len(digest) - 1]}…{digest}"

    def new(text: str) -> str:
        if len(text) <= _LONGEST_COMPARED:
            return text
        return json.dumps([short(said) for said in json.loads(text)], ensure_ascii=False)

    return _with(sightings, "said", new) if sightings.num_rows else sightings


def _with(table: pa.Table, name: str, new: Callable[[str], str]) -> pa.Table:
    """The table with each text of a column as `new` has it; the same where it has them all as they are."""
    encoded = table.column(name).combine_chunks().dictionary_encode()
    before = encoded.dictionary.to_pylist()
    after = [text and new(text) for text in before]
    if after == before:
        return table
    column = pa.array(after, pa.string()).take(encoded.indices)
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(name), column)


def _account(account: ChunkAccount, new: Callable[[str], str]) -> ChunkAccount:
    rejected = tuple(replace(each, detail=new(each.detail)) for each in account.rejected)
    return account if rejected == account.rejected else replace(account, rejected=rejected)
