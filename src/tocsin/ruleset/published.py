"""A rule set as somebody published it: an archive or folder in; its rule files, and what it says of itself, out.

An archive comes from outside, and its rules decide what is noticed: one that hides what is in it is refused as a whole.
"""

from __future__ import annotations

import lzma
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from tocsin.detect.sigma.rules import LARGEST_RULE_FILE, MOST_RULE_FILES, is_rule_file
from tocsin.errors import ConfigError

LARGEST_SET: Final = 256 * 1024 * 1024  # bytes, inflated: forty times what is published at most

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._+-]{0,63}")
_VERSION_FILES: Final = frozenset(("version.txt", "version"))
_LARGEST_NOTE: Final = 64 * 1024
_COMMIT: Final = re.compile(r"\b[0-9a-f]{40}\b")
_SHORT_COMMIT: Final = re.compile(r"[-_]([0-9a-f]{7,40})$")
_DATE: Final = re.compile(r"(?<![0-9])20[0-9]{2}-[01][0-9]-[0-3][0-9](?![0-9])")
_RELEASE: Final = re.compile(r"[-_]r?20[0-9]{2}-[01][0-9]-[0-3][0-9].*$")
_BRANCH: Final = re.compile(r"[-_](?:master|main)$")
_LICENCES: Final = (
    ("Detection Rule License", re.compile(r"detection rule licen[cs]e(?: \(?DRL\)?)?[^0-9]{0,20}(1\.[0-9])?", re.I)),
    ("Apache License 2.0", re.compile(r"apache license[\s,]+version 2\.0", re.I)),
    ("MIT License", re.compile(r"\bMIT License\b", re.I)),
    ("Elastic License 2.0", re.compile(r"elastic license 2\.0", re.I)),
)
_RULES_FOLDER: Final = re.compile(r"rules[^/]*/")
_FAULTS: Final = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError, RuntimeError)
_HINT: Final = "download the archive again from where it is published; nothing was added"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A rule set read.

    texts    rule files by path within the set, a folder that holds everything left out
    other    files that are no rules, and are not taken
    version, commit, date, licence   as it says of itself, "" where it does not
    """

    origin: str
    texts: Mapping[str, bytes]
    other: int
    version: str
    commit: str
    date: str
    licence: str


class _File(NamedTuple):
    path: str
    data: bytes | None  # None for what is neither a rule nor says something of the set


def set_name(given: str | None, path: Path) -> str:
    """What a set is called: as given, else its file's name without what changes from release to release.

    Raises ConfigError for a name that cannot stand in a path.
    """
    if given is None:
        stem = path.resolve().name.lower()
        stem = stem.removesuffix(path.suffix.lower()) if path.is_file() else stem
        for ending in (_RELEASE, _SHORT_COMMIT, _BRANCH):
            stem = ending.sub("", stem)
        given = re.sub(r"[^a-z0-9._+-]+", "-", stem).strip("-._+") or "rules"
    if not _NAME.fullmatch(given):
        raise ConfigError(
            f"{given!r} cannot be the name of a rule set", hint="a to z, digits, and . _ + - within, at most 64"
        )
    return given


def read_published(path: Path) -> Published:
    """The rule files of an archive or a folder. Raises ConfigError for one that is none, or not to be trusted."""
    if path.is_dir():
        files, comment = list(_in_folder(path)), ""
    elif zipfile.is_zipfile(path):
        files, comment = _in_archive(path)
    elif is_rule_file(path.name):
        files, comment = [_File(path.name, _whole(path))], ""
    else:
        raise ConfigError(
            f"{path} is no rule set", hint="give a zip archive of Sigma rules, a folder of them, or a .yml file"
        )
    top = _top(files)
    named = {each.path.removeprefix(top): each.data for each in files}
    texts = {name: data for name, data in sorted(named.items()) if data is not None and is_rule_file(name)}
    if any(_RULES_FOLDER.match(name) for name in texts):  # beside them a project keeps what it retired, and its tests
        texts = {name: data for name, data in texts.items() if _RULES_FOLDER.match(name)}
    if not texts:
        raise ConfigError(f"{path} holds no rule", hint="Sigma rules are files ending in .yml or .yaml")
    notes = {name.lower(): data for name, data in named.items() if data is not None and name not in texts}
    version = _text(next((notes[name] for name in sorted(notes) if name in _VERSION_FILES), b""))
    said = "\n".join((version, comment, path.name, top))
    short = _SHORT_COMMIT.search(path.stem) or _SHORT_COMMIT.search(top.rstrip("/"))
    commit = _COMMIT.search(said)
    date = _DATE.search(said)
    return Published(
        origin=path.resolve().name,
        texts=texts,
        other=len(named) - len(texts),
        version=next((line.strip()[:100] for line in version.splitlines() if line.strip()), ""),
        commit=commit.group() if commit else short.group(1) if short else "",
        date=date.group() if date else "",
        licence=next((found for name in sorted(notes) if (found := _licence(name, _text(notes[name])))), ""),
    )


def _in_folder(folder: Path) -> Iterator[_File]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise _refused(folder, name, "is a link: what it leads to would be taken for a part of the set")
        if path.is_file() and not name.startswith(".git/"):
            yield _File(name, _whole(path) if _is_wanted(name) else None)


def _whole(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(LARGEST_RULE_FILE + 1)
    except OSError as error:
        raise ConfigError(f"the rule file {path} cannot be read: {error.strerror}") from error


def _in_archive(path: Path) -> tuple[list[_File], str]:
    """Every file with its name, and what the archive says of itself."""
    found: list[_File] = []
    seen: set[str] = set()
    inflated = 0
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MOST_RULE_FILES:
                raise ConfigError(f"{path} holds {len(members):,} files, more than {MOST_RULE_FILES:,}", hint=_HINT)
            for member in members:
                _refuse_member(path, member)
                if member.is_dir():
                    continue
                if member.filename.casefold() in seen:
                    raise _refused(path, member.filename, "is in it twice: which of them is meant is not said")
                seen.add(member.filename.casefold())
                data = None
                if _is_wanted(member.filename):
                    with archive.open(member) as stream:
                        data = stream.read(LARGEST_RULE_FILE + 1)
                    inflated += len(data)
                if len(data or b"") > LARGEST_RULE_FILE:
                    raise _refused(path, member.filename, f"is longer than {LARGEST_RULE_FILE:,} bytes: no rule is")
                if inflated > LARGEST_SET:
                    raise ConfigError(f"{path} expands to more than {LARGEST_SET >> 20} MiB", hint=_HINT)
                found.append(_File(member.filename, data))
            return found, archive.comment.decode("utf-8", "replace")
    except _FAULTS as error:
        raise ConfigError(f"the rule archive {path} cannot be read: {error}", hint=_HINT) from error


def _refuse_member(path: Path, member: zipfile.ZipInfo) -> None:
    """Raises ConfigError for what no published set holds and only an attacker has a use for."""
    name = member.orig_filename  # as it is written: zipfile cuts a name at NUL and turns the slashes of the system
    parts = PurePosixPath(name).parts
    if (
        not name
        or "\0" in name
        or "\\" in name
        or name.startswith("/")
        or ".." in parts
        or re.match(r"[A-Za-z]:", name)
    ):
        raise _refused(path, name, "leads out of the archive")
    mode = member.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refused(path, name, "is a link or a device, no file")
    if member.flag_bits & 1:
        raise _refused(path, name, "is encrypted")


def _refused(path: Path, name: str, why: str) -> ConfigError:
    return ConfigError(f"{path} is refused: {name[:200]!r} {why}", hint=_HINT)


def _is_wanted(name: str) -> bool:
    """Rules, and what the set says of itself at its top or one folder below."""
    place = PurePosixPath(name)
    said = place.name.lower() in _VERSION_FILES or place.name.lower().startswith(("license", "licence"))
    return (is_rule_file(name) and not _is_of_the_project(place)) or (said and len(place.parts) <= 2)


def _is_of_the_project(place: PurePosixPath) -> bool:
    """Files in hidden folders set up the project a rule set is made in; they are no rules."""
    return any(part.startswith(".") for part in place.parts)


def _top(files: Sequence[_File]) -> str:
    """The one folder all files lie in, as `sigma-1a2b3c4/`; "" where there is none."""
    tops = {each.path.split("/", 1)[0] if "/" in each.path else "" for each in files}
    if len(tops) != 1:
        return ""
    (top,) = tops
    return f"{top}/" if top and not _RULES_FOLDER.match(f"{top}/") else ""


def _text(data: bytes) -> str:
    return data[:_LARGEST_NOTE].decode("utf-8", "replace")


def _licence(name: str, text: str) -> str:
    if not PurePosixPath(name).name.startswith(("license", "licence")):
        return ""
    for title, pattern in _LICENCES:
        if found := pattern.search(text):
            number = next((group for group in found.groups() if group), "")
            return f"{title} {number}".strip()
    first = next((line.strip(" #*") for line in text.splitlines() if line.strip(" #*")), "")
    return first[:100]
