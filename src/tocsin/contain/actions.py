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
    """One action; texts are templates with `{target}`, `{scope}` and `{who}`. A lower `order` comes first.

    techniques  ATT&CK ids of findings that ask for it by themselves; `decision` whether a person must decide first
    """

    name: str
    order: int
    scope: str
    interrupts: str
    evidence_first: str
    reversal: str
    techniques: tuple[str, ...] = ()
    decision: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All of `actions.toml`. `alternative` has a sentence for `account`, `service` and `host`."""

    actions: Mapping[str, Action]
    alternative: Mapping[str, str]
    domain_controller: re.Pattern[str]
    service_account: re.Pattern[str]
    provider: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]

    def is_providers(self, address: str) -> bool:
        """Whether the address is one the provider publishes for its own service."""
        return _lies_in(address, self.provider)

    def is_domain_controller(self, host: str) -> bool:
        """Whether the host's name says domain controller; a name is all there is to go by."""
        return self.domain_controller.search(host.split(".")[0]) is not None

    def is_service_account(self, account: str) -> bool:
        """Whether a canonical account's name says that programs sign in with it; a name is all there is to go by."""
        return self.service_account.search(account.rpartition("\\")[2].partition("@")[0]) is not None


def _lies_in(address: str, networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]) -> bool:
    parsed = ipaddress.ip_address(address)
    return any(parsed in network for network in networks)


@cache
def load_catalogue() -> Catalogue:
    """The catalogue this package comes with."""
    table = tomllib.loads(resources.files(__package__).joinpath("actions.toml").read_text(encoding="utf-8"))
    networks = table.pop("networks")
    alternative = table.pop("alternative")
    controller = re.compile(table.pop("domain_controller")["name"])
    service = re.compile(table.pop("service_account")["name"])
    return Catalogue(
        actions={
            name: Action(name=name, **(texts | {"techniques": tuple(texts.get("techniques", ()))}))
            for name, texts in table.items()
        },
        alternative=alternative,
        domain_controller=controller,
        service_account=service,
        provider=tuple(ipaddress.ip_network(text) for text in networks["provider"]),
    )
