"""Rules that were hunted with become the workspace's own: kept as a set, and all it holds derived anew with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

from tocsin.answering import answer
from tocsin.books import begin_run, finish_run, kept_mappings, latest_run
from tocsin.continuing import answerable, dating_again, lasting, number_or_none, span_of
from tocsin.detect.indicators.published import indicators_path, is_indicators
from tocsin.errors import ConfigError
from tocsin.held import Held
from tocsin.hunting.sets import keep_set
from tocsin.model.clocks import Occasion
from tocsin.model.progress import Progress
from tocsin.opening import TOOL, now_utc, open_existing, publish, recover, run_so_far, utc_text
from tocsin.processing import FOLDS
from tocsin.protect.telling import through_door
from tocsin.reading.intake import Intake
from tocsin.reading.rereading import derive_again
from tocsin.record.keys import WorkspaceKey
from tocsin.record.people_keys import Signer
from tocsin.remembering import keep_answer
from tocsin.ruleset.compiled import Ruleset, compiled_rules, own_rules, rule_files
from tocsin.ruleset.given import STANDARD_INPUT
from tocsin.ruleset.published import Published, read_published, set_name
from tocsin.share.report import write_report
from tocsin.store.estate import read_estate
from tocsin.store.workspace import Workspace


def keep_rules(
    texts: Mapping[str, bytes],
    paths: Sequence[Path],
    workspace: Path,
    *,
    name: str,
    passphrase: str | None,
    actors: Sequence[Signer],
    progress: Progress,
) -> None:
    """Keep these rules (`texts`, from `paths`) as a set of that name; look at all that is held with all rules.

    The report is written again. A chunk is a transaction: cut short, the next investigation goes on where it stopped.
    """
    found = _published(texts, paths)
    with open_existing(workspace, passphrase) as (opened, key), opened.writer_lock():
        progress = through_door(progress, key.door)
        recover(opened)
        kept = answerable(opened, key)
        given = _given_before(opened, key, kept)
        keep_set(opened, key, name, found, actors, progress)
        rules = compiled_rules(opened, (), kept_mappings(opened, key), progress, key.door, beside=given)
        _renew(opened, key, rules, kept, progress)


def kept_name(paths: Sequence[Path], name: str | None) -> str:
    """What the set is called: as given, else by the one path. Raises ConfigError where neither gives a name."""
    if name is None and (len(paths) != 1 or str(paths[0]) == STANDARD_INPUT):
        raise ConfigError("the rules to be kept need a name", hint="give one with --name")
    return set_name(name, paths[0])


def _published(texts: Mapping[str, bytes], paths: Sequence[Path]) -> Published:
    if len(paths) == 1 and str(paths[0]) != STANDARD_INPUT and not any(map(is_indicators, texts)):
        return read_published(paths[0])
    numbered: dict[str, bytes] = {}
    for number, path in enumerate(sorted(texts)):
        name = _named(path)
        numbered[name if is_indicators(path) and name not in numbered else _named(path, f"{number:04}-")] = texts[path]
    return Published(
        origin=", ".join("standard input" if str(path) == STANDARD_INPUT else path.name for path in paths),
        texts=numbered,
        other=0,
        version="",
        commit="",
        date="",
        licence="",
    )


def _named(path: str, before: str = "") -> str:
    """A file's name within the set; of a file of indicators it begins so that it is read as one."""
    mark = indicators_path("") if is_indicators(path) else ""
    return f"{mark}{before}{PurePath(path).name.removeprefix(mark)}"


def _given_before(workspace: Workspace, key: WorkspaceKey, kept: Mapping[str, object]) -> dict[str, bytes]:
    """The rules the last run was given with --rules: neither our own nor of a set."""
    sets = kept.get("sets")
    names = tuple(f"{name}!" for name in sets) if isinstance(sets, dict) else ()
    own = f"{own_rules()}/"
    texts = rule_files(workspace, str(kept["rules"]), key.door)
    return {path: data for path, data in texts.items() if not path.startswith((own, *names))}


def _renew(
    workspace: Workspace, key: WorkspaceKey, rules: Ruleset, kept: Mapping[str, object], progress: Progress
) -> None:
    started = now_utc()
    finished = latest_run(workspace)[2]
    asked = lasting(kept) | {"rules": rules.digest, "sets": {one.name: one.told for one in rules.sets}, "folds": FOLDS}
    run = begin_run(workspace, utc_text(started), TOOL, asked)
    derive_again(
        Intake(
            workspace=workspace,
            key=key,
            rules=rules.folder,
            plan=rules.digest,
            run=run,
            workers=1,
            progress=progress,
            dating=dating_again(workspace, kept),
        )
    )
    publish(workspace, key)
    if finished:  # else the logs of the run before are still not read to their end, and the answers say so
        finish_run(workspace, run, utc_text(now_utc()))
    progress.stage("Answering", None)
    held = Held.load(workspace, key, rules.compiled, read_estate(workspace.estate))
    answers = answer(held, span_of(kept), number_or_none(kept["now"]), run_so_far(workspace, key, started, 1))
    write_report(answers, workspace.path)
    keep_answer(workspace, key, answers, Occasion.RULES, now_utc(), TOOL)
