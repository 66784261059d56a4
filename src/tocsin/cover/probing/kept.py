"""From marks to what is kept of probes, a fold: plans and receipts as they were read; and from that to both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from tocsin.model.coverage import Mark
from tocsin.model.instant import parse_time
from tocsin.model.probing import Canary, PlannedProbe, Receipt
from tocsin.model.tables import MARKS

NAME = "probes"
_FACT = ("time", "host", "channel", "scope", "actor", "detail")
SCHEMA = pa.schema([MARKS.field(name) for name in (*_FACT, "record")])
_PLANNED, _BOUND, _RECEIPT = 6, 7, 3  # parts of a detail, as the source writes it


def summarise(marks: pa.Table) -> pa.Table:
    """The plans and receipts of one chunk, in canonical order. Pure."""
    return combine([marks.filter(pc.equal(marks["kind"], str(Mark.PROBE))).select(SCHEMA.names).cast(SCHEMA)])


def combine(partials: Sequence[pa.Table]) -> pa.Table:
    """Distinct ones of all, each with its earliest record; associative, commutative and idempotent."""
    table = pa.concat_tables([SCHEMA.empty_table(), *partials])
    distinct = table.group_by(list(_FACT), use_threads=False).aggregate([("record", "min")])
    named = distinct.rename_columns([name.removesuffix("_min") for name in distinct.schema.names])
    return named.select(SCHEMA.names).cast(SCHEMA).sort_by([(name, "ascending") for name in SCHEMA.names])


def plans_and_receipts(
    state: pa.Table, *, is_entered: Callable[[int], bool]
) -> tuple[dict[str, PlannedProbe], tuple[Receipt, ...]]:
    """Probes by id, and receipts in time. `is_entered` says of a record whether the product put it into the workspace.

    A plan that lay among the logs is no plan: whoever can write a log could then call an access a probe. Nor is it one
    of the time before it was made: it could call an access a probe that somebody else made.
    """
    planned: dict[str, PlannedProbe] = {}
    names: dict[str, list[str]] = defaultdict(list)
    receipts: list[Receipt] = []
    for row in state.to_pylist():
        parts = (row["detail"] or "").split("\t")
        if len(parts) == _RECEIPT and row["time"] is not None:
            receipts.append(Receipt(parts[0], parts[1], row["time"], parts[2] == "made", row["record"]))
        elif len(parts) in (_PLANNED, _BOUND) and is_entered(row["record"]):
            id_, due, end, commitment, log, target, *addresses = parts
            from_, to = parse_time(due), parse_time(end)
            if from_ is not None and to is not None and row["time"] is not None:
                names[id_].append(row["scope"] or "")
                canary = Canary(
                    row["channel"] or "",
                    target,
                    tuple(sorted(names[id_])),
                    row["actor"] or "",
                    row["host"] or "",
                    log,
                    tuple(address for part in addresses for address in part.split(";")),
                )
                planned[id_] = PlannedProbe(id_, canary, max(from_, row["time"]), to, commitment)
    return planned, tuple(sorted(receipts, key=lambda one: (one.time, one)))
