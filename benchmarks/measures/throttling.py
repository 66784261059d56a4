"""Throttled mail auditing, which no public set holds: real records with the flag set, and what the answers then say."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measures.product import ask
from benchmarks.measures.tenant import FOLDER


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrottlingFigures:
    """What was measured.

    flagged     real records whose `IsThrottled` was set to True
    mailboxes   mailboxes they are of
    reported    those mailboxes for which the coverage says `throttled`
    ruled_out   mailboxes still ruled out afterwards: must be 0
    """

    flagged: int
    mailboxes: int
    reported: int
    ruled_out: int


def measure(data: Path, scratch: Path, every: int = 20) -> ThrottlingFigures:
    """Set the flag in every `every`-th mail access of the real log, and investigate the altered copy."""
    lines = gzip.decompress((data / FOLDER / "audit_records.jsonl.gz").read_bytes()).splitlines()
    altered, mailboxes, flagged, seen = [], set(), 0, 0
    for line in lines:
        record = json.loads(line)
        if record["Operation"] == "MailItemsAccessed":
            seen += 1
            if seen % every == 0:
                for each in record["OperationProperties"]:
                    if each["Name"] == "IsThrottled":
                        each["Value"] = "True"
                mailboxes.add(record["MailboxOwnerUPN"].lower())
                flagged += 1
        altered.append(json.dumps(record))
    log = scratch / "throttled.jsonl"
    log.write_text("\n".join(altered) + "\n", encoding="utf-8")
    ask(scratch, "investigate", log, "--workspace", scratch / "throttled")
    coverage, _ = ask(scratch, "coverage", "--workspace", scratch / "throttled")
    told = {row["scope"] for row in coverage["coverage"] if row["state"] == "throttled"}
    ruled_out = 0
    for mailbox in sorted(mailboxes):
        answer, _ = ask(scratch, "exposure", "--workspace", scratch / "throttled", "--identity", mailbox)
        ruled_out += sum(row["verdict"] == "ruled_out" for row in answer["exposure"])
    return ThrottlingFigures(
        flagged=flagged, mailboxes=len(mailboxes), reported=len(mailboxes & told), ruled_out=ruled_out
    )


def section(data: Path, scratch: Path) -> str:
    """What the page says of it."""
    figures = measure(data, scratch)
    return f"""## Throttled mail auditing

No public set holds throttled records. So {figures.flagged} real mail access records were altered to say `IsThrottled`:
of the {figures.mailboxes} mailboxes they are of, {figures.reported} are reported as throttled, and {figures.ruled_out} of
their holdings are ruled out."""
