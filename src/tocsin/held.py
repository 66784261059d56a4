"""A workspace in; everything its answers are made of out. Nothing is concluded here, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import msgspec
import pyarrow as pa

from tocsin.assess import attribution, exposure, logons, naming
from tocsin.books import (
    Places,
    content_hashes,
    gone_out_before,
    input_accounts,
    kept_acquisitions,
    kept_by,
    kept_mappings,
    latest_run,
    note_chunks,
)
from tocsin.correlate import bursts, identity, notes
from tocsin.correlate import findings as correlated
from tocsin.cover import changes, coverage, digests, pairing
from tocsin.cover.probing import kept as probes
from tocsin.detect.behaviour.relation import all_relations, fold_of
from tocsin.detect.behaviour.relation import combine as combine_relation
from tocsin.detect.sigma.compiled_rules import CompiledRules
from tocsin.logs_seen import combine_logs
from tocsin.model.acquisition import AcquisitionRecord
from tocsin.model.answers import InputAccount
from tocsin.model.decision import Decision
from tocsin.model.door import Door, mask_json
from tocsin.model.estate import Estate
from tocsin.model.exceptions import ExceptionInfo
from tocsin.model.indicator import IndicatorsAccount
from tocsin.model.mapping import LogMapping
from tocsin.model.probing import SPOKEN
from tocsin.model.reference import split_reference
from tocsin.model.unsealing import Alone
from tocsin.record.acts import people_acts
from tocsin.record.decisions import decisions_of
from tocsin.record.keys import WorkspaceKey
from tocsin.record.unsealings import leave_of, unreviewed
from tocsin.store.workspace import Workspace

_TOKENISED = (
    "Protected persons stand as tokens, by the forms the vault holds of them: a form it does not hold is in clear."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Everything the answers are made of: what each fold kept, the books, the rules and the estate."""

    accounts: tuple[InputAccount, ...]
    acquisitions: tuple[AcquisitionRecord, ...]
    mappings: tuple[LogMapping, ...]
    places: Places
    rules: CompiledRules
    estate: Estate
    coverage: pa.Table
    changes: pa.Table
    digests: pa.Table
    contents: Mapping[str, str]
    pairing: pa.Table
    hits: pa.Table
    sightings: pa.Table
    accesses: pa.Table
    means: pa.Table
    logons: pa.Table
    names: pa.Table
    holding_names: pa.Table
    notes: pa.Table
    probes: pa.Table
    note_chunks: frozenset[int]
    logs: pa.Table
    behaviour: Mapping[str, pa.Table]  # by relation
    unfinished: bool
    exceptions: tuple[ExceptionInfo, ...]
    vault: tuple[str, ...] = ()
    unreviewed: tuple[Alone, ...] = ()
    decisions: tuple[Decision, ...] = ()
    sets: Mapping[str, str] = field(default_factory=dict)  # rule sets of the run, by name, and which release each is
    # What is said of indicators, as it may be told: of many thousands few are.
    told_indicators: Callable[[IndicatorsAccount], IndicatorsAccount] = lambda account: account

    @classmethod
    def load(cls, workspace: Workspace, key: WorkspaceKey, rules: CompiledRules, estate: Estate) -> Held:
        """What the workspace holds now; what the rules say of themselves has passed the door."""
        rules = rules.told(lambda said: mask_json(key.door, said))
        _, settings, finished = latest_run(workspace)
        return cls(
            accounts=input_accounts(workspace),
            acquisitions=kept_acquisitions(workspace),
            mappings=kept_mappings(workspace, key),
            places=Places(workspace),
            rules=rules,
            estate=estate,
            coverage=kept_by(workspace, coverage.NAME, coverage.combine),
            changes=kept_by(workspace, changes.NAME, changes.combine),
            digests=kept_by(workspace, digests.NAME, digests.combine),
            contents=content_hashes(workspace),
            pairing=kept_by(workspace, pairing.NAME, pairing.combine),
            hits=kept_by(workspace, correlated.NAME, correlated.combine),
            sightings=kept_by(workspace, bursts.NAME, bursts.combine),
            accesses=kept_by(workspace, exposure.NAME, exposure.combine),
            means=kept_by(workspace, attribution.NAME, attribution.combine),
            logons=kept_by(workspace, logons.NAME, logons.combine),
            names=kept_by(workspace, identity.NAME, identity.combine),
            holding_names=kept_by(workspace, naming.NAME, naming.combine),
            notes=kept_by(workspace, notes.NAME, notes.combine),
            probes=kept_by(workspace, probes.NAME, probes.combine),
            note_chunks=note_chunks(workspace),
            logs=kept_by(workspace, "logs", combine_logs),
            behaviour={
                name: kept_by(workspace, fold_of(name), partial(combine_relation, one))
                for name, one in all_relations().items()
            },
            unfinished=not finished,
            exceptions=tuple(one.info for one in rules.exceptions),
            vault=_vault(workspace, key.door.epoch),
            unreviewed=_unreviewed(workspace),
            decisions=_decisions(workspace, key),
            sets=_sets(settings),
            told_indicators=lambda account: _told(account, key.door),
        )

    @property
    def as_of(self) -> int | None:
        """The last event of a log: what people wrote down later is no sign that a log was still read."""
        last = (each.last for each in self.accounts if each.last is not None and each.source not in SPOKEN)
        return max(last, default=None)

    def is_entered(self, record: int) -> bool:
        """Whether a record, by its reference, was entered by hand."""
        return split_reference(record)[0] in self.note_chunks


def _told(account: IndicatorsAccount, door: Door) -> IndicatorsAccount:
    said = msgspec.to_builtins(account)
    told = mask_json(door, said)
    return account if told == said else msgspec.convert(told, IndicatorsAccount)


def _decisions(workspace: Workspace, key: WorkspaceKey) -> tuple[Decision, ...]:
    with workspace.reading() as connection:
        return decisions_of(connection, key, workspace.origin)


def _sets(settings: Mapping[str, object]) -> dict[str, str]:
    sets = settings.get("sets")
    return {str(name): str(told) for name, told in sorted(sets.items())} if isinstance(sets, dict) else {}


def _unreviewed(workspace: Workspace) -> tuple[Alone, ...]:
    """What one person unsealed alone and nobody has reviewed, in the order of the ledger."""
    with workspace.reading() as connection:
        acts = unreviewed(people_acts(connection))
    leaves = ((act, leave_of(act)) for act in acts)
    return tuple(
        Alone(entry=act.leaf, at=act.at, by=act.by, subject=leave.subject, of=str(leave.of)) for act, leave in leaves
    )


def _vault(workspace: Workspace, epoch: int) -> tuple[str, ...]:
    """What is to be known of the vault behind the answers; nothing where there is none."""
    if not epoch:
        return ()
    packages, briefs = gone_out_before(workspace)
    if not packages and not briefs:
        return (_TOKENISED,)
    return (
        _TOKENISED,
        f"{packages:,} packages and {briefs:,} briefs went out before epoch {epoch} of the vault: whoever was added "
        "since may stand in them in clear (tocsin record custody).",
    )
