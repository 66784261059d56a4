"""Which applications an account uses, by its own past and by what its peers turn to."""

from __future__ import annotations

from tocsin.detect.behaviour.link_model import LinkModel, things_of_key
from tocsin.model.behaviour import ModelInfo
from tocsin.model.finding import EntityType

MODEL = LinkModel(
    info=ModelInfo(
        name="links_application",
        title="Used an application the account does not use",
        about=EntityType.ACCOUNT,
        tells="an application that is new or rare for the account, and unlikely by what its peers use",
        techniques=("T1078.004", "T1550.001"),
        tactics=("initial-access",),
    ),
    relation="applications",
    subject="account",
    did="used application",
    things=things_of_key("application"),
)
