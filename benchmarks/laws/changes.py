r"""What is done to a case: after it was handed over, or at the source with the acquisition made anew over what is left.

Each change takes the case apart in place and returns True, or False where it found nothing to work on.

What is left out on purpose, for no log can show it, whoever reads it; none of these is counted as passed:

- a record that its writer never wrote, or that was removed at the source where records bear no numbers, or at the end of
  numbered ones: nothing is missing from what is left. The custodian's word and the provider's stand for that premise.
- every clock of a source shifted alike, or one time moved to another plausible one: a record says when, nothing else does.
- one value replaced by another that would be true of another record (the name of another account of the institution,
  another mailbox of it, an operation that reaches nothing, a failure in place of a success): a forged record that
  fits is a record.
- an address or session left out of a record of an account that is not asked for, where the question names addresses or
  sessions beside accounts: that such an account came from there is then nowhere.
- a record of an account not in question that speaks of the log (recording stopped, cleared, changed) and never came, or that
  bears an operation nobody declares: were each of those taken for a change of what is recorded, the next operation that a
  provider invents would take every ruling-out away.
- records of one second taken apart: of a log that tells whole seconds, the one that is left says that the second is there.
- a rule or right given before the log begins: retention shortened to a time before the one asked of.
- the log of a host that no holding asked of names (`C:\Cases` names none): the host is not known to be there.
- a name replaced in every record by one that nothing joins to it, where the estate declares the new name too as another
  thing: then the estate is wrong.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from benchmarks.laws.asked import Asked
from benchmarks.laws.audits import CLOUDTRAIL, M365, WINDOWS, Native, Path_, drop, first, put, value
from benchmarks.laws.case import Log, acquired
from tocsin.model.instant import DAY, format_time, parse_time

Chance = random.Random
Change = Callable[[Asked, Chance], bool]


def _all(one: Asked) -> Iterator[tuple[Log, int]]:
    for log in one.case.logs:
        for place in range(len(log.records)):
            yield log, place


def _of_compromised(one: Asked, native: Native) -> bool:
    accounts = {entry.account for entry in one.entries if entry.native is native}
    return bool(accounts & set(one.compromised))


def _some(one: Asked, chance: Chance, fits: Callable[[Native], bool] = lambda _: True) -> list[tuple[Log, int]]:
    """Records to work on: all, those of the compromised (most often), some, or one; each will be its own copy."""
    speaking = {id(entry.native) for entry in one.entries if not entry.reached and entry.account not in one.compromised}
    found = [
        (log, place)
        for log, place in _all(one)
        # What another account did to the log itself, see the head of the module, is left as it is.
        if fits(log.records[place]) and id(log.records[place]) not in speaking
    ]
    theirs = [(log, place) for log, place in found if _of_compromised(one, log.records[place])]
    way = chance.random()
    if way < 0.5 and theirs:
        found = theirs
    elif way < 0.8 and found:
        found = [chance.choice(theirs or found)]
    elif way < 0.9 and found:
        found = chance.sample(found, max(1, len(found) // 2))
    return found


def _edit(found: list[tuple[Log, int]], edit: Callable[[Native], None]) -> bool:
    for log, place in found:
        log.records[place] = dict(log.records[place])
        edit(log.records[place])
    return bool(found)


# -- what takes away or damages --------------------------------------------------------------------------------------


def remove_one(one: Asked, chance: Chance) -> bool:
    """One record."""
    found = _some(one, chance)
    if not found:
        return False
    log, place = chance.choice(found)
    del log.records[place]
    return True


def remove_range(one: Asked, chance: Chance) -> bool:
    """A range of one file."""
    log = chance.choice(one.case.logs)
    a, b = sorted((chance.randrange(len(log.records) + 1), chance.randrange(len(log.records) + 1)))
    del log.records[a:b]
    return b > a


def remove_tail(one: Asked, chance: Chance) -> bool:
    """The end of one file."""
    log = chance.choice(one.case.logs)
    kept = chance.randrange(len(log.records) + 1)
    gone = len(log.records) - kept
    del log.records[kept:]
    return gone > 0


def remove_holding(one: Asked, chance: Chance) -> bool:
    """Every record of one mailbox, document or share."""
    named = [(log, place) for log, place in _all(one) if first(log.records[place], one.shape.holding)]
    if not named:
        return False
    log, place = chance.choice(named)
    path = first(log.records[place], one.shape.holding) or ()
    wanted = value(log.records[place], path)
    for each in one.case.logs:
        each.records = [native for native in each.records if value(native, path) != wanted]
    return True


def garble(one: Asked, chance: Chance) -> bool:
    """Bytes of one file."""
    log = chance.choice(one.case.logs)
    data = bytearray(log.data)
    if not data:
        return False
    for _ in range(chance.choice((1, 3, 20))):
        start = chance.randrange(len(data))
        data[start : start + chance.choice((1, 8, 200))] = chance.randbytes(chance.choice((1, 8, 200)))
    log.damaged = bytes(data)
    return True


def break_lines(one: Asked, chance: Chance) -> bool:
    """Records cut in the middle, as text."""
    found = {(id(log), place) for log, place in _some(one, chance)}
    for log in one.case.logs:
        lines = log.data.splitlines(keepends=True)
        log.damaged = b"".join(
            line[: max(1, len(line) // 2)] + b"\n" if (id(log), place) in found else line
            for place, line in enumerate(lines)
        )
    return bool(found)


def drop_file(one: Asked, chance: Chance) -> bool:
    """A whole file."""
    del one.case.logs[chance.randrange(len(one.case.logs))]
    return True


def drop_acquisition(one: Asked, chance: Chance) -> bool:
    """The acquisition record."""
    one.case.acquisition = None
    return True


def drop_digest(one: Asked, chance: Chance) -> bool:
    """The SHA-256 of one file."""
    if one.case.acquisition is None:
        return False
    files = list(one.case.acquisition.files)
    place = chance.randrange(len(files))
    files[place] = files[place][0], ""
    one.case.acquisition = replace(one.case.acquisition, files=tuple(files))
    return True


def drop_attestation(one: Asked, chance: Chance) -> bool:
    """The custodian's word."""
    one.case.estate = replace(one.case.estate, attestations=())
    return True


