"""A workspace gone on with: what its last run was asked, what an older epoch left made anew, and its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tocsin.answering import answer
from tocsin.books import CAME_ALONE, has_run, kept_mappings, latest_run
from tocsin.errors import ProtectionError, StoreError
from tocsin.held import Held
from tocsin.model.answers import Answers
from tocsin.model.chunk import Dating
from tocsin.model.door import Door, mask_all, mask_one
from tocsin.model.estate import Estate
from tocsin.model.progress import Progress
from tocsin.model.question import Question, Way
from tocsin.opening import now_utc, publish, recover, run_so_far
from tocsin.processing import FOLDS
from tocsin.protect.telling import through_door
from tocsin.reading.intake import Intake
from tocsin.reading.renewal import is_current, pass_texts_again
from tocsin.reading.rereading import dating_of, derive_again
from tocsin.record.acts import people_acts
from tocsin.record.checkpoint import log_key
from tocsin.record.keys import WorkspaceKey
from tocsin.record.people import registry_of
from tocsin.ruleset.compiled import Ruleset, compiled_rules, kept_rules
from tocsin.share.report import REPORT_NAME, write_report
from tocsin.store.estate import read_estate
from tocsin.store.workspace import Workspace, is_writable

WENT_ON = "went_on"  # of a run's settings: it went on with those of the run before


def answers_from(
    workspace: Workspace,
    key: WorkspaceKey,
    question: Question | None,
    progress: Progress,
    *,
    readers: Sequence[str] = (),
    only_verdicts: bool = False,
) -> Answers:
    """The answers from what the workspace holds, made current first; `question` as it was asked, in clear.

    readers   names of the keys of those who ask: they see what is closed to others. The report shows nobody that
    only_verdicts   as `answer` takes it

    Raises StoreError where nothing was investigated yet.
    """
    started = now_utc()
    progress = through_door(progress, key.door)
    make_current(workspace, key, progress)
    kept = answerable(workspace, key)
    progress.stage("Answering", None)
    span = span_of(kept)
    asked = _asked(question, key.door) or span
    held = held_again(workspace, key, kept)
    run, now = run_so_far(workspace, key, started, 1), number_or_none(kept["now"])
    answers = answer(
        held, asked, now, run, readers=keys_of_readers(workspace, key, readers), only_verdicts=only_verdicts
    )
    if key.door.epoch and not (workspace.path / REPORT_NAME).exists() and is_writable(workspace.path):
        # It went with the epoch it was written under; who asked for a part does not get the whole of that part alone.
        is_for_all = question is None and not readers
        write_report(answers if is_for_all else answer(held, span, now, run), workspace.path)
        progress.note(f"{REPORT_NAME} is written anew; copies made before show whoever was protected since in clear")
    return answers


def keys_of_readers(workspace: Workspace, key: WorkspaceKey, names: Sequence[str]) -> frozenset[str]:
    """The names of all keys of the people whose keys these are: what is closed to others is open to a person, not to
    one key of theirs."""
    if not names:
        return frozenset()
    with workspace.reading() as connection:
        registry = registry_of(people_acts(connection), log_key(workspace.origin, key.signer.public_key()))
    return frozenset().union(*(registry.keys_of(name) for name in names))


def make_current(workspace: Workspace, key: WorkspaceKey, progress: Progress) -> None:
    """Process again what passed the door under an older epoch of the vault than it has now; nothing where none did.

    A chunk is a transaction: called again after an interruption it goes on where it stopped. Raises StoreError where
    the workspace cannot be written, or another run is writing.
    """
    if is_current(workspace, key):
        return
    with workspace.writer_lock():
        recover(workspace)
        pass_texts_again(workspace, key)
        if not has_run(workspace):
            return
        progress.note(f"the vault is at epoch {key.door.epoch}: what the workspace holds is processed again")
        _, kept, _ = latest_run(workspace)
        rules = kept_rules(workspace, str(kept["rules"]), key.door)
        derive_again(
            Intake(
                workspace=workspace,
                key=key,
                rules=rules.folder,
                plan=rules.digest,
                run=0,  # nothing new is taken in
                workers=1,
                progress=progress,
                dating=dating_again(workspace, kept),
            )
        )
        publish(workspace, key)


def run_before(
    workspace: Workspace, key: WorkspaceKey, progress: Progress
) -> tuple[Ruleset, Mapping[str, object], bool]:
    """Rules, settings and whether it ended, of the last run; of a workspace without one, our own rules."""
    if has_run(workspace):
        kept, finished = lasting(answerable(workspace, key)), latest_run(workspace)[2]
        return kept_rules(workspace, str(kept["rules"]), key.door), kept, finished
    rules = compiled_rules(workspace, (), kept_mappings(workspace, key), progress, key.door)
    settings = {"rules": rules.digest, "sets": {one.name: one.told for one in rules.sets}, "folds": FOLDS}
    return rules, {**settings, "from": None, "to": None, "taken": None, "now": None}, True


def answerable(workspace: Workspace, key: WorkspaceKey) -> dict[str, object]:
    """The settings of the last run.

    Raises StoreError where there was none, or an older version kept what it needs; ProtectionError where something of
    it passed the door under an older epoch of the vault.
    """
    _, kept, _ = latest_run(workspace)
    if not is_current(workspace, key):
        raise ProtectionError(
            f"{mask_one(key.door, str(workspace.path))} was processed before epoch {key.door.epoch} of its vault: "
            "nothing is answered from it",
            hint="it is processed again by: tocsin incidents, or tocsin investigate",
        )
    if kept.get("folds") != FOLDS:
        raise StoreError(
            f"{workspace.path} was last answered from by another version of tocsin",
            hint="run the investigation again on it, on the same logs: the record stays, the rest is derived anew",
        )
    return kept


def _asked(question: Question | None, door: Door) -> Question | None:
    """The question in the words the workspace holds: whoever is protected is asked for as a token."""
    if question is None:
        return None

    def shown(texts: Sequence[str]) -> tuple[str, ...]:
        replaced = mask_all(door, texts)
        return tuple(replaced.get(text, text) for text in texts)

    return replace(
        question,
        identities=shown(question.identities),
        addresses=shown(question.addresses),
        sessions=shown(question.sessions),
        hosts=shown(question.hosts),
        accounts=shown(question.accounts),
        keys=shown(question.keys),
        ways=tuple(Way(*shown(way)) for way in question.ways),
    )


def kept_taking(workspace: Workspace) -> int | None:
    """When the logs were taken, as an earlier run was told; None where none was."""
    return number_or_none(latest_run(workspace)[1].get("taken")) if has_run(workspace) else None


def estate_of(workspace: Workspace) -> Estate:
    """The estate the workspace was given, as it shows it."""
    return read_estate(workspace.estate)


def lasting(settings: Mapping[str, object]) -> dict[str, object]:
    """Settings of a run for the next one, without what came with that run alone."""
    return {name: value for name, value in settings.items() if name not in CAME_ALONE}


def span_of(kept: Mapping[str, object]) -> Question:
    """The time a run was asked of, by its settings."""
    return Question(from_=number_or_none(kept["from"]), to=number_or_none(kept["to"]))


def dating_again(workspace: Workspace, kept: Mapping[str, object]) -> Dating | None:
    """How times without a year are read as they were: by when a run was told the logs were taken, else by the logs."""
    taken = number_or_none(kept.get("taken"))
    return dating_of(workspace) if taken is None else Dating(taken, is_latest=True)


def held_again(workspace: Workspace, key: WorkspaceKey, kept: Mapping[str, object]) -> Held:
    """What the workspace holds, with the rules a run was given, by its settings."""
    return Held.load(workspace, key, kept_rules(workspace, str(kept["rules"]), key.door).compiled, estate_of(workspace))


def number_or_none(value: object) -> int | None:
    """A number of kept settings, which are JSON."""
    return value if isinstance(value, int) else None
