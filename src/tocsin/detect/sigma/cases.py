"""The cases that lie beside a rule (`*.cases.yml`): events it has to match, and near misses it has not to.

Of a correlation a case is several events, written once with how often and how far apart they are.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from tocsin.detect.sigma.compiled_rules import CompiledRule, CompiledRules
from tocsin.detect.sigma.match import Matcher
from tocsin.errors import RuleError, SourceError
from tocsin.model.instant import NANOSECONDS, format_time, parse_time
from tocsin.model.record import Record
from tocsin.model.rule import CaseOutcome

SUFFIX: Final = ".cases.yml"

_EXPECTED: Final = ("match", "no_match")
_KEYS: Final = {"name", "expect", "log", "fields", "source", "record", "lines", "events"}
_EVENT_KEYS: Final = {"source", "record", "line", "repeat", "from", "every"}
_PLACES: Final = re.compile(r"\{(?:time(?::(?P<form>[^{}]+))?|(?P<number>number))\}")
_EVERY: Final = re.compile(r"(?P<count>[0-9]{1,6})(?P<unit>[smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
MOST_REPEATED: Final = 10_000


class Case(NamedTuple):
    """One event and whether the rule is to match it.

    log     values of the source's log fields, in their order
    source  which source it is of, "" for every source that has the rule's log source and as many log fields
    data    the log itself, in place of `log` and `fields`: what the source reads of it is matched; b"" without one
    logs    of a case that gives `events`: the logs they are in, source and data each
    """

    name: str
    expect: str
    log: tuple[str, ...]
    fields: Mapping[str, Any]
    source: str
    line: int
    data: bytes = b""
    logs: tuple[tuple[str, bytes], ...] = ()

    def as_logs(self) -> tuple[tuple[str, bytes], ...]:
        """The logs a case gives, whichever way; none where it gives fields."""
        return self.logs or (((self.source, self.data),) if self.data else ())


# Source name and bytes of a log in; its records as rules see them out. Raises SourceError for what cannot be read.
Reader = Callable[[str, bytes], Sequence[Record]]


def cases_path(rule: Path) -> Path:
    """Where the cases of the rules of a file lie."""
    return rule.with_suffix(SUFFIX)


def read_cases(path: Path) -> tuple[Case, ...]:
    """The cases of a file. Raises RuleError, with the line, for one that cannot be used."""
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, yaml.SafeLoader)
        written = yaml.safe_load(text)
    except OSError as error:
        raise RuleError(f"cannot be read: {error.strerror}", path=str(path)) from error
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else mark.line + 1
        raise RuleError(f"not YAML: {' '.join(str(error).split())}", path=str(path), line=line) from error
    if not isinstance(written, list) or not isinstance(node, yaml.SequenceNode):
        raise RuleError("not a list of cases", path=str(path), line=1, hint="begin each case with `- name:`")
    lines = [each.start_mark.line + 1 for each in node.value]
    return tuple(_case(path, line, each) for line, each in zip(lines, written, strict=True))


def _case(path: Path, line: int, written: object) -> Case:
    def fault(text: str) -> RuleError:
        hint = (
            f"a case has name, expect ({' or '.join(_EXPECTED)}), and log (a list) with fields (a mapping), or source "
            "with record (one JSON record) or lines (a list); of a correlation, events (a list of record or line, each "
            "with repeat, from and every)"
        )
        return RuleError(text, path=str(path), line=line, hint=hint)

    if not isinstance(written, dict):
        raise fault("a case is a mapping")
    unknown = sorted(str(key) for key in set(written) - _KEYS)
    if unknown:
        raise fault(f"a case has no {', '.join(unknown)}")
    name, log, fields = written.get("name"), written.get("log"), written.get("fields")
    if not isinstance(name, str) or not name:
        raise fault("a case needs a name")
    if written.get("expect") not in _EXPECTED:
        raise fault(f"the case {name!r} expects neither match nor no_match")
    source = str(written.get("source", ""))
    if "events" in written:
        if {"log", "fields", "record", "lines"} & written.keys():
            raise fault(f"the case {name!r} gives its events more than once")
        try:
            return Case(name, written["expect"], (), {}, source, line, logs=_logs(written["events"], source))
        except ValueError as error:
            raise fault(f"the case {name!r}: {error}") from error
    if "record" in written or "lines" in written:
        lines = written.get("lines", [])
        if "log" in written or "fields" in written or ("record" in written) == ("lines" in written):
            raise fault(f"the case {name!r} gives its event more than once")
        if not source or not isinstance(lines, list) or not (lines or isinstance(written.get("record"), dict)):
            raise fault(f"the case {name!r} lacks its source, its record or its lines")
        texts = lines if lines else [json.dumps(written["record"], default=str)]
        data = "".join(f"{text}\n" for text in texts).encode()
        return Case(name, written["expect"], (), {}, source, line, data)
    if not isinstance(log, list) or not isinstance(fields, dict):
        raise fault(f"the case {name!r} lacks its log or its fields")
    return Case(name, written["expect"], tuple(str(each) for each in log), fields, source, line)


def _logs(written: object, source: str) -> tuple[tuple[str, bytes], ...]:
    """The events of a case as logs, a source each, in the order in which sources come. Raises ValueError."""
    if not isinstance(written, list) or not all(isinstance(each, dict) for each in written):
        raise ValueError("`events` is a list of mappings")
    found: dict[str, list[str]] = {}
    for each in written:
        if unknown := sorted(str(key) for key in each.keys() - _EVENT_KEYS):
            raise ValueError(f"an event has no {', '.join(unknown)}")
        if ("record" in each) == ("line" in each):
            raise ValueError("an event is a record or a line")
        of = str(each.get("source", source))
        if not of:
            raise ValueError("an event lacks its source")
        found.setdefault(of, []).extend(_repeated(each))
    if not found:
        raise ValueError("it has no events")
    return tuple((of, "".join(f"{text}\n" for text in texts).encode()) for of, texts in found.items())


def _repeated(event: Mapping[str, Any]) -> Iterator[str]:
    """The texts of an event, `{time}` (or `{time:%H:%M:%S}`) and `{number}` (from 1) filled in."""
    repeat, every = event.get("repeat", 1), _EVERY.fullmatch(str(event.get("every", "0s")))
    if not isinstance(repeat, int) or isinstance(repeat, bool) or not 1 <= repeat <= MOST_REPEATED or every is None:
        raise ValueError(f"`repeat` is a number up to {MOST_REPEATED:,}, and `every` a time as 5s, 5m, 5h or 5d")
    first = None
    if "from" in event:
        first = parse_time(str(event["from"]))
        if first is None:
            raise ValueError("`from` is a time as 2026-03-04T22:14:00Z")
    step = int(every["count"]) * _SECONDS[every["unit"]] * NANOSECONDS
    written = str(event["line"]) if "line" in event else json.dumps(event["record"], default=str)
    if first is None and "{time" in written:
        raise ValueError("an event with a {time} needs `from`")
    for number in range(repeat):
        yield _filled(written, number + 1, None if first is None else first + number * step)


def _filled(text: str, number: int, time: int | None) -> str:
    def value(found: re.Match[str]) -> str:
        if found["number"]:
            return str(number)
        if found["form"] and time is not None:
            return dt.datetime.fromtimestamp(time // NANOSECONDS, dt.UTC).strftime(found["form"])
        return "" if time is None else format_time(time)

    return _PLACES.sub(value, text)


class CaseRunner:
    """Runs cases; what is compiled and planned is kept from case to case."""

    def __init__(self, compiled: CompiledRules, read: Reader) -> None:
        self._compiled = compiled
        self._read = read
        self._matchers: dict[str, Matcher] = {}
        self._rules = {rule.id: rule for rule in compiled.rules}

    def run(self, rule: str, cases: Sequence[Case]) -> Iterator[CaseOutcome]:
        """What the rule of that id does on each case. It passes where every source it is asked on answers as expected.

        A case no source can be asked on fails, and says so.
        """
        compiled = self._rules[rule]
        info = self._compiled.infos[rule]
        for case in cases:
            sources = self._sources(compiled, case)
            wanted = case.expect == "match"
            detail = "" if sources else f"{self._asked(case)} is no source of {compiled.log_source}"
            if case.logs:
                detail = "a case of a rule about one record gives one: `events` are for correlations"
            try:
                records = self._records(case)
            except SourceError as error:
                detail, records = str(error), ()
            matched = [rule in {match.rule for match in self._matcher(source).match(records)} for source in sources]
            if not detail and any(each is not wanted for each in matched):
                detail = "does not match" if wanted else "matches"
            yield CaseOutcome(
                rule=rule,
                title=info.title,
                path=str(cases_path(Path(info.path))),
                line=case.line,
                name=case.name,
                expect=case.expect,
                detail=detail,
            )

    def _records(self, case: Case) -> Sequence[Record]:
        if case.data:
            return self._read(case.source, case.data)
        return [Record(offset=0, length=0, data=b"", log=case.log, fields=case.fields, native={})]

    def _asked(self, case: Case) -> str:
        return case.source if case.data else f"{case.source or 'none'} with {len(case.log)} log fields"

    def _sources(self, rule: CompiledRule, case: Case) -> list[str]:
        return [
            one.source
            for one in self._compiled.maps
            if one.alternatives(rule.log_source)
            and (case.data or len(one.log_fields) == len(case.log))
            and case.source in ("", one.source)
        ]

    def _matcher(self, source: str) -> Matcher:
        if source not in self._matchers:
            self._matchers[source] = Matcher(self._compiled, source)
        return self._matchers[source]
