"""Rule files in, parsed rules and exceptions out, in the order given; what cannot be used is listed with its reason.

Of two with one id the first is taken. So the order is that of the paths as they are given, and below each by name: how
a path is spelled decides nothing.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple

import yaml
from sigma.exceptions import SigmaError
from sigma.policy import SigmaPolicy
from sigma.policy.regex_engine import PythonRegexEngine
from sigma.rule import SigmaRule
from sigma.rule.base import SigmaRuleBase, SigmaYAMLLoader

from tocsin.detect.indicators.published import FORM, Indicators, is_excerpt, is_indicators, read_indicators
from tocsin.detect.sigma.correlation import LoadedCorrelation, parse_correlation
from tocsin.detect.sigma.exceptions import LoadedException, read_exception
from tocsin.detect.sigma.placeholders import read_placeholders
from tocsin.detect.sigma.predicate import Unsupported
from tocsin.detect.sigma.spelling import spelled
from tocsin.errors import ConfigError
from tocsin.model.answers import FailedRule
from tocsin.model.finding import Level
from tocsin.model.rule import RuleInfo

ENGINE: Final = f"tocsin-sigma 3, pysigma {version('pysigma')}"  # part of every digest: another engine, another answer
LARGEST_RULE_FILE: Final = 1024 * 1024  # bytes
MOST_RULE_FILES: Final = 100_000

# The parser only compiles expressions to check them; matching has engines and time limits of its own.
ANY_EXPRESSION: Final = SigmaPolicy(regex_engine=PythonRegexEngine())

_SUFFIXES: Final = (".yml", ".yaml")
_CASES: Final = (".cases.yml", ".cases.yaml")
_EXPANDS: Final = re.compile(rb"\|expand\b")
_GIVES_VALUES: Final = re.compile(rb"^placeholders\s*:", re.MULTILINE)
_TECHNIQUE: Final = re.compile(r"t[0-9]{4}(?:\.[0-9]{3})?", re.IGNORECASE)
_OTHER_ATTACK_ID: Final = re.compile(r"(?:ta|g|s|c|ds)[0-9]{4}", re.IGNORECASE)  # tactic, group, software, ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRule:
    """A rule pySigma has parsed. `info.path` is `archive!member` for a member of an archive."""

    info: RuleInfo
    sigma: SigmaRule


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """Rules, correlations and exceptions by file, then place in the file; `digest` as `texts_digest` gives it.

    indicators    of the files of indicators among them

    placeholders  the values of `|expand`, by name, from every document that gives some
    """

    rules: tuple[LoadedRule, ...]
    failed: tuple[FailedRule, ...]
    digest: str
    exceptions: tuple[LoadedException, ...] = ()
    placeholders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    correlations: tuple[LoadedCorrelation, ...] = ()
    indicators: Indicators = field(default_factory=Indicators)

    def ids(self) -> frozenset[str]:
        """Of every rule, correlation, exception and indicator."""
        infos = [one.info.id for one in self.rules] + [one.info.id for one in self.correlations]
        infos += [one.id for one in self.indicators.asked]
        return frozenset((*infos, *(one.info.id for one in self.exceptions)))

    def correlations_named(self) -> frozenset[str]:
        """Ids and names by which a correlation may be meant."""
        return frozenset(text for one in self.correlations for text in (one.info.id, one.info.name) if text)


class _RuleFile(NamedTuple):
    path: str
    data: bytes


def rule_texts(paths: Sequence[Path]) -> dict[str, bytes]:
    """The rule files themselves, by path, in order: what `read_rules` reads."""
    return {file.path: file.data for file in _files(paths)}


def texts_digest(texts: Mapping[str, bytes]) -> str:
    """Hex SHA-256 over every rule file's path and bytes, in order, and the engine's version."""
    return _digest([_RuleFile(path, data) for path, data in texts.items()])


def is_rule_file(name: str) -> bool:
    """By its name; `*.cases.yml` are the cases that lie beside a rule."""
    return name.lower().endswith(_SUFFIXES) and not name.lower().endswith(_CASES)


def has_rules(path: Path) -> bool:
    """Whether there is any rule file below a path. Raises ConfigError where it cannot be read."""
    return bool(_files((path,)))


def load_rules(paths: Sequence[Path]) -> RuleSet:
    """Every rule, correlation and exception in files, folders (`*.yml`, `*.yaml` at any depth) and zip archives.

    Raises ConfigError for a path that is not there. A rule without an id gets one made from its text; a rule without
    a level counts as medium.
    """
    return _loaded(_files(paths))


def read_rules(texts: Mapping[str, bytes]) -> RuleSet:
    """The same of the bytes of rule files, by the path each is known under, in the order of the mapping."""
    return _loaded([_RuleFile(path, data) for path, data in texts.items()])


def with_placeholders(some: Mapping[str, bytes], texts: Mapping[str, bytes]) -> dict[str, bytes]:
    """Some of the rule files, and those of all that give values of `|expand` where any of them asks for such.

    In the order in which they stand among all.
    """
    is_asked = any(_EXPANDS.search(text) for text in some.values())
    return {path: text for path, text in texts.items() if path in some or (is_asked and _GIVES_VALUES.search(text))}


def _loaded(files: Sequence[_RuleFile]) -> RuleSet:
    rules: list[LoadedRule] = []
    exceptions: list[LoadedException] = []
    correlations: list[LoadedCorrelation] = []
    failed: list[FailedRule] = []
    placeholders: dict[str, tuple[str, ...]] = {}
    paths_by_id: dict[str, str] = {}
    apart = {file.path: file.data for file in files if _has_indicators(file)}
    for file in files:
        for found in _rules_of(file) if file.path not in apart else ():
            if isinstance(found, FailedRule):
                failed.append(found)
                continue
            if isinstance(found, dict):
                for name, values in found.items():
                    placeholders[name] = tuple(dict.fromkeys((*placeholders.get(name, ()), *values)))
                continue
            earlier = paths_by_id.get(found.info.id)
            if earlier is not None:
                reason = f"duplicate id, first in {earlier}"
                failed.append(FailedRule(id=found.info.id, path=file.path, reason=reason))
                continue
            paths_by_id[found.info.id] = file.path
            if isinstance(found, LoadedRule):
                rules.append(found)
            elif isinstance(found, LoadedCorrelation):
                correlations.append(found)
            else:
                exceptions.append(found)
    return RuleSet(
        rules=tuple(rules),
        failed=tuple(failed),
        digest=_digest(files),
        exceptions=tuple(exceptions),
        placeholders=placeholders,
        correlations=tuple(correlations),
        indicators=read_indicators(apart),
    )


def _has_indicators(file: _RuleFile) -> bool:
    """By its path, or an excerpt that goes with a package among the rules."""
    return is_indicators(file.path) or is_excerpt(file.data)


def _digest(files: Sequence[_RuleFile]) -> str:
    digest = hashlib.sha256(ENGINE.encode())
    for file in files:
        digest.update(b"\0" + file.path.encode(errors="surrogateescape") + b"\0")
        digest.update(hashlib.sha256(file.data).digest())
        if _has_indicators(file):
            digest.update(FORM.encode())
    return digest.hexdigest()


def _files(paths: Sequence[Path]) -> list[_RuleFile]:
    """Every rule file, once, in order. A file too long is cut one byte after the limit, so that it can be told."""
    found: dict[str, _RuleFile] = {}
    for path in paths:
        if not path.exists():
            raise ConfigError(
                f"there are no rules at {path}", hint="name a rule file, a folder of rules or a zip archive"
            )
        inside = [path]
        if path.is_dir():
            inside = sorted(one for one in path.rglob("*") if is_rule_file(one.name) and one.is_file())
        for one in inside:
            archived = zipfile.is_zipfile(one)
            for file in sorted(_archived(one)) if archived else (_RuleFile(str(one), _head(one)),):
                found.setdefault(file.path, file)
    if len(found) > MOST_RULE_FILES:
        raise ConfigError(f"{len(found)} rule files are more than {MOST_RULE_FILES}")
    return list(found.values())


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_RULE_FILE + 1)
    except OSError as error:
        raise ConfigError(f"the rule file {path} cannot be read: {error.strerror}") from error


def _archived(path: Path) -> Iterator[_RuleFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if is_rule_file(member.filename) and not member.is_dir():
                    with archive.open(member) as file:
                        yield _RuleFile(f"{path}!{member.filename}", file.read(LARGEST_RULE_FILE + 1))
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ConfigError(f"the rule archive {path} cannot be read: {error}") from error


_Found = LoadedRule | LoadedCorrelation | LoadedException | FailedRule | dict[str, tuple[str, ...]]


def _rules_of(file: _RuleFile) -> Iterator[_Found]:
    if len(file.data) > LARGEST_RULE_FILE:
        yield FailedRule(id="", path=file.path, reason=f"longer than {LARGEST_RULE_FILE} bytes")
        return
    try:
        documents = list(_documents(file.data.decode("utf-8-sig")))
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else mark.line + 1
        yield FailedRule(id="", path=file.path, reason=f"not YAML: {_one_line(error)}", line=line)
        return
    for place, (line, document) in enumerate(documents):
        if document is not None:
            yield _rule_of(file, place, line, document)


def _documents(text: str) -> Iterator[tuple[int, object]]:
    """Each document with the line it begins at."""
    loader = SigmaYAMLLoader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is None:
                return
            yield node.start_mark.line + 1, loader.construct_document(node)
    finally:
        loader.dispose()


def _rule_of(file: _RuleFile, place: int, line: int, document: object) -> _Found:
    if not isinstance(document, dict):
        return FailedRule(id="", path=file.path, reason="not a rule: a document that is not a mapping", line=line)
    if set(document) == {"placeholders"}:
        try:
            return read_placeholders(document["placeholders"])
        except ValueError as error:
            return FailedRule(id="", path=file.path, reason=str(error), line=line)
    written = document.get("id")
    id_ = str(written).lower() if written is not None else ""
    reason = ""
    if "action" in document:
        reason = "documents with `action` belong to an older form of Sigma and are not read"
    elif not {"detection", "filter", "correlation"} & document.keys():
        reason = "not a rule: it has no detection"
    if reason:
        return FailedRule(id=id_, path=file.path, reason=reason, line=line)
    unnamed = f"unnamed-{hashlib.sha256(file.data + place.to_bytes(4, 'big')).hexdigest()[:16]}"
    document = spelled(document)
    if "filter" in document:
        return read_exception(document, id_=id_ or unnamed, path=file.path, line=line, policy=ANY_EXPRESSION)
    if "correlation" in document:
        try:
            correlation, bounds = parse_correlation(document, ANY_EXPRESSION)
        except Unsupported as fault:
            return FailedRule(id=id_, path=file.path, reason=str(fault), line=line)
        info = _info(file.path, id_ if correlation.id is not None else unnamed, correlation)
        return LoadedCorrelation(info=info, sigma=correlation, bounds=bounds, line=line)
    try:
        sigma = SigmaRule.from_dict(document, policy=ANY_EXPRESSION)
    except (SigmaError, TypeError, ValueError, AttributeError, KeyError, RecursionError) as error:
        return FailedRule(id=id_, path=file.path, reason=_one_line(error), line=line)
    return LoadedRule(info=_info(file.path, id_ if sigma.id is not None else unnamed, sigma), sigma=sigma)


def _info(path: str, id_: str, sigma: SigmaRuleBase) -> RuleInfo:
    attack = [tag.name for tag in sigma.tags if tag.namespace == "attack"]
    techniques = [name.upper() for name in attack if _TECHNIQUE.fullmatch(name)]
    tactics = [
        name.lower().replace("_", "-")
        for name in attack
        if not _TECHNIQUE.fullmatch(name) and not _OTHER_ATTACK_ID.fullmatch(name)
    ]
    return RuleInfo(
        id=id_,
        title=sigma.title,
        level=Level(sigma.level.name.lower()) if sigma.level is not None else Level.MEDIUM,
        author=sigma.author or "",
        path=path,
        techniques=tuple(dict.fromkeys(techniques)),
        tactics=tuple(dict.fromkeys(tactics)),
        attack_version=str(sigma.custom_attributes.get("attack_version", "")),
        description=(sigma.description or "").strip(),
        falsepositives=tuple(str(one) for one in sigma.falsepositives),
        name=sigma.name or "",
    )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
