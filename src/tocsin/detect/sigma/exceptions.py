"""Filter documents in; exceptions, the rules each is applied to, and the tree of its condition out.

The meaning is pySigma's: the filter's condition is joined to the rule's by AND; a rule is covered if the filter names
it by id or name (or says `any`) and no key of the filter's log source differs from the rule's.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sigma.exceptions import SigmaConditionError, SigmaError
from sigma.filters import SigmaFilter
from sigma.policy import SigmaPolicy

from tocsin.detect.sigma.logsource import LogSource
from tocsin.model.answers import FailedRule
from tocsin.model.exceptions import ExceptionInfo

ANY: Final = "any"

_ASKED: Final = {
    "owner": "the person or role that answers for it",
    "reason": "why these hits are not worth showing",
    "expires": "its last day, as 2026-06-30",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedException:
    """An exception pySigma has parsed; what it covers is not known yet."""

    info: ExceptionInfo
    sigma: SigmaFilter

    @property
    def log_source(self) -> LogSource:
        """Of the filter; "" for a key it does not give."""
        source = self.sigma.logsource
        return LogSource(source.product or "", source.category or "", source.service or "")


class Coverable(NamedTuple):
    """What decides whether an exception is applied to a rule; `name` is Sigma's attribute, not the title."""

    id: str
    name: str
    title: str
    log_source: LogSource


def read_exception(
    document: Mapping[str, Any], *, id_: str, path: str, line: int, policy: SigmaPolicy
) -> LoadedException | FailedRule:
    """A filter document; refused where it lacks what an exception needs, and then hides nothing."""
    reason = _missing(document)
    if not reason:
        try:
            sigma = SigmaFilter.from_dict(dict(document), policy=policy)
            condition_of(sigma)
            return LoadedException(info=_info(document, sigma, id_, path), sigma=sigma)
        except (SigmaError, TypeError, ValueError, AttributeError, KeyError, RecursionError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
    return FailedRule(id=id_, path=path, reason=f"exception not applied, its rules run without it: {reason}", line=line)


def condition_of(sigma: SigmaFilter) -> object:
    """The filter's parsed condition over its own searches, which a rule is joined to. Raises SigmaError."""
    found: object = sigma.filter.parsed_condition[0].parsed
    if found is None:
        raise SigmaConditionError("a condition that asks for nothing")
    return found


def covering(
    exceptions: Iterable[tuple[ExceptionInfo, LogSource]],
    rules: Sequence[Coverable],
    correlations: Set[str] = frozenset(),
) -> tuple[ExceptionInfo, ...]:
    """Each exception's info with the rules it covers and what of it covers nothing, in the order given.

    `correlations` are ids and names of correlations: they are covered by what covers the rules they count.
    """
    by_id = {rule.id: rule for rule in rules}
    by_name: dict[str, list[Coverable]] = {}
    for rule in rules:
        if rule.name:
            by_name.setdefault(rule.name, []).append(rule)
    return tuple(_covering(info, own, rules, by_id, by_name, correlations) for info, own in exceptions)


def _covering(
    info: ExceptionInfo,
    own: LogSource,
    rules: Sequence[Coverable],
    by_id: Mapping[str, Coverable],
    by_name: Mapping[str, Sequence[Coverable]],
    correlations: Set[str],
) -> ExceptionInfo:
    lost: list[str] = []
    if info.names == (ANY,):
        covered = {rule.id for rule in rules if _contains(own, rule.log_source)}
        if not covered:
            lost.append(f"covers nothing: no rule that is loaded has the log source {own}")
    else:
        covered = set()
        for reference in info.names:
            named = _named(reference, by_id, by_name)
            fitting = {rule.id for rule in named if _contains(own, rule.log_source)}
            covered |= fitting
            if (not named and reference.lower() in correlations) or reference in correlations:
                lost.append(f"{reference} covers nothing: it is a correlation; name the rules it counts")
            elif not named:
                lost.append(f"{reference} covers nothing: no rule that is loaded has this id or name")
            lost += [
                f"{reference} covers nothing: the log source of {rule.title!r} is {rule.log_source}, not {own}"
                for rule in named
                if rule.id not in fitting
            ]
    return dataclasses.replace(info, covers=tuple(rule.id for rule in rules if rule.id in covered), lost=tuple(lost))


def _named(
    reference: str, by_id: Mapping[str, Coverable], by_name: Mapping[str, Sequence[Coverable]]
) -> Sequence[Coverable]:
    """An id where it is a UUID, in any spelling; else a name. As pySigma looks references up."""
    try:
        rule = by_id.get(str(uuid.UUID(reference)))
    except ValueError:
        return by_name.get(reference, ())
    return () if rule is None else (rule,)


def _contains(own: LogSource, other: LogSource) -> bool:
    """Whether each key the filter gives is the rule's, case included."""
    pairs = ((own.product, other.product), (own.category, other.category), (own.service, other.service))
    return all(not mine or mine == theirs for mine, theirs in pairs)


def _missing(document: Mapping[str, Any]) -> str:
    """What is not there or is not what it should be, and what to write; "" where all is."""
    wrong = [name for name in ("owner", "reason") if not _is_text(document.get(name))]
    if _day(document.get("expires")) is None:
        wrong.append("expires")
    if not wrong:
        rules = document["filter"].get("rules") if isinstance(document["filter"], dict) else None
        is_list_of_others = isinstance(rules, list) and not all(isinstance(one, str) for one in rules)
        return "`rules` lists ids or names of rules, as texts" if is_list_of_others else ""
    hint = ", ".join(f"`{name}:` ({_ASKED[name]})" for name in wrong)
    return f"it has no usable {', no '.join(wrong)}; write {hint}"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _day(value: object) -> dt.date | None:
    """A day, as YAML reads one or as a text; a time of day is none."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    if isinstance(value, str) and len(value) == len("2026-06-30"):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            return None
    return None


def _info(document: Mapping[str, Any], sigma: SigmaFilter, id_: str, path: str) -> ExceptionInfo:
    rules = sigma.filter.rules
    expires = _day(document["expires"])
    if expires is None or expires.year >= dt.MAXYEAR:
        raise ValueError("`expires` is no day that can end")
    return ExceptionInfo(
        id=id_,
        title=sigma.title,
        owner=document["owner"].strip(),
        reason=document["reason"].strip(),
        expires=expires.isoformat(),
        path=path,
        names=(ANY,) if isinstance(rules, str) else tuple(reference.reference for reference in rules),
    )
