"""What a proof of the door counts, and what the page says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks import page
from benchmarks.door_proof.logs import WRITERS, Planted
from benchmarks.door_proof.names import SCRIPTS
from benchmarks.door_proof.search import Leak

SPELLED = "spelled by a system"


@dataclass(slots=True, kw_only=True)
class Figures:
    """What came out."""

    names: int
    planted: int
    persons: Mapping[str, int] = field(default_factory=dict)  # by script, of whom each exact writing became a token
    tokenised: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # kind, script, writing
    shown: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    missed: list[tuple[Planted, str]] = field(default_factory=list)
    confused: int = 0  # persons with several tokens, tokens of several persons
    leaks: list[Leak] = field(default_factory=list)
    searched: int = 0  # bytes
    files: int = 0
    over_masked: tuple[int, int] = (0, 0)

    @property
    def forms_found(self) -> set[int]:
        """Who was found as the vault has them."""
        return {leak.person for leak in self.leaks if leak.writing != SPELLED}

    @property
    def spellings_found(self) -> set[int]:
        """Who was found in a spelling that is not in the vault."""
        return {leak.person for leak in self.leaks if leak.writing == SPELLED}


def section(figures: Figures) -> str:
    """What the page says of it."""

    def rate(kind: str, script: str, beginning: str = "", *, without: str = "\0") -> str:
        keys = [
            key
            for key in figures.shown
            if key[:2] == (kind, script) and key[2].startswith(beginning) and not key[2].startswith(without)
        ]
        whole, part = sum(figures.shown[key] for key in keys), sum(figures.tokenised[key] for key in keys)
        return f"{part:,} of {whole:,} ({page.share(part, whole)})" if whole else "-"

    rows = "\n".join(
        f"| {script} | {figures.persons.get(script, 0):,} of {figures.names // 4:,} | {rate('exact', script)} "
        f"| {rate('generated', script, without='short vowels')} | {rate('generated', script, 'short vowels')} "
        f"| {rate('arranged', script)} |"
        for script in SCRIPTS
    )
    masked, fields = figures.over_masked
    spelled = [key for key in figures.shown if key[0] == "generated" and not key[2].startswith("short vowels")]
    whole, part = sum(figures.shown[key] for key in spelled), sum(figures.tokenised[key] for key in spelled)
    return f"""## Protected names: {figures.names:,} invented ones planted in real logs

{figures.planted:,} places in {len(WRITERS)} kinds of log (`make prove-door`; names, encodings, romanisations and the search are of the
benchmark's own, in `benchmarks/door_proof/`), plain, gzip, zip, tar and zstd, and in the names of files, archives and members; each name
in {len({key[2] for key in figures.shown if key[0] == "exact"})} writings by turns, alone and nested once. Then the whole product: vault, investigation in every format,
notes, exposure, incidents, coverage, exports, verification.

- Found anywhere at rest or in what was printed, in any encoding, as the vault has them: **{len(figures.forms_found)}** of the names
  ({figures.files:,} files, {figures.searched / 1e6:,.0f} MB when taken apart: tables, databases with their journals, archives);
  {len(figures.spellings_found):,} in a spelling that the door did not know
- Persons with more than one token, or tokens of more than one person: **{figures.confused}**
- Fields of real logs in which a token stands though nobody of the vault is named there: {masked:,} of {fields:,} ({100 * masked / max(1, fields):.3f} %)

| script | persons of whom every exact writing became a token | exact writings | spelled by a system | the same, with vowels the script leaves out | turned, joined, shortened |
| --- | --- | --- | --- | --- | --- |
{rows}

Of the spellings that a system gives (without those with vowels left out) {part:,} of {whole:,} became tokens: {page.share(part, whole)}.
What is not found is to be given as a form: [not found](guides/protected-names.md). Not planted, and not found: case endings, and code pages
inside bare base64.
"""
