#!/usr/bin/env python3
"""Verifies an evidence package (format `tocsin.evidence`, version 1), offline: `python3 verify.py DIR`.

One file, to be read whole before it is trusted: the steps by the numbers of the document of the format, then what they
are made of. It needs Python 3.11, the package `cryptography`, and for time stamps the program `openssl`. It trusts
nothing in the package, executes nothing of it, opens no connection. The first fault ends it.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from bisect import bisect_left, bisect_right
from calendar import timegm
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

# Limits: a package can be made by somebody who wishes the reader ill.
MOST_FILES, MOST_LINES, MOST_SIGNATURES, FILE_BYTES, LINE_BYTES = 100_000, 1_000_000, 100, 16 << 20, 64 << 20
MOST_KEY_ACTS = 5_000  # enrolled, succeeded, recovered, revoked: each can change what all before it counted for
MANIFEST, TAG_MANIFEST, EXPORT = "manifest-sha256.txt", "tagmanifest-sha256.txt", "data/custody/export.json"
TAG_FILES = {"bagit.txt", "bag-info.txt", MANIFEST, "README.txt"}
NEEDED = {
    f"data/{each}" for each in ("package.json", "records.jsonl", "statements.jsonl", "consistency.json", "verify.py")
}
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
TIME_STAMP = re.compile(
    r"^Time stamp: (\w{3} +\d+ \d\d:\d\d:\d\d)(?:\.\d+)?( \d{4}) GMT\nAccuracy: (.+)$", re.MULTILINE
)
UNITS = {"seconds": 1_000_000, "millis": 1000, "micros": 1}
TOLERANCE, NEVER = 300, 1 << 53  # seconds that clocks may differ; an index that no entry has

# Who may sign which act: roles, and `ledger` for the ledger's own key, which is no person's.
ROLES = {"officer", "custodian", "analyst", "protection", "receiver", "witness"}
SIGNERS = {
    "enrolled succeeded revoked held released handed_over": "officer",
    "recovered witness_trusted": "officer ledger",
    "erased": "officer custodian analyst",
    "exported decided": "officer analyst ledger",
    "collected timestamped cosigned transferred returned": "officer custodian ledger",
    "received": "officer custodian receiver ledger",
    "read verified": "officer custodian analyst protection ledger",
    "drilled": "officer custodian analyst ledger",
    "unsealed reviewed": "officer protection",
}
MAY_SIGN = {kind: set(who.split()) for kinds, who in SIGNERS.items() for kind in kinds.split()}
# Acts that bring a key into force, and the member that names it.
BRINGING = {"enrolled": "name", "succeeded": "new_name", "recovered": "new_name"}
# By kind of statement, the member that names its subject; those that no later statement on it may say otherwise.
LASTING = {
    "input": ("input", ["path", "sha256", "content_sha256", "source", "container"]),
    "chunk": ("name", ["input", "offset", "length", "decoder", "tree_start", "first_entry"]),
}

# Members of each JSON object: name and form (FORMS, below), `?` where it may be absent, `*` where others may stand.
MEMBERS = {
    "object": "*",
    "format": "format:str version:int *",
    "package": "origin:str log_key:str tool:str size:int asked:list redacted:list counts:dict *",
    "step": "from:int to:int proof:hashes",
    "record": "index:int leaf:utf8 proof:hashes chunk:int input:str entry:int findings:list raw?:base64 raw_salt?:hex"
    " text?:utf8 text_salt?:hex fields?:dict",
    "leaf": "decoder:str length:int offset:int ordinal:int raw:hex segment:str v:int fields?:hex masked?:hex text?:hex",
    "shown fields": "names:utf8 names_salt:hex values:list statement?:int",
    "value": "salt:hex text:utf8",
    "withheld value": "digest:hex",
    "said": "index:int kind:str salt:hex data:utf8 proof:hashes ledger_proof?:hashes",
    "input": "statement:str input:int path:str *",
    "chunk": "statement:str name:str decoder:str input:int offset:int length:int tree_start:int leaves:int"
    " first_entry:int read:int *",
    "derived": "statement:str *",
    "rewritten": "statement:str chunk:int erased:list residue:hex segment_sha256:hex *",
    "fields": "statement:str leaf:int fields:hex *",
    "act": "act:str at:str by:strings ledger:dict previous:index what:dict",
    "ledger": "size:int root:hash",
    "enrolled": "name:str key:str roles:strings person:str *",
    "succeeded": "name:str new_name:str key:str *",
    "recovered": "name:str new_name:str key:str reason:str *",
    "revoked": "name:str reason:str since:index *",
    "witness_trusted": "key:str *",
    "reviewed": "entry:int *",
    "exported": "content:str asked:list records:int redacted:list *",
    "export": "act:int salt:hex data:utf8 proof:hashes ledger_proof:hashes size:int consistency:hashes",
}

# What a fault of each step means for the claim.
ALTERED = "The package is not as it was exported: nothing in it may be relied on"
ANEW = "The ledger was written anew: what was sealed then cannot be told from what was put in later"
NOT_SEALED, NO_TIME = "What is shown is not what was sealed", "The time claimed is not proven"
MEANING = {1: ALTERED, 2: "Nothing can be said of this package", 3: "Nobody answers for the ledger it speaks of"}
MEANING |= {4: ANEW, 5: NOT_SEALED, 6: NOT_SEALED, 7: "The chain of custody shown is not one that holds"}
MEANING |= {8: ALTERED, 9: NO_TIME, 10: NO_TIME, 11: NO_TIME}

Object = dict[str, Any]  # of JSON, read by `members`
Bag = tuple[Path, dict[str, str]]  # where it lies; SHA-256 by path, as listed
Key = tuple[str, bytes, bytes]  # name, id, public key
Note = tuple[str, list[tuple[str, bytes, bytes, str]]]  # text; name, key id, signature and line of each signature
Tree = tuple[int, bytes]  # size, root
# Act that holds it, size of the ledger, seconds since 1970, give or take, who, and whether the reader named who it is.
Stamp = tuple[int, int, int, int, str, bool]
Taken = dict[int | str, int]  # by entry of an act that was taken back, or name of a key that fell with one: revocation


class Fault(Exception):  # noqa: N818 - the word of the format's document
    """The first thing that does not verify: step, place, what it is, what it means for the claim."""


class Options(NamedTuple):
    """What the reader brings along, got elsewhere: the ledger's key; witnesses, each of whom must have cosigned; PEM of
    roots that each token must lead to; a checkpoint kept; who is asked of each token beside openssl: (token,
    stamped note, roots, seconds since 1970), raising ValueError."""

    log_key: str = ""
    witnesses: tuple[str, ...] = ()
    tsa_roots: bytes = b""
    checkpoint: bytes = b""
    opinion: Callable[[bytes, bytes, bytes, int], None] | None = None


def verify(folder: Path, options: Options, say: Callable[[str], None] = print) -> None:
    """Returns when all that can be checked holds, else raises the first Fault; `say` is told each step's outcome."""

    def told(step: int, outcome: str) -> None:
        say(plain(f"({step}) {outcome}"))

    bag = open_bag(folder)
    told(1, f"bag: checked: {len(bag[1]):,} files are those the manifests list")
    with at(2, "package.json"):
        package = members(read := parse(whole(bag, "data/package.json")), "format")
        check(package["format"] == "tocsin.evidence", "it is not of the format tocsin.evidence")
        check(
            package["version"] == 1,
            f"version {package['version']} is not known to this verifier, which knows version 1",
        )
        package = members(read, "package")
    size = package["size"]
    told(2, f"package.json: checked: version 1, made by {package['tool']}")
    with at(3, "package.json"):
        own = options.log_key in ("", package["log_key"])
        check(own, "it names another key of the ledger than the one you gave")
        log = verifier_key(package["log_key"], 1)
        check(log[0] == package["origin"], "the key of the ledger does not bear the name of the origin")
    trees, notes = read_checkpoints(bag, size, log)
    held = "the key you gave" if options.log_key else "the key in the package: compare it with one got elsewhere"
    told(3, f"checkpoints: checked: {len(trees)} of {log[0]}, signed by {held}: {package['log_key']}")
    with at(8, EXPORT):
        export = members(parse(whole(bag, EXPORT)), "export")
    check_history(bag, trees, size, export)
    told(4, f"consistency: checked: {len(trees)} checkpoints are of one history")
    told(4, f"checkpoint kept elsewhere: {check_kept(options.checkpoint, trees, log)}")
    records = list(read_records(bag, (size, trees[size])))
    with at(5, "records.jsonl"):
        counted = package["counts"].get("records") == len(records)
        check(counted, "it has not as many records as package.json says", ALTERED)
    told(5, f"records: checked: {len(records):,} are in the tree of {size:,} entries and open their leaves")
    said, acts = read_statements(bag, (size, trees[size]))
    bind(records, said)
    told(6, f"statements: checked: {len(said) + len(acts):,}; records are bound to chunk and input")
    with at(8, f"entry {export['act']} ({EXPORT})"):
        newer = export["size"], trees[export["size"]]
        check_said(export, export["act"], newer)
        last = read_act(export["data"], export["act"]) | {"grown": (newer, export["ledger_proof"])}
        check(last["act"] == "exported", f"it is an act {last['act']!r} and not that of export")
    check_grown([*acts, last])
    taken = judge([*acts, last], log, lambda note: told(7, f"note: {note}"))
    nobody = sum(log[0] in act["by"] for act in acts)
    told(7, f"acts: checked: {len(acts):,}, {nobody} of them not signed by a person")
    with at(8, last["where"]):
        check(last["index"] not in taken, "a key that signed it was revoked as of an earlier entry")
        check_export(last, export["size"], bag, package, len(records))
    signers = "the workspace's own key, no person" if log[0] in last["by"] else " and ".join(last["by"])
    told(8, f"export: checked: entry {last['index']} binds every file of the payload: by {signers}")
    stamps: list[Stamp] = []
    trusted = [act for act in acts if act["act"] == "witness_trusted" and act["index"] not in taken]
    for outcome, stamp in check_cosignatures(notes, acts, trusted, log[0], options.witnesses):
        told(9, outcome)
        stamps += [stamp] if stamp else []
    for outcome, stamp in check_tokens(bag, notes, acts, log, options):
        told(10, outcome)
        stamps += [stamp] if stamp else []
    check_times([*acts, last], stamps)
    told(11, f"times: {f'checked against {len(stamps)}' if stamps else 'not checked: none'} from outside")
    say(plain(f"SHOWN: the {len(records):,} records, where their bytes are shown byte for byte, are in the ledger of"))
    say(plain(f"  {log[0]} as it stood at {size:,} entries; the keys named signed the acts shown;"))
    say("  no file of the payload was changed since the export.")
    say("NOT SHOWN: that the logs were true before they were sealed; that the findings follow from the records (see")
    say("  `tocsin evidence reproduce`); that nothing else stands in the ledger, such as a later revocation; that the")
    say("  holder of a key is who the ledger says; any time but those of steps 9 and 10; that a person did anything.")
    if not options.log_key:
        say("SELF-ATTESTED KEY: no --log-key was given. Whoever makes a key can make a ledger.")
    if not stamps:
        say("SELF-ATTESTED TIME: nobody outside is shown to have seen this ledger. It can have been made at one go.")
    say(f"VERIFIED: the package is intact and its parts fit. {outcome_of(size, records, stamps)}")


