"""What a package says of itself in plain words: on its first page, in README.txt, and in its metadata."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.model.evidence import Package

SELF_ATTESTED = "SELF-ATTESTED"

TERMS = (
    ("Record", "One entry of a log file, as the file had it: the bytes themselves, not somebody's summary of them."),
    (
        "Ledger",
        "The list of everything this institution received and did with it. It only grows; its entries are numbered.",
    ),
    ("Commitment", "A number computed from a record and a secret. It fixes the record, and tells nothing of it."),
    (
        "Checkpoint",
        "The state of the whole ledger at one size, in one number, signed. One changed bit anywhere changes it.",
    ),
    ("Proof", "A short list of numbers that leads from one record to a checkpoint. Anybody can recompute it."),
    ("Witness", "Somebody outside who signed a checkpoint after checking that the ledger had only grown."),
    ("Time stamp", "An authority's signed statement that a checkpoint existed at a time (RFC 3161)."),
    ("Finding", "A rule held on records. It says what the records show, not who sat at the keyboard."),
    (
        "Premise",
        "What a verdict takes for granted, such as who is held to be compromised. Another premise, another verdict.",
    ),
    ("Redacted", "A value that is not shown. Its commitment is, so that it can be shown later and checked then."),
)


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 record`, `1,200 records`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def asked_for(package: Package) -> str:
    """For what it was made."""
    return ", ".join(package.asked) or "no incident or finding by name"


def summary(package: Package) -> str:
    """One sentence: what is enclosed."""
    return (
        f"{counted(len(package.records), 'record')} of logs with proof that each is an entry of the ledger of "
        f"{package.origin} ({counted(package.size, 'entry', 'entries')}), "
        f"{counted(len(package.findings), 'finding')} that rest on them, and what was done with the evidence."
    )


def claims(package: Package) -> tuple[str, ...]:
    """What the package claims, each a sentence that the verifier checks or that can be done again."""
    return tuple(_claims(package))


def not_claimed(package: Package) -> tuple[str, ...]:
    """What it does not claim, and a reader could take it for."""
    return tuple(_not_claimed(package))


def attestation(package: Package) -> tuple[str, ...]:
    """Who outside the institution has attested the ledger; where nobody has, what that means."""
    if package.outside:
        return package.outside
    return (
        "Nobody outside the institution has signed or time-stamped the ledger's state. The package shows that nothing "
        "in it was altered since the ledger's key signed it; it cannot show that the holder of that key did not write "
        "the whole ledger anew before giving it out.",
    )


def _claims(package: Package) -> Iterator[str]:
    states = f"the ledger's signed checkpoint over {counted(package.size, 'entry', 'entries')}"
    records, findings = counted(len(package.records), "record"), counted(len(package.findings), "finding")
    yield (
        f"The {records} enclosed {_is(len(package.records))} what the ledger committed to when the logs were received. "
        f"Nobody can alter a byte of it, add one or move one without contradicting {states}."
    )
    yield "Which file each record came from, and its place in it, stand in the same ledger under the same signature."
    if package.findings:
        rest, missing = "rests" if len(package.findings) == 1 else "rest", _not_enclosed(package)
        but = f" {counted(missing, 'more record')} of the same findings {_is(missing)} not enclosed." if missing else ""
        yield f"The {findings} {rest} on these records and on the rules enclosed.{but}"
    if package.reproducible:
        yield "Anybody can derive the findings again from the records and rules enclosed, byte for byte."
    else:
        yield "The findings cannot be derived again from this package alone: some of what they rest on is withheld."
    yield "What was done with the evidence, by which key, stands in the same ledger, up to the making of this package."


def _not_enclosed(package: Package) -> int:
    """How many records that findings rest on are not in the package."""
    enclosed = {(record.input, record.entry) for record in package.records}
    named = {(place.input, place.entry) for finding in package.findings for place in finding.records}
    return len(named - enclosed) + sum(finding.more for finding in package.findings)


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _not_claimed(package: Package) -> Iterator[str]:
    yield "That a person did anything. Accounts, sessions, addresses and devices are named; not who used them."
    yield "That a log told the truth, or was complete, before it was received: see the premises."
    yield "That nothing else happened. Records that are not enclosed are counted below, and may say more or otherwise."
    if not package.outside:
        yield "That the ledger was not written anew by whoever holds its key: it is attested by nobody outside."


def verify_commands() -> tuple[tuple[str, str], ...]:
    """(command, what it shows), run in the package's folder."""
    return (
        ("sha256sum -c manifest-sha256.txt", "every file is the one listed (any system; no software of ours)"),
        (
            "python3 data/verify.py .",
            "every step, with the verifier enclosed (Python 3.11 with the package cryptography)",
        ),
        ("tocsin evidence verify .", "the same steps, with your own copy of the verifier"),
        ("tocsin evidence reproduce .", "the findings derived again from the records and rules enclosed"),
    )


VERIFIER_NOTE = (
    "A verifier that comes with what it is to verify should not be the only one: take your own copy, or write one from "
    "the format's description (docs/formats/evidence.md). Get the ledger's public key, or a checkpoint, from "
    "elsewhere, and give it with --log-key or --checkpoint: else the package is held against the key it names itself."
)