def shorten_attestation(one: Asked, chance: Chance) -> bool:
    """The custodian's word for a shorter time."""
    (word,) = one.case.estate.attestations or (None,)
    if word is None:
        return False
    a, b = sorted((chance.randint(*one.window), chance.randint(*one.window)))
    one.case.estate = replace(one.case.estate, attestations=(replace(word, from_=a, to=b + 1),))
    return True


def shift_clock(one: Asked, chance: Chance) -> bool:
    """Every time of one file, or of some records."""
    by = chance.choice((-90, -5, 5, 90)) * 60 * 1_000_000_000 * chance.choice((1, 24))
    found = _some(one, chance, lambda native: _time(one, native) is not None)
    return _edit(found, lambda native: put(native, one.shape.time, _text((_time(one, native) or 0) + by)))


def _time(one: Asked, native: Mapping[str, Any]) -> int | None:
    text = value(native, one.shape.time)
    return parse_time(text) if isinstance(text, str) else None


def _moment(one: Asked, native: Mapping[str, Any]) -> int | None:
    """The second of it, which is as far as some programs tell time: a log is cut between two of its moments.

    The time of the event, where a record bears others too, as that of its arrival.
    """
    known = (entry.time for entry in one.entries if entry.native is native)
    time = next(known, None) or _time(one, native)
    return None if time is None else time // 1_000_000_000


def _text(time: int) -> str:
    return format_time(time)


def blank_field(one: Asked, chance: Chance) -> bool:
    """One field that says who, what, when or through what, emptied or taken away."""
    path = chance.choice(_said(one))
    given: object = chance.choice((None, "", "-", _GONE))
    found = _some(one, chance, lambda native: value(native, path) is not None)
    return _edit(found, lambda native: drop(native, path) if given is _GONE else put(native, path, given))


_GONE = object()


def rename_field(one: Asked, chance: Chance) -> bool:
    """The same under another name, as a new version of the service would write it."""
    path = chance.choice(_said(one))
    other = (*path[:-1], chance.choice((f"{path[-1]}V2", path[-1].lower(), f"x_{path[-1]}")))

    def edit(native: Native) -> None:
        was = value(native, path)
        drop(native, path)
        put(native, other, was)

    return other != path and _edit(_some(one, chance, lambda native: value(native, path) is not None), edit)


def odd_type(one: Asked, chance: Chance) -> bool:
    """A value of another type than the format has."""
    path = chance.choice(_said(one))
    given: object = chance.choice(([], {}, [[]]))
    return _edit(
        _some(one, chance, lambda native: value(native, path) is not None), lambda native: put(native, path, given)
    )


