"""The protected persons at risk, for the protection unit: who may open the vault is told their handles."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from tocsin.assess.persons import conclude
from tocsin.continuing import estate_of
from tocsin.investigation import answers_of
from tocsin.model.persons import PersonsAtRisk
from tocsin.model.progress import Progress
from tocsin.model.question import Question
from tocsin.protection.vaults import handles_by_token
from tocsin.store.key_sources import KeySources
from tocsin.store.workspace import open_workspace


def persons_at_risk(
    workspace: Path,
    question: Question,
    sources: KeySources | None,
    *,
    passphrase: str | None,
    progress: Progress,
) -> PersonsAtRisk:
    """A verdict a person. `sources` of the vault's key, None where it is not at hand: then tokens alone.

    Raises StoreError where no key opens the vault.
    """
    handles = None if sources is None else handles_by_token(workspace, sources)
    with closing(open_workspace(workspace)) as opened:
        declared = estate_of(opened).persons
    answers = answers_of(workspace, question=question, passphrase=passphrase, progress=progress)
    return conclude(answers.exposure, handles, declared)
