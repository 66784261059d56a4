"""The example in `docs/formats/evidence.md` is what the verifier computes, and its tables are the verifier's."""

from __future__ import annotations

import base64
import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from tocsin.attest import standalone

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "formats" / "evidence.md").read_text()


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
    log = standalone.verifier_key(given["log_key"], 1)
    tree, note = standalone.read_checkpoint(given["checkpoint"].encode(), log)
    assert tree == (3, base64.b64decode(given["root"]))
    record, statement = given["record"], given["statement"]
    standalone.check_included(record["leaf"].encode(), record["index"], tree, standalone.hashes(record["proof"]))
    said = standalone.members(statement, "said")
    standalone.check_said(said, 0, tree)
    first, second, _ = (bytes.fromhex(each) for each in given["leaf_hashes"])
    before = sha256(b"\1" + first + second).digest()
    standalone.check_consistent((2, before), tree, standalone.hashes(given["from_2_to_3"]))
    act = standalone.read_act(said["data"], 0)
    standalone.check_consistent(act["ledger"], tree, said["ledger_proof"])
    standalone.signed_by(act["note"], standalone.verifier_key(act["what"]["key"], 1))
    witness = standalone.verifier_key(given["witness_key"], 4)
    name, key_id, signature, _ = standalone.read_note(f"{note[0]}\n{given['cosignature']}\n".encode())[1][0]
    assert (name, key_id) == witness[:2]
    time = int.from_bytes(signature[:8], "big")
    standalone.check_signature(witness, signature[8:], f"cosignature/v1\ntime {time}\n{note[0]}".encode())


def test_the_table_of_acts_is_that_of_the_verifier() -> None:
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \| ([^|]+) \|[^|]*\|$", DOCUMENT.partition("\n## Acts\n")[2], re.MULTILINE)
    said = {kind: who for kinds, who in rows for kind in re.findall("[a-z_]+", kinds) if kind in standalone.MAY_SIGN}
    assert set(said) == set(standalone.MAY_SIGN)
    for kind in set(said) - {"succeeded", "erased", "recovered"}:
        who = said[kind].partition(";")[0]
        named = {role for role in standalone.ROLES if role in who} | ({"ledger"} if "ledger's key" in who else set())
        assert named == standalone.MAY_SIGN[kind], kind
