"""What a package says of itself in plain words: on its first page, in README.txt, and in its metadata."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.attest.custody import by_whom, deeds, made_at, persons
from tocsin.model.evidence import Package
from tocsin.model.instant import format_time, parse_time

SELF_ATTESTED, ATTESTED = "SELF-ATTESTED", "ATTESTED FROM OUTSIDE"
# The verifier says the same (`attest.standalone`).
OWN_WORD = "That nothing was left out or rewritten before export rests on the institution's own word alone."
TRUST_NOTE = (
    "This is what the package says; the verifier checks each and names those it could not. Whether a witness or an "
    "authority is independent of the institution no computation shows: ask it, and give the verifier its key or root."
)

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


def title(package: Package) -> str:
    """What it is about, as a person would call it."""
    if package.incidents:
        first, *others = package.incidents
        return f"Evidence: {first.title}{_and_more(len(others), 'incident')}"
    if package.findings:
        one, *more = package.findings
        return f"Evidence: {one.detector.title}{_and_more(len(more), 'finding')}"
    return f"Evidence: {counted(len(package.records), 'record')} of logs"


def opening(package: Package) -> tuple[str, ...]:
    """The first paragraphs, for somebody who reads no logs: what it holds, whose, what is withheld, what is proven."""
    return (" ".join(_holds(package)), " ".join(_withholds(package)), " ".join(_bounds(package)))


def attested(how: str, who: str, size: int, time: int, named_by: str, later: int, records: int) -> str:
    """What somebody outside vouches for, whose word it is that it counts, and how much it does not cover.

    how        `cosigned` or `timestamped`; at `time` (ns), over the first `size` entries
    named_by   who signed the act that says so
    later      entries the package shows that it does not cover
    records    of the enclosed, how many are among those, or what says their file, place or fields is
    """
    first = f"{counted(size, 'entry', 'entries')} of the ledger"
    if how == "cosigned":
        said = f"The first {first} were signed by the witness {who} at {format_time(time)}. "
        said += f"Who named the witness as one to trust: {named_by}. "
    else:
        said = f"The first {first} were time-stamped by {who} at {format_time(time)}. "
        said += f"Who took the authority's root certificate for its own: {named_by}. "
    if not later:
        return f"{said}It covers every entry this package shows."
    of_them = ", no enclosed record among them"
    if records:
        of_them = f", {counted(records, 'enclosed record')} among them, or what says their file, place or fields"
    return f"{said}Not covered: {counted(later, 'entry', 'entries')} that came later{of_them}."


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
        "Nobody outside the institution has signed or time-stamped the ledger's state. Anybody can check that "
        f"the package is intact and its parts fit. {OWN_WORD} Whoever holds the ledger's key can write a ledger anew.",
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
        kept = f", but {counted(len(package.untold), 'file')} of rules withheld" if package.untold else ""
        yield f"The {findings} {rest} on these records and on the rules enclosed{kept}.{but}"
    if package.reproducible:
        yield (
            "Anybody can derive the findings again from the records and rules enclosed, and hold this account of them "
            "against what comes out."
        )
    else:
        yield "The findings cannot be derived again from this package alone: some of what they rest on is withheld."
    yield "What was done with the evidence, by which key, stands in the same ledger, up to the making of this package."


def _not_enclosed(package: Package) -> int:
    """How many records that findings rest on are not in the package."""
    enclosed = {(record.input, record.entry) for record in package.records}
    named = {(place.input, place.entry) for finding in package.findings for place in finding.records}
    return len(named - enclosed) + sum(finding.more for finding in package.findings)


def _holds(package: Package) -> Iterator[str]:
    rest = counted(len(package.findings), "finding")
    rests = "that rests on them" if len(package.findings) == 1 else "that rest on them"
    about = ", ".join(f"\u201c{one.title}\u201d ({_days(one.first, one.last)})" for one in package.incidents[:3])
    more = f" and {len(package.incidents) - 3:,} more" if len(package.incidents) > 3 else ""
    incident = (
        f", on {'the incident' if len(package.incidents) == 1 else 'the incidents'} {about}{more}" if about else ""
    )
    yield (
        f"This package holds {counted(len(package.records), 'record')} of computer logs and {rest} {rests}{incident}."
        if package.findings
        else f"This package holds {counted(len(package.records), 'record')} of computer logs and no finding."
    )
    acts = deeds(package)
    whose = by_whom(package.by, package.origin, persons((act.kind, act.what) for act in acts))
    yield f"It was exported on {_day(made_at(package))} from the ledger {package.origin}."
    yield f"Who exported it: {whose}. The act of export (custody/export.json) bears the signature."
    if package.note:
        yield f"Said of it: {package.note}"


def _withholds(package: Package) -> Iterator[str]:
    count = sum(one.count for one in package.withheld)
    if count:
        have = "record" if count == 1 else "records"
        yield f"Withheld: {count:,} other {have} of the same sessions, because no finding rests on them."
    if package.redacted:
        yield (
            f"Withheld, by decision of who exported it: what these fields say, {', '.join(package.redacted)}, and the "
            "bytes of the records that hold them."
        )
    if not count and not package.redacted:
        yield "Of what was asked for nothing is withheld."
    yield "Everything else the institution holds was not asked for, and is not enclosed."


def _bounds(package: Package) -> Iterator[str]:
    yield "It proves that these records are what the institution sealed, and which keys signed for what was done."
    if not package.outside:
        yield OWN_WORD
    yield "It does not prove that the logs were true or complete, nor that a person did anything."


def _and_more(count: int, noun: str) -> str:
    return f", and {counted(count, f'more {noun}')}" if count else ""


def _days(first: int | None, last: int | None) -> str:
    days = [_day(format_time(time))[: -len(", 00:00 UTC")] for time in (first, last) if time is not None]
    return " to ".join(dict.fromkeys(days)) or "no time known"


def _day(at: str) -> str:
    """`9 March 2024, 10:00 UTC`; what is no time as it stands."""
    time = parse_time(at)
    if time is None:
        return at
    text = format_time(time)
    return f"{int(text[8:10])} {_MONTHS[int(text[5:7]) - 1]} {text[:4]}, {text[11:16]} UTC"


_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _not_claimed(package: Package) -> Iterator[str]:
    yield "That a person did anything. Accounts, sessions, addresses and devices are named; not who used them."
    yield "That a log told the truth, or was complete, before it was received: see the premises."
    yield "That nothing else happened. Records that are not enclosed are counted below, and may say more or otherwise."
    if not package.outside:
        yield "That the ledger was not written anew by whoever holds its key: it is attested by nobody outside."


def verify_commands(package: Package) -> tuple[tuple[str, str], ...]:
    """(command, what it shows), run in the package's folder; those alone that can be done with this package."""
    again = (
        "tocsin evidence reproduce .",
        "the findings derived again from the records and rules enclosed, and this page made again from the files",
    )
    return (
        ("sha256sum -c manifest-sha256.txt", "every file is the one listed (any system; no software of ours)"),
        (
            "python3 data/verify.py .",
            "every step, with the verifier enclosed (Python 3.11 with the package cryptography)",
        ),
        ("tocsin evidence verify .", "the same steps, with your own copy of the verifier"),
        *((again,) if package.reproducible else ()),
    )


VERIFIER_NOTE = (
    "A verifier that comes with what it is to verify should not be the only one: take your own copy, or write one from "
    "the format's description (docs/formats/evidence.md). Get the ledger's public key, or a checkpoint, from "
    "elsewhere, and give it with --log-key or --checkpoint: else the package is held against the key it names itself."
)