def outcome_of(size: int, records: Sequence[Object], stamps: Sequence[Stamp]) -> str:
    """What stands on somebody outside, and what on the institution's own word, in a sentence or two."""
    if not stamps:
        return "That nothing was left out or rewritten before export rests on the institution's own word alone."
    brought = [stamp for stamp in stamps if stamp[5]]
    covered = max(stamp[1] for stamp in brought or stamps)
    whom = "whom you named" if brought else "whom the institution named and not you"
    said = f"Somebody outside, {whom}, vouches for the first {covered:,} of its {size:,} entries as they stood then."
    later, left = max(size - covered, 0), sum(each["settled"] >= covered for each in records)
    also = "or what says their file, place or fields"
    rest = (
        f"{later:,} came later, {left:,} of the records among them, {also}: that they are whole, and that"
        if later
        else "That"
    )
    return f"{said} {rest} nothing was left out before, rests on the institution's own word alone."


def open_bag(folder: Path) -> Bag:
    """(1) A BagIt bag: every file is listed, nothing listed is missing, every hash is right."""
    found: set[str] = set()
    waiting = [folder]
    while waiting:
        with os.scandir(waiting.pop()) as several:
            for each in several:
                path, mode = Path(each.path).relative_to(folder).as_posix(), each.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode):
                    waiting.append(folder / path)
                    continue
                found.add(path)
                with at(1, path):
                    check(stat.S_ISREG(mode), "it is a link or no ordinary file")
                    check(len(found) + len(waiting) <= MOST_FILES, f"there are more than {MOST_FILES:,} files")
    with at(1, str(folder)):
        check(
            {MANIFEST, TAG_MANIFEST} <= found, "there is no manifest", "This is no evidence package, or not all of one"
        )
    files = listed((folder, {}), TAG_MANIFEST)
    with at(1, TAG_MANIFEST):
        other = ", ".join(map(repr, sorted(set(files) ^ TAG_FILES)))
        check(not other, f"it lists other tag files than this format has: {other}")
    payload = listed((folder, files), MANIFEST)
    for path in sorted(found | set(payload) | TAG_FILES | NEEDED | {EXPORT}):
        with at(1, path):
            check(path in found, "the file is missing")
            check(path in payload or path in TAG_FILES or path == TAG_MANIFEST, "the file stands beside the lists")
            check(path.startswith("data/") == (path in payload), "it is not below data/")
            for _ in parts((folder, files | payload), path) if path != TAG_MANIFEST else ():
                pass
    with at(1, "bagit.txt"):
        check(whole((folder, files), "bagit.txt") == BAGIT, "it does not declare BagIt 1.0 in UTF-8")
    return folder, files | payload


