"""Every record of public data, read again alone, is the record that was framed in its chunk."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tocsin.collect.declared.packing import source_of
from tocsin.collect.plan import ChunkKind, plan
from tocsin.collect.reframing import pieces_of, reframed
from tocsin.model.record import Record

pytestmark = pytest.mark.real

FOLDERS = {
    "parser_conformance": {"auditd", "syslog", "windows_evtx", "zeek", "web_access"},
    "cloudtrail": {"aws_cloudtrail"},
    "m365_unified_audit_log": {"m365_unified_audit"},
    "evtx_attack_samples": {"windows_evtx"},
    "benign_and_mixed_samples": set(),
    "otrf_mordor/apt29_zeek": {"zeek"},
    "otrf_mordor/atomic/psh_mshta_html_application_execution.zip": {"windows_json"},
    "otrf_mordor/atomic/schtask_create.zip": {"windows_json"},
}


@pytest.mark.parametrize("name", FOLDERS)
def test_each_record_is_the_same_alone(real_data: Path, name: str) -> None:
    path = real_data / name
    if not path.exists():
        pytest.skip(f"there is nothing at {path}")
    counts: Counter[str] = Counter()
    for planned in plan([str(path)]):
        for task in planned.tasks:
            if task.kind is ChunkKind.CONTAINER:
                continue
            chunk = task.chunk
            data = task.data
            if data is None:
                assert task.file is not None
                data = task.file.read_bytes()[chunk.offset : chunk.offset + chunk.length]
            source, preamble = source_of(chunk.input.source, chunk.preamble)
            framed = list(source.records(data, preamble, chunk.skip))
            again = reframed(source, preamble, pieces_of(source, data, framed))
            for one, other in zip(framed, again, strict=True):
                assert one == other, chunk.input.path
                counts[source.name] += isinstance(one, Record)
    assert set(counts) >= FOLDERS[name]
