"""Readiness of an institution: its estate, its logs and what sources declare, put together before any incident."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import pyarrow.compute as pc
import yaml

from tocsin.assess.accesses import combine as combine_accesses
from tocsin.assess.holdings import container_kind, family, matches
from tocsin.books import has_run, kept_by
from tocsin.collect.source import all_tellings
from tocsin.continuing import answerable, estate_of, make_current
from tocsin.cover.preserve import Product, load_retentions, products_of, unknown_part
from tocsin.cover.readiness import assess
from tocsin.errors import ConfigError
from tocsin.held import Held
from tocsin.model.coverage import Proof
from tocsin.model.door import Door, mask_one
from tocsin.model.estate import Estate, ProductInUse
from tocsin.model.exposure import Basis
from tocsin.model.preservation import Bound, Retention
from tocsin.model.progress import Progress
from tocsin.model.readiness import (
    SIGN_IN,
    ClassKey,
    HeldThing,
    Institution,
    KeptFor,
    LogState,
    Readiness,
    Telling,
)
from tocsin.opening import open_existing
from tocsin.protect.telling import through_door
from tocsin.record.keys import WorkspaceKey
from tocsin.ruleset.compiled import kept_rules
from tocsin.store.estate import read_estate
from tocsin.store.workspace import Workspace
from tocsin.watching import watched_of

_NOTHING_KNOWN = Proof(Basis.STATISTICAL, "this log carries no proof of completeness", "")
# From the shortest life to the longest; one that depends on a setting nobody told may be the shortest there is.
_BOUNDS = (Bound.VOLATILE, Bound.SIZE, Bound.AS_SET, Bound.AGE, Bound.KEPT)
_MOVE_KEYS = {"holdings", "to", "kind", "product", "log", "tier", "days"}
_NAMED = 5  # holdings told to somebody who named none of them
_MOVE_HINT = "moves: a list of holdings, to, and product, log, tier, days, kind (docs/guides/readiness.md)"


class Shown(NamedTuple):
    """What the logs of a workspace show: sources read, and of each family the sources with accesses and who they name.

    places   (kind, id) of the mailboxes, sites and buckets in them
    """

    sources: frozenset[str]
    telling: Mapping[tuple[str, str], frozenset[str]]
    places: frozenset[tuple[str, str]]
    proofs: Mapping[str, Proof]


NOTHING_SHOWN = Shown(frozenset(), {}, frozenset(), {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Holdings of a pattern are declared to go elsewhere: to a place, and a product that keeps logs of it."""

    holdings: str
    to: str
    kind: str
    product: ProductInUse | None


def readiness(
    workspace: Path | None,
    estate: Path | None,
    move: Path | None,
    *,
    as_of: int,
    look_back: int,
    passphrase: str | None,
    progress: Progress,
) -> Readiness:
    """Whether the five questions could be answered of an intrusion that began `look_back` days before `as_of`.

    From the estate in a folder, else the workspace's own, and the logs the workspace holds, if any. Raises ConfigError
    where there is neither, or a file is faulty.
    """
    declared = read_estate(estate) if estate is not None else None
    moves = None if move is None else read_moves(move)
    shown = NOTHING_SHOWN
    if workspace is not None:
        with open_existing(workspace, passphrase) as (opened, key):
            progress = through_door(progress, key.door)
            declared = declared or estate_of(opened)
            # What the workspace holds bears the names the door gives it; an estate of one's own folder is in clear.
            if moves is not None and (estate is None or not declared.holdings):
                moves = tuple(_through(one, key.door) for one in moves)
            if has_run(opened):
                make_current(opened, key, progress)
                progress.stage("Looking at what the logs can tell", None)
                shown = _shown(opened, key, declared)
    declared = declared or Estate()
    if declared == Estate() and shown == NOTHING_SHOWN:
        raise ConfigError(
            "there is neither an estate nor a log to judge by",
            hint="name --estate, or a --workspace with either; tocsin estate draft proposes an estate",
        )
    known = institution(declared, shown, look_back)
    if moves is None:
        return assess(known, as_of, look_back)
    return assess(known, as_of, look_back, moved=after_moves(declared, shown, known, moves, look_back))


