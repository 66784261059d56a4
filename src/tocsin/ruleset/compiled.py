"""The rules of a run: our own and those named, compiled once and kept in the workspace by what they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from backports import zstd

import tocsin
from tocsin.collect.source import all_sources, logsource_text
from tocsin.detect.sigma.compile import CompiledRules, compile_rules, compiled_digest
from tocsin.detect.sigma.logsource import Alternative, Entry, LogSource, LogSourceMap, read_logsource_map
from tocsin.detect.sigma.rules import has_rules, load_rules, rule_texts, rules_digest
from tocsin.errors import ConfigError, RuleError, StoreError
from tocsin.model.mapping import LogMapping
from tocsin.model.progress import Progress
from tocsin.store.durable import write_durably
from tocsin.store.faults import disk_faults
from tocsin.store.workspace import Workspace

_TEXTS = "rules.zst"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """Compiled rules, the folder workers read them from, and the digest that names them: equal digest, equal hits."""

    compiled: CompiledRules
    folder: Path
    digest: str


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
    )


def compiled_rules(
    workspace: Workspace, extra: Sequence[Path], mappings: Sequence[LogMapping], progress: Progress
) -> Ruleset:
    """Our own rules and `extra` (folders, files, archives), compiled. Raises ConfigError for a path that is not there.

    What was compiled before from the same bytes by the same version is read back; what cannot be read is made anew.
    """
    paths = (own_rules(), *extra)
    for path in paths:
        if not path.exists():
            raise ConfigError(f"there are no rules at {path}", hint="give a folder of Sigma rules, a file or a zip")
    refuse_empty_rules(extra)
    maps = log_source_maps(mappings)
    digest = compiled_digest(rules_digest(paths), maps)
    folder = _folder(workspace, digest)
    if folder.is_dir():
        try:
            return Ruleset(compiled=CompiledRules.read(folder), folder=folder, digest=digest)
        except RuleError as error:
            progress.note(f"the compiled rules kept in the workspace cannot be used and are made anew: {error}")
    progress.stage("Compiling rules", None)
    compiled = compile_rules(load_rules(paths), maps)
    texts = msgspec.msgpack.encode(rule_texts(paths))
    write_durably(folder / _TEXTS, zstd.compress(texts))
    compiled.write(folder)
    return Ruleset(compiled=compiled, folder=folder, digest=digest)


def refuse_empty_rules(paths: Sequence[Path]) -> None:
    """Raises ConfigError for a path that holds no rule file: before anything is made, and not after."""
    for path in paths:
        if not has_rules(path):
            raise ConfigError(f"{path} holds no rule", hint="Sigma rules are files ending in .yml or .yaml")


def kept_rules(workspace: Workspace, digest: str) -> Ruleset:
    """The rules an earlier run kept, compiled. Raises StoreError where this version cannot read them."""
    folder = _folder(workspace, digest)
    try:
        return Ruleset(compiled=CompiledRules.read(folder), folder=folder, digest=digest)
    except RuleError as error:
        raise StoreError(
            f"the rules kept in {workspace.path} cannot be used: {error}",
            hint="run the investigation again on this workspace, with the same --rules: it compiles them anew",
        ) from error


def rule_files(workspace: Workspace, digest: str) -> dict[str, bytes]:
    """The rule files those kept were compiled from, by path. Raises StoreError where they were not kept."""
    path = _folder(workspace, digest) / _TEXTS
    with disk_faults(path):
        data = path.read_bytes()
    try:
        return msgspec.msgpack.decode(zstd.decompress(data), type=dict[str, bytes])
    except (zstd.ZstdError, msgspec.MsgspecError) as error:
        raise StoreError(f"{path} is damaged", hint="run the investigation again with the same --rules") from error


def _folder(workspace: Workspace, digest: str) -> Path:
    return workspace.path / "rules" / digest[:32]
