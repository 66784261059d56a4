"""Hypotheses in; the words for them out: whole for the report, a line each for the terminal, one for the brief."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tocsin.model.answers import Answers
from tocsin.model.hypotheses import Hypotheses, Hypothesis, Observation
from tocsin.share.plain import shortened
from tocsin.share.summary import counted

_LINE = 230
_UNITS = {
    "one_matter_collected": "holding",
    "destroyed_in_numbers": "holding",
    "own_matter": "holding",
    "mail_kept_coming": "change",
}


def observed(one: Observation) -> str:
    """`many holdings of one matter were reached (22 holdings)`."""
    return f"{one.says} ({counted(one.count, _UNITS.get(one.id, 'record'))})"


def kind_lines(found: Hypotheses) -> Iterator[str]:
    """A line for each kind that something was recorded for or against, in their order; the others in one."""
    silent = []
    for one in found.hypotheses:
        words = [
            f"{heading}: {'; '.join(each.says for each in listed)}"
            for heading, listed in (("FOR", one.supports), ("AGAINST", one.contradicts))
            if listed
        ]
        if words:
            yield shortened(f"{one.title}. {'. '.join(words)}", _LINE)
        else:
            silent.append(one.title)
    if silent:
        yield f"nothing recorded speaks for or against: {'; '.join(silent)}"


def steps(found: Hypotheses) -> Iterator[str]:
    """What is missing with its step, each once, in the order of the kinds."""
    yield from dict.fromkeys(f"{one.what}: {one.step}" for each in found.hypotheses for one in each.missing)


def brief_words(answers: Answers) -> str:
    """One sentence over all incidents taken as an intrusion; "" where there is none."""
    if not answers.hypotheses:
        return ""
    kinds = _spoken_for([one for each in answers.hypotheses for one in each.hypotheses])
    if not kinds:
        return "Who stands behind it: nothing recorded speaks for one kind of actor more than for another."
    fits = " and ".join(filter(None, (", ".join(kinds[:-1]), kinds[-1])))
    return f"Who stands behind it: what was recorded fits {fits}; it does not decide, and names nobody."


_SHORT = {
    "insider": "an insider",
    "criminal": "criminals",
    "state_directed": "a state's service",
    "supplier": "a supplier",
    "error": "a mistake",
    "unknown": "an unknown actor",
}


def _spoken_for(found: Sequence[Hypothesis]) -> list[str]:
    order = dict.fromkeys(one.id for one in found)
    spoken = {one.id for one in found if one.supports}
    return [_SHORT.get(id_, id_.replace("_", " ")) for id_ in order if id_ in spoken]
