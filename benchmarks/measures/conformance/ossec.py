"""Lines of OSSEC's and Wazuh's rule tests: read by the right source, and at least a finding where a rule would alert."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measures.attack_samples import RULES
from benchmarks.measures.product import ask

CASES = "parser_conformance/ossec_wazuh_rules/cases.jsonl"
_ALERT = 5  # the least level that should raise a finding
# What the other program calls a line, and the source of ours that is right for it; of decoders not named here, syslog's
# is: they are of programs that log through it.
_FAMILIES = {
    "apache-errorlog": "",
    "nginx-errorlog": "",
    "web-accesslog": "web_access",
    "web-accesslog-iis-default": "web_access",
    "cpanel-access-failed": "",
    "cpanel-login": "",
    "squid-accesslog": "squid_access",
    "sonicwall": "firewall_key_value",
    "checkpoint-smart1": "firewall_key_value",
    "netscreenfw": "firewall_key_value",
    "paps": "leef",
    "mcafee-epo2": "",
    "paloalto_traffic": "",
    "windows-date-format": "",
    "windows": "windows_json",
    "Sysmon-EventID#1": "windows_json",
    "json": "",
    "postgresql_log": "",
    "ar_log": "",
    "openbsd-httpd": "",
}

# Why lines of a format we read are not read, by the file of the tests.
_WHY_UNREAD = {
    "cisco_asa": "the device's message without the syslog header it is sent with",
    "oscap": "an agent's own lines, without a syslog header",
    "dovecot": "the program's own log file, whose lines name no host",
    "checkpoint_smart1": "lines shortened to their action",
    "vsftpd": "the program's own log file",
    "sysmon": "an agent's text form of Windows events",
    "web_rules": "lines of a W3C log without the line that names its columns",
    "netscreen": "a message with a syslog header before key=value",
    "ossec": "the other program's own log",
    "snort": "an intrusion sensor's alert file",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OssecFigures:
    """What was measured.

    lines, read             lines, and those a source reads
    right                   of `with_source`, lines whose format has a source of ours: read by that one
    alerting, noticed       lines of level 5 and above that must match, and those with a finding
    silent                  the lines of level 5 and above without one, by the program
    must_not, matched       lines a rule must not match, and those with a finding
    """

    lines: int
    read: int
    with_source: int
    right: int
    alerting: int
    noticed: int
    silent: Counter[str]
    unread: Counter[str]
    must_not: int
    matched: int


def measure(data: Path, scratch: Path) -> OssecFigures:
    """Investigate every line as a file of its own, with SigmaHQ's rules and ours."""
    cases = [json.loads(line) for line in (data / CASES).read_text("utf-8").splitlines()]
    folder = scratch / "ossec"
    folder.mkdir()
    for number, case in enumerate(cases):
        (folder / f"{number:04}.log").write_text(case["raw"] + "\n", encoding="utf-8")
    answer, _ = ask(scratch, "investigate", folder, "--workspace", scratch / "lines", "--rules", data / RULES)
    sources = {each["path"]: each["source"] for each in answer["accounting"]["inputs"] if each["stored"]}
    noticed = {place["input"] for finding in answer["findings"] for place in finding["records"]}
    seen = [(case, f"{folder}/{number:04}.log") for number, case in enumerate(cases)]
    alerting = [(case, path) for case, path in seen if int(case["level"]) >= _ALERT and case["must"] == "pass"]
    must_not = [path for case, path in seen if case["must"] == "fail"]
    ours = [(case, path) for case, path in seen if _family(case)]
    return OssecFigures(
        lines=len(cases),
        read=sum(path in sources for _, path in seen),
        with_source=len(ours),
        right=sum(sources.get(path) == _family(case) for case, path in ours),
        alerting=len(alerting),
        noticed=sum(path in noticed for _, path in alerting),
        silent=Counter(case["file"] for case, path in alerting if path not in noticed),
        unread=Counter(case["file"] for case, path in ours if sources.get(path) != _family(case)),
        must_not=len(must_not),
        matched=sum(path in noticed for path in must_not),
    )


def why_unread(file: str) -> str:
    """The reason, or that there is none."""
    return _WHY_UNREAD.get(file, "not explained")


def _family(case: dict[str, Any]) -> str:
    return _FAMILIES.get(case["decoder"], "syslog")
