"""From a plan to the scripts that carry it out, for an administrator to read before they run: POSIX sh and PowerShell.

They hold no password. Each makes what is due and has no receipt yet, once, and writes a line for it.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from importlib import resources

from tocsin.cover.probing.channels import load_channels
from tocsin.cover.probing.planning import canaries_of
from tocsin.model.instant import format_time
from tocsin.model.probing import Canary, ProbePlan

RECEIPTS = "receipts.jsonl"
_QUOTES = "'\u2018\u2019\u201a\u201b"


def sh_script(plan: ProbePlan) -> str:
    """The plan as a script for POSIX sh."""
    return _filled("probe.sh", plan, _sh_canaries(plan), "probe")


def powershell_script(plan: ProbePlan) -> str:
    """The same for PowerShell 5.1 and later."""
    return _filled("probe.ps1", plan, _powershell_canaries(plan), "Probe")


def _filled(template: str, plan: ProbePlan, canaries: Iterable[str], call: str) -> str:
    """The template with what is the plan's; what a target says is taken for no place of it."""
    text = (resources.files(__package__) / template).read_text(encoding="utf-8")
    text = text.replace("@PLAN@", plan.id).replace("@RECEIPTS@", RECEIPTS)
    before, _, rest = text.partition("@CANARIES@")
    between, _, after = rest.partition("@PROBES@")
    return "".join((before, "\n".join(canaries), between, _calls(plan, call), after))


def _sh_canaries(plan: ProbePlan) -> Iterator[str]:
    for canary, number in canaries_of(plan.probes).items():
        command = load_channels()[canary.channel].sh
        command = command.replace("{nonce}", '"$nonce"').replace("{target}", shlex.quote(canary.target))
        yield f"# {_told(canary)}\ncanary_{number}() {{\n    {command}\n}}\n"


def _powershell_canaries(plan: ProbePlan) -> Iterator[str]:
    for canary, number in canaries_of(plan.probes).items():
        command = load_channels()[canary.channel].powershell
        command = command.replace("'probe-{nonce}'", "('probe-' + $nonce)").replace("{target}", _quoted(canary.target))
        yield f"    # {_told(canary)}\n    {number} = {{ param($nonce) {command} }}"


def _quoted(text: str) -> str:
    """A literal of PowerShell: in it only quotes count, and five signs are a single one."""
    return "'" + "".join(sign * 2 if sign in _QUOTES else sign for sign in text) + "'"


def _told(canary: Canary) -> str:
    return f"{canary.channel}: {canary.target}, as {canary.account}"


def _calls(plan: ProbePlan, name: str) -> str:
    numbers = canaries_of(plan.probes)
    return "\n".join(
        f"{name} {probe.planned.id} {numbers[probe.planned.canary]} {_stamp(probe.planned.due)}"
        f" {_stamp(probe.planned.end)} {probe.nonce}"
        for probe in plan.probes
    )


def _stamp(time: int) -> str:
    """`20260302090000`: what both shells compare as they stand."""
    return "".join(sign for sign in format_time(time)[:19] if sign.isdecimal())
