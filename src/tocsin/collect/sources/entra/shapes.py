"""One record in any shape it is exported in, the same record as a diagnostic setting writes it out.

The shapes: a diagnostic setting's (`category`, `operationName`, `properties`), the Graph API's objects, the objects as
PowerShell writes them and Log Analytics tables (both with capitals), and the rows of the admin centre's downloads.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any, NamedTuple

import orjson

SIGN_IN = "Sign-in activity"
AUDIT = "AuditLogs"
PORTAL_SIGN_INS = "SignIns"  # the downloads of interactive and non-interactive sign-ins have the same columns
USER_RISK = "UserRiskEvents"
SERVICE_PRINCIPAL_RISK = "ServicePrincipalRiskEvents"

_DECLARED = tomllib.loads(resources.files(__package__).joinpath("columns.toml").read_text("utf-8"))
# https://learn.microsoft.com/en-us/entra/identity/monitoring-health/concept-diagnostic-settings-logs-options
CATEGORIES = {
    name.lower(): name
    for name in (
        "SignInLogs", "NonInteractiveUserSignInLogs", "ServicePrincipalSignInLogs", "ManagedIdentitySignInLogs",
        "ADFSSignInLogs", "MicrosoftServicePrincipalSignInLogs", AUDIT, "ProvisioningLogs", "RiskyUsers", USER_RISK,
        "RiskyServicePrincipals", SERVICE_PRINCIPAL_RISK, "NetworkAccessTrafficLogs", "EnrichedOffice365AuditLogs",
        "MicrosoftGraphActivityLogs", "RemoteNetworkHealthLogs", "NetworkAccessAlerts",
    )
}  # fmt: skip
_OUTER = (
    "time", "resourceId", "operationName", "operationVersion", "category", "tenantId", "resultType", "resultSignature",
    "resultDescription", "durationMs", "callerIpAddress", "correlationId", "identity", "level", "location",
    "properties",
)  # fmt: skip
_OUTER_BY_LOWER = {name.lower(): name for name in _OUTER}
_TABLE_NAMES = {"IPAddress": "ipAddress", "LocationDetails": "location", "AADOperationType": "operationType"}
_TABLE_TYPES = {"AADNonInteractiveUserSignInLogs": "NonInteractiveUserSignInLogs",
                "AADServicePrincipalSignInLogs": "ServicePrincipalSignInLogs",
                "AADManagedIdentitySignInLogs": "ManagedIdentitySignInLogs",
                "SigninLogs": "SignInLogs", "AADUserRiskEvents": USER_RISK}  # fmt: skip
_SIGN_IN_MARKS = ("conditionalAccessStatus", "appDisplayName", "resourceDisplayName", "servicePrincipalId", "appId")
_MOST_NESTED = 16

_TABLE_MARKS = {"conditionalaccessstatus", "activitydisplayname"}

Path = tuple[str, ...]


class Shaped(NamedTuple):
    """A record as a diagnostic setting writes it: `native` has the names of `_OUTER` and `properties`."""

    native: dict[str, Any]
    category: str
    operation: str


def shape_object(value: dict[str, Any]) -> Shaped | None:
    """The record in a JSON object; None where it is none of the directory's logs nor another log of the same stream."""
    if "properties" in value and "operationName" in value:
        return _diagnostic(value)
    if "properties" in value and "operationname" in value:
        return _diagnostic({_OUTER_BY_LOWER.get(name.lower(), name): item for name, item in value.items()})
    if "createdDateTime" in value or "activityDateTime" in value or "riskEventType" in value:
        return _graph(value)
    if (
        "CreatedDateTime" in value
        or "ActivityDateTime" in value
        or "TimeGenerated" in value
        or "RiskEventType" in value
    ):
        return _capitalised(value)
    return None


def is_directory(shaped: Shaped) -> bool:
    """Whether a record is of the directory: enough to recognise the log by."""
    if shaped.category.lower() in CATEGORIES or shaped.category == PORTAL_SIGN_INS:
        return True
    return "microsoft.aadiam" in str(shaped.native.get("resourceId", "")).lower()


