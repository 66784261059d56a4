"""What the records mean: who reached what, to which degree, through what, and what stays behind."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.collect.source import Mapped
from tocsin.collect.sources.m365_unified_audit import SOURCE
from tocsin.collect.sources.m365_unified_audit.decoding import decode_record
from tocsin.exercise.formats import m365 as written
from tocsin.model.coverage import Mark
from tocsin.model.exposure import ActorClass, Degree
from tocsin.model.instant import parse_time
from tocsin.model.record import Record
from tocsin.model.tables import ACCESSES, EVENT_COLUMNS, MARKS

TENANT = written.Tenant(
    id="11111111-1111-4111-8111-111111111111", domain="tribunal.example", sharepoint="tribunal.sharepoint.example"
)
ADA, BO = (
    written.Person(
        upn=f"{name}.Example@tribunal.example",
        object_id=f"2222222{number}-2222-4222-8222-222222222222",
        puid=f"1003BFFD0000000{number}",
        sid=f"S-1-5-21-1000-2000-3000-100{number}",
        mailbox_guid=f"3333333{number}-3333-4333-8333-333333333333",
    )
    for number, name in enumerate(("Ada", "Bo"))
)
SITE = "https://tribunal.sharepoint.example/sites/registry/"
SESSION = "aaaaaaaa-0000-4000-8000-000000000001"
SUBSTRATE = "Client=REST;Client=RESTSystem;;"
WEVE = "3c896ded-22c5-450f-91f6-3d1ef0848f6e"


def act(person: written.Person = ADA, **more: str) -> written.Act:
    return written.Act(
        time=parse_time("2024-03-04T08:00:07") or 0,
        record_id="00000000-0000-4000-8000-0000000000AB",
        tenant=TENANT,
        person=person,
        **{"address": "198.51.100.4", "session": SESSION, "user_agent": "Mozilla/5.0 Example/1.0", **more},
    )


def mapped(record: dict[str, Any], **changed: object) -> Mapped:
    (one,) = SOURCE.records(orjson.dumps({**record, **changed}), b"", 0)
    assert isinstance(one, Record)
    return SOURCE.map(one)


def reached(found: Mapped) -> list[tuple[str, str, str]]:
    return [(one["kind"], one["holding"], one["degree"]) for one in found.accesses]


def file(operation: str, name: str = "statement.docx", **changed: object) -> Mapped:
    record = written.file_operation(act(), operation=operation, site=SITE, folder="Shared Documents", name=name)
    return mapped(record, **changed)


@pytest.mark.parametrize("operation", ["FileDownloaded", "FileAccessed"])
def test_a_record_with_a_field_nothing_declares_reached_what_it_names_and_perhaps_more(operation: str) -> None:
    known, newer = reached(file(operation)), reached(file(operation, SomethingNew="x"))
    assert newer == [*known, ("", "", Degree.ACCESSED)]
    assert reached(file(operation, RecordType=24)) == [("", "", Degree.ACCESSED)]  # of another kind it is not read


def test_the_event_of_a_mail_access() -> None:
    found = mapped(written.mail_items_accessed(act(), folders={"\\Inbox": ["<1@x>"]}))
    assert found.key is not None
    assert found.key.lower().startswith(b"00000000-0000-4000-8000-0000000000ab\0")
    assert {name: value for name, value in found.event.items() if value is not None} == {
        "time": parse_time("2024-03-04T08:00:07Z"),
        "class_uid": 6005,
        "activity_name": "MailItemsAccessed",
        "status": "success",
        "actor.user.name": "ada.example@tribunal.example",
        "actor.user.uid": ADA.puid,
        "actor.session.uid": SESSION,
        "actor.app_uid": written.OUTLOOK_WEB,
        "http_request.user_agent": "Client=OWA;Mozilla/5.0 Example/1.0;",
        "src_endpoint.ip": "198.51.100.4",
        "metadata.log_name": "Exchange",
        "metadata.event_code": "50",
        "metadata.uid": "00000000-0000-4000-8000-0000000000AB",
        "user.name": "ada.example@tribunal.example",
        "resource.name": "ada.example@tribunal.example",
    }
    assert set(found.event) <= {*EVENT_COLUMNS, "time", "class_uid", "metadata.sequence"}


def test_a_bind_is_an_access_to_each_item_and_a_sync_to_the_whole_folder() -> None:
    bind = mapped(
        written.mail_items_accessed(act(), folders={"\\Inbox": ["<1@x>", "<2@x>"], "\\Sent Items": ["<3@x>"]})
    )
    assert reached(bind) == [("mail_item", f"<{number}@x>", "accessed") for number in (1, 2, 3)]
    assert bind.accesses[0] == {
        "kind": "mail_item",
        "holding": "<1@x>",
        "container": "ada.example@tribunal.example",
        "label": "\\Inbox",
        "actor": "ada.example@tribunal.example",
        "actor_class": "account",
        "address": "198.51.100.4",
        "session": SESSION,
        "client": "Client=OWA;Mozilla/5.0 Example/1.0;",
        "degree": "accessed",
        "operation": "MailItemsAccessed",
    }
    assert set(bind.accesses[0]) == set(ACCESSES.names) - {"record", "time", "source"}
    sync = written.mail_folder_synchronised(act(), folder="Inbox")
    assert reached(mapped(sync)) == [("mail_folder", "\\Inbox", "presumed")]
    sync["Item"]["ParentFolder"]["Path"] = "Not Available"
    assert reached(mapped(sync)) == [("mail_folder", "Inbox", "presumed")]


def test_items_without_a_message_id_are_named_by_what_there_is() -> None:
    record = written.mail_items_accessed(act(), folders={"\\Inbox": []})
    record["Folders"][0]["FolderItems"] = [{"ImmutableId": "immutable"}, {"Id": "entry"}, {"InternetMessageId": ""}]
    named = [("mail_item", "immutable", "accessed"), ("mail_item", "entry", "accessed")]
    assert reached(mapped(record)) == [*named, ("mail_item", "", "accessed")]  # and one that is not told
    record["Folders"][0]["FolderItems"] = []
    assert reached(mapped(record)) == [("mail_folder", "\\Inbox", "accessed")]
    del record["Folders"]
    assert reached(mapped(record)) == [("mailbox", "ada.example@tribunal.example", "accessed")]


def test_throttling_is_marked_for_the_mailbox() -> None:
    (mark,) = said(mapped(written.mail_items_accessed(act(BO), mailbox=ADA, folders={}, throttled=True)).marks)
    assert set(mark) == set(MARKS.names) - {"record", "time", "source"}
    assert (mark["kind"], mark["scope"], mark["channel"]) == (
        Mark.THROTTLED,
        "ada.example@tribunal.example",
        "Exchange",
    )
    assert "24 hours" in mark["detail"]
    assert not said(mapped(written.mail_items_accessed(act(), folders={})).marks)


@pytest.mark.parametrize(
    ("operation", "degree"),
    [("MoveToDeletedItems", Degree.ALTERED), ("SoftDelete", Degree.DESTROYED), ("HardDelete", Degree.DESTROYED)],
)
def test_deletions(operation: str, degree: Degree) -> None:
    record = written.messages_deleted(act(), operation=operation, folder="\\Inbox", messages={"<1@x>": "hearing"})
    (access,) = mapped(record).accesses
    assert (access["holding"], access["label"], access["degree"]) == ("<1@x>", "hearing", degree)


def test_a_sent_message_was_sent_out() -> None:
    for operation in ("Send", "SendAs", "SendOnBehalf"):
        found = mapped(written.message_sent(act(), message="<1@x>", subject="s", operation=operation))
        as_whom = [("mailbox", "", "altered")] if operation != "Send" else []  # which it does not say
        assert reached(found) == [("mail_item", "<1@x>", "sent_out"), *as_whom]


@pytest.mark.parametrize(
    ("operation", "degree"),
    [
        ("FileAccessed", "accessed"),
        ("FileAccessedExtended", "accessed"),
        ("FilePreviewed", "opened"),
        ("FileDownloaded", "downloaded"),
        ("FileSyncDownloadedFull", "downloaded"),
        ("FileModified", "altered"),
        ("FileUploaded", "altered"),
        ("FileDeletedSecondStageRecycleBin", "destroyed"),
        ("FileVersionsAllDeleted", "destroyed"),
        ("SharingSet", "accessed"),
    ],
)
def test_documents(operation: str, degree: str) -> None:
    found = file(operation)
    assert reached(found) == [("document", f"{SITE}Shared Documents/statement.docx", degree)]
    assert found.accesses[0]["container"] == SITE.rstrip("/")
    assert found.accesses[0]["label"] == "statement.docx"
    assert found.event["file.path"] == f"{SITE}Shared Documents/statement.docx"


def test_a_copy_to_a_place_that_is_not_told_altered_something_unnamed() -> None:
    assert reached(file("FileCopied")) == [
        ("document", f"{SITE}Shared Documents/statement.docx", "downloaded"),
        ("document", "", "altered"),
    ]


def test_a_thumbnail_is_not_an_opened_document() -> None:
    assert reached(file("FilePreviewed", UserAgent="OneDriveMpc-Transform_Thumbnail/1.0"))[0][2] == "accessed"


def test_a_moved_file_is_both_its_names() -> None:
    found = file("FileMoved", DestinationRelativeUrl="Shared Documents/b", DestinationFileName="new.docx")
    assert reached(found) == [
        ("document", f"{SITE}Shared Documents/statement.docx", "altered"),
        ("document", f"{SITE}Shared Documents/b/new.docx", "altered"),
    ]
    copied = file("FileCopied", DestinationRelativeUrl="Shared Documents/b", DestinationFileName="new.docx")
    assert [degree for _, _, degree in reached(copied)] == ["downloaded", "altered"]


def test_the_record_says_whether_it_is_a_file() -> None:
    assert reached(file("SharingSet", ItemType="Folder"))[0][0] == "folder"
    assert reached(file("SharingSet", ItemType="Web"))[0][0] == "site"


def test_what_failed_reached_and_changed_nothing() -> None:
    bind = written.mail_items_accessed(act(), folders={"\\Inbox": ["<1@x>"]})
    rule = written.inbox_rule(act(), name=".", parameters={"DeleteMessage": "True"})
    assert mapped(bind, ResultStatus="Failed").accesses == ()
    assert not said(mapped(rule, ResultStatus="False").marks)
    assert mapped(bind, ResultStatus="PartiallySucceeded").accesses


def test_a_failed_sign_in_is_a_failure_whatever_its_result_says() -> None:
    failed = written.sign_in(act(), error=50126, error_name="InvalidUserNameOrPassword")
    for result in ("Success", "Failed"):
        found = mapped(failed, ResultStatus=result)
        assert (found.event["status"], found.event["class_uid"]) == ("failure", 3002)
    assert mapped(written.sign_in(act())).event["status"] == "success"
    assert mapped(written.sign_in(act())).event["actor.session.uid"] == SESSION
    assert mapped(written.sign_in(act())).event["http_request.user_agent"] == "Mozilla/5.0 Example/1.0"


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (None, "time_missing"),
        ("", "time_missing"),
        (7, "time_missing"),
        ("0001-01-01T00:00:00", "time_unrepresentable"),
        ("yesterday", "time_unrepresentable"),
        ("2024-13-01T00:00:00", "time_unrepresentable"),
        ("1700-01-01T00:00:00", "time_implausible"),
        ("2099-01-01T00:00:00", "time_implausible"),
    ],
)
def test_odd_times_are_stored_with_a_warning(text: object, warning: str) -> None:
    found = mapped(written.sign_in(act()), CreationTime=text)
    assert found.warnings == (warning,)
    assert (found.event["time"] is None) == (warning != "time_implausible")


def test_times_are_utc_with_or_without_saying_so() -> None:
    for text in ("2024-03-04T08:00:07", "2024-03-04T08:00:07Z", "2024-03-04T08:00:07.0000000Z"):
        found = mapped(written.sign_in(act()), CreationTime=text)
        assert found.event["time"] == parse_time("2024-03-04T08:00:07Z")
        assert found.warnings == ()


def test_sessions_come_from_wherever_the_service_writes_them() -> None:
    for place in (
        {"SessionId": SESSION},
        {"SessionId": "", "AppAccessContext": {"AADSessionId": SESSION}},
        {"DeviceProperties": [{"Name": "SessionId", "Value": SESSION}]},
    ):
        record = written.exchange_command(act(session=""), command="Set-User", object_id="x", parameters={})
        assert mapped(record, **place).event["actor.session.uid"] == SESSION


def test_addresses_lose_port_and_brackets() -> None:
    record = written.exchange_command(act(address="2001:db8::4"), command="Set-User", object_id="x", parameters={})
    assert record["ClientIP"].endswith("]:50312")
    assert mapped(record).event["src_endpoint.ip"] == "2001:db8::4"
    assert mapped(record, ClientIP="").event["src_endpoint.ip"] is None


def actor_class(record: dict[str, Any], **changed: object) -> str:
    return str(mapped(record, **changed).accesses[0]["actor_class"])


def test_delegates_and_administrators() -> None:
    own = written.mail_items_accessed(act(), folders={"\\Inbox": ["<1@x>"]})
    other = written.mail_items_accessed(act(BO), mailbox=ADA, folders={"\\Inbox": ["<1@x>"]})
    assert actor_class(own) == ActorClass.ACCOUNT
    assert actor_class(other) == ActorClass.DELEGATE
    assert actor_class(other, LogonType=0) == ActorClass.DELEGATE
    assert actor_class(own, LogonType=1) == ActorClass.ADMINISTRATOR


def test_a_service_of_the_provider_needs_its_id_its_client_and_no_session() -> None:
    bind = written.mail_items_accessed(
        act(session="", app_id=WEVE), folders={"\\Inbox": ["<1@x>"]}, client_info=SUBSTRATE
    )
    assert actor_class(bind) == ActorClass.PROVIDER_SERVICE
    assert actor_class(bind, ClientAppId=WEVE) == ActorClass.PROVIDER_SERVICE
    assert actor_class(bind, SessionId=SESSION) == ActorClass.ACCOUNT
    assert actor_class(bind, AppAccessContext={"AADSessionId": SESSION}) == ActorClass.ACCOUNT
    assert actor_class(bind, ClientInfoString="Client=OWA;Mozilla/5.0") == ActorClass.ACCOUNT
    assert actor_class(bind, ClientAppId="66666666-6666-4666-8666-666666666666") == ActorClass.ACCOUNT


def test_an_intruders_application_never_passes_for_the_provider() -> None:
    own_app = act(session="", app_id="66666666-6666-4666-8666-666666666666", address="2603:10a6:800::1")
    bind = written.mail_items_accessed(own_app, folders={"\\Inbox": ["<1@x>"]}, client_info=SUBSTRATE)
    assert actor_class(bind) == ActorClass.ACCOUNT
    assert mapped(bind).accesses[0]["client"] == "66666666-6666-4666-8666-666666666666"
    assert actor_class(bind, UserType=5) == ActorClass.ACCOUNT
    graph = "00000003-0000-0000-c000-000000000000"
    assert actor_class(bind, AppId=graph, ClientAppId=own_app.app_id) == ActorClass.ACCOUNT
    record = written.file_operation(own_app, operation="FileDownloaded", site=SITE, folder="a", name="b.docx")
    assert actor_class(record, UserId="app@sharepoint", UserAgent="ODMTADocCache/1.0") == ActorClass.ACCOUNT
    assert actor_class(record, UserId="NT AUTHORITY\\SYSTEM (x)", UserType=0) == ActorClass.ACCOUNT


def test_services_in_sharepoint() -> None:
    media = act(session="", app_id="944f0bd1-117b-4b1c-af26-804ed95e767e")
    record = written.file_operation(media, operation="FileAccessed", site=SITE, folder="a", name="b.docx")
    service = {"UserId": "app@sharepoint", "UserAgent": "ODMTADocCache/1.0"}
    assert actor_class(record, **service) == ActorClass.PROVIDER_SERVICE
    assert actor_class(record, UserAgent="ODMTADocCache/1.0") == ActorClass.ACCOUNT
    office = written.file_operation(act(session=""), operation="FileDownloaded", site=SITE, folder="a", name="b.docx")
    assert actor_class(office, UserAgent="MSWAC") == ActorClass.ACCOUNT


def said(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The marks without those that say which names stand for one holding."""
    return [one for one in rows if one["kind"] != Mark.NAMED]