def read_checkpoints(bag: Bag, size: int, log: Key) -> tuple[dict[int, bytes], dict[int, Note]]:
    """(3) The roots and the notes of the enclosed checkpoints by size, ascending."""
    found = {}
    for path in (path for path in bag[1] if path.startswith("data/checkpoints/")):
        with at(3, path):
            (over, root), note = read_checkpoint(whole(bag, path), log)
            named = path == f"data/checkpoints/{over}.note"
            check(named, f"it is over {over} entries, which is not the size in its name")
            found[over] = root, note
    with at(3, "data/checkpoints"):
        check(size in found, f"there is none over the {size} entries that package.json says")
    return {over: found[over][0] for over in sorted(found)}, {over: found[over][1] for over in sorted(found)}


def read_checkpoint(content: bytes, log: Key) -> tuple[Tree, Note]:
    """C2SP tlog-checkpoint: origin, size and root, a line each, signed by the ledger's key."""
    note = read_note(content)
    lines = note[0].split("\n")
    check(len(lines) == 4 and bool(re.fullmatch("0|[1-9][0-9]{0,14}", lines[1])), "it is no origin, size and root")
    check(lines[0] == log[0], f"it is a checkpoint of {lines[0]!r} and not of {log[0]!r}")
    signed_by(note, log)
    return (int(lines[1]), hashes(lines[2:3])[0]), note


def check_history(bag: Bag, trees: dict[int, bytes], size: int, export: Object) -> None:
    """(4) Each checkpoint is the beginning of the next; the last, beyond the package's size, is that of the export."""
    *sizes, newest = trees
    with at(4, "data/checkpoints"):
        last = f"that of the package ({size}) and that of its export ({export['size']})"
        check([*sizes[-1:], newest] == [size, export["size"]], f"the last two checkpoints are not {last}")
    with at(4, "consistency.json"):
        steps = [members(each, "step") for each in listing(parse(whole(bag, "data/consistency.json")))]
        joined = [(step["from"], step["to"]) for step in steps] == list(pairwise(sizes))
        check(joined, "it does not join each checkpoint with the next")
    for step in [*steps, {"from": size, "to": newest, "proof": export["consistency"]}]:
        old, new = step["from"], step["to"]
        with at(4, f"checkpoints {old} and {new}"):
            check_consistent((old, trees[old]), (new, trees[new]), step["proof"])


def check_kept(content: bytes, trees: dict[int, bytes], log: Key) -> str:
    """(4) The checkpoint the reader kept is one of this history; only a size that is enclosed can be joined."""
    if not content:
        return "not checked: none given"
    with at(4, "the checkpoint you gave"):
        (size, root), _ = read_checkpoint(content, log)
        older = f"the package's ledger ends at {max(trees)}: it was rolled back, or the package is older"
        check(size <= max(trees), older, "Ask for a package made after your checkpoint")
        apart = f"it is over {size} entries, and none of that size is enclosed, so that the two cannot be joined"
        check(size in trees, apart, "Ask for a package that encloses your checkpoint")
        check(
            root == trees[size],
            f"over {size} entries: the package has another root for that size: the ledger was forked",
        )
    return f"checked: the one over {size} entries is of this history"


def read_records(bag: Bag, tree: Tree) -> Iterator[Object]:
    """(5) Each record's leaf is in the tree, and what is shown of the record is what the leaf commits to."""
    for shown in entries(bag, 5, "records.jsonl", "record"):
        with at(5, shown["where"]):
            leaf = members(canonical(shown["leaf"]), "leaf")
            check(leaf["v"] == 1, f"the leaf is of the unknown version {leaf['v']}")
            check_included(shown["leaf"], shown["index"], tree, shown["proof"])
            for name in ("raw", "text"):
                data, salt = shown.pop(name, None), shown.pop(f"{name}_salt", None)
                check((data is None) == (salt is None), f"{name} and {name}_salt stand only together")
                given = data is None or sha256(salt + data).digest() == leaf.get(name)
                check(given, f"the {name} shown does not give the hash in the leaf")
                short = name == "raw" and data is not None and len(data) != leaf["length"]
                check(not short, "the raw shown is not as long as the leaf says")
            if "fields" in shown:
                shown |= {"statement": shown["fields"].get("statement"), "root": field_root(shown.pop("fields"))}
                sealed = leaf.get("fields", shown["root"] if shown["statement"] is not None else None)
                check(sealed == shown["root"], "the fields shown do not give the root in the leaf")
                twice = shown["statement"] is not None and "fields" in leaf
                check(not twice, "its leaf has a root of the fields: no statement can give another")
        yield shown | {"leaf": leaf}


def field_root(value: object) -> bytes:
    """(5) The root of the fields shown."""
    fields = members(value, "shown fields")
    names, values = strings(parse(fields["names"])), fields["values"]
    ordered = len(names) == len(values) and names == sorted(set(names))
    check(ordered, "its fields are not as many as their names, or the names not in order")
    digests = sha256(fields["names_salt"] + fields["names"]).digest()
    for each in values:
        if type(each) is dict and "digest" in each:
            digests += members(each, "withheld value")["digest"]
        else:
            digests += sha256(members(each, "value")["salt"] + members(each, "value")["text"]).digest()
    return sha256(digests).digest()


