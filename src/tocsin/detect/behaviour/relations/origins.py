"""From which networks outside, and with which client programs, an account came, by day."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from tocsin.detect.behaviour.relation import Seen
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

    def rows(self, seen: Seen) -> pa.Table:
        """Of a sign-in the account is the one that was used, of all else the one that acted."""
        events = seen.events.select(
            [
                *("time", "record", "class_uid", "status", "activity_name", "actor.user.name", "user.name"),
                *("http_request.user_agent", "src_endpoint.ip"),
            ]
        )
        told = pc.or_(pc.is_valid(events["src_endpoint.ip"]), pc.is_valid(events["http_request.user_agent"]))
        events = events.filter(pc.and_(told, pc.not_equal(pc.fill_null(events["status"], ""), "failure")))
        is_sign_in = pc.equal(events["class_uid"], _AUTHENTICATION)
        used = pc.and_(is_sign_in, pc.not_equal(pc.fill_null(events["user.name"], ""), ""))
        account = pc.fill_null(pc.if_else(used, events["user.name"], events["actor.user.name"]), "")
        ends = pc.and_(is_sign_in, is_end(events["activity_name"]))
        named = pc.and_(pc.not_equal(account, ""), pc.invert(ends))
        events = events.filter(named)
        rows = pa.table(
            {
                "account": pc.utf8_lower(account.filter(named)),
                "network": _each(events["src_endpoint.ip"], _network),
                "client": _each(events["http_request.user_agent"], _client),
                "time": events["time"],
                "record": events["record"],
            }
        )
        return rows.filter(pc.or_(pc.not_equal(rows["network"], ""), pc.not_equal(rows["client"], "")))


@lru_cache(maxsize=_REMEMBERED)
def _network(address: str) -> str:
    return "" if is_private_address(address) else network_of_address(address) or ""


@lru_cache(maxsize=_REMEMBERED)
def _client(agent: str) -> str:
    return _VERSIONS.sub("", agent.lower()).strip()


def _each(column: pa.ChunkedArray, told: Callable[[str], str]) -> pa.Array:
    """What `told` makes of each text, "" of none; each distinct text is looked at once."""
    encoded = pc.fill_null(column, "").combine_chunks().dictionary_encode()
    texts = pa.array([told(text) if text else "" for text in encoded.dictionary.to_pylist()], pa.string())
    return texts.take(encoded.indices)


RELATION = Origins()
