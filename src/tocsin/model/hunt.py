"""What rules find when they are asked of logs that were read before, and since when they could have found it."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.model.answers import HitsAccount, RulesAccount
from tocsin.model.coverage import Coverage
from tocsin.model.exceptions import ExceptionAccount
from tocsin.model.finding import Finding
from tocsin.model.indicator import IndicatorsAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Since when the rules of one log source could have seen what they look for, and when nobody could have looked.

    log_source   as rules write it: product/category/service
    rules        how many of the rules asked are of it and could fire
    first, last  of the records of the logs it means, ns UTC; before and after them nothing is known; None: undated
    watched      those logs, a row a span with records
    unwatched    rows that lie over or beside them in which records are missing or cannot be relied on
    """

    log_source: str
    rules: int
    first: int | None
    last: int | None
    watched: tuple[Coverage, ...]
    unwatched: tuple[Coverage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunt:
    """What rules find in a workspace, from the bytes of its record. Nothing that was derived before is changed by it.

    from_, to   the time asked of, ns UTC, `to` exclusive, None open
    chunks      of the logs held; `looked` those read again: the others no rule asked reads, or lie outside the time
    records     in the chunks that were read again
    sight       by log source, those of rules that could fire
    indicators  the books of the indicators asked, None where none were
    closed      that something is closed to whoever asks, and is in nothing here; "" where nothing is
    """

    from_: int | None
    to: int | None
    chunks: int
    looked: int
    records: int
    rules: RulesAccount
    hits: HitsAccount
    findings: tuple[Finding, ...]
    exceptions: tuple[ExceptionAccount, ...]
    sight: tuple[Sight, ...]
    indicators: IndicatorsAccount | None = None
    closed: str = ""
