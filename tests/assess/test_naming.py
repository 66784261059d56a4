from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tocsin.assess import naming
from tocsin.model.tables import MARKS

BOX, GUID, OTHER_GUID = (
    "registry@tribunal.example",
    "0b5f5f6a-1111-4222-8333-444455556666",
    "0b5f5f6a-7777-4222-8333-444455556666",
)


def marks(*pairs: tuple[str, str]) -> pa.Table:
    rows = [
        {"record": number, "source": "a", "kind": "named", "channel": "mailbox", "scope": name, "detail": id_}
        for number, (name, id_) in enumerate(pairs)
    ]
    return pa.Table.from_pylist(
        [*rows, {"record": 99, "source": "a", "kind": "rule", "scope": "x", "detail": "y"}], MARKS
    )


def names(*pairs: tuple[str, str]) -> naming.HoldingNames:
    return naming.conclude(naming.combine([naming.summarise(marks(*pairs))]))


def test_an_id_stands_under_the_one_name_it_has() -> None:
    found = names((BOX, GUID))
    assert found.one_name(GUID.upper()) == BOX
    assert found.one_name(BOX.upper()) == BOX.upper()
    assert found.may_be(BOX) == {GUID}
    assert found.one_name("x") == "x"


def test_names_that_contradict_each_other_are_near_and_not_one() -> None:
    found = names((BOX, GUID), (BOX, OTHER_GUID))
    assert found.one_name(GUID) == GUID
    assert found.may_be(GUID) == {BOX, OTHER_GUID}
    moved = names(("https://a.example/sites/x/1.txt", GUID), ("https://a.example/sites/x/2.txt", GUID))
    assert moved.one_name(GUID) == GUID
    assert moved.may_be("https://a.example/sites/x/1.txt") == {GUID, "https://a.example/sites/x/2.txt"}


_NAMES = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("wxyz")), max_size=8)


@given(_NAMES, _NAMES, st.randoms(use_true_random=False))
def test_order_and_grouping_change_nothing(
    first: list[tuple[str, str]], second: list[tuple[str, str]], random: object
) -> None:
    one, two = naming.summarise(marks(*first)), naming.summarise(marks(*second))
    whole = naming.combine([one, two])
    assert whole == naming.combine([two, one])
    assert naming.combine([whole, one]) == whole
    found = naming.conclude(whole)
    for name, others in found.others.items():
        assert name not in others
        assert all(name in found.others[other] for other in others)


@given(_NAMES, _NAMES)
def test_more_evidence_never_takes_a_possible_name_away(
    first: list[tuple[str, str]], second: list[tuple[str, str]]
) -> None:
    less, more = names(*first), names(*first, *second)
    for name, others in less.others.items():
        assert others <= more.others[name]
