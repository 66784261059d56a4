"""What a door and its clients say to each other: frames of a length in 4 bytes, big-endian, and one MessagePack value.

Texts travel as one block and their lengths in characters: a path may hold what UTF-8 cannot write.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import TypeVar

import msgspec
from msgspec.msgpack import Decoder

VERSION = 1
LARGEST_FRAME = 64 << 20
LARGEST_BLOCK = 8 << 20
_LENGTH_BYTES = 4


class Texts(msgspec.Struct, frozen=True, array_like=True):
    """Texts, packed."""

    lengths: list[int]
    block: bytes

    def __repr__(self) -> str:
        """Says nothing of the texts: this is printed in tracebacks."""
        return f"Texts({len(self.lengths)})"


class Start(msgspec.Struct, frozen=True, tag="start"):
    """To the process that is to serve: the vault, its key, the workspaces it serves, and where it is to listen."""

    vault: str
    seal: bytes
    workspace: str
    place: str
    by: str

    def __repr__(self) -> str:
        return "Start()"


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """From it, once it listens."""

    vault: str
    epoch: int
    persons: int
    forms: int
    memory_locked: bool


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """First of a client: the version it speaks, and the workspace it asks for."""

    version: int
    workspace: str


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """The answer to it."""

    vault: str
    epoch: int


class Mask(msgspec.Struct, frozen=True, tag="mask"):
    """Asks for the texts as they may leave."""

    texts: Texts


class Masks(msgspec.Struct, frozen=True, tag="masks"):
    """Those that changed: their places, how they read, and in each the tokens: (how, start, end)."""

    places: list[int]
    texts: Texts
    sightings: list[list[tuple[str, int, int]]]


class Wrap(msgspec.Struct, frozen=True, tag="wrap"):
    """Asks to seal, or to open, under the key of the door."""

    data: bytes
    context: str
    opening: bool

    def __repr__(self) -> str:
        return "Wrap()"


class Wrapped(msgspec.Struct, frozen=True, tag="wrapped"):
    """The answer to it."""

    data: bytes

    def __repr__(self) -> str:
        return "Wrapped()"


class Retoken(msgspec.Struct, frozen=True, tag="retoken"):
    """Asks for the texts with a recipient's tokens."""

    texts: Texts
    recipient: str


class Retokened(msgspec.Struct, frozen=True, tag="retokened"):
    """The answer to it."""

    texts: Texts


class Reveal(msgspec.Struct, frozen=True, tag="reveal"):
    """Asks who stands behind tokens; see `unsealing.Request`."""

    grant: str
    again: str
    tokens: list[str]
    texts: Texts

    def __repr__(self) -> str:
        return "Reveal()"


class Revealings(msgspec.Struct, frozen=True, tag="revealings"):
    """The answer to it: token, handle, matters, and what was said with how; see `model.unsealing.Revealed`."""

    persons: list[tuple[str, str, list[str], list[tuple[str, str]]]]

    def __repr__(self) -> str:
        return f"Revealings({len(self.persons)})"


class Fault(msgspec.Struct, frozen=True, tag="fault"):
    """Why something is not done: a word of `client.FAULTS`, an `Objection`, or the kind of error, and no more."""

    code: str


Question = Mask | Wrap | Retoken | Reveal
Request = Hello | Question
Answer = Ready | Welcome | Masks | Wrapped | Retokened | Revealings | Fault
Message = Start | Request | Answer
_Kind = TypeVar("_Kind")

STARTS: Decoder[Start] = Decoder(Start)
HELLOS: Decoder[Hello] = Decoder(Hello)
REQUESTS: Decoder[Question] = Decoder(Question)
ANSWERS: Decoder[Answer] = Decoder(Answer)


class WireError(Exception):
    """What came is no frame of this protocol, or the other side is gone. Quotes nothing that came."""


def pack(texts: Sequence[str]) -> Texts:
    """The texts as they travel."""
    return Texts([len(text) for text in texts], "".join(texts).encode("utf-8", "surrogatepass"))


def unpack(texts: Texts) -> list[str]:
    """The texts again. Raises WireError where the lengths are not those of the block."""
    try:
        block = texts.block.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        raise WireError("texts that are none") from None
    if any(length < 0 for length in texts.lengths) or sum(texts.lengths) != len(block):
        raise WireError("texts of other lengths than were said")
    found, place = [], 0
    for length in texts.lengths:
        found.append(block[place : place + length])
        place += length
    return found


def send(connection: socket.socket, message: Message) -> None:
    """Sends one frame. Raises WireError where it is too large, OSError where the connection is gone."""
    data = msgspec.msgpack.encode(message)
    if len(data) > LARGEST_FRAME:
        raise WireError("a frame larger than any may be")
    connection.sendall(len(data).to_bytes(_LENGTH_BYTES, "big") + data)


def receive(connection: socket.socket, decoder: Decoder[_Kind], *, seconds: float | None) -> _Kind | None:
    """The next message, or None where the other side has ended the connection between two.

    seconds   how long its first byte may take, None for ever; what has begun must come within a minute
    Raises WireError for anything else than a whole frame of that kind, OSError where the connection is gone.
    """
    connection.settimeout(seconds)
    head = connection.recv(_LENGTH_BYTES)
    if not head:
        return None
    connection.settimeout(60)
    head += _exactly(connection, _LENGTH_BYTES - len(head))
    length = int.from_bytes(head, "big")
    if not 0 < length <= LARGEST_FRAME:
        raise WireError("a frame larger than any may be")
    data = _exactly(connection, length)
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):  # their message may quote what came
        raise WireError("a frame of another kind") from None


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        part = connection.recv(min(count - len(data), 1 << 20))
        if not part:
            raise WireError("half a frame")
        data += part
    return bytes(data)
