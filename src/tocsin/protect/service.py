"""The one process that holds the protected names, and what it answers those who may ask (`docs/formats/vault.md`).

Started by a command as its child (`starting.py`), or served for others with `tocsin vault serve`. What it says of an
error is a word of `client.FAULTS` or the kind of error, and nothing else.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from tocsin.errors import ProtectionError, TocsinError
from tocsin.model.protection import How
from tocsin.model.unsealing import Objection
from tocsin.protect import wire
from tocsin.protect.allowance import Allowance
from tocsin.protect.door import LocalDoor
from tocsin.protect.doors import Doors
from tocsin.protect.hardening import end_with, harden
from tocsin.protect.vault import locked, open_sealed
from tocsin.protect.vault_log import LogLine, append, utc_now

_MOST_CLIENTS = 256
_GREETING_SECONDS = 20
_START_SECONDS = 60
_HOW = {How.EXACT: "x", How.GENERATED: "g"}
_CREDENTIALS = struct.Struct("3i")


@dataclass(kw_only=True)
class Usage:
    """What a door was asked, in counts: for the vault's own log.

    too_deep   texts in which something was encoded too deep to be searched
    """

    clients: int = 0
    refused: int = 0
    texts: int = 0
    masked: int = 0
    opened: int = 0
    too_deep: int = 0

    def figures(self) -> dict[str, int | str]:
        """As a line of the log has them."""
        return dict(vars(self))


class Service:
    """Answers clients on a listening socket, each in a thread of its own, until the process ends.

    accounts    who may ask on a Unix socket, by number; on TLS it is who shows the certificate agreed on for the
                workspace (`Contents.certificates`), signed by our authority
    current     gives the doors of the vault as it lies there now, the same while it is unchanged; raises where it
                cannot be opened any more, and then nobody is answered
    allowance   how much may be searched for a workspace
    """

    def __init__(
        self,
        doors: Doors,
        *,
        accounts: Collection[int],
        tls: ssl.SSLContext | None = None,
        current: Callable[[Doors], Doors] = lambda doors: doors,
        allowance: Allowance | None = None,
    ) -> None:
        self.usage = Usage()
        self._doors = doors
        self._accounts = accounts
        self._tls = tls
        self._current = current
        self._allowance = allowance
        self._renewing = threading.Lock()
        self._matching = threading.Lock()
        self._counting = threading.Lock()
        self._free = threading.BoundedSemaphore(_MOST_CLIENTS)

    def run(self, listener: socket.socket) -> None:
        """Takes clients in until the socket is closed."""
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._take, args=(connection,), daemon=True).start()

    def _take(self, connection: socket.socket) -> None:
        """One client, from its first byte to its last."""
        connection.settimeout(_GREETING_SECONDS)
        if self._tls is not None:
            with connection, contextlib.suppress(OSError):  # errors of TLS are of this class
                self._admit(self._tls.wrap_socket(connection, server_side=True))
            return
        self._admit(connection)

    def _admit(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError, wire.WireError):
            if not self._free.acquire(blocking=False):
                wire.send(connection, wire.Fault("busy"))
                return
            try:
                self._converse(connection)
            finally:
                self._free.release()

    def _converse(self, connection: socket.socket) -> None:
        if self._tls is None and _account(connection) not in self._accounts:
            self._count(refused=1)
            wire.send(connection, wire.Fault("account"))
            return
        try:
            self._renew()
        except (TocsinError, OSError):  # what the vault is now is not known, so nobody is answered
            wire.send(connection, wire.Fault("stale"))
            return
        door = self._greeted(connection)
        if door is None:
            self._count(refused=1)
            return
        self._count(clients=1)
        while True:
            try:
                request = wire.receive(connection, wire.REQUESTS, seconds=None)
            except wire.WireError:
                wire.send(connection, wire.Fault("frame"))
                return
            if request is None:
                return
            wire.send(connection, self._answer(door, request))

    def _renew(self) -> None:
        """Takes up what was changed in the vault since. Raises where it does not open any more."""
        with self._renewing:
            self._doors = self._current(self._doors)

    def _is_agreed(self, connection: socket.socket, workspace: str) -> bool:
        """Whether the certificate shown is the one that was agreed on for the workspace."""
        if not isinstance(connection, ssl.SSLSocket):
            return True
        agreed = self._doors.vault.contents.certificates.get(workspace, "")
        return bool(agreed) and key_digest(connection.getpeercert(binary_form=True) or b"") == agreed

    def _greeted(self, connection: socket.socket) -> LocalDoor | None:
        """The door the client asks for, None where there is none for it; then it has been told."""
        try:
            hello = wire.receive(connection, wire.HELLOS, seconds=_GREETING_SECONDS)
        except wire.WireError:
            wire.send(connection, wire.Fault("frame"))
            return None
        if hello is None:
            return None
        if hello.version != wire.VERSION:
            wire.send(connection, wire.Fault("version"))
            return None
        try:
            door = self._doors.door(hello.workspace)
        except ProtectionError:
            wire.send(connection, wire.Fault("workspace"))
            return None
        if not self._is_agreed(connection, hello.workspace):
            wire.send(connection, wire.Fault("certificate"))
            return None
        wire.send(connection, wire.Welcome(vault=self._doors.vault.id, epoch=self._doors.vault.epoch))
        return door

    def _answer(self, door: LocalDoor, request: wire.Question) -> wire.Answer:
        try:
            self._renew()
        except (TocsinError, OSError):
            return wire.Fault("stale")
        if door.epoch != self._doors.vault.epoch:
            return wire.Fault("changed")
        try:
            if isinstance(request, wire.Mask):
                return self._mask(door, request)
            if isinstance(request, wire.Retoken):
                return wire.Retokened(wire.pack(door.retoken(wire.unpack(request.texts), request.recipient)))
            if isinstance(request, wire.Reveal):
                return self._reveal(door, request)
            if request.opening:
                self._count(opened=1)
                return wire.Wrapped(door.unwrap(request.data, request.context))
            return wire.Wrapped(door.wrap(request.data, request.context))
        except ProtectionError:
            return wire.Fault("altered")
        except wire.WireError:
            return wire.Fault("frame")
        except Exception as error:  # noqa: BLE001 — the supervisor: its text may quote a name, its kind does not
            return wire.Fault(type(error).__name__)

    def _mask(self, door: LocalDoor, request: wire.Mask) -> wire.Answer:
        texts = wire.unpack(request.texts)
        if self._allowance is not None and not self._allowance.takes(door.workspace, len(texts)):
            return wire.Fault("limit")
        with self._matching:  # the matcher keeps its working space to itself, and the interpreter runs one thread
            before = door.finder.beyond
            masked = door.mask(texts)
            beyond = door.finder.beyond - before
        self._count(texts=len(texts), masked=len(masked), too_deep=beyond)
        places = sorted(masked)
        return wire.Masks(
            places,
            wire.pack([masked[place].text for place in places]),
            [[(_HOW[one.how], one.start, one.end) for one in masked[place].sightings] for place in places],
        )

    def _reveal(self, door: LocalDoor, request: wire.Reveal) -> wire.Answer:
        from tocsin.protect.unsealing import Request, unseal  # seldom asked for

        asked = Request(
            grant=request.grant, again=request.again, tokens=request.tokens, texts=wire.unpack(request.texts)
        )
        with self._matching:
            shown = unseal(self._doors.vault, door, asked, datetime.now(UTC))
        if isinstance(shown, Objection):
            return wire.Fault(shown.value)
        return wire.Revealings(
            [(one.token, one.handle, list(one.matters), [(_HOW[how], said) for how, said in one.said]) for one in shown]
        )

    def _count(self, **more: int) -> None:
        with self._counting:
            for name, number in more.items():
                setattr(self.usage, name, getattr(self.usage, name) + number)


def key_digest(certificate: bytes) -> str:
    """SHA-256 in hex of the public key (SubjectPublicKeyInfo) of a certificate in DER: a renewed one keeps it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from cryptography.x509 import load_der_x509_certificate

    key = load_der_x509_certificate(certificate).public_key()
    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def listen_unix(path: Path, mode: int = 0o600) -> socket.socket:
    """A socket that listens at the path, which must be free. Raises OSError."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(os.fspath(path))
    path.chmod(mode)
    listener.listen(_MOST_CLIENTS)
    return listener


def _account(connection: socket.socket) -> int:
    """The number of the account at the other end, as the system says."""
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(data)[1])


def _serve_parent(control: socket.socket) -> None:
    """What the child of a command does: everything it needs comes over `control`, and it ends with that."""
    is_locked = harden()
    start = wire.receive(control, wire.STARTS, seconds=_START_SECONDS)
    if start is None:
        return
    folder = Path(start.vault)
    gc.disable()  # what is made here is much, and lives as long as the process
    try:
        vault = open_sealed(folder, start.seal)
        doors = Doors(vault)
        gc.freeze()
        gc.enable()
        doors.door(start.workspace)
        service = Service(doors, accounts={os.geteuid()})
        listener = listen_unix(Path(start.place))
    except Exception as error:  # noqa: BLE001 — the supervisor: the parent says what it can of it
        wire.send(control, wire.Fault(type(error).__name__))
        return
    threading.Thread(target=service.run, args=(listener,), daemon=True).start()
    wire.send(
        control,
        wire.Ready(
            vault=vault.id,
            epoch=vault.epoch,
            persons=len(vault.contents.persons),
            forms=vault.form_count,
            memory_locked=is_locked,
        ),
    )
    with contextlib.suppress(OSError, wire.WireError):
        wire.receive(control, wire.STARTS, seconds=None)  # until the parent ends it, or is gone
    if service.usage.clients:
        figures = {"workspace": start.workspace, **service.usage.figures()}
        line = LogLine(at=utc_now(), by=start.by, what="door", epoch=vault.epoch, figures=figures)
        with locked(folder):
            append(vault, line)


def main() -> None:
    """`python -m tocsin.protect.service DESCRIPTOR PARENT`: the process a command starts beside itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to us as well; the parent decides
    descriptor, parent = (int(argument) for argument in sys.argv[1:])
    end_with(parent)
    try:
        _serve_parent(socket.socket(fileno=descriptor))
    finally:
        os._exit(0)  # threads of clients are not waited for


if __name__ == "__main__":
    main()
