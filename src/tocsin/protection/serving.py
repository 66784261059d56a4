"""The door of a vault served for workspaces elsewhere: on a Unix socket, or on TLS where both sides are known."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import stat
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tocsin.errors import ConfigError, StoreError
from tocsin.protect.allowance import TEXTS_AN_HOUR, Allowance
from tocsin.protect.client import host_and_port
from tocsin.protect.door import Credentials
from tocsin.protect.doors import Doors
from tocsin.protect.hardening import harden
from tocsin.protect.service import Service, listen_unix
from tocsin.protect.vault import FILE, Vault, open_sealed, open_vault, refuse_older
from tocsin.protection.vaults import log_line
from tocsin.store.faults import disk_faults
from tocsin.store.key_sources import KeySources


def serve(
    folder: Path,
    listen: str,
    sources: KeySources,
    *,
    accounts: Sequence[int],
    credentials: Credentials | None,
    limit: int = TEXTS_AN_HOUR,
    told: Callable[[str], None],
) -> None:
    """Serves the door of the vault until SIGINT or SIGTERM; what is changed in the vault meanwhile is taken up.

    listen     `unix:PATH` or `tls:HOST:PORT`
    accounts   who may ask on a Unix socket beside our own account
    limit      texts that are searched for one workspace in an hour
    told       takes one line once it listens
    Raises ConfigError where the address cannot be; StoreError where the vault or the socket cannot be opened.
    """
    kind, _, rest = listen.partition(":")
    if kind not in ("unix", "tls") or (kind == "tls") != (credentials is not None):
        raise ConfigError(
            f"{listen} is no address to serve a door on", hint="unix:PATH; or tls:HOST:PORT with its certificates"
        )
    context = _context(credentials) if credentials else None
    is_locked = harden()
    vault = open_vault(folder.absolute(), sources)
    listener = _unix(Path(rest), shared=bool(accounts)) if kind == "unix" else _tcp(rest)
    allowance = Allowance(limit, time.monotonic, lambda origin: log_line(vault, "limit", workspace=origin))
    service = Service(
        Doors(vault), accounts={os.geteuid(), *accounts}, tls=context, current=_Current(vault), allowance=allowance
    )
    ended = threading.Event()
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        log_line(vault, "serve", address=listen)
        threading.Thread(target=service.run, args=(listener,), daemon=True).start()
        locked = "memory locked" if is_locked else "memory not locked: the limit of this account forbids it"
        told(f"tocsin: the door answers at {listen}, epoch {vault.epoch}, {locked}")
        ended.wait()
    finally:
        listener.close()
        if kind == "unix":
            Path(rest).unlink(missing_ok=True)
        for number, handler in before.items():
            signal.signal(number, handler)
        log_line(vault, "served", **service.usage.figures())


class _Current:
    """The doors of the vault as it lies there now, built anew where its file is another one.

    Raises whatever opening it raises; rotated, it does not open with the key it was served with.
    """

    def __init__(self, vault: Vault) -> None:
        self._state = _state(vault)

    def __call__(self, doors: Doors) -> Doors:
        state = _state(doors.vault)
        if state == self._state:
            return doors
        vault = open_sealed(doors.vault.folder, doors.vault.seal)
        refuse_older(vault.epoch, doors.vault.epoch)
        renewed = Doors(vault) if vault.epoch != doors.vault.epoch else doors.serving(vault)
        log_line(vault, "taken up", persons=len(vault.contents.persons))
        self._state = state
        return renewed


def _state(vault: Vault) -> tuple[int, int, int]:
    """What is another where the file of the vault was replaced."""
    status = (vault.folder / FILE).stat()
    return status.st_ino, status.st_mtime_ns, status.st_size


def _unix(path: Path, *, shared: bool) -> socket.socket:
    """Who may connect is decided by account; the file lets the others in only where there are others."""
    with disk_faults(path):
        if path.exists() and stat.S_ISSOCK(path.stat().st_mode) and _is_dead(path):
            path.unlink()
        return listen_unix(path, 0o666 if shared else 0o600)


def _is_dead(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            return True
        return False


def _tcp(rest: str) -> socket.socket:
    host, port = host_and_port(rest)
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise StoreError(
            f"cannot listen on {rest}: {error.strerror or error}", hint="choose another address or port"
        ) from error


def _context(credentials: Credentials) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_verify_locations(credentials.authority)
        context.load_cert_chain(credentials.certificate, credentials.key)
    except OSError as error:  # errors of TLS are of this class
        raise ConfigError(
            "the certificate, its key or the authority cannot be used: " + (error.strerror or type(error).__name__),
            hint="all three are PEM files; the key belongs to the certificate and has no passphrase",
        ) from error
    return context