def drop_any_field(one: Asked, chance: Chance) -> bool:
    """Any field at all."""
    found = _some(one, chance)
    if not found:
        return False
    log, place = chance.choice(found)
    name = chance.choice(sorted(log.records[place]))
    if name in _DECIDES or (one.case.question != replace(one.case.question, addresses=(), sessions=())):
        return False
    return _edit([(each, at) for each, at in found if name in each.records[at]], lambda native: drop(native, (name,)))


# Taken away, one of these makes another record that fits: see the head of the module.
_DECIDES = frozenset(
    (
        *("Hostname", "RecordNumber", "Channel", "ShareLocalPath", "ItemType", "RecordType", "Workload", "eventSource"),
        *("requestParameters", "additionalEventData", "resources", "Parameters", "ModifiedProperties", "Target"),
    )
)


def _said(one: Asked) -> tuple[Path_, ...]:
    shape = one.shape
    # An address or session taken from a record of an account not asked for leaves nothing: see the head of the module.
    means = () if one.case.question.addresses or one.case.question.sessions else (*shape.address, *shape.session)
    return (*shape.actor, shape.time, shape.operation, *shape.holding, *means, *shape.sid)


# -- what calls things otherwise -------------------------------------------------------------------------------------


def actor_by_id(one: Asked, chance: Chance) -> bool:
    """The account by an id of its own in place of its name: in all records or some."""
    path = one.shape.actor[0]

    def edit(native: Native) -> None:
        others = [value(native, each) for each in one.shape.sid]
        chosen = chance.choice([each for each in others if isinstance(each, str) and each] or [_INVENTED_GUID])
        put(native, path, chosen)

    return _edit(_some(one, chance, lambda native: bool(value(native, path))), edit)


_INVENTED_GUID = "5f1d7a10-0000-4000-8000-000000000e57"
_INVENTED_SID = "S-1-5-21-1000000001-1000000002-1000000003-1337"


def actor_by_new_id(one: Asked, chance: Chance) -> bool:
    """The account by an id that stands nowhere else, and no other name in the record; a session asked for stays it."""
    path = one.shape.actor[0]
    given = chance.choice((_INVENTED_GUID, _INVENTED_SID, "100320ABCDEF1234", "AROAINVENTEDEXAMPLE"))

    def edit(native: Native) -> None:
        put(native, path, given)
        for other in one.shape.sid:
            is_asked = one.case.question.sessions and other in one.shape.session
            if value(native, other) is not None and not is_asked:
                put(native, other, given)

    return _edit(_some(one, chance, lambda native: bool(value(native, path))), edit)


def actor_spelt(one: Asked, chance: Chance) -> bool:
    """The account as other parts of a service spell it."""
    path = one.shape.actor[0]
    spell = chance.choice(_ACTOR_SPELLINGS)
    return _edit(
        _some(one, chance, lambda native: isinstance(value(native, path), str) and bool(value(native, path))),
        lambda native: put(native, path, spell(str(value(native, path)))),
    )


_ACTOR_SPELLINGS: tuple[Callable[[str], str], ...] = (
    str.upper,
    lambda text: f"  {text} ",
    lambda text: f"i:0#.f|membership|{text}",
    lambda text: f"i:0#.w|{text}",
    lambda text: f"INSTITUTION\\{text.rpartition(chr(92))[2].partition('@')[0]}",
    lambda text: text.rpartition("\\")[2].partition("@")[0],
    lambda text: f"{text.replace('@', '_')}#EXT#@tenant.example.org" if "@" in text else text,
    lambda text: f"{text.partition('@')[0]}@other.example.org" if "@" in text else text.upper(),
)


def holding_spelt(one: Asked, chance: Chance) -> bool:
    """What was reached under another spelling or another form of its address."""
    spell = chance.choice(_SPELLINGS[one.shape.source])
    paths = _TEXTS[one.shape.source]
    found = _some(one, chance, lambda native: any(isinstance(value(native, path), str) for path in paths))

    def edit(native: Native) -> None:
        for path in paths:
            text = value(native, path)
            if isinstance(text, str) and text:
                put(native, path, spell(path[-1], text))

    return _edit(found, edit)


