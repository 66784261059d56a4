"""Which hosts an account signs in to, by its own past and by what its peers turn to."""

from __future__ import annotations

from tocsin.detect.behaviour.link_model import LinkModel, things_of_key
from tocsin.model.behaviour import ModelInfo
from tocsin.model.finding import EntityType

MODEL = LinkModel(
    info=ModelInfo(
        name="links_host",
        title="Signed in to a host the account does not use",
        about=EntityType.ACCOUNT,
        tells="a sign-in to a host that is new or rare for the account, and unlikely by what its peers use",
        techniques=("T1078", "T1021"),
        tactics=("lateral-movement",),
    ),
    relation="sign_ins",
    subject="account",
    did="signed in to host",
    things=things_of_key("host"),
)
