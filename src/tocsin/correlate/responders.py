"""From findings and the estate's responders to the findings that are the responders' own work, marked as such."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tocsin.model.estate import Responder
from tocsin.model.finding import EntityType, Finding
from tocsin.model.identity import is_remote_address


def mark(
    findings: Sequence[Finding], responders: Sequence[Responder], canonical: Callable[[str], str]
) -> tuple[Finding, ...]:
    """The findings in their order, each with the first responder whose work it is.

    A finding is a responder's where everything the declaration names holds for all of it: it is about the account,
    every remote address and every host it names is the declared one, and its whole time lies in the declared time.
    """
    return tuple(
        replace(finding, responder=next((r.name for r in responders if _is_work_of(finding, r, canonical)), ""))
        for finding in findings
    )


def _is_work_of(finding: Finding, responder: Responder, canonical: Callable[[str], str]) -> bool:
    if responder.holdings:
        return False
    subject = finding.entities[0] if finding.entities else None
    if responder.account and (
        subject is None or subject.type is not EntityType.ACCOUNT or subject.id != canonical(responder.account)
    ):
        return False
    if responder.address:
        addresses = {e.id for e in finding.entities if e.type is EntityType.ADDRESS and is_remote_address(e.id)}
        if addresses != {responder.address}:
            return False
    if responder.host:
        hosts = {entity.id for entity in finding.entities if entity.type is EntityType.HOST}
        if hosts != {canonical(responder.host)}:
            return False
    if responder.from_ is not None and (finding.first is None or finding.first < responder.from_):
        return False
    return responder.to is None or (finding.last is not None and finding.last < responder.to)