def _web(form: Callable[[str, str, str], str]) -> Callable[[str, str], str]:
    """A spelling of web addresses, given the scheme and host, the path and the whole; others stay as they are."""

    def spelt(_: str, text: str) -> str:
        scheme, separator, rest = text.partition("://")
        host, slash, path = rest.partition("/")
        return form(f"{scheme}{separator}{host}", path, text) if separator and slash else text

    return spelt


def _arn(_: str, text: str) -> str:
    """A secret by its name, which the service takes as well as its ARN: its last six letters are the service's own."""
    name = text.rpartition(":secret:")[2]
    return name[:-7] if ":secret:" in text and name[-7:-6] == "-" else text


def _access_point(name: str, text: str) -> str:
    if name != "bucketName":
        return text
    return "arn:aws:s3:eu-example-1:000000000000:accesspoint/invented-point"


_BACK = "\\"
_SPELLINGS: Mapping[str, tuple[Callable[[str, str], str], ...]] = {
    M365.source: (
        lambda _, text: text.upper(),
        lambda _, text: text.lower() + " ",
        _web(lambda host, path, _: f"{host}/{quote(path)}"),
        _web(lambda host, path, _: f"{host}/{quote(path, safe='')}"),
        _web(lambda host, path, _: f"{host}/:w:/r/{path}?d=w0123&csf=1&web=1&e=AbC123"),
        _web(lambda host, path, _: f"{host}:443/{path}?web=1"),
        _web(lambda host, path, _: f"{host.replace('https', 'http')}//{path}#top"),
        _web(lambda host, path, _: f"{host}/{path}?web=1&action=edit"),
        _web(lambda host, _, __: f"{host}/:w:/s/invented/EaBcDeFgHiJkLmNoPqRsTu0BInvented?e=AbC123"),
        _web(lambda host, _, __: f"{host}/_layouts/15/Doc.aspx?sourcedoc=%7B{_INVENTED_GUID}%7D&action=default"),
        _web(lambda host, _, __: f"{host}/_layouts/15/guestaccess.aspx?docid=0123&authkey=AbC"),
        _web(lambda host, path, _: f"{host}/_api/web/GetFileByServerRelativeUrl('/{path}')/$value"),
        lambda name, text: _INVENTED_GUID if name in ("MailboxOwnerUPN", "ObjectId") else text,
        _web(lambda _, path, __: f"/{path}"),
        _web(lambda _, path, __: path),
    ),
    CLOUDTRAIL.source: (
        lambda name, text: text if name == "key" else f" {text}",  # a key is taken to the letter: another is another's
        _arn,
        _access_point,
        lambda name, text: "invented-point-0123456789abcdefghijklmnopqrst-s3alias" if name == "bucketName" else text,
        lambda name, text: text[:-7] if name == "secretId" else text,
    ),
    WINDOWS.source: (
        lambda _, text: text.upper(),
        lambda _, text: text.replace(_BACK, "/") if text[1:2] == ":" else text,
        lambda _, text: f"{_BACK * 2}?{_BACK}{text}" if text[1:2] == ":" else text,
        lambda _, text: f"{_BACK}??{_BACK}{text}" if text[1:2] == ":" else text,
        lambda _, text: f"{_BACK}Device{_BACK}HarddiskVolume3{text[2:]}" if text[1:2] == ":" else text,
        lambda _, text: f"{_BACK * 2}?{_BACK}Volume{{{_INVENTED_GUID}}}{text[2:]}" if text[1:2] == ":" else text,
        lambda name, text: f"{text}::$DATA" if name != "ShareName" else text,
        lambda name, text: f"{text}:Zone.Identifier" if name != "ShareName" else text,
        lambda name, text: f"{text}. " if name != "ShareName" else text,
        lambda name, text: f"{text}{_BACK}" if name != "ShareName" else text,
        lambda name, text: _short(text) if name != "ShareName" else text,
        lambda name, text: f".{_BACK}x{_BACK}..{_BACK}{text}" if name == "RelativeTargetName" else text,
        lambda name, text: text.replace(_BACK, _BACK * 2) if name == "RelativeTargetName" else text,
    ),
}  # fmt: skip
_TEXTS: Mapping[str, tuple[Path_, ...]] = {
    M365.source: (("ObjectId",), ("SiteUrl",), ("MailboxOwnerUPN",)),
    CLOUDTRAIL.source: (
        ("requestParameters", "secretId"), ("requestParameters", "bucketName"), ("requestParameters", "key"),
    ),
    WINDOWS.source: (("ObjectName",), ("RelativeTargetName",), ("ShareName",)),
}  # fmt: skip