def read_statements(bag: Bag, tree: Tree) -> tuple[dict[int, Object], list[Object]]:
    """(6) Each statement is in the tree and of the kind it says. What they say by index, and the acts."""
    said, acts, first = {}, [], dict[tuple[str, Any], Object]()
    for shown in entries(bag, 6, "statements.jsonl", "said"):
        with at(6, shown["where"]):
            index, kind = shown["index"], shown["kind"]
            check_said(shown, index, tree)
            if kind == "act":
                check("ledger_proof" in shown, "nothing proves that it was signed over this ledger")
                acts.append(read_act(shown["data"], index) | {"grown": (tree, shown["ledger_proof"])})
                continue
            known = kind in ("input", "chunk", "derived", "fields", "rewritten")
            check(known, f"version 1 knows no statement of the kind {kind!r}")
            said[index] = canonical(shown["data"])
            check(said[index].get("statement") == kind, f"it is no statement of the kind {kind!r}")
            said[index] = members(said[index], kind)
            check("ledger_proof" not in shown, "it is no act and has a ledger_proof")
            if kind in LASTING:
                subject, lasting = LASTING[kind]
                before = first.setdefault((kind, said[index][subject]), said[index])
                for name in lasting:
                    same = before.get(name) == said[index].get(name)
                    check(same, f"it says another {name} of the same {kind} than an earlier statement")
    return said, acts


def check_said(shown: Object, index: int, tree: Tree) -> None:
    """The statement's salt and text give a leaf that is in the tree."""
    digest = sha256(shown["salt"] + shown["data"]).hexdigest()
    check_included(f'{{"statement":"{digest}","v":1}}'.encode(), index, tree, shown["proof"])


def bind(records: Sequence[Object], said: dict[int, Object]) -> None:
    """(6) Each record lies in its chunk, the chunk in its input, and its fields are those committed.

    Adds `settled`: the last entry that any of it rests on."""
    paths = dict[tuple[int, str], int]()
    for index, one in said.items():
        if one["statement"] == "input":
            paths.setdefault((one["input"], escaped(one["path"])), index)

    def stated(index: int, kind: str) -> Object:
        check(said.get(index, {}).get("statement") == kind, f"its {kind} statement, entry {index}, is not enclosed")
        return said[index]

    for shown in records:
        with at(6, shown["where"]):
            leaf, chunk = shown["leaf"], stated(shown["chunk"], "chunk")
            same = (chunk["name"], chunk["decoder"]) == (leaf["segment"], leaf["decoder"])
            check(same, "its chunk statement is that of another chunk")
            after = chunk["tree_start"] + chunk["leaves"] <= shown["chunk"]
            check(after, "its chunk statement stands before records that it says are in the ledger")
            placed = chunk["tree_start"] + leaf["ordinal"] == shown["index"] and 0 <= leaf["ordinal"] < chunk["leaves"]
            check(placed, "it does not lie where its chunk statement has it")
            inside = 0 <= leaf["offset"] <= leaf["offset"] + leaf["length"] <= chunk["length"]
            check(inside, "it does not lie within its chunk")
            # A span that could not be read can stand for several records, so that later ones are so much further on.
            ahead = shown["entry"] - chunk["first_entry"] - leaf["ordinal"]
            counted = 0 <= ahead <= chunk["read"] - chunk["leaves"]
            check(counted, f"it is said to be record {shown['entry']} of its input, which it is not")
            named = paths.get((chunk["input"], escaped(shown["input"])), NEVER)
            check(named != NEVER, f"no enclosed statement of its input has the path {shown['input']!r}")
            if shown.get("statement") is not None:
                late = stated(shown["statement"], "fields")
                same = (late["leaf"], late["fields"]) == (shown["index"], shown["root"])
                check(same, "the fields shown do not give the root in their statement")
            shown["settled"] = max(shown["index"], shown["chunk"], named, shown.get("statement") or 0)


def read_act(data: bytes, index: int) -> Object:
    """(6) An act's note taken apart, its signatures unchecked; with `index`, `note`, `time` (since 1970), `where`."""
    note = read_note(data)
    header, _, rest = note[0].partition("\n")
    check(header == "tocsin/act/1" and rest.count("\n") == 1, "it is no act of version 1")
    act = members(canonical(rest[:-1].encode()), "act")
    check(0 < len(act["by"]) == len(set(act["by"])), "it names nobody who signs, or somebody twice")
    try:
        time = timegm(datetime.strptime(act["at"], "%Y-%m-%dT%H:%M:%SZ").timetuple())
    except ValueError:
        time = -1
    check(moment(time) == act["at"], "it gives no time")
    where, over = f"entry {index} (act {act['act']!r} of {act['at']})", members(act["ledger"], "ledger")
    return act | {"index": index, "note": note, "time": time, "where": where, "ledger": (over["size"], over["root"])}


def check_grown(acts: Sequence[Object]) -> None:
    """(7) Each act was signed over the ledger that has it, as it was before: none is carried over from another one."""
    for act in acts:
        size, index, (tree, proof) = act["ledger"][0], act["index"], act["grown"]
        with at(7, act["where"]):
            check(0 <= size <= index, f"it speaks of a ledger of {size} entries, which came after it")
            check_consistent(act["ledger"], tree, proof, f"it was signed over another ledger of {size} entries")


def judge(acts: Sequence[Object], log: Key, note: Callable[[str], None]) -> Taken:
    """(7) Who could sign what, each act as of its own entry: a fold over them in order. What was taken back."""
    people: dict[str, Object] = {}  # by key name: `key`, `roles`, `person`, and `said`: the acts that end it
    alone_by: dict[int, set[str]] = {}  # by entry of what somebody unsealed alone: who
    about: list[Object] = []
    taken, last = Taken(), None
    for act in acts:
        what, by, index = act["what"], act["by"], act["index"]
        with at(7, act["where"]):
            between = f"before {index}" if last is None else f"between entries {last} and {index}"
            check(act["previous"] == last, f"an act is missing {between}: whose keys counted cannot be judged")
            last = index
            check(act["act"] in MAY_SIGN, "version 1 knows no such act")
            first = act["act"] == "enrolled" and not people and by == [what.get("name")]
            if log[0] in by:
                alone = len(by) == 1 and "ledger" in MAY_SIGN[act["act"]]
                check(alone, "only people may sign it, and the workspace's own key signed")
                signed_by(act["note"], log)
            elif not first:
                check_signers(act, people, taken)
            whose = {people[each]["person"] for each in by if each in people}
            if act["act"] == "unsealed" and what.get("break_glass") is True:
                alone_by[index] = whose
            if act["act"] == "reviewed":
                unsealed = members(what, "reviewed")["entry"]
                check(unsealed in alone_by, f"nobody unsealed anything alone at entry {unsealed}")
                check(not whose & alone_by[unsealed], "whoever unsealed something alone does not review it")
            if act["act"] in {"revoked", *BRINGING}:
                check(len(about) < MOST_KEY_ACTS, f"there are more than {MOST_KEY_ACTS:,} acts about keys")
                about.append(act | {"what": members(what, act["act"])})
                taken = taken_back(about) if about[-1]["what"].get("since") is not None else taken
                change_people(about[-1], people, taken, log[0])
            if act["act"] == "recovered" and log[0] in by:
                note(f"{act['where']} was signed by the workspace's own key: no other officer was left")
            if first:
                own = "officer" in people[by[0]]["roles"]
                check(own, "the first key enrolled, which signs for itself, has to be an officer's")
                signed_by(act["note"], people[by[0]]["key"])
                note(f"{by[0]} signed first, for itself (entry {index}): no ledger can prove whose key it is")
    taken = taken_back(acts)
    for act in (act for act in acts if act["index"] in taken):
        note(f"{act['where']} does not count: a key that signed it was revoked as of an earlier entry")
    return taken


