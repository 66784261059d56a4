"""The rules of a run: our own and those named, compiled once and kept in the workspace by what they are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import tocsin
from tocsin.collect.source import all_sources, logsource_text
from tocsin.detect.indicators.observable import Shape
from tocsin.detect.sigma.compile import compile_rules, compiled_digest
from tocsin.detect.sigma.compiled_rules import CompiledRules
from tocsin.detect.sigma.logsource import Alternative, Entry, LogSource, LogSourceMap, read_logsource_map
from tocsin.detect.sigma.rules import has_rules, rule_texts, texts_digest
from tocsin.detect.sigma.rules import read_rules as parsed_rules
from tocsin.errors import ConfigError, RuleError, StoreError
from tocsin.model.door import Door, mask_all, mask_one
from tocsin.model.mapping import LogMapping
from tocsin.model.progress import Progress
from tocsin.model.rule import KeptSet
from tocsin.reading.kept_rules import (
    RuleTexts,
    read_rules,
    read_set,
    read_sets,
    read_texts,
    secret_of,
    set_names,
    write_rules,
)
from tocsin.store.workspace import Workspace

# What the attributes of a declared log hold that an indicator can be looked for in.
_HELD: Final = {
    "src_endpoint.ip": Shape.ADDRESS,
    "http_request.user_agent": Shape.AGENT,
    "file.path": Shape.PATH,
    "process.file.path": Shape.PROCESS,
    "actor.process.file.path": Shape.PROCESS,
    "process.cmd_line": Shape.COMMAND,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """Compiled rules, the folder workers read them from, and the digest that names them: equal digest, equal hits.

    sets   those of the workspace that are among them, where they were compiled for a run
    """

    compiled: CompiledRules
    folder: Path
    digest: str
    sets: tuple[KeptSet, ...] = ()


def own_rules() -> Path:
    """The folder of the rules that come with this product."""
    package = Path(tocsin.__file__).parent
    return next(folder for folder in (package / "rules", package.parents[1] / "rules") if folder.is_dir())


def log_source_maps(mappings: Sequence[LogMapping] = ()) -> tuple[LogSourceMap, ...]:
    """Which Sigma log source is which part of which source, for every source there is and every log declared."""
    maps = [read_logsource_map(source.name, source.log_fields, logsource_text(source)) for source in all_sources()]
    return (*maps, *(_declared_map(mapping) for mapping in mappings))


def _declared_map(mapping: LogMapping) -> LogSourceMap:
    log_source = LogSource(product=mapping.product, category=mapping.category, service=mapping.service)
    return LogSourceMap(
        source=mapping.source,
        log_fields=(mapping.operation,) if mapping.operation else (),
        entries=(Entry(log_source, (Alternative((), ()),)),),
        observables=tuple(
            sorted(
                {(value.column, _HELD[path]) for path, value in mapping.attributes if value.column and path in _HELD}
            )
        ),
    )


def compiled_rules(
    workspace: Workspace,
    extra: Sequence[Path],
    mappings: Sequence[LogMapping],
    progress: Progress,
    door: Door,
    *,
    beside: Mapping[str, bytes] | None = None,
    adding: RuleTexts | None = None,
) -> Ruleset:
    """`extra` (folders, files, archives), `beside` (texts), the sets the workspace keeps and our own rules, compiled.

    In that order: of two rules with one id the first is taken, so an institution's own version of one of ours is.
    What was compiled before from the same bytes by the same version is read back; what cannot be read is made anew.
    Of files with the same bytes one is taken. `adding` counts as kept, in place of its name's.
    Raises ConfigError for a path that is not there, RuleError for a rule whose id names a protected person: hits are
    kept under it.
    """
    paths = (own_rules(), *extra)
    for path in paths:
        if not path.exists():
            raise ConfigError(f"there are no rules at {path}", hint="give a folder of Sigma rules, a file or a zip")
    refuse_empty_rules(extra)
    maps = log_source_maps(mappings)
    sets = _sets(workspace, door, adding)
    texts: dict[str, bytes] = {}
    held: set[bytes] = set()
    kept = (dict(sorted(one.texts.items())) for one in sets)
    for some in (rule_texts(extra), beside or {}, *kept, rule_texts((own_rules(),))):
        texts |= {path: data for path, data in some.items() if data not in held and path not in texts}
        held.update(some.values())  # published sets contain one another
    digest = compiled_digest(texts_digest(texts), maps)
    folder = _folder(workspace, digest)
    told = tuple(one.kept for one in sets)
    if folder.is_dir():
        try:
            secret = secret_of(folder, door)
            compiled = read_rules(folder, secret)
        except RuleError as error:
            progress.note(f"the compiled rules kept in the workspace cannot be used and are made anew: {error}")
        else:
            refuse_names(compiled, door)
            if door.epoch and secret is None:  # kept before there was a vault
                write_rules(folder, compiled, texts, door)
            return Ruleset(compiled=compiled, folder=folder, digest=digest, sets=told)
    progress.stage("Compiling rules", None)
    compiled = compile_rules(parsed_rules(texts), maps)
    refuse_names(compiled, door)
    write_rules(folder, compiled, texts, door)
    return Ruleset(compiled=compiled, folder=folder, digest=digest, sets=told)


def _sets(workspace: Workspace, door: Door, adding: RuleTexts | None) -> tuple[RuleTexts, ...]:
    """The sets kept, by name, and the one that is to be."""
    if adding is None:
        return read_sets(workspace.path / "rules", door)
    names = {*set_names(workspace.path / "rules")} - {adding.kept.name}
    kept = (read_set(workspace.path / "rules", name, door) for name in names)
    return tuple(sorted((adding, *kept), key=lambda one: one.kept.name))


def refuse_names(compiled: CompiledRules, door: Door) -> None:
    """Raises RuleError where an id says a protected name; what else rules say is sealed, or masked when it is told."""
    if not door.epoch:
        return
    ids = {info.id: info.path for info in compiled.infos.values()}
    ids |= {one.info.id: one.info.path for one in compiled.exceptions}
    ids |= {one.id: one.path for one in compiled.failed}
    if named := mask_all(door, ids):
        raise RuleError(
            f"{len(named)} ids of rules or exceptions name protected persons",
            path=mask_one(door, min(ids[each] for each in named)),
            hint="give each another id: hits are kept under it",
        )


def refuse_empty_rules(paths: Sequence[Path]) -> None:
    """Raises ConfigError for a path that holds no rule file: before anything is made, and not after."""
    for path in paths:
        if not has_rules(path):
            raise ConfigError(f"{path} holds no rule", hint="Sigma rules are files ending in .yml or .yaml")


def kept_rules(workspace: Workspace, digest: str, door: Door) -> Ruleset:
    """The rules an earlier run kept, compiled. Raises StoreError where this version cannot read them."""
    folder = _folder(workspace, digest)
    try:
        return Ruleset(compiled=read_rules(folder, secret_of(folder, door)), folder=folder, digest=digest)
    except RuleError as error:
        raise StoreError(
            f"the rules kept in {workspace.path} cannot be used: {error}",
            hint="run the investigation again on this workspace, with the same --rules: it compiles them anew",
        ) from error


def rules_again(
    workspace: Workspace, digest: str, maps: Sequence[LogSourceMap], progress: Progress, door: Door
) -> CompiledRules:
    """The same; from the rule files kept beside them where the compiled ones cannot be used. Nothing is written.

    Raises StoreError where those files are no more, or not the ones that were compiled.
    """
    try:
        return kept_rules(workspace, digest, door).compiled
    except StoreError as error:
        texts = rule_files(workspace, digest, door)
        if compiled_digest(texts_digest(texts), maps) != digest:
            raise
        progress.note(f"compiled anew from the rule files kept: {error}")
        return compile_rules(parsed_rules(texts), maps)


def rule_files(workspace: Workspace, digest: str, door: Door) -> dict[str, bytes]:
    """The rule files those kept were compiled from, by path. Raises StoreError where they were not kept."""
    return read_texts(_folder(workspace, digest), door)


def _folder(workspace: Workspace, digest: str) -> Path:
    return workspace.path / "rules" / digest[:32]
