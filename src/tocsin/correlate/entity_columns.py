"""Rows of hits in; the columns that name who and what they are about, as codes of their distinct values, out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tocsin.model.finding import Entity, EntityType
from tocsin.model.identity import network_of_address

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Column(NamedTuple):
    """A text column as codes into its distinct values; -1 where it says nothing."""

    codes: Integers
    values: list[str]

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> Column:
        encoded = column.combine_chunks().dictionary_encode()
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        values: list[str] = encoded.dictionary.to_pylist()
        if "" in values:
            codes[codes == values.index("")] = -1
        return cls(codes, values)

    def mapped(self, numbers: Sequence[int]) -> Integers:
        """`numbers`, one a distinct value, per row; -1 where the row says nothing."""
        return np.array([*numbers, -1], dtype=np.int64)[self.codes]


class EntityColumns(NamedTuple):
    """The columns that name entities."""

    actor: Column
    target: Column
    host: Column
    device: Column
    address: Column
    session: Column
    process: Column
    application: Column
    resource: Column
    is_mail: Flags
    told: Column

    @classmethod
    def of(cls, state: pa.Table) -> EntityColumns:
        return cls(
            Column.of(state["actor.user.name"]),
            Column.of(state["user.name"]),
            Column.of(state["device.hostname"]),
            Column.of(state["device.ip"]),
            Column.of(state["src_endpoint.ip"]),
            Column.of(state["actor.session.uid"]),
            Column.of(state["process.uid"]),
            Column.of(state["actor.app_uid"]),
            Column.of(state["resource.name"]),
            is_mail(state),
            Column.of(state["told"]),
        )


def is_mail(rows: pa.Table) -> Flags:
    """Per row whether it is of the log of mail, where a resource is a mailbox."""
    log = Column.of(rows["metadata.log_name"])
    flags: Flags = log.mapped([int(value == "Exchange") for value in log.values]) == 1
    return flags


@cache
def device_network(value: str) -> Entity | None:
    """The network of an address; None where it is no address."""
    network = network_of_address(value)
    return Entity(EntityType.NETWORK, network) if network else None
