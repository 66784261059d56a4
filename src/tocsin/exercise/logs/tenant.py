"""The tenant's audit log: a file a day, the older ones compressed, now and then an export of the portal."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path

from tocsin.exercise import actions as act
from tocsin.exercise.actions import Connection, TenantAction
from tocsin.exercise.formats import m365
from tocsin.exercise.formats.m365_csv import export_csv
from tocsin.exercise.logs.placing import Placed, write_file
from tocsin.exercise.world import Person, World, guid, stream
from tocsin.model.instant import NANOSECONDS, format_time

_ERRORS = {50126: "InvalidUserNameOrPassword"}


class TenantLog:
    """`logs/m365/`: one day in ten is a CSV export, the last day is not compressed yet."""

    takes = (
        act.SignIn, act.MailRead, act.MailSync, act.MailSent, act.FileAct, act.MailSetting, act.DirectoryChange,
    )  # fmt: skip
    precision_ns = NANOSECONDS

    def __init__(self, world: World, folder: Path, seed: int) -> None:
        self._world = world
        self._folder = folder
        self._chance = stream(seed, "record ids")

    def write_day(self, day: int, actions: Sequence[TenantAction]) -> Iterator[Placed]:
        """One file."""
        date = format_time(self._world.day(day))[:10]
        records = [_audit_record(self._world, action, guid(self._chance)) for action in actions]
        name = f"logs/m365/audit-{date}.jsonl"
        if day % 10 == 5:
            name = f"logs/m365/export-{date}.csv"
            data = export_csv(records)
        else:
            data = b"".join(m365.audit_line(record) for record in records)
            if day < self._world.shape.days - 1:
                name += ".gz"
                data = gzip.compress(data, compresslevel=6, mtime=0)
        write_file(self._folder, name, data)
        yield from (Placed(action, name, entry) for entry, action in enumerate(actions))

    def close(self) -> None:
        """Nothing stays open."""


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
