"""What `audit.toml` declares, applied to one event: files touched, and marks."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from tocsin.collect.sources.auditd.tables import read_table
from tocsin.model.coverage import ANYTHING, ANYWHERE, Mark
from tocsin.model.exposure import ActorClass, Degree

Fields = Mapping[str, Any]

_ACCESS_MODE, _EMPTIED, _HANDLE_ONLY = 0o3, 0o1000, 0o10000000  # O_ACCMODE, O_TRUNC, O_PATH
_WORKING_FOLDER = ("ffffff9c", "ffffffffffffff9c")  # AT_FDCWD
_GIVEN = 0o6006  # set-user-id, set-group-id, read and write by others
_FILE_TYPE, _REGULAR, _FOLDER, _DISK = 0o170000, 0o100000, 0o040000, 0o060000
_OF_THE_SYSTEM = tuple(
    f"{top}/{name}/" for top in ("", "/usr") for name in ("bin", "sbin", "lib", "lib32", "lib64", "libexec")
)
_NAMELESS = frozenset(("", "(null)"))
_DEVICE = 0o020000
_HARMLESS = re.compile(r"/dev/(?:null|zero|full|u?random|tty[^/]*|pts/.*|ptmx|console|rtc[0-9]*|net/tun)$")


class Call(NamedTuple):
    """One `[[call]]` of the table."""

    touches: str
    flags: str
    directories: tuple[str, ...]


class Touched(NamedTuple):
    """One file an event touched: `how` is written, renamed, removed, emptied, or empty for none of them."""

    path: str
    kind: str
    degree: Degree | None
    how: str
    operation: str


class Paths(NamedTuple):
    """The files of an event, (what became of the name, path, mode) in order; `loose`: one could not be resolved."""

    items: tuple[tuple[str, str, int | None], ...]
    loose: bool


class _Watched(NamedTuple):
    whole: frozenset[str]
    starts: tuple[str, ...]
    ends: tuple[str, ...]
    when: frozenset[str]
    kind: Mark
    detail: str
    log: str


class _Mark(NamedTuple):
    only: Mapping[str, Sequence[str]]
    kind: Mark
    scope: Sequence[str]
    detail: str


@cache
def calls() -> Mapping[str, Call]:
    """What is known of each system call, by name."""
    return {
        name: Call(entry["touches"], entry.get("flags", ""), tuple(entry.get("directories", ())))
        for entry in read_table("audit.toml")["call"]
        for name in entry["names"]
    }


@cache
def _marks() -> Mapping[str, tuple[_Mark, ...]]:
    found: dict[str, tuple[_Mark, ...]] = {}
    for entry in read_table("audit.toml")["mark"]:
        mark = _Mark(entry.get("only", {}), Mark(entry["kind"]), entry["scope"], entry["detail"])
        for kind in entry["types"]:
            found[kind] = (*found.get(kind, ()), mark)
    return found


@cache
def _watched() -> tuple[_Watched, ...]:
    return tuple(
        _Watched(
            frozenset(path for path in entry["paths"] if "*" not in path),
            tuple(path[:-1] for path in entry["paths"] if path.endswith("*")),
            tuple(path[1:] for path in entry["paths"] if path.startswith("*")),
            frozenset(entry["when"]),
            Mark(entry["kind"]),
            entry["detail"],
            entry.get("log", ""),
        )
        for entry in read_table("audit.toml")["watched"]
    )


def resolved(records: Sequence[Fields], call: str, cwd: str | None, syscall: Fields) -> Paths:
    """The files of an event's PATH records, with whole paths where the working folder is what they start from."""
    known = calls().get(call)
    directories = known.directories if known else ("a0",) if call.endswith("at") else ()
    from_working_folder = all(syscall.get(name) in _WORKING_FOLDER for name in directories)
    items = []
    loose = False
    linked = next((one.get("name") for one in records if one.get("nametype") == "CREATE"), None)
    for fields in records:
        name = fields.get("name")
        nametype = fields.get("nametype") or fields.get("objtype") or "NORMAL"
        if not isinstance(name, str) or nametype == "PARENT":
            continue
        if name not in _NAMELESS and not name.startswith("/"):
            if call.startswith("symlink") and nametype == "UNKNOWN":  # relative to where the link is
                name = _beside(linked, cwd if from_working_folder else None) + name
                loose |= not name.startswith("/")
            elif cwd and from_working_folder:
                name = f"{cwd}/{name}"
            else:
                loose = True
        if name in _NAMELESS:
            items.append((nametype, "", _octal(fields.get("mode"))))
            continue
        items.append((nametype, posixpath.normpath(name).replace("//", "/", 1), _octal(fields.get("mode"))))
    return Paths(tuple(items), loose)


def _beside(link: object, cwd: str | None) -> str:
    """The folder a link was made in, with the separator; "" where it is not told."""
    if not isinstance(link, str) or link in _NAMELESS or not (link.startswith("/") or cwd):
        return ""
    return f"{posixpath.dirname(link if link.startswith('/') else f'{cwd}/{link}')}/"


