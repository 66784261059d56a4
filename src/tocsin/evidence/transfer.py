"""Evidence on its way: passed on, received, and what comes back; each end signs, and the ledger has all of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import NamedTuple

from tocsin.books import begin_run, finish_run
from tocsin.collect.plan import plan_kept
from tocsin.continuing import run_before
from tocsin.custody.chain import people_of
from tocsin.errors import ConfigError, RefusedError, VerificationError
from tocsin.model.door import mask_one
from tocsin.model.progress import Progress
from tocsin.opening import TOOL, now_utc, open_existing, publish, recover, utc_text
from tocsin.protect.telling import through_door
from tocsin.reading.intake import Intake
from tocsin.record.acts import Act, acts_of, read_act, record_act, refuse_unless_may
from tocsin.record.handing import Party, Receipt, Transfer, read_receipt, read_transfer, signed_receipt, signed_transfer
from tocsin.record.people import Holder, Registry, disowned_in
from tocsin.record.people_keys import Asking, Signer, signer_of
from tocsin.record.roles import Role
from tocsin.store.faults import disk_faults
from tocsin.store.workspace import Workspace

_EXPORT = "data/custody/export.json"
_LARGEST_NOTE = 1 << 20


class Contents(NamedTuple):
    """What a package is known by: the origin of its ledger, and its content digest (docs/formats/evidence.md)."""

    origin: str
    digest: str


def pass_on(
    workspace: Path,
    contents: Contents,
    to: str,
    *,
    passphrase: str | None,
    actors: Sequence[Signer],
    kind: str = "transferred",
) -> Transfer:
    """A transfer note for a package, from whoever signs to the receiver `to`; the act is recorded.

    kind   `transferred`, or `handed_over` where it leaves the institution for good: an officer's decision
    Raises ConfigError where nobody signs or `to` is nobody, RefusedError where the signer may not.
    """
    giver = _one_of(actors, "who gives it signs")
    with open_existing(workspace, passphrase) as (opened, key), opened.writer_lock():
        registry = people_of(opened, key)
        at = utc_text(now_utc())
        transfer = signed_transfer(
            content=contents.digest,
            origin=contents.origin,
            giver=_party(registry.holders[giver.name]),
            receiver=_party(_receiver(registry, to, workspace)),
            at=at,
            signer=giver,
        )
        what = {
            "content": contents.digest,
            "origin": contents.origin,
            "to": to,
            "transfer": transfer.digest,
            "note": transfer.note,
        }
        record_act(opened, key, kind, what, at, [giver])
    return transfer


def expect(workspace: Path, to: str, *, passphrase: str | None, actors: Sequence[Signer]) -> Holder:
    """Who will receive, before anything is written; and that who signs is one person at hand. Raises as `pass_on`."""
    _one_of(actors, "who hands over signs")
    with open_existing(workspace, passphrase) as (opened, key):
        return _receiver(people_of(opened, key), to, workspace)


def receive(transfer: str, package: Path, given: str, ask: Asking, environment: Mapping[str, str]) -> Receipt:
    """The receiver's receipt for a package that is what the transfer note says; no workspace is needed.

    Whether the package verifies is for the caller to see first.

    Raises VerificationError where note or package are not good, RefusedError where the key is not the one it is for.
    """
    passed = read_transfer(transfer)
    found = contents_of(package)
    if found != (passed.origin, passed.content):
        raise VerificationError(
            f"{package} is not what the transfer note was signed for: its content digest is {found.digest}, and the "
            f"note says {passed.content}: sign nothing"
        )
    expected = passed.receiver.key
    signer = signer_of(
        given,
        named=lambda key: expected.name if key.public_bytes_raw() == expected.public_key else None,
        ask=ask,
        environment=environment,
    )
    if signer.public_key.public_bytes_raw() != expected.public_key:
        raise RefusedError(
            f"the transfer is made out to {expected.name} ({passed.receiver.person}), and {given} is another key",
            hint="sign with the key you gave the sender, or ask for a transfer to this one",
        )
    return signed_receipt(passed, at=utc_text(now_utc()), signer=signer)


def file_receipt(workspace: Path, receipt: str, *, passphrase: str | None, actors: Sequence[Signer]) -> Act:
    """Puts a receipt on the record. Raises VerificationError where it is not for something that was passed on."""
    found = read_receipt(receipt)
    with open_existing(workspace, passphrase) as (opened, key), opened.writer_lock():
        registry = people_of(opened, key)
        _check_receipt(found, registry, opened)
        what = {"content": found.content, "from": found.receiver.name, "transfer": found.transfer, "receipt": receipt}
        return record_act(opened, key, "received", what, utc_text(now_utc()), actors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What came back: the path it is held under, its SHA-256 in hex, and the entry of the ledger that says so."""

    path: str
    sha256: str
    entry: int


