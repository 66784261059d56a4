"""The client of a door that is served by another process: what `door.connected` gives."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NoReturn, TypeVar

from tocsin.errors import ConfigError, ProtectionError, RefusedError
from tocsin.model.protection import How, Masked, Sighting
from tocsin.model.unsealing import OBJECTIONS, Objection, Revealed
from tocsin.protect import wire
from tocsin.protect.door import Credentials, DoorAddress
from tocsin.protect.vault import refuse_older

if TYPE_CHECKING:
    from tocsin.protect.unsealing import Request

_CONNECTING_SECONDS = 20
_ANSWER_SECONDS = 300
_LARGEST_TEXT = wire.LARGEST_FRAME // 8
_HINT = "nothing was written in clear; run the same command again: it goes on where it stopped"
_HINTS = {
    "altered": "put it back from a backup, or link the vault it was made with",
    "certificate": "where the vault lies: tocsin vault admit DIR ORIGIN --certificate FILE, with the one of this side",
    "stale": "where it is served, see tocsin vault log, and start tocsin vault serve again",
    "limit": "go on in an hour, with the same command; or have the door served with a higher --limit",
}
_WHO_MAY = "see who may unseal, with: tocsin vault unsealers"
FAULTS = {
    "version": "it speaks another version of the protocol",
    "workspace": "its vault does not serve this workspace",
    "account": "it does not serve this account",
    "frame": "it did not understand what was asked",
    "altered": "what was sealed under it has been altered, or was sealed for another workspace or vault",
    "certificate": "the certificate is not the one agreed on for this workspace",
    "changed": "its vault was changed meanwhile",
    "stale": "its vault does not open as it is now, and it answers nobody until it is served anew",
    "limit": "it has searched for this workspace as much as it may in an hour",
    "busy": "it serves as many clients as it can",
}
_How = {"x": How.EXACT, "g": How.GENERATED}
_Answer = TypeVar("_Answer", bound=wire.Answer)


class DoorClient:
    """A `Door` at the other end of a connection; several threads may use it, one after the other."""

    def __init__(self, connection: socket.socket, place: str) -> None:
        self._connection = connection
        self._place = place
        self._lock = threading.Lock()
        self.vault = ""
        self.epoch = 0

    def greet(self, address: DoorAddress) -> None:
        """Say which workspace asks. Raises ProtectionError where the door is not the one the address means."""
        welcome = self._asked(wire.Hello(wire.VERSION, address.workspace), wire.Welcome)
        if address.vault and welcome.vault != address.vault:
            raise ProtectionError(
                f"the door at {self._place} is that of another vault than this workspace was linked to",
                hint="name the right one in workspace.toml, or link the workspace anew with: tocsin vault init",
            )
        refuse_older(welcome.epoch, address.epoch)
        self.vault, self.epoch = welcome.vault, welcome.epoch

    def mask(self, texts: Sequence[str]) -> Mapping[int, Masked]:
        """See `Door`."""
        masked: dict[int, Masked] = {}
        for start, block in _blocks(texts):
            answer = self._asked(wire.Mask(wire.pack(block)), wire.Masks)
            found = self._unpacked(answer.texts)
            if not len(found) == len(answer.places) == len(answer.sightings):
                self._failed("frame")
            for place, text, seen in zip(answer.places, found, answer.sightings, strict=True):
                if not 0 <= place < len(block):
                    self._failed("frame")
                sightings = tuple(
                    Sighting(token=text[begin:end], how=_How.get(how, How.GENERATED), start=begin, end=end)
                    for how, begin, end in seen
                )
                masked[start + place] = Masked(text=text, sightings=sightings)
        return masked

    def wrap(self, secret: bytes, context: str) -> bytes:
        """See `Door`."""
        return self._asked(wire.Wrap(secret, context, opening=False), wire.Wrapped).data

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """See `Door`."""
        return self._asked(wire.Wrap(wrapped, context, opening=True), wire.Wrapped).data

    def retoken(self, texts: Sequence[str], recipient: str) -> list[str]:
        """See `Door`."""
        done: list[str] = []
        for _, block in _blocks(texts):
            answer = self._unpacked(self._asked(wire.Retoken(wire.pack(block), recipient), wire.Retokened).texts)
            if len(answer) != len(block):
                self._failed("frame")
            done += answer
        return done

    def reveal(self, request: Request) -> tuple[Revealed, ...]:
        """Who stands behind the tokens. Raises RefusedError where the vault does not show it."""
        asked = wire.Reveal(request.grant, request.again, list(request.tokens), wire.pack(request.texts))
        answer = self._asked(asked, wire.Revealings)
        return tuple(
            Revealed(
                token=token,
                handle=handle,
                matters=tuple(matters),
                said=tuple((_How.get(how, How.GENERATED), text) for how, text in said),
            )
            for token, handle, matters, said in answer.persons
        )

    def close(self) -> None:
        """Ends the connection: whatever is asked afterwards fails."""
        self._connection.close()

    def _asked(self, request: wire.Request, kind: type[_Answer]) -> _Answer:
        try:
            with self._lock:
                with contextlib.suppress(BrokenPipeError):  # who is refused is told why before the door closes
                    wire.send(self._connection, request)
                answer = wire.receive(self._connection, wire.ANSWERS, seconds=_ANSWER_SECONDS)
        except (OSError, wire.WireError) as error:
            self._failed(type(error).__name__)
        if answer is None:
            self._failed("it has ended")
        if isinstance(answer, wire.Fault) and answer.code in OBJECTIONS:
            raise RefusedError(f"the vault shows nobody: {OBJECTIONS[Objection(answer.code)]}", hint=_WHO_MAY)
        if isinstance(answer, wire.Fault):
            self._failed(answer.code, closing=answer.code != "altered")
        if not isinstance(answer, kind):
            self._failed("frame")
        return answer

    def _unpacked(self, texts: wire.Texts) -> list[str]:
        try:
            return wire.unpack(texts)
        except wire.WireError:
            self._failed("frame")

    def _failed(self, code: str, *, closing: bool = True) -> NoReturn:
        """Once something was amiss the connection is not used again: answers could be those to other questions."""
        if closing:
            self.close()
        raise ProtectionError(
            f"the door to the protected names at {self._place} failed: {FAULTS.get(code, code)}",
            hint=_HINTS.get(code, _HINT),
        ) from None


def connect(address: DoorAddress) -> DoorClient:
    """A connection to the door at the address. Raises ProtectionError; ConfigError where it is no address."""
    try:
        connection = _connection(address)
    except OSError as error:  # errors of TLS are of this class
        raise ProtectionError(
            f"the door to the protected names at {address.place} does not answer: {type(error).__name__}",
            hint="see that tocsin vault serve runs there, and that the certificates are those it was started with",
        ) from None
    client = DoorClient(connection, address.place)
    try:
        client.greet(address)
    except BaseException:
        client.close()
        raise
    return client


def _connection(address: DoorAddress) -> socket.socket:
    """Raises OSError, ConfigError."""
    kind, _, rest = address.place.partition(":")
    if kind == "tls" and address.credentials is not None:
        host, port = host_and_port(rest)
        context = _context(address.credentials)
        plain = socket.create_connection((host, port), _CONNECTING_SECONDS)
        with plain:  # closed where it stays plain; once wrapped, it is no longer what holds the connection
            return context.wrap_socket(plain, server_hostname=host)
    if kind != "unix":
        raise ConfigError(
            f"{address.place} is no address of a door", hint="unix:PATH, or tls:HOST:PORT with certificates"
        )
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(_CONNECTING_SECONDS)
    try:
        connection.connect(rest)
    except OSError:
        connection.close()
        raise
    return connection


def host_and_port(text: str) -> tuple[str, int]:
    """`HOST:PORT` taken apart. Raises ConfigError."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 2**16:
        raise ConfigError(f"tls:{text} is no address of a door", hint="tls:HOST:PORT")
    return host.strip("[]"), int(port)


def _context(credentials: Credentials) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks the name of the host
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(credentials.authority)
    context.load_cert_chain(credentials.certificate, credentials.key)
    return context


def _blocks(texts: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    """The texts in pieces that a frame holds, each with the place of its first. Raises ProtectionError."""
    start, size = 0, 0
    for place, text in enumerate(texts):
        if len(text) > _LARGEST_TEXT:
            raise ProtectionError(f"a text of {len(text)} characters is too long for the door")
        if place > start and size + len(text) > wire.LARGEST_BLOCK // 4:
            yield start, texts[start:place]
            start, size = place, 0
        size += len(text)
    if start < len(texts):
        yield start, texts[start:]
