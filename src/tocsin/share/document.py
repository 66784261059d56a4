"""Answers in; the JSON document out, as `docs/formats/investigation.md` describes it."""

from __future__ import annotations

from tocsin.model.answers import Answers
from tocsin.model.instant import format_time
from tocsin.render.element import Json, element
from tocsin.share.format import Part

# The version of the document: the second number for a field added, the first for one changed or taken away.
VERSION = "0.1"


def document(answers: Answers, part: Part) -> dict[str, Json]:
    """One object: `schema` first, then the whole investigation, or the one list under the name of `part`."""
    head = headed(part)
    if part is not Part.INVESTIGATION:
        asked: dict[str, Json] = {"asked": element(answers.asked)} if part is Part.EXPOSURE else {}
        if answers.unreviewed:
            head |= {"unreviewed": element(answers.unreviewed)}
        then: dict[str, Json] = {"run": element(answers.run)} if answers.run.given else {}
        found = {str(part): element(getattr(answers, part))}
        drawn: dict[str, Json] = {"coverage_map": element(answers.coverage_map)} if part is Part.COVERAGE else {}
        behind: dict[str, Json] = {}
        if part is Part.INCIDENTS:
            behind = {
                "findings": element(answers.findings),
                "set_aside": element(answers.set_aside),
                "decisions": element(answers.decisions),
                "weights": element(answers.weights),
            }
        if part is Part.DAYS:
            behind = {"incidents": element(answers.incidents), "findings": element(answers.findings)}
        if answers.closed:
            head |= {"closed": answers.closed}
        return head | asked | found | behind | drawn | then
    return head | {
        "as_of": None if answers.as_of is None else format_time(answers.as_of),
        "names_in_clear": answers.names_in_clear,
        "unreviewed": element(answers.unreviewed),
        "preservation": element(answers.preservation),
        "accounting": element(answers.accounting),
        "exceptions": element(answers.exceptions),
        "findings": element(answers.findings),
        "incidents": element(answers.incidents),
        "set_aside": element(answers.set_aside),
        "decisions": element(answers.decisions),
        "weights": element(answers.weights),
        "days": element(answers.days),
        "closed": answers.closed,
        "exposure": element(answers.exposure),
        "causes": element(answers.causes),
        "reach": element(answers.reach),
        "coverage": element(answers.coverage),
        "coverage_map": element(answers.coverage_map),
        "changes": element(answers.changes),
        "notes": element(answers.notes),
        "asked": element(answers.asked),
        "identities": element(answers.identities),
        "attribution": element(answers.attribution),
        "hypotheses": element(answers.hypotheses),
        "containment": {"cuts": element(answers.containment)},
        "not_done": element(answers.not_done),
        "settings": element(dict(sorted(answers.settings.items()))),
        "run": element(answers.run),
    }


def headed(name: str) -> dict[str, Json]:
    """The start of every document: which schema it follows."""
    return {"schema": {"name": f"tocsin.{name}", "version": VERSION}}
