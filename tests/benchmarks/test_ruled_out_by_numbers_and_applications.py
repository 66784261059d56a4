"""Whose hand an application, or a server of the provider, may have been, and what of a search was not handed over."""

from __future__ import annotations

import pytest
from tests.benchmarks.test_ruled_out_by_hand import ADA, BEN, CYN, Record, audit
from tests.benchmarks.test_ruled_out_plainly import AT, IDS, PEOPLE, box, said
from tests.benchmarks.test_ruled_out_plainly_by_records import command

from tocsin.assess import obstacles
from tocsin.model.exposure import Verdict

UNLISTED = "11111111-2222-4333-8444-555555555555"
OUTLOOK = "00000002-0000-0ff1-ce00-000000000000"
GRAPH = "00000003-0000-0000-c000-000000000000"
REST = "Client=REST;Client=RESTSystem;;"
ITS_SERVER = "2603:10a6:10:1d9:cafe::3c"
SERVERS = "NT AUTHORITY\\SYSTEM (w3wp)"


def by(**fields: object) -> list[Record]:
    return [box(AT, CYN, CYN, **fields)]


@pytest.mark.parametrize(
    "records",
    [
        by(AppId=UNLISTED, ClientInfoString="Client=WebServices;ExchangeServicesClient/15.00"),
        by(AppId=UNLISTED.upper()),
        by(AppId=GRAPH, ClientAppId=UNLISTED),
        by(AppId=OUTLOOK, AppAccessContext={"ClientAppId": UNLISTED}),
        by(AppId=OUTLOOK, ActorInfoString=f"Client=REST;UserAgent=x[AppId={UNLISTED}];"),
        by(AppId=UNLISTED, ClientAppId=UNLISTED, ClientInfoString=REST, ClientIPAddress="203.0.113.9"),
        by(AppId=UNLISTED, ClientInfoString="Client=REST;;", ClientIPAddress=ITS_SERVER),
        by(AppId=UNLISTED, ClientAppId=UNLISTED, ClientInfoString=REST, ClientIPAddress=ITS_SERVER),
        [
            audit(
                AT,
                "Send",
                CYN,
                RecordType=2,
                MailboxOwnerUPN=CYN,
                MailboxGuid=IDS[CYN],
                Item={"Id": "i"},
                AppId=UNLISTED,
            )
        ],
    ],
)
def test_an_application_that_nothing_declares_may_act_for_anybody_under_the_owners_name(records: list[Record]) -> None:
    row = said(*records)
    assert (row.verdict, row.reasons[0]) == (Verdict.UNKNOWN, obstacles.BY_STRANGERS)


@pytest.mark.parametrize(
    "records",
    [
        by(AppId=OUTLOOK),
        by(AppId=GRAPH, ClientAppId=OUTLOOK.upper()),
        by(AppId="", ClientAppId=None),
        [box(AT, BEN, BEN, AppId=UNLISTED)],  # in another mailbox
    ],
)
def test_one_of_the_providers_own_or_none_that_is_named_is_nobody_else(records: list[Record]) -> None:
    assert said(*records).verdict is Verdict.RULED_OUT


@pytest.mark.parametrize("services", [(), (UNLISTED,)])
def test_an_application_that_the_estate_declares_is_known(services: tuple[str, ...]) -> None:
    assert said(*by(AppId=UNLISTED), people=(*PEOPLE, UNLISTED), services=services).verdict is Verdict.RULED_OUT


def test_an_application_of_one_in_question_is_not() -> None:
    assert said(*by(AppId=UNLISTED), people=((ADA, UNLISTED), BEN, CYN)).verdict is Verdict.UNKNOWN


def parameters(**given: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in given.items()]


@pytest.mark.parametrize("user", [SERVERS, "NT AUTHORITY\\SYSTEM (Microsoft.Exchange.ServiceHost)"])
@pytest.mark.parametrize("user_type", [2, 3])
@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("Enable-Invented", {"Name": "one"}),
        ("Set-Mailbox", {"Identity": "one", "Invented": "True"}),
        ("New-TransportRule", {"Name": "one", "RouteMessageOutboundConnector": "two"}),
        ("New-MailboxExportRequest", {"Mailbox": "one", "FilePath": "\\\\host\\share"}),
    ],
)
def test_a_command_that_the_providers_servers_are_not_known_to_run_may_be_anybodys(
    user: str, user_type: int, name: str, given: dict[str, str]
) -> None:
    row = said(command(name, user, "one", parameters(**given), UserType=user_type))
    assert row.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("Set-MailboxPlan", {"Identity": "one", "DomainController": "", "SKUCapability": "BPOS_S_Standard"}),
        ("Install-ResourceConfig", {"Organization": "tribunal.example"}),
        ("Get-Mailbox", {"Identity": "one"}),
    ],
)
def test_what_they_are_known_to_run_is_upkeep(name: str, given: dict[str, str]) -> None:
    assert said(command(name, SERVERS, "one", parameters(**given), UserType=3)).verdict is Verdict.RULED_OUT


def test_a_command_of_which_no_parameter_was_read_is_none_of_those() -> None:
    told = command("Set-MailboxPlan", SERVERS, "one", '-Identity "one"', UserType=3)
    assert said(told).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("user", [BEN, CYN, SERVERS, "DlpAgent"])
@pytest.mark.parametrize(
    ("operation", "fields"),
    [
        ("DlpRuleMatch", {"RecordType": 13, "ExchangeMetaData": {"From": CYN, "To": ["x@elsewhere.example"]}}),
        ("DlpRuleMatch", {"RecordType": 33, "ExchangeMetaData": {"From": "x@elsewhere.example", "To": [CYN]}}),
        ("DlpComplianceRuleInvented", {"RecordType": "ComplianceDLPExchange", "Owner": CYN}),
        ("OtherMail", {"RecordType": 2, "Mailbox": CYN}),
        ("OtherMail", {"RecordType": "OtherMail", "MailboxGuid": IDS[CYN]}),
        ("MailItemsAccessed", {"RecordType": "OtherMail", "MailboxOwnerUPN": CYN}),
    ],
)
def test_a_record_of_a_kind_that_nothing_declares_is_of_whom_it_names(
    user: str, operation: str, fields: Record
) -> None:
    assert said(audit(AT, operation, user, **fields)).verdict is Verdict.UNKNOWN
