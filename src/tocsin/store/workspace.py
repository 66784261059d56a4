"""One workspace: a directory for one estate, made once, opened by every command, written by one process at a time."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError

from tocsin.errors import ConfigError, StoreError
from tocsin.store.faults import database_faults, disk_faults
from tocsin.store.settings import number_of, read_settings, text_of, write_settings

# Of workspace.toml and the folders; the database has its own, the last of REVISIONS.
FORMAT = 2
REVISIONS = ("0001", "0002", "0003")

_SETTINGS = "workspace.toml"
_DATABASE = "tocsin.db"
_LOCK = "writer.lock"
_FOLDERS = ("raw", "ledger", "events", "estate")
_BUSY_MILLISECONDS = 10_000
_BEGIN = "tocsin_begin"
# The option of a connection that gives what was sealed in the database (`Workspace.unseal`).
UNSEAL = "tocsin_unseal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """An open workspace.

    path     its directory
    id       32 hex digits, random, for life
    origin   first line of its checkpoints
    engine   the database; `reading` and `writing` are the ways in
    unseal   gives back in clear what was sealed in the database because it names protected persons
    """

    path: Path
    id: str
    origin: str
    engine: Engine
    unseal: Callable[[bytes], bytes] = field(default=bytes, repr=False)

    @property
    def settings_path(self) -> Path:
        """`workspace.toml`."""
        return self.path / _SETTINGS

    @property
    def raw(self) -> Path:
        """The folder of sealed segments."""
        return self.path / "raw"

    @property
    def ledger(self) -> Path:
        """The folder of tiles and the checkpoint."""
        return self.path / "ledger"

    @property
    def events(self) -> Path:
        """The folder of event files."""
        return self.path / "events"

    @property
    def estate(self) -> Path:
        """The folder of what the institution said about itself."""
        return self.path / "estate"

    def segment_path(self, name: str) -> Path:
        """Where the segment of the chunk of that name lies."""
        return self.raw / f"{name}.segment"

    def residue_path(self, name: str) -> Path:
        """Where the residue of the chunk whose files bear that name lies: what opens the leaves left to it."""
        return self.raw / f"{name}.residue"

    def events_path(self, name: str) -> Path:
        """Where the events of the chunk of that name lie."""
        return self.events / f"{name}.parquet"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction over one state of the database. Raises StoreError where the database fails."""
        with database_faults(self.path / _DATABASE), self.engine.connect() as connection:
            connection.execution_options(**{UNSEAL: self.unseal})
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that holds the write lock from its start; committed when the block ends, durably.

        Rolled back where the block raises. Raises StoreError where the database fails.
        """
        with database_faults(self.path / _DATABASE), self.engine.connect() as connection:
            connection.execution_options(**{_BEGIN: "IMMEDIATE", UNSEAL: self.unseal})
            with connection.begin():
                yield connection

    def forget(self) -> bool:
        """Nothing of what was deleted or replaced stays in the database's files; False while another process reads it.

        Deleted rows are overwritten as they go (`secure_delete`); here the write-ahead log is emptied, which holds
        pages as they were. Raises StoreError.
        """
        with database_faults(self.path / _DATABASE), closing(self.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (busy, *_) = cursor.fetchone() or (1,)
            return not busy

    @contextmanager
    def writer_lock(self) -> Iterator[None]:
        """Held by the one process that writes; freed by the system when it dies. Raises StoreError where taken."""
        path = self.path / _LOCK
        with disk_faults(path):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise StoreError(
                    f"{self.path}: another run is writing", hint="wait for it to end, or use another workspace"
                ) from error
            yield
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Closes the database. The workspace must not be used afterwards."""
        self.engine.dispose()


def create_workspace(path: Path) -> Workspace:
    """A new workspace in `path`, which is absent, empty or what an interrupted creation left; mode 0700.

    A directory that is a workspace already is opened as it is. Raises StoreError for any other.
    """
    if (path / _SETTINGS).exists():
        return open_workspace(path)
    with disk_faults(path):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_free(path):
            raise StoreError(f"{path} is not empty and is no workspace", hint="name a directory that is new or empty")
        path.chmod(0o700)
        for folder in _FOLDERS:
            (path / folder).mkdir(mode=0o700, exist_ok=True)
    engine = _engine(path)
    _migrate(engine, path)
    (path / _DATABASE).chmod(0o600)
    identity = uuid.uuid4().hex
    origin = f"tocsin.invalid/{identity}"
    # Last: a directory without it is no workspace yet.
    write_settings(path / _SETTINGS, {"format": FORMAT, "id": identity, "origin": origin})
    return Workspace(path=path, id=identity, origin=origin, engine=engine)


