"""From rows of access lists, as administrators export them, to who was given what, in the names the lists use.

Get-MailboxPermission, Get-MailboxFolderPermission, Get-RecipientPermission (Exchange); Get-SmbShareAccess; Get-Acl,
whole (`AccessToString`) or its entries (FileSystemRights); a site's permissions, and SharePoint's sharing report.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from tocsin.describe.entries import Entry

EVERYBODY: Final = "*"
# A refusal, kept for people. It makes no way and closes none: another entry, a group or an owner may still open.
REFUSED: Final = "denied: "


class Given(NamedTuple):
    """One entry of an access list. `kind` is mailbox, folder or site; `thing` what the list calls it.

    who       as the list writes it, EVERYBODY for whom no list of people ends
    """

    kind: str
    thing: str
    who: str
    right: str


# Everybody who can sign in at all, or need not: [MS-DTYP] 2.4.2.4, and what Exchange and SharePoint call them.
_EVERYBODY = {
    *("everyone", "authenticated users", "nt authority\\authenticated users", "builtin\\users", "users", "default"),
    *("anonymous", "nt authority\\anonymous logon", "nt authority\\interactive", "nt authority\\network", "guest"),
    *("everyone except external users", "s-1-1-0", "s-1-5-11", "s-1-5-32-545", "s-1-5-4", "s-1-5-2", "s-1-5-7"),
}
_DOMAIN_USERS = re.compile(
    r"(?:.*\\)?domain (?:users|guests)|s-1-5-21-[\d-]+-51[34]|c:0.*\|(?:true|.*spo-grid-all-users.*)"
)
# Nobody signs in as these: the owner of the mailbox, of the file, and the machine itself.
_NOBODY = {
    *("nt authority\\self", "s-1-5-10", "nt authority\\system", "system", "s-1-5-18", "creator owner", "s-1-3-0"),
    *("creator group", "s-1-3-1", "nt service\\trustedinstaller", "owner rights", "s-1-3-4"),
}
_CLAIM = re.compile(r"(?:i:0#\.f\|membership\||i:0#\.w\||c:0[^|]*\|(?:[^|]*\|)?)", re.IGNORECASE)
_SEPARATED = re.compile(r"[;\n{}]|,(?=\s*[^,\s]+@)")  # a comma stands in names as well
_ACCESS_LINE = re.compile(r"(.+?) (Allow|Deny) +(\S.*)")
_PROVIDER = re.compile(r".*::")  # Microsoft.PowerShell.Core\FileSystem::
_GIVES_NOTHING = {"none", ""}
_DENIES = {"deny", "1", "true"}


def is_access_list(entry: Entry) -> bool:
    """Whether the columns are those of an access list."""
    return _reader(entry) is not None


def given_by(entry: Entry) -> tuple[Given, ...] | str:
    """What the row gives; empty where it gives nobody anything, a text saying why where it cannot be told."""
    reader = _reader(entry)
    return "" if reader is None else reader(entry)


def pattern_of(one: Given, mailboxes: Mapping[str, str], sites: Sequence[str]) -> str:
    """The thing as holdings.csv has it; "" where it is not known by what the list calls it.

    mailboxes  what a mailbox is called, in lower case, to its address, "" where two are called so
    sites      addresses of sites: a sharing report leaves out the host
    """
    if one.kind == "mailbox":
        known = mailboxes.get(one.thing.lower())
        return one.thing.lower() if known is None and "@" in one.thing else known or ""
    if one.kind != "site":
        return f"{one.thing}\\*"
    if "://" in one.thing:
        return one.thing if one.thing.endswith("*") else f"{one.thing.rstrip('/')}/*"
    path = one.thing.strip("/")
    hosts = {
        parts.netloc
        for parts in map(urlsplit, sites)
        if f"{path.lower()}/".startswith(f"{parts.path.strip('/').lower()}/") and parts.path.strip("/")
    }
    if len(hosts) != 1:
        return ""
    is_file = "." in path.rpartition("/")[2]
    return f"https://{hosts.pop()}/{path}{'' if is_file else '/*'}"


def _reader(entry: Entry) -> Callable[[Entry], tuple[Given, ...] | str] | None:
    has = entry.values.keys()
    return next((reader for columns, reader in _READERS.items() if set(columns) <= has), None)


def _mailbox(entry: Entry) -> tuple[Given, ...] | str:
    return _one(entry, "mailbox", entry.first("identity"), entry.first("user"), entry.first("accessrights"))


def _mailbox_folder(entry: Entry) -> tuple[Given, ...] | str:
    mailbox, _, folder = entry.first("identity").partition(":\\")
    right = entry.first("accessrights")
    place = entry.first("foldername") or folder
    return _one(entry, "mailbox", mailbox, entry.first("user"), right, f" of its folder {place}")


def _recipient(entry: Entry) -> tuple[Given, ...] | str:
    return _one(entry, "mailbox", entry.first("identity"), entry.first("trustee"), entry.first("accessrights"))


def _share(entry: Entry) -> tuple[Given, ...] | str:
    server = entry.first("pscomputername", "computername", "server")
    if not server or server.lower() == "localhost":
        return (
            "a share without its server: ask with -CimSession SERVER, which adds PSComputerName, or add a column Server"
        )
    thing = f"\\\\{server}\\{entry.first('name', 'sharename')}"
    return _one(entry, "folder", thing, entry.first("accountname"), entry.first("accessright"))


def _folder(entry: Entry) -> tuple[Given, ...] | str:
    path = _path(entry)
    if not path:
        return "an entry without its folder: add a column Path"
    return _one(entry, "folder", path, entry.first("identityreference"), entry.first("filesystemrights"))


def _folder_whole(entry: Entry) -> tuple[Given, ...] | str:
    """Every entry of one folder, a line each: `TRIBUNAL\\ada Allow  FullControl`."""
    path, found = _path(entry), list[Given]()
    if not path:
        return "an access list without its folder: add a column Path"
    for line in entry.first("accesstostring").splitlines():
        match = _ACCESS_LINE.fullmatch(line.strip())
        if match is None:
            return "an entry of AccessToString is not ACCOUNT Allow|Deny RIGHTS"
        found += _given("folder", path, match[1], match[3], is_denied=match[2] == "Deny")
    return tuple(found)


def _site(entry: Entry) -> tuple[Given, ...] | str:
    right, site = entry.first("roles", "permission", "permissions"), entry.first("siteurl")
    whole = entry.first("users", "members", "user", "loginname", "email", "title", "group")
    found = [one for who in _SEPARATED.split(whole) for one in _given("site", site, who, right)]
    return tuple(found)


def _sharing(entry: Entry) -> tuple[Given, ...] | str:
    """A row of a site's sharing report: what is shared, with whom, with which permission."""
    who = entry.first("useremail", "username")
    if not who:
        link = entry.first("linktype").lower()
        if not link:
            return "neither a user nor a link"
        who = "Everyone" if "anonymous" in link or "organization" in link or "company" in link else ""
    return tuple(_given("site", entry.first("resourcepath"), who, entry.first("permission")))


