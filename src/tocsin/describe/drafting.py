"""An estate proposed from what a workspace holds and from lists people have; what a person wrote stays as it is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tocsin.assess.holdings import HoldingIndex
from tocsin.contain.actions import load_catalogue
from tocsin.describe.holders import Holder, Seen, can_stand, holders
from tocsin.describe.importing import behind, warnings_of
from tocsin.describe.labels import Labelled
from tocsin.describe.merging import changes_between, merged
from tocsin.describe.places import place_of
from tocsin.describe.shown_holdings import Access, is_pattern, lines_of, shares, to_fill
from tocsin.describe.taking import accounted, take
from tocsin.model.describing import Drafted, FileRead, Unread
from tocsin.model.door import NO_DOOR, Door, mask_all
from tocsin.model.estate import Estate
from tocsin.model.identity import canonical_host
from tocsin.model.joining import Identities
from tocsin.store.estate import judged
from tocsin.store.estate_files import Lists, list_text
from tocsin.store.estate_rows import TABLES, Notes, Row

# A channel or source by which a host says what it is: (part of its name, role, the reason).
_ROLES = (
    ("directory service", "domain controller", "keeps the directory's own log"),
    ("dfs replication", "file server", "replicates folders"),
    ("dns server", "DNS server", "keeps a DNS server's log"),
    ("windows_dns_debug", "DNS server", "keeps a DNS server's log"),
    ("bind_query", "DNS server", "keeps a DNS server's log"),
    ("windows_dhcp", "DHCP server", "keeps a DHCP server's log"),
    ("ad fs", "federation server", "keeps the log of AD FS"),
    ("msexchange management", "mail server", "keeps the log of Exchange"),
    ("web_access", "web server", "keeps a web server's log"),
)
# Lists a person is to fill, written even where nothing is proposed for them.
_TO_BE_FILLED = ("matters", "sensitivities", "functions", "assignments", "persons")


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """What the logs of a workspace show, as far as an estate is proposed from it.

    accounts       by canonical account
    hosts          the channels (or sources) each host's records came in, by its name
    applications   by the id of a client application: accesses, and the accounts it acted for
    labels         which things bear which sensitivity label
    """

    accounts: Mapping[str, Seen]
    identities: Identities
    accesses: Sequence[Access]
    hosts: Mapping[str, set[str]]
    applications: Mapping[str, tuple[int, int]]
    labels: Sequence[Labelled] = ()


def drafted(
    base: Lists, logs: Logs | None, paths: Sequence[Path], *, domain: str = "", door: Door = NO_DOOR
) -> Drafted:
    """`base` with everything proposed that it does not say yet, each new row with the number of this draft.

    Where the same is proposed again, nothing changes. What comes from files passes the door, so that a draft holds no
    name that the logs hold as a token. Raises ConfigError for a path that does not exist.
    """
    read: Sequence[FileRead] = ()
    unread: list[Unread] = []
    notes: list[str] = []
    given: dict[str, list[Row]] = {name: [] for name in TABLES}
    if paths:
        taken = take(paths, domain)
        shown = mask_all(door, _texts(taken.lists))
        masked = behind(taken.lists, shown) if shown else taken.lists
        read, unread, notes = taken.read, taken.unread, taken.notes
        for name, rows in masked.items():
            given[name] += rows
    left_out: Counter[str] = Counter()
    found = merged(base, given, only_new=True)
    unread += [Unread(file=row.file, line=row.line, why=why) for row, why in found.refused]
    lists = _without_faults(base, found.lists, unread)
    if logs is not None:
        proposed, left_out = _proposed(lists, logs)
        lists = _without_faults(base, merged(lists, proposed, only_new=True).lists, unread)
    drafts = [row.values.get("draft", "") for rows in base.values() for row in rows]
    number = 1 + max((int(text) for text in drafts if text.isascii() and text.isdigit() and len(text) < 9), default=0)
    changes = changes_between(base, lists)
    if not changes:
        number -= 1
    for name, rows in lists.items():
        for row in rows[len(base[name]) :]:
            row.values["draft"] = str(number)
    is_first = not any(base.values())
    changed = {change.list for change in changes}
    estate = judged(lists, Notes())
    return Drafted(
        read=accounted(read, unread),
        unread=tuple(sorted(unread, key=lambda one: (one.file, one.line, one.why))),
        changes=changes_between(base, lists),
        warnings=(*notes, *warnings_of(lists)),
        files={
            f"{name}.csv": list_text(name, rows)
            for name, rows in lists.items()
            if name in changed or (is_first and changed and name in _TO_BE_FILLED)
        },
        number=number,
        to_fill=to_fill(logs.accesses, estate) if logs is not None else None,
        left_out=tuple(sorted(left_out.items(), key=lambda one: (-one[1], one[0]))),
    )


def _texts(lists: Lists) -> Iterable[str]:
    for rows in lists.values():
        for row in rows:
            for text in row.values.values():
                yield text
                yield from (one.strip() for one in text.split(";"))


def _without_faults(base: Lists, lists: Lists, unread: list[Unread]) -> dict[str, list[Row]]:
    """The lists without the rows that would make the estate faulty and are not of `base`; each is told."""
    found = {name: list(rows) for name, rows in lists.items()}
    for _ in range(8):
        places = {(name, place): row for name, rows in found.items() for place, row in enumerate(rows)}
        notes = Notes()
        judged(
            {name: [Row(name, place, row.values) for place, row in enumerate(found[name])] for name in TABLES}, notes
        )
        wrong = {(name, place): why for name, place, why in notes.faults if place >= len(base[name])}
        if not wrong:
            break
        unread += [Unread(file=places[one].file, line=places[one].line, why=why) for one, why in sorted(wrong.items())]
        found = {
            name: [row for place, row in enumerate(rows) if (name, place) not in wrong] for name, rows in found.items()
        }
    return found


def _proposed(lists: Lists, logs: Logs) -> tuple[dict[str, list[Row]], Counter[str]]:
    """Rows for what the logs show and the lists do not say."""
    estate = judged(lists, Notes())
    owned = set(estate.by_account) | {alias.other for alias in estate.aliases if alias.kind == "account"}
    found: dict[str, list[Row]] = {name: [] for name in TABLES}
    people, left_out = holders(logs.accounts, logs.identities)
    for holder in people:
        _propose_holder(found, holder, owned)
    for application, (count, accounts) in sorted(logs.applications.items(), key=lambda one: (-one[1][0], one[0])):
        if application not in owned and can_stand(application):
            comment = f"application: {count:,} accesses for {accounts:,} account{'' if accounts == 1 else 's'}"
            _put(found, "services", id=application, accounts=application, comment=comment)
    by_host = shares(logs.accesses)
    declared = {host.name.split(".")[0] for host in estate.hosts}
    for names in _hosts({*logs.hosts, *by_host}):
        channels = set[str]().union(*(logs.hosts.get(name, ()) for name in names))
        role, why = _role_of(names[0], channels, set[str]().union(*(by_host.get(name, ()) for name in names)))
        if names[0].split(".")[0] not in declared:
            _put(found, "hosts", name=names[0], role=role, comment=why)
    owners = {account: one.id for account, one in estate.by_account.items()}
    for row in found["identities"]:
        owners |= dict.fromkeys(row.values["accounts"].split(";"), row.values["id"])
    index = HoldingIndex(estate.holdings)
    lines, without_line = lines_of(logs.accesses)
    borne = _propose_labels(found, estate, logs.labels)
    for line in lines:
        covering = index.find(line.pattern.removesuffix("*"), "")
        if covering is None or not covering.matter:
            comment = f"{line.comment}{borne.get(line.pattern.lower(), '')}"
            owner = owners.get(line.pattern.lower(), "") if line.kind == "mailbox" else ""
            _put(found, "holdings", pattern=line.pattern, kind=line.kind, owner=owner, comment=comment)
    _propose_units(found, lists, logs.accesses)
    _propose_named(found, lists)
    _propose_other_shares(found, [line.pattern for line in lines])
    _propose_other_drives(found, logs.accesses)
    return found, left_out + without_line


def _hosts(names: Iterable[str]) -> list[list[str]]:
    """Each host's names, the one it is declared by first: a short one is that of the only full name it begins."""
    clean = sorted(name for name in names if canonical_host(name) == name and is_pattern(name))
    full: dict[str, list[str]] = defaultdict(list)
    for name in clean:
        if "." in name and not name.replace(".", "").isdigit():
            full[name.split(".")[0]].append(name)
    alone = [[name] for name in clean if len(full[name.split(".")[0]]) != 1]
    return sorted([*alone, *([names[0], short] for short, names in full.items() if len(names) == 1)])


