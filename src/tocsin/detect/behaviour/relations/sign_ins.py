"""Who signed in to which host, from where, and with whose credentials, by day."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from tocsin.detect.behaviour.relation import Seen

_AUTHENTICATION = 3002  # OCSF class
_EXPLICIT = (
    "4648"  # Windows: written where the credentials of another account were given, of a host that is named in it
)
# Written by a domain controller of sign-ins elsewhere: who asked for a ticket was not on it.
_ELSEWHERE = ("4768", "4769", "4770", "4771", "4776")
_ENDS = re.compile(r"log(ged)? ?off|closed|disconnect|ended", re.IGNORECASE)
_THIS_HOST = ("localhost", "127.0.0.1", "::1")


class SignIns:
    """A row a sign-in that did not fail and says to which host.

    account  that was used; `owner` the account that used it where the log names another, else ""
    source   address or host it came from, "" where the log has none or it was at the host itself
    """

    name = "sign_ins"
    keys = ("account", "owner", "source", "host")
    measures: tuple[tuple[str, pa.DataType, str], ...] = ()

    def rows(self, seen: Seen) -> pa.Table:
        """The sign-ins, without their ends and without what is written of them elsewhere."""
        signed = seen.events.filter(pc.equal(seen.events["class_uid"], _AUTHENTICATION))
        code = pc.fill_null(signed["metadata.event_code"], "")
        kept = pc.and_(
            pc.not_equal(pc.fill_null(signed["status"], ""), "failure"),
            pc.invert(pc.or_(pc.is_in(code, pa.array(_ELSEWHERE)), is_end(signed["activity_name"]))),
        )
        signed, code = signed.filter(kept), code.filter(kept)
        actor, target = _lower(signed["actor.user.name"]), _lower(signed["user.name"])
        account = pc.if_else(pc.equal(target, ""), actor, target)
        here, named = _lower(signed["device.hostname"]), _lower(signed["resource.name"])
        is_explicit = pc.equal(code, _EXPLICIT)
        is_elsewhere = pc.and_(is_explicit, pc.invert(pc.is_in(named, pa.array(["", *_THIS_HOST]))))
        rows = pa.table(
            {
                "account": account,
                "owner": pc.if_else(pc.equal(actor, account), "", actor),
                "source": pc.if_else(is_elsewhere, here, _remote(signed["src_endpoint.ip"])),
                "host": pc.if_else(is_elsewhere, named, here),
                "time": signed["time"],
                "record": signed["record"],
            }
        )
        return rows.filter(pc.and_(pc.not_equal(rows["account"], ""), pc.not_equal(rows["host"], "")))


def is_end(activity: pa.ChunkedArray) -> pa.ChunkedArray:
    """Of sign-ins, whether an activity is the end of one: each distinct word is looked at once."""
    ends = [text for text in pc.unique(activity).to_pylist() if text and _ENDS.search(text)]
    return pc.is_in(activity, pa.array(ends, pa.string()))


def _lower(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.utf8_lower(pc.fill_null(column, ""))


def _remote(column: pa.ChunkedArray) -> pa.ChunkedArray:
    address = pc.fill_null(column, "")
    return pc.if_else(pc.is_in(address, pa.array(_THIS_HOST)), "", address)


RELATION = SignIns()
