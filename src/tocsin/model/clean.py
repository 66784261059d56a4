"""Texts that name nobody who is protected, so that none of them is looked at twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_MOST = 1 << 17
_MOST_CHARACTERS = 1 << 24


class CleanTexts:
    """Texts found clean, by one set of forms, kept until there are too many.

    They are kept themselves and not as digests: of two texts that share a digest the second would go out unseen. Nobody
    is named in them.
    """

    def __init__(self) -> None:
        self._texts: set[str] = set()
        self._characters = 0

    def __repr__(self) -> str:
        """Says nothing of the texts: this is printed in tracebacks."""
        return f"CleanTexts({len(self._texts)})"

    def others(self, texts: Sequence[str]) -> list[int]:
        """The places of the texts that are not known to be clean."""
        known = self._texts
        return [place for place, text in enumerate(texts) if text not in known]

    def add(self, texts: Iterable[str]) -> None:
        """From now on these are known."""
        if len(self._texts) > _MOST or self._characters > _MOST_CHARACTERS:
            self._texts.clear()
            self._characters = 0
        for text in texts:
            self._texts.add(text)
            self._characters += len(text)
