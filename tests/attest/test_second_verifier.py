"""Two verifiers, written apart from one document, agree on every package: on good ones, on bent ones and at random."""

from __future__ import annotations

import copy
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.record.authority import needs_openssl

from tocsin.attest.standalone import Options
from tocsin.attest.verifying import verify_package
from tocsin.attest.writing import seal_package, write_package
from tocsin.cli.main import run
from tocsin.errors import VerificationError

from .packages import (
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
    edit_json,
    put,
    rebag,
    small_ledger,
)
from .packing import export, made
from .second_verifier import Reader, objections
from .test_standalone import ACTS, ALONE, BENT, PROTECTION, protected
from .test_tokens import authority, stamped

STRANGER = Signer("stranger.example")


def first_objects(folder: Path, reader: Reader) -> str:
    """What the product says to the package: nothing, or its fault."""
    brought = Options(
        log_key=reader.log_key or "",
        witnesses=reader.witnesses,
        tsa_roots=reader.tsa_roots or b"",
        checkpoint=reader.checkpoint or b"",
    )
    try:
        verify_package(folder, brought, lambda _: None)
    except VerificationError as fault:
        return str(fault)
    return ""


def agreed(folder: Path, reader: Reader | None = None) -> bool:
    """Whether the package verifies; fails where the two do not agree."""
    reader = reader or Reader()
    first, second = first_objects(folder, reader), objections(folder, reader)
    assert bool(first) == bool(second), f"the first says {first!r}, the second {second}"
    return not second


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("second")


@pytest.fixture(scope="session")
def package(place: Path) -> Path:
    """A package that verifies; to be copied before it is changed."""
    return small_ledger().write(place / "good")


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the product exports of an exercise that it played and investigated."""
    folder = tmp_path_factory.mktemp("exercise")
    workspace, answers, target = folder / "workspace", folder / "answers.json", folder / "package"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder / "configuration"))
        _run("exercise", "run", "quiet-reader", "--workspace", folder, "--seed", 3, "--identities", 60)
        logs, estate = folder / "exercise/logs/m365", folder / "exercise/estate"
        how = ("--workspace", workspace, "--workers", 1, "--format", "json", "-o", answers)
        _run("investigate", logs, "--estate", estate, *how)
        incident = json.loads(answers.read_bytes())["incidents"][0]["id"]
        _run("evidence", "export", incident, "--workspace", workspace, "-o", target)
    return target


def _run(*arguments: object) -> None:
    assert run([*map(str, arguments), "--quiet"]) == 0


def written(folder: Path, edit: Edit = lambda _: None, maker: Maker | None = None, **said: Any) -> Path:
    """A package in a folder that is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    return (maker or small_ledger()).write(folder, edit, **said)


# -- good ones ---------------------------------------------------------------------------------------------------------


def test_both_let_the_packages_pass_that_the_builders_make(package: Path, tmp_path: Path) -> None:
    kept = (package / "data/checkpoints/3.note").read_bytes()
    assert agreed(package)
    assert agreed(package, Reader(log_key=LOG.vkey, witnesses=(WITNESS.vkey,), checkpoint=kept))
    whole = made()
    seal_package(tmp_path / "p", export(whole, write_package(whole.package, tmp_path / "p", ())))
    assert agreed(tmp_path / "p")


def test_both_let_pass_what_the_product_exports_and_no_record_of_it_can_be_changed(
    exported: Path, tmp_path: Path
) -> None:
    assert agreed(exported)
    records = (exported / "data/records.jsonl").read_text().splitlines()
    assert len(records) > 3
    shutil.copytree(exported, tmp_path / "p")
    changed = records[1].replace('"raw":"', '"raw":"AAAA', 1)
    assert changed != records[1]
    put(
        tmp_path / "p/data/records.jsonl", "".join(f"{line}\n" for line in (records[0], changed, *records[2:])).encode()
    )
    rebag(tmp_path / "p")
    assert not agreed(tmp_path / "p")


# -- those that others bent --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BENT)
def test_both_object_to_what_an_exporter_bends(tmp_path: Path, name: str) -> None:
    assert not agreed(written(tmp_path / "p", BENT[name][0]))