def marks(record: dict[str, Any], **changed: object) -> list[tuple[str, str | None]]:
    return [(one["kind"], one["scope"]) for one in said(mapped(record, **changed).marks)]


def command(name: str, **parameters: str) -> dict[str, Any]:
    return written.exchange_command(act(BO), command=name, object_id="ada", parameters=parameters)


def test_inbox_rules_name_their_targets() -> None:
    rule = written.inbox_rule(act(), name=".", parameters={"ForwardTo": "x@elsewhere.example", "DeleteMessage": "True"})
    (mark,) = said(mapped(rule).marks)
    assert (mark["kind"], mark["scope"]) == (Mark.RULE, "Ada.Example@tribunal.example")
    assert mark["actor"] == "ada.example@tribunal.example"
    assert "ForwardTo x@elsewhere.example; DeleteMessage True" in mark["detail"]
    transport = command("New-TransportRule", Name="copy", BlindCopyTo="x@elsewhere.example")
    assert marks(transport) == [(Mark.RULE, "copy")]
    outlook = written.mail_items_accessed(act(), folders={})
    outlook["OperationProperties"] = [{"Name": "RuleActions", "Value": "Forward"}]
    assert marks(outlook, Operation="UpdateInboxRules") == [(Mark.RULE, "Ada.Example@tribunal.example")]


