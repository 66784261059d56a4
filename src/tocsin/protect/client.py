"""The client of a door that is served elsewhere."""

from __future__ import annotations

from tocsin.errors import ProtectionError
from tocsin.protect.door import Door, DoorAddress


def connect(address: DoorAddress) -> Door:
    """A connection to the door at the address. Raises ProtectionError where it does not answer."""
    raise ProtectionError(f"the door at {address.place} does not answer")
