"""Verdicts in; those that change with the start of the compromise, in words, out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tocsin.model.exposure import Exposure, Verdict
from tocsin.model.instant import format_time
from tocsin.share.summary import counted, is_provider

_RANK = {Verdict.RULED_OUT: 0, Verdict.UNKNOWN: 1, Verdict.CONFIRMED: 2}
_WORDS = {Verdict.RULED_OUT: "ruled out", Verdict.UNKNOWN: "unknown", Verdict.CONFIRMED: "confirmed"}

Key = tuple[str, str, str]


def changing(exposures: Iterable[Exposure]) -> dict[Key, Verdict]:
    """By kind, container and holding, the strongest verdict from the latest start on, where it is another one."""
    now: dict[Key, Verdict] = {}
    late: dict[Key, Verdict] = {}
    for each in exposures:
        if is_provider(each):
            continue
        key = each.kind, each.container, each.holding
        for verdicts, verdict in ((now, each.verdict), (late, each.at_latest or each.verdict)):
            verdicts[key] = max(verdicts.get(key, verdict), verdict, key=_RANK.__getitem__)
    return {key: late[key] for key, verdict in now.items() if late[key] is not verdict}


def change_words(exposures: Sequence[Exposure]) -> tuple[str, ...]:
    """A sentence a kind of change: `2 holdings are confirmed only if the compromise began before ...: else unknown.`"""
    latest = next((each.premises.latest for each in exposures if each.premises.latest is not None), None)
    if latest is None:
        return ()
    found = changing(exposures)
    sentences = []
    for verdict, told in ((Verdict.UNKNOWN, "confirmed"), (Verdict.RULED_OUT, "unknown")):
        count = sum(late is verdict for late in found.values())
        if count:
            is_ = "is" if count == 1 else "are"
            sentences.append(
                f"{counted(count, 'holding')} {is_} {told} only if the compromise began before {format_time(latest)}, "
                f"the latest start: else {_WORDS[verdict]}."
            )
    return tuple(sentences)