@pytest.mark.parametrize(
    ("parameters", "kinds"),
    [
        ({"ForwardingSmtpAddress": "smtp:x@elsewhere.example"}, [Mark.FORWARDING]),
        ({"DeliverToMailboxAndForward": "True"}, [Mark.FORWARDING]),
        ({"ForwardingAddress": "", "DeliverToMailboxAndForward": "False"}, [Mark.FORWARDING]),  # it was set before
        ({"DeliverToMailboxAndForward": "False"}, []),
        ({"GrantSendOnBehalfTo": "bo"}, [Mark.PERMISSION]),
        ({"AuditEnabled": "False", "ForwardingAddress": "bo"}, [Mark.FORWARDING, Mark.AUDIT_CHANGED]),
        ({"AuditEnabled": "True"}, [Mark.AUDIT_UNTIL]),
        ({"ResourceEmailAddresses": "True"}, []),
    ],
)
def test_set_mailbox_is_what_its_parameters_make_it(parameters: dict[str, str], kinds: list[Mark]) -> None:
    assert marks(command("Set-Mailbox", **parameters)) == [(kind, "ada") for kind in kinds]


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        (command("Add-MailboxPermission", Identity="ada", User="bo", AccessRights="FullAccess"), Mark.PERMISSION),
        (command("Add-RecipientPermission", Trustee="bo", AccessRights="SendAs"), Mark.PERMISSION),
        (command("Set-MailboxAuditBypassAssociation", Identity="bo", AuditBypassEnabled="True"), Mark.AUDIT_CHANGED),
        (command("Set-AdminAuditLogConfig", UnifiedAuditLogIngestionEnabled="False"), Mark.AUDIT_CHANGED),
        (
            written.consent(act(), application="a", name="Example", principal="p", scope="Mail.Read"),
            Mark.CONSENT,
        ),
        (
            written.sharing(
                act(), operation="AnonymousLinkCreated", site=SITE, folder="a", name="b", event_data="<Type>Edit</Type>"
            ),
            Mark.LINK,
        ),
        (
            written.directory_change(
                act(), operation="Reset user password.", object_id="bo", target=(), modified={}, category="User"
            ),
            Mark.CREDENTIAL,
        ),
        (
            written.directory_change(
                act(),
                operation="Update application – Certificates and secrets management ",
                object_id="Application_1",
                target=(),
                modified={"KeyDescription": ("[k]", "[]")},
                category="Application",
            ),
            Mark.CREDENTIAL,
        ),
        (
            written.directory_change(
                act(),
                operation="Add member to role.",
                object_id="bo",
                target=(("bo.example@tribunal.example", 5),),
                modified={"Role.DisplayName": ("Global Administrator", "")},
                category="Role",
            ),
            Mark.ROLE,
        ),
    ],
    ids=lambda value: value["Operation"] if isinstance(value, dict) else None,
)
def test_changes_that_outlive_the_session(record: dict[str, Any], kind: Mark) -> None:
    found = [one["kind"] for one in said(mapped(record).marks)]
    assert found == [kind, *([Mark.ADDRESSED] if kind is Mark.CONSENT else [])]  # an application: all that it names