def taken_back(acts: Sequence[Object]) -> Taken:
    """(7) What revocations take back of what came before each, the last first: one taken back takes nothing back."""
    taken, signed = Taken(), dict[str, list[Object]]()
    for act in acts:
        for name in act["by"]:
            signed.setdefault(name, []).append(act)
    for revocation in (act for act in reversed(acts) if act["act"] == "revoked"):
        name, since, end = revocation["what"]["name"], revocation["what"]["since"], revocation["index"]
        keys = {} if since is None or end in taken else {name: since}
        waiting = list(keys)
        while waiting:
            own = signed.get(key := waiting.pop(), [])
            for act in own[bisect_left(own, keys[key], key=lambda each: each["index"]) :]:
                # What a later revocation took back, with all it brought in, is not gone through again.
                if act["index"] < end and act["index"] not in taken:
                    taken[act["index"]] = end
                    new = act["what"][BRINGING[act["act"]]] if act["act"] in BRINGING else name
                    if new not in keys:
                        keys[new] = act["index"]
                        waiting.append(new)
        taken |= {each: end for each in keys if each != name and each not in taken}
    return taken


def ended(name: str, people: dict[str, Object], taken: Taken) -> str:
    """(7) What ended a key, nothing where it is in force."""
    if name in taken:
        return f"fell with another that was revoked before, at entry {taken[name]}"
    standing = [each for each in people[name]["said"] if each["index"] not in taken]
    return f"was {standing[0]['act']} before, at entry {standing[0]['index']}" if standing else ""


def check_signers(act: Object, people: dict[str, Object], taken: Taken) -> None:
    """(7) Each signer's key is in force and signed; their roles allow the act."""
    kind, allowed, house = act["act"], MAY_SIGN[act["act"]], []
    for name in act["by"]:
        check(name in people, f"nobody enrolled the key {name!r} before it")
        check(not (how := ended(name, people, taken)), f"the key {name!r} {how}")
        signed_by(act["note"], people[name]["key"])
        house.append(people[name])
    if kind == "succeeded":
        check(act["by"] == [act["what"].get("name")], "a key hands over to the next by its own signature alone")
    elif kind == "erased":
        check(len({each["person"] for each in house}) > 1, "an erasure takes two people")
        fit = any("officer" in each["roles"] for each in house) and all(allowed & each["roles"] for each in house)
        check(fit, "an erasure takes an officer, and nobody from outside")
    elif kind == "unsealed" and act["what"].get("break_glass") is not True:
        check(all(allowed & each["roles"] for each in house), "somebody without the role for it unsealed")
        check(len({each["person"] for each in house}) > 1, "unsealing takes two people")
        fit = any("protection" in each["roles"] for each in house)
        check(fit, "unsealing takes one who answers for the protected persons, beside another such or an officer")
    else:
        for each in house:
            roles = ", ".join(sorted(each["roles"]))
            check(bool(allowed & each["roles"]), f"the key {each['key'][0]!r} may not sign it in the role of {roles}")


def change_people(act: Object, people: dict[str, Object], taken: Taken, origin: str) -> None:
    """(7) What an act about keys changes."""
    kind, what, name = act["act"], act["what"], act["what"]["name"]
    if kind == "enrolled":
        person, roles = what["person"].casefold().strip(), set(what["roles"])
        check(bool(person and roles) and roles <= ROLES, "it names no person, or no role that version 1 knows")
    else:
        check(name in people, f"there is no key {name!r} of which it could be said")
        person, roles, said = people[name]["person"], people[name]["roles"], people[name]["said"]
        # A key that was revoked can be replaced, one that was replaced can be revoked: each once.
        again = [(each["act"] == "revoked") == (kind == "revoked") for each in said if each["index"] not in taken]
        check(not any(again), f"there is no key {name!r} of which it could be said: it was before")
        reached = kind != "revoked" or what["since"] is None or 0 <= what["since"] <= act["index"]
        check(reached, "it does not say from which size of the ledger on the key counts no more")
        if kind == "recovered":
            check(name not in taken, f"the key {name!r} fell with another that was revoked: none is replaced")
            left = {each for each in people if "officer" in people[each]["roles"] and not ended(each, people, taken)}
            check(
                left <= {name} or origin not in act["by"],
                "a lost key is replaced by another officer, where there is one",
            )
            own = any(people[each]["person"] == person for each in act["by"] if each in people)
            check(not own, "a lost key is replaced by another officer, not by its own person's word")
        said.append(act)
    if kind in BRINGING:
        new, key = what[BRINGING[kind]], verifier_key(what["key"], 1)
        named = key[0] == new != origin and bool(re.fullmatch("[a-z0-9.@-]+", new))
        check(named, f"{new!r} is not the name of the key it brings in, or cannot be one")
        known = new in people or any(key[2] == one["key"][2] for one in people.values())
        check(not known, f"the name {new!r} or its key was enrolled before")
        people[new] = {"key": key, "roles": roles, "person": person, "said": []}


def check_export(act: Object, newer: int, bag: Bag, package: Object, count: int) -> None:
    """(8) The act of export speaks of exactly these files."""
    check(act["index"] >= package["size"], "it came before the checkpoint the package was made from")
    lines = ""
    for path, digest in sorted(bag[1].items()):
        with at(8, path):
            beside = path.startswith("data/custody/") and path != EXPORT
            check(not beside, "no act binds the file, and nothing may stand there beside export.json")
        if path.startswith("data/") and path not in (EXPORT, f"data/checkpoints/{newer}.note"):
            lines += f"{digest}  {path}\n"
    what = members(act["what"], "exported")
    check(what["content"] == sha256(lines.encode()).hexdigest(), "the files are not those that were exported")
    same = (what["asked"], what["records"], what["redacted"]) == (package["asked"], count, package["redacted"])
    check(same, "it says another question, number of records or redaction than the package")


