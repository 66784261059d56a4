"""How bytes of old code pages end up in the texts of logs: for the tests of what finds names in them again."""

from __future__ import annotations

import base64
from collections.abc import Callable

Writer = Callable[[bytes], str]


def percent(data: bytes) -> str:
    return "".join(chr(byte) if chr(byte).isascii() and chr(byte).isalnum() else f"%{byte:02X}" for byte in data)


def percent_all(data: bytes) -> str:
    return "".join(f"%{byte:02x}" for byte in data)


def backslash(data: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}" for byte in data)


def octal(data: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}" for byte in data)


def quoted(data: bytes) -> str:
    return "".join(chr(byte) if 33 <= byte < 127 and byte != 61 else f"={byte:02X}" for byte in data)


def escaped_surrogates(data: bytes) -> str:
    """As a path of no encoding is written in JSON."""
    return "".join(chr(byte) if byte < 128 else f"\\udc{byte:02x}" for byte in data)


def path(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def unread(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def western(data: bytes) -> str:
    return data.decode("latin-1")


def windows(data: bytes) -> str:
    return "".join(bytes((byte,)).decode("cp1252", "ignore") or chr(byte) for byte in data)


def zip_member(data: bytes) -> str:
    return data.decode("cp437")


def russian(data: bytes) -> str:
    return "".join(bytes((byte,)).decode("cp1251", "ignore") or chr(byte) for byte in data)


WRITERS: tuple[Writer, ...] = (
    percent,
    percent_all,
    backslash,
    octal,
    quoted,
    escaped_surrogates,
    path,
    unread,
    western,
    windows,
    zip_member,
)


def mail_word(data: bytes, charset: str, how: str) -> str:
    said = base64.b64encode(data).decode() if how == "B" else quoted(data).replace("=20", "_").replace("?", "=3F")
    return f"=?{charset}?{how}?{said}?="
