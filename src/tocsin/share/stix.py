"""Indicators in; the objects of a STIX 2.1 bundle out, as `docs/formats/stix.md` describes them.

Identifiers are UUIDv5 over the content and every time comes from the answers, so that equal answers give equal bytes.
"""

from __future__ import annotations

import ipaddress
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import orjson

from tocsin.model.instant import NANOSECONDS, format_time
from tocsin.share.indicators import Indicator, Kind, LeftOut
from tocsin.share.marking import Tlp
from tocsin.share.summary import counted

StixObject: TypeAlias = dict[str, object]

# Of our own objects; STIX keeps its own name space for cyber-observable objects alone (2.1, section 2.9).
_OURS = uuid.uuid5(uuid.NAMESPACE_URL, "https://tocsin.invalid/stix")
_OBSERVABLES = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
# Of objects that are the same in every bundle: the tool and the techniques.
_SINCE = "2026-01-01T00:00:00.000Z"
_MOST_SIGHTED = 999_999_999

# The marking definitions OASIS publishes for TLP 2.0 (cti-stix-common-objects, extension-definition-specifications).
_TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
_TLP_CREATED = "2022-10-01T00:00:00.000Z"
_TLP_IDS = {
    Tlp.CLEAR: "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    Tlp.GREEN: "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    Tlp.AMBER: "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    Tlp.AMBER_STRICT: "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    Tlp.RED: "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
_TECHNIQUE = re.compile(r"T\d{4}(\.\d{3})?")


def bundle(
    indicators: Sequence[Indicator], left_out: LeftOut, as_of: int | None, tlp: Tlp, *, with_accounts: bool
) -> StixObject:
    """The bundle. Accounts are observed data, never indicators, and are in it only where asked for."""
    now = stix_time(as_of or 0)
    marking = _marking(tlp)
    refs: StixObject = {"object_marking_refs": [marking["id"]]}
    tool = _ours(
        "identity", {"created": _SINCE, "modified": _SINCE, "name": "Tocsin", "identity_class": "system"} | refs
    )
    common = {"created_by_ref": tool["id"], "created": now, "modified": now} | refs
    techniques = _techniques(indicators, {"created_by_ref": tool["id"]} | refs)
    objects: list[StixObject] = [marking, tool, *techniques.values()]
    for indicator in indicators:
        objects += _indicated(indicator, as_of or 0, common, techniques)
    if with_accounts:
        objects += _accounts(left_out.accounts, indicators, as_of or 0, common)
    objects.append(_note(left_out, common, with_accounts=with_accounts))
    return {"type": "bundle", "id": _id("bundle", {"objects": objects}), "objects": objects}


def pattern_of(kind: Kind, value: str) -> str:
    """The STIX pattern that finds the value."""
    text = value.replace("\\", "\\\\").replace("'", "\\'")
    if kind is Kind.ADDRESS:
        return f"[ipv{ipaddress.ip_address(value).version}-addr:value = '{text}']"
    if kind is Kind.MAILBOX:
        return f"[email-addr:value = '{text}']"
    return f"[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = '{text}']"


def stix_time(value: int) -> str:
    """To the millisecond, cut: `2024-03-04T02:11:09.123Z`."""
    seconds, rest = divmod(value, NANOSECONDS)
    return f"{format_time(seconds * NANOSECONDS)[:-1]}.{rest // 1_000_000:03d}Z"


def _marking(tlp: Tlp) -> StixObject:
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": _TLP_IDS[tlp],
        "created": _TLP_CREATED,
        "name": tlp.label,
        "extensions": {_TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": tlp.value}},
    }


def _techniques(indicators: Iterable[Indicator], common: StixObject) -> dict[str, StixObject]:
    """One attack pattern a technique; its name is its ATT&CK id, for the answers hold no other."""
    found = sorted({technique for indicator in indicators for technique in indicator.techniques})
    return {technique: _technique(technique, common) for technique in found if _TECHNIQUE.fullmatch(technique)}


def _technique(technique: str, common: StixObject) -> StixObject:
    reference = {
        "source_name": "mitre-attack",
        "external_id": technique,
        "url": f"https://attack.mitre.org/techniques/{technique.replace('.', '/')}",
    }
    return _ours(
        "attack-pattern",
        {"created": _SINCE, "modified": _SINCE, "name": technique, "external_references": [reference]} | common,
    )


def _indicated(
    indicator: Indicator, as_of: int, common: StixObject, techniques: Mapping[str, StixObject]
) -> Iterator[StixObject]:
    first = as_of if indicator.first is None else indicator.first
    last = first if indicator.last is None else indicator.last
    said: StixObject = {
        "name": f"{str(indicator.kind).capitalize()} {indicator.value}",
        "description": f"Seen in {counted(len(indicator.incidents), 'incident')} taken as an intrusion.",
        "indicator_types": ["malicious-activity" if indicator.kind is not Kind.AGENT else "anomalous-activity"],
        "pattern": pattern_of(indicator.kind, indicator.value),
        "pattern_type": "stix",
        "pattern_version": "2.1",
        "valid_from": stix_time(first),
        "confidence": indicator.confidence,
    }
    made = _ours("indicator", said | common)
    yield made
    for technique in indicator.techniques:
        if technique in techniques:
            tie: StixObject = {
                "relationship_type": "indicates",
                "source_ref": made["id"],
                "target_ref": techniques[technique]["id"],
            }
            yield _ours("relationship", tie | common)
    seen: StixObject = {
        "sighting_of_ref": made["id"],
        "where_sighted_refs": [common["created_by_ref"]],
        "count": min(indicator.seen, _MOST_SIGHTED),
        "first_seen": stix_time(first),
        "last_seen": stix_time(last),
    }
    yield _ours("sighting", seen | common)


def _accounts(
    accounts: Sequence[str], indicators: Sequence[Indicator], as_of: int, common: StixObject
) -> Iterator[StixObject]:
    """Each account of the institution that was used, as a thing observed."""
    times = [time for indicator in indicators for time in (indicator.first, indicator.last) if time is not None]
    observed: StixObject = {
        "first_observed": stix_time(min(times, default=as_of)),
        "last_observed": stix_time(max(times, default=as_of)),
        "number_observed": 1,
    }
    for account in accounts:
        login = account.encode("utf-8", "backslashreplace").decode("utf-8")
        name = uuid.uuid5(_OBSERVABLES, orjson.dumps({"account_login": login}).decode("utf-8"))
        seen: StixObject = {
            "type": "user-account",
            "spec_version": "2.1",
            "id": f"user-account--{name}",
            "account_login": login,
            "object_marking_refs": common["object_marking_refs"],
        }
        yield seen
        yield _ours("observed-data", observed | {"object_refs": [seen["id"]]} | common)


def _note(left: LeftOut, common: StixObject, *, with_accounts: bool) -> StixObject:
    accounts = "are observed data and no indicators" if with_accounts else "are not in this bundle"
    sentences = (
        f"{counted(len(left.accounts), 'account')} of the institution's own that stood in the incidents {accounts}.",
        f"{counted(left.own_addresses, 'address', 'addresses')} left out: private, the provider's, named as the"
        " institution's own, or shared by many accounts.",
        f"{counted(left.own_mail, 'mail address', 'mail addresses')} left out: in a domain of the institution.",
        f"{counted(left.common_agents, 'user agent')} left out: also in other use.",
        "Confidence is the score of the incident (0 to 100, an order and not a measurement), at most 30 for a user"
        " agent. Counts are lower bounds.",
        "Only incidents taken as an intrusion are drawn on; whether they are one is for a person to say.",
    )
    said: StixObject = {
        "abstract": "What this bundle leaves out, and how far it can be relied on",
        "content": "\n".join(sentences),
        "object_refs": [common["created_by_ref"]],
    }
    return _ours("note", said | common)


def _ours(kind: str, properties: Mapping[str, object]) -> StixObject:
    return {"type": kind, "spec_version": "2.1", "id": _id(kind, properties), **properties}


def _id(kind: str, content: Mapping[str, object]) -> str:
    text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode("utf-8")
    return f"{kind}--{uuid.uuid5(_OURS, f'{kind} {text}')}"
