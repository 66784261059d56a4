"""What could be opened, asked of an estate alone: with no log and no workspace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tocsin.assess import reach
from tocsin.assess.reach_names import Names
from tocsin.errors import ConfigError
from tocsin.model.estate import Estate
from tocsin.model.question import Question
from tocsin.model.reach import Reach
from tocsin.store.estate import read_estate


def reach_of_estate(folder: Path, question: Question) -> Reach:
    """What the compromised could open by what an estate says.

    Raises ConfigError for a faulty estate, where the question names nobody, and where it names what an estate does not
    know: that nothing is reached from it would be true and mislead.
    """
    if not question.names_something:
        raise ConfigError(
            "nobody is named: without logs no incident says who is compromised", hint="name --identity or --host"
        )
    estate = read_estate(folder)
    for sentence in _unknown(question, estate):
        raise ConfigError(sentence, hint="ask a workspace, whose logs may know it: --workspace instead of --estate")
    return reach.conclude(question, reach.Ways(estate=estate), question.start)


def _unknown(question: Question, estate: Estate) -> Iterator[str]:
    names = Names(estate)
    yield from (f"{one} is no identity of this estate" for one in question.identities if not names.is_identity(one))
    yield from (f"{one} is no host of this estate" for one in question.hosts if not names.is_host(one))
    for kind, given in (("session", question.sessions), ("key", question.keys), ("address", question.addresses)):
        yield from (f"an estate knows of no {kind}: {one}" for one in given)
