"""Where our own rules are, and the log-source maps of the sources they are written for."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from tocsin.detect.sigma.logsource import LogSourceMap, read_logsource_map

RULES = Path(__file__).resolve().parents[2] / "rules"

# Area of `rules/` to the source its native field names are of, and that source's log fields.
SOURCES = {
    "m365": ("m365_unified_audit", ("Workload", "RecordType", "Operation")),
    "windows": ("windows_evtx", ("Channel", "EventID", "Provider_Name")),
}


def rule_paths() -> list[Path]:
    """Every rule file of ours, without the cases beside them, in order."""
    return sorted(path for path in RULES.rglob("*.yml") if not path.name.endswith(".cases.yml"))


def logsource_maps() -> list[LogSourceMap]:
    """The map of each source, by area."""
    maps = []
    for _, (source, log_fields) in sorted(SOURCES.items()):
        text = (resources.files("tocsin.collect.sources") / source / "logsources.toml").read_text(encoding="utf-8")
        maps.append(read_logsource_map(source, log_fields, text))
    return maps
