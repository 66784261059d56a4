"""Windows events with the field names of their providers' templates, from what happened to one `WindowsAct` each.

Field names follow Microsoft's event reference: Security 1102, 4624, 4625, 4662, 4688, 4768, 4769, 5145; PowerShell
4104; AD FS Auditing 1200, 1203; CertificateServicesClient-Lifecycle 1007; Service Control Manager 7036; Sysmon 1.
"""

from __future__ import annotations

from tocsin.exercise.actions import WindowsAct
from tocsin.exercise.world import Host, Person, World
from tocsin.model.instant import format_time

SECURITY = "Security"
POWERSHELL = "Microsoft-Windows-PowerShell/Operational"
SYSTEM = "System"
CERTIFICATES = "Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational"
SYSMON = "Microsoft-Windows-Sysmon/Operational"
_AUDITING = "Microsoft-Windows-Security-Auditing"
LOCAL_SYSTEM = "S-1-5-18"

# schemaIDGUID of the contact class and of the thumbnailPhoto attribute, [MS-ADSC] and [MS-ADA3].
CONTACT_CLASS = "%{5cb41ed0-0e4c-11d0-a286-00aa003049e2}"
THUMBNAIL_PHOTO = "%{8d3bca50-1d7e-11d0-a081-00aa006c33ed}"


def _domain(world: World, sid: str) -> str:
    return "NT AUTHORITY" if sid == LOCAL_SYSTEM else world.netbios


def logon(
    time: int,
    host: Host,
    world: World,
    account: tuple[str, str],
    logon_id: int,
    *,
    kind: int = 3,
    address: str = "-",
    workstation: str = "-",
    by_intruder: bool = False,
) -> WindowsAct:
    """Security 4624; `account` is (name, SID), `kind` the logon type: 2 console, 3 network, 5 service, 10 remote."""
    name, sid = account
    domain = _domain(world, sid)
    return WindowsAct(
        time,
        host.name,
        SECURITY,
        _AUDITING,
        4624,
        (
            ("SubjectUserSid", LOCAL_SYSTEM),
            ("SubjectUserName", f"{host.name.upper()}$"),
            ("SubjectDomainName", world.netbios),
            ("SubjectLogonId", "0x3e7"),
            ("TargetUserSid", sid),
            ("TargetUserName", name),
            ("TargetDomainName", domain),
            ("TargetLogonId", f"{logon_id:#x}"),
            ("LogonType", kind),
            ("LogonProcessName", {5: "Advapi", 10: "User32"}.get(kind, "Kerberos")),
            ("AuthenticationPackageName", "Kerberos" if kind == 3 else "Negotiate"),
            ("WorkstationName", workstation),
            ("LogonGuid", "{00000000-0000-0000-0000-000000000000}"),
            ("ProcessName", "-" if kind == 3 else "C:\\Windows\\System32\\svchost.exe"),
            ("IpAddress", address),
            ("IpPort", "0" if address == "-" else str(49152 + logon_id % 16000)),
            ("ElevatedToken", "%%1843"),
        ),
        by_intruder=by_intruder,
    )


def failed_logon(time: int, host: Host, world: World, person: Person) -> WindowsAct:
    """Security 4625: a wrong password."""
    return WindowsAct(
        time,
        host.name,
        SECURITY,
        _AUDITING,
        4625,
        (
            ("SubjectUserSid", "S-1-0-0"),
            ("SubjectUserName", "-"),
            ("SubjectDomainName", "-"),
            ("SubjectLogonId", "0x0"),
            ("TargetUserSid", "S-1-0-0"),
            ("TargetUserName", person.sam),
            ("TargetDomainName", world.netbios),
            ("Status", "0xc000006d"),
            ("FailureReason", "%%2313"),
            ("SubStatus", "0xc000006a"),
            ("LogonType", 3),
            ("LogonProcessName", "NtLmSsp"),
            ("AuthenticationPackageName", "NTLM"),
            ("WorkstationName", "-"),
            ("IpAddress", person.device_address),
            ("IpPort", "0"),
        ),
    )