def _short(text: str) -> str:
    """Every part that can have one under its short name."""
    return _BACK.join(f"{part[:6].upper()}~1" if len(part) > 12 else part for part in text.split(_BACK))


def container_by_id(one: Asked, chance: Chance) -> bool:
    """Mailboxes and sites by their id alone."""
    found = _some(one, chance, lambda native: "MailboxGuid" in native or "Site" in native)

    def edit(native: Native) -> None:
        if native.get("MailboxGuid"):
            drop(native, ("MailboxOwnerUPN",))
        if native.get("Site"):
            drop(native, ("SiteUrl",))

    return one.shape is M365 and _edit(found, edit)


def container_by_alias(one: Asked, chance: Chance) -> bool:
    """A mailbox by another address of it; its id stays."""
    found = _some(one, chance, lambda native: bool(native.get("MailboxOwnerUPN")))

    def edit(native: Native) -> None:
        name = str(native["MailboxOwnerUPN"])
        native["MailboxOwnerUPN"] = f"alias.{name.partition('@')[0].lower()}@alias.example.org"

    return one.shape is M365 and _edit(found, edit)


def host_spelt(one: Asked, chance: Chance) -> bool:
    """The host by its short name, another case, or another domain."""
    spell = chance.choice(
        (str.upper, lambda text: text.partition(".")[0], lambda text: text.partition(".")[0] + ".other.example.org")
    )
    return one.shape is WINDOWS and _edit(
        _some(one, chance), lambda native: put(native, ("Hostname",), spell(str(native.get("Hostname"))))
    )


def unknown_operation(one: Asked, chance: Chance) -> bool:
    """An operation that nothing declares."""
    if one.shape is WINDOWS:  # what an event of another number says is in no table: a record of another kind
        return False
    given = chance.choice(("InventedOperation", "FileInventedAccess", "GetInventedThing", "", "Üñ"))
    return _edit(_some(one, chance), lambda native: put(native, one.shape.operation, given))


def no_holding(one: Asked, chance: Chance) -> bool:
    """Everything that names what was reached, away."""
    found = _some(one, chance, lambda native: first(native, one.shape.holding) is not None)
    keep_container = chance.random() < 0.5

    def edit(native: Native) -> None:
        for path in one.shape.holding[: -1 if keep_container else None]:
            drop(native, path)

    return _edit(found, edit)


def odd_time(one: Asked, chance: Chance) -> bool:
    """A time that is none, or no time at all."""
    given = chance.choice(
        (None, "", "yesterday", "1970-01-01T00:00:00Z", "2199-01-01T00:00:00Z", 0, "0000-00-00T00:00:00")
    )

    def edit(native: Native) -> None:
        put(native, one.shape.time, given)
        for name in ("EventTime", "TimeCreated", "EventReceivedTime"):
            native.pop(name, None)

    return _edit(_some(one, chance), edit)


# -- what is put in --------------------------------------------------------------------------------------------------


def copies(one: Asked, chance: Chance) -> bool:
    """Records twice, in the same file or another."""
    found = _some(one, chance)
    into = chance.choice(one.case.logs)
    into.records += [dict(log.records[place]) for log, place in found]
    return bool(found) and not one.shape.hosted


def same_id(one: Asked, chance: Chance) -> bool:
    """A record with the id of another before it, and another content."""
    found = _some(one, chance)
    if not found or one.shape.hosted:
        return False
    log, place = chance.choice(found)
    other = dict(chance.choice(chance.choice([each for each in one.case.logs if each.records]).records))
    put(other, one.shape.identifier, value(log.records[place], one.shape.identifier))
    log.records.insert(chance.randint(0, place), other)
    return True


def gap(one: Asked, chance: Chance) -> bool:
    """Numbered records out of the middle of what a host wrote."""
    log = chance.choice(one.case.logs)
    if one.shape is not WINDOWS or len(log.records) < 3:
        return False
    a = chance.randrange(1, len(log.records) - 1)
    del log.records[a : chance.randrange(a + 1, len(log.records))]
    return True