def touched(call: str, paths: Paths, arguments: Fields, opening: Fields) -> Iterator[Touched]:
    """What a system call that succeeded did to each file; `opening` holds the flags of an `openat2`."""
    known = calls().get(call)
    if known is None:
        yield from _undeclared(call, paths)
        return
    if known.touches in ("open", "create", "run") and not paths.items:
        yield Touched("", "document", Degree.OPENED, "", call)
    flags = _flags(known.flags, arguments, opening)
    made = {path for nametype, path, _ in paths.items if nametype == "CREATE"}
    for nametype, path, mode in dict.fromkeys(paths.items):
        if known.touches == "open" and mode is not None and mode & _FILE_TYPE == _DISK:
            yield Touched("", "document", Degree.OPENED, "", f"{call} of a disk")  # with all that is on it
        if known.touches == "open" and mode is not None and mode & _FILE_TYPE == _DEVICE and not _HARMLESS.match(path):
            yield Touched("", "document", Degree.OPENED, "", f"{call} of a device")
        if known.touches == "run" and posixpath.basename(path) in _becoming("programs"):
            yield of_anything(f"{call} of {posixpath.basename(path)}")
        if known.touches == "show" and nametype == "CREATE":
            yield Touched(path, "document", Degree.ALTERED, "", call)
        kind = _kind(mode)
        if kind is None:
            continue
        if known.touches == "open":
            yield _opened(call, path, kind, flags, is_made=nametype == "CREATE")
        elif known.touches == "remove" and nametype == "DELETE":
            yield Touched(path, kind, Degree.DESTROYED, "removed", call)
        elif known.touches == "rename" and nametype == "DELETE" and path in made:
            yield Touched(path, kind, Degree.DESTROYED, "renamed", f"{call} over it")
        elif known.touches == "rename" and nametype in ("DELETE", "CREATE"):
            yield Touched(path, kind, Degree.ALTERED, "renamed", f"{call} {'from' if nametype == 'DELETE' else 'to'}")
        elif known.touches == "create":
            # A folder that is made has nothing in it: it is no folder reached as a whole.
            yield Touched(path, "document", Degree.ALTERED, "written" if nametype == "CREATE" else "emptied", call)
        elif known.touches == "truncate":
            yield Touched(path, kind, Degree.ALTERED, "emptied", call)
        elif known.touches == "attributes" and nametype == "NORMAL":
            yield Touched(path, kind, Degree.ALTERED, "", call)
        elif (known.touches == "link" and nametype == "NORMAL") or (
            known.touches == "run" and not path.startswith(_OF_THE_SYSTEM)
        ):
            yield Touched(path, kind, Degree.ACCESSED, "", call)
        elif known.touches == "permission":
            how = "permission" if (flags or 0) & ~(mode or 0) & _GIVEN else ""
            yield Touched(path, "document", Degree.ALTERED, how, call)


@cache
def _becoming(name: str) -> frozenset[str]:
    return frozenset(read_table("audit.toml")["becoming"][name])


def serves(program: str, cwd: str | None) -> bool:
    """Whether a program may have a root of its own, of which its working folder is the beginning."""
    return cwd == "/" and program.endswith(tuple(sorted(_becoming("serving"))))


def is_for_one_thing(program: str) -> bool:
    """Whether a program of the system has the rights of root for one thing only, whoever runs it."""
    return program.startswith(_OF_THE_SYSTEM) and posixpath.basename(program) in _becoming("for_one_thing")


def of_anything(operation: str) -> Touched:
    """What may have been anything."""
    return Touched("", "document", Degree.ACCESSED, "", operation)


def _undeclared(call: str, paths: Paths) -> Iterator[Touched]:
    """What a call that nothing declares may have reached: what it names, or anything."""
    if call == "connect":
        if any(part in path for _, path, _ in paths.items for part in _becoming("sockets")):
            yield of_anything(call)
        return
    if call in _without_content():
        return
    named = [(path, kind) for _, path, mode in dict.fromkeys(paths.items) if (kind := _kind(mode))]
    for path, kind in named or [("", "document")]:
        yield Touched(path, kind, Degree.ACCESSED, "", call)


@cache
def _without_content() -> frozenset[str]:
    return frozenset(read_table("audit.toml")["without_content"]["names"])


def _opened(call: str, path: str, kind: str, flags: int | None, *, is_made: bool) -> Touched:
    if flags is None:
        return Touched(path, kind, Degree.ALTERED if is_made else Degree.OPENED, "written" if is_made else "", call)
    if flags & _HANDLE_ONLY:
        return Touched(path, kind, Degree.ACCESSED, "", f"{call} without reading")
    if kind == "folder":
        return Touched(path, kind, Degree.ACCESSED, "", call)
    is_written = bool(flags & _ACCESS_MODE)
    if is_made:
        return Touched(path, kind, Degree.ALTERED, "written", f"{call} making it")
    if is_written and flags & _EMPTIED:
        return Touched(path, kind, Degree.ALTERED, "emptied", f"{call} emptying it")
    return Touched(path, kind, Degree.OPENED, "written" if is_written else "", f"{call}{' for writing' * is_written}")


