"""Rules as a command line names them: files, folders, archives and standard input; their texts by path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

from tocsin.detect.sigma.rules import LARGEST_RULE_FILE, rule_texts
from tocsin.errors import ConfigError
from tocsin.ruleset.compiled import refuse_empty_rules

STANDARD_INPUT: Final = "-"


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