def institution(estate: Estate, shown: Shown, look_back: int) -> Institution:
    """What an estate and the logs say together; without an estate the holdings are the containers in the logs."""
    things = tuple(
        HeldThing(one.pattern, family(one.kind, one.pattern), one.matter, one.sensitivity) for one in estate.holdings
    ) or tuple(HeldThing(name, family(kind, name), "", "") for kind, name in sorted(shown.places))
    return Institution(
        things=things,
        persons=_persons(estate, things),
        protective=frozenset(matter.id for matter in estate.matters if matter.protective_measures),
        ranks=_ranks(estate),
        logs=_logs(estate, shown, look_back),
        names_identities=bool(estate.identities),
        names_functions=bool(estate.functions),
    )


def _ranks(estate: Estate) -> tuple[str, ...]:
    named = [one.name for one in estate.sensitivities] + [one.sensitivity for one in estate.holdings]
    return tuple(dict.fromkeys(name for name in named if name))


def _persons(estate: Estate, things: Sequence[HeldThing]) -> dict[ClassKey, int]:
    found: dict[ClassKey, set[str]] = defaultdict(set)
    for person in estate.persons:
        for thing in things:
            if matches(person.pattern, thing.pattern) or matches(thing.pattern, person.pattern):
                found[thing.key].add(person.handle)
    return {key: len(handles) for key, handles in found.items()}


def _logs(estate: Estate, shown: Shown, look_back: int) -> tuple[LogState, ...]:
    products = products_of(estate.products)
    tellings = [*all_tellings(), *_declared_tellings(shown)]
    return tuple(_state(telling, estate, shown, products, look_back) for telling in tellings)


def _declared_tellings(shown: Shown) -> Iterator[Telling]:
    """Of sources that declare nothing, such as logs read by their owner's mapping: what their accesses show."""
    known = {(one.of, one.source) for one in all_tellings()}
    for (of, source), who in sorted(shown.telling.items()):
        if (of, source) not in known:
            proof = shown.proofs.get(source, _NOTHING_KNOWN)
            yield Telling(source, of, frozenset(), True, who, (), "", "", "", proof, proof.citation)


def _state(telling: Telling, estate: Estate, shown: Shown, products: Sequence[Product], look_back: int) -> LogState:
    facts = [one.retention for one in products if one.named and one.retention.id in telling.kept_as]
    shows = (telling.of, telling.source) in shown.telling
    exported = telling.source in shown.sources
    return LogState(
        telling=telling,
        read=shows or (exported and (telling.of == SIGN_IN or not telling.needs)),
        declared=bool(estate.products) and bool(facts),
        seen=shows or not telling.needs,
        exported=exported,
        attested=any(one.source == telling.source for one in estate.attestations),
        sealed=bool(telling.sealed_by) and telling.sealed_by in shown.sources,
        kept=_kept(telling, facts, look_back),
    )


def _kept(telling: Telling, facts: Sequence[Retention], look_back: int) -> KeptFor | None:
    """By the worst of the facts that may hold; where the estate names no such product, of all there are."""
    every = [one for one in load_retentions() if one.id in telling.kept_as]
    possible = list(facts) or every
    if not possible:
        return None
    worst = min(possible, key=lambda one: (_BOUNDS.index(one.bound), one.days or 0, one.id))
    enough = [one for one in every if (one.days or 0) >= look_back and (one.days or 0) > (worst.days or 0)]
    best = min(enough, key=lambda one: (one.days or 0, one.id), default=None)
    return KeptFor(
        product=f"{worst.product}, {worst.log}",
        days=worst.days,
        forever=worst.bound is Bound.KEPT,
        words=_kept_words(worst),
        hold=worst.hold,
        citation=worst.citation,
        longer=(best.days, best.tier, best.citation) if best is not None and best.days and best.tier else None,
    )


def _kept_words(one: Retention) -> str:
    tier = f" ({one.tier})" if one.tier else ""
    if one.days is not None:
        return f"kept {one.days:,} days{tier}"
    return (
        f"kept as it was set up, which nobody told{tier}" if one.bound is Bound.AS_SET else f"kept by size: {one.limit}"
    )