def test_turning_auditing_on_leaves_open_what_was_recorded_before() -> None:
    assert marks(command("Set-AdminAuditLogConfig", UnifiedAuditLogIngestionEnabled="True"))[0][0] == "audit_until"


def test_upkeep_by_the_providers_servers_is_no_change_but_only_theirs() -> None:
    record = command("Add-MailboxPermission", Identity="DiscoverySearchMailbox{1}", User="Discovery Management")
    system = {"UserId": "NT AUTHORITY\\SYSTEM (Microsoft.Exchange.ServiceHost)", "UserType": 3, "SessionId": ""}
    assert marks(record, **system) == []
    assert marks(record, **{**system, "UserType": 2}) == [(Mark.PERMISSION, "DiscoverySearchMailbox{1}")]
    assert marks(record) == [(Mark.PERMISSION, "DiscoverySearchMailbox{1}")]
    assert marks(command("Set-AdminAuditLogConfig", AdminAuditLogEnabled="True"), **system) == []
    assert marks(command("Set-AdminAuditLogConfig", AdminAuditLogEnabled="False"), **system)[0][0] == "audit_changed"


def test_the_account_acted_on() -> None:
    record = written.directory_change(
        act(),
        operation="Reset user password.",
        object_id="x",
        target=(("User", 2), ("Bo.Example@tribunal.example", 5)),
        modified={},
        category="User",
    )
    assert mapped(record).event["user.name"] == "bo.example@tribunal.example"


