"""The stand-alone verifier: what it lets pass, and that each fault is found and named."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.attest import standalone
from tocsin.attest.standalone import Fault, Options, verify

from .packages import (
    ANALYST,
    CUSTODIAN,
    LINES,
    LOG,
    OFFICER,
    ORIGIN,
    START,
    WITNESS,
    Edit,
    Maker,
    Signer,
    b64,
    canonical,
    edit_json,
    edit_lines,
    path_of,
    proof,
    put,
    rebag,
    small_ledger,
    time_text,
    tree_hash,
)

EXPORT = "custody/export.json"


def outcome(folder: Path, options: Options | None = None) -> str:
    """What the verifier says to the end."""
    lines: list[str] = []
    verify(folder, options or Options(), lines.append)
    return "\n".join(lines)


def fault(folder: Path, options: Options | None = None) -> str:
    """The message of the first fault; fails where there is none."""
    with pytest.raises(Fault) as found:
        verify(folder, options or Options(), lambda _: None)
    return str(found.value)


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package that verifies; to be copied before it is changed."""
    return small_ledger().write(tmp_path_factory.mktemp("package") / "p")


@pytest.fixture
def copy(package: Path, tmp_path: Path) -> Path:
    shutil.copytree(package, tmp_path / "p")
    return tmp_path / "p"


# -- what passes -----------------------------------------------------------------------------------------------------


def test_a_package_that_is_as_it_was_exported_passes_and_says_what_it_does_not_prove(package: Path) -> None:
    said = outcome(package)
    assert "records: checked: 5 are in the tree" in said
    assert "checkpoint kept elsewhere: not checked: none given" in said
    assert "SELF-ATTESTED KEY" in said
    assert "NOT SHOWN: that the logs were true" in said
    assert "1 of them not signed by a person" in said


def test_what_the_reader_brings_along_is_said_to_be_checked(package: Path, tmp_path: Path) -> None:
    kept = (package / "data/checkpoints/3.note").read_bytes()
    said = outcome(package, Options(log_key=LOG.vkey, witnesses=(WITNESS.vkey,), checkpoint=kept))
    assert "signed by the key you gave" in said
    assert "the one over 3 entries is of this history" in said
    assert f"by {WITNESS.name}, whom you named" in said
    assert "SELF-ATTESTED" not in said


def test_the_file_runs_alone_as_a_program(package: Path, tmp_path: Path) -> None:
    program = shutil.copy(standalone.__file__, tmp_path / "verify.py")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(*arguments: str) -> tuple[int, str]:
        ended = subprocess.run(
            [sys.executable, "-I", program, *arguments], capture_output=True, text=True, check=False, env=environment
        )
        return ended.returncode, ended.stdout + ended.stderr

    assert run(str(package))[0] == 0
    assert run(str(tmp_path / "nowhere"))[0] == 2
    assert run(str(package), "--checkpoint", str(tmp_path / "nowhere"))[0] == 2
    (tmp_path / "empty").mkdir()
    assert run(str(tmp_path / "empty"))[0] == 4


def test_it_imports_nothing_but_the_standard_library_and_cryptography() -> None:
    lines = Path(standalone.__file__).read_text().splitlines()
    modules = {line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))}
    assert modules - set(sys.stdlib_module_names) == {"cryptography"}


