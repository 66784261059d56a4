"""The one tree of errors; each class names who must act.

TocsinError
├── ConfigError         the operator: an argument, a setting, an estate file
├── StoreError          the operator: disk, permission, a workspace that cannot be opened
├── RuleError           the rule's author: has path and line
├── SourceError         the custodian of the logs: an input that cannot be read as what it is
├── RefusedError        the approver: confidentiality or approval says no
├── ProtectionError     the protection unit: the door to the protected names does not answer, or may not be used so
├── ConnectorError      the responder: an action that failed, or whose outcome is unknown
└── VerificationError   the court: the record is not what it was; never caught inside the library
"""

from __future__ import annotations


class TocsinError(Exception):
    """Base of all errors this product raises on purpose; `hint` says what to do next."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ConfigError(TocsinError):
    """The operator must correct an argument, a setting or an estate file."""


class StoreError(TocsinError):
    """The operator must see to the disk, a permission or the workspace."""


class RuleError(TocsinError):
    """The author of a rule must mend it; `path` and, where known, 1-based `line`."""

    def __init__(self, message: str, *, path: str, line: int | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.path = path
        self.line = line


class SourceError(TocsinError):
    """The custodian of the logs must be asked: an input is not what it seems or changed while it was read."""


class RefusedError(TocsinError):
    """An approver must decide: confidentiality or approval forbids what was asked."""


class ProtectionError(TocsinError):
    """The protection unit must see to the vault or its door: without it nothing may leave. Names no protected name."""


class ConnectorError(TocsinError):
    """The responder must check; with `outcome_unknown` the action may or may not have taken effect."""

    def __init__(self, message: str, *, outcome_unknown: bool = False, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.outcome_unknown = outcome_unknown


class VerificationError(TocsinError):
    """The record is not what was sealed. Names the first fault and what it means for the claim."""
