"""The one way out: every byte that leaves the product for a person, a file or another program is written here.

The leak guard (`protect/guard.py`) stands here: what is released is searched for protected persons before a byte is
written, and refused as a whole; a message is shown with tokens in the place of names.
"""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from tocsin.errors import ConfigError, RefusedError, StoreError
from tocsin.protect.exits import standing_watch
from tocsin.share.plain import shown_page


@dataclass(frozen=True, slots=True)
class Cleared:
    """A text as it will leave, searched already: made by `cleared` and by nobody else.

    withheld   at how many places words were taken out that read as a name only side by side
    """

    text: str
    withheld: int


def cleared(text: str, destination: Path | None) -> Cleared:
    """The text as `release` will write it, before anything is put on record of it. Raises as `release` does."""
    passing, withheld = standing_watch().parted(shown_page(text))
    standing_watch().refuse(passing, name=destination.name if destination else "")
    return Cleared(passing, withheld)


def release(data: str | bytes | Cleared, destination: Path | None, *, force: bool = False) -> None:
    """Write `data` to standard output, or to the file `destination` as a whole or not at all.

    Text leaves as UTF-8 with every control character but the line end escaped; bytes leave as they are. Words of
    several values that read as a protected name where they stand side by side are taken out, and that is told. A file
    is readable by its owner only. Raises ConfigError where the file exists and `force` is not set, RefusedError where a
    protected person is named in it or in the file's name, ProtectionError where the door does not answer, StoreError
    where it cannot be written. A reader that closes the pipe early has what it wanted: no error.
    """
    data = cleared(data, destination) if isinstance(data, str) else data
    if isinstance(data, Cleared):
        content = data.text.encode("utf-8")
        _tell_withheld(data, destination)
    else:
        standing_watch().refuse(data, name=destination.name if destination else "")
        content = data
    try:
        if destination is None:
            _write_output(content)
        else:
            _write_file(content, destination, force=force)
    except OSError as error:
        place = "standard output" if destination is None else str(destination)
        raise StoreError(
            f"cannot write {place}: {error.strerror or error}", hint="choose another place with -o"
        ) from error


def release_unsealed(text: str, destination: Path | None) -> None:
    """The one exit for names in clear: what the vault's own key was given to show, and nothing else.

    To a person's terminal or pipe, or into a new file of its owner's; never replaces one. The caller has it on record.
    """
    content = shown_page(text).encode("utf-8")
    if destination is None:
        _write_output(content)
    else:
        _write_file(content, destination, force=False)


def unseal(text: str, destination: Path | None, *, force: bool = False) -> None:
    """Show names to those who unsealed them: the one exit at which the leak guard does not stand.

    On a terminal, or into a file that its owner alone can read. Raises RefusedError where it would go anywhere else (a
    pipe, a device), else as `release`.
    """
    refuse_unsealed(destination, force=force)
    content = shown_page(text).encode("utf-8")
    try:
        if destination is None:
            _write_output(content)
        else:
            _write_file(content, destination, force=force)
    except OSError as error:
        raise StoreError("cannot write what was unsealed", hint="choose another place with -o") from error


def refuse_unsealed(destination: Path | None, *, force: bool) -> None:
    """RefusedError or ConfigError now, before anything is recorded, where `unseal` would refuse."""
    refuse_overwrite(destination, force=force)
    is_elsewhere = destination is not None and destination.exists() and not _is_regular(destination)
    if is_elsewhere or (destination is None and not sys.stdout.isatty()):
        raise RefusedError(
            "names are shown on a terminal, or written into a file of your own, and nowhere else", hint="-o FILE"
        )


def _tell_withheld(data: Cleared, destination: Path | None) -> None:
    if data.withheld:
        places = f"{data.withheld:,} place{'' if data.withheld == 1 else 's'}"
        where = f" of {destination.name}" if destination else ""
        told = "words side by side read as a protected name and are withheld there, […] or a token instead"
        tell(f"tocsin: at {places}{where} {told}")


def tell(message: str) -> None:
    """One message for a person, on standard error, as it may be shown."""
    if sys.stderr is not None:
        sys.stderr.write(shown_page(passed(message)).encode("utf-8").decode("utf-8", "replace") + "\n")
        sys.stderr.flush()


def passed(message: str) -> str:
    """A message with a token in the place of each protected name; where the door fails, that something is withheld."""
    return standing_watch().shown(message)


def refuse_overwrite(destination: Path | None, *, force: bool) -> None:
    """ConfigError now rather than after an hour of work where `release` would refuse the destination."""
    if destination is None:
        return
    if destination.is_dir():
        raise ConfigError(f"{destination} is a folder", hint="name a file with -o")
    if not destination.parent.is_dir():
        raise ConfigError(
            f"there is no folder {destination.parent}", hint="make it first, or choose another place with -o"
        )
    if _is_regular(destination) and not force:
        raise ConfigError(f"{destination} exists", hint="choose another name, or add --force to replace it")


def _write_output(content: bytes) -> None:
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Without this the interpreter tries to flush the rest at its end, and complains.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write_file(content: bytes, destination: Path, *, force: bool) -> None:
    refuse_overwrite(destination, force=force)
    target = destination.resolve()
    if target.exists() and not _is_regular(target):  # a device or a named pipe: written to, never replaced
        target.write_bytes(content)
        return
    import tempfile  # loads a good deal; most answers go to standard output

    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.", suffix=".part")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        _put_in_place(temporary, target, force=force)
    finally:
        temporary.unlink(missing_ok=True)


def _put_in_place(temporary: Path, target: Path, *, force: bool) -> None:
    """Give the finished file its name; without `force` a file that appeared meanwhile is still not replaced."""
    if not force:
        try:
            target.hardlink_to(temporary)
        except FileExistsError as error:
            raise ConfigError(f"{target} exists", hint="add --force to replace it") from error
        except OSError:  # a file system without links: the check before the writing has to do
            refuse_overwrite(target, force=False)
        else:
            return
    temporary.replace(target)


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return False
