"""A person's own Ed25519 key: in a file of OpenSSH's private key format under a passphrase, or held by an ssh-agent."""

from __future__ import annotations

import os
import re
import socket
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
    load_ssh_public_key,
)

from tocsin.errors import ConfigError, StoreError
from tocsin.store.durable import write_durably
from tocsin.store.faults import disk_faults

NAME = re.compile(r"[a-z0-9.@-]{1,80}")
# About half a second for each guess; ssh-keygen's own default (24 since OpenSSH 9.4) is a quarter of that.
_BCRYPT_ROUNDS = 96
_LARGEST_KEY_FILE = 64 << 10
_HEAD = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_ALGORITHM = b"ssh-ed25519"
_MAKE = "tocsin key new NAME -o FILE"

# OpenSSH's agent protocol (draft-ietf-sshm-ssh-agent, sections 3 and 6).
_REQUEST_IDENTITIES, _IDENTITIES_ANSWER = 11, 12
_SIGN_REQUEST, _SIGN_RESPONSE = 13, 14
_LARGEST_ANSWER = 256 << 10
_LISTING_SECONDS = 10
_SIGNING_SECONDS = 120  # an agent may ask its owner to confirm, or to touch a token

Named = Callable[[Ed25519PublicKey], str | None]
Asking = Callable[[Path], str]


