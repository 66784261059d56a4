"""The page `docs/evaluation.md`: sections measured apart, each under its own date and machine, and the words they share."""

from __future__ import annotations

import datetime as dt
import os
import platform
import re
from collections.abc import Mapping
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "evaluation.md"
_HEAD = """# Evaluation

Written by `make evaluation`; `python benchmarks/evaluate.py NAME ...` measures the named sections again and leaves the
others as they are. The public data sets are not part of the repository; the tests in `tests/real/` hold the product to
these figures where the sets are at hand."""
_MARK = re.compile(r"^<!-- section: (\w+) -->$", re.MULTILINE)


def read(path: Path = PAGE) -> dict[str, str]:
    """The sections of the page by name, without their marks; empty where there is no page or none of this form."""
    parts = _MARK.split(path.read_text(encoding="utf-8")) if path.is_file() else [""]
    return {name: text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def write(sections: Mapping[str, str], path: Path = PAGE) -> None:
    """The page with these sections, in their order."""
    marked = [f"<!-- section: {name} -->\n{text.strip()}" for name, text in sections.items()]
    path.write_text("\n\n".join([_HEAD, *marked]) + "\n", encoding="utf-8")


def put(name: str, text: str, path: Path = PAGE) -> None:
    """Put one section on the page under the date of today, in its old place or at the end; the others stay."""
    write(read(path) | {name: dated(text)}, path)


def dated(text: str) -> str:
    """A section, which begins with its heading, with the day and the machine it was measured on."""
    heading, _, rest = text.strip().partition("\n")
    return f"{heading}\n\n*Measured {dt.datetime.now(dt.UTC):%Y-%m-%d} on {machine()}.*\n\n{rest.strip()}"


def machine() -> str:
    """Cores, processor and Python."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.is_file() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if "model name" in line), platform.processor())
    return f"{os.cpu_count()} cores, {model}, Python {platform.python_version()}"


def share(part: int, whole: int) -> str:
    """`12.3 %`, or a dash where there is nothing to have a share of."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def yes(value: bool) -> str:
    """So that a no is not overlooked."""
    return "yes" if value else "NO"


def table(head: str, rows: list[tuple[object, ...]]) -> str:
    """A table in Markdown; `head` has its columns between bars."""
    columns = head.split("|")
    lines = [f"| {' | '.join(column.strip() for column in columns)} |", f"|{' --- |' * len(columns)}"]
    for row in rows:
        cells = [f"{cell:,}" if isinstance(cell, int) else str(cell).replace("|", "\\|") for cell in row]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
