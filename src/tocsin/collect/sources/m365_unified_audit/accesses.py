"""What a record reached: one row for each mail item, folder, document or site, with the degree `audit.toml` allows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from tocsin.collect.sources.m365_unified_audit.semantics import Meaning
from tocsin.model.coverage import ANYWHERE, Mark
from tocsin.model.exposure import Degree
from tocsin.model.identity import canonical_account

_NO_ID = frozenset(("", "unknown", "not available", "none"))
_ITEM_KINDS = {
    "file": "document",
    "listitem": "document",
    "page": "document",
    "folder": "folder",
    "list": "folder",
    "documentlibrary": "folder",
    "web": "site",
    "site": "site",
    "sitecollection": "site",
}
# Workloads that name what they hold by its web address; a path without its site, or an id, names nothing there.
_ADDRESSED = frozenset(("SharePoint", "OneDrive"))
_THUMBNAIL_CLIENT = "OneDriveMpc-Transform_Thumbnail"
_AS_ANOTHER = ("SendAsUserSmtp", "SendAsUserMailboxGuid")
_FOR_ANOTHER = ("SendOnBehalfOfUserSmtp", "SendOnBehalfOfUserMailboxGuid")
_ADDRESS = re.compile(r"https?://[^\s\"'\[\],;]+|[^\s\"'\[\],;:<>]{1,320}@[^\s\"'\[\],;<>]+", re.IGNORECASE)
_PLACES = re.compile(r"[;,\r\n]+")


class Touched(NamedTuple):
    """One thing a record reached: `holding` as the log gives it, `container` the mailbox or site it lies in."""

    kind: str
    holding: str
    container: str | None
    label: str | None
    degree: str


def touched(
    native: Mapping[str, Any], fields: Mapping[str, Any], meaning: Meaning, *, is_told: bool = True
) -> tuple[list[Touched], str]:
    """(what was reached, a warning code or ""): the warning where the record does not say what.

    Then one thing without an id: of the kind the operation reaches, or of no kind where nothing declares what it does
    (`is_told` is `Meaning.is_told` of the record).
    """
    if not is_told or not meaning.is_known:
        return [Touched("", "", mailbox_of(native) or _site(native), None, Degree.ACCESSED)], "operation_undeclared"
    if meaning.opens:
        own = str(native.get("UserId")).casefold()
        given = {
            one.casefold().removeprefix("smtp:")
            for one in _ADDRESS.findall(str(native.get("ModifiedProperties") or ""))
        }
        is_own = str(native.get("ObjectId")).casefold() == own and given <= {own}  # and gives it nobody's address
        return ([] if is_own else [Touched("", "", None, None, Degree.ACCESSED)]), ""
    found = list(_WAYS[meaning.touches](native, fields, meaning))
    if not found:
        kind = "mailbox" if meaning.touches in _OF_MAIL else meaning.kind or "document"
        found = [Touched(kind, "", mailbox_of(native) or _site(native), None, meaning.degree)]
    return found, "" if all(one.holding for one in found) else "holding_not_named"


def names_of(native: Mapping[str, Any], meaning: Meaning) -> list[dict[str, Any]]:
    """Rows for `model.tables.MARKS`: the two names of one mailbox, site, document or folder that the record gives."""
    found: list[dict[str, Any]] = []
    owner, guid = text_of(native.get("MailboxOwnerUPN")), text_of(native.get("MailboxGuid"))
    if owner and guid:
        found.append(_named("mailbox", owner.strip().lower(), guid.strip().lower()))
    site, site_id = _site(native), text_of(native.get("Site"))
    if site and site_id:
        found.append(_named("site", site, site_id.strip().lower()))
    url, item = text_of(native.get("ObjectId")), text_of(native.get("ListItemUniqueId"))
    if url and item and "://" in url:
        found.append(_named("document", url, item.strip(" {}").lower()))
    found += [_named("share", *pair) for pair in (*_moves(native, meaning), *_changed_names(native))]
    return found


def _moves(native: Mapping[str, Any], meaning: Meaning) -> Iterator[tuple[str, str]]:
    """What a record gives another name, or copies, and each of the names it may have since: what lies in it has too.

    A destination may be told from the root of the server or of another site, and either of the two may be `ObjectId`.
    One that is not told may be any (`ANYWHERE`).
    """
    folder, name = text_of(native.get("DestinationRelativeUrl")), text_of(native.get("DestinationFileName"))
    is_moved = meaning.touches in ("moved_object", "copied_object")
    if not is_moved and not (folder or name):
        return
    told = (text_of(native.get("ObjectId")), _url(native, "SourceRelativeUrl", "SourceFileName"))
    sources = [one for one in dict.fromkeys(told) if one and "://" in one]
    for source in sources:
        into = [_destination(native, source) or ANYWHERE]
        if folder and "://" not in folder:
            into.append("/".join((ANYWHERE, *(part.strip("/") for part in (folder, name) if part))))
        yield from ((source, one) for one in into if one != source)


def _destination(native: Mapping[str, Any], source: str) -> str | None:
    """The address something was moved or copied to: whole, in its site, or in the folder it was in."""
    folder, name = text_of(native.get("DestinationRelativeUrl")), text_of(native.get("DestinationFileName"))
    if folder and "://" in folder:
        return "/".join(part.strip("/") for part in (folder, name) if part)
    if name and not folder:
        is_name = "://" in source and "/" not in name
        return f"{source.rstrip('/').rpartition('/')[0]}/{name}" if is_name else None
    return _url(native, "DestinationRelativeUrl", "DestinationFileName")


def _changed_names(native: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Of each property that had one address and has another, both: a mailbox or site is called otherwise since."""
    for changed in _objects(native.get("ModifiedProperties")):
        old, new = (_ADDRESS.findall(str(changed.get(name) or "")) for name in ("OldValue", "NewValue"))
        if len(old) == len(new) == 1 and old != new and ("://" in old[0]) == ("://" in new[0]):
            yield old[0], new[0]