class Signer(Protocol):
    """Somebody who can sign: the name the signature stands under, the public key, and the signing itself."""

    @property
    def name(self) -> str:
        """Unique in a workspace: `NAME`."""
        ...

    @property
    def public_key(self) -> Ed25519PublicKey:
        """What verifies the signatures."""
        ...

    def sign(self, data: bytes) -> bytes:
        """The 64 bytes of an Ed25519 signature over `data`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKey:
    """A key open in this process."""

    name: str
    private_key: Ed25519PrivateKey = field(repr=False)

    @property
    def public_key(self) -> Ed25519PublicKey:
        """What verifies the signatures."""
        return self.private_key.public_key()

    def sign(self, data: bytes) -> bytes:
        """The signature over `data`."""
        return self.private_key.sign(data)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentKey:
    """A key an ssh-agent holds: it signs there, and this process never sees it."""

    name: str
    public_key: Ed25519PublicKey
    agent: Path

    def sign(self, data: bytes) -> bytes:
        """The signature over `data`, verified before it is believed. Raises ConfigError where the agent refuses."""
        blob = _string(_ALGORITHM) + _string(self.public_key.public_bytes_raw())
        request = bytes([_SIGN_REQUEST]) + _string(blob) + _string(data) + bytes(4)
        answer = _Reader(_asked(self.agent, request, _SIGNING_SECONDS))
        if answer.byte() != _SIGN_RESPONSE:
            raise ConfigError(
                f"the ssh-agent did not sign with the key of {self.name}",
                hint="it may be locked, or its owner declined: unlock it, or add the key again with ssh-add",
            )
        signature = _Reader(answer.string())
        algorithm, raw = signature.string(), signature.string()
        if algorithm != _ALGORITHM or not _is_signature(self.public_key, raw, data):
            raise ConfigError(
                f"what the ssh-agent answered is no signature by the key of {self.name}",
                hint="use the key file itself: --as FILE",
            )
        return raw


def _is_signature(key: Ed25519PublicKey, signature: bytes, data: bytes) -> bool:
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def new_key_file(path: Path, name: str, passphrase: str) -> Ed25519PublicKey:
    """A new key in `path` (mode 0600), its public half in `path`.pub with its name. Raises ConfigError, StoreError."""
    checked_name(name)
    if not passphrase:
        raise ConfigError("a key needs a passphrase", hint="it is what protects the key when its file is copied")
    if path.exists() or _public_path(path).exists():
        raise ConfigError(f"{path} exists", hint="a key is never replaced: choose another file")
    key = Ed25519PrivateKey.generate()
    write_durably(path, sealed_key(key, passphrase.encode()))
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    write_durably(_public_path(path), public + b" " + name.encode() + b"\n")
    return key.public_key()


def sealed_key(key: Ed25519PrivateKey, passphrase: bytes) -> bytes:
    """An OpenSSH private key file, under a passphrase that is slow to guess."""
    encryption = PrivateFormat.OpenSSH.encryption_builder().kdf_rounds(_BCRYPT_ROUNDS).build(passphrase)
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, encryption)


def checked_name(name: str) -> str:
    """The name, where a key may bear it. Raises ConfigError."""
    if not NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} cannot name a key", hint="up to 80 of a-z, 0-9, dot, at sign and hyphen: ada@tribunal.example"
        )
    return name


def signer_of(given: str, *, named: Named, ask: Asking, environment: Mapping[str, str]) -> Signer:
    """The key `--as` names: a key file, or the name of a key the ssh-agent holds.

    named   gives the name a public key is enrolled under, None where it is not; then the comment beside it names it
    ask     gives the passphrase of a key file
    Raises ConfigError or StoreError, saying what to do.
    """
    path = Path(given)
    if path.exists():
        return open_key_file(path, named=named, ask=ask)
    if "/" in given or not NAME.fullmatch(given):
        raise ConfigError(f"there is no key file {given}", hint="name the file, or a key that is in the ssh-agent")
    return _agent_key(given, named, environment)


def open_key_file(path: Path, *, named: Named, ask: Asking) -> HeldKey:
    """The key in a file, under the passphrase `ask` gives. Raises ConfigError or StoreError, saying what to do."""
    key = unsealed_key(read_key_file(path), lambda: ask(path).encode(), str(path))
    return HeldKey(name=named(key.public_key()) or _comment_beside(path, key.public_key()), private_key=key)


def unsealed_key(data: bytes, ask: Callable[[], bytes], where: str, make: str = _MAKE) -> Ed25519PrivateKey:
    """The key in an OpenSSH private key file, under the passphrase `ask` gives. Raises ConfigError.

    make   the command that makes such a key, as a hint
    """
    if not data.lstrip().startswith(_HEAD):
        raise ConfigError(
            f"{where} is no key in OpenSSH's private key format",
            hint=f"make one with: {make}, or: ssh-keygen -t ed25519",
        )
    if _is_open(data):
        raise ConfigError(
            f"{where} has no passphrase: whoever copies the file signs in its owner's name",
            hint=f"give it one with: ssh-keygen -p -f {where}",
        )
    passphrase = ask()
    if not passphrase:
        raise ConfigError(f"no passphrase was given for {where}", hint="give the one it was made under, and try again")
    try:
        key = load_ssh_private_key(data, passphrase)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(
            f"the passphrase does not open {where}", hint="check it and try again; else the file is damaged"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _not_ed25519(where, make)
    return key


def read_key_file(path: Path) -> bytes:
    """A private key as it lies in its file. Raises ConfigError; StoreError where other accounts can read it."""
    with disk_faults(path):
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST_KEY_FILE:
            raise ConfigError(f"{path} is no key file", hint="name the private key, a small text file")
        if status.st_mode & 0o077:
            raise StoreError(f"{path} can be read by other accounts", hint=f"chmod 600 {path}")
        return path.read_bytes()


def _is_open(data: bytes) -> bool:
    """Whether the key is not under a passphrase."""
    try:
        load_ssh_private_key(data, None)
    except TypeError:  # how the library says that a passphrase is wanted
        return False
    except (ValueError, UnsupportedAlgorithm):
        return False  # opening it tells what is wrong
    return True


def _comment_beside(path: Path, key: Ed25519PublicKey) -> str:
    """The name the public half beside a key gives, "" where there is none or it is another's."""
    public = _public_path(path)
    if not public.is_file():
        return ""
    with disk_faults(public):
        parts = public.read_bytes()[:_LARGEST_KEY_FILE].split(None, 2)
    try:
        found = load_ssh_public_key(b" ".join(parts[:2]))
    except (ValueError, UnsupportedAlgorithm):
        return ""
    comment = parts[2].strip().decode("utf-8", "replace") if len(parts) == 3 else ""
    return comment if found == key and NAME.fullmatch(comment) else ""


