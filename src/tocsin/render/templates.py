"""How a page is made from a template: every value escaped and stripped of controls, a misspelt name is an error."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.render.plain import shown

if TYPE_CHECKING:
    from jinja2 import Environment


def environment(folder: Path) -> Environment:
    """A new environment over the templates of `folder`, for a page to put its own words into."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    def finished(value: object) -> object:
        return shown(str(value)) if isinstance(value, str) and not isinstance(value, Markup) else value

    return Environment(
        loader=FileSystemLoader(folder, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=finished,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
