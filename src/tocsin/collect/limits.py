"""What reading a compressed file or an archive may cost, and the two ways in which it ends early."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an archive may cost. A member past `ratio` counts as a bomb only beyond `ratio_floor_bytes`.

    held_bytes   the most that is held in memory of an archive inside another one, or of a 7z archive's content
    """

    depth: int = 4
    members: int = 100_000
    ratio: int = 300
    ratio_floor_bytes: int = 64 << 20
    member_bytes: int = 64 << 30
    held_bytes: int = 512 << 20

    def check(self, received: int, inflated: int) -> None:
        """Raises BombError where `received` bytes have become too many."""
        if inflated > self.member_bytes:
            raise BombError(f"expands to more than {self.member_bytes >> 30} GiB")
        if inflated > self.ratio_floor_bytes and inflated > received * self.ratio:
            raise BombError(f"expands more than {self.ratio} times")


class ArchiveFault(Exception):  # noqa: N818 - a finding about the bytes, told in the input's line
    """Why bytes of an archive cannot be had; the message is for a person."""


class BombError(ArchiveFault):
    """The bytes expand past the limits; nothing of them is used."""


class TruncatedError(ArchiveFault):
    """The bytes end or break before their end; what came before is sound."""


class UnopenableError(ArchiveFault):
    """An archive whose list of members cannot be had, or that is too large to be held; the message says what to do."""
