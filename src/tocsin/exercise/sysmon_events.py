"""Sysmon events with the field names of its manifest: 1 process creation, 10 process access, 11 file creation."""

from __future__ import annotations

from typing import NamedTuple

from tocsin.exercise.actions import WindowsAct
from tocsin.exercise.world import Host
from tocsin.model.instant import format_time

SYSMON = "Microsoft-Windows-Sysmon/Operational"
_PROVIDER = "Microsoft-Windows-Sysmon"


class Who(NamedTuple):
    """Whose process it is, in which logon session of the host."""

    domain: str
    name: str
    logon_id: int


def _utc(time: int) -> str:
    return format_time(time // 1_000_000 * 1_000_000).replace("T", " ").removesuffix("Z")


def _guid(number: int) -> str:
    return f"{{7c1d2e50-{number % 0xFFFF:04x}-65e0-0000-{number % 0xFFFFFFFFFFFF:012x}}}"


def _process_id(number: int) -> int:
    return 4000 + number % 5000


def process_seen(time: int, host: Host, who: Who, image: str, command_line: str, parent: str) -> WindowsAct:
    """Sysmon 1; a program of the system works in its folder, one of a user in the user's."""
    number = time // 1000
    user = f"{who.domain}\\{who.name}"
    is_user = who.domain not in ("NT AUTHORITY", "IIS APPPOOL")
    return WindowsAct(
        time,
        host.name,
        SYSMON,
        _PROVIDER,
        1,
        (
            ("RuleName", "-"),
            ("UtcTime", _utc(time)),
            ("ProcessGuid", _guid(number)),
            ("ProcessId", _process_id(number)),
            ("Image", image),
            ("FileVersion", "10.0.22621.1"),
            ("Company", "Microsoft Corporation"),
            ("OriginalFileName", image.rsplit("\\", 1)[-1]),
            ("CommandLine", command_line),
            ("CurrentDirectory", f"C:\\Users\\{who.name}\\" if is_user else "C:\\Windows\\System32\\inetsrv\\"),
            ("User", user),
            ("LogonId", f"{who.logon_id:#x}"),
            ("IntegrityLevel", "Medium" if is_user else "High"),
            ("ParentImage", parent),
            ("ParentCommandLine", parent),
            ("ParentUser", user),
        ),
    )


def process_opened(time: int, host: Host, who: Who, image: str, target: str, rights: int) -> WindowsAct:
    """Sysmon 10: one process opened another."""
    number = time // 1000
    return WindowsAct(
        time,
        host.name,
        SYSMON,
        _PROVIDER,
        10,
        (
            ("RuleName", "-"),
            ("UtcTime", _utc(time)),
            ("SourceProcessGUID", _guid(number)),
            ("SourceProcessId", _process_id(number)),
            ("SourceThreadId", 4 + number % 9000),
            ("SourceImage", image),
            ("TargetProcessGUID", _guid(700)),
            ("TargetProcessId", 700),
            ("TargetImage", target),
            ("GrantedAccess", f"{rights:#x}"),
            ("CallTrace", "C:\\Windows\\SYSTEM32\\ntdll.dll+9d234|C:\\Windows\\System32\\KERNELBASE.dll+2c13e"),
            ("SourceUser", f"{who.domain}\\{who.name}"),
            ("TargetUser", "NT AUTHORITY\\SYSTEM"),
        ),
    )


def file_created(time: int, host: Host, who: Who, image: str, path: str) -> WindowsAct:
    """Sysmon 11."""
    number = time // 1000
    return WindowsAct(
        time,
        host.name,
        SYSMON,
        _PROVIDER,
        11,
        (
            ("RuleName", "-"),
            ("UtcTime", _utc(time)),
            ("ProcessGuid", _guid(number)),
            ("ProcessId", _process_id(number)),
            ("Image", image),
            ("TargetFilename", path),
            ("CreationUtcTime", _utc(time)),
            ("User", f"{who.domain}\\{who.name}"),
        ),
    )
