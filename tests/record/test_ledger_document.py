"""The examples in `docs/formats/ledger.md` are what the code does."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from tocsin.record.commitment import leaf_hashes
from tocsin.record.statements import statement_hash

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "formats" / "ledger.md"


def example(number: int) -> dict[str, Any]:
    found = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    return dict(json.loads(found[number]))


def test_the_example_of_a_record_s_leaf() -> None:
    shown = example(0)
    binary = {name: bytes.fromhex(shown[name]) for name in ("secret", "raw", "text", "raw_salt", "text_salt")}
    leaf = json.loads(shown["leaf"])
    assert leaf["raw"] == sha256(binary["raw_salt"] + binary["raw"]).hexdigest()
    assert leaf["text"] == sha256(binary["text_salt"] + binary["text"]).hexdigest()
    digests = [sha256(bytes.fromhex(shown["names_salt"]) + shown["names"].encode()).digest()]
    digests += [sha256(bytes.fromhex(salt) + value.encode()).digest() for salt, value in shown["values"]]
    assert leaf["fields"] == sha256(b"".join(digests)).hexdigest()
    assert sha256(b"\0" + shown["leaf"].encode()).hexdigest() == shown["leaf_hash"]
    values = (json.loads(value) for _, value in shown["values"])
    fields = dict(zip(json.loads(shown["names"]), values, strict=True))
    span = (leaf["offset"], leaf["length"], binary["raw"], binary["text"], fields)
    found = leaf_hashes(binary["secret"], leaf["segment"], leaf["decoder"], [span])
    assert found.hex() == shown["leaf_hash"]


def test_the_example_of_a_statement_s_leaf() -> None:
    shown = example(1)
    salt, data = bytes.fromhex(shown["salt"]), shown["data"].encode()
    assert json.loads(shown["leaf"]) == {"statement": sha256(salt + data).hexdigest(), "v": 1}
    assert sha256(b"\0" + shown["leaf"].encode()).hexdigest() == shown["leaf_hash"]
    assert statement_hash(salt, data).hex() == shown["leaf_hash"]
