"""What a cut would stop, and for whom: from the estate, or the plain statement that it is not known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tocsin.contain.actions import Catalogue
from tocsin.model.estate import Estate, Identity

NO_ESTATE = "What else stops is not known: no estate was given."
MATTERS_NAMED = 5


class Interruption(NamedTuple):
    """Sentences on what stops; `protected` where a person must decide first."""

    sentences: tuple[str, ...]
    protected: bool


def interrupt_account(account: Sequence[str], estate: Estate, catalogue: Catalogue, at: int | None) -> Interruption:
    """What stops when an account, given in all its forms, is cut off; the matters are those assigned at `at` (ns UTC,
    None: ever)."""
    service = (catalogue.alternative["service"],) if is_service(account, estate, catalogue) else ()
    if not estate.identities:
        return Interruption((*service, NO_ESTATE), protected=bool(service))
    identity = _owner(account, estate)
    if identity is None and service:
        return Interruption((*service, "The estate does not name this account."), protected=True)
    if identity is None:
        return Interruption(("What else stops is not known: the estate does not name this account.",), protected=False)
    sentences = [_describe(identity), *service]
    matters = sorted(
        {
            assignment.matter
            for assignment in estate.assignments
            if assignment.identity == identity.id
            and (at is None or assignment.from_ is None or assignment.from_ <= at)
            and (at is None or assignment.to is None or assignment.to > at)
        }
    )
    if matters:
        more = f" and {len(matters) - MATTERS_NAMED} more" if len(matters) > MATTERS_NAMED else ""
        sentences.append(f"Work on {', '.join(matters[:MATTERS_NAMED])}{more} waits.")
    if identity.administrator:
        sentences.append("It is an administrator: make sure first that another administrator can sign in.")
    others = sorted(set(identity.accounts) - set(account))
    if others:
        sentences.append(f"The same identity also has {', '.join(others)}, which stay as they are.")
    protected = is_vital(identity.function, estate)
    if protected and not service:
        sentences += [_serves(identity.function, estate), catalogue.alternative["account"]]
    return Interruption(tuple(sentences), protected or bool(service))


def is_service(account: Sequence[str], estate: Estate, catalogue: Catalogue) -> bool:
    """Whether programs and not a person sign in with an account, in all its forms: by the estate, else its name."""
    identity = _owner(account, estate)
    if identity is not None and identity.is_service:
        return True
    if identity is not None and identity.role:
        return "service account" in identity.role.lower()
    return any(catalogue.is_service_account(form) for form in account)


def _owner(account: Sequence[str], estate: Estate) -> Identity | None:
    return next((owner for owner in map(estate.identity_of, account) if owner is not None), None)


def interrupt_host(host: str, estate: Estate, catalogue: Catalogue) -> Interruption:
    """What stops when this host is isolated: by the estate's hosts, or its computer account (`host$`).

    Where the estate does not say, what stops is not known, and that is a decision for a person.
    """
    short = host.split(".")[0]
    named = {host, short, f"{host}$", f"{short}$"}
    declared = [one for one in estate.hosts if one.name in (host, short) or one.name.split(".")[0] == host]
    owners = [
        identity
        for identity in estate.identities
        if any(account.rpartition("\\")[2] in named for account in identity.accounts)
    ]
    sentences: list[str] = []
    protected = not declared and not owners
    if protected:
        unnamed = "What stops with it is not known: the estate does not name this host."
        sentences.append(NO_ESTATE if estate == Estate() else unnamed)
    for one in declared:
        sentences.append(f"It is the {one.role}." if one.role else "The estate names it.")
        if is_vital(one.function, estate):
            sentences.append(_serves(one.function, estate))
            protected = True
    for identity in owners:
        sentences.append(_describe(identity))
        if is_vital(identity.function, estate):
            sentences.append(_serves(identity.function, estate))
            protected = True
    if catalogue.is_domain_controller(host):
        sentences.insert(0, "Its name says domain controller: without it nobody may be able to sign in.")
        protected = True
    if protected:
        sentences.append(catalogue.alternative["host"])
    return Interruption(tuple(sentences), protected)


def is_vital(function: str, estate: Estate) -> bool:
    """Whether a function must go on: declared protected, or named without being declared."""
    if not function:
        return False
    declared = [one for one in estate.functions if one.name == function]
    return any(one.protected for one in declared) or not declared


def _describe(identity: Identity) -> str:
    place = ", ".join(text for text in (identity.role, identity.unit) if text)
    name = identity.name or identity.id
    return f"Affected is {name} ({place})." if place else f"Affected is {name}."


def _serves(function: str, estate: Estate) -> str:
    described = next((one.description for one in estate.functions if one.name == function and one.description), "")
    more = f" ({described})" if described else ""
    return f"It serves the protected function {function}{more}, which must go on."
