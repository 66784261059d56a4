"""Who is who: a fold over the acts in the order of the ledger, and what a signature of somebody counts for.

Nothing of it is kept beside the ledger: who was in force at an entry follows from the entries before it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from tocsin.errors import VerificationError
from tocsin.record.notes import KeyType, VerifierKey, parse_note, parse_verifier_key, verified
from tocsin.record.people_keys import NAME
from tocsin.record.roles import Role, allowed_acts

if TYPE_CHECKING:
    from tocsin.record.acts import Act

_BRINGING = ("enrolled", "succeeded", "recovered")
# As verifiers of packages have it (docs/formats/evidence.md).
MOST_KEY_ACTS = 5_000
_UNPROVEN = "it proves nothing of who did it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A person's key.

    enrolled   entry that brought it in; `by` who signed that
    succeeded  entry that replaced it by the key `successor`, None while it stands; `is_recovered` where it was lost
    revoked    entry that revoked it, None while it was not; signatures from ledger size `since` on do not count
    is_fallen  whether it was brought in by an act that was taken back with another key's
    """

    name: str
    key: VerifierKey
    roles: frozenset[Role]
    person: str
    enrolled: int
    by: tuple[str, ...]
    succeeded: int | None = None
    successor: str = ""
    is_recovered: bool = False
    revoked: int | None = None
    since: int | None = None
    reason: str = ""
    is_fallen: bool = False

    @property
    def whose(self) -> str:
        """The person, as two of them are told apart."""
        return self.person.casefold().strip()

    @property
    def is_in_force(self) -> bool:
        """Whether what it signs now counts."""
        return self.succeeded is None and self.revoked is None


@dataclass(slots=True)
class Registry:
    """Whose signatures count now, after the acts told so far; `key` is that of the workspace itself.

    past       the acts told so far
    disowned   by entry, why an act that was good when it was signed does not count any more
    """

    key: VerifierKey
    holders: dict[str, Holder] = field(default_factory=dict)
    disowned: dict[int, str] = field(default_factory=dict)
    past: list[Act] = field(default_factory=list)
    _about: list[Act] = field(default_factory=list)  # acts about keys
    _signed: _Signed = field(default_factory=lambda: _Signed())

    def in_force(self, role: Role | None = None) -> tuple[Holder, ...]:
        """The keys that count now, by name; of one role where given."""
        found = (holder for holder in self.holders.values() if holder.is_in_force and role in (None, *holder.roles))
        return tuple(sorted(found, key=lambda holder: holder.name))

    def name_of(self, public_key: bytes) -> str | None:
        """The name a public key (32 bytes) was enrolled under."""
        return next((each.name for each in self.holders.values() if each.key.public_key == public_key), None)

    def keys_of(self, name: str) -> frozenset[str]:
        """The names of all keys of the person whose key this is, those replaced as well; none where it is nobody's."""
        holder = self.holders.get(name)
        if holder is None:
            return frozenset()
        return frozenset(each.name for each in self.holders.values() if each.whose == holder.whose)

    @property
    def is_full(self) -> bool:
        """Whether no further act about keys can be judged."""
        return len(self._about) >= MOST_KEY_ACTS

    def is_unsigned(self, act: Act) -> bool:
        """Whether the workspace's key alone signed: no person did."""
        return act.by == (self.key.name,)

    def add(self, act: Act) -> None:
        """Checks the next act of the ledger and goes on with it. Raises VerificationError as `check_act`."""
        check_act(act, self)
        self.past.append(act)
        self._signed.add(act)
        if act.kind in _CHECKED:
            self._about.append(act)
        self._apply(act)
        if act.kind == "revoked" and act.what["since"] is not None:
            self._take_back()

    def _apply(self, act: Act) -> None:
        what, standing = act.what, self.holders
        if act.kind in ("succeeded", "recovered"):
            old = standing[what["name"]]
            lost = act.kind == "recovered"
            standing[old.name] = replace(old, succeeded=act.leaf, successor=what["new_name"], is_recovered=lost)
        if (come := self._brought_in(act)) is not None:
            standing[come.name] = come
        if act.kind == "revoked":
            held = standing[what["name"]]
            standing[held.name] = replace(held, revoked=act.leaf, since=what["since"], reason=what["reason"])

    def _brought_in(self, act: Act) -> Holder | None:
        """The key an act brings in, None where it brings none."""
        what = act.what
        if act.kind == "enrolled":
            roles, person = frozenset(Role(role) for role in what["roles"]), what["person"]
        elif act.kind in ("succeeded", "recovered"):
            roles, person = self.holders[what["name"]].roles, self.holders[what["name"]].person
        else:
            return None
        key = parse_verifier_key(what["key"])
        return Holder(name=key.name, key=key, roles=roles, person=person, enrolled=act.leaf, by=act.by)

    def _take_back(self) -> None:
        """The fold made again without what the revocations take back; keys it brought in stay known, and revoked."""
        taken = _taken_back(self._signed)
        self.holders.clear()
        self.disowned.clear()
        self.disowned.update((leaf, _why(*by)) for leaf, by in sorted(taken.items()))
        for act in self._about:
            if (by := taken.get(act.leaf)) is None:
                self._apply(act)
                continue
            revocation, _ = by
            if (come := self._brought_in(act)) is not None:
                reason = f"brought in by entry {act.leaf}, which is taken back"
                fell = come.name != revocation.what["name"]
                self.holders[come.name] = replace(
                    come, revoked=revocation.leaf, since=act.leaf, reason=reason, is_fallen=fell
                )

    def revocation_besides(self, act: Act) -> Act | None:
        """The revocation of the same key that stands when this one does: of those it takes back nothing is left."""
        taken = _taken_back(self._signed, act)
        said = (each for each in self._about if each.kind == "revoked" and each.what["name"] == act.what["name"])
        return next((each for each in said if each.leaf not in taken), None)