def _shown(workspace: Workspace, key: WorkspaceKey, estate: Estate) -> Shown:
    """What was read, from what the folds kept."""
    rules = kept_rules(workspace, str(answerable(workspace, key)["rules"]), key.door)
    held = Held.load(workspace, key, rules.compiled, estate)
    _, watched, _ = watched_of(held, None)
    spans = {row.source for row in watched if row.is_span}
    state = kept_by(workspace, "exposure", combine_accesses)
    columns = ("source", "kind", "holding", "container", "actor", "address", "session")
    telling: dict[tuple[str, str], set[str]] = defaultdict(set)
    places: set[tuple[str, str]] = set()
    for source, kind, holding, container, *who in zip(
        *(pc.fill_null(state[name], "").to_pylist() for name in columns), strict=True
    ):
        of = family(kind, container or holding)
        telling[of, source].update(
            name for name, value in zip(("account", "address", "session"), who, strict=True) if value
        )
        places.add((container_kind(kind), container) if container else (kind, holding))
    return Shown(
        sources=frozenset(spans),
        telling={key_: frozenset(who) for key_, who in telling.items()},
        places=frozenset(places),
        proofs={one.source: one.proof for one in held.mappings},
    )


def read_moves(path: Path) -> tuple[Move, ...]:
    """The moves a file declares, in its order. Raises ConfigError saying what is wrong with it."""
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # no UTF-8, or a date there is none of
        raise ConfigError(f"{path} is no YAML", hint=_MOVE_HINT) from error
    listed = said.get("moves") if isinstance(said, dict) else None
    if not isinstance(listed, list) or not listed:
        raise ConfigError(f"{path} declares no moves", hint=_MOVE_HINT)
    return tuple(_move(path, number, one) for number, one in enumerate(listed, 1))


def _move(path: Path, number: int, said: object) -> Move:
    if not isinstance(said, dict) or not {"holdings", "to"} <= said.keys() or not said.keys() <= _MOVE_KEYS:
        raise ConfigError(f"{path}: move {number} lacks holdings or to, or says something else", hint=_MOVE_HINT)
    days = said.get("days")
    if not all(isinstance(value, str) for name, value in said.items() if name != "days") or not (
        days is None or (type(days) is int and days > 0)
    ):
        raise ConfigError(f"{path}: move {number}: every value is a text, and days a number", hint=_MOVE_HINT)
    product = None
    if said.get("product"):
        product = ProductInUse(product=said["product"], log=said.get("log", ""), tier=said.get("tier", ""), days=days)
    kind = said.get("kind") or ("mailbox" if "@" in said["to"] and "://" not in said["to"] else "document")
    return Move(holdings=said["holdings"], to=said["to"], kind=kind, product=product)


def _through(move: Move, door: Door) -> Move:
    return replace(move, holdings=mask_one(door, move.holdings), to=mask_one(door, move.to))


def after_moves(estate: Estate, shown: Shown, known: Institution, moves: Sequence[Move], look_back: int) -> Institution:
    """The institution once these holdings lie elsewhere.

    Raises ConfigError for a move of nothing, and for one to a product that nothing is known of: it would only seem to
    make every answer worse.
    """
    for number, move in enumerate(moves, 1):
        if not any(matches(move.holdings, thing.pattern) for thing in known.things):
            raise ConfigError(f"no holding lies under {move.holdings}", hint=_holdings_hint(known.things))
        if move.product is not None:
            _check_product(number, move.product)
    added = tuple(move.product for move in moves if move.product is not None)
    products = (*estate.products, *added)
    return replace(
        known,
        things=tuple(_moved(thing, moves) for thing in known.things),
        logs=_logs(replace(estate, products=products), shown, look_back),
    )


def _holdings_hint(things: Sequence[HeldThing]) -> str:
    patterns = sorted({thing.pattern for thing in things})
    more = f" and {len(patterns) - _NAMED:,} more: tocsin estate show lists them" if len(patterns) > _NAMED else ""
    listed = f"holdings are: {', '.join(patterns[:_NAMED])}{more}" if patterns else "there is no holding at all"
    return f"{listed}; a prefix ends in *"


def _check_product(number: int, product: ProductInUse) -> None:
    unknown = unknown_part(product)
    if unknown is not None:
        known = f"known: {'; '.join(unknown.known)}" if unknown.known else f"leave the {unknown.part} out"
        raise ConfigError(f"move {number}: nothing is known of the {unknown.part} {unknown.said!r}", hint=known)


def _moved(thing: HeldThing, moves: Iterable[Move]) -> HeldThing:
    for move in moves:
        if matches(move.holdings, thing.pattern):
            rest = thing.pattern[len(move.holdings.removesuffix("*")) :].replace("\\", "/")
            pattern = move.to.removesuffix("*") + rest
            return HeldThing(pattern, family(move.kind, pattern), thing.matter, thing.sensitivity)
    return thing
