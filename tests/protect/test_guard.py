"""The guard finds what the door would change wherever it stands in a text, says where and how, and never what."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.protect.planted import CYRILLIC, LATIN, NAMES, DeadDoor, door, guard

from tocsin.errors import ProtectionError, RefusedError
from tocsin.model.protection import How
from tocsin.protect.contents import Piece
from tocsin.protect.guard import Guard
from tocsin.protect.windows import SHARED, WINDOW, readings, spans, windows

FILLING = st.text(st.sampled_from("xz 0.9\n\t<>&;=%+/é字"), max_size=40)


def find(text: str) -> list[tuple[int, int, How, str]]:
    found = guard().search((Piece(text),))
    return [(each.line, each.column, each.how, each.script) for each in found.references]


@pytest.mark.parametrize(
    ("name", "script"), [*zip(NAMES, ("Latin", "Cyrillic", "Greek", "Georgian"), strict=True)], ids=lambda one: one[:2]
)
def test_a_name_is_told_by_line_column_and_script(name: str, script: str) -> None:
    ((line, column, _, written),) = find(f"first\n  - {name}, seen")
    assert (line, column, written) == (2, 5, script)


@given(st.integers(0, 3 * WINDOW), st.sampled_from(NAMES), st.sampled_from(("ab ", "x\n", "word ")))
@settings(max_examples=60, deadline=None)
def test_a_name_is_found_once_wherever_the_windows_are_cut(before: int, name: str, filling: str) -> None:
    front = (filling * (before // len(filling) + 1))[:before] + "\n"
    behind = "\n" + filling * WINDOW
    ((line, column, _, _),) = find(front + name + behind)
    assert (line, column) == (front.count("\n") + 1, 1)


def test_a_long_run_of_base64_is_found_though_no_window_holds_all_of_it() -> None:
    import base64

    text = base64.b64encode(("filler words " * 900 + LATIN + " more words" * 900).encode()).decode()
    references = find(f"payload {text} end")
    assert references
    assert {line for line, *_ in references} == {1}


@pytest.mark.parametrize(
    "text",
    [
        "<p>Jan <b>Qwertović</b></p>",
        "<p>Jan Qwert<wbr>ović</p>",
        "<w:r><w:t>Jan Qwer</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>tović</w:t></w:r>",
        "<!doctype html><title>x</title><p>Jan <em>Qwertović</em>",
        '<!doctype html><p title="Jan Qwertović">x</p>',
        "the letter of Jan\n        Qwertović was read",
        '{"who": "\\u004aan Qwertovi\\u0107"}',
        "<p>jan &lt;b&gt;qwertović&lt;/b&gt;</p>",
    ],
)
def test_markup_wrapping_and_escapes_hide_no_name(text: str) -> None:
    assert find(text)


@pytest.mark.parametrize(
    "text",
    ["<td>Jan</td><td>Qwertović</td>", "Banjan Qwertovićx", "Jan ------ Qwertović", "<p>Jan</p><p>Qwertović</p>"],
)
def test_words_that_do_not_stand_together_are_no_name(text: str) -> None:
    assert find(text) == []


def test_what_the_door_made_of_a_text_passes() -> None:
    masked = guard().masked(f"{LATIN} wrote to {CYRILLIC}; JAN QWERTOVIC did not")
    guard().refuse(masked)
    guard().refuse(masked.lower())


def test_a_token_of_another_workspace_passes_whatever_its_letters_spell() -> None:
    guard().refuse("PJANQWERTOVIC22222222222222-xABCDE")


@given(st.lists(st.one_of(FILLING, st.sampled_from(NAMES)), max_size=6))
@settings(deadline=None)
def test_a_message_is_never_shown_with_a_name_and_never_refused_after_it(parts: list[str]) -> None:
    shown = guard().masked("\n".join(parts))
    guard().refuse(shown)
    assert not any(name in shown for name in NAMES)


@given(st.lists(st.tuples(FILLING, st.sampled_from(NAMES)), max_size=5), FILLING)
@settings(deadline=None)
def test_the_places_that_are_told_are_those_the_door_replaced(parts: list[tuple[str, str]], last: str) -> None:
    text = "".join(f"{filling} {name} | " for filling, name in parts) + last
    masked = door().mask([text]).get(0)
    found = [] if masked is None else list(spans(text, masked))
    outside = text
    for start, end, _ in reversed(found):
        outside = outside[:start] + outside[end:]
    kept = masked.text if masked is not None else text
    for sighting in reversed(masked.sightings if masked is not None else ()):
        kept = kept[: sighting.start] + kept[sighting.end :]
    assert outside == kept


_BETWEEN = st.sampled_from(
    [
        " ",
        "<b>",
        "</b>",
        "<B>",
        "<td>",
        "&lt;i&gt;",
        "%3Cb%3E",
        "\n    ",
        " \t",
        "=\n  ",
        "\\n",
        "x",
        "<!-- -->",
        "|",
        '"',
        "<",
    ]
)
_PIECES = st.sampled_from(["Jan", "Qwertović", "Qwert", "ović", "jan", "qwertovic", "K", "<html>", "<!doctype html>"])


@given(st.lists(st.tuples(_PIECES, st.lists(_BETWEEN, max_size=3)), max_size=5))
@example([("Jan", ["<b>"]), ("Qwertović", ["<b>"]), ("Jan", []), ("Qwertović", [])])
@settings(deadline=None, max_examples=60)
def test_whatever_the_guard_finds_in_a_value_the_door_replaces(parts: list[tuple[str, list[str]]]) -> None:
    text = "".join(piece + "".join(between) for piece, between in parts)
    masked = door().mask([text]).get(0)
    assert (masked is not None) or not find(text)
    kept = masked.text if masked is not None else text
    assert find(kept) == []
    assert find(json.dumps({"UserId": kept}, ensure_ascii=False)) == []


def test_a_name_in_markup_of_a_value_is_replaced() -> None:
    (masked,) = door().mask(["Jan <b>Qwertović</b>"]).values()
    assert "wertovi" not in masked.text
    assert masked.text.endswith("</b>")
    guard().refuse(masked.text)


@given(st.text(st.sampled_from("ab c\n<b></b>\t"), max_size=3000))
@settings(deadline=None)
def test_every_reading_knows_where_its_characters_come_from(text: str) -> None:
    for reading in readings(text):
        for at, character in enumerate(reading.text):
            if not character.isspace() and character not in "<>":  # put in between, or in the place of an indent
                assert text[reading.place(at)] == character


@given(st.text(st.sampled_from("ab c\n"), min_size=1, max_size=4 * WINDOW))
@settings(deadline=None, max_examples=30)
def test_windows_leave_nothing_out_and_share_enough(text: str) -> None:
    cut = list(windows(text))
    assert all(text.startswith(each.text, each.begin) for each in cut)
    assert cut[0].begin == 0
    assert cut[-1].begin + len(cut[-1].text) == len(text)
    for one, other in pairwise(cut):
        assert (
            one.begin + len(one.text) - other.begin >= SHARED - 128 or " " not in text[other.begin : one.begin + WINDOW]
        )


def test_a_refusal_says_how_many_where_and_how_and_not_what() -> None:
    text = f"Incident 1: x\nquiet\nIncident 2: y\n  by {CYRILLIC}\n  and {LATIN}\n"
    with pytest.raises(RefusedError) as refused:
        guard().refuse(text)
    message = f"{refused.value} {refused.value.hint}"
    assert message.startswith("refused: 2 references to protected persons in incident 2, line 4 (")
    assert "Cyrillic" in message
    assert "incident 2, line 5" in message
    assert not any(word in message for name in NAMES for word in name.split())


def test_a_value_of_json_is_told_by_the_way_to_it() -> None:
    document = {"incidents": [{}, {"accounts": ["x", LATIN], LATIN: 1}]}
    with pytest.raises(RefusedError) as refused:
        guard().refuse(json.dumps(document))
    assert "incidents[1].accounts[1]" in str(refused.value)
    assert "incidents[1].*" in str(refused.value)
    assert "Qwert" not in str(refused.value)


def test_the_name_of_a_file_leaves_as_well() -> None:
    with pytest.raises(RefusedError, match="its name"):
        guard().refuse("nothing", name="report-jan.qwertovic.html")


def test_many_places_are_counted_and_few_are_listed() -> None:
    with pytest.raises(RefusedError) as refused:
        guard().refuse(f"{LATIN}\n" * 400)
    assert "400 references" in str(refused.value)
    assert len(str(refused.value)) < 600


def test_with_the_door_down_nothing_leaves_and_messages_are_withheld() -> None:
    dead = Guard([DeadDoor()])
    with pytest.raises(ProtectionError):
        dead.refuse("nothing at all")
    with pytest.raises(ProtectionError):
        dead.refuse(b"nothing at all")
    assert dead.shown(f"cannot read {LATIN}") == "withheld: the door to the protected names does not answer"


def test_without_a_vault_nobody_is_asked() -> None:
    class NoVault(DeadDoor):
        epoch = 0

    Guard([NoVault()]).refuse(f"{LATIN}")
    assert not Guard([NoVault()])


def test_nothing_that_is_printed_of_a_guard_quotes_what_it_searched() -> None:
    found = guard().search((Piece(f"{LATIN} and {CYRILLIC}"),))
    assert not re.search("Qwert|Прык", repr((guard(), found)))
