"""A package in; `README.txt` out: the first page for whoever opens the folder, in 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from tocsin.attest import words
from tocsin.model.evidence import Package
from tocsin.render.plain import shown

_WIDTH = 80


def readme(package: Package, made: str) -> str:
    """What this is, who attested it, how to verify it, what is not in it. No value from a log can act on a terminal."""
    return "\n".join(_lines(package, made)) + "\n"


def _lines(package: Package, made: str) -> Iterator[str]:
    title = textwrap.wrap(shown(words.title(package)), _WIDTH)
    yield from (*title, "=" * max(map(len, title)), "")
    for paragraph in words.opening(package):
        yield from (*_wrapped(paragraph), "")
    yield from _wrapped(f"Made {made} for {words.asked_for(package)}. {words.summary(package)}")
    yield from _wrapped("Open data/index.html in any browser: it needs no network and runs no program.")
    yield ""
    yield f"*** {words.ATTESTED if package.outside else words.SELF_ATTESTED} ***"
    yield from _listed(words.attestation(package))
    if package.outside:
        yield from _wrapped(words.TRUST_NOTE)
    yield from ("", "WHAT IT CLAIMS", "")
    yield from _listed(words.claims(package))
    yield from ("", "WHAT IT DOES NOT CLAIM", "")
    yield from _listed(words.not_claimed(package))
    yield from ("", "HOW TO VERIFY", "")
    for command, shows in words.verify_commands(package):
        yield f"    {command}"
        yield from _wrapped(shows, "        ")
    yield ""
    yield from _wrapped(words.VERIFIER_NOTE)
    yield from ("", "WHAT IS NOT IN IT", "")
    yield from _listed(tuple(_missing(package)))


def _missing(package: Package) -> Iterator[str]:
    count = sum(one.count for one in package.withheld)
    if count:
        sessions = words.counted(len(package.withheld), "session")
        yield f"{words.counted(count, 'record')} of {sessions} of which others are enclosed: data/withheld.json."
    if package.redacted:
        yield f"The values of these fields: {', '.join(package.redacted)}. Their commitments are enclosed."
    if package.protected:
        yield (
            "What names protected persons: the fields that speak of one, and the bytes of their records, listed in "
            "data/withheld.json. A token (P and 26 letters and digits, a hyphen, six more) stands for each. Whom one "
            "means can be asked of whoever gave you this package: name the finding or the record and say why you need "
            "to know. Two people decide there, one of whom answers for the protected persons, and it is put on record."
        )
    yield "All other records of the ledger, and the secrets that would show them."
    yield "The key of the ledger and of every person."


def _listed(sentences: tuple[str, ...]) -> Iterator[str]:
    for sentence in sentences:
        yield from _wrapped(sentence, "  ", "- ")


def _wrapped(text: str, indent: str = "", lead: str = "") -> Iterator[str]:
    yield from textwrap.wrap(
        shown(text),
        _WIDTH,
        initial_indent=lead or indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