def named(call: str, paths: Paths, *, is_by_system: bool) -> Iterator[dict[str, Any]]:
    """Marks of two names of one file or folder: what was renamed, and what a link or mount shows.

    Where the record does not say what is shown, it may be anything; but for what the system mounts when it starts.
    """
    known = calls().get(call)
    touches = "show" if call == "move_mount" else known.touches if known else ""
    if touches not in ("rename", "link", "show"):
        return
    made = [path for nametype, path, _ in paths.items if nametype == "CREATE"]
    others = [path for nametype, path, _ in paths.items if nametype != "CREATE"]
    is_mount = not made and touches == "show"
    if is_mount:  # on what was there before
        made, others = others[-1:], others[:-1]
    for path in filter(None, made):
        if not (is_mount and is_by_system) and (not others or any(map(_is_untold, others))):
            yield _pair(ANYTHING, path if path.startswith("/") else f"{ANYWHERE}/{posixpath.basename(path)}")
        elif not path.startswith("/"):
            yield _pair(ANYTHING, f"{ANYWHERE}/{posixpath.basename(path)}")
        for other in others:
            if other and path != other:
                yield _pair(other, path)


def _is_untold(path: str) -> bool:
    """Whether a path does not say what it leads to: relative to what is not known, by a process, or a disk's."""
    return not path.startswith("/") or path.startswith(("/proc/", "/dev/"))


def _pair(one: str, other: str) -> dict[str, Any]:
    return {"kind": Mark.NAMED.value, "channel": "share", "scope": one, "detail": other}


def access_rows(found: Sequence[Touched], event: Fields, actor: str, *, as_root: bool) -> list[dict[str, Any]]:
    """Rows for `model.tables.ACCESSES`; `as_root` where the account acted with the rights of root."""
    return [
        {
            "kind": one.kind,
            "holding": one.path,
            "container": event.get("device.hostname"),
            "label": posixpath.basename(one.path) or one.path,
            "actor": actor,
            "actor_class": (ActorClass.ADMINISTRATOR if as_root else ActorClass.ACCOUNT).value,
            "address": event.get("src_endpoint.ip"),
            "session": event.get("actor.session.uid"),
            "client": event.get("process.file.path"),
            "degree": one.degree.value,
            "operation": one.operation,
        }
        for one in found
        if one.degree is not None
    ]


def mark_rows(kind: str, fields: Fields, found: Sequence[Touched], event: Fields, actor: str) -> list[dict[str, Any]]:
    """Rows for `model.tables.MARKS`: of the record's kind, and of the files that were written or removed."""
    rows = []
    for mark in _marks().get(kind, ()):
        told = ((_text(fields.get(name)), allowed) for name, allowed in mark.only.items())
        if all(text if allowed == "*" else text in allowed for text, allowed in told):
            scope = next((text for name in mark.scope if (text := _text(fields.get(name)))), None)
            rows.append(_row(mark.kind, scope, mark.detail, fields, event, actor))
    for one in found:
        if one.how == "permission":
            detail = f"others were let in to the file, or it runs as its owner ({one.operation})"
            rows.append(_row(Mark.PERMISSION, one.path, detail, {}, event, actor))
        elif one.how:
            rows += [
                _row(watched.kind, watched.log or one.path, f"{watched.detail} ({one.operation})", {}, event, actor)
                for watched in _watched()
                if one.how in watched.when
                and (
                    one.path in watched.whole
                    or one.path.startswith(watched.starts or ("\0",))
                    or one.path.endswith(watched.ends or ("\0",))
                )
            ]
    return rows


def _row(kind: Mark, scope: str | None, detail: str, fields: Fields, event: Fields, actor: str) -> dict[str, Any]:
    shown = [f"{name} {text}" for name in ("op", "audit_enabled", "exe", "res") if (text := _text(fields.get(name)))]
    return {
        "kind": kind.value,
        "host": event.get("device.hostname"),
        "channel": event.get("metadata.log_name"),
        "scope": scope,
        "actor": actor or None,
        "detail": f"{detail} ({', '.join(shown)})" if shown else detail,
    }


def _kind(mode: int | None) -> str | None:
    """A document or a folder; None for devices, pipes and sockets, which hold nothing."""
    if mode is None or mode & _FILE_TYPE == _REGULAR:
        return "document"
    return "folder" if mode & _FILE_TYPE == _FOLDER else None


def _flags(name: str, arguments: Fields, opening: Fields) -> int | None:
    if name == "oflag":
        return _octal(opening.get("oflag"))
    try:
        return int(str(arguments.get(name)), 16)
    except ValueError:
        return None


def _octal(value: object) -> int | None:
    try:
        return int(str(value), 8)
    except ValueError:
        return None


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