def _named(kind: str, name: str, identifier: str) -> dict[str, Any]:
    return {"kind": str(Mark.NAMED), "channel": kind, "scope": name, "detail": identifier}


def text_of(value: object) -> str | None:
    """A text that names something, or None."""
    return value if isinstance(value, str) and value.strip().casefold() not in _NO_ID else None


def _mail_access(native: Mapping[str, Any], fields: Mapping[str, Any], meaning: Meaning) -> Iterator[Touched]:
    access = fields.get("OperationProperties.MailAccessType")
    folders = [one for one in _objects(native.get("Folders")) if one]
    if isinstance(item := native.get("Item"), dict) and item:
        folders.append(item)
    if isinstance(access, str) and access.casefold() == "sync":
        for folder in folders:
            yield _folder(native, folder, Degree.PRESUMED)
    else:
        for folder in folders:
            items = [one for one in _objects(folder.get("FolderItems")) if _item_id(one)]
            yield from (_item(native, item, _folder_name(folder), meaning.degree) for item in items)
            if items and len(items) < len(folder["FolderItems"]):
                yield Touched("mail_item", "", mailbox_of(native), _folder_name(folder), meaning.degree)
            if not items and not _item_id(folder, mail_only=True):
                yield _folder(native, folder, meaning.degree)
            elif not items:
                yield _item(native, folder, None, meaning.degree)
    if not folders:
        yield from _mailbox(native, fields, meaning)


def _sent_as(native: Mapping[str, Any], meaning: Meaning) -> Iterator[Touched]:
    """The mailbox in whose name mail was sent, which may keep a copy: by its address, else by its GUID, else any."""
    told = False
    for by in (_AS_ANOTHER, _FOR_ANOTHER):
        sender = next((one for name in by if (one := canonical_account(text_of(native.get(name)) or ""))), None)
        told |= sender is not None
        if sender and sender not in (mailbox_of(native), canonical_account(text_of(native.get("MailboxGuid")) or "")):
            yield Touched("mailbox", sender, sender, None, Degree.ALTERED)
    if not told and meaning.activity.casefold() in ("sendas", "sendonbehalf"):
        yield Touched("mailbox", "", None, None, Degree.ALTERED)


def _mail_items(native: Mapping[str, Any], fields: Mapping[str, Any], meaning: Meaning) -> Iterator[Touched]:
    told = native.get("AffectedItems")
    items = [one for one in _objects(told) if _item_id(one)]
    if items and isinstance(told, list) and len(items) < len(told):
        yield Touched("mail_item", "", mailbox_of(native), None, meaning.degree)
    single = native.get("Item")
    if isinstance(single, dict) and _item_id(single):
        items.append(single)
    yield from (_item(native, item, None, meaning.degree) for item in items)
    if not items:
        yield from _mail_folder(native, fields, meaning)
    yield from _sent_as(native, meaning)
    for name in ("DestMailboxOwnerUPN", "DestMailboxGuid"):  # moved or copied into another's
        into = canonical_account(text_of(native.get(name)) or "")
        if into and into not in (mailbox_of(native), canonical_account(text_of(native.get("MailboxGuid")) or "")):
            yield Touched("mailbox", into, into, None, Degree.ALTERED)
            return
        if into:
            return
    crosses = any(
        str(native.get(name) or "").casefold() not in ("", "false", "0")
        for name in ("CrossMailboxOperation", "CrossMailboxOperations")
    )
    if crosses or any(text_of(native.get(name)) for name in ("DestMailboxId", "DestMailboxOwnerSid")):
        yield Touched("mailbox", "", None, None, Degree.ALTERED)