def _public_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.pub")


def _not_ed25519(what: str, make: str = _MAKE) -> ConfigError:
    return ConfigError(f"{what} is no Ed25519 key", hint=f"make one with: {make}")


def _agent_key(name: str, named: Named, environment: Mapping[str, str]) -> AgentKey:
    """The key enrolled as `name`, or bearing it as its comment, in the agent. Raises ConfigError."""
    location = environment.get("SSH_AUTH_SOCK")
    if not location:
        raise ConfigError(
            f"there is no key file {name}, and no ssh-agent that could hold a key of that name",
            hint='name a key file, or start one: eval "$(ssh-agent)"; ssh-add FILE',
        )
    agent = Path(location)
    found = list(_identities(agent))
    for blob, comment in found:
        algorithm, key = _public_key(blob)
        enrolled = named(key) if key is not None else None
        if name != enrolled and (enrolled is not None or name != comment):
            continue
        if key is None:
            raise _not_ed25519(f"the key {name} in the ssh-agent ({algorithm})")
        return AgentKey(name=name, public_key=key, agent=agent)
    raise ConfigError(
        f"the ssh-agent holds {len(found)} keys, and none of them is that of {name}",
        hint="add it with ssh-add FILE; see what is there with: ssh-add -l",
    )


def _identities(agent: Path) -> Iterator[tuple[bytes, str]]:
    """Key and comment of every key the agent holds."""
    answer = _Reader(_asked(agent, bytes([_REQUEST_IDENTITIES]), _LISTING_SECONDS))
    if answer.byte() != _IDENTITIES_ANSWER:
        raise ConfigError("the ssh-agent does not list its keys", hint="unlock it with: ssh-add -X")
    for _ in range(answer.number()):
        yield answer.string(), answer.string().decode("utf-8", "replace")


def _public_key(blob: bytes) -> tuple[str, Ed25519PublicKey | None]:
    reader = _Reader(blob)
    algorithm = reader.string()
    if algorithm != _ALGORITHM:
        return algorithm.decode("ascii", "replace"), None
    raw = reader.string()
    return "ssh-ed25519", Ed25519PublicKey.from_public_bytes(raw) if len(raw) == 32 else None


def _asked(agent: Path, request: bytes, seconds: float) -> bytes:
    """What the agent answers to one request. Raises ConfigError."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(seconds)
            connection.connect(os.fspath(agent))
            connection.sendall(_string(request))
            length = int.from_bytes(_received(connection, 4), "big")
            if not 0 < length <= _LARGEST_ANSWER:
                raise _garbled()
            return _received(connection, length)
    except OSError as error:
        raise ConfigError(
            f"the ssh-agent at {agent} does not answer: {error.strerror or error}",
            hint="start one and add the key: ssh-add FILE; or name the key file with --as FILE",
        ) from error


def _received(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise _garbled()
        data += part
    return data


def _string(data: bytes) -> bytes:
    """`string` of RFC 4251, section 5: length in 4 bytes, big-endian, then the bytes."""
    return len(data).to_bytes(4, "big") + data


def _garbled() -> ConfigError:
    return ConfigError("what the ssh-agent answers makes no sense", hint="use the key file itself: --as FILE")


class _Reader:
    """Takes an agent's answer apart. Raises ConfigError where it is shorter than it says."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def byte(self) -> int:
        return self._take(1)[0]

    def number(self) -> int:
        return int.from_bytes(self._take(4), "big")

    def string(self) -> bytes:
        return self._take(self.number())

    def _take(self, count: int) -> bytes:
        part = self._data[self._place : self._place + count]
        if len(part) != count:
            raise _garbled()
        self._place += count
        return part
