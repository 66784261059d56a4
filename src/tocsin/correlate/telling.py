"""Decisions in; what an answer tells of those in force out: in words, and what each does to the findings of now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tocsin.correlate.decided import Closed, Finder, end_of, replaced
from tocsin.correlate.naming import shown
from tocsin.model.decision import Decision, DecisionKind, DecisionTold
from tocsin.model.finding import Entity, Finding, Incident

LISTED = 100  # findings of one decision told by id
_FEW = 3
_GONE = "nothing it speaks of is a finding now"


def told(
    decisions: Sequence[Decision],
    findings: Sequence[Finding],
    incidents: Sequence[Incident],
    *,
    held: Mapping[int, Sequence[Finding]],
    held_up: frozenset[int],
    closed: Closed | None,
    canonical: Callable[[str], str],
    as_of: int | None,
) -> tuple[DecisionTold, ...]:
    """The decisions in force by number, without those that speak of what is closed to whoever asks, and verdicts that a
    later one on the same finding stands in the place of.

    findings    all there are, those held back as well
    """
    standing = [one for one in decisions if one.is_in_force]
    if not standing:
        return ()
    finder = Finder(findings)
    gone = replaced(standing, finder)
    found = []
    for one in standing:
        if one.number in gone:
            continue
        entity = None if one.entity is None else shown(one.entity, canonical)
        ids = finder.ids((*one.findings, *one.others))
        if closed is not None and one.number in closed.decisions:
            continue
        back = held.get(one.number, ())
        listed = tuple(each.id for each in back) if one.kind is DecisionKind.EXCEPT else ids
        found.append(
            DecisionTold(
                number=one.number,
                kind=one.kind,
                at=one.at,
                person=one.person,
                reason=one.reason,
                about=about(one),
                signed=one.signed,
                findings=listed[:LISTED],
                incidents=tuple(each.id for each in incidents if _concerns(each, set(ids), entity, one.kind)),
                held_back=len(back),
                first=min((each.first for each in back if each.first is not None), default=None),
                last=max((each.last for each in back if each.last is not None), default=None),
                void=_void(one, finder, held_up, as_of),
            )
        )
    return tuple(found)


def about(one: Decision) -> str:
    """What was decided, in one sentence's words; nothing of who and why."""
    names = _few([anchor.id for anchor in one.findings])
    match one.kind:
        case DecisionKind.CUT if one.entity is not None:
            return f"{one.entity.type} {one.entity.id} ties nothing"
        case DecisionKind.CUT:
            return f"{names} and {_few([anchor.id for anchor in one.others])} are not of one incident"
        case DecisionKind.MERGE:
            return f"the incidents of {names} are one"
        case DecisionKind.SPLIT:
            return f"{names} {'is' if len(one.findings) == 1 else 'are'} no part of the incident they stood in"
        case DecisionKind.VERDICT:
            return f"{names} is {one.judgement}"
        case DecisionKind.EXCEPT:
            kind, detector = one.detector or ("", "")
            whom = "" if one.entity is None else f" about {one.entity.type} {one.entity.id}"
            return f"findings of {kind} {detector}{whom} are held back until {one.expires}"
    what = names if one.entity is None else f"what was found of {one.entity.type} {one.entity.id}"
    return f"{what} is shown to {', '.join(one.readers)} alone"


def _concerns(incident: Incident, ids: set[str], entity: Entity | None, kind: DecisionKind) -> bool:
    if kind is DecisionKind.EXCEPT:
        return False
    return entity in incident.entities or not ids.isdisjoint(incident.findings)


def _void(one: Decision, finder: Finder, held_up: frozenset[int], as_of: int | None) -> str:
    if one.kind is DecisionKind.EXCEPT:
        is_over = as_of is not None and as_of >= end_of(one.expires)
        return f"expired {one.expires}: what it held back is shown" if is_over else ""
    if one.number in held_up:
        return "given up: it would bring together what another decision keeps apart"
    those, others = finder.ids(one.findings), finder.ids(one.others)
    needs_two = one.kind is DecisionKind.MERGE
    is_gone = len(those) < (2 if needs_two else 1) or (one.others and not others)
    return _GONE if one.findings and is_gone else ""


def _few(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _FEW:,} more" if len(ids) > _FEW else ""
    return ", ".join(ids[:_FEW]) + more