def test_an_ediscovery_export_reaches_every_place_it_covers() -> None:
    record = written.exchange_command(act(), command="SearchExportDownloaded", object_id="case 7", parameters={})
    places = {"ExchangeLocations": "ada@tribunal.example;bo@tribunal.example", "SharePointLocations": [SITE]}
    assert reached(mapped(record, **places)) == [
        ("mailbox", "ada@tribunal.example", "downloaded"),
        ("mailbox", "bo@tribunal.example", "downloaded"),
        ("site", SITE, "downloaded"),
    ]
    assert reached(mapped(record)) == [("mailbox", "case 7", "downloaded"), ("", "", "downloaded")]


def test_the_declared_semantics_are_cited_and_use_known_words() -> None:
    package = resources.files("tocsin.collect.sources.m365_unified_audit")
    audit = tomllib.loads(package.joinpath("audit.toml").read_text("utf-8"))
    for entry in (*audit["operation"], *audit["change"], audit["recording"], *audit["span"], audit["status"]):
        assert entry["citation"] in audit["citations"]
    assert {entry["degree"] for entry in audit["operation"] if "degree" in entry} <= set(Degree)
    assert {entry["kind"] for entry in audit["change"]} <= set(Mark)
    names = [name.casefold() for entry in audit["operation"] for name in entry["names"]]
    assert len(names) == len(set(names))
    providers = tomllib.loads(package.joinpath("providers.toml").read_text("utf-8"))
    for entry in providers["provider"]:
        assert entry["citation"] in providers["citations"]
        assert entry.get("clients") or entry.get("user_types"), entry["name"]
        assert entry.get("app_ids") or entry.get("callers") or entry.get("users"), entry["name"]


