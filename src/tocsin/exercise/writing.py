"""From actions to log files in the real formats, and where in them each action stands."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tocsin.exercise import actions as act
from tocsin.exercise.actions import Action, Connection, TenantAction, WindowsAct
from tocsin.exercise.formats import m365
from tocsin.exercise.formats.evtx import WindowsEvent, evtx_bytes
from tocsin.exercise.world import Person, World, guid, stream
from tocsin.model.instant import DAY, NANOSECONDS, format_time

_ERRORS = {50126: "InvalidUserNameOrPassword"}
_FIRST_RECORD_NUMBER = 20_001
_WINDOWS_TICK = 100  # nanoseconds
_FAILURES = {4625, 1203}  # Security events that only report a failure


class ClearedLog(NamedTuple):
    """A Windows log that was cleared: up to `archived_to` it was copied, from there to the clearing it is gone."""

    host: str
    channel: str
    archived_to: int
    cleared_at: int


class Placed(NamedTuple):
    """An action and its record: `file` below the exercise's folder, 0-based `entry`; None where no log has it."""

    action: Action
    file: str | None
    entry: int | None


def write_logs(
    world: World, actions: Iterable[Action], cleared: Sequence[ClearedLog], folder: Path, seed: int
) -> tuple[Placed, ...]:
    """Write `folder/logs/**`; the placed actions come back by time. Equal arguments write equal bytes."""
    ordered = sorted(actions, key=lambda action: action.time)
    # Times are cut to what each log keeps, so that the truth says no more than the log can.
    tenant = [
        action._replace(time=action.time // NANOSECONDS * NANOSECONDS)
        for action in ordered
        if not isinstance(action, WindowsAct)
    ]
    windows = [
        action._replace(time=action.time // _WINDOWS_TICK * _WINDOWS_TICK)
        for action in ordered
        if isinstance(action, WindowsAct)
    ]
    placed = [*_write_tenant(world, tenant, folder, seed), *_write_windows(world, windows, cleared, folder)]
    return tuple(sorted(placed, key=lambda place: place.action.time))


def _write(folder: Path, name: str, data: bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _write_tenant(world: World, actions: Sequence[TenantAction], folder: Path, seed: int) -> Iterable[Placed]:
    """One file a day: the older days compressed, one weekend day as the portal's CSV export, the last one plain."""
    chance = stream(seed, "record ids")
    by_day: dict[int, list[TenantAction]] = {}
    for action in actions:
        by_day.setdefault((action.time - world.shape.start) // DAY, []).append(action)
    for day, of_day in sorted(by_day.items()):
        date = format_time(world.day(day))[:10]
        records = [_audit_record(world, action, guid(chance)) for action in of_day]
        name = f"logs/m365/audit-{date}.jsonl"
        if day % 10 == 5:
            name = f"logs/m365/export-{date}.csv"
            _write(folder, name, m365.export_csv(records))
        elif day < world.shape.days - 1:
            name += ".gz"
            lines = b"".join(m365.audit_line(record) for record in records)
            _write(folder, name, gzip.compress(lines, compresslevel=6, mtime=0))
        else:
            _write(folder, name, b"".join(m365.audit_line(record) for record in records))
        yield from (Placed(action, name, entry) for entry, action in enumerate(of_day))


def _write_windows(
    world: World, actions: Sequence[WindowsAct], cleared: Sequence[ClearedLog], folder: Path
) -> Iterable[Placed]:
    """One file a host and channel; a cleared log gives the archived part and what was written from the clearing on."""
    clearings = {(entry.host, entry.channel): entry for entry in cleared}
    by_log: dict[tuple[str, str], list[WindowsAct]] = {}
    for action in actions:
        by_log.setdefault((action.host, action.channel), []).append(action)
    computers = {host.name: host.fqdn for host in world.hosts}
    for (host, channel), of_log in sorted(by_log.items()):
        clearing = clearings.get((host, channel))
        parts: dict[str, list[tuple[WindowsAct, WindowsEvent]]] = {}
        for number, action in enumerate(of_log, start=_FIRST_RECORD_NUMBER):
            name = _log_file(host, channel, action.time, clearing)
            if name is None:
                yield Placed(action, None, None)
            else:
                parts.setdefault(name, []).append((action, _event(action, number, computers[host])))
        for name, part in parts.items():
            _write(folder, name, evtx_bytes([event for _, event in part]))
            yield from (Placed(action, name, entry) for entry, (action, _) in enumerate(part))


def _log_file(host: str, channel: str, time: int, clearing: ClearedLog | None) -> str | None:
    """The file an event of that time is in; None where it was neither archived nor left."""
    name = channel.replace("/", "%4")  # as Windows names the file of a channel
    if clearing is None or time >= clearing.cleared_at // _WINDOWS_TICK * _WINDOWS_TICK:
        return f"logs/windows/{host}/{name}.evtx"
    if time < clearing.archived_to:
        return f"logs/windows/{host}/Archive-{name}-{format_time(clearing.archived_to)[:10]}.evtx"
    return None


def _event(action: WindowsAct, number: int, computer: str) -> WindowsEvent:
    return WindowsEvent(
        channel=action.channel,
        provider=action.provider,
        event_id=action.event_id,
        record_number=number,
        time=action.time,
        computer=computer,
        data=action.data,
        user_data=action.user_data,
        keywords=_keywords(action),
        security_user_id=action.user_sid,
    )


def _keywords(action: WindowsAct) -> int:
    """What a Security event's keywords say of the outcome; other channels only have the reserved bit."""
    if action.channel != "Security":
        return 0x8000000000000000
    if action.event_id in _FAILURES:
        return 0x8010000000000000
    return 0x4020000000000000 if action.event_id == 1102 else 0x8020000000000000


def _tenant_person(person: Person) -> m365.Person:
    return m365.Person(
        upn=person.upn,
        object_id=person.object_id,
        puid=person.puid,
        sid=person.sid,
        mailbox_guid=person.mailbox_guid,
    )


def _audit_record(world: World, action: TenantAction, record_id: str) -> m365.AuditRecord:
    """The audit record of one action in the tenant."""

    def common(person: Person, connection: Connection, application: str = m365.OUTLOOK_WEB) -> m365.Act:
        return m365.Act(
            time=action.time,
            record_id=record_id,
            tenant=m365.Tenant(id=world.organization_id, domain=world.tenant, sharepoint=world.tenant),
            person=_tenant_person(person),
            address=connection.address,
            session=connection.session,
            user_agent=connection.agent,
            app_id=application,
        )

    match action:
        case act.SignIn(person=person, connection=connection, application=application, error=error, method=method):
            record = m365.sign_in(
                common(person, connection, application), error=error, error_name=_ERRORS.get(error, "")
            )
            if method:
                record["ExtendedProperties"].append({"Name": "UserAuthenticationMethod", "Value": method})
            return record
        case act.MailRead(person=person, owner=owner, connection=connection, messages=messages, client=client):
            record = m365.mail_items_accessed(
                common(person, connection, action.application),
                folders={action.folder: [message.internet_message_id for message in messages]},
                mailbox=_tenant_person(owner),
                client_info=client,
            )
            if client.startswith("Client=REST"):  # programs are described in a field of their own
                agent = connection.agent or "[NoUserAgent]"
                record["ActorInfoString"] = f"{client.rstrip(';')};UserAgent={agent}[AppId={action.application}];"
            return record
        case act.MailSync(owner=owner, connection=connection, folder=folder):
            return m365.mail_folder_synchronised(common(owner, connection), folder=folder.removeprefix("\\"))
        case act.MailSent(person=person, connection=connection, message=message):
            return m365.message_sent(
                common(person, connection), message=message.internet_message_id, subject=message.subject
            )
        case act.FileAct(person=person, connection=connection, operation=operation, document=document):
            return m365.file_operation(
                common(person, connection, m365.SHAREPOINT_ONLINE),
                operation=operation,
                site=document.site_url,
                folder=f"Shared Documents/{document.folder}",
                name=document.file,
            )
        case act.MailSetting(person=person, connection=connection, operation=operation, parameters=parameters):
            values = dict(parameters)
            if operation.endswith("-InboxRule"):
                return m365.inbox_rule(
                    common(person, connection), name=values.pop("Name"), parameters=values, command=operation
                )
            return m365.exchange_command(
                common(person, connection), command=operation, object_id=action.scope, parameters=values
            )
        case act.DirectoryChange(person=person, connection=connection, operation=operation, target=target):
            return m365.directory_change(
                common(person, connection),
                operation=operation,
                object_id=target,
                target=((target, 5),),
                modified={name: (new, old) for name, new, old in action.changes},
                category="Group" if "group" in operation else "User",
            )
