"""Answers in; plain text out: the five answers on one screen of 80 columns, then the accounting."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.model.answers import Answers
from tocsin.model.coverage import Coverage
from tocsin.model.finding import Incident
from tocsin.model.instant import NANOSECONDS, format_time
from tocsin.model.reference import RecordPlace
from tocsin.share.accounting_text import accounting_lines
from tocsin.share.clocks import given_words
from tocsin.share.cuts import MergedCut, merged
from tocsin.share.decisions_taken import decision_words, weight_words
from tocsin.share.exceptions import warning
from tocsin.share.exposure_text import bounds_words, exposure_lines
from tocsin.share.format import Part
from tocsin.share.hypotheses import kind_lines
from tocsin.share.leading import happened, resolving, sureness, through
from tocsin.share.plain import WIDTH, shortened, shown, wrapped
from tocsin.share.preservation import first_words
from tocsin.share.since_words import since_lines
from tocsin.share.summary import (
    BASES,
    COVERAGE_STATES,
    and_more,
    attributions,
    blind_spots,
    bounds,
    counted,
    cut_words,
    provider_only,
    span,
)
from tocsin.share.triage import day_lines
from tocsin.share.unsealing import alone_sentence
from tocsin.share.watched import map_lines, match_words, scopes_alike

_INCIDENTS = 3
_ATTRIBUTIONS = 2
_HYPOTHESES = 1
_CUTS = 3
_LISTED = 6
_SHORT = 48  # characters of a title on the line of its incident
_SURE = 2
_TOLD = 190
_RECORDS = 6
_EXPIRING = 132
_INTERVALS = 200


class Text:
    """The answers for a person at a terminal."""

    name = "text"
    parts = frozenset(Part)

    def render(self, answers: Answers, part: Part) -> str:
        """Lines of at most 80 columns where the values allow it."""
        writers = {
            Part.INVESTIGATION: _investigation,
            Part.EXPOSURE: exposure_lines,
            Part.INCIDENTS: _incidents,
            Part.COVERAGE: _coverage,
            Part.DAYS: day_lines,
            Part.SHORT: _short,
        }
        return "\n".join((*given_words(answers.run), *_alone(answers), *writers[part](answers))) + "\n"


FORMAT = Text()


def _alone(answers: Answers) -> Iterator[str]:
    for one in answers.unreviewed:
        yield from wrapped(alone_sentence(one), indent=0, hang=2)


def _investigation(answers: Answers) -> Iterator[str]:
    as_of = "no dated record" if answers.as_of is None else f"as of {_time(answers.as_of)}"
    yield f"TOCSIN   {as_of}; all times UTC"
    yield from _what_expires(answers)
    if answers.run.since is not None:
        yield from since_lines(answers.run.since)
        yield ""
    yield "1 WHAT HAPPENED"
    yield from _what_happened(answers)
    yield ""
    yield "2 WHAT WAS COMPROMISED   [confirmed ; cannot be excluded]"
    yield from _what_was_compromised(answers)
    yield ""
    yield "3 WHO"
    yield from _who(answers)
    yield ""
    yield "4 WHAT TO CUT NOW   proposed; nothing has been done"
    yield from _what_to_cut(answers)
    yield ""
    yield "5 HOW SURE, AND WHY NOT SURER"
    yield from _how_sure(answers)
    yield ""
    yield "6 HOW IT IS PROVEN"
    yield from _how_it_is_proven(answers)
    yield ""
    yield "ACCOUNTING"
    yield from accounting_lines(answers)


def _what_expires(answers: Answers) -> Iterator[str]:
    if answers.preservation:
        first = shown(first_words(answers.preservation, _EXPIRING))
        yield from wrapped(f"evidence expiring first: {first}", indent=0, hang=2)


def _what_happened(answers: Answers) -> Iterator[str]:
    if answers.closed:
        yield from wrapped(answers.closed)
    if not answers.findings:
        yield from wrapped("No rule that could fire found anything. That is no proof that nothing happened: see below.")
        return
    period = span(time for finding in answers.findings for time in (finding.first, finding.last))
    when = f", {_time(period[0])} to {_time(period[1])}" if period else ", undated"
    head = f"{counted(len(answers.incidents), 'incident')} from {counted(len(answers.findings), 'finding')}{when}"
    yield from wrapped(head)
    by_id = {finding.id: finding for finding in answers.findings}
    for incident in answers.incidents[:_INCIDENTS]:
        sentence = happened(incident, [by_id[id_] for id_ in incident.findings if id_ in by_id])
        yield from wrapped(f"- [{incident.level}, score {incident.score}] {shortened(sentence, _TOLD)}", hang=4)
    yield from and_more(len(answers.incidents) - _INCIDENTS, "more incident")
    if sentence := warning(answers):
        yield from wrapped(f"{shown(sentence)} (ACCOUNTING).", hang=4)


def _what_was_compromised(answers: Answers) -> Iterator[str]:
    found = bounds(answers.exposure)
    if not found:
        yield from wrapped(
            "Nothing is judged: no incident is taken as an intrusion, or no log read says who opened what. To ask of "
            "somebody: tocsin exposure --identity X (or --address, --session, --host)."
        )
    for kind in found:
        yield from wrapped(bounds_words(kind), hang=4)
    if any(kind.open for kind in found):
        yield from wrapped("(open: what else lies where nothing is ruled out is not known)")
    services = provider_only(answers.exposure)
    if services:
        yield from wrapped(
            f"Apart from these: {counted(services, 'holding')} reached by the provider's own services alone."
        )
    blind = blind_spots(answers)
    if blind:
        states = ", ".join(f"{COVERAGE_STATES[state]} ({counted(count, 'interval')})" for state, count in blind)
        yield from wrapped(f"Not watched, or not wholly: {states}", hang=4)


def _who(answers: Answers) -> Iterator[str]:
    if not answers.attribution:
        yield from wrapped("Unknown actor. No account, session or device stands out.")
        return
    ordered = attributions(answers)
    for attribution in ordered[:_ATTRIBUTIONS]:
        yield from wrapped(f"- {shown(through(attribution))}", hang=4)
    yield from and_more(len(ordered) - _ATTRIBUTIONS, "more incident", "with accounts, sessions or devices of its own")
    for found in answers.hypotheses[:_HYPOTHESES]:
        yield from wrapped(f"By kind of actor, none weighed ({shown(found.incident)}):")
        for line in kind_lines(found):
            yield from wrapped(f"- {line}", indent=4, hang=6)
    yield from and_more(len(answers.hypotheses) - _HYPOTHESES, "more incident", "by kind of actor, in the report")


def _what_to_cut(answers: Answers) -> Iterator[str]:
    cuts = merged(answers.containment)
    if not cuts:
        yield from wrapped("Nothing to propose.")
    for cut in cuts[:_CUTS]:
        decision = "NEEDS A DECISION. " if cut.protected else ""
        yield from wrapped(f"- {shown(cut_words(cut))}", hang=4)
        yield from wrapped(f"{decision}Interrupts: {_interrupts(cut)}", indent=4)
    yield from and_more(len(cuts) - _CUTS, "more proposal")


def _interrupts(cut: MergedCut) -> str:
    first = shortened(cut.interrupts[0], 90) if cut.interrupts else "nothing known"
    return first + (f" (+{len(cut.interrupts) - 1} more)" if len(cut.interrupts) > 1 else "")


def _how_sure(answers: Answers) -> Iterator[str]:
    """On a line each: what is missing, and the step to begin with. The whole of it is in the report."""
    lacking = [sentence for sentence in sureness(answers) if sentence[0].isdigit()]
    for sentence in lacking[-_SURE:]:
        yield from wrapped(f"- {shown(sentence)}", hang=4)
    for cause in resolving(answers.causes)[0][:1]:
        yield f"  - first: {shortened(cause.step, WIDTH - 11)}"
    if not lacking and not answers.causes:
        yield from wrapped("The report says what was watched, and what was not.")


def _how_it_is_proven(answers: Answers) -> Iterator[str]:
    run = answers.run
    workspace = shown(run.workspace)
    yield from wrapped(f"sealed:  {counted(run.checkpoint_size, 'entry', 'entries')}, before anything was concluded")
    yield from wrapped(f"root:    {run.checkpoint_root}" if run.checkpoint_root else "root:    none yet")
    yield from wrapped(f"check:   {shown(run.program)} record verify --workspace {workspace}", hang=11)
    if run.key_file:
        yield from wrapped(f"key:     {shown(run.key_file)} (keep a copy elsewhere)", hang=11)
    yield from wrapped(f"report:  {workspace}/report.html", hang=11)


def _decided(answers: Answers) -> Iterator[str]:
    """What people decided that stands under no incident, and what their verdicts made of detectors."""
    ids = {incident.id for incident in answers.incidents}
    elsewhere = [one for one in answers.decisions if ids.isdisjoint(one.incidents)]
    if elsewhere or answers.weights:
        yield ""
        yield "DECIDED   by people; tocsin incidents decisions lists all"
    for one in elsewhere[:_LISTED]:
        yield from wrapped(f"- {shown(decision_words(one))}", hang=4)
    yield from and_more(len(elsewhere) - _LISTED, "more decision", "in the JSON")
    for weight in answers.weights[:_LISTED]:
        yield from wrapped(f"- {shown(weight_words(weight))}", hang=4)
    yield from and_more(len(answers.weights) - _LISTED, "more detector", "in the JSON")


def _set_aside(answers: Answers) -> Iterator[str]:
    """What other tools say all the time, by rule: it is in no incident."""
    if not answers.set_aside:
        return
    alerts = sum(one.alerts for one in answers.set_aside)
    rules = counted(len(answers.set_aside), "rule")
    yield from wrapped(f"{counted(alerts, 'alert')} of {rules} set aside: other tools that say so all the time", hang=4)
    for one in answers.set_aside[:_LISTED]:
        yield from wrapped(f"- {one.alerts:,} of {shown(one.title)} ({shown(one.rule)})", hang=4)
    yield from and_more(len(answers.set_aside) - _LISTED, "more rule", "in the JSON")


def _short(answers: Answers) -> Iterator[str]:
    yield f"{counted(len(answers.incidents), 'incident')}; all times UTC"
    if answers.closed:
        yield from wrapped(answers.closed, indent=0)
    for one in answers.incidents:
        first = "undated" if one.first is None else _time(one.first)
        head = f"{one.id}  {one.score:>3} {one.level:<8} {first:<16} {len(one.findings):>3,}  "
        yield head + shortened(one.title, _SHORT)


def _incidents(answers: Answers) -> Iterator[str]:
    yield f"{counted(len(answers.incidents), 'incident')}; all times UTC"
    if answers.closed:
        yield from wrapped(answers.closed, indent=0)
    yield from _set_aside(answers)
    findings = {finding.id: finding for finding in answers.findings}
    for number, incident in enumerate(answers.incidents, 1):
        yield ""
        head = f"{number}. [{incident.level}, score {incident.score}] {shown(incident.title)}"
        yield from wrapped(head, indent=0, hang=3)
        yield from wrapped(f"{incident.id}  {_period(incident.first, incident.last)}")
        yield from wrapped(_entities(incident), hang=4)
        if incident.order:
            yield from wrapped(shown(incident.order), hang=4)
        if incident.reach is not None:
            yield from wrapped(f"could have opened: {counted(incident.reach, 'declared holding')}", hang=4)
        for one in answers.decisions:
            if incident.id in one.incidents:
                yield from wrapped(shown(decision_words(one)), hang=4)
        for other in incident.related:
            yield from wrapped(f"possibly related: {other.incident}, {shown(other.reason)}", hang=4)
        for id_ in incident.findings:
            if id_ in findings:
                finding = findings[id_]
                first = "undated" if finding.first is None else _time(finding.first)
                head = f"- {first} [{finding.detector.level}] {shown(finding.detector.title)} ({finding.id})"
                yield from wrapped(head, hang=4)
                yield from wrapped(shown(finding.why), indent=4, hang=6)
                yield from _places(finding.records)
    yield from _decided(answers)
    if answers.containment:
        yield ""
        yield "CUTS   proposed, each once; nothing has been done"
    numbers = {incident.id: number for number, incident in enumerate(answers.incidents, 1)}
    for cut in merged(answers.containment):
        serves = ", ".join(f"{numbers[id_]}" for id_ in cut.incidents if id_ in numbers) or "none listed"
        decision = "; NEEDS A DECISION" if cut.protected else ""
        yield from wrapped(f"- {shown(cut_words(cut))} (serves incident {serves}{decision})", hang=4)


def _coverage(answers: Answers) -> Iterator[str]:
    yield f"{counted(len(answers.coverage), 'interval')} of what was watched; all times UTC"
    yield from map_lines(answers.coverage_map)
    stream: tuple[str, str, str] | None = None
    groups = scopes_alike(answers.coverage)
    for interval, more in groups[:_INTERVALS]:
        here = interval.source, interval.host, interval.channel
        if here != stream:
            stream = here
            yield ""
            yield from wrapped(" / ".join(shown(name) for name in here if name) or "any log", indent=0)
        yield from _one_interval(interval, more)
    yield from and_more(len(groups) - _INTERVALS, "more interval", "with --format json or html")
    if answers.coverage_map.matches:
        yield ""
        yield "WHAT TWO LOGS BOTH HOLD"
    for match in answers.coverage_map.matches[:_INTERVALS]:
        yield from wrapped(f"- {shown(match_words(match))}", hang=4)
    yield from and_more(len(answers.coverage_map.matches) - _INTERVALS, "more comparison", "with --format json")
    if answers.coverage_map.proofs:
        yield ""
        yield "WHAT EACH LOG CAN PROVE OF ITSELF"
    for proof in answers.coverage_map.proofs:
        vouched = "" if proof.attestable else "; nobody can vouch for it"
        yield from wrapped(f"- {shown(proof.source)}: {BASES[proof.basis]}; {shown(proof.reason)}{vouched}", hang=4)


def _one_interval(interval: Coverage, more: int) -> Iterator[str]:
    start = "start unknown" if interval.from_ is None else _time(interval.from_)
    end = "end unknown" if interval.to is None else _time(interval.to)
    scope = f" for {shown(interval.scope)}" if interval.scope else ""
    scope += f" and {more:,} more" if more else ""
    state = COVERAGE_STATES[interval.state] + scope
    yield from wrapped(f"{start} - {end}  {state}: {shown(interval.evidence)}", hang=4)
    yield from _places(interval.records)


def _places(records: tuple[RecordPlace, ...]) -> Iterator[str]:
    if not records:
        return
    places = ", ".join(f"{shown(place.input)}#{place.entry}" for place in records[:_RECORDS])
    more = f" and {len(records) - _RECORDS:,} more, in the JSON" if len(records) > _RECORDS else ""
    yield from wrapped(f"log: {places}{more}", indent=4, hang=6)


def _entities(incident: Incident) -> str:
    return ", ".join(f"{entity.type} {shown(entity.id)}" for entity in incident.entities)


def _period(first: int | None, last: int | None) -> str:
    if first is None:
        return "undated"
    return _time(first) if last is None or _time(last) == _time(first) else f"{_time(first)} to {_time(last)}"


def _time(value: int) -> str:
    """To the minute: `2024-03-04 02:11`."""
    return format_time(value // NANOSECONDS * NANOSECONDS)[:16].replace("T", " ")
