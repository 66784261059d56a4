"""What could be opened: asked of an estate alone, or of an estate and what the logs of a workspace show."""

from __future__ import annotations

from pathlib import Path

from tocsin.assess import reach
from tocsin.errors import ConfigError
from tocsin.model.question import Question
from tocsin.model.reach import Reach
from tocsin.store.estate import read_estate


def reach_of_estate(folder: Path, question: Question) -> Reach:
    """What the compromised could open by what an estate says, with no log at all.

    Raises ConfigError for a faulty estate, and where the question names nobody.
    """
    if not question.names_something:
        raise ConfigError(
            "nobody is named: without logs no incident says who is compromised",
            hint="name --identity, --session, --address, --host or --key",
        )
    return reach.conclude(question, reach.Ways(estate=read_estate(folder)), question.start)