@pytest.mark.parametrize("name", ACTS)
def test_both_object_to_an_act_that_may_not_be(tmp_path: Path, name: str) -> None:
    case, maker = ACTS[name], small_ledger()
    case.acts(maker)
    if len(maker.leaves) > maker.sizes[-1]:
        maker.publish()
    assert not agreed(written(tmp_path / "p", maker=maker, **case.export))


def test_both_let_two_people_unseal_and_another_review_what_one_unsealed_alone(tmp_path: Path) -> None:
    maker = small_ledger()
    protected(maker)
    maker.act("unsealed", {}, PROTECTION, OFFICER)
    alone = maker.act("unsealed", ALONE, OFFICER)
    maker.act("reviewed", {"entry": alone}, PROTECTION)
    maker.publish()
    assert agreed(maker.write(tmp_path / "p"))


@pytest.mark.parametrize(
    "reader",
    [
        Reader(log_key=Signer(ORIGIN, seed="2").vkey),
        Reader(log_key=OFFICER.vkey),
        Reader(witnesses=(Signer("witness.example/2", 4).vkey,)),
        Reader(witnesses=(STRANGER.vkey,)),
        Reader(checkpoint=b"no checkpoint\n"),
        Reader(checkpoint=Maker().checkpoint(0).encode()),
        Reader(tsa_roots=b"no roots\n"),
    ],
)
def test_both_object_to_a_package_that_is_not_what_the_reader_knows(package: Path, reader: Reader) -> None:
    assert not agreed(package, reader)


# -- what is in the folder, and how it is spelled ----------------------------------------------------------------------


def replaced(name: str, change: Callable[[bytes], bytes]) -> Edit:
    def edit(folder: Path) -> None:
        before = (folder / name).read_bytes()
        after = change(before)
        assert after != before
        put(folder / name, after)

    return edit


def added(name: str, content: bytes = b"x") -> Edit:
    return lambda folder: put(folder / name, content)


def line_more(line: str) -> Edit:
    return replaced("data/checkpoints/3.note", lambda note: note + line.encode())


def signed_anew(change: Callable[[str], str]) -> Edit:
    text = change(small_ledger().checkpoint_text(3))
    return added("data/checkpoints/3.note", f"{text}\n{LOG.line(text)}".encode())


def twins(folder: Path) -> None:
    for name in "Aa":
        put(folder / "data" / name, b"")


TEXT = small_ledger().checkpoint_text(3)
SPELLED: dict[str, tuple[Edit, bool]] = {
    "another file": (added("data/more/remark.txt"), True),
    "a name with a space": (added("data/a b"), False),
    "a hidden file": (added("data/.remark"), False),
    "a name that begins with a hyphen": (added("data/-remark"), True),
    "a letter beyond ASCII": (added("data/\u00e9"), False),
    "names that differ in case": (twins, False),
    "a file among the checkpoints": (added("data/checkpoints/remark.txt"), False),
    "a size with a zero before it": (added("data/checkpoints/03.note", TEXT.encode()), False),
    "roots without a token": (added("data/timestamps/3-1.pem"), False),
    "no verifier": (lambda folder: (folder / "data/verify.py").unlink(), False),
    "nothing for reading": (lambda folder: (folder / "data/findings.json").unlink(), True),
    "no last line end": (replaced("data/records.jsonl", lambda data: data[:-1]), False),
    "an empty line": (replaced("data/records.jsonl", lambda data: data + b"\n"), False),
    "a carriage return": (replaced("data/records.jsonl", lambda data: data.replace(b"\n", b"\r\n")), True),
    "a byte order mark": (replaced("data/package.json", lambda data: b"\xef\xbb\xbf" + data), False),
    "a number that is not whole": (edit_json("package.json", lambda head: head.__setitem__("more", 0.5)), False),
    "a member more in package.json": (edit_json("package.json", lambda head: head.__setitem__("more", 1)), True),
    "a member more in consistency.json": (edit_json("consistency.json", lambda all_: all_[0].update(more=1)), False),
    "a stranger's line": (line_more(STRANGER.line(TEXT)), True),
    "a stranger's line that is no good": (line_more(STRANGER.line("x")), True),
    "the ledger's line twice": (line_more(LOG.line(TEXT)), False),
    "the ledger's name with another key": (line_more(Signer(ORIGIN, seed="2").line(TEXT)), True),
    "a line with two spaces": (line_more("\u2014  x AAAAAAA=\n"), False),
    "a line with a hyphen": (line_more("- x AAAAAAA=\n"), False),
    "a line without a signature": (line_more("\u2014 x AAAAAA==\n"), False),
    "a line in another base64": (line_more("\u2014 x AAAAAAB=\n"), False),
    "a line with a tab": (line_more("\u2014 x\ty AAAAAAA=\n"), False),
    "a hundred lines": (line_more("\u2014 x AAAAAAA=\n" * 99), True),
    "a hundred and one lines": (line_more("\u2014 x AAAAAAA=\n" * 100), False),
    "a line in the checkpoint": (signed_anew(lambda text: text + "more\n"), False),
    "a zero before the size": (signed_anew(lambda text: text.replace("\n3\n", "\n03\n")), False),
    "a second cosignature": (line_more(WITNESS.cosignature(TEXT, START + 180)), True),
    "a cosignature of something else": (line_more(WITNESS.cosignature("x", START + 180)), False),
    "a cosignature before its time": (line_more(WITNESS.cosignature(TEXT, START - 600)), False),
}


