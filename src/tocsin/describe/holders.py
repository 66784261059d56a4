"""From the accounts the logs show to who they probably belong to: persons, services, administrators, machines."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tocsin.contain.actions import load_catalogue
from tocsin.model.identity import canonical_account, is_machine_account
from tocsin.model.instant import format_time
from tocsin.model.joining import Identities

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ROLE = re.compile(r"arn:aws:(?:iam|sts)::\d*:(?:assumed-)?role/")
_SID = re.compile(r"s-1-[0-9-]+")
_ADMINISTRATOR = re.compile(r"(?:^|[._-])(?:adm|admin|administrator|root|sysadmin|da)(?:$|[._-])")
# Names that programs of Linux and of a cloud run under.
_DAEMONS = {
    "nobody",
    "daemon",
    "www-data",
    "postfix",
    "sshd",
    "syslog",
    "messagebus",
    "systemd-network",
    "tomcat",
    "nginx",
}


@dataclass(slots=True)
class Seen:
    """What the logs show of one account: records, sign-ins, accesses of each class, first and last (ns UTC)."""

    records: int = 0
    has_session: bool = False
    accesses: Counter[str] = field(default_factory=Counter)
    first: int | None = None
    last: int | None = None

    def add(self, other: Seen) -> None:
        """Both together."""
        self.records += other.records
        self.has_session |= other.has_session
        self.accesses.update(other.accesses)
        self.first = min((one for one in (self.first, other.first) if one is not None), default=None)
        self.last = max((one for one in (self.last, other.last) if one is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who the logs show: the accounts are one by the evidence of the logs, but for those joined `by_name` alone."""

    id: str
    accounts: tuple[str, ...]
    by_name: tuple[str, ...]
    list: str  # identities or services
    administrator: bool
    comment: str
    accesses: int


def holders(seen: Mapping[str, Seen], identities: Identities) -> tuple[list[Holder], Counter[str]]:
    """Who is to be declared, the most active first; and by reason how many accounts are not proposed."""
    left_out: Counter[str] = Counter()
    grouped: dict[str, Seen] = defaultdict(Seen)
    forms: dict[str, set[str]] = defaultdict(set)
    joined = set(identities.name_of)
    for written in sorted(seen):
        account = canonical_account(written) or ""
        if is_machine_account(account):
            left_out["accounts of machines and of their operating systems"] += 1
            continue
        shown = identities.canonical(account)
        if not (can_stand(account) and can_stand(shown)):
            left_out["accounts whose name cannot stand in a list"] += 1
            continue
        grouped[shown].add(seen[written])
        forms[shown] |= {form for form in identities.all_forms(account) if can_stand(form)} | {account}
    by_name = _joined_by_name(forms)
    found = []
    for name in sorted(forms):
        if name in by_name:
            continue
        other = [one for one, target in by_name.items() if target == name]
        total = Seen()
        for one in (name, *other):
            total.add(grouped[one])
        if not (total.has_session or total.accesses or forms[name] & joined):
            left_out["accounts that never signed in and reached nothing"] += 1
            continue
        if set(total.accesses) == {"provider_service"}:
            left_out["accounts of the provider's own services"] += 1
            continue
        found.append(_holder(name, forms[name], sorted(form for one in other for form in forms[one]), total))
    return sorted(found, key=lambda one: (-one.accesses, one.id)), left_out


def can_stand(form: str) -> bool:
    """Whether an account can stand in a list as the logs have it, and is no machine's."""
    is_clean = ";" not in form and form.isprintable() and canonical_account(form) == form
    return is_clean and not is_machine_account(form)


def _joined_by_name(forms: Mapping[str, set[str]]) -> dict[str, str]:
    """Names alone that are the user part of exactly one other: the VPN's `ada` and `DOMAIN\\ada` or `ada@domain`."""
    full: dict[str, set[str]] = defaultdict(set)
    for name, members in forms.items():
        for form in members:
            if "\\" in form or "@" in form:
                full[form.rpartition("\\")[2].partition("@")[0]].add(name)
    found: dict[str, str] = {}
    for name in sorted(forms):
        users = {form.rpartition("\\")[2].partition("@")[0] for form in forms[name] if not _SID.fullmatch(form)}
        if len(users) != 1:
            continue
        targets = sorted(full[next(iter(users))] - {name})
        is_mail = any("@" in form for form in forms[name])
        mails = [one for one in targets if any("@" in form for form in forms[one])]
        if not is_mail and len(mails) == 1:
            found[name] = mails[0]
        elif not is_mail and not mails and len(targets) == 1 and not any("\\" in form for form in forms[name]):
            found[name] = targets[0]
    return found


def _holder(name: str, forms: Iterable[str], by_name: Sequence[str], seen: Seen) -> Holder:
    is_service, why = _class(name, forms)
    acted = seen.accesses["administrator"]
    user = name.rpartition("\\")[2].partition("@")[0]
    is_administrator = bool(acted) or bool(_ADMINISTRATOR.search(user))
    said = [f"{'service' if is_service else 'person'}: {why}"]
    if acted:
        said.append(f"administrator: acted as one in {acted:,} accesses")
    elif is_administrator:
        said.append("administrator: its name says so")
    said.append(span(seen.records, seen.first, seen.last))
    if by_name:
        said.append(f"check: {', '.join(by_name)} joined by name alone")
    return Holder(
        id=name,
        accounts=(name, *sorted(set(forms) - {name})),
        by_name=tuple(by_name),
        list="services" if is_service else "identities",
        administrator=is_administrator,
        comment="; ".join(said),
        accesses=seen.accesses.total(),
    )


def _class(name: str, forms: Iterable[str]) -> tuple[bool, str]:
    known = sorted(forms)
    if any(load_catalogue().is_service_account(form) for form in known):
        return True, "its name says so"
    if any(_ROLE.match(form) for form in known):
        return True, "a role that is assumed"
    if all(_GUID.fullmatch(form) or _SID.fullmatch(form) for form in known):
        return True, "an id without a name: an application, or an account whose name no log gives"
    if name in _DAEMONS:
        return True, "programs run under this name"
    return False, "signs in by name"


def span(records: int, first: int | None, last: int | None) -> str:
    """`12 records from 2024-03-01 to 2024-03-04`."""
    count = f"{records:,} record{'' if records == 1 else 's'}"
    if first is None or last is None:
        return f"{count}, none with a time"
    days = format_time(first)[:10], format_time(last)[:10]
    return f"{count} on {days[0]}" if days[0] == days[1] else f"{count} from {days[0]} to {days[1]}"
