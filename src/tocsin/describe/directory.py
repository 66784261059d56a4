"""From entries of a directory, of mailboxes, sites and labels to rows of an estate.

Attribute names: [MS-ADA1] to [MS-ADA3] and RFC 4519, 2307 (LDAP); the user, group, servicePrincipal and site resources
of Microsoft Graph; Get-ADUser, Get-Mailbox, Get-SPOSite, Get-Label and the exports of the admin centres.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tocsin.describe.access_lists import EVERYBODY, Given, given_by, is_access_list, pattern_of
from tocsin.describe.entries import Entry
from tocsin.store.estate_rows import TABLES, Row

_PEOPLE = {"user", "person", "inetorgperson", "organizationalperson", "posixaccount", "microsoftgraphuser", "account"}
_SERVICES = {"msdsmanagedserviceaccount", "msdsgroupmanagedserviceaccount", "microsoftgraphserviceprincipal"}
_HOSTS = {"computer", "device", "microsoftgraphdevice", "iphost"}
_GROUPS = {
    "group",
    "groupofnames",
    "groupofuniquenames",
    "posixgroup",
    "microsoftgraphgroup",
    "microsoftgraphdirectoryrole",
}
# Whoever is in one of these can change what is recorded, or act as others: by RID ([MS-DTYP] 2.4.2.4) or by name.
_ADMINISTRATOR_SIDS = re.compile(r"S-1-5-21-[\d-]+-(512|518|519)|S-1-5-32-544", re.IGNORECASE)
_ADMINISTRATOR_NAMES = {
    "domain admins", "enterprise admins", "schema admins", "administrators", "global administrator",
    "privileged role administrator", "privileged authentication administrator", "exchange administrator",
    "sharepoint administrator", "security administrator", "compliance administrator",
}  # fmt: skip
_NOBODYS_MAILBOX = {
    "sharedmailbox",
    "roommailbox",
    "equipmentmailbox",
    "groupmailbox",
    "schedulingmailbox",
    "teammailbox",
}
_DISABLED = 2  # userAccountControl, ADS_UF_ACCOUNTDISABLE
_DOMAIN_CONTROLLERS = "516"  # primaryGroupID
_NEVER = (0, 2**63 - 1)  # accountExpires
_FILETIME_EPOCH = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)
_SMTP = re.compile(r"smtp:([^\s,;{}]+@[^\s,;{}]+)", re.IGNORECASE)
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# All that is read of an entry of a directory: what `rows_of` asks for, and no password, key or picture.
LDAP_ATTRIBUTES = (
    "objectClass", "cn", "name", "displayName", "description", "ou", "title", "department",
    "physicalDeliveryOfficeName", "sAMAccountName", "userPrincipalName", "uid", "mail", "proxyAddresses", "objectSid",
    "msDS-PrincipalName", "userAccountControl", "accountExpires", "primaryGroupID", "memberOf", "member",
    "uniqueMember", "memberUid", "dNSHostName", "operatingSystem", "nCName", "nETBIOSName",
)  # fmt: skip
_LISTS = {"mailbox": "mailboxes (Get-Mailbox)", "site": "sites (Get-SPOSite)"}
NOT_KNOWN = "nothing an estate has is known by these columns"


class Found(NamedTuple):
    """Rows by list, and what was not understood, with the reason; by file, how many of its entries are of no kind an
    estate has, and how many of its members of groups are in none of the files."""

    lists: dict[str, list[Row]]
    unread: list[tuple[Row, str]]
    apart: dict[str, int]
    strangers: dict[str, int]


def rows_of(entries: Iterable[Entry], domain: str = "") -> Found:
    """The rows that the entries of all files stand for; `domain` is the NetBIOS name of the accounts' domain."""
    return _Directory(domain).of(list(entries))


def _kind(entry: Entry) -> str:
    classes = {re.sub(r"[^a-z]", "", text.lower()) for text in entry.all("objectclass", "odatatype")}
    has = entry.values.keys()
    if classes:
        for names, kind in ((_SERVICES, "service"), (_HOSTS, "host"), (_GROUPS, "group"), (_PEOPLE, "person")):
            if classes & names:
                return kind
        return "domain" if "crossref" in classes and "netbiosname" in has else "apart"
    if is_access_list(entry):
        return "access"
    if {"immutableid", "priority"} <= has or {"labelid", "displayname"} <= has or ({"sensitivity", "tooltip"} <= has):
        return "label"
    if has & {"recipienttypedetails", "recipienttype", "exchangeguid", "primarysmtpaddress"}:
        return "mailbox"
    if entry.first("url", "siteurl", "weburl").startswith("http"):
        return "site"
    if has & {"serviceprincipaltype", "appownerorganizationid"} or ("appid" in has and "displayname" in has):
        return "service"
    if (has & {"group", "groupname", "groupid"}) and has & {"member", "membername", "memberid", "userprincipalname"}:
        return "membership"
    if has & {"dnshostname", "operatingsystem"}:
        return "host"
    if has & {"groupscope", "groupcategory", "grouptypes", "securityenabled", "roletemplateid"}:
        return "group"
    return "person" if has & {"userprincipalname", "samaccountname"} else ""


