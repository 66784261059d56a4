"""Rule sets of a workspace: added, listed, taken away; each time an act says so, with the digest of the rules."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from tocsin.books import kept_mappings
from tocsin.detect.sigma.compiled_rules import CompiledRules
from tocsin.errors import ConfigError, StoreError
from tocsin.model.door import mask_json
from tocsin.model.progress import Progress
from tocsin.model.rule import KeptSet, SetChange
from tocsin.opening import now_utc, open_existing, publish, utc_text
from tocsin.protect.telling import through_door
from tocsin.reading.kept_rules import (
    RuleTexts,
    path_in,
    read_set,
    read_sets,
    remove_set,
    set_names,
    texts_sha256,
    write_set,
)
from tocsin.record.acts import append_act, record_act
from tocsin.record.keys import WorkspaceKey
from tocsin.record.people_keys import Signer
from tocsin.ruleset.compiled import compiled_rules
from tocsin.ruleset.published import Published, read_published, set_name
from tocsin.store.workspace import Workspace

_ID: Final = re.compile(rb"^id:[ \t]*['\"]?([^\s'\"#]+)", re.MULTILINE)
_BETWEEN: Final = re.compile(rb"^---(?=\s|$)", re.MULTILINE)  # documents of a file
_SAYS: Final = re.compile(rb"^[ \t]*[^#\s]", re.MULTILINE)


def add_rules(
    path: Path,
    workspace: Path,
    *,
    name: str | None,
    passphrase: str | None,
    actors: Sequence[Signer],
    progress: Progress,
) -> SetChange:
    """Keep a published set in the workspace, in place of the one of its name, and compile it with the others.

    The next run on the workspace uses it. Raises ConfigError for what is no rule set or not to be trusted, RuleError
    for a rule whose id names a protected person; then nothing changed.
    """
    called = set_name(name, path)
    found = read_published(path)
    with open_existing(workspace, passphrase) as (opened, key), opened.writer_lock():
        return keep_set(opened, key, called, found, actors, through_door(progress, key.door))


def keep_set(
    workspace: Workspace,
    key: WorkspaceKey,
    called: str,
    found: Published,
    actors: Sequence[Signer],
    progress: Progress,
) -> SetChange:
    """`add_rules` for what was read, under the writer lock."""
    rules = workspace.path / "rules"
    before = _before(rules, called, key, progress)
    new = _kept(called, found, key)
    # Compiled as if it were kept: killed while that lasts, nothing is in force of which no act says anything.
    compiled = compiled_rules(workspace, (), kept_mappings(workspace, key), progress, key.door, adding=new).compiled
    new = _counted(new, compiled)
    what = {"command": "rules add", "arguments": _told(new.kept), "rules": new.kept.sha256}

    with _acting(workspace, key, what, new.kept.added, actors, before=before, called=called):
        write_set(rules, new, key.door)
    return _change(new, before)


@contextlib.contextmanager
def _acting(
    workspace: Workspace,
    key: WorkspaceKey,
    what: Mapping[str, object],
    at: str,
    actors: Sequence[Signer],
    *,
    before: RuleTexts | None,
    called: str,
) -> Iterator[None]:
    """What is done to the set inside stands once its act is in the ledger; where that fails the set is as it was."""
    with contextlib.ExitStack() as undoing:
        undoing.callback(_put_back, workspace.path / "rules", key, before, called)
        with workspace.writing() as connection:
            append_act(workspace, key, connection, "read", what, at, actors)
            yield
        undoing.pop_all()
    publish(workspace, key)


def _put_back(rules: Path, key: WorkspaceKey, before: RuleTexts | None, called: str) -> None:
    if before is not None:
        write_set(rules, before, key.door)
    elif called in set_names(rules):
        remove_set(rules, called)


def remove_rules(
    name: str, workspace: Path, *, passphrase: str | None, actors: Sequence[Signer], progress: Progress
) -> None:
    """Take a set away; the next run on the workspace is without it. Raises ConfigError where there is none."""
    with open_existing(workspace, passphrase) as (opened, key), opened.writer_lock():
        rules = opened.path / "rules"
        names = set_names(rules)
        if name not in names:
            raise ConfigError(f"{workspace} keeps no rule set {name!r}", hint=f"it keeps: {', '.join(names) or 'none'}")
        before = _before(rules, name, key, progress)
        what: dict[str, object] = {"command": "rules remove", "arguments": {"set": name}}
        if before is not None:
            what |= {"arguments": _told(before.kept), "rules": before.kept.sha256}
        at = utc_text(now_utc())
        if before is None:  # damaged: there is nothing to be put back
            remove_set(rules, name)
            record_act(opened, key, "read", what, at, actors)
            return
        with _acting(opened, key, what, at, actors, before=before, called=name):
            remove_set(rules, name)


def kept_sets(workspace: Path, *, passphrase: str | None) -> tuple[KeptSet, ...]:
    """What the workspace keeps, by name."""
    with open_existing(workspace, passphrase) as (opened, key):
        return tuple(one.kept for one in read_sets(opened.path / "rules", key.door))


def _before(rules: Path, name: str, key: WorkspaceKey, progress: Progress) -> RuleTexts | None:
    """The set of that name; None where there is none, or it is damaged, which is told."""
    if name not in set_names(rules):
        return None
    try:
        return read_set(rules, name, key.door)
    except StoreError as error:
        progress.note(f"{error}: this one takes its place")
        return None


def _placed(name: str, texts: Mapping[str, bytes]) -> dict[str, bytes]:
    return {path_in(name, path): data for path, data in texts.items()}


def _kept(name: str, found: Published, key: WorkspaceKey) -> RuleTexts:
    said = {
        "origin": found.origin,
        "version": found.version,
        "commit": found.commit,
        "date": found.date,
        "licence": found.licence,
    }
    if mask_json(key.door, {**said, "name": name}) != {**said, "name": name}:
        raise ConfigError(
            "the rule set names a protected person in its name, version or licence",
            hint="give it another name with --name, and the file another",
        )
    kept = KeptSet(
        name=name,
        **said,
        rules=0,
        failed=0,
        other=found.other,
        sha256=texts_sha256(found.texts),
        added=utc_text(now_utc()),
    )
    return RuleTexts(kept, _placed(name, found.texts))


def _counted(new: RuleTexts, compiled: CompiledRules) -> RuleTexts:
    """With how many of its rules can be run; those whose bytes another set has as well are counted there."""
    infos = [info.path for info in compiled.infos.values()] + [one.info.path for one in compiled.exceptions]
    failed = [one.path for one in compiled.failed]
    kept = replace(
        new.kept, rules=sum(path in new.texts for path in infos), failed=sum(path in new.texts for path in failed)
    )
    return RuleTexts(kept, new.texts)


def _told(kept: KeptSet) -> dict[str, str | int]:
    """What an act says of a set; a later run says the digest of all rules it was made with."""
    said: dict[str, str | int] = {
        "set": kept.name,
        "origin": kept.origin,
        "version": kept.version,
        "commit": kept.commit,
        "date": kept.date,
        "rules": kept.rules,
    }
    return {name: value for name, value in said.items() if value != ""}


def _change(new: RuleTexts, before: RuleTexts | None) -> SetChange:
    now, then = _by_id(new.texts), _by_id(before.texts if before else {})
    both = now.keys() & then.keys()
    return SetChange(
        kept=new.kept,
        replaced=before.kept.sha256 if before else "",
        new=tuple(sorted(now.keys() - then.keys())),
        changed=tuple(sorted(id_ for id_ in both if now[id_] != then[id_])),
        gone=tuple(sorted(then.keys() - now.keys())),
        unchanged=sum(now[id_] == then[id_] for id_ in both),
    )


def _by_id(texts: Mapping[str, bytes]) -> dict[str, set[bytes]]:
    """The documents by id, by path and place where there is none: a rule that moved is the same rule."""
    found: dict[str, set[bytes]] = {}
    for path, data in texts.items():
        documents = [part.strip() for part in _BETWEEN.split(data) if _SAYS.search(part)]
        for place, document in enumerate(documents, 1):
            id_ = _ID.search(document)
            unnamed = path if len(documents) == 1 else f"{path}:{place}"
            found.setdefault(id_.group(1).decode("utf-8", "replace").lower() if id_ else unnamed, set()).add(document)
    return found
