"""Answers and the brief before in; two pages for those who decide out: no script, nothing loaded, no clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from tocsin.model.answers import Answers
from tocsin.model.brief import IssuedBrief
from tocsin.model.since import Since
from tocsin.render.style import style_of
from tocsin.share.brief import TIGHT, Page, page_of
from tocsin.share.fitting import HELD, SMALLEST, lines
from tocsin.share.format import Format, Part
from tocsin.share.marking import Tlp

# Sizes of type in the style sheet, in points, the largest first.
_SIZES = (("large", 9.2), ("middle", 8.7), ("small", SMALLEST))


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """Two pages of A4. Equal answers, equal brief before and equal options give equal bytes.

    previous  the brief issued last, which this one is compared with
    changed   what moved since, None where the answers of that brief are not kept any more
    issuing   whether this one goes out; else it says that it is a draft
    """

    previous: IssuedBrief | None = None
    changed: Since | None = None
    issuing: bool = False
    tlp: Tlp = Tlp.AMBER_STRICT
    name: str = "brief"
    parts: frozenset[Part] = frozenset({Part.INVESTIGATION})

    def since(self, previous: IssuedBrief | None, changed: Since | None = None) -> Format:
        """The same, compared with another brief."""
        return replace(self, previous=previous, changed=changed)

    def render(self, answers: Answers, part: Part) -> str:
        """One page of HTML; nothing of `run` is in it."""
        from tocsin.render.templates import environment

        style = style_of(Path(__file__).parent / "brief.css")
        template = environment(Path(__file__).parent).get_template("brief.html.j2")
        page, size = self._fitted(answers)
        given = {**style._asdict(), "tlp": self.tlp, "issuing": self.issuing, "size": size}
        return template.render(**given, **page._asdict())

    def _fitted(self, answers: Answers) -> tuple[Page, str]:
        """The page with all its rows in the largest type that two pages hold, or with fewer in the smallest."""
        page = page_of(answers, self.previous, issuing=self.issuing, moved=self.changed)
        for size, points in _SIZES:
            if lines(page, points) <= HELD:
                return page, size
        return page_of(answers, self.previous, issuing=self.issuing, limits=TIGHT, moved=self.changed), "small"


FORMAT = Brief()
