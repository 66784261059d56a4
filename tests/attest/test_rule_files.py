"""Rules that go with a package: under names of the package's own, in the order they are read at home."""

from __future__ import annotations

import dataclasses
import re

from hypothesis import given
from hypothesis import strategies as st

from tocsin.attest.payload import safe_name
from tocsin.attest.rule_files import file_names, under_own_names
from tocsin.model.answers import FailedRule
from tocsin.model.exceptions import ExceptionAccount

from .packing import made

HOME = "/home/ada.example/Fall Muster"
paths = st.lists(
    st.lists(st.sampled_from(["a", "B", "b", "rule", "x y", "\u00e4", ".."]), min_size=1, max_size=3).map(
        lambda parts: "/".join([HOME, *parts]) + ".yml"
    ),
    unique=True,
    max_size=8,
)


@given(paths)
def test_each_rule_has_a_file_of_its_own_in_the_order_given(given_: list[str]) -> None:
    names = file_names(given_)
    assert list(names) == given_
    files = {safe_name(name).lower() for name in names.values()}
    assert len(files) == len(given_)
    assert all(re.fullmatch(r"[a-z0-9_.-]+", name) for name in files)
    assert "ada" not in "".join(names.values())


def test_no_answer_says_where_a_rule_lies_at_home() -> None:
    answers = made().package.answers
    known, archived, broken = f"{HOME}/known.yml", f"{HOME}/rules.zip!deep/member.yml", f"{HOME}/known.yml.yaml"
    exception = ExceptionAccount(
        id="e-1",
        title="",
        owner="Ada Invented",
        reason="",
        expires="2031-01-01",
        expired=False,
        path=known,
        names=(),
        covers=0,
        lost=(),
        hidden=0,
        reopened=0,
        first=None,
        last=None,
        rules=(),
        implicated=(),
    )
    failed = (
        FailedRule(id="r-1", path=archived, reason=f"duplicate id, first in {known}"),
        FailedRule(id="r-2", path=broken, reason=f"duplicate id, first in {broken}"),
    )
    rules = dataclasses.replace(answers.accounting.rules, failed=failed)
    accounting = dataclasses.replace(answers.accounting, rules=rules)
    there = dataclasses.replace(answers, accounting=accounting, exceptions=(exception,))
    found = under_own_names(there, file_names([known]), [known, archived, broken])
    assert HOME not in repr(found)
    assert found.exceptions[0].path == "rules/known.yml"
    assert [(one.path, one.reason) for one in found.accounting.rules.failed] == [
        ("member.yml", "duplicate id, first in rules/known.yml"),
        ("known.yml.yaml", "duplicate id, first in known.yml.yaml"),
    ]