def take_back(
    workspace: Path,
    file: Path,
    source: str,
    note: str,
    *,
    passphrase: str | None,
    actors: Sequence[Signer],
    progress: Progress,
) -> Returned:
    """Seals what an authority sent back, byte for byte under the name of who sent it; nothing in it is read as a log.

    Raises ConfigError where it cannot be named, StoreError where the workspace cannot be written.
    """
    if not source.strip() or not note.strip():
        raise ConfigError("what comes back needs a source and a note", hint="--from NAME --note TEXT")
    path = f"returned/{source.strip().replace('/', '-')}/{file.name}"
    with open_existing(workspace, passphrase) as (opened, key), opened.writer_lock():
        progress = through_door(progress, key.door)
        refuse_unless_may(opened, key, "returned", actors)
        recover(opened)
        rules, kept, finished = run_before(opened, key, progress)
        run = begin_run(opened, utc_text(now_utc()), TOOL, {**kept, "returned": True})
        with disk_faults(file), file.open("rb") as stream:
            digest = file_digest(stream, "sha256").hexdigest()
        intake = Intake(
            workspace=opened, key=key, rules=rules.folder, plan=rules.digest, run=run, workers=1, progress=progress
        )
        intake.take_in(plan_kept(file, path, f"sent back by {source.strip()}: sealed, and not read as a log"))
        publish(opened, key)
        if finished:  # else the logs of the run before are still not read to their end
            finish_run(opened, run, utc_text(now_utc()))
        what = {
            "from": source.strip(),
            "note": note.strip(),
            "path": path,
            "sha256": digest,
            "size": file.stat().st_size,
        }
        done = record_act(opened, key, "returned", what, utc_text(now_utc()), actors)
    return Returned(path=mask_one(key.door, path), sha256=digest, entry=done.leaf)


def contents_of(package: Path) -> Contents:
    """What a package is known by, as its files have it and as its act of export says.

    Raises ConfigError where it is no package, VerificationError where the two differ.
    """
    export = package / _EXPORT
    if not export.is_file():
        raise ConfigError(
            f"{package} is no evidence package", hint=f"name the folder that holds bagit.txt and {_EXPORT}"
        )
    try:
        said = json.loads(small_text(export))
        act, newer = read_act(int(said["act"]), str(said["data"]).encode()), int(said["size"])
        origin = str(json.loads(small_text(package / "data" / "package.json"))["origin"])
    except (ValueError, KeyError, TypeError) as error:
        raise VerificationError(f"{export} does not say what was exported: {error}") from error
    lines = "".join(f"{digest}  {path}\n" for path, digest in _payload(package, f"data/checkpoints/{newer}.note"))
    content = sha256(lines.encode()).hexdigest()
    if act.kind != "exported" or act.what.get("content") != content:
        raise VerificationError(f"{package} is not as it was exported: its files are not those its act of export is of")
    return Contents(origin, content)


def small_text(path: Path) -> str:
    """The text of a note or another small file. Raises ConfigError where it is none."""
    with disk_faults(path), path.open("rb") as stream:
        data = stream.read(_LARGEST_NOTE + 1)
    try:
        if len(data) > _LARGEST_NOTE:
            raise ConfigError(f"{path} is too large to be a note", hint="name the note itself")
        return data.decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no text", hint="name the note itself") from error


def _payload(package: Path, newer: str) -> Iterator[tuple[str, str]]:
    """Path and digest of every file the content digest is over, by path. Raises VerificationError at a link."""
    files = {path.relative_to(package).as_posix(): path for path in (package / "data").rglob("*")}
    for name, path in sorted(files.items()):
        if path.is_symlink():
            raise VerificationError(f"{path} is a link: a package holds files alone")
        if path.is_dir() or name == newer or name.startswith("data/custody/"):
            continue
        with disk_faults(path), path.open("rb") as stream:
            yield name, file_digest(stream, "sha256").hexdigest()


def _one_of(actors: Sequence[Signer], why: str) -> Signer:
    if len(actors) != 1:
        raise ConfigError(f"one person signs this, and {len(actors)} were named", hint=f"{why}: --as FILE|NAME")
    return actors[0]


def _receiver(registry: Registry, to: str, workspace: Path) -> Holder:
    holder = registry.holders.get(to)
    if holder is None or not holder.is_in_force or Role.RECEIVER not in holder.roles:
        raise ConfigError(
            f"{to!r} is no receiver that is enrolled in {workspace}",
            hint="an officer enrols the receiver's public key first: tocsin key enrol VKEY --role receiver",
        )
    return holder


def _party(holder: Holder) -> Party:
    return Party(key=holder.key, person=holder.person)


def _check_receipt(receipt: Receipt, registry: Registry, workspace: Workspace) -> None:
    holder = registry.holders.get(receipt.receiver.name)
    if holder is None or holder.key != receipt.receiver or Role.RECEIVER not in holder.roles:
        raise VerificationError(f"the receipt is signed by {receipt.receiver}, a key that is no enrolled receiver's")
    if not holder.is_in_force:
        raise VerificationError(f"the receipt is signed by {holder.name}, a key that does not count any more")
    with workspace.reading() as connection:
        acts = tuple(acts_of(connection))
    gone = disowned_in(acts)
    passed = [each for each in acts if each.kind in ("transferred", "handed_over")]
    of_it = [each for each in passed if each.what.get("transfer") == receipt.transfer]
    if not of_it:
        raise VerificationError("the receipt is for a transfer that this ledger knows nothing of")
    if (of_it[0].what.get("content"), of_it[0].what.get("to")) != (receipt.content, holder.name):
        raise VerificationError(
            f"the receipt is for other content, or from somebody else, than entry {of_it[0].leaf} says"
        )
    if (why := gone.get(of_it[0].leaf)) is not None:
        raise VerificationError(f"the receipt is for entry {of_it[0].leaf}, a transfer that does not count: {why}")
    filed = (each for each in acts if each.kind == "received" and each.leaf not in gone)
    if any(each.what.get("transfer") == receipt.transfer for each in filed):
        raise RefusedError("the receipt of this transfer is on record already", hint="see: tocsin record custody")
