"""The actions a plan may propose, in words and in order: `actions.toml` as frozen objects."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action; texts are templates with `{target}`, `{scope}` and `{who}`. A lower `order` comes first."""

    name: str
    order: int
    scope: str
    interrupts: str
    evidence_first: str
    reversal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All of `actions.toml`. `alternative` has a sentence for `account`, `host` and `address`."""

    actions: Mapping[str, Action]
    alternative: Mapping[str, str]
    domain_controller: re.Pattern[str]
    private: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
    provider: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]

    def is_private(self, address: str) -> bool:
        """Whether the address is one nobody outside owns."""
        return _lies_in(address, self.private)

    def is_providers(self, address: str) -> bool:
        """Whether the address is one the provider publishes for its own service."""
        return _lies_in(address, self.provider)

    def is_domain_controller(self, host: str) -> bool:
        """Whether the host's name says domain controller; a name is all there is to go by."""
        return self.domain_controller.search(host.split(".")[0]) is not None


def _lies_in(address: str, networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]) -> bool:
    parsed = ipaddress.ip_address(address)
    return any(parsed in network for network in networks)


@cache
def load_catalogue() -> Catalogue:
    """The catalogue this package comes with."""
    table = tomllib.loads(resources.files(__package__).joinpath("actions.toml").read_text(encoding="utf-8"))
    networks = table.pop("networks")
    alternative = table.pop("alternative")
    pattern = re.compile(table.pop("domain_controller")["name"])
    return Catalogue(
        actions={name: Action(name=name, **texts) for name, texts in table.items()},
        alternative=alternative,
        domain_controller=pattern,
        private=tuple(ipaddress.ip_network(text) for text in networks["private"]),
        provider=tuple(ipaddress.ip_network(text) for text in networks["provider"]),
    )
