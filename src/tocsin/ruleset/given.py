"""Rules as a command line names them: files, folders, archives and standard input; their texts by path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

from tocsin.detect.indicators.published import LARGEST_FILE, indicators_path, why_none
from tocsin.detect.sigma.rules import LARGEST_RULE_FILE, rule_texts
from tocsin.errors import ConfigError
from tocsin.ruleset.compiled import refuse_empty_rules

STANDARD_INPUT: Final = "-"
_FORMS: Final = "give a STIX 2 bundle, a CSV with the columns type and value, or a list of one value a line"


def texts_given(paths: Sequence[Path], standard_input: BinaryIO) -> dict[str, bytes]:
    """Rule files by path; `-` stands for standard input. Raises ConfigError for a path without rules."""
    files = [path for path in paths if str(path) != STANDARD_INPUT]
    for path in files:
        if not path.exists():
            raise ConfigError(f"there are no rules at {path}", hint="give a folder of Sigma rules, a file or a zip")
    refuse_empty_rules(files)
    texts = rule_texts(files)
    if len(files) < len(paths):
        data = standard_input.read(LARGEST_RULE_FILE + 1)
        if not data.strip():
            raise ConfigError("standard input holds no rule", hint="pipe a Sigma rule into it, or name a file")
        texts["standard-input.yml"] = data
    return texts


def indicators_given(paths: Sequence[Path]) -> dict[str, bytes]:
    """Files of indicators by what they are called among the rule files.

    Raises ConfigError for a path without a file, and for one that holds no indicator at all.
    """
    texts: dict[str, bytes] = {}
    for path in paths:
        try:
            with path.open("rb") as stream:
                data = stream.read(LARGEST_FILE + 1)
        except OSError as error:
            raise ConfigError(
                f"the indicators {path} cannot be read: {error.strerror}",
                hint=_FORMS,
            ) from error
        why = why_none(str(path), data)
        if why:
            raise ConfigError(f"{path} holds no indicator: {why}", hint=_FORMS)
        texts[indicators_path(str(path))] = data
    return texts
