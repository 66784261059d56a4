"""Roles that records give, and whom the estate says is in a group; whether an account in question holds one, out."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence

from tocsin.assess.actors import Actors
from tocsin.assess.reach_names import Names, plain
from tocsin.model.coverage import Mark, StandingChange
from tocsin.model.estate import Estate
from tocsin.model.joining import Identities


class Role(enum.IntEnum):
    """What is known of a role and an account in question, the least first."""

    NOBODYS = 0  # every role on record was given to somebody else
    MAYBE = 1  # to whom is not named, nothing joins the name, or it is a group whose members are not told
    HELD = 2


def held(whose: Actors, changes: Sequence[StandingChange], estate: Estate, identities: Identities) -> Role:
    """Whether an account in question was given a role on record, itself or by a group it is in.

    A group is told by the estate's word on who is, or ever was, in it; who was added on record is in it too. One added
    to a group that the estate does not know may have been added to that which has the role, under another name of it.
    """
    said = [change.given_to for change in changes if change.kind in (Mark.ROLE, Mark.ADMINISTRATOR)]
    if any(whose.is_one(name) for names in said for name in names):
        return Role.HELD
    given = [change.given_to for change in changes if change.kind is Mark.ROLE]
    doubtful = [names for names in given if not names or whose.may_be_given(names)]
    if not doubtful:
        return Role.NOBODYS
    groups = _Groups(Names(estate, identities.canonical, identities.all_forms))
    found, with_role = Role.NOBODYS, set[str]()
    for names in doubtful:
        told = {name: group for name in names if (group := groups.told(name))}
        others = [name for name in names if name not in told]  # one record may give to several
        with_role.update(told.values())
        found = max(found, *(groups.membership(whose, group) for group in told.values()), Role.NOBODYS)
        if not told or whose.may_be_given(others):
            found = max(found, Role.MAYBE)
    if with_role:
        found = max(found, _added(whose, changes, groups, with_role))
    return found


def _added(whose: Actors, changes: Iterable[StandingChange], groups: _Groups, with_role: set[str]) -> Role:
    """Whether a record adds an account in question to one of these groups, or to what may be one of them."""
    found = Role.NOBODYS
    for change in changes:
        if change.kind is not Mark.MEMBERSHIP or (change.given_to and not whose.may_be_given(change.given_to)):
            continue
        group = groups.told(change.scope)
        if group is None:
            found = max(found, Role.MAYBE)
        elif not with_role.isdisjoint(groups.within(group)):
            found = max(found, Role.HELD if any(map(whose.is_one, change.given_to)) else Role.MAYBE)
    return found


class _Groups:
    """The groups of which an estate names members."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._members: dict[str, list[str]] = {}
        for one in names.estate.memberships:
            group = names.group(one.group)
            self._members.setdefault(group.name if group else one.group, []).append(one.identity)

    def told(self, text: str) -> str | None:
        """The id of the declared group this names, if the estate names a member of it."""
        group = self._names.group(plain(text))
        return group.name if group and group.name in self._members else None

    def membership(self, whose: Actors, group: str) -> Role:
        """Whether an account in question is in the group, itself or by a group in it."""
        members = list(self._of(group))
        if any(whose.is_one(account) for member in members for account in self._accounts(member)):
            return Role.HELD
        return Role.MAYBE if any(whose.may_be_given(self._accounts(one)) for one in members) else Role.NOBODYS

    def within(self, group: str) -> set[str]:
        """The group and every group it is in."""
        found, waiting = {group}, [group]
        while waiting:
            inner = waiting.pop()
            above = {each for each, members in self._members.items() if inner in map(self.told, members)} - found
            found |= above
            waiting += above
        return found

    def _of(self, group: str) -> Iterator[str]:
        seen, waiting = {group}, [group]
        while waiting:
            for member in self._members[waiting.pop()]:
                inner = None if self._names.is_identity(member) else self.told(member)
                if inner is None:
                    yield member
                elif inner not in seen:
                    seen.add(inner)
                    waiting.append(inner)

    def _accounts(self, member: str) -> Sequence[str]:
        return self._names.accounts_of(member) or (member,)
