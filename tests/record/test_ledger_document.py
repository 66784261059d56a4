"""The example in `docs/formats/ledger.md` is what the code does."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path

from tocsin.record.commitment import leaf_hashes

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "formats" / "ledger.md"


def test_the_example_of_a_leaf() -> None:
    found = re.search(r"```json\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found is not None
    example: dict[str, str] = json.loads(found.group(1))
    binary = {name: bytes.fromhex(value) for name, value in example.items() if name != "leaf"}
    leaf = json.loads(example["leaf"])
    assert leaf["raw"] == sha256(binary["raw_salt"] + binary["raw"]).hexdigest()
    assert leaf["text"] == sha256(binary["text_salt"] + binary["text"]).hexdigest()
    assert sha256(b"\0" + example["leaf"].encode()).digest() == binary["leaf_hash"]
    span = (leaf["offset"], leaf["length"], binary["raw"], binary["text"])
    assert leaf_hashes(binary["secret"], leaf["segment"], leaf["decoder"], [span]) == binary["leaf_hash"]
