"""Measures the product on public data and on its exercise, and writes `docs/evaluation.md`.

Run by `make evaluation`. The data is found through TOCSIN_DATA or beside the checkout, as the tests on real data do.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.measures import attack_samples, exercise, interruption, tenant, throttling  # noqa: E402

Section = Callable[[Path, Path], str]


def _tenant(data: Path, scratch: Path) -> str:
    figures = tenant.measure(data, scratch)
    rows = [
        f"| {name} | {read:,} | {stored:,} | {rejected:,} |"
        for name, (read, stored, rejected) in figures.records.items()
    ]
    missed = ", ".join(f"{count} {name}" for name, count in figures.changes_missed.items()) or "none"
    return f"""## A real tenant under test attacks: `{tenant.FOLDER}`

| export | records read | stored | rejected |
| --- | --- | --- | --- |
{chr(10).join(rows)}

Both exports give the same exposure and the same standing changes: **{_yes(figures.formats_agree)}**.

| asked | of the truth | answered | right | precision | recall |
| --- | --- | --- | --- | --- | --- |
{_row("mail items bound, per actor, address and session", figures.mail_items)}
{_row("folder synchronisations, per actor, address and session", figures.mail_folders)}
{_row("documents, per actor and operation", figures.files)}
{_row("lasting changes (rules, rights, consents, links, credentials)", figures.changes)}

{figures.groups_exact} of {figures.groups} groups (actor, address, mailbox, session) are answered exactly. {figures.provider_only}
mail items were reached by the provider's own services alone and are reported apart.

Lasting changes of the truth that are not reported as one: {missed}. The `Set-Mailbox` records among them are the
provider's provisioning account registering addresses and hosting flags; they set no forwarding and give nobody a right.
Reported beyond the truth are changes its list leaves out (service principals added, owners added, and the like), so
precision is a lower bound there. Folders are compared by their number: the provider withholds their paths here, and the
product names them by their display name."""


def _samples(data: Path, scratch: Path) -> str:
    figures = attack_samples.measure(data, scratch)
    truth, read, stored = figures.records
    loaded, operable, blind, failed = figures.rules
    return f"""## Windows event logs of known attacks: `{attack_samples.FOLDER}`

- Files whose record count is exactly that of the ground truth: **{figures.files_exact} of {figures.files}**
- Records: {truth:,} by the ground truth, {read:,} read, {stored:,} stored
- Files with a finding of level medium or above, with SigmaHQ's rules and ours: **{figures.alerted} of {figures.files}**
  ({_share(figures.alerted, figures.files)}); with our own rules alone {figures.alerted_by_own}
- Files labelled with a technique for which a finding names it or its parent: {figures.technique} of {figures.labelled}
  ({_share(figures.technique, figures.labelled)}). The rules' tags and the labels are of different ATT&CK releases and no
  crosswalk is applied, so this is a lower bound.
- Rules: {loaded:,} loaded, {operable:,} operable, {blind:,} blind, {failed} failed, each with its reason"""


def _throttling(data: Path, scratch: Path) -> str:
    figures = throttling.measure(data, scratch)
    return f"""## Throttled mail auditing

No public set holds throttled records. So {figures.flagged} real mail access records were altered to say `IsThrottled`:
of the {figures.mailboxes} mailboxes they are of, {figures.reported} are reported as throttled, and {figures.ruled_out} of
their holdings are ruled out."""


def _interruption(data: Path, scratch: Path) -> str:
    figures = interruption.measure(data, scratch)
    read, stored, rejected = figures.records
    return f"""## Interruption

The investigation of the attack samples was killed {figures.kills} times at random moments ({figures.running} times while at
work; SIGKILL and interrupt in turn) and run again. In the end {read:,} records read = {stored:,} stored + {rejected:,}
rejected; the answer is equal to that of a run left alone: **{_yes(figures.same_answer)}**; `tocsin record verify` finds
the record whole: **{_yes(figures.verified)}**."""


def _row(name: str, overlap: tenant.Overlap) -> str:
    return (
        f"| {name} | {overlap.expected} | {overlap.found} | {overlap.right} "
        f"| {overlap.precision:.3f} | {overlap.recall:.3f} |"
    )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %"


def _yes(value: bool) -> str:
    return "yes" if value else "NO"


def _machine() -> str:
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    return f"{os.cpu_count()} cores, {model}, Python {platform.python_version()}"


def main() -> None:
    """Measure everything and write the page."""
    data = Path(os.environ.get("TOCSIN_DATA", ROOT.parent / "shared" / "data"))
    if not data.is_dir():
        raise SystemExit("no public data sets: set TOCSIN_DATA to the folder that holds them")
    sections: tuple[Section, ...] = (_tenant, _samples, _throttling, _interruption, exercise.section)
    parts = [
        f"""# Evaluation

Measured {dt.datetime.now(dt.UTC):%Y-%m-%d} on {_machine()}, by `make evaluation`, which writes this page. The public data sets are
not part of the repository; the tests in `tests/real/` hold the product to these figures where the sets are at hand."""
    ]
    for section in sections:
        sys.stderr.write(f"{section.__module__.rpartition('.')[2]}.{section.__name__.strip('_')} ...\n")
        with tempfile.TemporaryDirectory() as scratch:
            os.environ["XDG_CONFIG_HOME"] = scratch
            parts.append(section(data, Path(scratch)))
    (ROOT / "docs" / "evaluation.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