@pytest.mark.parametrize("name", SPELLED)
def test_both_take_the_same_spellings(tmp_path: Path, name: str) -> None:
    edit, is_good = SPELLED[name]
    assert agreed(written(tmp_path / "p", edit)) == is_good


AFTERWARDS: dict[str, tuple[Edit, bool]] = {
    "an empty folder": (lambda folder: (folder / "data/empty").mkdir(), True),
    "a file no act binds": (added("data/custody/remark.txt"), False),
    "a file beside data": (added("fetch.txt"), False),
    "a file put in": (added("data/remark.txt"), False),
    "a link": (lambda folder: (folder / "data/link.json").symlink_to("package.json"), False),
    "another first page": (added("README.txt"), True),
    "another version of the bag": (added("bagit.txt", b"BagIt-Version: 0.97\n"), False),
    "a line more in the declaration": (replaced("bagit.txt", lambda data: data + b"\n"), False),
    "a cosignature that came later": (
        replaced(
            "data/checkpoints/22.note",
            lambda note: note + WITNESS.cosignature(note.decode().split("\n\n")[0] + "\n", START + 60 * 22).encode(),
        ),
        True,
    ),
    "a member more in the export": (edit_json("custody/export.json", lambda one: one.update(more=1)), False),
    "another place of the export": (edit_json("custody/export.json", lambda one: one.update(act=20)), False),
}


@pytest.mark.parametrize("name", AFTERWARDS)
def test_both_take_the_same_changes_after_the_export(tmp_path: Path, name: str) -> None:
    edit, is_good = AFTERWARDS[name]
    edit(folder := written(tmp_path / "p"))
    rebag(folder)
    assert agreed(folder) == is_good


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"".join(reversed(data.splitlines(keepends=True))),
        lambda data: data[:-1],
        lambda data: data + b"\n",
        lambda data: data.replace(b"  ", b" *", 1),
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data + data.splitlines(keepends=True)[0],
        lambda data: data + b"0" * 64 + b"  ../outside\n",
        lambda data: data[:64].upper() + data[64:],
    ],
)
@pytest.mark.parametrize("name", ["manifest-sha256.txt", "tagmanifest-sha256.txt"])
def test_both_read_the_same_manifests(tmp_path: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    folder = written(tmp_path / "p")
    replaced(name, change)(folder)
    agreed(folder)


# -- at random: what is written ----------------------------------------------------------------------------------------

RANDOM = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
ANYTHING = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        1,
        3,
        2**53,
        0.5,
        "",
        "x",
        "\u00e9",
        "\ud800",
        [],
        {},
        ["x"],
        {"x": 1},
        "0" * 64,
        b64(bytes(32)),
    ]
)
# What the document leaves to the reader: nobody judges it.
UNJUDGED = {"reproducible", "findings", "statements"}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of everything within a JSON value."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        if name not in UNJUDGED:
            yield from places(one, (*path, name))