def retention(one: Asked, chance: Chance) -> bool:
    """All before a time, as a log that was kept for too short a time."""
    times = sorted({time for log, place in _all(one) if (time := _moment(one, log.records[place])) is not None})
    if len(times) < 2:
        return False
    # Before the time asked of, the log begins somewhere: what was opened earlier no log shows.
    later = [time for time in times[1:] if time * 1_000_000_000 > one.window[0]]
    if not later:
        return False
    cut = chance.choice(later)
    for log in one.case.logs:
        log.records = [native for native in log.records if (_moment(one, native) or cut) >= cut]
    one.case.logs = [log for log in one.case.logs if log.records]
    return cut > times[0]


def delivery(one: Asked, chance: Chance) -> bool:
    """All after a time, as an export made before the last records had come in."""
    times = sorted({time for log, place in _all(one) if (time := _moment(one, log.records[place])) is not None})
    if len(times) < 2:
        return False
    cut = chance.choice(times[:-1])
    for log in one.case.logs:
        log.records = [native for native in log.records if (_moment(one, native) or cut) <= cut]
    one.case.logs = [log for log in one.case.logs if log.records]
    return cut < times[-1]


def without_host(one: Asked, chance: Chance) -> bool:
    """The log of one host never taken."""
    if one.shape is not WINDOWS or len(one.case.logs) < 2:
        return False
    return drop_file(one, chance)


def throttled(one: Asked, chance: Chance) -> bool:
    """The provider says that it held records back."""
    found = _some(one, chance, lambda native: native.get("Operation") == "MailItemsAccessed")

    def edit(native: Native) -> None:
        kept = [each for each in native.get("OperationProperties", ()) if each.get("Name") != "IsThrottled"]
        native["OperationProperties"] = [*kept, {"Name": "IsThrottled", "Value": "True"}]

    return one.shape is M365 and _edit(found, edit)


def recording_changed(one: Asked, chance: Chance) -> bool:
    """A record of the log's own: cleared, stopped, or what is recorded was changed."""
    log = chance.choice(one.case.logs)
    if not log.records:
        return False
    place = chance.randrange(len(log.records))
    time = value(log.records[place], one.shape.time)
    if one.shape is WINDOWS:
        last = dict(log.records[-1])
        number, channel, provider = chance.choice(_WINDOWS_MARKS)
        for name in ("ObjectType", "ObjectName", "ShareName", "RelativeTargetName"):
            last.pop(name, None)
        last |= {"EventID": number, "Channel": channel, "SourceName": provider, "SubjectUserName": "nobody.example"}
        last["RecordNumber"] = int(last["RecordNumber"]) + 1
        log.records.append(last)
        return True
    record = dict(chance.choice(_MARKS[one.shape.source]))
    record[one.shape.time[0]] = time
    log.records.insert(place, record)
    return True


_WINDOWS_MARKS = (
    (1102, "Security", "Microsoft-Windows-Eventlog"),
    (104, "System", "Microsoft-Windows-Eventlog"),
    (1100, "Security", "Microsoft-Windows-Eventlog"),
    (4719, "Security", "Microsoft-Windows-Security-Auditing"),
)
_MARKS: Mapping[str, tuple[Native, ...]] = {
    M365.source: (
        {
            "Id": "00000000-0000-4000-8000-0000000000a1", "Operation": "Set-AdminAuditLogConfig", "RecordType": 1,
            "UserId": "nobody@tribunal.example", "Workload": "Exchange", "ResultStatus": "True", "UserType": 2,
            "Version": 1, "Parameters": [{"Name": "UnifiedAuditLogIngestionEnabled", "Value": "False"}],
        },
        {
            "Id": "00000000-0000-4000-8000-0000000000a2", "Operation": "Set-Mailbox", "RecordType": 1,
            "UserId": "nobody@tribunal.example", "Workload": "Exchange", "ResultStatus": "True", "UserType": 2,
            "Version": 1,
            "Parameters": [{"Name": "Identity", "Value": "x"}, {"Name": "AuditEnabled", "Value": "False"}],
        },
    ),
    CLOUDTRAIL.source: (
        {
            "eventID": "00000000-0000-4000-8000-0000000000a3", "eventName": "StopLogging", "eventVersion": "1.08",
            "eventSource": "cloudtrail.amazonaws.com", "awsRegion": "eu-example-1", "sourceIPAddress": "203.0.113.9",
            "requestParameters": {"name": "arn:aws:cloudtrail:eu-example-1:000000000000:trail/invented"},
            "recipientAccountId": "000000000000", "eventType": "AwsApiCall",
            "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::000000000000:user/nobody"},
        },
    ),
}  # fmt: skip


