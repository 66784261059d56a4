"""The letter that goes with evidence: for a clerk as well as for an expert."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.render.plain import shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What the letter says. `at` is RFC 3339; `content` the package's digest in hex; `outside` who attests it."""

    receiver: str
    officer: str
    at: str
    origin: str
    content: str
    records: int
    findings: int
    withheld: int
    redacted: tuple[str, ...]
    why: str
    outside: tuple[str, ...]


def handover_text(letter: Handover) -> str:
    """The letter, plain text of at most 100 columns a line where the names allow it."""
    attested = letter.outside or ("SELF-ATTESTED: no witness and no time-stamp authority has signed this ledger.",)
    fields = ", ".join(shown(name) for name in letter.redacted) or "none"
    lines = [
        "HANDOVER OF EVIDENCE",
        "",
        f"To:           {shown(letter.receiver)}",
        f"Released by:  {shown(letter.officer)}, officer for the evidence, on {letter.at}",
        f"Ledger:       {shown(letter.origin)}",
        f"Content:      {letter.content}",
        "",
        "What is handed over",
        f"  package/        {letter.records:,} records behind {letter.findings:,} findings, each with its proof",
        "  package/data/attachments/indicators.stix.json   what to look for, as STIX 2.1",
        "  transfer.note   the officer's signature, made out to you",
        "",
        "What is withheld, and why",
        f"  {letter.withheld:,} records of the same sessions on which no finding rests: listed by their commitments,",
        "  so that any that is shown later can be held against them.",
        f"  Fields withheld wherever they stand: {fields}.",
        *([f"  Reason given: {shown(letter.why)}"] if letter.why else []),
        "",
        "How surely it is what it was",
        *(f"  {shown(sentence)}" for sentence in attested),
        "",
        "What to do",
        "  1. Read package/README.txt, then package/data/index.html.",
        "  2. Check it: python3 package/data/verify.py package",
        "     (better with a copy of verify.py got elsewhere, and the ledger's key from this institution: --log-key)",
        "  3. Sign for it: tocsin evidence receive transfer.note --package package --as YOUR-KEY -o receipt.note",
        "  4. Send receipt.note back. What you find, send as well: it is sealed under your name.",
        "",
        "No sentence in the package says that a person did anything: accounts, sessions, addresses, devices were used.",
    ]
    return "\n".join(lines) + "\n"
