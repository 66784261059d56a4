"""From which networks outside, and with which client programs, an account came, by day."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
import pyarrow as pa

from tocsin.detect.behaviour.columns import chosen
from tocsin.detect.behaviour.relation import Rows, Seen
from tocsin.detect.behaviour.relations.sign_ins import is_end
from tocsin.model.identity import is_private_address, network_of_address

_AUTHENTICATION = 3002  # OCSF class
_REMEMBERED = 65_536  # the same addresses and programs come in every chunk, and an address is parsed thrice
_VERSIONS = re.compile(r"\d[\d._]*")


class Origins:
    """A row an event that did not fail and names an account, with an address of the outside or a client program.

    network  that the address lies in (`model.identity.network_of_address`), "" where it is the institution's own
    client   the user agent without its versions, in lower case, "" where the log has none
    """

    name = "origins"
    keys = ("account", "network", "client")
    measures: tuple[tuple[str, pa.DataType, str], ...] = ()

    def rows(self, seen: Seen) -> Rows | None:
        """Of a sign-in the account is the one that was used, of all else the one that acted."""
        events = seen.events
        is_sign_in = events.numbers("class_uid") == _AUTHENTICATION
        used, acting = events.lower("user.name"), events.lower("actor.user.name")
        is_used = is_sign_in & used.is_named
        kept = events.is_told("src_endpoint.ip") | events.is_told("http_request.user_agent")
        kept &= is_used | acting.is_named
        kept &= ~events.texts("status").is_in(("failure",)) & ~(is_sign_in & is_end(events.texts("activity_name")))
        came = np.flatnonzero(kept)
        if not came.size:
            return None
        network, client = (
            events.texts_of(name, came).filled().each(change)
            for name, change in (("src_endpoint.ip", _networks), ("http_request.user_agent", _clients))
        )
        is_told = network.is_named | client.is_named
        account = chosen(is_used[came], used[came], acting[came])
        came = came[is_told]
        return Rows(
            keys={"account": account[is_told], "network": network[is_told], "client": client[is_told]},
            time=events.time[came],
            record=events.record[came],
        )


@lru_cache(maxsize=_REMEMBERED)
def _network(address: str) -> str:
    return "" if is_private_address(address) else network_of_address(address) or ""


@lru_cache(maxsize=_REMEMBERED)
def _client(agent: str) -> str:
    return _VERSIONS.sub("", agent.lower()).strip()


def _networks(addresses: pa.StringArray) -> pa.Array:
    return pa.array(map(_network, addresses.to_pylist()), pa.string())


def _clients(agents: pa.StringArray) -> pa.Array:
    return pa.array(map(_client, agents.to_pylist()), pa.string())


RELATION = Origins()