def disowned_in(acts: Iterable[Act]) -> dict[int, str]:
    """By entry, why an act does not count any more: a revocation among the acts takes it back.

    acts   of the ledger in order, each good when it was recorded; those that say who is who must all be among them
    """
    return {leaf: _why(*by) for leaf, by in _taken_back(_signed(acts)).items()}


def counting(acts: Iterable[Act]) -> tuple[Act, ...]:
    """Those of the acts that count, in order: whatever acts decide, these decide it. `acts` as in `disowned_in`."""
    past = tuple(acts)
    taken = _taken_back(_signed(past))
    return tuple(act for act in past if act.leaf not in taken)


def is_alone(act: Act) -> bool:
    """Whether somebody unsealed something alone, which somebody else has to review."""
    return act.kind == "unsealed" and act.what.get("break_glass") is True


def _why(revocation: Act, name: str) -> str:
    reason = _text(revocation.what, "reason")
    return f"{name} signed it, and entry {revocation.leaf} takes back what that key signed: {reason}"


class _Signed:
    """Acts in order, and by each key's name those that it signed."""

    def __init__(self) -> None:
        self.revocations: list[Act] = []
        self._of: dict[str, list[Act]] = {}

    def add(self, act: Act) -> None:
        for name in act.by:
            self._of.setdefault(name, []).append(act)
        if act.kind == "revoked" and isinstance(act.what.get("since"), int):
            self.revocations.append(act)

    def since(self, name: str, leaf: int) -> Iterator[Act]:
        """What the key signed from that entry on."""
        own = self._of.get(name, [])
        return islice(own, bisect_left(own, leaf, key=lambda act: act.leaf), None)


def _signed(acts: Iterable[Act]) -> _Signed:
    found = _Signed()
    for act in acts:
        found.add(act)
    return found


def _taken_back(signed: _Signed, last: Act | None = None) -> dict[int, tuple[Act, str]]:
    """By entry, the revocation that takes an act back, and the key that signed it; `last` is one more revocation.

    What a revoked key signed from `since` on, and what was signed by keys it brought in there. From the last revocation
    to the first: one that is taken back itself takes nothing back.
    """
    taken: dict[int, tuple[Act, str]] = {}
    for revocation in chain(() if last is None else (last,), reversed(signed.revocations)):
        since = revocation.what.get("since")
        if not isinstance(since, int) or revocation.leaf in taken:
            continue
        waiting = [(_text(revocation.what, "name"), since)]
        while waiting:
            name, since = waiting.pop()
            for act in signed.since(name, since):
                if act.leaf >= revocation.leaf or act.leaf in taken:
                    continue
                taken[act.leaf] = (revocation, name)
                if act.kind in _BRINGING:
                    waiting.append((_text(act.what, "name" if act.kind == "enrolled" else "new_name"), act.leaf))
    return taken


def registry_of(acts: Iterable[Act], key: VerifierKey) -> Registry:
    """The registry after the acts, which come in order.

    Raises VerificationError at the first act that was not good when it was recorded.
    """
    registry = Registry(key=key)
    for act in acts:
        registry.add(act)
    return registry


