"""The numbers of the audit system as names: kinds of record, architectures, system calls, errors, socket addresses."""

from __future__ import annotations

import errno
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources
from ipaddress import IPv4Address, IPv6Address
from typing import Any, NamedTuple

# AUDIT_ARCH_*: ELF machine number, with bit 31 for 64-bit and bit 30 for little-endian (linux/audit.h).
_ARCHITECTURES = {
    "c000003e": ("x86_64", "x86_64"),
    "40000003": ("i386", "i386"),
    "c00000b7": ("aarch64", "generic"),
    "c00000f3": ("riscv64", "generic"),
    "40000028": ("arm", ""),
    "c0000015": ("ppc64le", ""),
    "80000015": ("ppc64", ""),
    "80000016": ("s390x", ""),
}


class SocketAddress(NamedTuple):
    """What a SOCKADDR record says: its family, and address and port, or the path of a unix socket."""

    family: str
    address: str = ""
    port: str = ""
    path: str = ""


@cache
def read_table(name: str) -> Mapping[str, Any]:
    """One of the package's TOML files."""
    return tomllib.loads((resources.files(__package__ or "") / name).read_text(encoding="utf-8"))


def type_name(text: str) -> str:
    """The name of a kind of record given by name, by number, or as `UNKNOWN[number]`."""
    number = text[8:-1] if text.startswith("UNKNOWN[") else text
    return str(_type_names().get(number, f"UNKNOWN[{number}]")) if number.isdecimal() else text


@cache
def _type_names() -> Mapping[str, str]:
    names: Mapping[str, str] = read_table("types.toml")["numbers"]
    return names


@lru_cache(maxsize=1024)
def architecture(arch: str) -> str:
    """The name of an architecture given as the kernel writes it, in hexadecimal; "" where it is not known."""
    return _ARCHITECTURES.get(arch.lower(), ("", ""))[0]


@lru_cache(maxsize=8192)
def syscall_name(arch: str, number: str) -> str:
    """The name of a system call; "" where the architecture or the number is not known."""
    table = _ARCHITECTURES.get(arch.lower(), ("", ""))[1]
    return _syscalls(table).get(int(number), "") if table and number.isdecimal() and len(number) < 6 else ""


@cache
def _syscalls(table: str) -> Mapping[int, str]:
    runs: Mapping[str, str] = read_table("syscalls.toml")[table]
    return {int(first) + place: name for first, text in runs.items() for place, name in enumerate(text.split())}


def error_name(code: str) -> str:
    """The name of the error a system call returned (`-13` is EACCES); "" where it returned none."""
    number = code[1:]
    if not code.startswith("-") or not number.isdecimal() or len(number) > 5:
        return ""
    return errno.errorcode.get(int(number), "")


def socket_address(text: str) -> SocketAddress | None:
    """The address in a `saddr`, a struct sockaddr in hexadecimal; None where it is not one.

    The family is in the byte order of the machine (little-endian on all but s390x and ppc64), port and address in that
    of the network.
    """
    try:
        data = bytes.fromhex(text)
    except ValueError:
        return None
    if len(data) < 2:
        return None
    family = int.from_bytes(data[:2], "little")
    if family == 1:
        return SocketAddress("unix", path=data[2:].lstrip(b"\0").split(b"\0")[0].decode("utf-8", "replace"))
    if family == 2 and len(data) >= 8:
        return SocketAddress("ipv4", str(IPv4Address(data[4:8])), str(int.from_bytes(data[2:4], "big")))
    if family == 10 and len(data) >= 24:
        return SocketAddress("ipv6", str(IPv6Address(data[8:24])), str(int.from_bytes(data[2:4], "big")))
    return SocketAddress({16: "netlink", 17: "packet"}.get(family, str(family)))
