"""Tickets, tokens and sessions by day: where one was issued to an account, and where one was used.

What was used and not issued was forged, or stolen from elsewhere, or its issue is not in the logs.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.detect.behaviour.relation import Seen

# Ways in which what is used was issued before; and the two sides of each.
TICKET, SERVICE, FEDERATION, SESSION = "ticket", "service", "federation", "session"
ISSUED, USED = "issued", "used"

_AUTHENTICATION = 3002  # OCSF class
_GRANTED = ("4768", "4770")  # a ticket-granting ticket issued, or renewed
_ASKED = "4769"  # a service ticket, for a ticket-granting ticket
_LOGGED_ON = "4624"
_GRANTING = "krbtgt"  # the service of which a ticket is one for tickets
_HANDED_OUT = "application token issued"  # by a federation server
_PROVIDER = "microsoftonline"  # the party that AD FS issues the tokens of the tenant's sign-ins for
_DIRECTORY = ("AzureActiveDirectory", "SignInLogs", "SigninLogs")  # logs of sign-ins to the tenant
_QUIETLY = ("NonInteractiveUserSignInLogs", "AADNonInteractiveUserSignInLogs")  # and of those no person sees
_TENANT = "m365_unified_audit"  # the source whose accesses name the session they were made in
_EVENTS = (
    *("time", "record", "source", "class_uid", "status", "activity_name", "actor.user.name", "actor.session.uid"),
    *("auth_protocol", "src_endpoint.ip", "device.hostname", "metadata.log_name", "metadata.event_code"),
    "resource.name",
)


class Issues:
    """A row an issue or a use that did not fail.

    way       `ticket`: a service ticket, asked for with a ticket-granting ticket; `service`: a sign-in to a host over
              the network by Kerberos, with a service ticket; `federation`: a sign-in to the tenant, with a token of the
              federation server; `session`: an access in the tenant, in a session that a sign-in began
    side      `issued` or `used`
    address   it was issued to or used from, "" where the log has none, it was the host itself, or says nothing of it
    thing     host or session it is good for, "" for any
    host, log that hold an issue, or a service ticket that was asked for; a log is its source and its name
    """

    name = "issues"
    keys = ("account", "way", "side", "address", "thing", "host", "log")
    measures: tuple[tuple[str, pa.DataType, str], ...] = ()

    def rows(self, seen: Seen) -> pa.Table:
        """See the class. What is issued and used at once, as a sign-in to the tenant, is a row of each."""
        events = seen.events.filter(pc.equal(seen.events["class_uid"], _AUTHENTICATION)).select(_EVENTS)
        parts = [*(_signed(events) if events.num_rows else ()), _reached(seen.accesses)]
        return pa.concat_tables([part for part in parts if part.num_rows] or parts[-1:])


def _signed(events: pa.Table) -> Iterator[pa.Table]:
    """Issues and uses among sign-ins; each sort is looked for once, and most chunks have few of them."""
    events = events.filter(
        pc.and_(pc.not_equal(pc.fill_null(events["status"], ""), "failure"), pc.is_valid(events["actor.user.name"]))
    )
    code = events["metadata.event_code"]
    if (granted := events.filter(pc.is_in(code, pa.array(_GRANTED)))).num_rows:
        yield _rows(granted, TICKET, ISSUED, address="src_endpoint.ip", is_log_told=True)
    if (asked := events.filter(pc.equal(code, _ASKED))).num_rows:
        yield _rows(asked, TICKET, USED, address="src_endpoint.ip", is_log_told=True)
        service = pc.utf8_lower(pc.fill_null(asked["resource.name"], ""))
        for_a_host = pc.invert(pc.match_substring_regex(service, f"^({_GRANTING}.*)?$"))
        label = _label(service.filter(for_a_host))
        yield _rows(asked.filter(for_a_host), SERVICE, ISSUED, thing=label, is_log_told=True)
    if (logons := events.filter(pc.equal(code, _LOGGED_ON))).num_rows:
        logons = logons.filter(pc.equal(pc.utf8_lower(logons["auth_protocol"]), "kerberos"))
        logons = logons.filter(pc.not_equal(_addresses(logons["src_endpoint.ip"]), ""))
        yield _rows(logons, SERVICE, USED, thing=_label(logons["device.hostname"]))
    if (tokens := events.filter(pc.equal(events["activity_name"], _HANDED_OUT))).num_rows:
        party = pc.utf8_lower(pc.fill_null(tokens["resource.name"], _PROVIDER))
        issued = tokens.filter(pc.match_substring(party, _PROVIDER))
        yield _rows(issued, FEDERATION, ISSUED, address="src_endpoint.ip", is_log_told=True)
    log = events["metadata.log_name"]
    if (signed := events.filter(pc.is_in(log, pa.array(_DIRECTORY)))).num_rows:
        yield _rows(signed, FEDERATION, USED, address="src_endpoint.ip")
    if (every := events.filter(pc.is_in(log, pa.array(_DIRECTORY + _QUIETLY)))).num_rows:
        yield _rows(every, SESSION, ISSUED, "src_endpoint.ip", every["actor.session.uid"], is_log_told=True)


def _reached(accesses: pa.Table) -> pa.Table:
    """Accesses of people in the tenant."""
    is_own = pc.and_(pc.equal(accesses["source"], _TENANT), pc.equal(accesses["actor_class"], "account"))
    made = accesses.filter(pc.and_(is_own, pc.not_equal(accesses["actor"], "")))
    return _rows(made.rename_columns({"actor": "actor.user.name"}), SESSION, USED, "address", made["session"])


def _rows(
    rows: pa.Table,
    way: str,
    side: str,
    address: str | None = None,
    thing: pa.ChunkedArray | None = None,
    *,
    is_log_told: bool = False,
) -> pa.Table:
    """Rows of the relation; `address` is a column, None for one that says nothing."""
    nothing = pa.array([""] * rows.num_rows, pa.string())
    host = log = nothing
    if is_log_told:
        host = pc.fill_null(rows["device.hostname"], "")
        log = pc.binary_join_element_wise(rows["source"], pc.fill_null(rows["metadata.log_name"], ""), " ")
    return pa.table(
        {
            "account": _accounts(rows["actor.user.name"]),
            "way": pa.array([way] * rows.num_rows, pa.string()),
            "side": pa.array([side] * rows.num_rows, pa.string()),
            "address": nothing if address is None else _addresses(rows[address]),
            "thing": nothing if thing is None else pc.utf8_lower(pc.fill_null(thing, "")),
            "host": host,
            "log": log,
            "time": rows["time"],
            "record": rows["record"],
        }
    )


def _accounts(column: pa.ChunkedArray) -> pa.Array:
    """In lower case, and of what a ticket names twice over (`DOMAIN\\user@REALM`) one: a machine by its domain."""
    encoded = column.combine_chunks().dictionary_encode()
    lower = pc.utf8_lower(encoded.dictionary)
    lower = pc.replace_substring_regex(lower, r"^([^\\@]*)\\([^\\@]*\$)@.*$", r"\1\\\2")
    return pc.replace_substring_regex(lower, r"^[^\\@]*\\([^\\@]+@[^\\@]+)$", r"\1").take(encoded.indices)


def _label(hosts: pa.ChunkedArray) -> pa.ChunkedArray:
    """The first label of a host, and of its account (`files01$`), in lower case."""
    return pc.replace_substring_regex(pc.utf8_lower(pc.fill_null(hosts, "")), r"[$.].*$", "")


def _addresses(column: pa.ChunkedArray) -> pa.Array:
    """The addresses, "" of a host's own; each distinct one is looked at once."""
    encoded = pc.fill_null(column, "").combine_chunks().dictionary_encode()
    texts = pa.array(["" if _is_own(text) else text for text in encoded.dictionary.to_pylist()], pa.string())
    return texts.take(encoded.indices) if len(encoded) else pa.array(np.empty(0, dtype=object), pa.string())


@lru_cache(maxsize=65_536)
def _is_own(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return True
    return address.is_loopback or address.is_unspecified or address.is_link_local


RELATION = Issues()
