"""From what a log calls a thing to the patterns a person would say its matter of: a top folder, and one inside it."""

from __future__ import annotations

import re
from typing import NamedTuple

from tocsin.assess.holdings import MAIL_KINDS

_SITE = re.compile(r"https?://[^/]+(?:/(?:sites|teams|personal)/[^/]+)?", re.IGNORECASE)
_SHARE = re.compile(r"\\\\[^\\]+\\([^\\]+)")
_DRIVE = re.compile(r"[A-Za-z]:(?=\\)")
# What the systems themselves keep: no matter is said of it.
_SYSTEM_SHARES = {"ipc$", "admin$", "sysvol", "netlogon", "print$"}
_SYSTEM_FOLDERS = {
    "windows", "winnt", "program files", "program files (x86)", "programdata", "$recycle.bin", "$extend", "perflogs",
    "system volume information", "recovery", "boot", "msocache",
}  # fmt: skip
# Of a site, what shows it, and nothing that was put there.
_PAGES = {"forms", "lists", "_layouts", "_api", "_catalogs", "sitepages", "siteassets", "pages", "style library"}
_SYSTEM_ROOTS = {"bin", "boot", "dev", "etc", "lib", "lib64", "proc", "run", "sbin", "sys", "tmp", "usr", "var"}


class Place(NamedTuple):
    """Where a thing lies: the pattern of the top, and of a folder in it, "" where it lies in none."""

    kind: str
    top: str
    inner: str
    is_system: bool = False


def place_of(kind: str, holding: str, container: str) -> Place | None:
    """Where a thing lies as the logs name it; None where they name no place for it."""
    if kind in MAIL_KINDS:
        mailbox = container or (holding if kind == "mailbox" else "")
        return Place("mailbox", mailbox, "") if mailbox else None
    if not holding:
        return None
    if holding.startswith("arn:aws:s3:::"):
        bucket, slash, key = holding.partition("/")
        return Place("bucket", f"{bucket}/*", _inside(bucket, "/", key, 1, kind != "object") if slash else "")
    if site := _SITE.match(holding):
        return _in_a_site(kind, holding, site.group())
    if share := _SHARE.match(holding):
        return _in_a_share(kind, holding, share)
    if drive := _DRIVE.match(holding):
        return _on_a_disk(kind, holding, drive.group(), "\\", _SYSTEM_FOLDERS)
    if holding.startswith("/") and kind in ("folder", "document"):
        return _on_a_disk(kind, holding, "", "/", _SYSTEM_ROOTS)
    is_device = holding.startswith("\\")
    return Place(kind, holding, "", is_device)


def _in_a_site(kind: str, holding: str, site: str) -> Place:
    if kind == "site":
        return Place("site", f"{site}/*", "")
    rest = holding[len(site) + 1 :]
    inner = _inside(site, "/", rest, 2, kind == "folder")
    return Place("site", f"{site}/*", "" if _PAGES & set(inner.lower()[len(site) :].split("/")) else inner)


def _in_a_share(kind: str, holding: str, share: re.Match[str]) -> Place:
    name = share.group(1).lower()
    if name in _SYSTEM_SHARES:
        return Place("folder", f"{share.group()}\\*", "", is_system=True)
    if re.fullmatch(r"[a-z]\$", name):
        return _on_a_disk(kind, holding, share.group(), "\\", _SYSTEM_FOLDERS)
    rest = holding[share.end() + 1 :]
    return Place("folder", f"{share.group()}\\*", _inside(share.group(), "\\", rest, 1, kind == "folder"))


def _on_a_disk(kind: str, holding: str, root: str, separator: str, systems: set[str]) -> Place:
    """The top is the first folder of the disk, what lies beside the folders is in the root."""
    rest = holding[len(root) + 1 :]
    folders = _folders(rest, separator, kind == "folder")
    if not folders:
        return Place("folder", f"{root}{separator}*", "")
    top = f"{root}{separator}{folders[0]}"
    is_system = folders[0].lower() in systems
    inner = "" if is_system else _inside(top, separator, rest[len(folders[0]) + 1 :], 1, kind == "folder")
    return Place("folder", f"{top}{separator}*", inner, is_system)


def _folders(rest: str, separator: str, is_folder: bool) -> list[str]:
    parts = rest.split(separator)
    return [part for part in (parts if is_folder else parts[:-1]) if part]


def _inside(root: str, separator: str, rest: str, depth: int, is_folder: bool) -> str:
    """The pattern of the folder, at most `depth` below the root, that a thing lies in; "" where it lies in none."""
    parts = rest.split(separator)
    folders = (parts if is_folder else parts[:-1])[:depth]
    while folders and not folders[-1]:
        folders.pop()
    return f"{root}{separator}{separator.join(folders)}{separator}*" if folders else ""
