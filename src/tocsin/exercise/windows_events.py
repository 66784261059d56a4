"""Windows events with the field names of their providers' templates, from what happened to one `WindowsAct` each.

Field names follow Microsoft's event reference: Security 1102, 4624, 4625, 4662, 4688, 4723, 4724, 4768, 4769;
PowerShell 4104; AD FS Auditing 1200, 1203; CertificateServicesClient-Lifecycle 1007; Service Control Manager 7036.
"""

from __future__ import annotations

from tocsin.exercise.actions import WindowsAct
from tocsin.exercise.world import Host, Person, World

SECURITY = "Security"
POWERSHELL = "Microsoft-Windows-PowerShell/Operational"
SYSTEM = "System"
CERTIFICATES = "Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational"
AUDITING = "Microsoft-Windows-Security-Auditing"
LOCAL_SYSTEM = "S-1-5-18"

# schemaIDGUID of the contact class and of the thumbnailPhoto attribute, [MS-ADSC] and [MS-ADA3].
CONTACT_CLASS = "%{5cb41ed0-0e4c-11d0-a286-00aa003049e2}"
THUMBNAIL_PHOTO = "%{8d3bca50-1d7e-11d0-a081-00aa006c33ed}"


def domain_of(world: World, sid: str) -> str:
    """The domain an account is written with: its own where it is a service's, else the institution's."""
    if sid == LOCAL_SYSTEM:
        return "NT AUTHORITY"
    return next((service.domain for service in world.services if service.account[1] == sid), world.netbios)


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
    package: str = "",
    elevated: bool = False,
) -> WindowsAct:
    """Security 4624; `account` is (name, SID), `kind` the logon type: 2 console, 3 network, 5 service, 10 remote.

    `package` is what authenticated it, "" for the usual one of the kind; `elevated`: with an administrator's rights.
    """
    name, sid = account
    domain = domain_of(world, sid)
    return WindowsAct(
        time,
        host.name,
        SECURITY,
        AUDITING,
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
            (
                "LogonProcessName",
                "NtLmSsp " if package == "NTLM" else {5: "Advapi", 10: "User32"}.get(kind, "Kerberos"),
            ),
            ("AuthenticationPackageName", package or ("Kerberos" if kind == 3 else "Negotiate")),
            ("WorkstationName", workstation),
            ("LogonGuid", "{00000000-0000-0000-0000-000000000000}"),
            ("ProcessName", "-" if kind == 3 else "C:\\Windows\\System32\\svchost.exe"),
            ("IpAddress", address),
            ("IpPort", "0" if address == "-" else str(49152 + logon_id % 16000)),
            ("ElevatedToken", "%%1842" if elevated else "%%1843"),
        ),
    )


def password_changed(
    time: int, controller: Host, world: World, person: Person, by: Person, logon_id: int
) -> WindowsAct:
    """Security 4723: people change their own password; 4724: somebody else sets it anew."""
    return WindowsAct(
        time,
        controller.name,
        SECURITY,
        AUDITING,
        4723 if person.id == by.id else 4724,
        (
            ("TargetUserName", person.sam),
            ("TargetDomainName", world.netbios),
            ("TargetSid", person.sid),
            ("SubjectUserSid", by.sid),
            ("SubjectUserName", by.sam),
            ("SubjectDomainName", world.netbios),
            ("SubjectLogonId", f"{logon_id:#x}"),
            *((("PrivilegeList", "-"),) if person.id == by.id else ()),
        ),
    )


def failed_logon(time: int, host: Host, world: World, person: Person) -> WindowsAct:
    """Security 4625: a wrong password."""
    return WindowsAct(
        time,
        host.name,
        SECURITY,
        AUDITING,
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
        AUDITING,
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
    logon_id: int,
    object_type: str,
    object_name: str,
    properties: str,
) -> WindowsAct:
    """Security 4662: an object of the directory was read."""
    name, sid = account
    return WindowsAct(
        time,
        controller.name,
        SECURITY,
        AUDITING,
        4662,
        (
            ("SubjectUserSid", sid),
            ("SubjectUserName", name),
            ("SubjectDomainName", world.netbios),
            ("SubjectLogonId", f"{logon_id:#x}"),
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
    logon_id: int = 0,
) -> WindowsAct:
    """Security 4688 with the command line."""
    name, sid = account
    return WindowsAct(
        time,
        host.name,
        SECURITY,
        AUDITING,
        4688,
        (
            ("SubjectUserSid", sid),
            ("SubjectUserName", name),
            ("SubjectDomainName", domain_of(world, sid)),
            ("SubjectLogonId", "0x3e7" if sid == LOCAL_SYSTEM else f"{logon_id:#x}"),
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
    )


def script_block(time: int, host: Host, text: str, user_sid: str) -> WindowsAct:
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
    )


def service_state(time: int, host: Host, service: str, state: str) -> WindowsAct:
    """Service Control Manager 7036: a service entered a state."""
    return WindowsAct(
        time, host.name, SYSTEM, "Service Control Manager", 7036, (("param1", service), ("param2", state))
    )


def log_cleared(time: int, host: Host, world: World, account: tuple[str, str], logon_id: int) -> WindowsAct:
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
                ("SubjectLogonId", f"{logon_id:#x}"),
            ),
        ),
    )
