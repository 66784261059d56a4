"""Who is, by the estate, one other person than those asked of, whose hand none of those may be."""

from __future__ import annotations

from collections.abc import Collection

from tocsin.assess import obstacles
from tocsin.assess.actors import Actors, DeclaredAccounts
from tocsin.assess.spelling import comparable
from tocsin.model.estate import Estate, Identity
from tocsin.model.identity import canonical_account
from tocsin.model.joining import Identities
from tocsin.model.question import Question


class OtherPeople:
    """Built for one question; asked of each mailbox, of who is recorded in it, and of who vouches.

    Who came or left is one other person only where the time that is asked of has a beginning or an end, and lies
    within theirs.
    """

    def __init__(self, estate: Estate, whose: Actors, identities: Identities, question: Question) -> None:
        self._whose, self._question = whose, question
        self._declared = DeclaredAccounts(estate)
        self._acting = whose.acting
        self._by_name: dict[str, list[Identity]] = {}
        for one in estate.identities:
            for name in {one.id.casefold(), *(canonical_account(account) or account for account in one.accounts)}:
                self._by_name.setdefault(name, []).append(one)
        self._owners: dict[str, set[str]] = {}
        for holding in estate.holdings:
            if holding.owner:
                self._owners.setdefault(comparable(holding.pattern), set()).add(holding.owner)
        # Behind these accounts others may be, those asked of among them.
        nobodys = self._declared.of(one.id for one in estate.identities if not self._is_one(one))
        self.nobodys = nobodys.union(*map(identities.all_forms, nobodys))

    def is_named(self, text: str) -> bool:
        """Whether it is the id or an account of one other person, and of nobody else."""
        found = self._by_name.get(text.strip().casefold(), [])
        return len(found) == 1 and self._is_one(found[0])

    def against(self, address: str, names: Collection[str]) -> str:
        """The sentence that says why it may be another's mailbox than one other person's; empty where it is not."""
        if self._acting.is_administrator:
            return obstacles.MAY_ADMINISTER
        if not self.is_named(address):
            return obstacles.NOT_ONE_OWNERS
        (owner,) = self._by_name[address]
        said = {one for name in (address, *names) for one in self._owners.get(comparable(name), ())}
        is_theirs = all(self._by_name.get(one.strip().casefold()) == [owner] for one in said)
        return "" if is_theirs else obstacles.NOT_ONE_OWNERS

    def _is_one(self, one: Identity) -> bool:
        from_, to = self._question.from_, self._question.to
        has_left = one.to is not None and (to is None or one.to < to)
        has_come = one.from_ is not None and (from_ is None or one.from_ > from_)
        return (
            bool(one.accounts)
            and not (has_left or has_come)
            and one.id not in self._acting.perhaps
            and not any(self._whose.is_called_so(name) for name in (one.name, *one.accounts) if name)
            and all(self._whose.is_another_person(canonical_account(account) or account) for account in one.accounts)
        )