def _mail_folder(native: Mapping[str, Any], fields: Mapping[str, Any], meaning: Meaning) -> Iterator[Touched]:
    for name in ("Folder", "Item"):
        folder = native.get(name)
        if isinstance(folder, dict) and folder:
            yield _folder(native, folder, meaning.degree)
            return
    yield from _mailbox(native, fields, meaning)


def _mailbox(native: Mapping[str, Any], fields: Mapping[str, Any], meaning: Meaning) -> Iterator[Touched]:
    mailbox = mailbox_of(native)
    if mailbox:
        yield Touched("mailbox", mailbox, mailbox, None, meaning.degree)


def _commanded_mailbox(native: Mapping[str, Any], fields: Mapping[str, Any], meaning: Meaning) -> Iterator[Touched]:
    """The mailboxes a command of the administration shell was given, and wrote to; without the first any mailbox."""
    is_given = False
    for name in _PARAMETERS_OF_MAILBOXES:
        if name == "Identity" and meaning.activity.casefold().endswith(_OF_SEARCHES):
            continue
        for place in _places(fields.get(f"Parameters.{name}")):
            if place.lower() not in ("all", "*") and (account := canonical_account(place)):
                is_given = True
                yield Touched("mailbox", account, account, None, meaning.degree)
    for name in _WRITTEN_TO if is_given else ():
        for place in _places(fields.get(f"Parameters.{name}")):
            if account := canonical_account(place):
                yield Touched("mailbox", account, account, None, Degree.ALTERED)


def _object(native: Mapping[str, Any], fields: Mapping[str, Any], meaning: Meaning) -> Iterator[Touched]:
    degree = meaning.degree
    client = native.get("UserAgent")
    if meaning.thumbnail and isinstance(client, str) and client.startswith(_THUMBNAIL_CLIENT):
        degree = meaning.thumbnail
    item_type = native.get("ItemType")
    kind = _ITEM_KINDS.get(item_type.casefold(), meaning.kind) if isinstance(item_type, str) else meaning.kind
    holding = text_of(native.get("ObjectId"))
    if holding is None or ("://" not in holding and native.get("Workload") in _ADDRESSED):
        holding = _url(native, "SourceRelativeUrl", "SourceFileName")
        is_whole = bool(text_of(native.get("SourceRelativeUrl")))
        if not (is_whole and text_of(native.get("SourceFileName"))):  # a folder, or a name that may be in any
            kind, holding = ("folder" if is_whole else kind), (holding if is_whole else None)
    yield Touched(kind, holding or "", _site(native), text_of(native.get("SourceFileName")), degree)
    if holding and kind == "document" and not _agrees(native, holding):  # two things by one record: it may be either
        yield Touched(kind, "", None, None, degree)


def _agrees(native: Mapping[str, Any], address: str) -> bool:
    """Whether the other fields that name the document say nothing else than its address."""
    told = _plain(address)
    site, name, folder = (
        _plain(text_of(native.get(field)) or "") for field in ("SiteUrl", "SourceFileName", "SourceRelativeUrl")
    )
    if not f"{told}/".startswith(f"{site}/" if site else "") or not told.endswith(f"/{name}" if name else ""):
        return False
    if not folder or not name:
        return not folder or f"/{folder}/" in f"{told}/"
    # Records of sharing write the document's own name behind its folder.
    whole = folder if folder.endswith(f"/{name}") else f"{folder}/{name}"
    return told.endswith((f"/{whole}", f"/{folder}/{name}"))


def _plain(address: str) -> str:
    return unquote(address).casefold().strip("/")


def _moved_object(native: Mapping[str, Any], fields: Mapping[str, Any], meaning: Meaning) -> Iterator[Touched]:
    """The thing where it was and where it is now: one document under two names."""
    for source in _object(native, fields, meaning):
        yield source
        destination = _destination(native, source.holding)
        if destination and destination != source.holding:
            label = text_of(native.get("DestinationFileName")) or source.label
            yield Touched(source.kind, destination, source.container, label, Degree.ALTERED)
        elif not destination:
            yield Touched(source.kind, "", None, None, Degree.ALTERED)


