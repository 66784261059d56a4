"""What each rule of a workspace could have seen of what it holds: operable, partly blind, blind or failed, and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

from tocsin.books import kept_mappings
from tocsin.continuing import answerable, make_current
from tocsin.correlating import rules_account
from tocsin.detect.sigma.compiled_rules import CompiledRules
from tocsin.held import Held
from tocsin.model.answers import RulesAccount
from tocsin.model.correlation import rules_behind
from tocsin.model.progress import Progress
from tocsin.model.rule import AccountedRule, AccountedRules, RuleState, SourceCount
from tocsin.opening import open_existing
from tocsin.protect.telling import through_door
from tocsin.record.keys import WorkspaceKey
from tocsin.ruleset.compiled import log_source_maps, rules_again
from tocsin.store.estate import read_estate
from tocsin.store.workspace import Workspace


def account_rules(workspace: Path, *, passphrase: str | None, progress: Progress) -> AccountedRules:
    """The rules of the last run, on all that the workspace holds. Raises StoreError where nothing was investigated."""
    with open_existing(workspace, passphrase) as (opened, key):
        held = held_with_rules(opened, key, progress)
        return accounted(held.rules, rules_account(held))


def held_with_rules(workspace: Workspace, key: WorkspaceKey, progress: Progress) -> Held:
    """What a workspace holds, made current first, with the rules of its last run (`rules_again`)."""
    progress = through_door(progress, key.door)
    make_current(workspace, key, progress)
    digest = str(answerable(workspace, key)["rules"])
    rules = rules_again(workspace, digest, log_source_maps(kept_mappings(workspace, key)), progress, key.door)
    return Held.load(workspace, key, rules, read_estate(workspace.estate))


def accounted(rules: CompiledRules, account: RulesAccount) -> AccountedRules:
    """Each rule and correlation once, by state, log source and id, with the counts by log source."""
    blind = {one.id: one for one in account.blind}
    partly = {one.id: one for one in account.partly}
    found = []
    sources = {rule.id: str(rule.log_source) for rule in rules.rules}
    for one in rules.correlations:
        behind = {sources[id_] for id_ in rules_behind(one.id, rules.correlations) if id_ in sources}
        sources[one.id] = ", ".join(sorted(behind))
    for id_, log_source in sources.items():
        info = rules.infos[id_]
        state, reason = RuleState.OPERABLE, ""
        fields: tuple[str, ...] = ()
        if id_ in blind:
            state, reason = RuleState.BLIND, blind[id_].reason
        elif id_ in partly:
            state, fields = RuleState.PARTLY_BLIND, partly[id_].fields
            reason = f"no record it was asked of has {', '.join(fields)}"
        found.append(
            AccountedRule(
                id=id_,
                title=info.title,
                level=str(info.level),
                log_source=log_source,
                state=state,
                reason=reason,
                lacks=str(blind[id_].lacks) if id_ in blind else "",
                fields=fields,
                path=info.path,
            )
        )
    found += [
        AccountedRule(
            id=one.id, title="", level="", log_source="", state=RuleState.FAILED, reason=one.reason, path=one.path
        )
        for one in account.failed
    ]
    order = {state: place for place, state in enumerate(RuleState)}
    return AccountedRules(
        states={state: sum(one.state is state for one in found) for state in RuleState},
        sources=_by_source(found),
        rules=tuple(sorted(found, key=lambda one: (order[one.state], one.log_source, one.id, one.path))),
    )


def _by_source(rules: list[AccountedRule]) -> tuple[SourceCount, ...]:
    counts: dict[str, Counter[RuleState]] = defaultdict(Counter)
    for one in rules:
        counts[one.log_source][one.state] += 1
    return tuple(
        SourceCount(
            log_source=log_source,
            operable=count[RuleState.OPERABLE],
            partly_blind=count[RuleState.PARTLY_BLIND],
            blind=count[RuleState.BLIND],
            failed=count[RuleState.FAILED],
        )
        for log_source, count in sorted(counts.items())
    )