def _propose_holder(found: dict[str, list[Row]], holder: Holder, owned: set[str]) -> None:
    accounts = [*holder.accounts, *holder.by_name]
    known = [account for account in accounts if account in owned]
    if not known:
        administrator = "yes" if holder.administrator else ""
        _put(
            found,
            holder.list,
            id=holder.id,
            accounts=";".join(accounts),
            administrator=administrator,
            comment=holder.comment,
        )
        return
    for account in accounts:
        if account not in owned:
            why = "check: joined by name alone" if account in holder.by_name else f"on the records of {holder.id}"
            _put(found, "aliases", kind="account", name=known[0], other=account, comment=why)


def _propose_labels(found: dict[str, list[Row]], estate: Estate, labels: Iterable[Labelled]) -> dict[str, str]:
    """A line for each label nobody declares; by pattern, what to say of the labels in it."""
    names = {level.label: level.name for level in estate.sensitivities if level.label}
    things: Counter[str] = Counter()
    within: dict[str, Counter[str]] = defaultdict(Counter)
    for one in labels:
        if not is_pattern(one.label):
            continue
        things[one.label] += 1
        place = place_of(one.kind, one.holding, one.container)
        for pattern in {place.top, place.inner} - {""} if place is not None else ():
            within[pattern.lower()][names.get(one.label, one.label)] += 1
    for label, count in sorted(things.items(), key=lambda one: (-one[1], one[0])):
        if label not in names:
            comment = f"label on {count:,} thing{'' if count == 1 else 's'}: say its name, and put the highest first"
            _put(found, "sensitivities", name=label, label=label, comment=comment)
    return {
        pattern: "; labels: " + ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))
        for pattern, counts in within.items()
    }


