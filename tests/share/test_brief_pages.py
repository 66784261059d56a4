"""The brief on paper: printed by a browser, where there is one, it has two pages at most."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.share.test_brief import larger, written

from tocsin.model.answers import Answers

CHROMIUM = shutil.which("chromium")
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--no-pdf-header-footer"),
)


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium to print")
@pytest.mark.parametrize("times", [1, 8, 100])
def test_it_prints_on_two_pages(answers: Answers, tmp_path: Path, times: int) -> None:
    page, paper = tmp_path / "brief.html", tmp_path / "brief.pdf"
    page.write_text(written(larger(answers, times) if times > 1 else answers), encoding="utf-8")
    command = [
        str(CHROMIUM),
        *OPTIONS,
        f"--user-data-dir={tmp_path / 'profile'}",
        f"--print-to-pdf={paper}",
        page.as_uri(),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    assert len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes())) in (1, 2)
