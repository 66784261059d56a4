"""Accounts and hosts are lower case in every table: what base64 in them said is not left for a reader to guess."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protect.planted import NAMES, door
from tests.protect.test_passing import result, said

from tocsin.model.chunk import Chunk, Input, InputState
from tocsin.model.identity import canonical_account, canonical_host
from tocsin.model.record import Record
from tocsin.processing import Plan, Sealing, process
from tocsin.protect.passing import pass_through
from tocsin.protect.tokens import TOKEN
from tocsin.protect.written import Writings

_STANDARD = [base64.b64encode(name.encode()).decode() for name in NAMES]
_WIDE = [base64.b64encode(name.encode("utf-16-le")).decode() for name in NAMES]
_ADDRESS = [base64.urlsafe_b64encode(f"zzz?{name}>".encode()).decode().rstrip("=") for name in NAMES]
_HIDDEN = st.sampled_from([*_STANDARD, *_WIDE, *_ADDRESS])
_AROUND = st.text("xyz.@\\: ", max_size=6)


def _record(fields: Mapping[str, Any]) -> Record:
    data = json.dumps(fields).encode()
    return Record(offset=0, length=len(data), data=data, log=(), fields=fields, native=fields)


def _passed(account: str, fields: Mapping[str, Any]) -> str:
    writings = Writings()
    writings.note([_record(fields)], [{"actor.user.name": account}])
    tables, logs = result(account)
    return said(pass_through(tables, logs, door(), writings.written()))


def _says(text: str, hidden: str) -> bool:
    return hidden.rstrip("=").lower() in text.lower()


@given(_HIDDEN, _AROUND, _AROUND)
def test_a_name_in_base64_leaves_in_no_identifier(hidden: str, before: str, behind: str) -> None:
    wrote = f"{before}{hidden}{behind}"
    if (account := canonical_account(wrote)) is not None:
        left = _passed(account, {"User": wrote, "Other": [hidden.lower(), "x"], "Count": 3})
        assert not _says(left, hidden)
        assert TOKEN.search(left)


@given(_HIDDEN, st.sampled_from(["arn:zzz::1:role/{}", "{}|0x3e7a", "\\\\{}\\share", "zzz\\{}", "{}@example.org"]))
def test_nor_where_an_identifier_is_put_together_of_fields(hidden: str, layout: str) -> None:
    assert not _says(_passed(layout.format(hidden).lower(), {"Name": hidden, "Zone": "role/ZZZ"}), hidden)


@given(_HIDDEN)
def test_nor_where_only_the_bytes_hold_it(hidden: str) -> None:
    writings = Writings()
    data = f"<User>{hidden}</User>".encode()
    record = Record(offset=0, length=len(data), data=data, log=(), fields={}, native={})
    writings.note([record], [{"user.name": canonical_account(hidden)}])
    tables, logs = result(hidden.lower())
    assert not _says(said(pass_through(tables, logs, door(), writings.written())), hidden)


@given(st.sampled_from(_STANDARD), st.sampled_from(_STANDARD))
def test_of_two_that_differ_neither_is_left(first: str, second: str) -> None:
    writings = Writings()
    both = f"{first} {second}"
    for wrote in (both.lower(), both):
        writings.note([_record({"User": wrote})], [{"user.name": both.lower()}])
    tables, logs = result(both.lower())
    left = said(pass_through(tables, logs, door(), writings.written()))
    assert not _says(left, first)
    assert not _says(left, second)


@pytest.mark.parametrize("encode", [quote, lambda name: name.encode().hex(), str.upper])
@pytest.mark.parametrize("name", NAMES)
def test_what_case_does_not_change_needs_no_writing(encode: Any, name: str) -> None:
    account = canonical_host(encode(name))
    assert account is not None
    assert door().mask((account,))


@pytest.mark.parametrize("before", ["\\", "\\\\", "", "  "])
@pytest.mark.parametrize("name", NAMES[1:])
def test_an_escape_whose_back_slash_was_taken_off_is_undone_all_the_same(name: str, before: str) -> None:
    escaped = json.dumps(name)[1:-1]
    host = canonical_host(before + escaped)
    assert host is not None
    left = _passed(host, {"Computer": before + escaped})
    assert f"{ord(name[0]):04x}" not in left
    assert TOKEN.search(left)


@settings(max_examples=30)
@given(_HIDDEN, st.booleans())
def test_nothing_a_worker_gives_lets_the_name_be_read(hidden: str, doubled: bool) -> None:
    account = hidden.replace("/", "_").replace("+", "-")
    lines = [f'192.0.2.7 - {account} [22/Nov/2026:06:00:00 +0000] "GET /zzz HTTP/1.1" 200 5']
    lines += [lines[0].replace(account, account.lower())] if doubled else []
    data = "".join(f"{line}\n" for line in lines).encode()
    digest = hashlib.sha256(data).hexdigest()
    entry = Input(
        path="access.log",
        sha256=digest,
        content_sha256=digest,
        size=len(data),
        source="web_access",
        certainty=1.0,
        state=InputState.READ,
    )
    chunk = Chunk(input=entry, sequence=0, offset=0, length=len(data), preamble=b"", skip=0, sha256=digest)
    sealing = Sealing(secret=bytes(32), name="invented")
    passed = process(data, chunk, Plan(matchers={}, door=door()), sealing)
    assert passed[0].events.num_rows == len(lines)
    assert not _says(said(passed), account)
    assert len(passed[0].events["actor.user.name"].unique()) == 1
    in_clear, _ = process(data, chunk, Plan(matchers={}), sealing)
    assert in_clear.events["actor.user.name"].to_pylist() == [account.lower()] * len(lines)


@settings(max_examples=30)
@given(st.sampled_from(["Jan.Qwertovic", "JAN QWERTOVIC", "jan_qwertovic"]))
def test_a_name_that_reads_as_such_has_one_token_however_it_was_written(wrote: str) -> None:
    account = wrote.lower()
    assert _passed(account, {"User": wrote}) == _passed(account, {"User": account})


@given(st.text("abcXYZ019+/", min_size=6, max_size=30))
def test_what_names_nobody_is_left_as_it_is(wrote: str) -> None:
    tables, logs = result(wrote.lower())
    assert _passed(wrote.lower(), {"User": wrote}) == said((tables, logs))
