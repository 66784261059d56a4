"""Whose an access is: an account in question, somebody else's by a positive reason, or possibly either.

A name is no reason: one account stands under an address, a domain name, an id and a claim. Somebody else's is only what
the estate declares as an identity not asked for, under any of its names, and what the systems do by themselves.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from tocsin.assess.acting import acting
from tocsin.model.estate import Estate, Identity
from tocsin.model.exposure import ActorClass
from tocsin.model.identity import canonical_account, is_machine_account
from tocsin.model.joining import Identities, JoinKind
from tocsin.model.question import Question


class DeclaredAccounts:
    """The accounts an estate knows of each identity, found by any of them or by its id; built once for many to ask."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._known: list[frozenset[str]] = []
        self._named: dict[str, set[int]] = defaultdict(set)
        for number, identity in enumerate(estate.identities):
            known = frozenset(canonical_account(one) or one for one in identity.accounts)
            self._known.append(known)
            for name in (*known, identity.id.lower()):
                self._named[name].add(number)

    def of(self, identities: Iterable[str]) -> frozenset[str]:
        """The accounts in question: as given, and every account the estate knows of the same identity."""
        accounts = {canonical_account(text) or text for text in identities}
        same = {number for account in accounts for number in self._named.get(account, ())}
        return frozenset(accounts.union(*(self._known[number] for number in same)))

    def declared(self, forms: Iterable[str]) -> list[Identity]:
        """The declared identities that an account stands for, by any of its names."""
        found = (self._estate.identity_of(one) for one in sorted(self.of(forms)))
        return [identity for identity in found if identity is not None]


def is_application(identity: Identity) -> bool:
    """Whether a declared identity is, or may be, an application: known by an id and no name, or a service's id."""
    ids = [account for account in identity.accounts if _GUID.fullmatch(account.lower())]
    return bool(ids) and (identity.is_service or len(ids) == len(identity.accounts))


def asked_for(question: Question, declared: DeclaredAccounts, identities: Identities) -> frozenset[str]:
    """Every account the question names, or is known to stand behind what it names, under every name of it."""
    named = (*question.identities, *question.accounts, *(way.identity for way in question.ways if way.identity))
    accounts = declared.of(named)
    return accounts.union(*(identities.all_forms(one) for one in accounts))


class Actors:
    """Tells of each actor of a log whether it is, or may be, an account in question.

    acting   as whom those may act by the estate
    """

    def __init__(self, question: Question, estate: Estate, identities: Identities) -> None:
        declared = DeclaredAccounts(estate)
        self._asked = asked_for(question, declared, identities)
        self._bare = {_bare(account) for account in self._asked if account}
        self._own_names = [words(one.name) for one in declared.declared(self._asked) if one.name]
        self._words = {words(one) for one in self._bare} - {frozenset()}
        self._words |= {one for one in self._own_names if len(one) > 1}
        shared = Counter(domain for identity in estate.identities for domain in _domains(identity.accounts))
        self._own_domains = _domains(self._asked)
        self._domains = self._own_domains.union(domain for domain, people in shared.items() if people > 1)
        self._has_machine = any(is_machine_account(account) for account in self._asked)
        joined = _joined(identities)
        self._others: set[str] = set()
        self._services: set[str] = set()
        self.acting = acting(estate, identities, self._asked)
        for identity in estate.identities:
            accounts = declared.of(identity.accounts)
            # Who has an account for administration beside: `Invented, Ada` is she, and `adm-ada.invented` hers.
            is_same_person = _is_called_as(self._own_names, words(identity.name)) or any(
                len(own) > 1 and own < told for told in map(words, accounts) for own in self._words
            )
            if accounts.isdisjoint(self._asked) and identity.id not in self.acting.surely and not is_same_person:
                reachable = _reachable(accounts, joined)
                self._others |= reachable
                self._services |= reachable if identity.is_service else set()
        self._others -= _reachable(self._asked, joined)
        # What somebody is called without a domain, where nobody asked for is called so.
        self._other_names = {_called(account) for account in self._others} - {_called(one) for one in self._asked}

    def is_one(self, name: str) -> bool:
        """Whether a log's name of an account is that of one in question."""
        return (canonical_account(name) or name).lower() in self._asked

    def is_anothers(self, name: str) -> bool:
        """Whether it is the name of somebody whom the estate declares and nobody asks for."""
        return name.lower() in self._others

    def is_another_person(self, name: str) -> bool:
        """Whether it is somebody else's, and no service, behind which several may be."""
        return self.is_anothers(name) and name.lower() not in self._services

    def may_be_given(self, names: Sequence[str]) -> bool:
        """Whether what a record gives to these may be given to an account in question; it may call one by two names."""
        if any(map(self.is_one, names)):
            return True
        known = [(canonical_account(name) or name).lower() for name in names]
        others = [one for one in known if one in self._others or _SERVICE_PRINCIPAL.match(one)]
        return any(
            one not in others and one not in self._other_names and not (others and _OPAQUE.fullmatch(one))
            for one in known
        )

    def may_receive(self, name: str) -> bool:
        """Whether mail sent on to it may reach an account in question: of another domain only under its own name."""
        return (self.is_inside(name) or self.is_called_so(name)) and self.may_be_given((name,))

    def is_inside(self, name: str) -> bool:
        """Whether it may be an address of the institution: its domain those asked for have, or several, or a tenant."""
        domains = _DOMAIN.findall(name.lower())  # of several, one is enough
        return not domains or not self._own_domains or any(map(self._is_ours, domains))

    def _is_ours(self, domain: str) -> bool:
        return _OF_TENANTS.search(domain) is not None or any(
            f".{domain}".endswith(f".{one}") or f".{one}".endswith(f".{domain}") for one in self._domains
        )

    def is_addressed(self, name: str) -> bool:
        """Whether a text that may be a name means an account in question: by an address, or the words of its name."""
        _, at, domain = name.lower().rpartition("@")
        is_theirs = bool(at) and (not self._own_domains or domain in self._own_domains) and self.may_be_given((name,))
        return self.is_one(name) or is_theirs or self.is_called_so(name)

    def is_called_so(self, name: str) -> bool:
        """Whether all words of an account in question, or of the name of its bearer, stand in it, some by their first
        letters."""
        told = words(name)
        first = {word for word in told if len(word) == 1 and word.isalpha()}
        return _is_called_as(self._own_names, told) or any(
            one <= told or (one & told and {word[0] for word in one - told} <= first) for one in self._words
        )

    def maybe(self, actors: Sequence[str | None], classes: Sequence[str] | None = None) -> list[bool]:
        """Of each actor whether nothing shows that it is none of the accounts in question; "" may be anybody."""
        given = classes or [ActorClass.ACCOUNT] * len(actors)
        return [self._may_be(actor or "", kind) for actor, kind in zip(actors, given, strict=True)]

    def _may_be(self, actor: str, actor_class: str) -> bool:
        actor = actor.lower()
        if actor in self._asked:
            return True
        if actor in self._others:
            return False
        is_machine = is_machine_account(actor) and not _NOBODYS.search(actor)
        if not is_machine and actor_class != ActorClass.PROVIDER_SERVICE:
            return True
        # Of a machine's own accounts one stands for another: its system account signs in under the machine's name.
        return bool(_OPAQUE.fullmatch(_bare(actor))) or _bare(actor) in self._bare or (is_machine and self._has_machine)


