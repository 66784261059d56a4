"""The books of behaviour in; what was judged, how well it is calibrated and what was held back, in words."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.model.behaviour import BehaviourAccount
from tocsin.share.summary import counted


def behaviour_words(account: BehaviourAccount) -> Iterator[str]:
    """Sentences for text and report, to be shown escaped; the first says what came of it."""
    if not account.days:
        yield "behaviour: nothing to learn from: no record with a time"
        return
    judged = [one for one in account.models if one.is_on and one.warm_from is not None]
    if not account.tested and not account.facts:
        yield (
            f"behaviour: nothing judged: {counted(account.days, 'day')} of logs; what is usual takes at least a week "
            "of an estate to learn, and 100 of its account-days"
        )
    else:
        yield (
            f"behaviour: {counted(account.tested, 'day')} of accounts and hosts judged by "
            f"{counted(len(judged), 'model')} over {counted(account.days, 'day')}: "
            f"{counted(account.alerts, 'alert')} within a budget of {account.budget} a day, {account.controlled:,} of "
            "them controlled, and "
            f"{counted(account.facts, 'fact')}; {account.held_back:,} as odd as asked were held back by the budget"
        )
    if account.tested:
        told = ", ".join(
            f"{one.found:,} at most {one.at:g} ({one.at * one.tested:,.0f} expected)" for one in account.calibration
        )
        holds = "it holds" if account.is_calibrated else "not shown to hold: nothing is marked controlled"
        yield f"calibration of {account.tested:,} p-values: {told}; {holds}"
    if account.not_learned:
        yield f"{counted(account.not_learned, 'record')} of accounts and hosts in an open incident taught no model"
    if untimed := max((one.untimed for one in account.models), default=0):
        yield f"{counted(untimed, 'record')} without a usable time could not be judged"
    for one in account.models:
        if not one.is_on:
            yield f"off: {one.title} ({one.name}): {one.why_off}"
        elif one.not_judged:
            yield (
                f"left open: {one.title} ({one.name}): {counted(one.not_judged, 'day')} of accounts, for too little is "
                "known yet or a log that would show the issue is not at hand or was not kept whole"
            )
        elif one.warm_from is None and one.rows:
            yield f"not warm: {one.title} ({one.name}): too few days or accounts in its {counted(one.rows, 'record')}"
