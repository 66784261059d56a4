"""From LDIF (RFC 2849) to its entries; a change record other than `add` is no entry."""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Iterator
from typing import NamedTuple

_LINE = re.compile(r"([A-Za-z0-9.;_-]+):(:|<)? *(.*)", re.DOTALL)
# Active Directory keeps these as bytes.
_SID, _GUID = "objectsid", "objectguid"


class LdifEntry(NamedTuple):
    """One entry: its line, and the values of each attribute (lower case, without options). `fault`: why it is none."""

    line: int
    values: dict[str, list[str]]
    fault: str = ""


def ldif_entries(text: str) -> Iterator[LdifEntry]:
    """Every record in the order of the text."""
    for line, lines in _records(text):
        values: dict[str, list[str]] = {}
        fault = ""
        for one in lines:
            match = _LINE.fullmatch(one)
            if match is None:
                fault = fault or "a line that is no attribute and its value"
                continue
            name = match.group(1).split(";")[0].lower()
            try:
                value = (
                    attribute_text(name, base64.b64decode(match.group(3), validate=True))
                    if match.group(2) == ":"
                    else match.group(3)
                )
            except (binascii.Error, ValueError):
                fault = fault or f"{name} is not base64"
                continue
            if match.group(2) == "<":
                continue  # a file elsewhere: nothing is fetched
            values.setdefault(name, []).append(value)
        if "version" in values and "dn" not in values:
            continue
        if "dn" not in values:
            fault = fault or "an entry without a dn"
        elif values.get("changetype", ["add"])[0].strip().lower() != "add":
            fault = fault or "a change, and no entry"
        yield LdifEntry(line, values, fault)


def attribute_text(name: str, data: bytes) -> str:
    """What a value of bytes says: a SID, a GUID, or text; "" where it is none of these, such as a picture."""
    if name == _SID:
        return sid_text(data)
    if name == _GUID and len(data) == 16:
        return str(uuid.UUID(bytes_le=data))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def sid_text(data: bytes) -> str:
    """`S-1-5-21-…` of a security identifier ([MS-DTYP] 2.4.2.2); "" where the bytes are none."""
    if len(data) < 8 or len(data) != 8 + 4 * data[1]:
        return ""
    parts = [int.from_bytes(data[8 + 4 * place : 12 + 4 * place], "little") for place in range(data[1])]
    return "-".join(["S", str(data[0]), str(int.from_bytes(data[2:8], "big")), *map(str, parts)])


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line of its first, lines unfolded) of each block of lines that are no comment."""
    found: list[str] = []
    start = 0
    is_comment = False
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if line.startswith(" "):
            if found and not is_comment:
                found[-1] += line[1:]
            continue
        is_comment = line.startswith("#")
        if is_comment:
            continue
        if line.strip():
            start = start if found else number
            found.append(line)
        elif found:
            yield start, found
            found = []
    if found:
        yield start, found
