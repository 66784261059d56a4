"""An authority's answer or token (DER) in; the same with its set of certificates in the order of DER out.

RFC 5652, 5.1, has `certificates` a SET OF, whose members DER puts in the order of their bytes (X.690, 11.6); 10.1 lets
SignedData be BER, and authorities send the chain in the order of the chain. rfc3161-client refuses such an answer. The
set is under no signature: what is signed (5.4) are the signed attributes, and in them the digest of the TSTInfo alone;
the certificate that signed is found by its issuer and number. So another order is the same statement, and nothing is
gained by whoever picks one.
"""

from __future__ import annotations

from typing import NamedTuple

_SEQUENCE, _EXPLICIT, _OBJECT = 0x30, 0xA0, 0x06


class _Element(NamedTuple):
    """Where an element begins, where its content does, and where it ends."""

    tag: int
    start: int
    content: int
    end: int


def in_der_order(data: bytes) -> bytes:
    """The same bytes, the certificates in the order of DER; what is no answer and no token is given back as it is."""
    try:
        found = _certificates(data)
    except (IndexError, ValueError):
        return data
    if found is None:
        return data
    members = [data[one.start : one.end] for one in _members(data, found)]
    return data[: found.content] + b"".join(sorted(members)) + data[found.end :]


def token_of(answer: bytes) -> bytes:
    """The token of an answer that grants one, as it was received. Raises ValueError where it holds none."""
    try:
        found = _token(answer)
    except IndexError as error:
        raise ValueError("it ends too early") from error
    if found is None:
        raise ValueError("it holds no token")
    return answer[found.start : found.end]


def _token(data: bytes) -> _Element | None:
    """The ContentInfo: of an answer the second member (RFC 3161, 2.4.2), else the whole."""
    whole = _element(data, 0, len(data))
    parts = _members(data, whole) if whole.tag == _SEQUENCE else []
    if parts and parts[0].tag == _OBJECT:
        return whole
    return parts[1] if len(parts) > 1 and parts[1].tag == _SEQUENCE else None


def _certificates(data: bytes) -> _Element | None:
    """`certificates` ([0]) of the SignedData, the first member of that tag after its content."""
    token = _token(data)
    if token is None:
        return None
    kind, content = _members(data, token)
    if kind.tag != _OBJECT or content.tag != _EXPLICIT:
        return None
    (signed,) = _members(data, content)
    return next((each for each in _members(data, signed) if each.tag == _EXPLICIT), None)


def _members(data: bytes, parent: _Element) -> list[_Element]:
    found, place = [], parent.content
    while place < parent.end:
        found.append(_element(data, place, parent.end))
        place = found[-1].end
    return found


def _element(data: bytes, start: int, limit: int) -> _Element:
    """Raises IndexError or ValueError where it has another form than DER's, or does not end within `limit`."""
    size, content = data[start + 1], start + 2
    if size == 0x80 or size > 0x84:
        raise ValueError("a length of another form than DER's")
    if size > 0x80:
        content += size - 0x80
        size = int.from_bytes(data[start + 2 : content], "big")
    if content + size > limit:
        raise ValueError("an element that does not end")
    return _Element(data[start], start, content, content + size)