def _site_of_page(native: Mapping[str, Any], fields: Mapping[str, Any], meaning: Meaning) -> Iterator[Touched]:
    site = text_of(native.get("SiteUrl")) or text_of(native.get("ObjectId"))
    yield Touched(meaning.kind, site or "", _site(native) or site, None, meaning.degree)


def _search_scope(native: Mapping[str, Any], fields: Mapping[str, Any], meaning: Meaning) -> Iterator[Touched]:
    """Every place an eDiscovery search covers; where the log names none, the search itself stands for them."""
    search = text_of(native.get("ObjectId")) or text_of(native.get("Case"))
    label = f"eDiscovery search {search}" if search else "eDiscovery search"
    places = [("mailbox", place) for place in _places(native.get("ExchangeLocations"))]
    places += [
        ("site", place)
        for name in ("SharePointLocations", "SharepointLocations")
        for place in _places(native.get(name))
    ]
    for kind, place in places:
        yield Touched(kind, place, canonical_account(place), label, meaning.degree)
    if not places:  # mail, sites, or both
        yield Touched("mailbox", search or "", None, label, meaning.degree)
        yield Touched("", "", None, label, meaning.degree)


_PARAMETERS_OF_MAILBOXES = (
    "Mailbox", "SourceMailbox", "SourceMailboxes", "SourceStoreMailbox", "Identity", "RecipientAddress",
    "SenderAddress",
)  # fmt: skip
_OF_SEARCHES = (
    "mailboxsearch",
    "mailboxsearchpreview",
)  # whose identity is the name of a search, whatever it is called
_WRITTEN_TO = ("TargetMailbox", "TargetStoreMailbox")
_OF_MAIL = frozenset(("mail_access", "mail_items", "mail_folder", "mailbox", "search_scope", "commanded_mailbox"))

_WAYS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any], Meaning], Iterator[Touched]]] = {
    "mail_access": _mail_access,
    "mail_items": _mail_items,
    "mail_folder": _mail_folder,
    "mailbox": _mailbox,
    "object": _object,
    "moved_object": _moved_object,
    "copied_object": _moved_object,
    "site": _site_of_page,
    "search_scope": _search_scope,
    "commanded_mailbox": _commanded_mailbox,
}


def mailbox_of(native: Mapping[str, Any]) -> str | None:
    """The mailbox acted in: its owner's address, else its GUID."""
    for name in ("MailboxOwnerUPN", "MailboxGuid"):
        value = native.get(name)
        if isinstance(value, str) and (account := canonical_account(value)):
            return account
    return None


def _item(native: Mapping[str, Any], item: Mapping[str, Any], folder: str | None, degree: str) -> Touched:
    label = text_of(item.get("Subject")) or folder or _folder_name(item.get("ParentFolder"))
    return Touched("mail_item", _item_id(item) or "", mailbox_of(native), label, degree)


def _folder(native: Mapping[str, Any], folder: Mapping[str, Any], degree: str) -> Touched:
    parent = folder.get("ParentFolder")
    name = _folder_name(parent) or _folder_name(folder)
    return Touched("mail_folder", name or "", mailbox_of(native), name, degree)


def _item_id(item: Mapping[str, Any], *, mail_only: bool = False) -> str | None:
    names = ("InternetMessageId", "ImmutableId") if mail_only else ("InternetMessageId", "ImmutableId", "Id")
    return next((text for name in names if (text := text_of(item.get(name)))), None)


def _folder_name(folder: object) -> str | None:
    """The path of a folder, its name where the log says the path is not available, its id where it gives neither."""
    if not isinstance(folder, dict):
        return None
    return next((text for name in ("Path", "Name", "Id") if (text := text_of(folder.get(name)))), None)


def _site(native: Mapping[str, Any]) -> str | None:
    site = text_of(native.get("SiteUrl"))
    return site.rstrip("/").lower() if site else None


def _url(native: Mapping[str, Any], folder: str, name: str) -> str | None:
    """A document's URL out of the site's, a folder relative to it and a file name."""
    site, folder_path, file_name = (text_of(native.get(key)) for key in ("SiteUrl", folder, name))
    if not site or not (folder_path or file_name):
        return None
    return "/".join(part.strip("/") for part in (site, folder_path, file_name) if part)


def _places(value: object) -> list[str]:
    if isinstance(value, str):
        return [place.strip() for place in _PLACES.split(value) if place.strip()]
    return [place for place in value if isinstance(place, str) and place] if isinstance(value, list) else []


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
