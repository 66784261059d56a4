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

from tocsin.detect.behaviour.columns import Columns, Integers, Texts, after
from tocsin.detect.behaviour.relation import Rows, Seen

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
# Logs of sign-ins to the tenant, and of those no person sees, by the names they have in whatever export they come from.
_DIRECTORY = ("AzureActiveDirectory", "SignInLogs", "SignIns")
_QUIETLY = ("NonInteractiveUserSignInLogs",)
_TENANT = "m365_unified_audit"  # the source whose accesses name the session they were made in


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

    def rows(self, seen: Seen) -> Rows | None:
        """See the class. What is issued and used at once, as a sign-in to the tenant, is a row of each."""
        parts = [part for part in (*_signed(seen.events), _reached(seen.accesses)) if part.time.size]
        if not parts:
            return None
        return Rows(
            keys={key: after([part.keys[key] for part in parts]) for key in self.keys},
            time=np.concatenate([part.time for part in parts]),
            record=np.concatenate([part.record for part in parts]),
        )


def _signed(events: Columns) -> Iterator[Rows]:
    """Issues and uses among sign-ins; most chunks have few of them."""
    kept = events.numbers("class_uid") == _AUTHENTICATION
    kept &= ~events.texts("status").is_in(("failure",)) & events.texts("actor.user.name").is_told
    if not kept.any():
        return
    code, log = events.texts("metadata.event_code"), events.texts("metadata.log_name")
    yield _rows(events, np.flatnonzero(kept & code.is_in(_GRANTED)), TICKET, ISSUED, is_log_told=True)
    asked = np.flatnonzero(kept & code.is_in((_ASKED,)))
    yield _rows(events, asked, TICKET, USED, is_log_told=True)
    service = events.texts_of("resource.name", asked).filled().lower()
    for_a_host = ~service.holds(lambda text: not text or text.startswith(_GRANTING))
    label = service[for_a_host].each(_labels)
    yield _rows(events, asked[for_a_host], SERVICE, ISSUED, address="", thing=label, is_log_told=True)
    logons = np.flatnonzero(kept & code.is_in((_LOGGED_ON,)) & events.lower("auth_protocol").is_in(("kerberos",)))
    logons = logons[events.texts_of("src_endpoint.ip", logons).each(_addresses).is_named]
    label = events.texts_of("device.hostname", logons).filled().lower().each(_labels)
    yield _rows(events, logons, SERVICE, USED, address="", thing=label)
    tokens = np.flatnonzero(kept & events.texts("activity_name").is_in((_HANDED_OUT,)))
    party = events.texts_of("resource.name", tokens).lower()
    issued = tokens[~party.is_told | party.holds(lambda text: _PROVIDER in text)]
    yield _rows(events, issued, FEDERATION, ISSUED, is_log_told=True)
    yield _rows(events, np.flatnonzero(kept & log.is_in(_DIRECTORY)), FEDERATION, USED)
    every = np.flatnonzero(kept & log.is_in(_DIRECTORY + _QUIETLY))
    session = events.texts_of("actor.session.uid", every)
    yield _rows(events, every, SESSION, ISSUED, thing=session, is_log_told=True)


def _reached(accesses: Columns) -> Rows:
    """Accesses of people in the tenant."""
    is_own = accesses.texts("source").is_in((_TENANT,)) & accesses.texts("actor_class").is_in(("account",))
    made = np.flatnonzero(is_own & accesses.texts("actor").is_named)
    return _rows(accesses, made, SESSION, USED, "actor", "address", accesses.texts_of("session", made))


def _rows(
    table: Columns,
    at: Integers,
    way: str,
    side: str,
    account: str = "actor.user.name",
    address: str = "src_endpoint.ip",
    thing: Texts | None = None,
    *,
    is_log_told: bool = False,
) -> Rows:
    """These rows of the table as rows of the relation; `account` and `address` are columns, "" for one that says
    nothing."""
    nothing = Texts.same("", at.size)
    host = log = nothing
    if is_log_told:
        host = table.texts_of("device.hostname", at).filled()
        source, name = (table.texts_of(each, at).filled().column() for each in ("source", "metadata.log_name"))
        log = Texts.of(pc.binary_join_element_wise(source, name, " "))
    return Rows(
        keys={
            "account": table.texts_of(account, at).each(_accounts),
            "way": Texts.same(way, at.size),
            "side": Texts.same(side, at.size),
            "address": table.texts_of(address, at).filled().each(_addresses) if address else nothing,
            "thing": nothing if thing is None else thing.filled().lower(),
            "host": host,
            "log": log,
        },
        time=table.time[at],
        record=table.record[at],
    )


def _accounts(names: pa.StringArray) -> pa.Array:
    """In lower case, and of what a ticket names twice over (`DOMAIN\\user@REALM`) one: a machine by its domain."""
    lower = pc.replace_substring_regex(pc.utf8_lower(names), r"^([^\\@]*)\\([^\\@]*\$)@.*$", r"\1\\\2")
    return pc.replace_substring_regex(lower, r"^[^\\@]*\\([^\\@]+@[^\\@]+)$", r"\1")


def _labels(hosts: pa.StringArray) -> pa.Array:
    """The first label of a host, and of its account (`files01$`)."""
    return pc.replace_substring_regex(hosts, r"[$.].*$", "")


def _addresses(addresses: pa.StringArray) -> pa.Array:
    """The addresses, "" of a host's own."""
    return pa.array(["" if _is_own(text) else text for text in addresses.to_pylist()], pa.string())


@lru_cache(maxsize=65_536)
def _is_own(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return True
    return address.is_loopback or address.is_unspecified or address.is_link_local


RELATION = Issues()
