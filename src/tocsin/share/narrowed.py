"""Answers and ids of incidents in; the answers with what is of these incidents alone, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tocsin.errors import ConfigError
from tocsin.model.answers import Answers


def of_incidents(answers: Answers, ids: Sequence[str]) -> Answers:
    """The incidents of these ids, or of findings of these ids, with their findings, decisions and cuts.

    Raises ConfigError for an id that is of neither.
    """
    wanted = {one.id for one in answers.incidents for id_ in ids if id_ == one.id or id_ in one.findings}
    known = {id_ for one in answers.incidents for id_ in (one.id, *one.findings)}
    if missing := next((id_ for id_ in ids if id_ not in known), None):
        hint = answers.closed or "ids of all, a line each, by --short"
        raise ConfigError(f"there is no incident {missing}", hint=hint)
    incidents = tuple(one for one in answers.incidents if one.id in wanted)
    findings = {id_ for one in incidents for id_ in one.findings}
    return replace(
        answers,
        incidents=incidents,
        findings=tuple(one for one in answers.findings if one.id in findings),
        decisions=tuple(one for one in answers.decisions if not wanted.isdisjoint(one.incidents)),
        containment=tuple(one for one in answers.containment if not wanted.isdisjoint((one.incident, *one.also))),
        weights=(),
        set_aside=(),
    )
