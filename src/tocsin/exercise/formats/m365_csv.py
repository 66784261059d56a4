"""Records of the unified audit log in; the CSV file that PowerShell exports of them out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

_RECORD_TYPES: Mapping[int, str] = {
    1: "ExchangeAdmin",
    2: "ExchangeItem",
    3: "ExchangeItemGroup",
    4: "SharePoint",
    6: "SharePointFileOperation",
    8: "AzureActiveDirectory",
    14: "SharePointSharingOperation",
    15: "AzureActiveDirectoryStsLogon",
    50: "ExchangeItemAggregated",
}
_CSV_HEADER = (
    "PSComputerName",
    "RunspaceId",
    "PSShowComputerName",
    "RecordType",
    "CreationDate",
    "UserIds",
    "Operations",
    "AuditData",
    "ResultIndex",
    "ResultCount",
    "Identity",
    "IsValid",
    "ObjectState",
)


def export_csv(records: Iterable[Mapping[str, Any]]) -> bytes:
    """The file `Search-UnifiedAuditLog | Export-Csv -NoTypeInformation` writes: all quoted, CRLF, one row a record."""
    rows = list(records)
    lines = [_csv_row(_CSV_HEADER)]
    for index, record in enumerate(rows, start=1):
        record_type = record.get("RecordType")
        lines.append(
            _csv_row(
                (
                    "outlook.office365.example",
                    "00000000-0000-4000-8000-000000000000",
                    "False",
                    _RECORD_TYPES.get(record_type, str(record_type)) if isinstance(record_type, int) else "",
                    _us_date(str(record.get("CreationTime", ""))),
                    str(record.get("UserId", "")),
                    str(record.get("Operation", "")),
                    orjson.dumps(record).decode(),
                    str(index),
                    str(len(rows)),
                    str(record.get("Id", "")),
                    "True",
                    "Unchanged",
                )
            )
        )
    return "".join(lines).encode()


def _csv_row(values: Iterable[str]) -> str:
    return ",".join('"' + value.replace('"', '""') + '"' for value in values) + "\r\n"


def _us_date(text: str) -> str:
    """`2021-03-23T15:45:38` as `3/23/2021 3:45:38 PM`, the way PowerShell prints a date in the United States."""
    date, _, clock = text.partition("T")
    year, month, day = (int(part) for part in date.split("-"))
    hour, minute, second = (int(part) for part in clock.split(":"))
    half = "AM" if hour < 12 else "PM"
    return f"{month}/{day}/{year} {hour % 12 or 12}:{minute:02}:{second:02} {half}"