def open_workspace(path: Path) -> Workspace:
    """The workspace in `path`, its database brought up to date where it is older than the code.

    Where the folder cannot be written it is opened for reading alone. Raises ConfigError where there is none,
    StoreError where it is damaged or newer than the code, or read-only with changes that are not in its database yet.
    """
    settings_path = path / _SETTINGS
    if not settings_path.exists():
        raise ConfigError(
            f"{path} is no workspace",
            hint="name the folder an investigation made (it holds workspace.toml); a new one: tocsin init DIR",
        )
    settings = read_settings(settings_path)
    if number_of(settings, "format", settings_path) > FORMAT:
        raise _newer(path)
    if number_of(settings, "format", settings_path) < FORMAT:
        raise StoreError(
            f"{path} was made before the format of the record was frozen",
            hint="investigate the logs again, into a new workspace",
        )
    if not (path / _DATABASE).exists():
        raise StoreError(f"{path} has lost its database, {_DATABASE}", hint="restore it from a backup")
    if is_writable(path):
        with disk_faults(path):
            for folder in _FOLDERS:
                (path / folder).mkdir(mode=0o700, exist_ok=True)
    workspace = Workspace(
        path=path,
        id=text_of(settings, "id", settings_path),
        origin=text_of(settings, "origin", settings_path),
        engine=_engine(path),
    )
    try:
        _bring_up_to_date(workspace)
    except StoreError:
        workspace.close()
        raise
    return workspace


def _bring_up_to_date(workspace: Workspace) -> None:
    with workspace.reading() as connection:
        try:
            revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
        except OperationalError as error:
            if "no such table" not in str(error.orig):
                raise
            raise StoreError(
                f"{workspace.path / _DATABASE} is not the database of a workspace", hint="restore it from a backup"
            ) from error
    if revision == REVISIONS[-1]:
        return
    if revision not in REVISIONS:
        raise _newer(workspace.path)
    with workspace.writer_lock():
        _migrate(workspace.engine, workspace.path)


def _is_free(path: Path) -> bool:
    """Whether the directory holds nothing but what an interrupted creation leaves."""
    for entry in path.iterdir():
        if entry.name in _FOLDERS:
            if not entry.is_dir() or any(entry.iterdir()):
                return False
        elif entry.name not in (_DATABASE, f"{_DATABASE}-wal", f"{_DATABASE}-shm", f"{_DATABASE}-journal") and not (
            entry.name.startswith(".tmp-")
        ):
            return False
    return True


def _newer(path: Path) -> StoreError:
    return StoreError(f"{path} was written by a newer version of tocsin", hint="open it with that version")


def _engine(path: Path) -> Engine:
    # Parameters hold wrapped secrets and paths: they have no place in an error's text.
    writable = is_writable(path)
    log = path / f"{_DATABASE}-wal"
    if not writable and log.exists() and log.stat().st_size:
        raise StoreError(
            f"{path} cannot be written, and its database has changes beside it that reading would leave out",
            hint="copy the folder to where it can be written, and open the copy",
        )
    if writable:
        url = URL.create("sqlite", database=str(path / _DATABASE))
    else:
        location = (path / _DATABASE).absolute().as_uri()
        url = URL.create("sqlite", database=location, query={"mode": "ro", "immutable": "1", "uri": "true"})
    engine = create_engine(url, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where `begin` below says, not where sqlite3 guesses
        connection.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
        if writable:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA secure_delete=ON")  # what is erased leaves no page behind
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get(_BEGIN, 'DEFERRED')}")

    return engine


def is_writable(path: Path) -> bool:
    """Whether this process can write into the folder: False for evidence on a medium that is read alone."""
    return os.access(path, os.W_OK)


def _migrate(engine: Engine, path: Path) -> None:
    # Imported here: it costs a quarter of a second, and an up-to-date workspace never needs it.
    from tocsin.store.migrations.apply import apply_migrations

    with database_faults(path / _DATABASE):
        apply_migrations(engine)