def check_act(act: Act, registry: Registry) -> None:
    """Raises VerificationError where an act does not count, naming the entry and what that means.

    `registry` is as of the acts before it. In order: its kind is known; its place; who signed, once each; each was in
    force; a role of theirs allows it, and they are people enough; their signatures are good; what it says of people.
    """
    entry = f"entry {act.leaf} ({act.kind})"
    keys = check_signers(act, registry)
    note = parse_note(act.note, entry)
    for key in keys:
        verified(note, [key], entry)
    if act.kind in _CHECKED and registry.is_full:
        raise VerificationError(f"{entry} is one more act about keys than the {MOST_KEY_ACTS:,} that a ledger can have")
    _CHECKED.get(act.kind, _nothing_more)(act, registry, entry)


def check_signers(act: Act, registry: Registry) -> list[VerifierKey]:
    """That those who sign may, their signatures and what the act says unseen; their keys. Raises as `check_act`."""
    entry = f"entry {act.leaf} ({act.kind})"
    if act.kind not in allowed_acts():
        raise VerificationError(f"{entry}: there is no such kind of act: {_UNPROVEN}, and nothing of what was done")
    if act.size > act.leaf:
        raise VerificationError(f"{entry} says it was signed over {act.size} entries, more than there were before it")
    if not act.by or len(set(act.by)) != len(act.by):
        raise VerificationError(f"{entry} names no signer, or one twice: {_UNPROVEN}")
    keys = _keys_of(act, registry, entry)
    _check_roles(act, registry, entry)
    return keys


def _keys_of(act: Act, registry: Registry, entry: str) -> list[VerifierKey]:
    """The key of each signer. Raises VerificationError where one of them did not count then."""
    if registry.is_unsigned(act):
        return [registry.key]
    if _enrols_first(act, registry):
        return [_new_key(act, "name", entry)]
    for name in act.by:
        if name == registry.key.name:
            raise VerificationError(f"{entry} is signed by the workspace's key beside people: {_UNPROVEN}")
        holder = registry.holders.get(name)
        if holder is None:
            raise VerificationError(f"{entry} is signed by {name!r}, a key no earlier entry enrols: {_UNPROVEN}")
        if holder.revoked is not None:
            raise VerificationError(
                f"{entry} is signed by {name!r}, a key that was revoked at entry {holder.revoked}: it does not count"
            )
        if holder.succeeded is not None:
            how = "lost, and replaced" if holder.is_recovered else "superseded"
            raise VerificationError(
                f"{entry} is signed by {name!r}, a key that was {how} by {holder.successor!r} at entry "
                f"{holder.succeeded}: whoever still has the old key signed, and it does not count"
            )
    return [registry.holders[name].key for name in act.by]


def _enrols_first(act: Act, registry: Registry) -> bool:
    """Whether this is the first person of the ledger, who signs for himself."""
    return act.kind == "enrolled" and not registry.holders and act.by == (act.what.get("name"),)


def _check_roles(act: Act, registry: Registry, entry: str) -> None:
    allowed = allowed_acts()[act.kind]
    if registry.is_unsigned(act):
        if not allowed.unsigned:
            raise VerificationError(
                f"{entry} is signed by the workspace's key alone, and takes a person: it does not count"
            )
        lost = act.what.get("name")
        left = [each.name for each in registry.in_force(Role.OFFICER) if each.name != lost]
        if act.kind == "recovered" and left:
            raise VerificationError(
                f"{entry} is signed by the workspace's key alone, while {left[0]} is an officer who could sign: "
                "it does not count"
            )
        return
    if _enrols_first(act, registry):
        return
    signers = [registry.holders[name] for name in act.by]
    is_alone = bool(allowed.alone) and act.what.get(allowed.alone) is True
    barred = next((each for each in signers if not each.roles & allowed.others), None)
    if barred is None and not is_alone and not any(each.roles & allowed.roles for each in signers):
        barred = signers[0]
    if barred is not None:
        raise VerificationError(
            f"{entry} is signed by {barred.name!r}, whose role ({', '.join(sorted(barred.roles))}) does not allow it: "
            f"it takes {' or '.join(sorted(allowed.roles))}, and does not count"
        )
    people = {holder.whose for holder in signers}
    if len(people) < (1 if is_alone else allowed.persons):
        raise VerificationError(
            f"{entry} is signed by {len(people)} person and takes {allowed.persons} ({allowed.reason}): "
            "it does not count"
        )


def _nothing_more(_act: Act, _registry: Registry, _entry: str) -> None:
    """Kinds of act that say nothing of people."""


