"""Which matters an account reaches, by its own past and by what its peers turn to."""

from __future__ import annotations

from tocsin.detect.behaviour.history import History, Integers
from tocsin.detect.behaviour.link_model import LinkModel
from tocsin.detect.behaviour.placing import matters_of, placed_rows
from tocsin.model.behaviour import ModelInfo, Surroundings
from tocsin.model.finding import EntityType


def _matters(history: History, around: Surroundings) -> tuple[Integers, tuple[str, ...]]:
    """The declared matter; where there is none, the mailbox or site a thing lies in, and never a single document."""
    texts, code = matters_of(placed_rows(history, around))
    return code, texts


MODEL = LinkModel(
    info=ModelInfo(
        name="links_matter",
        title="Reached a matter the account does not work on",
        about=EntityType.ACCOUNT,
        tells="a matter, mailbox or site that is new or rare for the account, and unlikely by what its peers reach",
        techniques=("T1213", "T1114"),
        tactics=("collection",),
    ),
    relation="accesses",
    subject="actor",
    did="reached matter",
    things=_matters,
)
