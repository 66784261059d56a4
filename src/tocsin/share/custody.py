"""The chain of custody, the keys of people and a drill, as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tocsin.model.custody import DrillStep, KeyRow, Link
from tocsin.share.plain import shown


def chain_text(links: Sequence[Link]) -> str:
    """One act a paragraph, the oldest first: when, what, who says so, and where the ledger has it."""
    if not links:
        return "Nobody has done anything with this evidence yet.\n"
    return "".join(
        f"{link.at}  {shown(link.did)}\n  {_who(link)}, entry {link.entry}\n"
        + (f"  DOES NOT COUNT: {shown(link.disowned)}\n" if link.disowned else "")
        + (f"  NOBODY HAS REVIEWED IT: tocsin vault review {link.entry}\n" if link.unreviewed else "")
        for link in links
    )


def _who(link: Link) -> str:
    if not link.people:
        return f"not signed by a person (account {shown(link.login)})" if link.login else "not signed by a person"
    pairs = zip(link.people, link.by, strict=True)
    return "signed by " + " and ".join(f"{shown(person)} ({shown(name)})" for person, name in pairs)


def keys_text(rows: Sequence[KeyRow]) -> str:
    """One key a paragraph, in the order they came."""
    if not rows:
        return "Nobody is enrolled. The first officer enrols himself: tocsin key new, then tocsin key enrol.\n"
    return "".join(
        f"{shown(row.name)}  {shown(row.person)}  {', '.join(row.roles)}\n"
        f"  {shown(row.state)}\n"
        f"  since entry {row.entry}, {_let_in(row)}\n"
        f"  {row.key}\n"
        for row in rows
    )


def _let_in(row: KeyRow) -> str:
    if not row.enrolled_by:
        return "let in by the workspace's own key: no person vouches"
    if row.enrolled_by == (row.name,):
        return "enrolled by itself, the first: trusted on first use"
    return f"let in by {' and '.join(map(shown, row.enrolled_by))}"


def drill_text(steps: Iterable[DrillStep]) -> str:
    """One step a line, and what it came to."""
    return "".join(f"{'ok  ' if step.is_good else 'OPEN'}  {step.tried}: {shown(step.outcome)}\n" for step in steps)