def _check_enrolled(act: Act, registry: Registry, entry: str) -> None:
    key = _new_key(act, "name", entry)
    _check_new(key, registry, entry)
    roles = act.what.get("roles")
    if not isinstance(roles, list) or not roles or not set(map(str, roles)) <= set(Role):
        raise VerificationError(f"{entry} gives no role this version knows: {roles!r}")
    if not _text(act.what, "person").strip():
        raise VerificationError(f"{entry} enrols a key without saying whose it is: {_UNPROVEN}")
    if not registry.holders and Role.OFFICER not in roles:
        raise VerificationError(f"{entry} enrols the first person of the record, who has to be an officer")


def _check_succeeded(act: Act, registry: Registry, entry: str) -> None:
    name = _text(act.what, "name")
    if act.by != (name,):
        raise VerificationError(
            f"{entry} replaces the key {name!r} and is not signed by it alone: somebody else's word would do to take a "
            "person's place"
        )
    _check_new(_new_key(act, "new_name", entry), registry, entry)


def _check_recovered(act: Act, registry: Registry, entry: str) -> None:
    name = _text(act.what, "name")
    lost = registry.holders.get(name)
    if lost is None or lost.succeeded is not None:
        raise VerificationError(f"{entry} recovers {name!r}, which is no key that could have been lost then")
    if lost.is_fallen:
        raise VerificationError(
            f"{entry} recovers {name!r}, which a revoked key brought in: what a thief enrolled is not to be recovered"
        )
    if not _text(act.what, "reason").strip():
        raise VerificationError(f"{entry} recovers {name!r} without a reason")
    if name in act.by or any(registry.holders[by].whose == lost.whose for by in act.by if by in registry.holders):
        raise VerificationError(f"{entry} recovers {name!r} on that person's own word: it takes another officer")
    _check_new(_new_key(act, "new_name", entry), registry, entry)


def _check_revoked(act: Act, registry: Registry, entry: str) -> None:
    name = _text(act.what, "name")
    holder = registry.holders.get(name)
    if holder is None:
        raise VerificationError(f"{entry} revokes {name!r}, which is no key that stood then")
    since = act.what.get("since", "")
    if since is not None and (type(since) is not int or not 0 <= since <= act.leaf):
        raise VerificationError(f"{entry} revokes {name!r} from a size that the record had not reached: {since!r}")
    if not _text(act.what, "reason").strip():
        raise VerificationError(f"{entry} revokes {name!r} without a reason")
    if (before := registry.revocation_besides(act)) is not None:
        raise VerificationError(f"{entry} revokes {name!r}, which is no key that stood then: entry {before.leaf} did")


def _check_reviewed(act: Act, registry: Registry, entry: str) -> None:
    number = act.what.get("entry")
    alone = next((each for each in registry.past if each.leaf == number and is_alone(each)), None)
    if alone is None or type(number) is not int:
        raise VerificationError(f"{entry} reviews entry {number!r}, by which nobody unsealed anything alone")
    own = {registry.holders[name].whose for name in alone.by}
    if any(registry.holders[name].whose in own for name in act.by):
        raise VerificationError(f"{entry} reviews what its own signer did: it takes somebody else")


def _check_new(key: VerifierKey, registry: Registry, entry: str) -> None:
    """One name is one key, and one key one person's: else one could pass for two."""
    if key.name in registry.holders or key.name == registry.key.name:
        raise VerificationError(
            f"{entry} gives the name {key.name!r} to a second key: whose signature it is would be open"
        )
    if (other := registry.name_of(key.public_key)) is not None:
        raise VerificationError(
            f"{entry} enrols the key of {other!r} under a second name: one person would pass for two"
        )


def _new_key(act: Act, member: str, entry: str) -> VerifierKey:
    """The key an act brings in, under the name it gives. Raises VerificationError."""
    key = parse_verifier_key(_text(act.what, "key"))
    if key.type is not KeyType.ED25519:
        raise VerificationError(f"{entry} enrols a key of type 0x{key.type:02x}, which signs no acts: 0x01 does")
    if key.name != act.what.get(member) or not NAME.fullmatch(key.name):
        raise VerificationError(
            f"{entry} enrols {act.what.get(member)!r} with the key of {key.name!r}, or no such name"
        )
    return key


def _text(what: Mapping[str, Any], member: str) -> str:
    value = what.get(member)
    return value if isinstance(value, str) else ""


_CHECKED = {
    "enrolled": _check_enrolled,
    "succeeded": _check_succeeded,
    "recovered": _check_recovered,
    "revoked": _check_revoked,
    "reviewed": _check_reviewed,
}