@lru_cache(maxsize=64)
def reading_of(names: tuple[str, ...]) -> Callable[[Sequence[str]], Shaped] | None:
    """How the cells of a row below a header of these names are read; None where it is no download of the directory."""
    folded = [" ".join(name.lower().split()) for name in names]
    if "date (utc)" in folded and "request id" in folded and "sign-in error code" in folded:
        service = "service principal id" in folded and "username" not in folded
        managed = service and "credential key id" not in folded
        category = "ManagedIdentitySignInLogs" if managed else "ServicePrincipalSignInLogs" if service else ""
        columns = _columns("sign_in")
        paths = [columns.get(name) for name in folded]
        return lambda cells: _sign_in_row(paths, cells, category or PORTAL_SIGN_INS)
    if {"activity", "correlationid", "actortype"} <= set(folded) and folded[0].startswith("date"):
        return lambda cells: _audit_row(folded, cells)
    if folded[0].startswith("timegenerated") and "operationname" in folded and _TABLE_MARKS & set(folded):
        return lambda cells: _table_row(names, cells)
    return None


def _diagnostic(value: dict[str, Any]) -> Shaped | None:
    properties = value.get("properties")
    if isinstance(properties, str):
        properties = _json_of(properties)
        value = {**value, "properties": properties}
    category, operation = value.get("category"), value.get("operationName")
    if not isinstance(properties, dict) or not isinstance(operation, str):
        return None
    if not isinstance(category, str):
        category = ""
    known = CATEGORIES.get(category.lower())
    if known is None and "activityDisplayName" in properties:
        known = AUDIT  # some pass on the activity's own category in place of the log's
    return Shaped(value, known or category, operation)


def _graph(value: dict[str, Any]) -> Shaped | None:
    if isinstance(activity := value.get("activityDisplayName"), str) and "activityDateTime" in value:
        native = {"category": AUDIT, "operationName": activity, "properties": value}
        return Shaped(native, AUDIT, activity)
    if "riskEventType" in value:
        category = USER_RISK if "userId" in value or "userPrincipalName" in value else SERVICE_PRINCIPAL_RISK
        return Shaped({"category": category, "operationName": "Risk detection", "properties": value}, category, "")
    if "createdDateTime" not in value or not any(name in value for name in _SIGN_IN_MARKS):
        return None
    if "status" not in value and "signInEventTypes" not in value and "conditionalAccessStatus" not in value:
        return None
    return _sign_in(value, _sign_in_category(value))


def _sign_in(properties: dict[str, Any], category: str) -> Shaped:
    native: dict[str, Any] = {"category": category, "operationName": SIGN_IN, "properties": properties}
    status = properties.get("status")
    if isinstance(status, dict):
        native["resultType"] = status.get("errorCode", "")
        native["resultDescription"] = status.get("failureReason", "")
    location = properties.get("location")
    if isinstance(location, dict) and "countryOrRegion" in location:
        native["location"] = location["countryOrRegion"]
    if "ipAddress" in properties:
        native["callerIpAddress"] = properties["ipAddress"]
    return Shaped(native, category, SIGN_IN)


def _sign_in_category(value: Mapping[str, Any]) -> str:
    """The log a Graph sign-in belongs to, by its event types or by who signed in."""
    types = value.get("signInEventTypes")
    kinds = {str(kind).lower() for kind in types} if isinstance(types, list) else set()
    if "managedidentity" in kinds:
        return "ManagedIdentitySignInLogs"
    if "serviceprincipal" in kinds:
        return "ServicePrincipalSignInLogs"
    if "noninteractiveuser" in kinds or value.get("isInteractive") is False:
        person = value.get("userId") or value.get("userPrincipalName") or not value.get("servicePrincipalId")
        return "NonInteractiveUserSignInLogs" if person else "ServicePrincipalSignInLogs"
    return "SignInLogs"


def _capitalised(value: Mapping[str, Any]) -> Shaped | None:
    """An object whose names begin with capitals: by PowerShell, or a row of a Log Analytics table."""
    plain: dict[str, Any] = {_lower(name): _lowered(item, 1) for name, item in value.items()}
    if "timeGenerated" not in plain:
        return _graph(plain)
    for name, item in plain.items():
        if isinstance(item, str) and item[:1] in ("{", "["):
            plain[name] = _json_of(item)
    time = plain.pop("timeGenerated")
    if "activityDisplayName" in plain and "operationName" in plain:
        native = {"time": time, "category": AUDIT, "operationName": plain["operationName"], "properties": plain}
        return Shaped(native, AUDIT, str(plain["operationName"]))
    shaped = _graph({"createdDateTime": time, **plain})
    if shaped is None:
        return None
    category = _TABLE_TYPES.get(str(plain.get("type", "")), shaped.category)
    category = CATEGORIES.get(str(plain.get("category", "")).lower(), category)
    outer: dict[str, Any] = {name: plain[name] for name in ("resultType", "resultDescription") if name in plain}
    return Shaped({**shaped.native, **outer, "time": time, "category": category}, category, shaped.operation)


