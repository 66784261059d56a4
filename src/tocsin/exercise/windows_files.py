"""What a Windows file server logs of a share and the files behind it: Security 4624 (type 3), 5140, 5145 and 4663.

Field names follow Microsoft's event reference. Every file of these exercises has a system access control list that asks
for reading, writing and deletion, by everybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocsin.exercise import windows_events as windows
from tocsin.exercise.actions import WindowsAct
from tocsin.exercise.world import Host, World

READ, WRITE, DELETE = 0x1, 0x2, 0x10000
_RIGHTS = {READ: "%%4416", WRITE: "%%4417", DELETE: "%%1537"}
_MILLISECOND = 1_000_000


class ShareSession(NamedTuple):
    """One account's connection to one share, from `address`; `account` is (name, SID)."""

    server: Host
    account: tuple[str, str]
    logon_id: int
    address: str
    share: str

    @property
    def local(self) -> str:
        """The folder the share stands for."""
        return "D:" if self.share == "D$" else f"D:\\{self.share}"


def opened(
    time: int,
    world: World,
    session: ShareSession,
    *,
    package: str = "",
    elevated: bool = False,
) -> Iterator[WindowsAct]:
    """The account logs on over the network, and connects to the share."""
    yield windows.logon(
        time,
        session.server,
        world,
        session.account,
        session.logon_id,
        address=session.address,
        package=package,
        elevated=elevated,
    )
    yield WindowsAct(
        time + 3 * _MILLISECOND,
        session.server.name,
        windows.SECURITY,
        windows.AUDITING,
        5140,
        (
            *_subject(world, session),
            ("ObjectType", "File"),
            ("IpAddress", session.address),
            ("IpPort", str(49152 + session.logon_id % 16000)),
            ("ShareName", f"\\\\*\\{session.share}"),
            ("ShareLocalPath", f"\\??\\{session.local}"),
            ("AccessMask", "0x1"),
            ("AccessList", "%%4416"),
        ),
    )


def share_checked(time: int, world: World, session: ShareSession, path: str, right: int) -> WindowsAct:
    """Security 5145: a file, by its path below the share, was checked for access."""
    return WindowsAct(
        time,
        session.server.name,
        windows.SECURITY,
        windows.AUDITING,
        5145,
        (
            *_subject(world, session),
            ("ObjectType", "File"),
            ("IpAddress", session.address),
            ("IpPort", str(49152 + session.logon_id % 16000)),
            ("ShareName", f"\\\\*\\{session.share}"),
            ("ShareLocalPath", f"\\??\\{session.local}"),
            ("RelativeTargetName", path),
            ("AccessMask", f"{right:#x}"),
            ("AccessList", _RIGHTS[right]),
            ("AccessReason", "-"),
        ),
    )


def touched(time: int, world: World, session: ShareSession, path: str, right: int) -> Iterator[WindowsAct]:
    """The check of the share (5145) and the access to the file itself (4663); `path` is below the share."""
    yield share_checked(time, world, session, path, right)
    yield WindowsAct(
        time + 2 * _MILLISECOND,
        session.server.name,
        windows.SECURITY,
        windows.AUDITING,
        4663,
        (
            *_subject(world, session),
            ("ObjectServer", "Security"),
            ("ObjectType", "File"),
            ("ObjectName", f"{session.local}\\{path}"),
            ("HandleId", f"{0x400 + time // 1000 % 0x4000:#x}"),
            ("AccessList", _RIGHTS[right]),
            ("AccessMask", f"{right:#x}"),
            ("ProcessId", "0x4"),
            ("ProcessName", ""),
            ("ResourceAttributes", "S:AI"),
        ),
    )


def _subject(world: World, session: ShareSession) -> tuple[tuple[str, str], ...]:
    name, sid = session.account
    return (
        ("SubjectUserSid", sid),
        ("SubjectUserName", name),
        ("SubjectDomainName", windows.domain_of(world, sid)),
        ("SubjectLogonId", f"{session.logon_id:#x}"),
    )
