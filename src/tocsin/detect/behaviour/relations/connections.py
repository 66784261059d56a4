"""Which host sent what where, by day: how often, when in the day, and how many bytes."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

import numpy as np
import pyarrow as pa

from tocsin.detect.behaviour.columns import Integers, Texts, chosen, first_told, is_alike
from tocsin.detect.behaviour.relation import Rows, Seen
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

    def rows(self, seen: Seen) -> Rows | None:
        """Events that say where they went; one within a host (to itself) is none."""
        events = seen.events
        went = np.flatnonzero(events.is_told("dst_endpoint.ip") | events.is_told("dst_endpoint.hostname"))
        if not went.size:
            return None
        address, source = events.texts_of("dst_endpoint.ip", went), events.texts_of("src_endpoint.ip", went)
        device = events.texts_of("device.hostname", went)
        is_own = events.is_told("process.file.path")[went] & device.is_told
        host = chosen(is_own, device, source)
        to, of = _places(address), _places(source)
        is_gone = (to != _SELF) & ~((of == _SELF) & ~is_own) & ~((of == _OUTSIDE) & (to == _INSIDE))
        kept = np.flatnonzero(host.is_told & is_gone & ~is_alike(address, source))
        gone = went[kept]
        return Rows(
            keys={
                "host": host[kept],
                "destination": first_told(events.texts_of("dst_endpoint.hostname", gone), address[kept]),
                "log": first_told(events.texts_of("metadata.log_name", gone), events.texts_of("source", gone)),
            },
            time=events.time[gone],
            record=events.record[gone],
            measures={
                "out": events.numbers("traffic.bytes_out")[gone],
                "in": events.numbers("traffic.bytes_in")[gone],
                "seconds": _seconds(events.time[gone]),
            },
        )


def _seconds(time: Integers) -> pa.ListArray:
    """Of each time its second of the day as a list of one; of none an empty list."""
    placed = (time >= PLAUSIBLE_FROM) & (time < PLAUSIBLE_TO)
    ends = np.concatenate(([0], np.cumsum(placed))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(time[placed] % DAY // NANOSECONDS, pa.int32()))


def _places(addresses: Texts) -> Integers:
    """Where each address lies; each distinct one is looked at once."""
    return addresses.looked_up(_place, _UNKNOWN)


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