def _lowered(value: object, depth: int) -> object:
    if depth > _MOST_NESTED:
        return value
    if isinstance(value, dict):
        return {_lower(name): _lowered(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_lowered(item, depth + 1) for item in value]
    return value


def _lower(name: str) -> str:
    return _TABLE_NAMES.get(name) or name[:1].lower() + name[1:]


def _json_of(text: str) -> object:
    """The value of a text that is JSON; the text where it is none."""
    try:
        value: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return value


@lru_cache(maxsize=8)
def _columns(table: str) -> dict[str, Path]:
    return {" ".join(name.lower().split()): tuple(path.split(".")) for name, path in _DECLARED[table].items()}


def _put(properties: dict[str, Any], path: Path, text: str) -> None:
    """A cell under its property. Of two columns for one property the first that is filled counts."""
    *above, last = path
    for name in above:
        properties = properties.setdefault(name, {})
    if not properties.get(last):
        properties[last] = text


def _sign_in_row(paths: Sequence[Path | None], cells: Sequence[str], category: str) -> Shaped:
    properties: dict[str, Any] = {}
    for path, cell in zip(paths, cells, strict=True):
        if path is not None:
            _put(properties, path, cell)
    location = properties.get("location", {})
    parts = location.get("text", "").rsplit(", ", 2)
    if len(parts) == 3:
        location |= dict(zip(("city", "state", "countryOrRegion"), parts, strict=True))
    return _sign_in(properties, category)


_TARGET = re.compile(r"target(\d+)(type|displayname|objectid|userprincipalname)")
_CHANGED = re.compile(r"target(\d+)modifiedproperty(\d+)(name|oldvalue|newvalue)")
_ADDED = re.compile(r"additionaldetail(\d+)(key|value)")
_TARGET_NAMES = {
    "type": "type", "displayname": "displayName", "objectid": "id", "userprincipalname": "userPrincipalName",
}  # fmt: skip
_CHANGED_NAMES = {"name": "displayName", "oldvalue": "oldValue", "newvalue": "newValue"}


@lru_cache(maxsize=512)
def _role(name: str) -> tuple[str, str, str, str] | None:
    """What a numbered column of the audit download holds: (kind, its number, the part's number, the property)."""
    if match := _TARGET.fullmatch(name):
        return "target", match[1], "", _TARGET_NAMES[match[2]]
    if match := _CHANGED.fullmatch(name):
        return "changed", match[1], match[2], _CHANGED_NAMES[match[3]]
    if match := _ADDED.fullmatch(name):
        return "added", match[1], "", match[2]
    return None


def _audit_row(names: Sequence[str], cells: Sequence[str]) -> Shaped:
    row = dict(zip(names, cells, strict=True))
    properties: dict[str, Any] = {}
    actor = "audit_application" if row["actortype"].lower().startswith("app") else "audit_user"
    for table in ("audit", actor):
        for name, path in _columns(table).items():
            if cell := row.get(name, ""):
                _put(properties, path, cell)
    targets: dict[str, dict[str, Any]] = {}
    changed: dict[tuple[str, str], dict[str, str]] = {}
    added: dict[str, dict[str, str]] = {}
    for name, cell in row.items():
        if cell and (role := _role(name)):
            kind, number, part, under = role
            if kind == "target":
                targets.setdefault(number, {})[under] = cell
            elif kind == "changed":
                changed.setdefault((number, part), {})[under] = cell
            else:
                added.setdefault(number, {})[under] = cell
    for (target, _), one in changed.items():
        targets.setdefault(target, {}).setdefault("modifiedProperties", []).append(one)
    properties["targetResources"] = list(targets.values())
    properties["additionalDetails"] = list(added.values())
    operation = row["activity"]
    return Shaped({"category": AUDIT, "operationName": operation, "properties": properties}, AUDIT, operation)


def _table_row(names: Sequence[str], cells: Sequence[str]) -> Shaped:
    row = {name.removesuffix(" [UTC]"): cell for name, cell in zip(names, cells, strict=True)}
    shaped = _capitalised(row)
    return shaped or Shaped({"properties": row}, "", "")