def ticket(time: int, controller: Host, world: World, person: Person, *, service: str = "krbtgt") -> WindowsAct:
    """Security 4768 for a ticket-granting ticket, 4769 for a service ticket."""
    granting = service == "krbtgt"
    return WindowsAct(
        time,
        controller.name,
        SECURITY,
        _AUDITING,
        4768 if granting else 4769,
        (
            ("TargetUserName", person.sam if granting else f"{person.sam}@{world.domain.upper()}"),
            ("TargetDomainName", world.netbios),
            *((("TargetSid", person.sid),) if granting else ()),
            ("ServiceName", service),
            ("ServiceSid", f"{world.domain_sid}-{502 if granting else 1001}"),
            ("TicketOptions", "0x40810010"),
            *((("Status", "0x0"),) if granting else ()),
            ("TicketEncryptionType", "0x12"),
            *((("PreAuthType", "2"),) if granting else ()),
            ("IpAddress", f"::ffff:{person.device_address}"),
            ("IpPort", str(49152 + int(person.id[1:]))),
            *(() if granting else (("Status", "0x0"),)),
        ),
    )


def token_issued(time: int, server: Host, world: World, person: Person, address: str, activity: str) -> WindowsAct:
    """AD FS Auditing 1200: the federation service issued a token. Its values have no names; the second is XML."""
    return _federation_audit(time, server, world, person, address, activity, 1200, "AppToken", "Success")


def token_refused(time: int, server: Host, world: World, person: Person, address: str, activity: str) -> WindowsAct:
    """AD FS Auditing 1203: fresh credentials did not hold."""
    return _federation_audit(time, server, world, person, address, activity, 1203, "FreshCredentials", "Failure")


def _federation_audit(
    time: int,
    server: Host,
    world: World,
    person: Person,
    address: str,
    activity: str,
    event_id: int,
    audit_type: str,
    result: str,
) -> WindowsAct:
    xml = (
        f'<?xml version="1.0" encoding="utf-16"?><AuditBase><AuditType>{audit_type}</AuditType>'
        f"<AuditResult>{result}</AuditResult><ContextComponents>"
        "<Component><RelyingParty>urn:federation:MicrosoftOnline</RelyingParty></Component>"
        f"<Component><UserId>{world.netbios}\\{person.sam}</UserId></Component>"
        f"<Component><IpAddress>{address}</IpAddress><Server>https://sts.{world.domain}/adfs/services/trust</Server>"
        "</Component></ContextComponents></AuditBase>"
    )
    return WindowsAct(time, server.name, SECURITY, "AD FS Auditing", event_id, (("", activity), ("", xml)))


def directory_read(
    time: int,
    controller: Host,
    world: World,
    account: tuple[str, str],
    object_type: str,
    object_name: str,
    properties: str,
) -> WindowsAct:
    """Security 4662: an object of the directory was read; always the intruder's in these exercises."""
    name, sid = account
    return WindowsAct(
        time,
        controller.name,
        SECURITY,
        _AUDITING,
        4662,
        (
            ("SubjectUserSid", sid),
            ("SubjectUserName", name),
            ("SubjectDomainName", world.netbios),
            ("SubjectLogonId", "0x5a21c7"),
            ("ObjectServer", "DS"),
            ("ObjectType", object_type),
            ("ObjectName", object_name),
            ("OperationType", "Object Access"),
            ("HandleId", "0x0"),
            ("AccessList", "%%7684"),
            ("AccessMask", "0x10"),
            ("Properties", properties),
            ("AdditionalInfo", "-"),
            ("AdditionalInfo2", ""),
        ),
        by_intruder=True,
    )


def process_started(
    time: int,
    host: Host,
    world: World,
    account: tuple[str, str],
    image: str,
    command_line: str,
    parent: str,
    *,
    by_intruder: bool = False,
) -> WindowsAct:
    """Security 4688 with the command line."""
    name, sid = account
    return WindowsAct(
        time,
        host.name,
        SECURITY,
        _AUDITING,
        4688,
        (
            ("SubjectUserSid", sid),
            ("SubjectUserName", name),
            ("SubjectDomainName", _domain(world, sid)),
            ("SubjectLogonId", "0x3e7" if sid == LOCAL_SYSTEM else "0x5a21c7"),
            ("NewProcessId", f"{0x1000 + (time // 1000) % 0x6000:#x}"),
            ("NewProcessName", image),
            ("TokenElevationType", "%%1936"),
            ("ProcessId", f"{0x400 + (time // 1000) % 0x900:#x}"),
            ("CommandLine", command_line),
            ("TargetUserSid", "S-1-0-0"),
            ("TargetUserName", "-"),
            ("TargetDomainName", "-"),
            ("TargetLogonId", "0x0"),
            ("ParentProcessName", parent),
            ("MandatoryLabel", "S-1-16-8192"),
        ),
        by_intruder=by_intruder,
    )