def _propose_units(found: dict[str, list[Row]], lists: Lists, accesses: Iterable[Access]) -> None:
    """A line for each unit whose people have mailboxes: one matter said there is said of them all."""
    times: Counter[str] = Counter()
    for access in accesses:
        place = place_of(access.kind, access.holding, access.container)
        if place is not None and place.kind == "mailbox":
            times[place.top.lower()] += access.times
    estate = judged({name: [*lists[name], *found[name]] for name in TABLES}, Notes())
    units = {name.lower(): one.unit for one in estate.identities for name in (one.id, *one.accounts)}
    owned: dict[str, list[str]] = defaultdict(list)
    for holding in estate.holdings:
        unit = units.get(holding.owner.lower(), "")
        if holding.kind == "mailbox" and unit and unit.isprintable():
            owned[unit].append(holding.pattern.lower())
    counted = {unit: sum(times[one] for one in mailboxes) for unit, mailboxes in owned.items()}
    for unit in sorted(owned, key=lambda one: (-counted[one], one)):
        comment = f"{counted[unit]:,} accesses to {len(owned[unit]):,} mailboxes of its people that name no matter"
        _put(found, "units", name=unit, comment=comment)


def _propose_named(found: dict[str, list[Row]], lists: Lists) -> None:
    """Functions and matters that rows name and nobody declares, to be described."""
    for name, column, users in (
        ("functions", "function", ("identities", "services", "hosts")),
        ("matters", "matter", ("units", "holdings", "assignments")),
    ):
        key = TABLES[name].required[0]
        known = {row.values.get(key, "") for row in lists[name]}
        named = Counter(row.values.get(column, "") for one in users for row in lists[one])
        for text in sorted(set(named) - known - {""}):
            _put(found, name, **{key: text}, comment=f"named by {named[text]:,} row{'' if named[text] == 1 else 's'}")


def _propose_other_shares(found: dict[str, list[Row]], patterns: Iterable[str]) -> None:
    """A share under a short name of its host is the one under the only full name that begins with it."""
    full: dict[tuple[str, str], set[str]] = defaultdict(set)
    for pattern in sorted(set(patterns)):
        if pattern.startswith("\\\\"):
            host, _, rest = pattern[2:].partition("\\")
            full[host.split(".")[0].lower(), rest.partition("\\")[0].lower()].add(host)
    for (short, share), hosts in sorted(full.items()):
        longer = sorted({host.lower() for host in hosts if "." in host})
        if len(longer) == 1 and any("." not in host for host in hosts):
            name, other = f"\\\\{longer[0]}\\{share}\\*", f"\\\\{short}\\{share}\\*"
            _put(found, "aliases", kind="folder", name=name, other=other, comment="the short name of the same host")


def _propose_other_drives(found: dict[str, list[Row]], accesses: Iterable[Access]) -> None:
    """`D:\\` of the only host whose log names that drive is what `\\\\host\\D$` gives out; told where both are seen."""
    hosts: dict[str, set[str]] = defaultdict(set)
    shared: set[tuple[str, str]] = set()
    for access in accesses:
        if access.holding[1:3] == ":\\" and access.container and access.container.isprintable():
            hosts[access.holding[0].lower()].add(access.container.lower())
        elif access.holding.startswith("\\\\"):
            host, _, rest = access.holding[2:].partition("\\")
            shared.add((host.lower(), rest.partition("\\")[0].lower()))
    for drive, names in sorted(hosts.items()):
        name = next(iter(names))
        if len(names) == 1 and (name, f"{drive}$") in shared and is_pattern(name):
            share, comment = f"\\\\{name}\\{drive}$\\*", "the only host whose log names this drive"
            _put(found, "aliases", kind="folder", name=share, other=f"{drive}:\\*", comment=comment)


def _role_of(host: str, channels: set[str], shared: set[str]) -> tuple[str, str]:
    seen = f"logs seen: {', '.join(sorted(channels)[:6])}" if channels else ""
    said = [
        *((role, why) for part, role, why in _ROLES if any(part in channel.lower() for channel in channels)),
        *([("domain controller", "its name says so")] if load_catalogue().is_domain_controller(host) else []),
        *([("file server", f"shares {', '.join(sorted(shared)[:4])}")] if shared else []),
    ]
    role, why = said[0] if said else ("", "")
    return role, "; ".join(part for part in (f"{role}: {why}" if role else "", seen) if part)


def _put(found: dict[str, list[Row]], list_: str, **values: str) -> None:
    found[list_].append(Row("the logs", 0, {column: text for column, text in values.items() if text}))