_READERS: Final[Mapping[tuple[str, ...], Callable[[Entry], tuple[Given, ...] | str]]] = {
    ("accessrights", "trustee", "identity"): _recipient,
    ("accessrights", "user", "identity", "foldername"): _mailbox_folder,
    ("accessrights", "user", "identity"): _mailbox,
    ("accountname", "accessright", "accesscontroltype"): _share,
    ("filesystemrights", "identityreference"): _folder,
    ("accesstostring",): _folder_whole,
    ("resourcepath", "permission"): _sharing,
    ("siteurl", "roles"): _site,
    ("siteurl", "permission"): _site,
}


def _path(entry: Entry) -> str:
    return _PROVIDER.sub("", entry.first("path", "pspath", "fullname", "folder")).rstrip("\\")


def _one(entry: Entry, kind: str, thing: str, who: str, right: str, where: str = "") -> tuple[Given, ...]:
    is_denied = any(text.lower() in _DENIES for text in (entry.first("deny"), entry.first("accesscontroltype")))
    return tuple(_given(kind, thing, who, right, where, is_denied=is_denied))


def _given(kind: str, thing: str, who: str, right: str, where: str = "", *, is_denied: bool = False) -> Iterator[Given]:
    name, plain = _CLAIM.sub("", who.strip()), right.strip().strip("{}")
    said = who.strip().lower()
    if not name or said in _NOBODY or plain.lower() in _GIVES_NOTHING:
        return
    if said in _EVERYBODY or name.lower() in _EVERYBODY or _DOMAIN_USERS.fullmatch(said):
        name = EVERYBODY
    yield Given(kind, thing, name, f"{REFUSED if is_denied else ''}{plain}{where}")