@st.composite
def changed(draw: st.DrawFn, value: Any) -> Any:
    """Something like the value."""
    near: list[Any] = []
    if isinstance(value, int):
        near = [value + 1, value - 1, -value, str(value), float(value)]
    elif isinstance(value, str):
        near = [value + "x", value[:-1], value.upper(), value + "\n", value + "=", value[::-1], " " + value]
    elif isinstance(value, list):
        near = [value + value, value[:-1], value[::-1], value[1:], [*value, None]]
    elif isinstance(value, dict):
        near = [{**value, "more": 1}, dict(reversed(value.items()))]
        near += [{name: one for name, one in value.items() if name != left} for left in value]
    return draw(st.one_of(st.sampled_from(near), ANYTHING) if near else ANYTHING)


def change_within(draw: Callable[[Any], Any], value: Any) -> Any:
    """The value with one thing in it changed."""
    path = draw(st.sampled_from(list(places(value))))
    holder = [copy.deepcopy(value)]
    last: Any = (0, *path)[-1]
    inner: Any = holder
    for name in (0, *path)[:-1]:
        inner = inner[name]
    inner[last] = draw(changed(inner[last]))
    return holder[0]


FILES = ["package.json", "records.jsonl", "statements.jsonl", "consistency.json", "custody/export.json"]


@RANDOM
@given(data=st.data(), name=st.sampled_from(FILES))
def test_both_judge_alike_whatever_stands_in_a_file(place: Path, data: st.DataObject, name: str) -> None:
    def edit(folder: Path) -> None:
        file = folder / "data" / name
        if name.endswith(".jsonl"):
            lines = file.read_text().splitlines()
            at = data.draw(st.integers(0, len(lines) - 1))
            lines[at] = json.dumps(change_within(data.draw, json.loads(lines[at])))
            file.write_text("".join(f"{line}\n" for line in lines))
        else:
            file.write_text(json.dumps(change_within(data.draw, json.loads(file.read_text()))))

    if name == "custody/export.json":
        edit(folder := written(place / "p"))
        rebag(folder)
    else:
        folder = written(place / "p", edit)
    agreed(folder)


