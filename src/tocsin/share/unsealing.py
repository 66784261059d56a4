"""What was unsealed, for those who may see it; and what is said of it to everybody else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tocsin.model.protection import How
from tocsin.model.unsealing import Alone, Revealed
from tocsin.share.plain import shown

_HOW = {How.EXACT: "as the vault has it", How.GENERATED: "another writing"}


def persons_text(persons: Sequence[Revealed]) -> str:
    """One person a paragraph: token, handle, matters, and how they were named. It holds names."""
    if not persons:
        return "no protected person is named in it\n"
    return "".join(f"{line}\n" for one in persons for line in _person(one))


def _person(one: Revealed) -> Iterator[str]:
    if not one.handle:
        yield f"{one.token}  nobody who is in the vault now"
        return
    yield f"{one.token}  {shown(one.handle)}  {', '.join(map(shown, one.matters)) or 'no matter'}"
    for how, text in one.said:
        yield f"  {shown(text)}  ({_HOW[how]})"


def alone_sentence(one: Alone) -> str:
    """That one person unsealed something alone, and nobody has reviewed it."""
    people = " and ".join(map(shown, one.by))
    return (
        f"BREAK-GLASS: {people} alone unsealed protected persons in the {one.subject} {shown(one.of)} at {one.at} "
        f"(entry {one.entry:,}); nobody has reviewed it yet: tocsin vault review {one.entry}"
    )
