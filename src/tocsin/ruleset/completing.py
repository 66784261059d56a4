"""Some rules, completed by what others give them: what they count, values of placeholders, exceptions to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from tocsin.detect.sigma.correlation import resolve
from tocsin.detect.sigma.exceptions import Coverable, LoadedException, covering
from tocsin.detect.sigma.logsource import LogSource
from tocsin.detect.sigma.rules import LoadedRule, RuleSet, read_rules
from tocsin.model.correlation import rules_behind

_GIVES: Final = re.compile(rb"^[\s'\"]*(?:filter|placeholders)\b", re.MULTILINE)


def completed(given: RuleSet, beside: Mapping[str, bytes]) -> RuleSet:
    """The rules given, and of the rule files `beside` what makes them do what they would do among all of those.

    That is: rules and correlations that the given ones count, exceptions that cover a rule that is there, values of
    placeholders. Of two with one id the given one is taken. What cannot be read of the others is no fault of these.
    """
    if not given.correlations:  # thousands of rules are read for what they count alone
        beside = {path: text for path, text in beside.items() if _GIVES.search(text)}
    others = read_rules(beside)
    taken = given.ids()
    counted = _counted(given, others) - taken
    rules = (*given.rules, *(one for one in others.rules if one.info.id in counted))
    correlations = (*given.correlations, *(one for one in others.correlations if one.info.id in counted))
    names = frozenset(text for one in correlations for text in (one.info.id, one.info.name) if text)
    excepted = tuple(one for one in others.exceptions if one.info.id not in taken)
    covers = covering([(one.info, one.log_source) for one in excepted], [_coverable(rule) for rule in rules], names)
    exceptions: list[LoadedException] = [one for one, info in zip(excepted, covers, strict=True) if info.covers]
    return replace(
        given,
        rules=rules,
        correlations=correlations,
        exceptions=(*given.exceptions, *exceptions),
        placeholders={
            name: tuple(dict.fromkeys((*given.placeholders.get(name, ()), *others.placeholders.get(name, ()))))
            for name in sorted({*given.placeholders, *others.placeholders})
        },
    )


def _counted(given: RuleSet, others: RuleSet) -> set[str]:
    """Ids of all that the given correlations count, directly or not; of a name that several bear, all of them."""
    ids = {one.info.id for one in given.rules} | {one.info.id for one in given.correlations}
    rules = [one.info for one in (*given.rules, *(one for one in others.rules if one.info.id not in ids))]
    every = (*given.correlations, *(one for one in others.correlations if one.info.id not in ids))
    resolved, _ = resolve(every, rules, given.failed)
    found = {behind for one in given.correlations for behind in rules_behind(one.info.id, resolved)}
    named = {text for one in given.correlations for text in (*one.references, *map(str.lower, one.references))}
    return found | {
        info.id for info in (*rules, *(one.info for one in every)) if info.id in named or info.name in named
    }


def _coverable(rule: LoadedRule) -> Coverable:
    source = rule.sigma.logsource
    log_source = LogSource(source.product or "", source.category or "", source.service or "")
    return Coverable(rule.info.id, rule.info.name, rule.info.title, log_source)