@RANDOM
@given(data=st.data())
def test_neither_lets_a_flipped_bit_pass(package: Path, place: Path, data: st.DataObject) -> None:
    folder = place / "flipped"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(package, folder)
    file = data.draw(st.sampled_from(sorted(path for path in (folder / "data").rglob("*") if path.is_file())))
    content = bytearray(file.read_bytes())
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    content[bit // 8] ^= 1 << bit % 8
    file.write_bytes(content)
    rebag(folder)
    assert not agreed(folder)


SMALL = st.integers(0, 9) | st.integers(50, 70)
MEMBERS = ("input", "offset", "length", "tree_start", "leaves", "first_entry", "read")


@RANDOM
@given(
    bent=st.dictionaries(st.sampled_from(MEMBERS), SMALL, max_size=3), entries=st.integers(-1, 4), path=st.booleans()
)
def test_both_judge_alike_where_a_record_lies_in_its_chunk(
    place: Path, bent: dict[str, int], entries: int, path: bool
) -> None:
    maker = Maker()
    maker.enrol(OFFICER, OFFICER, "officer")
    maker.state("input", '{"input":1,"path":"a\\udc80","statement":"input"}')
    maker.chunk(1, "a\\udc80" if path else "a\udc80", LINES[:3], shown=(0, 2), **bent)
    for record in maker.records:
        record["entry"] += entries
    maker.publish()
    agreed(written(place / "p", maker=maker, by=(LOG,)))


# -- at random: who does what ------------------------------------------------------------------------------------------

ROLES = ("officer", "officer", "custodian", "analyst", "receiver", "witness")
OTHERS = ("held", "read", "received", "collected", "timestamped", "witness_trusted", "exported", "blessed")


class Cast:
    """The keys of a history."""

    def __init__(self) -> None:
        self.keys = {OFFICER.name: OFFICER, LOG.name: LOG}

    def step(self, maker: Maker, draw: Callable[[Any], Any], number: int) -> None:
        """An act of somebody, be it allowed or not."""
        anybody = st.sampled_from(sorted(self.keys))
        kind = draw(
            st.sampled_from(("enrolled", "enrolled", "succeeded", "recovered", "revoked", "revoked", "erased", "other"))
        )
        by = [self.keys[name] for name in draw(st.lists(anybody, min_size=1, max_size=3, unique=True))]
        by = by[: draw(st.sampled_from((1, 1, 1, 2))) if kind != "erased" else 3]
        target, new = draw(anybody), Signer(f"k{number}.example")
        what: dict[str, Any] = {}
        if kind == "enrolled":
            roles = draw(st.lists(st.sampled_from(ROLES), min_size=1, max_size=2, unique=True))
            what = {
                "name": new.name,
                "key": new.vkey,
                "roles": roles,
                "person": draw(st.sampled_from(["A", " a", "B", "C"])),
            }
        elif kind in ("succeeded", "recovered"):
            old = by[0].name if kind == "succeeded" else target
            what = {"name": old, "new_name": new.name, "key": new.vkey, "reason": "lost"}
        elif kind == "revoked":
            since = draw(st.none() | st.integers(0, len(maker.leaves) + 1))
            what = {"name": target, "reason": "stolen", "since": since}
        elif kind != "erased":
            kind = draw(st.sampled_from(OTHERS))
            what = {"name": WITNESS.name, "key": WITNESS.vkey}
        if "key" in what and kind not in OTHERS:
            self.keys[new.name] = new
        maker.act(kind, what, *by)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_both_judge_alike_who_may_do_what(place: Path, data: st.DataObject) -> None:
    """What both refuse is taken back, so that the history goes on from there."""
    cast, maker = Cast(), Maker()
    maker.enrol(OFFICER, OFFICER, "officer")
    for number in range(data.draw(st.integers(2, 8))):
        before = copy.deepcopy((cast, maker))
        cast.step(maker, data.draw, number)
        trial = copy.deepcopy(maker)
        trial.publish()
        if not agreed(written(place / "p", maker=trial, by=(LOG,))):
            cast, maker = before


# -- what the document says where a reader may miss it -----------------------------------------------------------------


def _recovered_by_oneself(maker: Maker) -> None:
    for name, person in (("a1.example", "Ada Example"), ("a2.example", "ada example ")):
        key = Signer(name).vkey
        maker.act("enrolled", {"name": name, "key": key, "roles": ["officer"], "person": person}, OFFICER)
    what = {"name": "a1.example", "new_name": "a3.example", "key": Signer("a3.example").vkey, "reason": "lost"}
    maker.act("recovered", what, Signer("a2.example"))


def _revoked_twice(maker: Maker) -> None:
    new = Signer("a1.example")
    maker.act("recovered", {"name": CUSTODIAN.name, "new_name": new.name, "key": new.vkey, "reason": "lost"}, OFFICER)
    for _ in range(2):
        maker.act("revoked", {"name": CUSTODIAN.name, "reason": "lost", "since": None}, OFFICER)


def _revocation_taken_back(maker: Maker) -> None:
    """The second revocation took the first one back when it was signed, and is itself taken back."""
    new = Signer("a1.example")
    maker.act("revoked", {"name": OFFICER.name, "reason": "lost", "since": len(maker.leaves)}, OFFICER)
    maker.act("recovered", {"name": OFFICER.name, "new_name": new.name, "key": new.vkey, "reason": "lost"}, LOG)
    maker.act("revoked", {"name": OFFICER.name, "reason": "stolen", "since": 0}, new)
    maker.act("revoked", {"name": new.name, "reason": "stolen", "since": 0}, new)


def _sole_officer_recovered(maker: Maker) -> None:
    _stolen(maker)
    _recovered(maker, OFFICER, LOG)


def _stolen(maker: Maker) -> Signer:
    """The officer's key enrols one more officer, and is revoked from there on."""
    thief = Signer("thief.example")
    stolen = maker.enrol(thief, OFFICER, "officer")
    maker.act("revoked", {"name": OFFICER.name, "reason": "stolen", "since": stolen}, OFFICER)
    return thief


def _recovered(maker: Maker, old: Signer, by: Signer) -> None:
    new = Signer("new.example")
    maker.act("recovered", {"name": old.name, "new_name": new.name, "key": new.vkey, "reason": "lost"}, by)


def _an_officer_back_for_a_time(maker: Maker) -> None:
    """Two are revoked by one another's words; what the one signed while it was in force again is no fault."""
    ada, bela, cai = (Signer(f"{name}.example") for name in ("ada", "bela", "cai"))
    for each in (ada, bela, cai):
        maker.enrol(each, OFFICER, "officer")
    one = maker.act("revoked", {"name": bela.name, "reason": "stolen", "since": None}, ada)
    other = maker.act("revoked", {"name": ada.name, "reason": "stolen", "since": one}, cai)
    maker.act("held", {}, bela)
    maker.act("revoked", {"name": cai.name, "reason": "stolen", "since": other}, OFFICER)


REWRITTEN = {"chunk": 0, "erased": [[4, 5]], "residue": "0" * 64, "segment_sha256": "0" * 64, "statement": "rewritten"}


def _rewritten(maker: Maker, *without: str) -> None:
    maker.state(
        "rewritten",
        json.dumps(
            {name: REWRITTEN[name] for name in REWRITTEN if name not in without}, sort_keys=True, separators=(",", ":")
        ),
    )


DECIDED: dict[str, tuple[Callable[[Maker], object], bool]] = {
    "one person recovers with another spelling of the name": (_recovered_by_oneself, False),
    "a key that was recovered is revoked twice": (_revoked_twice, False),
    "a revocation that was good when it was signed": (_revocation_taken_back, True),
    "a member name beyond ASCII": (lambda maker: maker.act("read", {"\u00e9": 1}, OFFICER), False),
    "a root that is none": (lambda maker: maker.act("read", {}, OFFICER, ledger={"root": "AAAA", "size": 5}), False),
    "a time of more than 63 bits": (lambda maker: maker.cosign(3, WITNESS, 2**63), False),
    "what a thief enrolled is recovered": (lambda maker: _recovered(maker, _stolen(maker), LOG), False),
    "the key that was stolen is recovered": (_sole_officer_recovered, True),
    "a key signs while its revocation is taken back": (_an_officer_back_for_a_time, True),
    "a chunk written anew": (_rewritten, True),
    "a chunk written anew without its residue": (lambda maker: _rewritten(maker, "residue"), False),
}


@pytest.mark.parametrize("name", DECIDED)
def test_both_read_the_document_alike_where_it_is_easily_missed(tmp_path: Path, name: str) -> None:
    change, is_good = DECIDED[name]
    change(maker := small_ledger())
    if len(maker.leaves) > maker.sizes[-1]:
        maker.publish()
    assert agreed(written(tmp_path / "p", maker=maker, by=(LOG,))) == is_good


# -- tokens ------------------------------------------------------------------------------------------------------------


@needs_openssl
def test_both_judge_tokens_alike(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "other").mkdir()
    own, other, now = authority(tmp_path / "own"), authority(tmp_path / "other"), int(time.time())
    token = own.stamp(small_ledger(now).stamped_note(3))
    good = stamped(token, own.root, start=now).write(tmp_path / "good")
    assert agreed(good)
    assert agreed(good, Reader(tsa_roots=own.root))
    assert not agreed(good, Reader(tsa_roots=other.root))
    late = stamped(own.stamp(small_ledger(now + 86_400).stamped_note(3)), own.root, start=now + 86_400)
    for number, bent in enumerate(
        (
            stamped(token, other.root, start=now),
            stamped(token[:-1], own.root, start=now),
            stamped(token + b"\0", own.root, start=now),
            stamped(b"", own.root, start=now),
            stamped(token, own.root, size=14, start=now),
            stamped(token, own.root, size=4, start=now),
            late,
        )
    ):
        assert not agreed(bent.write(tmp_path / f"bent-{number}"))
