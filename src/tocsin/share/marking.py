"""The Traffic Light Protocol of what leaves: the labels of version 2.0 (FIRST, August 2022) and what each asks."""

from __future__ import annotations

import enum


class Tlp(enum.StrEnum):
    """The labels, the most open first; the values are those of the STIX extension."""

    CLEAR = "clear"
    GREEN = "green"
    AMBER = "amber"
    AMBER_STRICT = "amber+strict"
    RED = "red"

    @property
    def label(self) -> str:
        """`TLP:AMBER+STRICT`."""
        return f"TLP:{self.value.upper()}"

    @property
    def asks(self) -> str:
        """Who may see it, in a sentence."""
        return _ASKS[self]


_ASKS = {
    Tlp.CLEAR: "No limit on passing it on.",
    Tlp.GREEN: "For the community of those it may help; not for publication.",
    Tlp.AMBER: "For those who need it, in this institution and those it serves.",
    Tlp.AMBER_STRICT: "For those who need it, in this institution only.",
    Tlp.RED: "For the persons it is handed to, and nobody else.",
}
