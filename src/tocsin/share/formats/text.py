"""Answers in; plain text out: the five answers on one screen of 80 columns, then the accounting."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from tocsin.model.answers import Answers
from tocsin.model.chunk import InputState
from tocsin.model.coverage import Coverage
from tocsin.model.exposure import Exposure, Verdict
from tocsin.model.finding import Incident
from tocsin.model.instant import NANOSECONDS, format_time
from tocsin.model.reference import RecordPlace
from tocsin.model.response import Cut
from tocsin.share.asked import unknown_to_the_logs
from tocsin.share.exceptions import exception_words, hits_equation, implicated_words, warning
from tocsin.share.format import Part
from tocsin.share.plain import shortened, shown
from tocsin.share.preservation import first_words
from tocsin.share.summary import (
    BASES,
    COVERAGE_STATES,
    DEGREES,
    Bounds,
    attributions,
    blind_spots,
    books,
    bounds,
    container_words,
    counted,
    cut_words,
    equation,
    grouped,
    has_items,
    is_provider,
    origins,
    plural_of,
    provider_only,
    span,
)

_WIDTH = 80
_INCIDENTS = 3
_ATTRIBUTIONS = 2
_CUTS = 3
_LISTED = 6
_LEAST_SCOPE = 16
_RECORDS = 6
_EXPIRING = 132


class Text:
    """The answers for a person at a terminal."""

    name = "text"
    parts = frozenset(Part)

    def render(self, answers: Answers, part: Part) -> str:
        """Lines of at most 80 columns where the values allow it."""
        writers = {
            Part.INVESTIGATION: _investigation,
            Part.EXPOSURE: _exposure,
            Part.INCIDENTS: _incidents,
            Part.COVERAGE: _coverage,
        }
        return "\n".join(writers[part](answers)) + "\n"


FORMAT = Text()


def _investigation(answers: Answers) -> Iterator[str]:
    as_of = "no dated record" if answers.as_of is None else f"as of {_time(answers.as_of)}"
    yield f"TOCSIN   {as_of}; all times UTC"
    yield from _what_expires(answers)
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
    yield "5 HOW IT IS PROVEN"
    yield from _how_it_is_proven(answers)
    yield ""
    yield "ACCOUNTING"
    yield from _accounting(answers)


def _what_expires(answers: Answers) -> Iterator[str]:
    if answers.preservation:
        first = shown(first_words(answers.preservation, _EXPIRING))
        yield from _wrapped(f"evidence expiring first: {first}", indent=0, hang=2)


def _what_happened(answers: Answers) -> Iterator[str]:
    if not answers.findings:
        yield from _wrapped(
            "No rule that could fire found anything. That is no proof that nothing happened: see below."
        )
        return
    period = span(time for finding in answers.findings for time in (finding.first, finding.last))
    when = f", {_time(period[0])} to {_time(period[1])}" if period else ", undated"
    head = f"{counted(len(answers.incidents), 'incident')} from {counted(len(answers.findings), 'finding')}{when}"
    yield from _wrapped(head)
    for incident in answers.incidents[:_INCIDENTS]:
        head = f"  - [{incident.level}, score {incident.score}] "
        yield head + shortened(incident.title, _WIDTH - len(head))
        when = f"{_days(incident.first, incident.last)}  "
        yield from _wrapped(when + _fitting(incident, _WIDTH - len(when) - 4), indent=4, hang=6)
    yield from _more(len(answers.incidents) - _INCIDENTS, "more incident")
    if sentence := warning(answers):
        yield from _wrapped(f"{shown(sentence)} (ACCOUNTING).", hang=4)


def _what_was_compromised(answers: Answers) -> Iterator[str]:
    found = bounds(answers.exposure)
    if not found:
        yield from _wrapped("No access to judge: no log read says who opened what, or no account is suspected.")
    for kind in found:
        yield from _wrapped(_bounds(kind), hang=4)
    if any(kind.open for kind in found):
        yield from _wrapped("(open: what else lies where nothing is ruled out is not known)")
    services = provider_only(answers.exposure)
    if services:
        yield from _wrapped(
            f"Apart from these: {counted(services, 'holding')} reached by the provider's own services alone."
        )
    blind = blind_spots(answers)
    if blind:
        states = ", ".join(f"{COVERAGE_STATES[state]} ({counted(count, 'interval')})" for state, count in blind)
        yield from _wrapped(f"Not watched, or not wholly: {states}", hang=4)


def _bounds(kind: Bounds) -> str:
    degrees = ", ".join(f"{count:,} {DEGREES[degree]}" for degree, count in kind.degrees)
    possible = "open" if kind.open else f"{kind.possible:,}"
    where = f" in {container_words(kind)}" if has_items(kind) else ""
    ruled_out = f"; {kind.ruled_out:,} ruled out" if kind.ruled_out else ""
    reached = f"{plural_of(kind.kind)} [{kind.confirmed:,} ; {possible}]{where}"
    return reached + (f": {degrees}" if degrees else "") + ruled_out


def _who(answers: Answers) -> Iterator[str]:
    if not answers.attribution:
        yield from _wrapped("Unknown actor. No account, session or device stands out.")
        return
    ordered = attributions(answers)
    for attribution in ordered[:_ATTRIBUTIONS]:
        yield from _wrapped(f"- {shown(attribution.statement)}", hang=4)
    yield from _more(len(ordered) - _ATTRIBUTIONS, "more incident", "with accounts, sessions or devices of its own")


def _what_to_cut(answers: Answers) -> Iterator[str]:
    if not answers.containment:
        yield from _wrapped("Nothing to propose.")
    for cut in answers.containment[:_CUTS]:
        head = f"- {shown(cut_words(cut))}"
        room = _WIDTH - len(head) - 5
        scope = f" ({shortened(cut.scope, room)})" if cut.scope and room >= _LEAST_SCOPE else ""
        decision = "NEEDS A DECISION, it touches a protected function. " if cut.protected else ""
        yield from _wrapped(head + scope, hang=4)
        yield from _wrapped(f"{decision}Interrupts: {_interrupts(cut)}", indent=4)
    yield from _more(len(answers.containment) - _CUTS, "more proposal")


def _interrupts(cut: Cut) -> str:
    first = shortened(cut.interrupts[0], 90) if cut.interrupts else "nothing known"
    return first + (f" (+{len(cut.interrupts) - 1} more)" if len(cut.interrupts) > 1 else "")


def _how_it_is_proven(answers: Answers) -> Iterator[str]:
    run = answers.run
    workspace = shown(run.workspace)
    yield from _wrapped(f"sealed:  {counted(run.checkpoint_size, 'entry', 'entries')}, before anything was concluded")
    yield from _wrapped(f"root:    {run.checkpoint_root}" if run.checkpoint_root else "root:    none yet")
    yield from _wrapped(f"check:   tocsin record verify --workspace {workspace}", hang=11)
    if run.key_file:
        yield from _wrapped(f"key:     {shown(run.key_file)} (keep a copy elsewhere)", hang=11)
    yield from _wrapped(f"report:  {workspace}/report.html", hang=11)


def _accounting(answers: Answers) -> Iterator[str]:
    total = books(answers.accounting)
    yield from _wrapped(equation(total), hang=4)
    if total.duplicates:
        yield from _wrapped(f"of those stored, {total.duplicates:,} are second copies of a record", hang=4)
    states = ", ".join(f"{count:,} {state}" for state, count in total.states if count)
    yield from _wrapped(f"{counted(len(answers.accounting.inputs), 'input')}" + (f": {states}" if states else ""))
    unread = [account for account in answers.accounting.inputs if account.state is not InputState.READ]
    for account in unread[:_LISTED]:
        reason = account.reason or ", ".join(
            f"{r.reason} {r.count:,}, first at entry {r.first_entry}" for r in account.rejected
        )
        yield from _wrapped(f"- {account.state}: {shown(account.path)}: {shown(reason)}", hang=4)
    yield from _more(len(unread) - _LISTED, "more input", "not fully read, in the report")
    yield from _origins(answers)
    yield from _rules(answers)
    yield from _exceptions(answers)
    for sentence in answers.not_done:
        yield from _wrapped(f"not done: {shown(sentence)}", hang=4)
    if answers.names_in_clear:
        yield from _wrapped("Names are in clear here and in the report: no vault of protected persons is attached.")


def _origins(answers: Answers) -> Iterator[str]:
    found = origins(answers.accounting)
    if found.logs:
        yield from _wrapped(
            f"origin not attested: {found.logs - found.attested:,} of {counted(found.logs, 'log')} read", hang=4
        )
    for sentence in found.told[:_LISTED]:
        yield from _wrapped(f"- ORIGIN: {shown(sentence)}", hang=4)
    yield from _more(len(found.told) - _LISTED, "more sentence", "on origins, in the report")


def _rules(answers: Answers) -> Iterator[str]:
    rules = answers.accounting.rules
    yield from _wrapped(
        f"{counted(rules.loaded, 'rule')} loaded: {rules.operable:,} could fire, {len(rules.blind):,} were blind;"
        f" {len(rules.failed):,} failed to load",
        hang=4,
    )
    groups = grouped((rule.reason, rule.id) for rule in rules.blind)
    for group in groups[:_LISTED]:
        yield from _wrapped(f"- blind {len(group.rules):,}: {shown(group.reason)}", hang=4)
    yield from _more(len(groups) - _LISTED, "more reason", "for blind rules, in the report")
    for rule in rules.failed[:_LISTED]:
        line = "" if rule.line is None else f":{rule.line}"
        yield from _wrapped(f"- failed: {shown(rule.path)}{line}: {shown(rule.reason)}", hang=4)
    yield from _more(len(rules.failed) - _LISTED, "more rule", "that failed, in the report")


def _exceptions(answers: Answers) -> Iterator[str]:
    """Hidden is never lost: each exception, what it hid, and what of that has to be looked at first."""
    if not answers.exceptions:
        return
    yield from _wrapped(hits_equation(answers.accounting.hits), hang=4)
    for one in answers.exceptions:
        for sentence in implicated_words(one):
            yield from _wrapped(f"- LOOK: {shown(sentence)}", hang=4)
    for one in answers.exceptions[:_LISTED]:
        yield from _wrapped(f"- exception {shown(exception_words(one))}", hang=4)
        for sentence in one.lost:
            yield from _wrapped(f"- exception {shown(one.title)}: {shown(sentence)}", hang=4)
    yield from _more(len(answers.exceptions) - _LISTED, "more exception", "in the report")


def _exposure(answers: Answers) -> Iterator[str]:
    found = bounds(answers.exposure)
    yield "EXPOSURE   [confirmed ; cannot be excluded]; all times UTC"
    for sentence in unknown_to_the_logs(answers.asked):
        yield from _wrapped(sentence, indent=0, hang=2)
    for kind in found:
        yield from _wrapped(_bounds(kind), hang=4)
    if not answers.exposure:
        yield from _wrapped("No access that could be judged.")
    for exposure in answers.exposure:
        yield ""
        yield from _one_exposure(exposure)


def _one_exposure(exposure: Exposure) -> Iterator[str]:
    degree = f" {DEGREES[exposure.degree]}" if exposure.degree is not None else ""
    verdict = exposure.verdict.replace("_", " ").upper()
    service = " (provider's service)" if is_provider(exposure) else ""
    kind = exposure.kind.replace("_", " ")
    yield from _wrapped(f"{verdict}{degree}: {kind} {shown(exposure.label or exposure.holding)}", indent=0)
    if exposure.label:
        yield f"  id: {shown(exposure.holding)}"
    if exposure.container:
        yield f"  in: {shown(exposure.container)}"
    if exposure.actor:
        yield f"  account: {shown(exposure.actor)}{service}"
    for word, values in (("from", exposure.addresses), ("session", exposure.sessions), ("with", exposure.clients)):
        if values:
            yield from _wrapped(f"{word}: {', '.join(shown(value) for value in values)}", hang=4)
    if exposure.first is not None:
        yield from _wrapped(f"when: {_period(exposure.first, exposure.last)}")
    yield from _wrapped(f"rests on: {BASES[exposure.basis]}")
    for reason in exposure.reasons:
        yield from _wrapped(f"- {shown(reason)}", hang=4)
    if exposure.verdict is not Verdict.CONFIRMED:
        yield from _wrapped(
            f"if hostile: {', '.join(shown(entity) for entity in exposure.premises.compromised)}", hang=4
        )
    yield from _places(exposure.records)


def _incidents(answers: Answers) -> Iterator[str]:
    yield f"{counted(len(answers.incidents), 'incident')}; all times UTC"
    findings = {finding.id: finding for finding in answers.findings}
    for incident in answers.incidents:
        yield ""
        yield from _wrapped(f"[{incident.level}, score {incident.score}] {shown(incident.title)}", indent=0)
        yield from _wrapped(f"{incident.id}  {_period(incident.first, incident.last)}")
        yield from _wrapped(_entities(incident), hang=4)
        for id_ in incident.findings:
            if id_ in findings:
                finding = findings[id_]
                first = "undated" if finding.first is None else _time(finding.first)
                yield from _wrapped(f"- {first} [{finding.detector.level}] {shown(finding.why)}", hang=4)
                yield from _places(finding.records)


def _coverage(answers: Answers) -> Iterator[str]:
    yield f"{counted(len(answers.coverage), 'interval')} of what was watched; all times UTC"
    stream: tuple[str, str, str] | None = None
    for interval in answers.coverage:
        here = interval.source, interval.host, interval.channel
        if here != stream:
            stream = here
            yield ""
            yield from _wrapped(" / ".join(shown(name) for name in here if name) or "any log", indent=0)
        yield from _one_interval(interval)


def _one_interval(interval: Coverage) -> Iterator[str]:
    start = "start unknown" if interval.from_ is None else _time(interval.from_)
    end = "end unknown" if interval.to is None else _time(interval.to)
    scope = f" for {shown(interval.scope)}" if interval.scope else ""
    state = COVERAGE_STATES[interval.state] + scope
    yield from _wrapped(f"{start} - {end}  {state}: {shown(interval.evidence)}", hang=4)
    yield from _places(interval.records)


def _places(records: tuple[RecordPlace, ...]) -> Iterator[str]:
    if not records:
        return
    places = ", ".join(f"{shown(place.input)}#{place.entry}" for place in records[:_RECORDS])
    more = f" and {len(records) - _RECORDS:,} more, in the JSON" if len(records) > _RECORDS else ""
    yield from _wrapped(f"log: {places}{more}", indent=4, hang=6)


def _entities(incident: Incident) -> str:
    return ", ".join(f"{entity.type} {shown(entity.id)}" for entity in incident.entities)


def _fitting(incident: Incident, width: int) -> str:
    """As many of the incident's entities as fit, whole, and how many more there are; at least the first."""
    words = [f"{entity.type} {shown(entity.id)}" for entity in incident.entities]
    for count in range(len(words), 1, -1):
        rest = f" +{len(words) - count:,}" if count < len(words) else ""
        line = ", ".join(words[:count]) + rest
        if len(line) <= width:
            return line
    return "".join(words[:1]) + (f" +{len(words) - 1:,}" if len(words) > 1 else "")


def _more(count: int, singular: str, where: str = "in the report") -> Iterator[str]:
    if count > 0:
        yield f"  ... and {counted(count, singular)} {where}"


def _period(first: int | None, last: int | None) -> str:
    if first is None:
        return "undated"
    return _time(first) if last is None or _time(last) == _time(first) else f"{_time(first)} to {_time(last)}"


def _days(first: int | None, last: int | None) -> str:
    """The two days where there are two: the minutes are in the report."""
    if first is None or last is None or _time(first)[:10] == _time(last)[:10]:
        return _period(first, last)
    return f"{_time(first)[:10]} to {_time(last)[:10]}"


def _time(value: int) -> str:
    """To the minute: `2024-03-04 02:11`."""
    return format_time(value // NANOSECONDS * NANOSECONDS)[:16].replace("T", " ")


def _wrapped(text: str, *, indent: int = 2, hang: int | None = None) -> Iterator[str]:
    """Lines of at most 80 columns, broken between words only: paths, ids and commands stay whole to be copied."""
    yield from textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent if hang is None else hang),
        break_long_words=False,
        break_on_hyphens=False,
    )
