"""Events written as the logs of their sources hold them: lines of JSON, of text, of key=value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape, quoteattr

from benchmarks.synthesis.solving import BETWEEN, Event, Unsolvable, unflattened

ACTIVITY = "derived.activity"
_IN_ADDRESSES = ("", "x", "/", "&", "-", "/x/", "?", ".")
_IN_NAMES = ("", "x", ".", ".x.", "-")
# The audit system names the parent of a process by its number alone.
_NO_AUDIT_NAMES = frozenset({"ParentImage", "ParentCommandLine", "OriginalFileName", "ParentUser", "Details"})
_ARGUMENT = re.compile(r"a[0-9]+")
_DAY = "2024-03-04"


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """How one source's events are written.

    write     the lines of an event; `number` tells one event from another. Raises Unsolvable for what has no place
    keyword   the field that keywords are put into
    defaults  fields that every record has
    between   what may stand between the parts of a text
    """

    write: Callable[[Event, int], list[str]]
    keyword: str
    defaults: Mapping[str, Any] = field(default_factory=dict)
    between: tuple[str, ...] = BETWEEN


def _windows(event: Event, number: int) -> list[str]:
    log = event.log
    data = {name: value for name, value in event.fields.items() if name not in log or str(value) != log[name]}
    system = {
        "Provider": {"#attributes": {"Name": log["Provider_Name"]}},
        "EventID": int(log["EventID"]) if log["EventID"].isdigit() else log["EventID"],
        "Channel": log["Channel"],
        "Computer": "ws1.example.org",
        "EventRecordID": number,
        "TimeCreated": {"#attributes": {"SystemTime": f"{_DAY}T09:00:00.000000Z"}},
    }
    return [json.dumps({"Event": {"System": system, "EventData": data}})]


def _sysmon_linux(event: Event, number: int) -> list[str]:
    items = "".join(
        f"<Data Name={quoteattr(name)}>{escape(str(value))}</Data>"
        for name, value in event.fields.items()
        if name not in event.log and value is not None
    )
    return [
        f'Mar  4 09:00:00 fs2 sysmon: <Event><System><Provider Name="Linux-Sysmon"/><EventID>{event.log["EventID"]}'
        f'</EventID><Level>4</Level><TimeCreated SystemTime="{_DAY}T09:00:00.000000000Z"/><EventRecordID>{number}'
        "</EventRecordID><Channel>Linux-Sysmon/Operational</Channel><Computer>fs2.example.org</Computer></System>"
        f"<EventData>{items}</EventData></Event>"
    ]


def _json_objects(
    base: Callable[[Event, int], dict[str, Any]], *, activity: str = ""
) -> Callable[[Event, int], list[str]]:
    """Fields by name, a point going into an object, over what every record has."""

    def write(event: Event, number: int) -> list[str]:
        fields = {name: value for name, value in event.fields.items() if not name.startswith("derived.")}
        document = base(event, number)
        _merge(document, unflattened(fields))
        if activity and ACTIVITY in event.fields:
            document[activity] = event.fields[ACTIVITY]
        return [json.dumps(document)]

    return write


def _merge(document: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(document.get(name), dict):
            _merge(document[name], value)
        else:
            document[name] = value


def _zeek(event: Event, number: int) -> list[str]:
    document = {"_path": event.log["_path"], "ts": 1709542800.5, "uid": f"C{number}"}
    document |= {name: [value] if name in ("answers", "qtype_names") else value for name, value in event.fields.items()}
    return [json.dumps(document)]


def _status(event: Event) -> str | None:
    status = event.fields.get("derived.status")
    return None if status is None else str(status).lower()


def _cloudtrail(event: Event, number: int) -> dict[str, Any]:
    failed = _status(event) == "failure"
    return {
        "eventVersion": "1.09",
        "userIdentity": {"type": "IAMUser", "userName": "ada.example"},
        "eventTime": f"{_DAY}T09:00:00Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": "DescribeInstances",
        "awsRegion": "eu-central-1",
        "sourceIPAddress": "192.0.2.10",
        "userAgent": "example",
        "eventID": f"00000000-0000-4000-8000-{number:012}",
        "eventType": "AwsApiCall",
        **({"errorCode": "AccessDenied"} if failed else {}),
    }


def _entra(event: Event, number: int) -> dict[str, Any]:
    activity = event.fields.get("derived.activity", "Example activity")
    status = _status(event)
    result = {None: {}, "success": {"resultType": "0"}}.get(status, {"resultType": "50126"})
    return {
        "time": f"{_DAY}T09:00:00Z",
        "resourceId": "/tenants/7f3c1e00-0000-4000-8000-0000000000aa/providers/Microsoft.aadiam",
        "operationName": activity,
        "category": event.log["category"],
        "tenantId": "7f3c1e00-0000-4000-8000-0000000000aa",
        **result,
        "properties": {
            "id": f"00000000-0000-4000-8000-{number:012}",
            **({"result": "failure" if status == "failure" else "success"} if status else {}),
        },
    }


def _m365(event: Event, number: int) -> dict[str, Any]:
    status = _status(event)
    return {
        "CreationTime": f"{_DAY}T09:00:00",
        "Id": f"00000000-0000-4000-8000-{number:012}",
        "Operation": event.fields.get("derived.activity", "ExampleOperation"),
        "OrganizationId": "11111111-1111-4111-8111-111111111111",
        "RecordType": 8,
        "UserType": 0,
        "Version": 1,
        "UserId": "ada@example.org",
        **({"ResultStatus": "Success" if status == "success" else "Failed"} if status else {}),
    }


def _auditd(event: Event, number: int) -> list[str]:
    return _audit_lines(event, number, "")


def _syslog(event: Event, number: int) -> list[str]:
    if event.log["service"] == "auditd":
        return _audit_lines(event, number, "<14>Mar  4 09:00:00 fs1 audispd: ")
    program = str(event.fields.get("program") or _PROGRAMS.get(event.log["service"], event.log["service"] or "example"))
    message = str(event.fields.get("message", "an example"))
    if "USER" in event.fields:
        message = f"ada.example : TTY=pts/0 ; PWD=/ ; USER={event.fields['USER']} ; COMMAND=/bin/sh"
    if "\n" in message or "\r" in message:
        raise Unsolvable("a line of syslog holds no line end")
    return [f"Mar  4 09:00:{number % 60:02} fs1 {program}[{number % 30000}]: {message}"]


_PROGRAMS = {"auth": "login", "cron": "CRON", "clamav": "clamd", "guacamole": "guacd"}


def _audit_lines(event: Event, number: int, before: str) -> list[str]:
    """The records of one event: SYSCALL with what they share, and the record asked for."""
    fields = {name: str(value) for name, value in event.fields.items() if value is not None}
    default = "EXECVE" if any(_ARGUMENT.fullmatch(name) for name in fields) else "SYSCALL"
    kind = str(fields.pop("type", event.log["type"] or default)).upper()
    at = f"msg=audit({1709542800 + number}.001:{10000 + number}):"
    shared = {"success": "yes", "exe": "/usr/bin/example", "comm": "example", "pid": "4200", "ppid": "4100", "key": "x"}
    shared |= {name: fields.pop(name) for name in ("success", "exe", "comm", "pid", "ppid", "key") if name in fields}
    call = {"SYSCALL": fields.pop("SYSCALL")} if "SYSCALL" in fields else {}
    who = {"UID": fields.pop("UID")} if "UID" in fields else {}
    cwd = fields.pop("cwd", None)
    arguments = fields.pop("derived.command_line", None)
    if arguments is not None:
        words = arguments.split(" ")
        fields |= {"argc": str(len(words)), **{f"a{place}": word for place, word in enumerate(words)}}
    path = fields.pop("derived.path", None)
    if path is not None:
        fields["name"] = path
    fields = {name: value for name, value in fields.items() if not name.startswith("derived.")}
    if unknown := sorted(name for name in fields if name in _NO_AUDIT_NAMES):
        raise Unsolvable(f"this log has no place for {', '.join(unknown)}")
    lines = []
    if kind != "SYSCALL":
        lines.append(f"type=SYSCALL {at} arch=c000003e syscall=59 {_pairs(shared)}{_after({**call, **who})}")
    else:
        fields = {"arch": "c000003e", "syscall": "59", **shared, **fields}
    if cwd is not None:
        lines.append(f"type=CWD {at} {_pairs({'cwd': cwd})}")
    after = _after({**call, **who}) if kind == "SYSCALL" else ""
    lines.append(f"type={kind} {at} {_pairs(fields)}{after}")
    return [before + line for line in lines]


def _after(fields: Mapping[str, str]) -> str:
    return "".join(f' {name}="{value}"' for name, value in fields.items())


def _pairs(fields: Mapping[str, str]) -> str:
    """Values as the audit system writes them: in quotes, or in hexadecimal where a character would mislead."""
    texts = []
    for name, value in fields.items():
        if name in (
            "arch",
            "syscall",
            "success",
            "pid",
            "ppid",
            "argc",
            "exit",
            "auid",
            "uid",
            "nametype",
            "mode",
            "saddr",
        ):
            texts.append(f"{name}={value}")
        elif any(character in value for character in ' "') or not value.isascii() or not value.isprintable():
            texts.append(f"{name}={value.encode().hex().upper()}")
        else:
            texts.append(f'{name}="{value}"')
    return " ".join(texts)


def _address(fields: Mapping[str, Any], *, default: str = "/example") -> tuple[str, str, str, str]:
    """Method, host, path and query of a request, from whichever field says it."""
    url = str(fields.get("derived.url") or fields.get("cs-uri") or "")
    host = str(fields.get("cs-host") or fields.get("r-dns") or "")
    target = str(fields.get("derived.target") or fields.get("cs-uri-query") or "")
    path, query = str(fields.get("cs-uri-stem") or ""), ""
    if url:
        if "://" in url:
            parts = urlsplit(url)
            host, path, query = parts.netloc or host, parts.path, parts.query
        else:
            path, _, query = url.partition("?")
    if target:
        if path or not target.startswith("/"):
            query = target
        else:
            path, _, query = target.partition("?")
    extension = str(fields.get("derived.extension") or "")
    path = path or (f"/example.{extension}" if extension else default)
    return str(fields.get("cs-method") or "GET"), host or "www.example.org", path, query


def _web(event: Event, number: int) -> list[str]:
    fields = {name: value for name, value in event.fields.items() if value is not None}
    method, host, path, query = _address(fields)
    if event.log["kind"] == "proxy":
        return [_squid_like(fields, method, host, path, query)]
    target = str(path if path.startswith("/") else "/" + path) + (f"?{query}" if query else "")
    agent, referer = fields.get("cs(User-Agent)", "-"), fields.get("cs(Referer)", "-")
    keywords = fields.get("keywords")
    if keywords:
        target += ("&" if "?" in target else "?") + str(keywords)
    if "cs(Content-Type)" in fields:  # of the forms that are read, Caddy's and Traefik's alone have it
        return [
            json.dumps(
                {
                    "StartUTC": f"{_DAY}T09:00:{number % 60:02}.5Z",
                    "ClientHost": fields.get("c-ip", "192.0.2.10"),
                    "RequestMethod": method,
                    "RequestHost": host,
                    "RequestPath": target,
                    "RequestProtocol": "HTTP/1.1",
                    "DownstreamStatus": int(fields.get("sc-status", 200)),
                    "request_User-Agent": agent,
                    "request_Referer": referer,
                    "request_Content-Type": fields["cs(Content-Type)"],
                }
            )
        ]
    document = {
        "time_iso8601": f"{_DAY}T09:00:{number % 60:02}+00:00",
        "remote_addr": fields.get("c-ip", "192.0.2.10"),
        "request_method": method,
        "request_uri": target,
        "server_protocol": "HTTP/1.1",
        "status": str(fields.get("sc-status", "200")),
        "http_host": host,
        "http_referer": referer,
        "http_user_agent": agent,
        **({"remote_user": fields["cs-username"]} if "cs-username" in fields else {}),
        **({"http_cookie": fields["cs(Cookie)"]} if "cs(Cookie)" in fields else {}),
    }
    return [json.dumps(document)]


_PROXY_FIELDS = (
    "#Software: SGOS 6.7",
    "#Version: 1.0",
    "#Fields: date time c-ip r-ip cs-username sc-status s-action cs-method cs-uri-scheme cs-host cs-uri-port cs-uri-path "
    "cs-uri-query cs-uri-extension cs(User-Agent) cs(Referer) cs(Cookie)",
)


def _squid_like(fields: Mapping[str, Any], method: str, host: str, path: str, query: str) -> str:
    name, _, port = host.partition(":")
    scheme = urlsplit(str(fields.get("derived.url") or "")).scheme or "http"
    extension = path.rsplit("/", 1)[-1].rpartition(".")[2] if "." in path.rsplit("/", 1)[-1] else "-"
    values = (
        *(_DAY, "09:00:00", fields.get("c-ip", "192.0.2.21"), fields.get("r-ip", "198.51.100.80")),
        *(fields.get("cs-username", "-"), fields.get("sc-status", "200"), "TCP_NC_MISS", method, scheme, name),
        *(port or "80", path, f"?{query}" if query else "-", fields.get("derived.extension") or extension),
        *(fields.get("cs(User-Agent)", "-"), fields.get("cs(Referer)", "-"), fields.get("cs(Cookie)", "-")),
    )
    return " ".join(_quoted(str(value)) for value in values)


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value or not value else value


def _squid(event: Event, number: int) -> list[str]:
    fields = {name: value for name, value in event.fields.items() if value is not None}
    method, host, path, query = _address(fields)
    url = str(
        fields.get("cs-uri")
        or f"http://{host}{path if path.startswith('/') else '/' + path}" + (f"?{query}" if query else "")
    )
    if " " in url:
        raise Unsolvable("an address with a space")
    return [
        f"{1709542800 + number}.001    310 {fields.get('c-ip', '192.0.2.21')} TCP_MISS/{fields.get('sc-status', '200')} 9120 "
        f"{method} {url} {fields.get('cs-username', '-')} HIER_DIRECT/198.51.100.80 text/html"
    ]


def _cef(event: Event, number: int) -> list[str]:
    pairs = " ".join(
        f"{name}={str(value).replace(chr(92), chr(92) * 2).replace('=', chr(92) + '=')}"
        for name, value in event.fields.items()
        if name not in event.log and value is not None
    )
    return [f"CEF:0|Example|{event.log['deviceProduct']}|1|100|example|3|rt={1709542800000 + number} {pairs}"]


def _leef(event: Event, number: int) -> list[str]:
    pairs = "\t".join(
        f"{name}={value}" for name, value in event.fields.items() if name not in event.log and value is not None
    )
    return [f"LEEF:1.0|Example|{event.log['product']}|1.0|example|devTime={1709542800000 + number}\t{pairs}"]


def _fortigate(event: Event, number: int) -> list[str]:
    if event.log["device"] != "fortigate":
        raise Unsolvable("written for one device only")
    fields = {"type": event.log["type"], "subtype": event.log.get("subtype") or "system", **event.fields}
    pairs = " ".join(f'{name}="{value}"' for name, value in fields.items() if name != "device" and value is not None)
    return [
        f'date={_DAY} time=09:00:{number % 60:02} devname="fw1" devid="FGT0INVENTED" tz="+0000" logid="0100044547" {pairs}'
    ]


def _bind(event: Event, number: int) -> list[str]:
    name, kind = event.fields.get("query", "example.org"), event.fields.get("type", "A")
    return [
        f"04-Mar-2024 09:00:{number % 60:02}.001 queries: info: client @0x2c11226c 192.0.2.7#59751 ({name}): "
        f"query: {name} IN {kind} +E(0)K (192.0.2.53)"
    ]


def _dns_debug(event: Event, number: int) -> list[str]:
    name, kind = str(event.fields.get("QuestionName", "example.org")), event.fields.get("QuestionType", "A")
    labels = "".join(f"({len(label)}){label}" for label in name.split(".")) + "(0)"
    return [
        f"3/4/2024 9:00:{number % 60:02} AM 0D7C PACKET  00000000028B6E50 UDP Rcv 192.0.2.7       {number % 65536:04x}   Q [0001   "
        f"D   NOERROR] {kind!s:<6} {labels}"
    ]


WRITERS: Mapping[str, Writer] = {
    "windows_json": Writer(
        write=_windows,
        keyword="Data",
        defaults={"Channel": "Application", "EventID": "1", "Provider_Name": "Example"},
    ),
    "sysmon_linux": Writer(write=_sysmon_linux, keyword="CommandLine", defaults={"EventID": "1"}),
    "auditd": Writer(write=_auditd, keyword="comm"),
    "syslog": Writer(write=_syslog, keyword="message", defaults={}),
    "zeek": Writer(write=_zeek, keyword="query", defaults={"_path": "conn"}),
    "aws_cloudtrail": Writer(
        write=_json_objects(_cloudtrail),
        keyword="userAgent",
        defaults={"eventName": "DescribeInstances", "eventSource": "ec2.amazonaws.com"},
    ),
    "entra": Writer(write=_json_objects(_entra), keyword="identity", defaults={"category": "AuditLogs"}),
    "m365_unified_audit": Writer(
        write=_json_objects(_m365, activity="Operation"),
        keyword="ObjectId",
        defaults={"Workload": "Exchange", "Operation": "ExampleOperation", "RecordType": "1"},
    ),
    "web_access": Writer(write=_web, keyword="keywords", defaults={"kind": "server"}, between=_IN_ADDRESSES),
    "squid_access": Writer(write=_squid, keyword="cs-uri", between=_IN_ADDRESSES),
    "cef": Writer(write=_cef, keyword="msg"),
    "leef": Writer(write=_leef, keyword="msg"),
    "firewall_key_value": Writer(write=_fortigate, keyword="msg"),
    "bind_query": Writer(write=_bind, keyword="query", defaults={"event": "query"}, between=_IN_NAMES),
    "windows_dns_debug": Writer(
        write=_dns_debug, keyword="QuestionName", defaults={"Context": "PACKET"}, between=_IN_NAMES
    ),
}
# Every log a web proxy writes in this form begins so.
PROXY_HEAD = _PROXY_FIELDS
