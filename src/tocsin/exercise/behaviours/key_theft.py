"""Key theft: the intruder enters the federation server and takes the key its tokens are signed with."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise import windows_events as windows
from tocsin.exercise.actions import Action
from tocsin.exercise.intruder import Intrusion
from tocsin.exercise.presence import MINUTE
from tocsin.exercise.world import World

_POWERSHELL = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"

# Marks of such scripts as they stand in logs; they do nothing as they are.
_READ_CONTAINER = (
    "$groups = [adsisearcher]'(&(objectClass=contact)(!(cn=CryptoPolicy)))'\r\n"
    "$groups.SearchRoot = 'LDAP://CN=ADFS,CN=Microsoft,CN=Program Data,{base}'\r\n"
    "$groups.PropertiesToLoad.Add('thumbnailPhoto')"
)
_EXPORT_KEY = (
    "$signing = Get-AdfsCertificate -CertificateType Token-Signing\r\n"
    "$bytes = $signing.Certificate.Export('Pfx', $phrase)\r\n"
    "[IO.File]::WriteAllBytes('C:\\ProgramData\\fed\\s.pfx', $bytes)"
)


def act(world: World, intrusion: Intrusion, chance: random.Random) -> Iterator[Action]:
    """A remote logon from outside, a shell, the container of the sharing key read, the certificate exported."""
    server, controller = world.host("federation server"), world.host("domain controller")
    account, time = intrusion.service_account, intrusion.theft
    base = ",".join(f"DC={part}" for part in world.domain.split("."))
    yield windows.logon(time, server, world, account, intrusion.logon_id, kind=10, address=intrusion.remote_address)
    time += chance.randint(1, 4) * MINUTE
    command_line = f"{_POWERSHELL} -NoProfile"
    yield windows.process_started(
        time,
        server,
        world,
        account,
        _POWERSHELL,
        command_line,
        "C:\\Windows\\explorer.exe",
        logon_id=intrusion.logon_id,
    )
    time += chance.randint(1, 4) * MINUTE
    yield windows.script_block(time, server, _READ_CONTAINER.format(base=base), account[1])
    yield windows.directory_read(
        time + chance.randrange(1, 900) * 1_000_000,
        controller,
        world,
        account,
        intrusion.logon_id,
        windows.CONTACT_CLASS,
        f"CN={chance.getrandbits(64):016x},CN=ADFS,CN=Microsoft,CN=Program Data,{base}",
        f"%%7684\r\n\t{windows.THUMBNAIL_PHOTO}\r\n{windows.CONTACT_CLASS}",
    )
    time += chance.randint(1, 4) * MINUTE
    yield windows.script_block(time, server, _EXPORT_KEY, account[1])
    yield windows.key_exported(
        time + chance.randrange(1, 900) * 1_000_000,
        server,
        f"CN=ADFS Signing - sts.{world.domain}",
        f"{chance.getrandbits(160):040x}",
        account[1],
    )
