"""Answers in; `report.html` in the workspace out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.share.exit import release
from tocsin.share.format import Part, format_named

if TYPE_CHECKING:
    from tocsin.model.answers import Answers

REPORT_NAME = "report.html"


def write_report(answers: Answers, workspace: Path) -> Path:
    """Write the page, replacing an earlier one as a whole, and return its path. Raises StoreError."""
    path = workspace / REPORT_NAME
    release(format_named("html", Part.INVESTIGATION).render(answers, Part.INVESTIGATION), path, force=True)
    return path
