"""Which of many networks hold an address: one look-up for each length of prefix there is, however many networks."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Networks:
    """Networks by number."""

    def __init__(self, networks: Mapping[int, Network]) -> None:
        # By version: bits behind the prefix, to the prefix as a number, to the numbers of the networks.
        self._by_version: dict[int, dict[int, dict[int, list[int]]]] = {}
        for number, network in networks.items():
            shift = network.max_prefixlen - network.prefixlen
            by_prefix = self._by_version.setdefault(network.version, {}).setdefault(shift, {})
            by_prefix.setdefault(int(network.network_address) >> shift, []).append(number)

    def holding(self, text: str) -> list[int]:
        """Numbers of the networks that hold the address; none for a text that is no address.

        An IPv4 address written as IPv6 (`::ffff:192.0.2.1`) is both.
        """
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return []
        found = self._of(address.version, int(address))
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            found += self._of(4, int(address.ipv4_mapped))
        return found

    def _of(self, version: int, address: int) -> list[int]:
        return [
            number
            for shift, by_prefix in self._by_version.get(version, {}).items()
            for number in by_prefix.get(address >> shift, ())
        ]