def access_added(one: Asked, chance: Chance) -> bool:
    """One more access: a real one, by another account or to another thing, at another time within the log."""
    reaching = [(log, place) for log, place in _all(one) if first(log.records[place], one.shape.holding)]
    if not reaching:
        return False
    log, place = chance.choice(reaching)
    added = dict(log.records[place])
    _, other = chance.choice(reaching)
    donor = chance.choice(list(_all(one)))
    actor = one.shape.actor[0]
    other_record = donor[0].records[donor[1]]
    if value(other_record, actor):  # with every name it has there: a new pair of names would be another change
        for path in (actor[:1],) if len(actor) > 1 else (actor, *one.shape.sid):
            drop(added, path)
            if (whose := value(other_record, path)) is not None:
                put(added, path, whose)
    if time := _time(one, log.records[min(other, len(log.records) - 1)]):
        put(added, one.shape.time, _text(time))
    put(added, one.shape.identifier, f"00000000-0000-4000-8000-{chance.randrange(10**12):012}")
    if one.shape.hosted:
        put(added, one.shape.identifier, int(log.records[-1]["RecordNumber"]) + 1)
        put(added, one.shape.time, log.records[-1]["@timestamp"])
    log.records.append(added)
    return True


# -- what is asked and declared --------------------------------------------------------------------------------------


def identity_added(one: Asked, chance: Chance) -> bool:
    """One more compromised account."""
    others = [account for account in one.accounts if account not in one.compromised]
    if not others or not one.case.question.identities:
        return False
    found = tuple(sorted((*one.compromised, chance.choice(others))))
    one.case.question = replace(one.case.question, identities=found)
    return True


def administrator_taken(one: Asked, chance: Chance) -> bool:
    """One of the compromised turns out to be an administrator."""
    (taken,) = chance.sample(one.compromised, 1)
    identities = tuple(
        replace(each, administrator=True) if taken in each.accounts else each for each in one.case.estate.identities
    )
    one.case.estate = replace(
        one.case.estate,
        identities=identities,
        by_account={account: each for each in identities for account in each.accounts},
    )
    return True


def identity_undeclared(one: Asked, chance: Chance) -> bool:
    """One of the compromised is not declared."""
    (taken,) = chance.sample(one.compromised, 1)
    identities = tuple(each for each in one.case.estate.identities if taken not in each.accounts)
    one.case.estate = replace(
        one.case.estate,
        identities=identities,
        by_account={account: each for each in identities for account in each.accounts},
    )
    return True


def wider_window(one: Asked, chance: Chance) -> bool:
    """More time is asked of."""
    question = one.case.question
    by = chance.choice((1, 60, 3_000)) * 60 * 1_000_000_000
    from_, to = question.from_ or 0, question.to or 0
    one.case.question = replace(question, from_=from_ - chance.choice((0, by)), to=to + chance.choice((by, 0)))
    return one.case.question != question


AFTER: tuple[Change, ...] = (
    remove_one, remove_range, remove_tail, remove_holding, garble, break_lines, drop_file, drop_acquisition,
    drop_digest, drop_attestation, shorten_attestation, shift_clock, blank_field, rename_field, odd_type,
)  # fmt: skip
AT_SOURCE: tuple[Change, ...] = (
    garble, break_lines, blank_field, blank_field, rename_field, odd_type, drop_any_field, actor_by_id, actor_by_new_id,
    actor_spelt, holding_spelt, holding_spelt, container_by_id, container_by_alias, host_spelt, unknown_operation,
    no_holding, odd_time, copies, same_id, gap, retention, delivery, without_host, throttled, recording_changed,
    identity_added, administrator_taken, identity_undeclared, wider_window, access_added,
)  # fmt: skip


def changed(one: Asked, chance: Chance) -> tuple[str, ...]:
    """Change the case by one or two changes; their names, none where nothing could be changed."""
    at_source = chance.random() < 0.7
    done: list[str] = []
    for change in chance.sample(AT_SOURCE if at_source else AFTER, chance.choice((1, 1, 1, 2))):
        has_records = any(log.records for log in one.case.logs)
        done += [change.__name__] if has_records and change(one, chance) else []
    if done and at_source:
        acquired(one.case, one.window[1] + 2 * DAY)
    elif done and one.case.acquisition is not None and chance.random() < 0.1:
        one.case.acquisition = None
        done.append("drop_acquisition")
    return tuple(f"{name} at the source" if at_source else name for name in done)
