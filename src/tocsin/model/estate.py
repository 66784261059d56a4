"""The institution described: identities, holdings, assignments, attestations. All optional."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

from tocsin.model.acquisition import Extent


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A person or service of the institution.

    accounts     all its canonical accounts (UPN, DOMAIN\\user, SID)
    function     the protected function it serves, if any
    unit_since   since when it is in its unit, ns UTC, None is always or not known
    from_, to    when it belongs to the institution, ns UTC, None is open
    is_service   programs sign in with it, and no person holds it; `host` is where it runs, `owner` who answers for it
    """

    id: str
    accounts: tuple[str, ...]
    name: str = ""
    unit: str = ""
    role: str = ""
    function: str = ""
    administrator: bool = False
    unit_since: int | None = None
    from_: int | None = None
    to: int | None = None
    is_service: bool = False
    host: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A part of the institution; `matter` and `sensitivity` are of what its people own, where nothing else says."""

    name: str
    matter: str = ""
    sensitivity: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Identities, services and groups that are given rights together."""

    id: str
    name: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """`identity`, a service or another group too, is in a group from `from_` to `to` (ns UTC, None is open)."""

    identity: str
    group: str
    from_: int | None = None
    to: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """A case that holdings belong to; `protective_measures` where persons of it are protected."""

    id: str
    title: str = ""
    sensitivity: str = ""
    protective_measures: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """How sensitive something is, as the institution says it; `label` is the id its label has in the logs, if any."""

    name: str
    label: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAt:
    """A protected person is spoken of in the holdings of a pattern; `handle` is the vault's, and never a name."""

    pattern: str
    handle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """`other` is another name of `name`; where both end in `*`, of everything under it.

    `kind` is `account`, `host`, `group` or a kind of holding.
    """

    kind: str
    name: str
    other: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Something that can be compromised: `pattern` is its id, or a prefix ending in `*`; `kind` as in ACCESSES.

    Where the holding itself says none, `matter` is that of the longest pattern it lies under, else of its owner's unit;
    `sensitivity` that of its matter, or of where it has the matter from. A decoy is there for nobody's work
    (a canary).
    """

    pattern: str
    kind: str
    matter: str = ""
    sensitivity: str = ""
    owner: str = ""
    is_decoy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """`grantee` may open what matches `pattern`, from `from_` to `to` (ns UTC, None is open).

    grantee  an identity or one of its accounts, a service, a group, a unit, or `*`: everybody
    kind     a kind of holding; `host`: may sign in there; `account`: may act as the identity
    right    in the words of the system that gives it; of a host, one with `admin` in it lets take over the machine
    """

    grantee: str
    kind: str
    pattern: str
    right: str = ""
    from_: int | None = None
    to: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """What the institution must keep doing; `protected` functions are never stopped by a proposal."""

    name: str
    description: str = ""
    protected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """An identity may work on a matter from `from_` to `to` (ns UTC, None is open)."""

    identity: str
    matter: str
    from_: int | None = None
    to: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """A named custodian vouches that a source recorded everything on holdings matching `pattern`, `from_` to `to`.

    Carries a "ruled out" on basis *attested*, not beyond the day of `date`: custodian, date and setting are all needed.
    `recorded` is everything where every way of access was recorded, of everybody, all the time; a part speaks against
    completeness. `setting` is for people to read.
    """

    source: str
    pattern: str
    from_: int
    to: int
    custodian: str
    date: str
    setting: str
    recorded: Extent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A machine by its canonical name, short or full; `function` is what stops when it is cut off, "" for none."""

    name: str
    role: str = ""
    function: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Addresses of the institution itself: an office's way out, a VPN, a data centre. `range` in CIDR."""

    range: ipaddress.IPv4Network | ipaddress.IPv6Network
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Responder:
    """The responders' own work: what is done by `account`, from `address`, on `host`, from `from_` to `to` (ns UTC).

    All that is not "" must hold, so that an intruder who has a responder's password is not taken for one. Where
    `holdings` are named (in lower case), it is their reading of these alone: an access to one of them that changes
    nothing, and no finding.
    """

    name: str
    account: str = ""
    address: str = ""
    host: str = ""
    from_: int | None = None
    to: int | None = None
    holdings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductInUse:
    """A product the institution has; an empty log or tier is every one. `days`: how long the log is set to be kept."""

    product: str
    log: str = ""
    tier: str = ""
    days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """Everything declared. An empty estate is valid: answers then use what the logs show.

    identities      persons, then services
    sensitivities   the highest first
    by_account      the identity that owns a canonical account
    lines           where each declared thing stands, as `file:line`
    """

    identities: tuple[Identity, ...] = ()
    holdings: tuple[Holding, ...] = ()
    functions: tuple[Function, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    products: tuple[ProductInUse, ...] = ()
    responders: tuple[Responder, ...] = ()
    networks: tuple[Network, ...] = ()
    hosts: tuple[Host, ...] = ()
    units: tuple[Unit, ...] = ()
    groups: tuple[Group, ...] = ()
    memberships: tuple[Membership, ...] = ()
    matters: tuple[Matter, ...] = ()
    sensitivities: tuple[Sensitivity, ...] = ()
    persons: tuple[PersonAt, ...] = ()
    aliases: tuple[Alias, ...] = ()
    grants: tuple[Grant, ...] = ()
    by_account: Mapping[str, Identity] = field(default_factory=dict)
    lines: Mapping[object, str] = field(default_factory=dict, compare=False, repr=False)

    def identity_of(self, account: str) -> Identity | None:
        """The declared identity that owns a canonical account."""
        return self.by_account.get(account)

    def network_of(self, address: str) -> Network | None:
        """The institution's own network a canonical address lies in, the narrowest first; None for any other text."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return None
        found = (network for network in self.networks if parsed in network.range)
        return max(found, key=lambda network: network.range.prefixlen, default=None)