def test_every_rule_field_is_renamed_to_one_the_source_gives() -> None:
    text = resources.files("tocsin.collect.sources.m365_unified_audit").joinpath("logsources.toml").read_text("utf-8")
    declared = tomllib.loads(text)["logsource"]
    (signed_in,) = SOURCE.records(orjson.dumps(written.sign_in(act())), b"", 0)
    (consented,) = SOURCE.records(
        orjson.dumps(written.consent(act(), application="a", name="n", principal="p", scope="s")), b"", 0
    )
    assert isinstance(signed_in, Record)
    assert isinstance(consented, Record)
    given = {*signed_in.fields, *consented.fields, "Name"}  # Name: of alerts
    for entry in declared:
        assert {name for when in entry["when"] for name in when} <= set(SOURCE.log_fields)
        assert set(entry.get("rename", {}).values()) <= given
    assert consented.fields["derived.activity"] == "Consent to application"
    assert signed_in.fields["derived.status"] == "success"


def test_one_id_with_another_content_is_another_event() -> None:
    record = written.mail_items_accessed(act(), folders={"\\Inbox": ["<1@x>"]})
    planted = {**record, "UserId": "ben.example@tribunal.example"}
    assert mapped(record).key == mapped(dict(reversed(record.items()))).key
    assert mapped(record).key != mapped(planted).key


