"""What is known of an indicator wherever a finding of it is shown: as of a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from tocsin.detect.indicators.published import Indicator
from tocsin.model.instant import format_time
from tocsin.model.rule import INDICATOR, RuleInfo


def info_of(indicator: Indicator) -> RuleInfo:
    """An indicator as a rule is told; what it is said to indicate is its publisher's word and attributes nothing."""
    sentences = [indicator.description]
    if indicator.related:
        sentences.append(
            f"Its publisher relates it to {', '.join(indicator.related)}: that attributes nothing to anybody."
        )
    if indicator.valid_from is not None or indicator.valid_until is not None:
        start, end = (
            format_time(time) if time is not None else "" for time in (indicator.valid_from, indicator.valid_until)
        )
        sentences.append(
            f"Valid {' '.join(part for part in (start and f'from {start}', end and f'until {end}') if part)}."
        )
    return RuleInfo(
        id=indicator.id,
        title=indicator.title,
        level=indicator.level,
        author="",
        path=indicator.path,
        techniques=(),
        tactics=(),
        description=" ".join(sentence for sentence in sentences if sentence),
        kind=INDICATOR,
    )


class Infos(Mapping[str, RuleInfo]):
    """Rules by id, then indicators: of a hundred thousand few are ever found, so each is told when it is asked for."""

    def __init__(
        self,
        rules: Mapping[str, RuleInfo],
        indicators: Sequence[Indicator],
        told: Callable[[RuleInfo], RuleInfo] | None = None,
    ) -> None:
        self._rules = rules
        self._indicators = {one.id: one for one in indicators if one.id not in rules}
        self._told = told
        self._made: dict[str, RuleInfo] = {}

    def __getitem__(self, id_: str) -> RuleInfo:
        rule = self._rules.get(id_) or self._made.get(id_)
        if rule is None:
            rule = info_of(self._indicators[id_])
            rule = self._made[id_] = rule if self._told is None else self._told(rule)
        return rule

    def __contains__(self, id_: object) -> bool:
        return id_ in self._rules or id_ in self._indicators

    def __iter__(self) -> Iterator[str]:
        yield from self._rules
        yield from self._indicators

    def __len__(self) -> int:
        return len(self._rules) + len(self._indicators)