def process_seen(
    time: int, host: Host, world: World, name: str, image: str, command_line: str, parent: str
) -> WindowsAct:
    """Sysmon 1 on a workstation."""
    number = time // 1000
    return WindowsAct(
        time,
        host.name,
        SYSMON,
        "Microsoft-Windows-Sysmon",
        1,
        (
            ("RuleName", "-"),
            ("UtcTime", format_time(time // 1_000_000 * 1_000_000).replace("T", " ").removesuffix("Z")),
            ("ProcessGuid", f"{{7c1d2e50-{number % 0xFFFF:04x}-65e0-0000-{number % 0xFFFFFFFFFFFF:012x}}}"),
            ("ProcessId", 4000 + number % 5000),
            ("Image", image),
            ("FileVersion", "10.0.22621.1"),
            ("Company", "Microsoft Corporation"),
            ("OriginalFileName", image.rsplit("\\", 1)[-1]),
            ("CommandLine", command_line),
            ("CurrentDirectory", f"C:\\Users\\{name}\\"),
            ("User", f"{world.netbios}\\{name}"),
            ("IntegrityLevel", "Medium"),
            ("ParentImage", parent),
            ("ParentCommandLine", parent),
            ("ParentUser", f"{world.netbios}\\{name}"),
        ),
    )


def share_read(time: int, server: Host, world: World, person: Person, share: str, path: str) -> WindowsAct:
    """Security 5145: a file of a network share was checked for access."""
    return WindowsAct(
        time,
        server.name,
        SECURITY,
        _AUDITING,
        5145,
        (
            ("SubjectUserSid", person.sid),
            ("SubjectUserName", person.sam),
            ("SubjectDomainName", world.netbios),
            ("SubjectLogonId", f"{0x200000 + int(person.id[1:]):#x}"),
            ("ObjectType", "File"),
            ("IpAddress", person.device_address),
            ("IpPort", "50112"),
            ("ShareName", f"\\\\*\\{share}"),
            ("ShareLocalPath", f"\\??\\D:\\Shares\\{share}"),
            ("RelativeTargetName", path),
            ("AccessMask", "0x1"),
            ("AccessList", "%%4416"),
            ("AccessReason", "-"),
        ),
    )


def script_block(time: int, host: Host, text: str, user_sid: str, *, by_intruder: bool = False) -> WindowsAct:
    """PowerShell 4104: a script block as it was compiled; only the SID tells whose."""
    return WindowsAct(
        time,
        host.name,
        POWERSHELL,
        "Microsoft-Windows-PowerShell",
        4104,
        (
            ("MessageNumber", 1),
            ("MessageTotal", 1),
            ("ScriptBlockText", text),
            ("ScriptBlockId", f"5b1e77a0-0000-4000-8000-{time // 1000 % 0xFFFFFFFFFFFF:012x}"),
            ("Path", ""),
        ),
        user_sid=user_sid,
        by_intruder=by_intruder,
    )


def key_exported(time: int, host: Host, subject: str, thumbprint: str, user_sid: str) -> WindowsAct:
    """CertificateServicesClient-Lifecycle 1007: a certificate was exported with its key."""
    return WindowsAct(
        time,
        host.name,
        CERTIFICATES,
        "Microsoft-Windows-CertificateServicesClient-Lifecycle-System",
        1007,
        (),
        (
            "CertNotificationData",
            (
                ("ProcessName", "powershell.exe"),
                ("SubjectName", subject),
                ("Thumbprint", thumbprint),
                ("Action", "Export"),
                ("Store", "My"),
            ),
        ),
        user_sid=user_sid,
        by_intruder=True,
    )


def service_state(time: int, host: Host, service: str, state: str) -> WindowsAct:
    """Service Control Manager 7036: a service entered a state."""
    return WindowsAct(
        time, host.name, SYSTEM, "Service Control Manager", 7036, (("param1", service), ("param2", state))
    )


def log_cleared(time: int, host: Host, world: World, account: tuple[str, str]) -> WindowsAct:
    """Security 1102: the audit log was cleared."""
    name, sid = account
    return WindowsAct(
        time,
        host.name,
        SECURITY,
        "Microsoft-Windows-Eventlog",
        1102,
        (),
        (
            "LogFileCleared",
            (
                ("SubjectUserSid", sid),
                ("SubjectUserName", name),
                ("SubjectDomainName", world.netbios),
                ("SubjectLogonId", "0x5a21c7"),
            ),
        ),
        by_intruder=True,
    )
