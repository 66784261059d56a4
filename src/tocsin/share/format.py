"""The contract of a format: one way to write an investigation down, one file under `formats/`, found by folder.

A format's module holds one instance named `FORMAT` and loads what is slow to load only when it renders.
"""

from __future__ import annotations

import enum
import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from tocsin.errors import ConfigError
from tocsin.share import formats

if TYPE_CHECKING:  # the model loads Arrow: a tenth of a second that asking for help need not take
    from tocsin.model.answers import Answers
    from tocsin.model.brief import IssuedBrief
    from tocsin.model.since import Since


class Part(enum.StrEnum):
    """How much of an investigation is asked for; all but the whole are named as their list in JSON is."""

    INVESTIGATION = "investigation"
    EXPOSURE = "exposure"
    INCIDENTS = "incidents"
    COVERAGE = "coverage"
    DAYS = "days"
    SHORT = "short"  # of the incidents a line each


class Format(Protocol):
    """One way to write answers down. Immutable."""

    @property
    def name(self) -> str:
        """As given to `--format`."""
        ...

    @property
    def parts(self) -> frozenset[Part]:
        """What it can write."""
        ...

    def render(self, answers: Answers, part: Part) -> str:
        """The text of `part`, ending with a line end; equal answers give equal text."""
        ...


@runtime_checkable
class Comparing(Protocol):
    """A format that also says what changed since a brief went out."""

    def since(self, previous: IssuedBrief | None, changed: Since | None = None) -> Format:
        """The format that compares with `previous`; None before the first. `changed`: what moved since, if known."""
        ...


@cache
def all_formats() -> tuple[Format, ...]:
    """Every format found under `formats/`, by name. Raises ConfigError for a module without a `FORMAT`."""
    found: list[Format] = []
    for module in pkgutil.iter_modules(formats.__path__):
        format_ = getattr(importlib.import_module(f"{formats.__name__}.{module.name}"), "FORMAT", None)
        if format_ is None:
            raise ConfigError(f"the format module {module.name} has no FORMAT")
        found.append(format_)
    return tuple(sorted(found, key=lambda format_: format_.name))


def format_named(name: str, part: Part) -> Format:
    """The format of that name that can write `part`; ConfigError, naming those that can, where there is none."""
    able = [format_ for format_ in all_formats() if part in format_.parts]
    for format_ in able:
        if format_.name == name:
            return format_
    names = ", ".join(format_.name for format_ in able)
    raise ConfigError(f"there is no format {name!r} for {part}", hint=f"formats: {names}")
