"""Raw logs with what other programs read from them: each module compares one set, `section` tells of all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.measures.conformance import auditd, crowdsec, evtx_edge, fail2ban, ossec, zeek
from benchmarks.page import share, table


def section(data: Path, scratch: Path) -> str:
    """What the page says of them."""
    pairs, audit, edge = zeek.measure(data), auditd.measure(data), evtx_edge.measure(data, scratch)
    services, fields, lines = fail2ban.measure(data), crowdsec.measure(data), ossec.measure(data, scratch)
    alerts = crowdsec.measure_alerts(data, scratch)
    fewer = [one for one in edge if one.stored < one.theirs]
    damaged = [one for one in edge if one.errors]
    told = [one for one in services if one.told]
    values = (fields.header, fields.message, fields.web)
    reproduced, missed = sum(right for right, _ in values), sum(wrong for _, wrong in values)
    other = fields.expected - fields.own - fields.unnamed - reproduced - missed
    rows: list[tuple[str, str, int, int]] = [
        ("Zeek, tabular and JSON", f"records equal in every field, {pairs.kinds} kinds", pairs.equal, pairs.records),
        ("Linux audit, records", "values", audit.records - _of(audit, "auparse"), audit.records),
        ("Linux audit, events", "facts", audit.events - _of(audit, ""), audit.events),
        (
            "EVTX, damaged or unusual",
            "files with no fewer records than the other reader",
            len(edge) - len(fewer),
            len(edge),
        ),
        (
            "EVTX, damaged or unusual",
            "damaged files of which something is told",
            sum(one.told for one in damaged),
            len(damaged),
        ),
        ("syslog headers (CrowdSec)", "values", fields.header[0], sum(fields.header)),
        ("syslog messages (CrowdSec)", "values", fields.message[0], sum(fields.message)),
        ("web servers (CrowdSec)", "values", fields.web[0], sum(fields.web)),
        ("CrowdSec", "tests that expect alerts, with a finding", alerts.noticed, alerts.tests),
        ("OSSEC and Wazuh", "lines of formats we read, by the right source", lines.right, lines.with_source),
        ("OSSEC and Wazuh", "lines of level 5 and above with a finding", lines.noticed, lines.alerting),
        (
            "OSSEC and Wazuh",
            "lines that must not match, without a finding",
            lines.must_not - lines.matched,
            lines.must_not,
        ),
    ]
    shown: list[tuple[object, ...]] = [(*row, share(row[2], row[3])) for row in rows]
    return f"""## Formats against other programs: `parser_conformance`

{table("set | what is compared | right | of | share", shown)}

### Failed accesses, as fail2ban tells them

{_fail2ban(services, told)}

### Misses, each with its class

- EVTX: in all, {sum(one.stored for one in edge):,} records stored where the other reader has
  {sum(one.theirs for one in edge):,}; {sum(one.rejected for one in edge)} rejected with their reason. The renderings of single
  records that the set also gives are not compared.
- CrowdSec: {fields.expected:,} values are expected. {reproduced + missed:,} are compared, {missed} of them missed:
  {", ".join(f"`{name}` of {test}" for test, name in fields.missed)} (an address in the program's own form; two lines of an error
  log, which are no requests). Not compared are {fields.own:,} of the other project's own stages, {fields.unnamed:,} of the same
  lines under names without a counterpart, and {other:,} of other parsers, most of
  them of applications whose messages are kept and not interpreted.
- CrowdSec: {alerts.tests} tests expect alerts (brute force, probing, flaws of named programs). The logs of {alerts.read} are read, of
  {alerts.noticed} a finding is made, of {alerts.counted} by a correlation. Half of them have {alerts.lines} lines or fewer, most of them failures of one program within seconds: the other
  project blocks addresses. Our correlations ask for ten and more, and for a success after them, or for fifty pages: such a
  log is ordinary. Target missed.
- OSSEC, lines not read by the source that should: {_classes(lines)}.
- OSSEC, lines of level 5 and above without a finding, by the file of the tests:
  {", ".join(f"{name} {count}" for name, count in lines.silent.most_common())}. A single failed sign-in or a refused packet is an
  event here and no finding; rules on these programs are few. Target missed.
- OSSEC, formats without a source: {lines.lines - lines.with_source} of {lines.lines} lines."""


def _of(figures: auditd.AuditFigures, start: str) -> int:
    is_record = [where.startswith("auparse__") for where, _ in figures.differing]
    return sum(is_record) if start else len(is_record) - sum(is_record)


def _fail2ban(services: Sequence[fail2ban.Service], told: Sequence[fail2ban.Service]) -> str:
    silent = [one for one in services if one.source and not one.told and one.failed]
    unread = [one for one in services if not one.source]
    failed, right = sum(one.failed for one in told), sum(one.told for one in told)
    others, false = sum(one.others for one in told), sum(one.false for one in told)
    rows: list[tuple[object, ...]] = [
        (
            f"{one.name}{' (lines without a time)' if one.name in fail2ban.BARE else ''}",
            one.source,
            f"{one.told} of {one.failed}",
            f"{one.false} of {one.others}",
            f"{one.host} of {one.hosts}",
            one.other_host + one.other_user,
            f"{one.time} of {one.times}",
        )
        for one in told
    ]
    return f"""{table("service | source | failed accesses told | others told as failed | address | wrong address or account | time", rows)}

- Of the {len(told)} services of this table: **{right} of {failed}** failed accesses told ({share(right, failed)}), {false} of {others}
  other lines told as failed ({share(false, others)}). The lines are judged one by one here; fail2ban's filter judges the connection,
  which a later success makes forgiven, and counts once what several records of one attempt tell. Where the address is not
  found, the line has none.
- Read, but of programs whose failures are not interpreted: {sum(one.failed for one in silent)} failed accesses of {len(silent)}
  services ({", ".join(one.name for one in silent)}).
- Read by no source: {sum(one.failed + one.others for one in unread)} lines of {len(unread)} services
  ({", ".join(one.name for one in unread)})."""


def _classes(lines: ossec.OssecFigures) -> str:
    return "; ".join(f"{count} {name}: {ossec.why_unread(name)}" for name, count in lines.unread.most_common())
