"""Which host sent what where, by day: how often, when in the day, and how many bytes."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.detect.behaviour.relation import Seen
from tocsin.model.instant import DAY, NANOSECONDS, PLAUSIBLE_FROM, PLAUSIBLE_TO

_UNKNOWN, _INSIDE, _OUTSIDE, _SELF = range(4)


class Connections:
    """A row a connection or request: the host that made it, and where it went by its name, else by its address.

    Each log is counted by itself (`log`), for a request stands in the log of connections as well. A host is the device
    whose own log names the process, else the address it came from. What came in from outside is left out: it was
    made by no host of the institution. `seconds` are those of the day (UTC).
    """

    name = "connections"
    keys = ("host", "destination", "log")
    measures = (
        ("out", pa.int64(), "sum"),
        ("in", pa.int64(), "sum"),
        ("seconds", pa.list_(pa.int32()), "smallest"),
    )

    def rows(self, seen: Seen) -> pa.Table:
        """Events that say where they went; one within a host (to itself) is none."""
        events = seen.events
        goes = pc.or_(pc.is_valid(events["dst_endpoint.ip"]), pc.is_valid(events["dst_endpoint.hostname"]))
        events = events.filter(goes)
        address, source = events["dst_endpoint.ip"], events["src_endpoint.ip"]
        is_own = pc.and_(pc.is_valid(events["process.file.path"]), pc.is_valid(events["device.hostname"]))
        host = pc.coalesce(pc.if_else(is_own, events["device.hostname"], None), source)
        to, of = _places(address), _places(source)
        is_gone = (to != _SELF) & ~((of == _SELF) & ~is_own.to_numpy()) & ~((of == _OUTSIDE) & (to == _INSIDE))
        to_self = pc.fill_null(pc.equal(address, source), fill_value=False)
        kept = pc.and_(pc.and_(pc.is_valid(host), pa.array(is_gone)), pc.invert(to_self))
        destination = pc.coalesce(events["dst_endpoint.hostname"], address)
        columns = {
            "host": host,
            "destination": destination,
            "log": pc.coalesce(events["metadata.log_name"], events["source"]),
            "time": events["time"],
            "record": events["record"],
            "out": pc.fill_null(events["traffic.bytes_out"], 0),
            "in": pc.fill_null(events["traffic.bytes_in"], 0),
        }
        rows = pa.table(columns).filter(kept)
        return rows.append_column("seconds", _seconds(rows["time"]))


def _seconds(time: pa.ChunkedArray) -> pa.ListArray:
    """Of each time its second of the day as a list of one; of none an empty list."""
    is_placed = pc.and_(pc.greater_equal(time, PLAUSIBLE_FROM), pc.less(time, PLAUSIBLE_TO))
    placed = pc.fill_null(is_placed, fill_value=False).to_numpy()
    at = pc.fill_null(time, 0).to_numpy()[placed]
    ends = np.concatenate(([0], np.cumsum(placed))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(at % DAY // NANOSECONDS, pa.int32()))


def _places(addresses: pa.ChunkedArray) -> npt.NDArray[np.int8]:
    """Where each address lies; each distinct one is looked at once."""
    encoded = addresses.combine_chunks().dictionary_encode()
    of = np.array([_place(text) for text in encoded.dictionary.to_pylist()] + [_UNKNOWN], dtype=np.int8)
    places: npt.NDArray[np.int8] = of[pc.fill_null(encoded.indices, of.size - 1).to_numpy()]
    return places


@lru_cache(maxsize=65_536)
def _place(text: str) -> int:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return _UNKNOWN
    if address.is_loopback or address.is_unspecified:
        return _SELF
    return _OUTSIDE if address.is_global else _INSIDE


RELATION = Connections()