def check_cosignatures(
    notes: dict[int, Note], acts: Sequence[Object], trusting: Sequence[Object], origin: str, given: Sequence[str]
) -> Iterator[tuple[str, Stamp | None]]:
    """(9) Cosignatures (C2SP tlog-cosignature) of witnesses whom the reader or an act names; others never count."""
    trusted: dict[tuple[str, bytes], tuple[Key, str]] = {}
    for act in trusting:
        with at(9, act["where"]):
            key = verifier_key(members(act["what"], "witness_trusted")["key"], 4)
        trusted[key[:2]] = key, f"whom the institution named itself (entry {act['index']})"
    with at(9, "the witness you gave"):
        wanted = {key[:2]: key for key in (verifier_key(text, 4) for text in given)}
    trusted |= {place: (key, "whom you named") for place, key in wanted.items()}
    held = {str(act["what"].get("line")): act["index"] for act in reversed(acts) if act["act"] == "cosigned"}
    met, unknown = set(), set()
    for size, (text, signatures) in notes.items():
        for name, key_id, signature, line in signatures:
            if (name, key_id) not in trusted:
                unknown |= {name} - {origin}
                continue
            (key, why), time = trusted[name, key_id], int.from_bytes(signature[:8], "big")
            with at(9, f"checkpoints/{size}.note"):
                check(time < 1 << 63, "a cosignature gives no time: it has more than 63 bits")
                check_signature(key, signature[8:], f"cosignature/v1\ntime {time}\n{text}".encode())
            met.add((name, key_id))
            stamp = held.get(line, NEVER), size, time, 0, name, (name, key_id) in wanted
            yield f"cosignature: checked: {size:,} entries, {moment(time)}, by {name}, {why}", stamp
    with at(9, "the witness you gave"):
        for name, key_id in wanted:
            check((name, key_id) in met, f"{name!r} cosigned none of the checkpoints")
    for name in sorted(unknown):
        yield f"cosignature: not checked: {name} is a witness whom nobody named: it counts for nothing", None
    if not met:
        yield "cosignatures: none that counts", None


def check_tokens(
    bag: Bag, notes: dict[int, Note], acts: Sequence[Object], log: Key, options: Options
) -> Iterator[tuple[str, Stamp | None]]:
    """(10) RFC 3161 tokens over checkpoints, verified by openssl as of the time they give."""
    held = {str(act["what"].get("token_sha256")): act["index"] for act in reversed(acts) if act["act"] == "timestamped"}
    there = {path.removeprefix("data/timestamps/"): path for path in bag[1] if path.startswith("data/timestamps/")}
    tokens = {name: re.fullmatch(r"([0-9]{1,15})-[0-9]+\.tsr", name) for name in sorted(there)}
    roots = {f"{name[:-4]}.pem" for name, found in tokens.items() if found}
    with at(10, "data/timestamps"):
        check(bool(roots) or not options.tsa_roots, "there is no token that could lead to the root you gave")
    openssl = shutil.which("openssl") or ""
    version = subprocess.run([openssl, "version"], capture_output=True, check=False).stdout if openssl else b""  # noqa: S603
    able = re.match(rb"OpenSSL (1\.1|[3-9])", version)  # others cannot verify as of another time than now
    for name, found in tokens.items():
        path = there[name]
        with at(10, path):
            check(found is not None or name in roots, "it is no token, nor the root of one")
            if found is None:
                continue
            size, root = int(found[1]), f"{path[:-4]}.pem"
            check(size in notes and root in bag[1], "the checkpoint of that size or the root is not enclosed")
            if not able:
                yield f"time stamp: not checked: {path}: there is no OpenSSL here", None
                continue
            token, note = whole(bag, path), f"{notes[size][0]}\n{signed_by(notes[size], log)}\n".encode()
            trusted = options.tsa_roots or whole(bag, root)
            time, accuracy = token_time(openssl, token, note, trusted)
            try:
                if options.opinion is not None:
                    options.opinion(token, note, trusted, time)
            except ValueError as error:
                raise ValueError(f"openssl verifies it and the second verifier does not: {error}") from error
        under = (
            "a root you gave" if options.tsa_roots else "the root in the package: ask the authority whether it is its"
        )
        stamp = held.get(bag[1][path], NEVER), size, time, accuracy, path, bool(options.tsa_roots)
        yield f"time stamp: checked: {size:,} entries, {moment(time)}, give or take {accuracy} s, under {under}", stamp
    if not roots:
        yield "time stamps: none enclosed", None


