"""The files of a package in; what its page is made of out. The page is made of this alone, when it is written and when
it is held against the files again, so that it cannot say what they do not."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tocsin.model.answers import Accounting, Answers, BlindRule, FailedRule, RulesAccount, Run
from tocsin.model.coverage import Coverage
from tocsin.model.evidence import (
    EnclosedRecord,
    EnclosedStatement,
    Package,
    Reading,
    ShownFields,
    Value,
    WithheldRules,
    WithheldSession,
)
from tocsin.model.exceptions import ExceptionAccount
from tocsin.model.exposure import Exposure
from tocsin.model.finding import Finding, Incident
from tocsin.model.instant import parse_time
from tocsin.render.reading import read_as
from tocsin.store.faults import disk_faults

_NO_RUN = Run(
    workspace="", tool="", started="", seconds=0.0, workers=0, checkpoint_size=0, checkpoint_root="", key_file=""
)


def read_findings(payload: Path) -> tuple[Finding, ...]:
    """The findings as `findings.json` states them. Raises ValueError, TypeError or KeyError where it is none."""
    return tuple(read_as(Finding, one) for one in _document(payload / "findings.json")["findings"])


def read_package(payload: Path) -> Package:
    """What a reader is shown of a package, from `data/` of it: proofs, rules, hits and attachments are left out.

    Raises ValueError, TypeError or KeyError where a file is not what the document of the format says.
    """
    head, how = _document(payload / "package.json"), _document(payload / "reading.json")
    stated, premises = _document(payload / "findings.json"), _document(payload / "premises.json")
    withheld = _document(payload / "withheld.json")
    times: Mapping[str, str] = how["times"]
    return Package(
        origin=head["origin"],
        log_key=head["log_key"],
        tool=head["tool"],
        asked=tuple(head["asked"]),
        size=head["size"],
        checkpoints={},
        consistency=(),
        tokens=(),
        records=tuple(_record(one, times) for one in _lines(payload / "records.jsonl")),
        statements=tuple(_statement(one) for one in _lines(payload / "statements.jsonl")),
        incidents=tuple(read_as(Incident, one) for one in stated["incidents"]),
        findings=tuple(read_as(Finding, one) for one in stated["findings"]),
        exposure=tuple(read_as(Exposure, one) for one in premises["exposure"]),
        coverage=tuple(read_as(Coverage, one) for one in premises["coverage"]),
        hits=(),
        withheld=tuple(_session(one) for one in withheld["sessions"]),
        rules={},
        answers=_answers(premises),
        outside=tuple(head["outside"]),
        reading=Reading(
            preambles={}, as_of=None, dating=None, names=dict(how["names"]), rules=(), beside=tuple(how["beside"])
        ),
        redacted=tuple(head["redacted"]),
        untold=tuple(WithheldRules(ids=tuple(one["ids"]), digest=one["digest"]) for one in withheld.get("rules", ())),
        reproducible=head["reproducible"],
        note=head["note"],
        made=head["made"],
        by=tuple(head["by"]),
    )


def _answers(premises: Mapping[str, Any]) -> Answers:
    """Of the answers, what a page says beside findings and verdicts."""
    loaded, failed = premises["rules"], premises["could_not_run"]["failed"]
    rules = RulesAccount(
        loaded=loaded["loaded"],
        operable=loaded["operable"],
        blind=tuple(read_as(BlindRule, one) for one in premises["could_not_run"]["blind"]),
        failed=tuple(read_as(FailedRule, one) for one in failed),
    )
    return Answers(
        as_of=None if premises["as_of"] is None else parse_time(premises["as_of"]),
        accounting=Accounting(inputs=(), rules=rules),
        findings=(),
        incidents=(),
        exposure=(),
        coverage=(),
        changes=(),
        identities=(),
        attribution=(),
        containment=(),
        names_in_clear=True,
        not_done=tuple(premises["not_done"]),
        run=_NO_RUN,
        exceptions=tuple(read_as(ExceptionAccount, one) for one in premises["exceptions"]),
        settings=premises["settings"],
    )


def _record(one: Mapping[str, Any], times: Mapping[str, str]) -> EnclosedRecord:
    raw, text, time = one.get("raw"), one.get("text"), times.get(str(one["index"]))
    return EnclosedRecord(
        index=one["index"],
        leaf=one["leaf"],
        proof=(),
        chunk=one["chunk"],
        input=one["input"],
        entry=one["entry"],
        raw=None if raw is None else base64.b64decode(raw),
        text=None if text is None else text.encode("utf-8"),
        fields=_fields(one["fields"]) if "fields" in one else None,
        findings=tuple(one["findings"]),
        time=None if time is None else int(time),
    )


def _fields(shown: Mapping[str, Any]) -> ShownFields:
    return ShownFields(
        names=shown["names"],
        names_salt=b"",
        values=tuple(
            Value(digest=bytes.fromhex(one["digest"])) if "digest" in one else Value(text=one["text"])
            for one in shown["values"]
        ),
        statement=shown.get("statement"),
    )


def _statement(one: Mapping[str, Any]) -> EnclosedStatement:
    data = one["data"].encode("utf-8")
    return EnclosedStatement(index=one["index"], kind=one["kind"], salt=b"", data=data, proof=())


def _session(one: Mapping[str, Any]) -> WithheldSession:
    return WithheldSession(
        session=one["session"],
        count=one["count"],
        first=None if one["first"] is None else parse_time(one["first"]),
        last=None if one["last"] is None else parse_time(one["last"]),
        leaves=tuple((leaf["index"], bytes.fromhex(leaf["hash"])) for leaf in one["leaves"]),
    )


def _document(path: Path) -> Any:  # noqa: ANN401 - JSON of a package
    with disk_faults(path):
        return json.loads(path.read_bytes())


def _lines(path: Path) -> Iterator[Any]:
    with disk_faults(path), path.open("rb") as stream:
        yield from map(json.loads, stream)
