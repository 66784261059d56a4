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
