"""Public logs name none of the invented persons: next to nothing of them may be masked."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.measures.protected import chunks_of, invented_persons, masked_share

from tocsin.protect.matcher import Matcher

pytestmark = pytest.mark.real


def test_masks_less_than_one_text_in_a_thousand(real_data: Path) -> None:
    chunks = list(
        chunks_of(
            [
                real_data / "m365_unified_audit_log" / "audit_records.jsonl.gz",
                real_data / "parser_conformance" / "zeek_tsv_json_pairs",
                real_data / "parser_conformance" / "auditd_go_libaudit",
                real_data / "cloudtrail",
            ]
        )
    )
    masked, texts = masked_share(Matcher(invented_persons(1_000)), chunks)
    assert texts > 10_000
    assert masked < texts / 1_000
