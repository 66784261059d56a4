"""Who signed in to which host, from where, and with whose credentials, by day."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

from tocsin.detect.behaviour.columns import Flags, Texts, chosen, is_alike
from tocsin.detect.behaviour.relation import Rows, Seen

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

    def rows(self, seen: Seen) -> Rows | None:
        """The sign-ins, without their ends and without what is written of them elsewhere."""
        events = seen.events
        kept = (events.numbers("class_uid") == _AUTHENTICATION) & ~events.texts("status").is_in(("failure",))
        signed = np.flatnonzero(kept & ~is_end(events.texts("activity_name")))
        code = events.texts_of("metadata.event_code", signed)
        is_here = ~code.is_in(_ELSEWHERE)
        signed, code = signed[is_here], code[is_here]
        if not signed.size:
            return None
        actor, target, here = (
            events.lower(name)[signed].filled() for name in ("actor.user.name", "user.name", "device.hostname")
        )
        named = events.texts_of("resource.name", signed).filled().lower()
        empty = Texts.same("", signed.size)
        account = chosen(target.is_named, target, actor)
        is_elsewhere = code.is_in((_EXPLICIT,)) & ~named.is_in(("", *_THIS_HOST))
        remote = events.texts_of("src_endpoint.ip", signed).filled()
        remote = chosen(remote.is_in(_THIS_HOST), empty, remote)
        host = chosen(is_elsewhere, named, here)
        told = np.flatnonzero(account.is_named & host.is_named)
        return Rows(
            keys={
                "account": account[told],
                "owner": chosen(is_alike(actor, account), empty, actor)[told],
                "source": chosen(is_elsewhere, here, remote)[told],
                "host": host[told],
            },
            time=events.time[signed[told]],
            record=events.record[signed[told]],
        )


def is_end(activity: Texts) -> Flags:
    """Of sign-ins, whether an activity is the end of one."""
    return activity.holds(lambda text: bool(text and _ENDS.search(text)))


RELATION = SignIns()
