"""What may have been reached without its name, or under another."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.assess.elsewhere import Elsewhere
from tocsin.assess.holdings import HoldingIndex, container_kind, matches
from tocsin.assess.matching import Seen
from tocsin.assess.naming import HoldingNames
from tocsin.assess.spelling import comparable
from tocsin.assess.telling import server_of
from tocsin.model.coverage import ANYWHERE
from tocsin.model.estate import Holding

TEXTS = st.sampled_from(
    (
        "",
        "ada@x.example",
        "https://x.example/sites/a",
        "https://x.example/sites/a/*",
        "https://x.example/sites/ab/",
        "https://x.example/sites/a/b.docx",
        "https://x.example/*",
        "\\\\files\\a",
        "\\\\files\\a\\b",
        "\\\\files\\a*",
        "d:\\a\\*",
        "d:\\a\\b",
        "files",
        "/",
    )
)
KINDS = st.sampled_from(("mail_item", "mailbox", "document", "folder", "object", ""))
SOURCES = st.sampled_from(("tenant", "server"))
FOLDERS = st.dictionaries(
    st.sampled_from(("\\\\files\\a", "d:\\a")), st.frozensets(st.sampled_from(("\\\\files\\b", "d:\\b"))), max_size=2
)


@given(st.frozensets(st.tuples(SOURCES, KINDS, TEXTS), max_size=6), st.frozensets(SOURCES), KINDS, TEXTS, FOLDERS)
def test_what_is_not_named_may_be_whatever_its_container_holds_or_is(
    unnamed: frozenset[tuple[str, str, str]],
    sources: frozenset[str],
    kind: str,
    text: str,
    folders: dict[str, frozenset[str]],
) -> None:
    names = HoldingNames(folders=folders)

    def may_be_in(container: str) -> bool:
        return any(
            matches(text, place)
            or comparable(text).startswith(comparable(place).rstrip("/\\"))
            or server_of(place) == text
            for place in (container, *names.elsewhere(container))
        )

    expected = any(
        not container or kind in ("mail_item", "mail_folder") or may_be_in(container)
        for source, of_kind, container in unnamed
        if source in sources and (not of_kind or container_kind(of_kind) == container_kind(kind))
    )
    seen = Seen({}, frozenset(), False, frozenset(), unnamed, {}, frozenset())
    elsewhere = Elsewhere(seen, names, (), HoldingIndex(()))
    assert elsewhere.may_be_unnamed(kind, text, sources) is expected


def _may_be(text: str, reached: str, names: HoldingNames) -> bool:
    seen = Seen({}, frozenset({("document", reached, "")}), False, frozenset(), frozenset(), {}, frozenset())
    sites = tuple(Holding(kind="site", pattern=f"https://x.example/sites/{one}") for one in "ac")
    return Elsewhere(seen, names, sites, HoldingIndex(sites)).may_be("document", text)


@given(st.booleans())
def test_what_is_moved_on_more_often_than_is_followed_may_be_anything(is_reached_first: bool) -> None:
    site = "https://x.example/sites/a"
    moves = {f"{site}/{number}": frozenset({f"{site}/{number + 1}"}) for number in range(400)}
    ends = (f"{site}/0/b.docx", f"{site}/400/b.docx")
    assert _may_be(*(ends if is_reached_first else ends[::-1]), HoldingNames(folders=moves))
    assert not _may_be(f"{site}/c.docx", f"{site}/d.docx", HoldingNames(folders=moves))


def test_what_was_moved_to_a_place_that_is_not_told_is_looked_for_from_both_ends() -> None:
    old, new = "https://x.example/sites/a/b.docx", "https://x.example/sites/c/lib/b.docx"
    moved = {old: frozenset({f"{ANYWHERE}/lib/b.docx"}), f"{ANYWHERE}/lib/b.docx": frozenset({old})}
    names = HoldingNames(folders=moved, is_moved_on=True)
    assert _may_be(old, new, names)
    assert _may_be(new, old, names)
    assert not _may_be("https://x.example/sites/c/lib/d.docx", old, names)


def _may_be_of(kind: str, text: str, reached: frozenset[str]) -> bool:
    near = frozenset((kind, one, "m1") for one in reached)
    seen = Seen({}, near, False, frozenset(), frozenset(), {}, frozenset())
    return Elsewhere(seen, HoldingNames(), (), HoldingIndex((Holding(kind=kind, pattern="*"),))).may_be(kind, text)


IDS = st.text(alphabet="ab<>@1", min_size=3, max_size=7).filter(lambda one: "@" in one[1:-1])


@given(st.frozensets(IDS, min_size=1, max_size=3), IDS)
def test_a_mail_may_be_one_whose_id_stands_within_its_own(reached: frozenset[str], asked: str) -> None:
    names = {comparable(one) for one in reached}
    known = comparable(asked)
    if known not in names:
        assert _may_be_of("mail_item", asked, reached) is any(one in known for one in names)


NUMBERS = st.from_regex("[1-3]{1,3}(-[ab1]{1,2}){0,2}", fullmatch=True)


@given(st.frozensets(NUMBERS, min_size=1, max_size=3), NUMBERS)
def test_a_number_may_be_one_with_a_part_behind_it(reached: frozenset[str], asked: str) -> None:
    pairs = (sorted((asked, one), key=len) for one in reached if one != asked)
    expected = any(f"{long}-".startswith(f"{short}-") for short, long in pairs)
    if asked not in reached:
        assert _may_be_of("record_set", asked, reached) is expected
