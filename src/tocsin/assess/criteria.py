"""Which ways of the fold match a question and which touch it, by who, from where and in which session."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pyarrow.compute as pc

from tocsin.assess.actors import Actors, DeclaredAccounts
from tocsin.assess.columns import Columns, Flags
from tocsin.model.estate import Estate
from tocsin.model.identity import canonical_address
from tocsin.model.joining import Identities
from tocsin.model.question import NO_SESSION, Question

_SESSION = re.compile(r"[0-9a-f]{32}")
_Values = frozenset[str] | None


def matching_ways(columns: Columns, question: Question, estate: Estate, identities: Identities) -> tuple[Flags, Flags]:
    """Which ways of the state match and which touch the question; time is not looked at."""
    anybody = _of_anybody(columns, Actors(question, estate, identities))
    matching = np.zeros(columns.size, dtype=bool)
    touching = matching.copy()
    for way in _alternatives(question, DeclaredAccounts(estate)):
        hits, absent = [], []
        for column, values in zip(("actor", "address", "session"), way, strict=True):
            if values is None:
                continue
            missing = columns[column].where(lambda words: pc.equal(words, ""))
            hit = columns[column].among(values)
            hits.append(hit | missing if column == "session" and NO_SESSION in values else hit)
            absent.append(missing | anybody if column == "actor" else missing)
        matching |= np.logical_and.reduce(hits)
        touching |= np.logical_or.reduce(hits)
        if way[0] is not None:  # whoever may be the account is near by that alone, as the account itself is
            touching |= absent[0]
        sparse = np.logical_and.reduce([hit | missing for hit, missing in zip(hits, absent, strict=True)])
        # A session is one account's: what names none is in one asked for only if its actor is behind that session.
        is_by_session = way[0] is None and way[1] is None and question.accounts
        touching |= sparse & anybody if is_by_session else sparse
    return matching, touching | _in_their_sessions(columns, matching)


def _in_their_sessions(columns: Columns, matching: Flags) -> Flags:
    """Which ways bear a session, known by an id that no other has, in which an account in question is recorded."""
    words = columns["session"].words
    theirs = {words[code] or "" for code in np.unique(columns["session"].codes[matching]).tolist()}
    ids = {_bare(one) for one in theirs if _SESSION.fullmatch(_bare(one)) and one.strip("{}-0")}
    return columns["session"].among(one.lower() for one in words if one and _bare(one) in ids)


def _bare(session: str) -> str:
    """An id without what it may be written with or without: braces, hyphens, capital letters."""
    return session.strip("{} ").replace("-", "").lower()


def _of_anybody(columns: Columns, actors: Actors) -> Flags:
    """Of each way whether nothing shows that its actor is none of the accounts in question."""
    number, known = columns.combined("actor", "actor_class")
    flags: Flags = np.array(actors.maybe([actor for actor, _ in known], [kind for _, kind in known]), dtype=bool)
    return flags[number]


def _alternatives(question: Question, declared: DeclaredAccounts) -> list[tuple[_Values, _Values, _Values]]:
    """(accounts, addresses, sessions) of each alternative, None where it asks for none.

    Ways that name one thing alone, or differ in their session alone, are one alternative.
    """
    grouped: dict[tuple[str, str, bool], set[str]] = defaultdict(set)
    for identity, address, session in question.ways:
        named = sum(map(bool, (identity, address, session)))
        if session:
            grouped[identity, address, True].add(session)
        elif named == 1:
            grouped["", "", False].add(f"a{address}" if address else f"i{identity}")
        elif named:
            grouped[identity, address, False].add("")
    found: list[tuple[_Values, _Values, _Values]] = []
    if question.identities or question.addresses or question.sessions:
        found.append(_alternative(question.identities, question.addresses, question.sessions, declared))
    for (identity, address, by_session), members in sorted(grouped.items()):
        if not (identity or address or by_session):
            for kind in ("a", "i"):
                alone = tuple(sorted(one[1:] for one in members if one[0] == kind))
                if alone:
                    found.append(_alternative(alone if kind == "i" else (), alone if kind == "a" else (), (), declared))
            continue
        found.append(
            _alternative(
                (identity,) if identity else (),
                (address,) if address else (),
                tuple(sorted(members)) if by_session else (),
                declared,
            )
        )
    return found


def _alternative(
    identities: Sequence[str], addresses: Sequence[str], sessions: Sequence[str], declared: DeclaredAccounts
) -> tuple[_Values, _Values, _Values]:
    return (
        declared.of(identities) if identities else None,
        frozenset(canonical_address(one) or one for one in addresses) if addresses else None,
        frozenset(one.lower() for one in sessions) if sessions else None,
    )
