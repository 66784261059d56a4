"""Exit codes: what each says, which error means which, and what an investigation ends with."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from tocsin.errors import (
    ConfigError,
    ProtectionError,
    RefusedError,
    RuleError,
    SourceError,
    StoreError,
    TocsinError,
    VerificationError,
)

if TYPE_CHECKING:
    from tocsin.model.answers import Answers
    from tocsin.model.finding import Level


class ExitCode(enum.IntEnum):
    """What scripts rely on. Where two apply, the first of 2, 70, 74, 4, 5, 1, 3 is given."""

    DONE = 0
    FINDINGS = 1
    USAGE = 2
    INCOMPLETE = 3
    INTEGRITY = 4
    REFUSED = 5
    INTERNAL = 70
    STORAGE = 74
    INTERRUPTED = 130


_OF_ERROR: tuple[tuple[type[Exception], ExitCode], ...] = (
    (ConfigError, ExitCode.USAGE),
    (RuleError, ExitCode.USAGE),
    (SourceError, ExitCode.USAGE),
    (StoreError, ExitCode.STORAGE),
    (VerificationError, ExitCode.INTEGRITY),
    (RefusedError, ExitCode.REFUSED),
    (ProtectionError, ExitCode.REFUSED),
    (TocsinError, ExitCode.INTERNAL),
    (OSError, ExitCode.STORAGE),
)


def of_error(error: Exception) -> ExitCode:
    """The code an error ends the command with; anything nobody raised on purpose is internal."""
    for kind, code in _OF_ERROR:
        if isinstance(error, kind):
            return code
    return ExitCode.INTERNAL


def of_answers(answers: Answers, fail_on: Level | None) -> ExitCode:
    """FINDINGS with one at or above `fail_on`; else INCOMPLETE where an input was not wholly read; else DONE."""
    from tocsin.share.summary import is_incomplete

    if fail_on is not None and any(finding.detector.level.rank >= fail_on.rank for finding in answers.findings):
        return ExitCode.FINDINGS
    if any(is_incomplete(account) for account in answers.accounting.inputs):
        return ExitCode.INCOMPLETE
    return ExitCode.DONE
