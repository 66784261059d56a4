"""RFC 9162, sections 2.1.1, 2.1.3.1 and 2.1.4.1, as the RFC defines them: over lists, by recursion."""

from __future__ import annotations

import hashlib

Hashes = list[bytes]


def mth(d: Hashes) -> bytes:
    """MTH(D[n]), D being leaf hashes."""
    match len(d):
        case 0:
            return hashlib.sha256(b"").digest()
        case 1:
            return d[0]
        case n:
            k = split(n)
            return hashlib.sha256(b"\x01" + mth(d[:k]) + mth(d[k:])).digest()


def path(m: int, d: Hashes) -> Hashes:
    """PATH(m, D[n])."""
    if len(d) == 1:
        return []
    k = split(len(d))
    return [*path(m, d[:k]), mth(d[k:])] if m < k else [*path(m - k, d[k:]), mth(d[:k])]


def proof(m: int, d: Hashes) -> Hashes:
    """PROOF(m, D[n]), 0 < m < n."""
    return subproof(m, d, True)


def subproof(m: int, d: Hashes, b: bool) -> Hashes:
    """SUBPROOF(m, D[n], b)."""
    if m == len(d):
        return [] if b else [mth(d)]
    k = split(len(d))
    if m <= k:
        return [*subproof(m, d[:k], b), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[:k])]


def split(n: int) -> int:
    """The largest power of two smaller than n."""
    return max(1 << i for i in range(n.bit_length()) if 1 << i < n)


def leaves(count: int) -> Hashes:
    """That many different leaf hashes."""
    return [hashlib.sha256(b"\x00" + str(number).encode()).digest() for number in range(count)]