def token_time(openssl: str, token: bytes, note: bytes, roots: bytes) -> tuple[int, int]:
    """When a token that verifies says the note existed (cut off), give or take what (rounded up), in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("response", token), ("token", token), ("roots", roots)):
            Path(folder, name).write_bytes(content)

        def run(*arguments: str) -> tuple[bool, str]:
            try:
                command = [openssl, "ts", *arguments]
                ended = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)  # noqa: S603
            except subprocess.TimeoutExpired as error:
                raise ValueError("openssl does not come to an end with it") from error
            return ended.returncode == 0, (ended.stdout + ended.stderr).decode("utf-8", "replace")

        # Enclosed is a token, or an authority's answer with one: the token alone is signed, and read for the time.
        if run("-reply", "-in", "response", "-token_out", "-out", "extracted")[0]:
            Path(folder, "extracted").replace(Path(folder, "token"))
        shown = run("-reply", "-token_in", "-in", "token", "-text")[1]
        found = TIME_STAMP.search(shown)
        if found is None:
            raise ValueError("it is no token of a time-stamping authority")
        imprint = re.search("^Hash Algorithm: (.+)$", shown, re.MULTILINE)
        check(imprint is not None and imprint[1] == "sha256", "it stamps a digest of another kind than SHA-256")
        micros = sum(int(each, 16) * UNITS[unit] for each, unit in re.findall(r"(0x\w+) (\w+)", found[3]))
        time = timegm(datetime.strptime(found[1] + found[2], "%b %d %H:%M:%S %Y").timetuple())
        how = ("-digest", sha256(note).hexdigest(), "-CAfile", "roots", "-attime", str(time))
        good, words = run("-verify", "-token_in", "-in", "token", *how)
    check(good or "imprint mismatch" not in words, "it stamps something else than the checkpoint of that size")
    why = ", ".join(re.findall(r"(?:Verify error|reason|error):([^:\n]+)", words)) or words[-200:]
    check(good, f"openssl does not verify it under the root: {why}")
    return time, -(-micros // 1_000_000)


def check_times(acts: Sequence[Object], stamps: Sequence[Stamp]) -> None:
    """(11) No act claims a time that one from outside contradicts: none before it once the ledger has it, none after it
    where the ledger stamped has the act. The second is the first with index and time counted backwards."""
    for sign, how, why in ((1, "back-dated", "came later"), (-1, "post-dated", "was there already")):
        bounds = sorted((a if sign > 0 else 1 - n, (sign * t - more, n, t, who)) for a, n, t, more, who, _ in stamps)
        tightest = list(accumulate((bound for _, bound in bounds), max))
        for act in acts:
            place = bisect_right(bounds, sign * act["index"], key=lambda each: each[0])
            if place and sign * act["time"] < tightest[place - 1][0] - TOLERANCE:
                _, n, t, who = tightest[place - 1]
                stamp = f"the ledger of {n} entries was stamped at {moment(t)} ({who})"
                with at(11, act["where"]):
                    check(False, f"it is {how}: {stamp}, and it {why}")


# -- what the steps are made of: each raises ValueError(what is wrong, what it means), of which `at` makes the Fault ---


@contextmanager
def at(step: int, where: str) -> Iterator[None]:
    """What is wrong within is a fault of this step and place."""
    try:
        yield
    except ValueError as error:
        what, meaning = error.args if len(error.args) == 2 else (error, MEANING[step])
        raise Fault(plain(f"step ({step}), {where}: {what}. {meaning or MEANING[step]}.")) from error


def check(holds: bool, what: str, meaning: str = "") -> None:
    """Raises where it does not hold."""
    if not holds:
        raise ValueError(what, meaning)


def listed(bag: Bag, manifest: str) -> dict[str, str]:
    """SHA-256 by path, as a manifest lists them."""
    found = {}
    with at(1, manifest):
        lines = whole(bag, manifest).decode().split("\n")
        check(not lines.pop(), "its last line does not end")
        for line in lines:
            digest, _, path = line.partition("  ")
            check(PATH.fullmatch(path) is not None, f"the path {path!r} leads out of the package or is not plain")
            found[path] = from_hex(digest).hex()
        check(len({path.lower() for path in found}) == len(lines), "it lists a path twice")
    return found


def parts(bag: Bag, path: str) -> Iterator[bytes]:
    """The file in parts; at its end a fault where its hash is not the one listed."""
    hashed = sha256()
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(bag[0] / path, flags), "rb") as stream:
        while part := stream.read(1 << 20):
            hashed.update(part)
            yield part
    check(path == TAG_MANIFEST or hashed.hexdigest() == bag[1][path], "its hash is not the one listed", ALTERED)


def whole(bag: Bag, path: str) -> bytes:
    """A file that has to be small."""
    content = b""
    for part in parts(bag, path):
        content += part
        check(len(content) <= FILE_BYTES, f"the file is larger than {FILE_BYTES >> 20} MiB")
    return content


def entries(bag: Bag, step: int, name: str, kind: str) -> Iterator[Object]:
    """The lines of a file of records or statements, by index ascending, one in memory at a time; with `where`."""
    rest, number, last, content = b"", 0, -1, parts(bag, f"data/{name}")
    more = True
    while more:
        with at(step, name):
            more = bool(part := next(content, b""))
            check(more or not rest, "the last line does not end")
            check(len(rest) <= LINE_BYTES, f"line {number + 1} is longer than {LINE_BYTES >> 20} MiB")
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            number += 1
            with at(step, f"{name} line {number}"):
                check(number <= MOST_LINES, f"there are more than {MOST_LINES:,} lines")
                shown = members(parse(line), kind)
            shown["where"] = f"entry {shown['index']} ({name} line {number})"
            with at(step, shown["where"]):
                check(shown["index"] > last, "the lines do not ascend by index: one is doubled or moved", ALTERED)
            last = shown["index"]
            yield shown


def parse(content: bytes, *, ascii_names: bool = False) -> Any:  # noqa: ANN401 - what it is the caller checks
    """JSON without a member twice and without any number but whole ones of up to 53 bits."""

    def once(pairs: list[tuple[str, Any]]) -> Object:
        check(len(dict(pairs)) == len(pairs), "a member stands twice in an object")
        check(not ascii_names or all(name.isascii() for name, _ in pairs), "the name of a member is not ASCII")
        return dict(pairs)

    def integer(digits: str) -> int:
        known = re.fullmatch("-?[0-9]{1,16}", digits) is not None and abs(int(digits)) < 1 << 53
        check(known, f"{digits[:20]} is no whole number of up to 53 bits")
        return int(digits)

    try:
        text = content.decode()
        return json.loads(text, object_pairs_hook=once, parse_int=integer, parse_float=integer, parse_constant=integer)
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is no JSON as this format has it: {error.args[0]}") from error


def canonical(content: bytes) -> Object:
    """An object in the one spelling of RFC 8785; a lone surrogate, which UTF-8 has not, as its JSON escape."""
    value = parse(content, ascii_names=True)
    spelled = escaped(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
    check(spelled.encode() == content, "it is no object in canonical JSON")
    return members(value, "object")


def members(value: Any, of: str) -> Object:  # noqa: ANN401
    """`value`, an object of the MEMBERS, each in its form: as bytes what spells bytes."""
    check(type(value) is dict, "it is no JSON object")
    forms, found = SHAPES[of], {}
    missing = [name for name in forms if name.isidentifier() and name not in value]
    check(not missing, f"the member {missing} is missing")
    for name, each in value.items():
        form = forms.get(name, forms.get(f"{name}?", "any" if "*" in forms else ""))
        check(form != "", f"the member {name!r} does not belong there")
        kinds, read = FORMS[form]
        check(type(each) in kinds or form == "any", f"the member {name!r} is not of its type")
        found[name] = read(each)
    return found


def listing(value: Any) -> list[Any]:  # noqa: ANN401
    """`value`, a list."""
    check(type(value) is list, "it is no list")
    return list(value)


def strings(value: Any) -> list[str]:  # noqa: ANN401
    """`value`, a list of texts."""
    check(all(type(each) is str for each in listing(value)), "a list holds something else than text")
    return list(value)


def from_hex(text: str) -> bytes:
    """32 bytes in lower-case hex."""
    check(re.fullmatch("[0-9a-f]{64}", text) is not None, "a salt or digest is not 64 hex digits")
    return bytes.fromhex(text)


def from_base64(text: str) -> bytes:
    """Standard base64 in its one spelling."""
    data = base64.b64decode(text, validate=True)
    check(base64.b64encode(data).decode() == text, "it holds text that is not canonical base64")
    return data


def hashes(value: list[Any]) -> list[bytes]:
    """The hashes of a proof."""
    found = [from_base64(each) for each in strings(value)]
    check(len(found) <= 64 and all(len(each) == 32 for each in found), "it holds something that is no hash")
    return found


SHAPES = {of: {each.partition(":")[0]: each.partition(":")[2] for each in text.split()} for of, text in MEMBERS.items()}
FORMS: dict[str, tuple[tuple[type, ...], Callable[[Any], Any]]] = {
    **{kind.__name__: ((kind,), kind) for kind in (str, int, list, dict)},
    "any": ((), lambda value: value),
    "index": ((int, type(None)), lambda value: value),
    "strings": ((list,), strings),
    "hash": ((str,), lambda value: hashes([value])[0]),
    "hashes": ((list,), hashes),
    "utf8": ((str,), str.encode),
    "hex": ((str,), from_hex),
    "base64": ((str,), from_base64),
}


def verifier_key(text: str, kind: int) -> Key:
    """A verifier key (C2SP signed-note) of this type: 1 Ed25519, 4 Ed25519 cosignature with a time."""
    name, _, rest = text.partition("+")
    key_id, _, spelled = rest.partition("+")
    data = from_base64(spelled)
    check(bool(name and data) and not re.search(r"\s", name), "it is no verifier key")
    check(data[0] != 6, "the key is for ML-DSA-44 (type 0x06): known, and not verified by version 1")
    check(data[0] in (1, 4), f"the key is of the unknown type 0x{data[0]:02x}")
    check(data[0] == kind and len(data) == 33, f"the key is not one of the type 0x{kind:02x} that belongs here")
    check(sha256(name.encode() + b"\n" + data).hexdigest()[:8] == key_id, "the key does not have the id it gives")
    return name, bytes.fromhex(key_id), data[1:]


def read_note(content: bytes) -> Note:
    """A signed note (C2SP) taken apart, nothing of it verified."""
    text, separator, block = content.decode().rpartition("\n\n")
    lines, signatures = block.split("\n"), []
    well = bool(separator) and not lines.pop() and not re.search("[\x00-\x09\x0b-\x1f]", text + block)
    check(well, "it is no signed note")
    check(len(lines) <= MOST_SIGNATURES, f"it has more than {MOST_SIGNATURES} signature lines")
    for line in lines:
        dash, name, data = line.split(" ") if line.count(" ") == 2 else ("", "", "")
        is_named = bool(name) and not re.search(r"[\s+]", name)
        check(dash == "—" and is_named and len(from_base64(data)) > 4, "it has a line that is no signature")
        signatures.append((name, from_base64(data)[:4], from_base64(data)[4:], line))
    return f"{text}\n", signatures


def signed_by(note: Note, key: Key) -> str:
    """The one line by which `key` signed the note."""
    lines = [(signature, line) for name, key_id, signature, line in note[1] if (name, key_id) == key[:2]]
    check(len(lines) == 1, f"it is not signed by the key of {key[0]!r}, or more than once")
    check_signature(key, lines[0][0], note[0].encode())
    return lines[0][1]


def check_signature(key: Key, signature: bytes, message: bytes) -> None:
    """Ed25519 (RFC 8032)."""
    try:
        Ed25519PublicKey.from_public_bytes(key[2]).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise ValueError(f"the signature of {key[0]!r} is not good") from error


def check_included(leaf: bytes, index: int, tree: Tree, proof: Sequence[bytes]) -> None:
    """RFC 9162, 2.1.3.2: the leaf stands at `index` of the tree."""
    check(0 <= index < tree[0], f"it does not lie in the tree of {tree[0]} entries")
    _, found = climb(index, tree[0] - 1, sha256(b"\0" + leaf).digest(), proof, "its inclusion proof")
    check(found == tree[1], "its inclusion proof does not lead to the root: it is not in this ledger")


def check_consistent(old: Tree, new: Tree, proof: Sequence[bytes], forked: str = "the ledger was forked") -> None:
    """RFC 9162, 2.1.4.2: the older tree is the beginning of the newer, larger one."""
    if old[0] == 0:
        check(not proof and old[1] == sha256().digest(), "the root of no entries is not that of an empty tree")
        return
    index, last = old[0] - 1, new[0] - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    # It starts at the largest perfect tree that ends where the old one does: where that is all of it, at its root.
    start, *rest = [old[1], *proof] if old[0] & (old[0] - 1) == 0 else (proof or [b""])
    found = climb(index, last, start, rest, "the consistency proof")
    check(found == (old[1], new[1]), f"the consistency proof does not join the two: {forked}", ANEW)


def climb(index: int, last: int, start: bytes, proof: Sequence[bytes], name: str) -> tuple[bytes, bytes]:
    """From node `index` of a row, `last` being its last, up to the root: the root of what ends there, and of all."""
    before = after = start
    for sibling in proof:
        check(last > 0, f"{name} has too many hashes: {len(proof)}")
        if index & 1 or index == last:
            before, after = node(sibling, before), node(sibling, after)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            after = node(after, sibling)
        index, last = index >> 1, last >> 1
    check(last == 0, f"{name} has too few hashes: {len(proof)}")
    return before, after


def node(left: bytes, right: bytes) -> bytes:
    """RFC 9162, 2.1.1."""
    return sha256(b"\1" + left + right).digest()


def escaped(text: str) -> str:
    """A byte of a path that is no UTF-8 is a lone surrogate in JSON: here as the six characters of its escape."""
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)


def moment(time: int) -> str:
    """RFC 3339 in UTC, whole seconds."""
    try:
        return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return f"{time} s after 1970"


def plain(text: str) -> str:
    """Text that does nothing to a terminal: a package can hold anything."""
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in text)


def main(arguments: Sequence[str]) -> int:
    """0 where all holds, 4 at the first fault; called wrongly it ends with 2."""
    asked = argparse.ArgumentParser(
        description="Verifies an evidence package, offline; ends with 4 at the first fault."
    )
    asked.add_argument("folder", type=Path, metavar="DIR")
    asked.add_argument("--log-key", default="", metavar="VKEY", help="the ledger's key, got elsewhere")
    asked.add_argument("--witness", action="append", default=[], metavar="VKEY", help="a witness you trust")
    asked.add_argument("--tsa-root", action="append", default=[], type=Path, metavar="PEM", help="an authority's root")
    asked.add_argument("--checkpoint", type=Path, metavar="NOTE", help="a checkpoint kept elsewhere")
    given = asked.parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a console that cannot show a letter is no fault
    try:
        roots = b"\n".join(path.read_bytes() for path in given.tsa_root)
        kept = given.checkpoint.read_bytes() if given.checkpoint else b""
        verify(given.folder, Options(given.log_key, tuple(given.witness), roots, kept))
    except Fault as fault:
        print(f"FAULT at {fault}")
        return 4
    except OSError as error:
        asked.error(plain(f"{error.filename}: {error.strerror}: nothing is said of the package"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
