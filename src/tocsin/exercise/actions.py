"""What happens in the institution, one type an act; `writing` turns each into the records a real log would hold.

Every action has `time` (nanoseconds UTC) and `player`: whose act it is of those an exercise is about, "" where it is
ordinary. The case says so (`case.py`), the truth is made from it, and no log shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tocsin.exercise.world import Document, Matter, Message, Person


class Connection(NamedTuple):
    """Through what somebody acts in the tenant: one session from one address with one client."""

    session: str
    address: str
    agent: str


class SignIn(NamedTuple):
    """A sign-in to the tenant; `error` 0 where it succeeded; `method` is the provider's number for how, "" for none."""

    time: int
    person: Person
    connection: Connection
    application: str
    error: int = 0
    method: str = ""
    player: str = ""


class MailRead(NamedTuple):
    """Items of one folder of a mailbox opened one by one (a bind); `client` is the client string of the log."""

    time: int
    person: Person  # who acts
    owner: Person
    connection: Connection
    folder: str
    messages: Sequence[Message]
    client: str
    application: str
    player: str = ""


class MailSync(NamedTuple):
    """A folder of a mailbox synchronised to a device: all its items leave."""

    time: int
    owner: Person
    connection: Connection
    folder: str
    player: str = ""


class MailSent(NamedTuple):
    """One message sent."""

    time: int
    person: Person
    connection: Connection
    message: Message
    player: str = ""


class FileAct(NamedTuple):
    """A document touched: `operation` as the log names it (FileAccessed, FileModified, FileDownloaded, ...)."""

    time: int
    person: Person
    connection: Connection
    operation: str
    matter: Matter
    document: Document
    player: str = ""


class MailSetting(NamedTuple):
    """An Exchange command that changes something standing (inbox rule, permission, mailbox); `scope` is its object."""

    time: int
    person: Person
    connection: Connection
    operation: str
    scope: str
    parameters: Sequence[tuple[str, str]]
    player: str = ""


class DirectoryChange(NamedTuple):
    """A change in the tenant's directory; `changes` are (property, new value, old value)."""

    time: int
    person: Person
    connection: Connection
    operation: str
    target: str
    changes: Sequence[tuple[str, str, str]]
    player: str = ""


class WindowsAct(NamedTuple):
    """One event of a Windows log; `data` in the order of the provider's template, `user_sid` whose thread wrote it."""

    time: int
    host: str  # name of the world's host
    channel: str
    provider: str
    event_id: int
    data: Sequence[tuple[str, Any]]
    user_data: tuple[str, Sequence[tuple[str, Any]]] | None = None
    user_sid: str = ""
    player: str = ""


class WebRequest(NamedTuple):
    """A request to the filing portal as its server logs it; `received` and `sent` are bytes, `taken` milliseconds."""

    time: int
    host: str
    address: str
    method: str
    path: str
    query: str
    user: str  # "" where nobody has signed in
    agent: str
    status: int
    sent: int
    received: int
    taken: int
    player: str = ""


class Flow(NamedTuple):
    """A connection through the firewall that has ended; who opened it is its source."""

    time: int
    source: str
    source_port: int
    destination: str
    port: int
    inbound: bool
    seconds: int
    sent: int  # by who opened it
    received: int
    player: str = ""


class Tunnel(NamedTuple):
    """Somebody's VPN tunnel from home goes up or down."""

    time: int
    person: Person
    up: bool
    address: str  # given to them inside
    player: str = ""


class Lease(NamedTuple):
    """An address leased to a device in the building, or its lease renewed."""

    time: int
    person: Person
    renewed: bool
    player: str = ""


TenantAction = SignIn | MailRead | MailSync | MailSent | FileAct | MailSetting | DirectoryChange
NetworkAction = Flow | Tunnel
Action = TenantAction | WindowsAct | WebRequest | NetworkAction | Lease