class _Directory:
    """Entries as they are told apart. Built, asked once, thrown away."""

    def __init__(self, domain: str) -> None:
        self._domain = domain
        self._domains: dict[str, str] = {}
        self._lists: dict[str, list[Row]] = {name: [] for name in TABLES}
        self._unread: list[tuple[Row, str]] = []
        self._strangers: dict[str, int] = defaultdict(int)
        self._apart: dict[str, int] = defaultdict(int)
        # What a member can be called in a group's list: its DN, an account, an id; to the id of its row.
        self._called: dict[str, str] = {}
        self._members: list[tuple[Entry, str, str]] = []  # entry, group as called, member as called
        self._administrators: set[str] = set()
        self._given: list[tuple[Entry, Given]] = []
        # What a mailbox is called in an access list, to its address; "" where two are called so.
        self._mailboxes: dict[str, str] = {}
        self._sites: list[str] = []
        self._levels: list[tuple[int, Row]] = []

    def of(self, entries: list[Entry]) -> Found:
        """Domains first, for accounts are written with them; members last, for a group may come before them."""
        kinds = [(_kind(entry) if not entry.fault else "", entry) for entry in entries]
        for kind, entry in kinds:
            if kind == "domain":
                self._domains[entry.first("ncname").lower()] = entry.first("netbiosname")
        readers = {
            "person": self._person,
            "service": self._service,
            "host": self._host,
            "group": self._group,
            "mailbox": self._mailbox,
            "site": self._site,
            "label": self._label,
            "membership": self._membership,
            "access": self._access,
        }
        for kind, entry in kinds:
            why = entry.fault
            if not why and kind in readers:
                why = readers[kind](entry)
            elif not why and kind:
                self._apart[entry.file] += 1
            elif not why:
                why = NOT_KNOWN
            if why:
                self._unread.append((Row(entry.file, entry.line, {}), why))
        self._link()
        self._give()
        self._lists["sensitivities"] += [row for _, row in sorted(self._levels, key=lambda one: -one[0])]
        self._name_levels()
        return Found(self._lists, self._unread, dict(self._apart), dict(self._strangers))

    def _name_levels(self) -> None:
        """Sites that bear the id of a label get its name."""
        names = {row.values["label"]: row.values["name"] for _, row in self._levels if row.values["label"]}
        for row in self._lists["holdings"]:
            level = row.values.get("sensitivity", "")
            if level.lower() in names:
                row.values["sensitivity"] = names[level.lower()]

    def _put(self, list_: str, entry: Entry, values: Mapping[str, str]) -> Row:
        row = Row(entry.file, entry.line, {column: text for column, text in values.items() if text})
        self._lists[list_].append(row)
        return row

    def _windows_account(self, entry: Entry) -> str:
        name = entry.first("samaccountname", "onpremisessamaccountname")
        written = entry.first("msdsprincipalname")
        if "\\" in written:
            return written
        place = ",".join(re.findall(r"DC=[^,]+", entry.first("dn", "distinguishedname"), re.IGNORECASE)).lower()
        domain = self._domains.get(place, self._domain)
        return f"{domain}\\{name}" if domain and name else ""

    def _holder(self, entry: Entry) -> tuple[str, list[str]]:
        """The id of a person or service, and its accounts."""
        principal = entry.first("userprincipalname")
        windows = self._windows_account(entry)
        mail = entry.first("mail", "emailaddress", "primarysmtpaddress")
        bare = entry.first("uid", "samaccountname") if not windows else ""
        others = [match for text in entry.all("proxyaddresses", "emailaddresses") for match in _SMTP.findall(text)]
        sids = entry.all("objectsid", "sid", "onpremisessecurityidentifier", "securityidentifier")
        ids = [
            text for text in entry.all("id", "objectid", "externaldirectoryobjectid", "appid") if _GUID.fullmatch(text)
        ]
        given = [principal, windows, mail, *others, *sids, *ids, bare if not principal else ""]
        accounts = list({text.lower(): text for text in given if text and ";" not in text}.values())
        name = principal or mail or windows or bare or entry.first("appid", "cn", "name", "displayname")
        return name.lower() if "@" in name else name, accounts

    def _call(self, entry: Entry, id_: str, accounts: Iterable[str] = ()) -> None:
        more = entry.all("dn", "distinguishedname", "id", "objectid", "objectsid", "sid", "uid", "samaccountname")
        for text in (id_, *accounts, *more, *entry.all("mail", "userprincipalname")):
            self._called.setdefault(text.lower(), id_)

    def _person(self, entry: Entry) -> str:
        id_, accounts = self._holder(entry)
        if not id_:
            return "a person without any name to sign in by"
        flags = entry.first("useraccountcontrol")
        is_off = (flags.isdigit() and int(flags) & _DISABLED) or "false" in (
            entry.first("accountenabled", "enabled").lower(),
        )
        self._put(
            "identities",
            entry,
            {
                "id": id_,
                "name": entry.first("displayname", "cn", "name"),
                "accounts": ";".join(accounts),
                "unit": entry.first("department", "ou", "office", "physicaldeliveryofficename"),
                "role": entry.first("title", "jobtitle"),
                "from": _day(entry.first("employeehiredate")),
                "to": _day(entry.first("employeeleavedatetime", "accountexpirationdate"))
                or _filetime_day(entry.first("accountexpires")),
                "comment": "disabled in the directory" if is_off else "",
            },
        )
        self._call(entry, id_, accounts)
        for group in entry.all("memberof"):
            self._members.append((entry, group, id_))
        return ""

    def _service(self, entry: Entry) -> str:
        id_, accounts = self._holder(entry)
        if not id_:
            return "a service without any name to sign in by"
        name = entry.first("displayname", "cn", "name")
        self._put("services", entry, {"id": id_, "name": name, "accounts": ";".join(accounts)})
        self._call(entry, id_, accounts)
        for group in entry.all("memberof"):
            self._members.append((entry, group, id_))
        return ""

    def _host(self, entry: Entry) -> str:
        name = entry.first("dnshostname") or entry.first("samaccountname", "name", "cn", "displayname").rstrip("$")
        if not name:
            return "a host without a name"
        role = "domain controller" if entry.first("primarygroupid") == _DOMAIN_CONTROLLERS else ""
        system = entry.first("operatingsystem")
        if not role and system:
            role = "server" if "server" in system.lower() else "workstation"
        self._put("hosts", entry, {"name": name.lower(), "role": role, "comment": system})
        return ""

    def _group(self, entry: Entry) -> str:
        id_ = entry.first("samaccountname", "mail", "cn", "displayname", "name", "id")
        if not id_:
            return "a group without a name"
        self._put("groups", entry, {"id": id_, "name": entry.first("displayname", "description")})
        self._call(entry, id_, entry.all("displayname", "name", "cn"))
        names = {text.lower() for text in entry.all("samaccountname", "cn", "displayname", "name")}
        sids = entry.all("objectsid", "sid")
        if names & _ADMINISTRATOR_NAMES or any(_ADMINISTRATOR_SIDS.fullmatch(sid) for sid in sids):
            self._administrators.add(id_)
        for sid in (*sids, *(text for text in entry.all("id", "objectid") if _GUID.fullmatch(text))):
            if sid != id_:
                self._put("aliases", entry, {"kind": "group", "name": id_, "other": sid})
        for member in entry.all("member", "members", "uniquemember", "memberuid"):
            self._members.append((entry, id_, member))
        for group in entry.all("memberof"):
            self._members.append((entry, group, id_))
        return ""

    def _membership(self, entry: Entry) -> str:
        group = entry.first("group", "groupname", "groupid")
        member = entry.first("userprincipalname", "member", "memberid", "membername")
        if not group or not member:
            return "a membership without a group, or without a member"
        if group.lower() not in self._called:
            self._put("groups", entry, {"id": group})
            self._called[group.lower()] = group
        self._members.append((entry, group, member))
        return ""

    def _mailbox(self, entry: Entry) -> str:
        address = entry.first("primarysmtpaddress", "emailaddress", "windowsemailaddress", "mail").lower()
        if "@" not in address:
            return "a mailbox without an address"
        type_ = entry.first("recipienttypedetails", "recipienttype")
        is_nobodys = re.sub(r"[^a-z]", "", type_.lower()) in _NOBODYS_MAILBOX
        id_, accounts = self._holder(entry)
        for text in {
            address,
            *entry.all("identity", "name", "displayname", "alias", "userprincipalname", "guid", "dn"),
        }:
            called = text.lower()
            self._mailboxes[called] = address if self._mailboxes.get(called, address) == address else ""
        id_ = id_ or address
        owner = "" if is_nobodys else id_
        self._put(
            "holdings", entry, {"pattern": address, "kind": "mailbox", "owner": owner, "comment": type_ or "mailbox"}
        )
        others = [
            match.lower() for text in entry.all("emailaddresses", "proxyaddresses") for match in _SMTP.findall(text)
        ]
        guids = [text.lower() for text in entry.all("exchangeguid", "mailboxguid")]
        for other in dict.fromkeys((*others, *guids)):
            if other != address:
                self._put("aliases", entry, {"kind": "mailbox", "name": address, "other": other})
        if not is_nobodys:
            name = entry.first("displayname", "name")
            known = ";".join(dict.fromkeys([*accounts, *([address] if address not in accounts else [])]))
            self._put("identities", entry, {"id": id_, "name": name, "accounts": known})
            self._call(entry, id_, (*accounts, address))
        return ""

    def _site(self, entry: Entry) -> str:
        address = entry.first("url", "siteurl", "weburl").rstrip("/")
        self._sites.append(address)
        level = entry.first("sensitivity", "sensitivitylabel")
        self._put(
            "holdings",
            entry,
            {
                "pattern": f"{address}/*",
                "kind": "site",
                "sensitivity": "" if level.lower() in ("none", "unrestricted") else level,
                "owner": entry.first("primaryadmin", "owner"),
                "comment": entry.first("title", "sitename", "displayname", "name"),
            },
        )
        ids = _GUID.findall(entry.first("siteid", "id"))
        if ids:  # Graph: host,site,web
            self._put("aliases", entry, {"kind": "site", "name": address, "other": ids[0].lower()})
        return ""

    def _label(self, entry: Entry) -> str:
        name = entry.first("displayname", "name")
        if not name:
            return "a label without a name"
        priority = entry.first("priority", "sensitivity")
        row = Row(
            entry.file,
            entry.line,
            {
                "name": name,
                "label": entry.first("immutableid", "labelid", "guid", "id").lower(),
                "description": entry.first("tooltip", "description"),
            },
        )
        self._levels.append((int(priority) if priority.lstrip("-").isdigit() else 0, row))
        return ""

    def _access(self, entry: Entry) -> str:
        found = given_by(entry)
        if isinstance(found, str):
            return found
        if not found:
            self._apart[entry.file] += 1
        self._given += ((entry, one) for one in found)
        return ""

    def _give(self) -> None:
        """What access lists give, now that everybody and every mailbox and site is known by all its names."""
        told: set[tuple[str, int]] = set()
        for entry, one in self._given:
            pattern = pattern_of(one, self._mailboxes, self._sites)
            if pattern:
                who = EVERYBODY if one.who == EVERYBODY else self._called.get(one.who.lower(), one.who)
                self._put("grants", entry, {"grantee": who, "kind": one.kind, "pattern": pattern, "right": one.right})
            elif (entry.file, entry.line) not in told:
                told.add((entry.file, entry.line))
                why = (
                    f"which {one.kind} this is of is not known: import the list of {_LISTS[one.kind]} together with it"
                )
                self._unread.append((Row(entry.file, entry.line, {}), why))

    def _link(self) -> None:
        """Memberships, now that everybody is known; and who is an administrator by them."""
        inside: dict[str, set[str]] = defaultdict(set)
        groups = {row.values["id"] for row in self._lists["groups"]}
        for entry, group, member in self._members:
            known = self._called.get(group.lower())
            if known is None:  # a group that was not given itself: it is called by the first part of its DN
                known = re.sub(r"^[^=]+=((?:\\.|[^,\\])*).*", r"\1", group, flags=re.DOTALL) if "=" in group else group
                self._called[group.lower()] = known
            if known not in groups:
                groups.add(known)
                self._put("groups", entry, {"id": known})
                if known.lower() in _ADMINISTRATOR_NAMES:
                    self._administrators.add(known)
            who = self._called.get(member.lower())
            if who is None:
                self._strangers[entry.file] += 1
            elif who != known and who not in inside[known]:
                inside[known].add(who)
                self._put("memberships", entry, {"identity": who, "group": known})
        reached, todo = set[str](), sorted(self._administrators)
        while todo:
            one = todo.pop()
            if one not in reached:
                reached.add(one)
                todo += inside.get(one, ())
        for list_ in ("identities", "services"):
            for row in self._lists[list_]:
                if row.values["id"] in reached:
                    row.values["administrator"] = "yes"


def _day(text: str) -> str:
    """The day of a time as directories write one; "" where it is none."""
    match = re.match(r"(\d{4})-?(\d\d)-?(\d\d)", text)
    try:
        return dt.date(*map(int, match.groups())).isoformat() if match else ""
    except ValueError:
        return ""


def _filetime_day(text: str) -> str:
    """The last day before a count of 100 ns since 1601, as Windows counts; "" for never."""
    if not text.isascii() or not text.isdigit() or int(text) in _NEVER or len(text) > 19:
        return ""
    try:
        return (_FILETIME_EPOCH + dt.timedelta(microseconds=int(text) // 10 - 1)).date().isoformat()
    except OverflowError:
        return ""