def _is_called_as(own: Sequence[frozenset[str]], name: frozenset[str]) -> bool:
    """Whether a name has the words of one of these, in any order; of several words one may have others beside."""
    return any(one == name or (min(len(one), len(name)) > 1 and (one < name or name < one)) for one in own if one)


def _joined(identities: Identities) -> Mapping[str, set[str]]:
    """Which names records join by an id that is one account everywhere, as a number or a placeholder is not."""
    found: dict[str, set[str]] = defaultdict(set)
    for join in identities.joins:
        is_strong = join.kind is JoinKind.SAME_ACCOUNT and _UNIQUE.search(join.b)
        if is_strong or join.kind is JoinKind.DECLARED:
            found[join.a].add(join.b)
            found[join.b].add(join.a)
    return found


def _reachable(accounts: Collection[str], joined: Mapping[str, set[str]]) -> set[str]:
    found, waiting = set(accounts), list(accounts)
    while waiting:
        new = joined.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


# GUIDs, SIDs of a domain, PUIDs and the ids AWS gives users and roles.
_UNIQUE = re.compile(
    r"(?<![0-9a-f])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16})(?![0-9a-f])|^s-1-5-21-(?:[0-9]+-){3}[0-9]+$"
    r"|^(?:aroa|aida)[0-9a-z]{12,}(?::|$)"
)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# The name of an application in a directory, which no person has: an address of the web, or an id and a host.
_SERVICE_PRINCIPAL = re.compile(r"https?://|api://|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/")
_DOMAIN = re.compile(r"@([^\s,;:<>\"'()\[\]]+)")
WORD = re.compile(r"[^\W_]+")
_OF_AN_ACCOUNT = re.compile(r"[@\\]|^arn:")
# Under these anybody may have come, or any application.
_NOBODYS = re.compile(r"anonymous|^iusr$|\\iusr$|^s-1-5-7$|^app@sharepoint$|^sharepoint\\system$")
# Ids of accounts that say nothing to a person: GUID, PUID, key. The well-known SIDs of machines are told before.
_OPAQUE = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|s-1-5-21-[0-9-]+|s-1-(?!5-(?:18|19|20)$)[0-9-]+|[0-9a-f]{16}"
    r"|(?:aroa|aida|akia|asia)[0-9a-z]{4,}(?::.*)?|[0-9]+|"
)
# Where every tenant has addresses beside those of its own domain: of accounts, and of the channels of its teams.
_OF_TENANTS = re.compile(r"\.onmicrosoft\.(?:com|us|de|cn)$|\.teams\.ms$")
# A guest bears the address it has at home in its name: `name_home.example#ext#@tenant.example`.
_GUEST = re.compile(r"(.+)_[^_@#]+#ext#.*", re.DOTALL)


def _domains(accounts: Iterable[str]) -> set[str]:
    return {account.lower().rpartition("@")[2] for account in accounts if "@" in account}


def words(name: str) -> frozenset[str]:
    """The words of a name, whatever stands between them: `Ada Invented`, `Invented, Ada`, `ada.invented`.

    Of an account they are those before its domain, or behind it. Marks on letters do not count.
    """
    known = plain(name)
    return frozenset(WORD.findall(_called(known) if _OF_AN_ACCOUNT.search(known) else known))


def plain(text: str) -> str:
    """The text in small letters without marks on them: what one types for another."""
    if text.isascii():
        return text.casefold()
    return "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one)).casefold()


def _called(account: str) -> str:
    """The name without domain, and of an ARN its last part."""
    return _bare(account).rpartition("/")[2]


def _bare(account: str) -> str:
    """The name without domain: `DOMAIN\\name`, `name@domain`, a claim of it and a guest's may be one account's."""
    name = account.rpartition("|")[2].rpartition("\\")[2].strip()
    found = _GUEST.fullmatch(name)
    return found[1] if found else name.partition("@")[0]
