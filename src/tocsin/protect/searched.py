"""What a search for protected persons found, and how a refusal says it: where and how, never who and never what."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tocsin.errors import RefusedError
from tocsin.model.protection import How

_TOLD = 5  # places that a refusal names; the others are counted
_INCIDENT = re.compile(r"\bincident\s+(\d+)\b", re.IGNORECASE)
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}|\\u?x?[0-9A-Fa-f]{2}|&#|=[0-9A-F]{2}|[A-Za-z0-9+/]{40}")
# Scripts by the word with which Unicode begins the names of their letters; letters of no such name are Latin in dress.
_SCRIPTS = {
    "CJK": "Chinese",
    **dict.fromkeys(("HIRAGANA", "KATAKANA"), "Japanese"),
    "HANGUL": "Korean",
    **{
        name: name.capitalize()
        for name in (
            "ARABIC", "ARMENIAN", "BENGALI", "CYRILLIC", "DEVANAGARI", "ETHIOPIC", "GEORGIAN", "GREEK", "GUJARATI",
            "GURMUKHI", "HEBREW", "KANNADA", "KHMER", "LAO", "MALAYALAM", "MONGOLIAN", "MYANMAR", "SINHALA", "SYRIAC",
            "TAMIL", "TELUGU", "THAANA", "THAI", "TIBETAN",
        )
    },
}  # fmt: skip
_LETTER = re.compile(r"[^\W\d_]")


class Reference(NamedTuple):
    """One place that speaks of a protected person.

    file     as it may be shown, "" where what was searched is no file
    part     what of it, as it may be shown: a member, a page, properties; "" for the text itself
    line     from 1; 0 where there are no lines (the name of a file, properties)
    column   from 1, in characters; 0 where there are no lines
    how      as the vault holds it, or another writing
    script   it was written in; "digits", or "encoded"
    """

    file: str
    part: str
    line: int
    column: int
    how: How
    script: str

    @property
    def place(self) -> str:
        """Where, in words."""
        parts = (self.file, self.part, f"line {self.line}" if self.line else "")
        return ", ".join(part for part in parts if part) or "the text"

    @property
    def manner(self) -> str:
        """How it is written, in words."""
        return f"{self.how.value} form, {self.script}"


class Unsearched(NamedTuple):
    """What could not be searched and why; as it may be shown."""

    file: str
    part: str
    why: str

    @property
    def place(self) -> str:
        """Where, in words."""
        return ", ".join(part for part in (self.file, self.part) if part)


class Unseen(NamedTuple):
    """A picture or a recording: what goes with it was searched, and what it shows or says cannot be."""

    file: str
    part: str
    kind: str

    @property
    def place(self) -> str:
        """Where, in words."""
        return ", ".join(part for part in (self.file, self.part) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What a search found: references, what was not searched and what cannot be, in the order of the files; files and
    bytes read."""

    references: tuple[Reference, ...] = ()
    unsearched: tuple[Unsearched, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    files: int = 0
    size: int = 0

    def __add__(self, other: Searched) -> Searched:
        """Both, one after the other."""
        return Searched(
            references=self.references + other.references,
            unsearched=self.unsearched + other.unsearched,
            unseen=self.unseen + other.unseen,
            files=self.files + other.files,
            size=self.size + other.size,
        )

    def refuse(self, what: str, places: Sequence[str] = ()) -> None:
        """RefusedError where anything was found or not searched. A picture is let through: its text was searched.

        what     it was, in the product's own words, "" where the places say it
        places   of the references, where they are told better than by file and line
        """
        if self.references:
            raise RefusedError(
                f"refused: {counted(len(self.references))} in {_listed(self.references, what, places)}",
                hint="nothing was written. Process the logs again where somebody was added to the vault since; "
                "the protection unit can search more closely: tocsin vault check",
            )
        if self.unsearched:
            first = self.unsearched[0]
            more = f", and {len(self.unsearched) - 1} more" if len(self.unsearched) > 1 else ""
            raise RefusedError(
                f"refused: not searched for protected persons: {first.place or what or 'the file'} ({first.why}){more}",
                hint="nothing was written; leave it out, or give it in a form that can be searched",
            )


def counted(count: int) -> str:
    """So many references, in words. References are places in a text; how many persons they are of is not told."""
    return f"{count:,} reference{'' if count == 1 else 's'} to protected persons"


def incident_of(lines: Sequence[str], line: int) -> str:
    """Which incident a line of a report is about: the last that is named up to it; "" for none."""
    for text in reversed(lines[:line]):
        if found := _INCIDENT.search(text):
            return f"incident {found[1]}"
    return ""


def script_of(text: str) -> str:
    """The script a reference is written in."""
    if _ESCAPED.search(text):
        return "encoded"
    letters = _LETTER.findall(text)
    scripts = (_SCRIPTS.get(unicodedata.name(letter, "").partition(" ")[0]) for letter in letters)
    return next((script for script in scripts if script), "Latin" if letters else "digits")


def _listed(references: Sequence[Reference], what: str, places: Sequence[str]) -> str:
    told = list(places) or [each.place for each in references]
    manners = [each.manner for each in references]
    if len(told) == len(manners):
        told = [f"{place} ({manner})" for place, manner in zip(told, manners, strict=True)]
    else:
        told = [*dict.fromkeys(told)]
        told[-1] += f" ({'; '.join(sorted(set(manners)))})"
    told = list(dict.fromkeys(told))
    more = f"; and {len(told) - _TOLD} places more" if len(told) > _TOLD else ""
    return (f"{what}: " if what else "") + "; ".join(told[:_TOLD]) + more
