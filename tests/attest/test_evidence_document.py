"""The example in `docs/formats/evidence.md` is what the verifier computes, and its tables are the verifier's."""

from __future__ import annotations

import base64
import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from tocsin.attest import standalone
from tocsin.attest.standalone import At, Checkpoint, Note

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "formats" / "evidence.md").read_text()
AT = At(5, "the example")


def example() -> dict[str, Any]:
    found = re.search(r"```json\n(.*?)\n```", DOCUMENT, re.DOTALL)
    assert found is not None
    return dict(json.loads(found.group(1)))


def opened(salt: str, data: bytes) -> str:
    return sha256(bytes.fromhex(salt) + data).hexdigest()


def test_each_hash_of_the_example_is_made_as_the_document_says() -> None:
    given = example()
    record, statement = given["record"], given["statement"]
    leaf, fields = json.loads(record["leaf"]), record["fields"]
    assert leaf["raw"] == opened(record["raw_salt"], base64.b64decode(record["raw"]))
    assert given["value_hashes"] == [opened(each["salt"], each["text"].encode()) for each in fields["values"]]
    digests = opened(fields["names_salt"], fields["names"].encode()) + "".join(given["value_hashes"])
    assert leaf["fields"] == sha256(bytes.fromhex(digests)).hexdigest()
    said = f'{{"statement":"{opened(statement["salt"], statement["data"].encode())}","v":1}}'
    assert given["leaf_hashes"][0] == sha256(b"\0" + said.encode()).hexdigest()
    assert given["leaf_hashes"][1] == sha256(b"\0" + record["leaf"].encode()).hexdigest()
    first, second, third = (bytes.fromhex(each) for each in given["leaf_hashes"])
    node = sha256(b"\1" + first + second).digest()
    assert base64.b64decode(given["root"]) == sha256(b"\1" + node + third).digest()


def test_the_verifier_takes_the_example() -> None:
    given = example()
    log = AT.key(given["log_key"], 1)
    tree = standalone.read_checkpoint(AT, given["checkpoint"].encode(), log.name, log)
    assert (tree.size, tree.root) == (3, base64.b64decode(given["root"]))
    record, statement = given["record"], given["statement"]
    AT.included(record["leaf"].encode(), record["index"], tree, record["proof"])
    standalone.opened(AT, statement, statement["index"], tree)
    first, second, _ = (bytes.fromhex(each) for each in given["leaf_hashes"])
    before = Checkpoint(2, sha256(b"\1" + first + second).digest(), Note("", []), b"")
    AT.consistent(before, tree, given["from_2_to_3"])
    act = standalone.read_act(AT, statement["data"], statement["index"])
    AT.signed(act.note, AT.key(act.what["key"], 1))
    witness = AT.key(given["witness_key"], 4)
    name, key_id, signature, _ = AT.note(f"{tree.note.text}\n{given['cosignature']}\n".encode()).signatures[0]
    assert (name, key_id) == (witness.name, witness.id)
    time = int.from_bytes(signature[:8], "big")
    AT.signature(witness, signature[8:], f"cosignature/v1\ntime {time}\n{tree.note.text}".encode())


def test_the_table_of_acts_is_that_of_the_verifier() -> None:
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \| ([^|]+) \|[^|]*\|$", DOCUMENT.partition("\n## Acts\n")[2], re.MULTILINE)
    said = {kind: who for kinds, who in rows for kind in re.findall("[a-z_]+", kinds) if kind in standalone.KINDS}
    assert set(said) == standalone.KINDS
    for kind in standalone.KINDS - {"succeeded", "erased", "recovered"}:
        roles = {role for role in (*standalone.ROLES, "officer") if role in said[kind].partition(";")[0]}
        assert roles == {role for role, kinds in standalone.ROLES.items() if kind in kinds} | {"officer"}, kind
        assert ("ledger's key" in said[kind]) == (kind not in standalone.FOR_PERSONS), kind