@pytest.mark.parametrize(
    "said",
    [
        b'"ResultStatus":"a","ResultStatus":"b"',
        b'"ResultStatus" :"a","ResultStatus" \t\r\n :"b"',
        b'"a\\\\":1,"a\\\\":2',
        b'"Item":{"Id":"m-1","Id":"m-2"}',
        b'"OperationProperties":"[{\\"Name\\":\\"MailAccessType\\",\\"Value\\":\\"Bind\\",\\"Value\\":\\"Sync\\"}]"',
        b'"Parameters":"{\\"a\\\\\\\\\\" : 1, \\"a\\\\\\\\\\" : 2}"',
    ],
)
def test_a_name_that_stands_twice_in_a_record_leaves_open_what_it_did(said: bytes) -> None:
    text = orjson.dumps(written.mail_items_accessed(act(), folders={"Inbox": ["m-1"]}))
    (once,) = SOURCE.records(text, b"", 0)
    assert isinstance(once, Record)
    assert "name_twice" not in once.warnings
    for wrapped in (
        text[:-1] + b"," + said + b"}",
        orjson.dumps({"AuditData": (text[:-1] + b"," + said + b"}").decode()}),
    ):
        (one,) = SOURCE.records(wrapped, b"", 0)
        assert isinstance(one, Record)
        assert one.warnings == ("name_twice",)
        assert ("", "", Degree.ACCESSED) in reached(SOURCE.map(one))


@given(
    names=st.lists(st.text(st.sampled_from('a\\" :'), max_size=3), min_size=1, max_size=5),
    blank=st.sampled_from(("", " ", "\t \r\n")),
    value=st.text(st.sampled_from('a\\":'), max_size=5),
    is_nested=st.booleans(),
)
def test_no_name_that_stands_twice_is_overlooked(names: list[str], blank: str, value: str, is_nested: bool) -> None:
    pairs = [f"{orjson.dumps(name).decode()}{blank}:{number}" for number, name in enumerate(names)]
    inner = "{" + ",".join(pairs) + "}"
    shown = {"Id": "1", "Operation": "x", "CreationTime": "2024-03-04T08:00:07", "Note": value}
    if is_nested:
        text = orjson.dumps({**shown, "Parameters": inner})
    else:
        text = orjson.dumps(shown)[:-1] + b',"Item":' + inner.encode() + b"}"
    assert ("name_twice" in decode_record(text).warnings) is (len(set(names)) < len(names))


def test_of_an_outlook_rule_that_names_its_receivers_twice_they_are_not_told() -> None:
    rule = written.mail_items_accessed(act(), folders={})
    actions = '[{"ActionType":"Forward","Recipients":["a@b.example"],"Recipients":["c@d.example"]}]'
    rule["OperationProperties"] = [{"Name": "RuleActions", "Value": actions}]
    (mark,) = said(mapped(rule, Operation="UpdateInboxRules").marks)
    assert mark["given_to"] == "?"