# -- what anybody can do to the files ----------------------------------------------------------------------------------


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_bit_flipped_in_any_file_is_found(package: Path, tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    folder = tmp_path_factory.mktemp("flipped") / "p"
    shutil.copytree(package, folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    path = data.draw(st.sampled_from(files))
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) * 8 - 1))
    content[place // 8] ^= 1 << place % 8
    path.write_bytes(content)
    assert "step (1)" in fault(folder)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_bit_flipped_is_found_by_what_is_signed_where_the_lists_were_made_to_fit(
    package: Path, tmp_path_factory: pytest.TempPathFactory, data: Any
) -> None:
    folder = tmp_path_factory.mktemp("flipped") / "p"
    shutil.copytree(package, folder)
    path = data.draw(st.sampled_from(sorted(path for path in (folder / "data").rglob("*") if path.is_file())))
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) * 8 - 1))
    content[place // 8] ^= 1 << place % 8
    path.write_bytes(content)
    rebag(folder)
    assert fault(folder)


@pytest.mark.parametrize("name", ["records.jsonl", "statements.jsonl"])
@pytest.mark.parametrize("change", ["dropped", "doubled", "moved"])
def test_a_line_dropped_doubled_or_moved_is_found_where_the_lists_were_made_to_fit(
    copy: Path, name: str, change: str
) -> None:
    path = copy / "data" / name
    *lines, last = path.read_bytes().splitlines(keepends=True)
    changed = {"dropped": lines, "doubled": [*lines, last, last], "moved": [last, *lines]}[change]
    path.write_bytes(b"".join(changed))
    rebag(copy)
    assert fault(copy)


def test_a_file_beside_the_lists(copy: Path) -> None:
    put(copy / "data/more.json", b"{}")
    assert "data/more.json: the file stands beside the lists" in fault(copy)


def test_a_link(copy: Path) -> None:
    (copy / "data/findings.json").unlink()
    (copy / "data/findings.json").symlink_to("package.json")
    assert "data/findings.json: it is a link or no ordinary file" in fault(copy)


def test_a_pipe(copy: Path) -> None:
    (copy / "data/findings.json").unlink()
    os.mkfifo(copy / "data/findings.json")
    assert "data/findings.json: it is a link or no ordinary file" in fault(copy)


@pytest.mark.parametrize(
    "path", ["../outside", "/etc/passwd", "data/../../outside", "data/./x", "data\\x", "data/\x1b[2J"]
)
def test_a_path_that_climbs_out(copy: Path, path: str) -> None:
    manifest = copy / "manifest-sha256.txt"
    manifest.write_text(manifest.read_text() + f"{'0' * 64}  {path}\n")
    tags = (copy / "tagmanifest-sha256.txt").read_text().splitlines()
    digest = sha256(manifest.read_bytes()).hexdigest()
    kept = [line for line in tags if not line.endswith("  manifest-sha256.txt")]
    (copy / "tagmanifest-sha256.txt").write_text("\n".join([*kept, f"{digest}  manifest-sha256.txt"]) + "\n")
    found = fault(copy)
    assert "leads out of the package or is not plain" in found
    assert "\x1b" not in found


def test_a_path_that_is_listed_twice(copy: Path) -> None:
    manifest = copy / "manifest-sha256.txt"
    text = manifest.read_text()
    manifest.write_text(text + text.splitlines()[0] + "\n")
    digest = sha256(manifest.read_bytes()).hexdigest()
    tags = (copy / "tagmanifest-sha256.txt").read_text().splitlines()
    kept = [line for line in tags if not line.endswith("  manifest-sha256.txt")]
    (copy / "tagmanifest-sha256.txt").write_text("\n".join([*kept, f"{digest}  manifest-sha256.txt"]) + "\n")
    assert "it lists a path twice" in fault(copy)


def test_a_tag_file_this_format_has_not(copy: Path) -> None:
    put(copy / "fetch.txt", b"https://collector.example/x 3 data/x\n")
    rebag(copy)
    assert "it lists other tag files than this format has: 'fetch.txt'" in fault(copy)


def test_a_file_that_is_missing(copy: Path) -> None:
    (copy / "data/findings.json").unlink()
    assert "data/findings.json: the file is missing" in fault(copy)


def test_a_file_no_act_binds(copy: Path) -> None:
    put(copy / "data/custody/note.txt", b"received in good order\n")
    rebag(copy)
    assert "data/custody/note.txt: no act binds the file" in fault(copy)


def test_a_file_put_in_after_the_export(copy: Path) -> None:
    put(copy / "data/more.json", b"{}")
    rebag(copy)
    assert "the files are not those that were exported" in fault(copy)


# -- what only the exporter can do: the act of export binds what was bent ----------------------------------------------


def first(change: Callable[[dict[str, Any]], object]) -> Callable[[list[dict[str, Any]]], None]:
    def run(lines: list[dict[str, Any]]) -> None:
        change(lines[0])

    return run


def shown(name: str, value: object) -> Edit:
    return edit_lines("records.jsonl", first(lambda record: record.__setitem__(name, value)))


def said(name: str, value: object) -> Edit:
    return edit_lines("statements.jsonl", first(lambda statement: statement.__setitem__(name, value)))


def head(name: str, value: object) -> Edit:
    return edit_json("package.json", lambda package: package.__setitem__(name, value))


def text(name: str, content: bytes) -> Edit:
    return lambda folder: put(folder / "data" / name, content)


def moved(old: str, new: str) -> Edit:
    def edit(folder: Path) -> None:
        (folder / "data" / old).rename(folder / "data" / new)

    return edit


def with_key(kind: int) -> str:
    return Signer(ORIGIN, kind).vkey


BENT: dict[str, tuple[Edit, str]] = {
    "another format": (head("format", "tocsin.other"), "step (2), package.json: it is not of the format"),
    "another version": (head("version", 2), "version 2 is not known to this verifier"),
    "no version": (head("version", True), "the member 'version' is not of its type"),
    "package.json cut": (text("package.json", b'{"format":"tocsin.evidence"'), "it is no JSON as this format has it"),
    "a member twice": (text("package.json", b'{"format":"a","format":"b"}'), "a member stands twice in an object"),
    "a float": (head("size", 21.0), "21.0 is no whole number of up to 53 bits"),
    "a number beyond 53 bits": (head("size", 2**60), "is no whole number of up to 53 bits"),
    "not a number": (text("package.json", b'{"version":NaN}'), "NaN is no whole number"),
    "too deep": (text("package.json", b"[" * 200_000), "it is no JSON as this format has it"),
    "not UTF-8": (text("package.json", b'{"format":"\xff"}'), "it is not UTF-8"),
    "ML-DSA": (head("log_key", with_key(6)), "ML-DSA-44 (type 0x06): known, and not verified"),
    "an unknown algorithm": (head("log_key", with_key(0x2A)), "the key is of the unknown type 0x2a"),
    "a cosigner's key": (head("log_key", with_key(4)), "not one of the type 0x01 that belongs here"),
    "a key id": (head("log_key", LOG.vkey.replace(LOG.id.hex(), "00000000")), "the key does not have the id it gives"),
    "another's key": (head("log_key", OFFICER.vkey), "does not bear the name of the origin"),
    "another origin": (head("origin", "other.example/evidence"), "does not bear the name of the origin"),
    "another key": (head("log_key", Signer(ORIGIN, seed="2").vkey), "it is not signed by the key of"),
    "another size": (head("size", 20), "there is none over the 20 entries that package.json says"),
    "a checkpoint's name": (
        moved("checkpoints/3.note", "checkpoints/4.note"),
        "it is over 3 entries, which is not the size in its name",
    ),
    "an older size": (head("size", 3), "the last two checkpoints are not that of the package (3)"),
    "consistency dropped": (
        edit_json("consistency.json", lambda steps: steps.pop()),
        "it does not join each checkpoint with the next",
    ),
    "consistency cut": (
        edit_json("consistency.json", lambda steps: steps[0]["proof"].pop()),
        "step (4), checkpoints 3 and 14: the consistency proof has",
    ),
    "consistency extended": (
        edit_json("consistency.json", lambda steps: steps[0]["proof"].append(b64(bytes(32)))),
        "step (4), checkpoints 3 and 14: the consistency proof has",
    ),
    "consistency changed": (
        edit_json("consistency.json", lambda steps: steps[0]["proof"].__setitem__(0, b64(bytes(32)))),
        "the consistency proof does not join the two: the ledger was forked",
    ),
    "record dropped": (
        edit_lines("records.jsonl", lambda lines: lines[1:]),
        "it has not as many records as package.json says",
    ),
    "record doubled": (
        edit_lines("records.jsonl", lambda lines: [lines[0], *lines]),
        "the lines do not ascend by index: one is doubled or moved",
    ),
    "record moved": (edit_lines("records.jsonl", lambda lines: lines[::-1]), "the lines do not ascend by index"),
    "record's index": (shown("index", 5), "its inclusion proof"),
    "record beyond the tree": (shown("index", 10**6), "it does not lie in the tree of 21 entries"),
    "proof cut": (
        edit_lines("records.jsonl", first(lambda record: record["proof"].pop())),
        "its inclusion proof has too few hashes: 4",
    ),
    "proof extended": (
        edit_lines("records.jsonl", first(lambda record: record["proof"].append(b64(bytes(32))))),
        "its inclusion proof has too many hashes: 6",
    ),
    "proof changed": (
        edit_lines("records.jsonl", first(lambda record: record["proof"].reverse())),
        "its inclusion proof does not lead to the root",
    ),
    "proof of no hashes": (
        edit_lines("records.jsonl", first(lambda record: record["proof"].__setitem__(0, b64(bytes(31))))),
        "it holds something that is no hash",
    ),
    "base64 not canonical": (
        edit_lines("records.jsonl", first(lambda record: record["proof"].__setitem__(0, "AB=="))),
        "not canonical base64",
    ),
    "leaf with more": (
        edit_lines("records.jsonl", first(lambda record: record.update(leaf='{"a":1,' + record["leaf"][1:]))),
        "the member 'a' does not belong there",
    ),
    "leaf spelled otherwise": (
        edit_lines("records.jsonl", first(lambda record: record.update(leaf=record["leaf"].replace(":", ": ")))),
        "it is no object in canonical JSON",
    ),
    "leaf changed": (
        edit_lines("records.jsonl", first(lambda r: r.update(leaf=r["leaf"].replace('"offset":0', '"offset":1')))),
        "its inclusion proof does not lead to the root",
    ),
    "leaf of another version": (
        edit_lines("records.jsonl", first(lambda record: record.update(leaf=record["leaf"].replace('"v":1', '"v":2')))),
        "the leaf is of the unknown version 2",
    ),
    "raw changed": (shown("raw", b64(b"192.0.2.9 GET /f/0\n")), "the raw shown does not give the hash in the leaf"),
    "raw without its salt": (
        edit_lines("records.jsonl", first(lambda record: record.pop("raw_salt"))),
        "raw and raw_salt stand only together",
    ),
    "salt in capitals": (shown("raw_salt", "A" * 64), "a salt or digest is not 64 hex digits"),
    "text where none was sealed": (
        edit_lines("records.jsonl", first(lambda record: record.update(text="x", text_salt="0" * 64))),
        "the text shown does not give the hash in the leaf",
    ),
    "text changed": (
        edit_lines("records.jsonl", lambda lines: lines[1].update(text="X")),
        "the text shown does not give the hash in the leaf",
    ),
    "field changed": (
        edit_lines("records.jsonl", first(lambda r: r["fields"]["values"][0].update(text='"eve.example"'))),
        "the fields shown do not give the root in the leaf",
    ),
    "field renamed": (
        edit_lines("records.jsonl", first(lambda r: r["fields"].update(names='["accounts","message"]'))),
        "the fields shown do not give the root in the leaf",
    ),
    "field dropped": (
        edit_lines("records.jsonl", first(lambda r: r["fields"]["values"].pop())),
        "its fields are not as many as their names",
    ),
    "fields by a statement beside the leaf's": (
        edit_lines("records.jsonl", first(lambda r: r["fields"].update(statement=19))),
        "its leaf has a root of the fields",
    ),
    "fields' statement is no such": (
        edit_lines("records.jsonl", lambda lines: lines[-1]["fields"].update(statement=18)),
        "its fields statement, entry 18, is not enclosed",
    ),
    "late fields changed": (
        edit_lines("records.jsonl", lambda lines: lines[-1]["fields"]["values"][0].update(digest="0" * 64)),
        "the fields shown do not give the root in their statement",
    ),
    "a member that is unknown": (shown("remark", "x"), "the member 'remark' does not belong there"),
    "another chunk": (shown("chunk", 17), "its chunk statement is that of another chunk"),
    "a chunk that is none": (shown("chunk", 0), "its chunk statement, entry 0, is not enclosed"),
    "another input": (shown("input", "logs/mail.log"), "no enclosed statement of its input has the path"),
    "another entry": (shown("entry", 1), "it is said to be record 1 of its input, which it is not"),
    "statement dropped": (
        edit_lines("statements.jsonl", lambda lines: [line for line in lines if line["index"] != 11]),
        "its chunk statement, entry 11, is not enclosed",
    ),
    "statement doubled": (
        edit_lines("statements.jsonl", lambda lines: [lines[0], *lines]),
        "the lines do not ascend by index",
    ),
    "statement's kind": (said("kind", "chunk"), "it is no JSON as this format has it"),
    "statement of an unknown kind": (said("kind", "remark"), "version 1 knows no statement of the kind 'remark'"),
    "statement's kind changed": (
        edit_lines("statements.jsonl", lambda lines: lines[5].update(kind="chunk")),
        "it is no statement of the kind 'chunk'",
    ),
    "statement's data": (
        edit_lines("statements.jsonl", lambda lines: lines[5].update(data=lines[5]["data"].replace("portal", "mail"))),
        "its inclusion proof does not lead to the root",
    ),
    "statement's salt": (said("salt", "0" * 64), "its inclusion proof does not lead to the root"),
    "act without the proof of its ledger": (
        edit_lines(
            "statements.jsonl",
            lambda lines: [lines[0], {k: v for k, v in lines[1].items() if k != "ledger_proof"}, *lines[2:]],
        ),
        "nothing proves that it was signed over this ledger",
    ),
    "act with another's proof of its ledger": (
        edit_lines("statements.jsonl", lambda lines: lines[1].update(ledger_proof=lines[2]["ledger_proof"])),
        "the consistency proof has too few hashes",
    ),
    "statement with a proof that acts have": (
        edit_lines("statements.jsonl", lambda lines: lines[5].update(ledger_proof=[])),
        "it is no act and has a ledger_proof",
    ),
    "act dropped": (
        edit_lines("statements.jsonl", lambda lines: [lines[0], *lines[2:]]),
        "an act is missing between entries 0 and 2: whose keys counted cannot be judged",
    ),
    "first act dropped": (
        edit_lines("statements.jsonl", lambda lines: lines[1:]),
        "an act is missing before 1: whose keys counted cannot be judged",
    ),
    "cosignature changed": (
        lambda folder: put(
            folder / "data/checkpoints/21.note",
            (folder / "data/checkpoints/21.note").read_bytes().rpartition("— ".encode())[0]
            + Signer(WITNESS.name, 4).cosignature("other\n", START).encode(),
        ),
        "step (9), checkpoints/21.note: the signature of 'witness.example/1' is not good",
    ),
}


@pytest.mark.parametrize("name", BENT)
def test_what_the_exporter_bends_is_named(tmp_path: Path, name: str) -> None:
    edit, message = BENT[name]
    assert message in fault(small_ledger().write(tmp_path / "p", edit))


# What of a record or statement only a reader looks at: the act of export binds it, no entry of the ledger does.
_READ_ALONE = {"findings"}


def bound(value: Any, name: object = None) -> list[tuple[Any, Any]]:
    """(container, key) of every value in a line that is bound by the ledger."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []
    return [
        place
        for key, each in pairs
        if key not in _READ_ALONE
        for place in (bound(each) if isinstance(each, dict | list) else [(value, key)])
    ]


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_not_even_the_exporter_can_change_what_the_ledger_binds(
    tmp_path_factory: pytest.TempPathFactory, data: Any
) -> None:
    name = data.draw(st.sampled_from(["records.jsonl", "statements.jsonl"]))

    def change(lines: list[dict[str, Any]]) -> None:
        holder, key = data.draw(st.sampled_from(bound(data.draw(st.sampled_from(lines)))))
        before = holder[key]
        if isinstance(before, int):
            other = st.integers(-2, 40) | st.booleans()
        else:
            place = data.draw(st.integers(0, len(before) - 1))
            other = st.characters(codec="utf-8").map(lambda one: before[:place] + one + before[place + 1 :])
        holder[key] = data.draw(other.filter(lambda each: each != before or type(each) is not type(before)))

    assert fault(small_ledger().write(tmp_path_factory.mktemp("bent") / "p", edit_lines(name, change)))


def test_each_fault_says_what_it_means_for_the_claim(tmp_path: Path) -> None:
    edit, _ = BENT["raw changed"]
    assert fault(small_ledger().write(tmp_path / "p", edit)) == (
        "step (5), entry 4 (records.jsonl line 1): the raw shown does not give the hash in the leaf. "
        "What is shown is not what was sealed."
    )


@settings(max_examples=60, deadline=None)
@given(size=st.integers(1, 70), data=st.data())
def test_proofs_are_those_of_the_definition_and_no_others(size: int, data: Any) -> None:
    leaves = [str(number).encode() for number in range(size)]
    tree = size, tree_hash(leaves)
    old = data.draw(st.integers(0, size - 1))
    inclusion = path_of(old, leaves)
    standalone.check_included(leaves[old], old, tree, inclusion)
    before = old, tree_hash(leaves[:old])
    consistency = proof(old, leaves)
    standalone.check_consistent(before, tree, consistency)
    wrong = data.draw(st.integers(0, size - 1))
    if wrong != old:
        with pytest.raises(ValueError, match=r"^\('"):
            standalone.check_included(leaves[old], wrong, tree, inclusion)
        with pytest.raises(ValueError, match=r"^\('"):
            standalone.check_consistent((wrong, before[1]), tree, consistency)
    for hashes in (inclusion, consistency):
        check: Callable[[list[bytes]], None] = (
            (lambda them: standalone.check_included(leaves[old], old, tree, them))
            if hashes is inclusion
            else (lambda them: standalone.check_consistent(before, tree, them))
        )
        for changed in ([*hashes, bytes(32)], hashes[1:], hashes[:-1], [bytes(32), *hashes[1:]]):
            if changed != hashes:
                with pytest.raises(ValueError, match=r"^\('"):
                    check(changed)


# -- checkpoints and keys got elsewhere ------------------------------------------------------------------------------


def test_a_key_of_the_ledger_got_elsewhere(package: Path) -> None:
    assert "another key of the ledger than the one you gave" in fault(package, Options(log_key=OFFICER.vkey))


def kept(maker: Maker, size: int, signer: Signer = LOG, origin: str = ORIGIN) -> Options:
    text = maker.checkpoint_text(size).replace(ORIGIN, origin)
    return Options(checkpoint=f"{text}\n{signer.line(text)}".encode())


def test_a_checkpoint_kept_elsewhere_of_another_origin(package: Path) -> None:
    other = "other.example/evidence"
    assert "it is a checkpoint of" in fault(package, kept(small_ledger(), 3, origin=other))


def test_a_checkpoint_kept_elsewhere_that_the_ledger_did_not_sign(package: Path) -> None:
    assert "it is not signed by the key of" in fault(package, kept(small_ledger(), 3, OFFICER))


def test_a_checkpoint_kept_elsewhere_beyond_the_ledger(package: Path) -> None:
    maker = small_ledger()
    maker.chunk(9, "logs/more.log", LINES, shown=())
    assert "it was rolled back, or the package is older" in fault(package, kept(maker, len(maker.leaves)))


def test_a_checkpoint_kept_elsewhere_of_a_fork(package: Path) -> None:
    maker = small_ledger()
    maker.leaves[1] = b"another entry"
    assert "another root for that size: the ledger was forked" in fault(package, kept(maker, 3))


def test_a_checkpoint_kept_elsewhere_that_cannot_be_joined(package: Path) -> None:
    assert "none of that size is enclosed" in fault(package, kept(small_ledger(), 5))


def test_a_witness_named_who_did_not_cosign(package: Path) -> None:
    other = Signer("other-witness.example", 4)
    assert "cosigned none of the checkpoints" in fault(package, Options(witnesses=(other.vkey,)))


def test_a_witness_nobody_named_counts_for_nothing(tmp_path: Path) -> None:
    maker = small_ledger()
    maker.cosigned.clear()
    maker.cosign(21, Signer("stranger.example", 4), START)
    said = outcome(maker.write(tmp_path / "p"))
    assert "not checked: stranger.example is a witness whom nobody named" in said
    assert "SELF-ATTESTED TIME" in said
    assert said.splitlines()[-1] == (
        "VERIFIED: the package is intact and its parts fit. That nothing was left out or rewritten before export rests "
        "on the institution's own word alone."
    )


def test_the_outcome_says_who_named_the_witness_and_what_it_does_not_cover(tmp_path: Path) -> None:
    maker = small_ledger()
    folder = maker.write(tmp_path / "p")
    (size,) = maker.cosigned
    said = outcome(folder)
    assert f"whom the institution named and not you, vouches for the first {size} of its" in said
    assert "whom you named, vouches" in outcome(folder, Options(witnesses=(WITNESS.vkey,)))
    maker.enrol(NEW, OFFICER, "analyst")
    total = maker.publish()
    later = outcome(maker.write(tmp_path / "later"))
    assert f"the first {size} of its {total} entries" in later
    assert f"{total - size} came later, 0 of the records among them" in later


def test_a_record_whose_chunk_is_said_anew_after_the_witness_signed_is_not_covered(tmp_path: Path) -> None:
    """Its bytes were there; of which file they are was said later, when it could be said otherwise."""
    maker = small_ledger()
    record = maker.records[0]
    again = next(one["data"] for one in maker.statements if one["index"] == record["chunk"])
    record["chunk"] = maker.state("chunk", again)
    maker.publish()
    said = outcome(maker.write(tmp_path / "p"))
    assert "1 came later, 1 of the records among them, or what says their file, place or fields" in said


def acts_about_keys(count: int) -> list[dict[str, Any]]:
    """So many keys, each enrolled by the one before it and revoked by the officer from its enrolment on."""
    said: list[dict[str, Any]] = []

    def add(kind: str, by: str, **what: object) -> None:
        said.append({"act": kind, "by": [by], "what": what, "index": len(said)})

    for number in range(count):
        add("enrolled", f"key-{number}", name=f"key-{number + 1}")
    for number in range(count):
        add("revoked", "officer", name=f"key-{number + 1}", since=number)
    return said


class Counted(dict[str, Any]):
    """An act that counts how often it is looked at."""

    looks = 0

    def __getitem__(self, name: str) -> Any:
        Counted.looks += 1
        return super().__getitem__(name)


def test_what_revocations_take_back_is_found_in_proportion_to_how_many_acts_there_are() -> None:
    def looks(count: int) -> int:
        Counted.looks = 0
        assert len(standalone.taken_back([Counted(act) for act in acts_about_keys(count)])) >= count
        return Counted.looks

    assert looks(400) < 5 * looks(100)


def test_a_ledger_with_more_acts_about_keys_than_can_be_judged_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = small_ledger().write(tmp_path / "p")
    monkeypatch.setattr(standalone, "MOST_KEY_ACTS", 2)
    assert "there are more than 2 acts about keys" in fault(folder)


# -- acts ------------------------------------------------------------------------------------------------------------


THIEF = Signer("thief.example")
NEW = Signer("new.officer")
PROTECTION = Signer("pia.protection")
ALONE = {"break_glass": True}


def protected(maker: Maker) -> None:
    """Somebody answers for the protected persons."""
    maker.enrol(PROTECTION, OFFICER, "protection")


def alias(signer: Signer, name: str) -> Signer:
    """The same key under another name."""

    class Alias(Signer):
        @property
        def private(self) -> Ed25519PrivateKey:
            return signer.private

    return Alias(name)


@dataclass
class Case:
    """Acts after those of the small ledger, and what the verifier says."""

    acts: Callable[[Maker], object]
    message: str
    export: dict[str, Any] = field(default_factory=dict)


def revoke(maker: Maker, signer: Signer, by: Signer = OFFICER, since: int | None = None) -> int:
    return maker.act("revoked", {"name": signer.name, "reason": "lost", "since": since}, by)


def many(*steps: Callable[[Maker], object]) -> Callable[[Maker], None]:
    def run(maker: Maker) -> None:
        for step in steps:
            step(maker)

    return run


def later_but_dated_before(maker: Maker) -> None:
    maker.act("read", {}, OFFICER, at=time_text(START))


def transplanted(maker: Maker) -> None:
    """An act that the officer signed in good faith in another ledger of the same people, at a size not enclosed."""
    other = Maker(START - 9)
    other.enrol(OFFICER, OFFICER, "officer")
    other.enrol(ANALYST, OFFICER, "analyst")
    other.input(1, "logs/other.log")
    other.input(2, "logs/more.log")
    maker.state("act", other.note("handed_over", {"to": "somebody.example"}, OFFICER, previous=20))


def chunk_elsewhere(maker: Maker) -> None:
    said = json.loads(next(one["data"] for one in maker.statements if one["kind"] == "chunk"))
    maker.state("chunk", canonical(said | {"first_entry": 4}))


ACTS = {
    "an input said to be another": Case(
        lambda m: m.input(1, "logs/other.log"),
        "says another path of the same input than an earlier statement",
    ),
    "a chunk said to lie elsewhere": Case(
        chunk_elsewhere, "says another first_entry of the same chunk than an earlier statement"
    ),
    "by nobody enrolled": Case(lambda m: m.act("read", {}, THIEF), "nobody enrolled the key 'thief.example' before it"),
    "by a key revoked": Case(
        many(lambda m: revoke(m, CUSTODIAN), lambda m: m.act("read", {}, CUSTODIAN)),
        "the key 'curt.custodian' was revoked before, at entry 21",
    ),
    "by a key succeeded": Case(
        many(
            lambda m: m.act("succeeded", {"name": CUSTODIAN.name, "new_name": NEW.name, "key": NEW.vkey}, CUSTODIAN),
            lambda m: m.act("read", {}, CUSTODIAN),
        ),
        "the key 'curt.custodian' was succeeded before, at entry 21",
    ),
    "by a role that may not": Case(
        lambda m: m.act("held", {}, ANALYST), "the key 'ana.analyst' may not sign it in the role of analyst"
    ),
    "custodian exporting": Case(lambda m: None, "may not sign it in the role of custodian", {"by": (CUSTODIAN,)}),
    "workspace's key holding": Case(lambda m: m.act("held", {}, LOG), "only people may sign it"),
    "workspace's key and a person": Case(lambda m: m.act("read", {}, LOG, CUSTODIAN), "only people may sign it"),
    "workspace's key enrolling": Case(lambda m: m.enrol(NEW, LOG, "officer"), "only people may sign it"),
    "an unknown kind": Case(lambda m: m.act("blessed", {}, OFFICER), "version 1 knows no such act"),
    "an unknown role": Case(
        lambda m: m.enrol(NEW, OFFICER, "king"), "it names no person, or no role that version 1 knows"
    ),
    "a name given before": Case(
        lambda m: m.enrol(Signer(ANALYST.name, seed="2"), OFFICER, "analyst"),
        "the name 'ana.analyst' or its key was enrolled before",
    ),
    "a name that is none": Case(
        lambda m: m.enrol(Signer("Ana"), OFFICER, "analyst"), "'Ana' is not the name of the key"
    ),
    "a key of another type": Case(
        lambda m: m.enrol(Signer("kim", 4), OFFICER, "analyst"), "not one of the type 0x01 that belongs here"
    ),
    "an analyst enrolling": Case(lambda m: m.enrol(NEW, ANALYST, "officer"), "may not sign it in the role of analyst"),
    "nobody": Case(lambda m: m.act("read", {}, signed=(OFFICER,)), "it names nobody who signs, or somebody twice"),
    "twice": Case(lambda m: m.act("read", {}, OFFICER, OFFICER), "it names nobody who signs, or somebody twice"),
    "signed by another": Case(
        lambda m: m.act("read", {}, CUSTODIAN, signed=(OFFICER,)), "it is not signed by the key of 'curt.custodian'"
    ),
    "signed with another key of the name": Case(
        lambda m: m.act("read", {}, CUSTODIAN, signed=(Signer(CUSTODIAN.name, seed="2"),)),
        "it is not signed by the key",
    ),
    "one erasing": Case(lambda m: m.act("erased", {}, OFFICER), "an erasure takes two people"),
    "two erasing, no officer": Case(lambda m: m.act("erased", {}, CUSTODIAN, ANALYST), "an erasure takes an officer"),
    "one unsealing": Case(many(protected, lambda m: m.act("unsealed", {}, PROTECTION)), "unsealing takes two people"),
    "two officers unsealing": Case(
        many(lambda m: m.enrol(NEW, OFFICER, "officer"), lambda m: m.act("unsealed", {}, OFFICER, NEW)),
        "unsealing takes one who answers for the protected persons",
    ),
    "an analyst unsealing alone": Case(
        lambda m: m.act("unsealed", ALONE, ANALYST),
        "the key 'ana.analyst' may not sign it",
    ),
    "a review of nothing": Case(
        lambda m: m.act("reviewed", {"entry": 3}, OFFICER), "nobody unsealed anything alone at entry 3"
    ),
    "a review of one's own": Case(
        many(lambda m: m.act("unsealed", ALONE, OFFICER), lambda m: m.act("reviewed", {"entry": 21}, OFFICER)),
        "whoever unsealed something alone does not review it",
    ),
    "a succession by the officer": Case(
        lambda m: m.act("succeeded", {"name": CUSTODIAN.name, "new_name": NEW.name, "key": NEW.vkey}, OFFICER),
        "a key hands over to the next by its own signature alone",
    ),
    "a recovery by the workspace's key while an officer is left": Case(
        lambda m: m.act(
            "recovered", {"name": CUSTODIAN.name, "new_name": NEW.name, "key": NEW.vkey, "reason": "loss"}, LOG
        ),
        "a lost key is replaced by another officer, where there is one",
    ),
    "a recovery of the officer's own key": Case(
        lambda m: m.act(
            "recovered", {"name": OFFICER.name, "new_name": NEW.name, "key": NEW.vkey, "reason": "loss"}, OFFICER
        ),
        "not by its own person's word",
    ),
    "one key for two people": Case(
        lambda m: m.act(
            "enrolled",
            {"name": "b", "key": alias(ANALYST, "b").vkey, "roles": ["analyst"], "person": "B"},
            OFFICER,
        ),
        "the name 'b' or its key was enrolled before",
    ),
    "one person erasing with two keys": Case(
        many(
            lambda m: m.act(
                "enrolled",
                {"name": NEW.name, "key": NEW.vkey, "roles": ["officer"], "person": f"person of {OFFICER.name} "},
                OFFICER,
            ),
            lambda m: m.act("erased", {}, OFFICER, NEW),
        ),
        "an erasure takes two people",
    ),
    "a revocation as of a size to come": Case(
        lambda m: revoke(m, ANALYST, since=99), "from which size of the ledger on the key counts no more"
    ),
    "a revocation of nobody": Case(
        lambda m: revoke(m, THIEF), "there is no key 'thief.example' of which it could be said"
    ),
    "another root": Case(
        lambda m: m.act("read", {}, OFFICER, ledger={"root": b64(bytes(32)), "size": 14}),
        "it was signed over another ledger of 14 entries",
    ),
    "a chunk stated before its records": Case(
        lambda m: m.chunk(9, "logs/more.log", LINES, shown=(0,), leaves=8, read=8),
        "its chunk statement stands before records that it says are in the ledger",
    ),
    "an act of another ledger": Case(transplanted, "it was signed over another ledger of 4 entries"),
    "an act over another empty ledger": Case(
        lambda m: m.act("read", {}, OFFICER, ledger={"root": b64(bytes(32)), "size": 0}),
        "the root of no entries is not that of an empty tree",
    ),
    "a later tree": Case(
        lambda m: m.act("read", {}, OFFICER, ledger={"root": b64(bytes(32)), "size": 99}), "which came after it"
    ),
    "a time that is none": Case(lambda m: m.act("read", {}, OFFICER, at="2031-02-30T00:00:00Z"), "it gives no time"),
    "a time in another spelling": Case(lambda m: m.act("read", {}, OFFICER, at="2031-2-3T0:0:0Z"), "it gives no time"),
    "back-dated": Case(
        many(lambda m: m.act("cosigned", {"line": m.cosigned[21].rstrip()}, LOG), later_but_dated_before),
        "it is back-dated: the ledger of 21 entries was stamped",
    ),
    "the act before it left unnamed": Case(
        lambda m: m.act("read", {}, OFFICER, previous=None), "an act is missing between entries 20 and 21"
    ),
    "an act before it that is none": Case(
        lambda m: m.act("read", {}, OFFICER, previous=True), "the member 'previous' is not of its type"
    ),
    "an act before it that comes after it": Case(
        lambda m: m.act("read", {}, OFFICER, previous=21), "an act is missing between entries 20 and 21"
    ),
    "a revocation withheld": Case(
        many(
            lambda m: revoke(m, CUSTODIAN),
            lambda m: m.statements.pop(),
            lambda m: m.act("read", {}, CUSTODIAN, previous=21),
        ),
        "an act is missing between entries 20 and 22: whose keys counted cannot be judged",
    ),
    "a revocation withheld before the export": Case(
        many(lambda m: revoke(m, ANALYST), lambda m: m.statements.pop()),
        "an act is missing between entries 20 and 22: whose keys counted cannot be judged",
        {"previous": 21},
    ),
    "other members": Case(lambda m: m.act("read", {}, OFFICER, why="x"), "the member 'why' does not belong there"),
    "export by a key revoked": Case(lambda m: revoke(m, ANALYST), "the key 'ana.analyst' was revoked before"),
    "export of other files": Case(
        lambda m: None, "the files are not those that were exported", {"export": {"content": "0" * 64}}
    ),
    "export of another question": Case(
        lambda m: None, "it says another question, number of records or redaction", {"export": {"asked": ["finding-2"]}}
    ),
    "export of other records": Case(
        lambda m: None, "it says another question, number of records or redaction", {"export": {"records": 6}}
    ),
}


@pytest.mark.parametrize("name", ACTS)
def test_an_act_that_may_not_be_is_named(tmp_path: Path, name: str) -> None:
    case, maker = ACTS[name], small_ledger()
    case.acts(maker)
    if len(maker.leaves) > maker.sizes[-1]:
        maker.publish()
    assert case.message in fault(maker.write(tmp_path / "p", **case.export))


def test_the_first_key_is_an_officers_and_signs_for_itself(tmp_path: Path) -> None:
    maker = Maker()
    maker.enrol(ANALYST, ANALYST, "analyst")
    maker.publish()
    assert "the first key enrolled, which signs for itself, has to be" in fault(maker.write(tmp_path / "p"))


def test_post_dated(tmp_path: Path) -> None:
    maker = small_ledger()
    maker.cosigned.clear()
    maker.cosign(21, WITNESS, START)
    assert "it is post-dated: the ledger of 21 entries was stamped" in fault(maker.write(tmp_path / "p"))


def test_an_act_between_a_checkpoint_and_the_arrival_of_its_cosignature_may_be_older_than_it(tmp_path: Path) -> None:
    maker = small_ledger()
    maker.cosigned.clear()
    maker.cosign(21, WITNESS, START + 86_400)
    maker.act("read", {}, OFFICER)
    maker.act("cosigned", {"line": maker.cosigned[21].rstrip()}, LOG, at=time_text(START + 90_000))
    maker.publish()
    assert outcome(maker.write(tmp_path / "p", at=time_text(START + 90_000)))
    maker = small_ledger()
    maker.cosigned.clear()
    maker.cosign(21, WITNESS, START + 86_400)
    maker.act("cosigned", {"line": maker.cosigned[21].rstrip()}, LOG)
    maker.publish()
    assert "entry 21 (act 'cosigned'" in (found := fault(maker.write(tmp_path / "q", at=time_text(START + 90_000))))
    assert "it is back-dated" in found


def test_an_act_that_is_not_that_of_export(tmp_path: Path) -> None:
    folder = small_ledger().write(tmp_path / "p", act="read")
    assert "it is an act 'read' and not that of export" in fault(folder)


def test_another_act_of_export_in_its_place(copy: Path, tmp_path: Path) -> None:
    """Of the same ledger, for a package of other content: its proofs are good, its content is not this one."""
    other = small_ledger().write(tmp_path / "other", text("findings.json", b'{"findings":[]}'))
    for name in (EXPORT, "checkpoints/22.note"):
        shutil.copy(other / "data" / name, copy / "data" / name)
    rebag(copy)
    assert "the files are not those that were exported" in fault(copy)


def test_two_people_erase_and_a_key_is_recovered_by_the_workspace_when_no_officer_is_left(tmp_path: Path) -> None:
    maker = small_ledger()
    maker.act("erased", {"entries": [5]}, OFFICER, CUSTODIAN)
    maker.act("recovered", {"name": OFFICER.name, "new_name": NEW.name, "key": NEW.vkey, "reason": "death"}, LOG)
    maker.act("held", {}, NEW)
    maker.publish()
    assert "was signed by the workspace's own key: no other officer was left" in outcome(maker.write(tmp_path / "p"))


def test_two_people_unseal_and_what_one_unsealed_alone_another_reviews(tmp_path: Path) -> None:
    maker = small_ledger()
    protected(maker)
    maker.act("unsealed", {}, PROTECTION, OFFICER)
    alone = maker.act("unsealed", ALONE, OFFICER)
    maker.act("reviewed", {"entry": alone}, PROTECTION)
    maker.publish()
    assert outcome(maker.write(tmp_path / "p"))


def test_what_a_thief_signed_before_the_revocation_does_not_count_and_nothing_else_is_lost(tmp_path: Path) -> None:
    maker = small_ledger()
    second = Signer("otto.officer")
    maker.enrol(second, OFFICER, "officer")
    stolen = len(maker.leaves)
    maker.enrol(THIEF, second, "officer")
    maker.act("revoked", {"name": CUSTODIAN.name, "reason": "spite", "since": 0}, THIEF)
    revoke(maker, second, since=stolen)
    maker.act("read", {"command": "coverage"}, CUSTODIAN)
    maker.publish()
    said = outcome(maker.write(tmp_path / "p"))
    assert said.count("does not count: a key that signed it was revoked as of an earlier entry") == 2
    maker.act("held", {}, THIEF)
    maker.publish()
    assert "the key 'thief.example' fell with another that was revoked before" in fault(maker.write(tmp_path / "q"))


def test_a_thief_does_not_keep_the_key_he_enrolled_by_naming_another_beside_it(tmp_path: Path) -> None:
    maker = small_ledger()
    second = Signer("otto.officer")
    maker.enrol(second, OFFICER, "officer")
    stolen = len(maker.leaves)
    what = {"name": THIEF.name, "key": THIEF.vkey, "roles": ["officer"], "person": "T", "new_name": "decoy"}
    maker.act("enrolled", what, second)
    maker.act("held", {}, THIEF)
    revoke(maker, second, since=stolen)
    maker.publish()
    assert outcome(maker.write(tmp_path / "p")).count("does not count") == 2
    maker.act("held", {}, THIEF)
    maker.publish()
    assert "the key 'thief.example' fell with another that was revoked before" in fault(maker.write(tmp_path / "q"))


def test_an_officer_revokes_the_own_key_as_of_an_earlier_entry(tmp_path: Path) -> None:
    maker = small_ledger()
    maker.act("held", {}, OFFICER)
    revoke(maker, OFFICER, since=len(maker.leaves) - 1)
    maker.publish()
    assert outcome(maker.write(tmp_path / "p")).count("does not count") == 1
    maker.act("held", {}, OFFICER)
    maker.publish()
    assert "the key 'ofelia.officer' was revoked before" in fault(maker.write(tmp_path / "q"))


def test_a_replacement_by_a_thief_leaves_the_old_key_in_force(tmp_path: Path) -> None:
    maker = small_ledger()
    second = Signer("otto.officer")
    maker.enrol(second, OFFICER, "officer")
    stolen = len(maker.leaves)
    what = {"name": CUSTODIAN.name, "new_name": THIEF.name, "key": THIEF.vkey, "reason": "lost"}
    maker.act("recovered", what, second)
    revoke(maker, second, since=stolen)
    maker.act("read", {}, CUSTODIAN)
    maker.publish()
    assert outcome(maker.write(tmp_path / "p")).count("does not count") == 1


def test_a_console_that_knows_no_letter_of_a_name_is_no_fault(tmp_path: Path) -> None:
    folder = small_ledger().write(tmp_path / "p", head("tool", "tocsin ṭest \x1b[31m\u202e"))
    environment = {"PYTHONIOENCODING": "ascii", "PATH": os.environ["PATH"]}
    command = [sys.executable, standalone.__file__, str(folder)]
    ended = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert ended.returncode == 0
    assert rb"tocsin \u1e6dest \u001b[31m\u202e" in ended.stdout
