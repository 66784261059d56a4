"""The first use of a privilege by an account, by how often accounts come to use one and how common it is."""

from __future__ import annotations

from tocsin.detect.behaviour.link_model import LinkModel, things_of_key
from tocsin.model.behaviour import ModelInfo
from tocsin.model.finding import EntityType

MODEL = LinkModel(
    info=ModelInfo(
        name="first_privilege",
        title="Used a privilege the account never used",
        about=EntityType.ACCOUNT,
        tells="a privileged sign-in, a role, or a change of accounts or rights, the first of its sort by the account",
        techniques=("T1078", "T1098"),
        tactics=("privilege-escalation", "persistence"),
    ),
    relation="activity",
    subject="account",
    did="used the privilege",
    things=things_of_key("privilege"),
    is_new_only=True,
    is_factored=False,
)
