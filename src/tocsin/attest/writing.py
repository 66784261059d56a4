"""A package in; its folder out, and the digest of what stands in it; at the end the act that names it, and the bag.

Two steps, because the act `exported` names the digest of files that exist: `write_package` writes all but `custody/`
and the BagIt files, the caller puts the act into the ledger, `seal_package` adds it with its proof and closes the bag.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from tocsin.attest import bag, case_uco, lines, page, ro_crate, validation, withheld, words
from tocsin.attest.custody import deed, deeds, made_at
from tocsin.attest.enclosed import read_package
from tocsin.attest.payload import Payload, safe_name
from tocsin.attest.readme import readme
from tocsin.attest.redaction import check_records, refuse_leaks, without
from tocsin.attest.verifying import VERIFIER
from tocsin.errors import ConfigError, VerificationError
from tocsin.model.evidence import Export, Package
from tocsin.model.instant import format_time
from tocsin.protect.exits import standing_watch
from tocsin.render.element import Json, element
from tocsin.render.json_text import json_text
from tocsin.store.faults import disk_faults

_WHAT = "the evidence package"
_README, _EXPORT = "README.txt", "custody/export.json"
_JSON, _LINES, _NOTE = "application/json", "application/jsonl", "text/plain"
_TOKEN, _ROOTS, _RULE = "application/vnd.etsi.timestamp-token", "application/x-pem-file", "application/yaml"
_LINKED, _PAGE, _PYTHON = "application/ld+json", "text/html", "text/x-python"
# Made of the other files and of our own words; what the others say is searched in them.
RETOLD = frozenset(
    (_README, *(f"{bag.PAYLOAD}/{name}" for name in (page.NAME, case_uco.NAME, ro_crate.NAME, "verify.py")))
)


def write_package(package: Package, folder: Path, redacted_values: Iterable[str] = ()) -> str:
    """Writes `data/` and `README.txt` into a folder that is new or empty; returns the content digest in hex.

    redacted_values   what the fields of `package.redacted` say in any enclosed record (`redaction.values_of`); it is
                      taken out of what was derived, and no file may hold it

    The same package gives the same bytes. Raises ConfigError where the folder holds something, RefusedError where a
    redacted value would leave, StoreError; nothing is left of a package that was refused.
    """
    values = sorted(set(redacted_values))
    check_records(package)
    with disk_faults(folder):
        if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
            raise ConfigError(f"{folder} is not empty", hint="name a folder that does not exist yet")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        shown = without(package, values)
        _fill(Payload(folder / bag.PAYLOAD), shown, values)
        with disk_faults(folder):
            (folder / _README).write_bytes(readme(shown, made_at(package)).encode("utf-8"))
            refuse_leaks(folder, values)
            standing_watch().refuse_folder(folder, what=_WHAT, retold=RETOLD)
            return content_digest(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def seal_package(folder: Path, export: Export) -> None:
    """Adds `custody/export.json` and the newer checkpoint to what `write_package` wrote, and closes the bag.

    Raises VerificationError where the act is no act `exported`, or names another content than the folder's;
    RefusedError where the act or who it is by names a protected person, and then nothing is left of the package.
    """
    with disk_faults(folder):
        head = json.loads((folder / bag.PAYLOAD / "package.json").read_bytes())
        act = deed(export.act, str(head["origin"]))
        if act.kind != "exported" or export.size <= max(act.entry, int(head["size"])):
            raise VerificationError(f"entry {export.act.index} is no act of export that follows the package")
        content = content_digest(folder)
        if act.what.get("content") != content:
            raise VerificationError(
                f"the act at entry {export.act.index} names other files than those in {folder}",
                hint="a file was changed since the package was written: export it again",
            )
        payload = Payload(folder / bag.PAYLOAD)
        exported = json_text(lines.export(export))
        _refuse_act(folder, exported)
        payload.add(_EXPORT, exported.encode("utf-8"), _JSON, "The act of export")
        payload.add(f"checkpoints/{export.size}.note", export.checkpoint.encode("utf-8"), _NOTE, "Covers that act")
        info = {
            "Source-Organization": str(head["origin"]),
            "Bagging-Date": act.at[:10],
            "Bag-Software-Agent": str(head["tool"]),
            "External-Identifier": content,
            "External-Description": f"Evidence package, format {lines.FORMAT} version {lines.VERSION}",
        }
        bag.close_bag(folder, info)


def _refuse_act(folder: Path, exported: str) -> None:
    try:
        standing_watch().refuse(exported, what=_WHAT)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def content_digest(folder: Path) -> str:
    """SHA-256, in hex, over the manifest lines of the payload as it was written: what the act of export names.

    Lines are those of `manifest-sha256.txt`, sorted by path, without those of `custody/` and of the checkpoint that
    `custody/export.json` names.
    """
    later = f"{bag.PAYLOAD}/custody/"
    exported = folder / bag.PAYLOAD / _EXPORT
    newer = ""
    if exported.is_file():
        newer = f"{bag.PAYLOAD}/checkpoints/{json.loads(exported.read_bytes())['size']}.note"
    listed = [
        one for one in bag.digests(folder, f"{bag.PAYLOAD}/") if one.path != newer and not one.path.startswith(later)
    ]
    return hashlib.sha256(bag.manifest(sorted(listed)).encode("utf-8")).hexdigest()


def _fill(payload: Payload, package: Package, values: list[str]) -> None:
    """Every file of the payload, those last that list the others."""
    made, acts = made_at(package), deeds(package)
    _add_proofs(payload, package)
    for name, value, description in _documents(package, values):
        payload.add(name, json_text(value).encode("utf-8"), _JSON, description)
    hits = (hit.data.rstrip(b"\n") + b"\n" for hit in package.hits)
    payload.add("findings.jsonl", hits, _LINES, "What the rules say of each record, one line a hit")
    for identifier, text in sorted(package.rules.items()):
        payload.add(f"rules/{safe_name(identifier)}.yml", text.encode("utf-8"), _RULE, f"The rule {identifier}")
    for name, data in sorted(package.attachments.items()):
        payload.add(f"attachments/{safe_name(name)}", data, _JSON, "Goes with the package: no proof leads to it")
    payload.add("verify.py", VERIFIER.read_bytes(), _PYTHON, "The verifier: one file to read before it is run")
    index = page.index(read_package(payload.folder)).encode("utf-8")
    payload.add(page.NAME, index, _PAGE, "The package for a reader: needs no network, runs no program")
    graph = case_uco.graph(package, acts, payload.files, made)
    payload.add(case_uco.NAME, json_text(graph).encode("utf-8"), _LINKED, "Provenance as CASE 1.4 / UCO JSON-LD")
    crate = ro_crate.metadata(package, payload.files, made, words.summary(package))
    payload.add(ro_crate.NAME, json_text(crate).encode("utf-8"), _LINKED, "RO-Crate 1.1 metadata")


def _add_proofs(payload: Payload, package: Package) -> None:
    payload.add("package.json", json_text(lines.head(package)).encode("utf-8"), _JSON, "What this package is")
    payload.add("records.jsonl", lines.record_lines(package.records), _LINES, "The records, each with its proof")
    statements = lines.statement_lines(package.statements)
    payload.add("statements.jsonl", statements, _LINES, "What the ledger says of files, chunks and acts, with proofs")
    for size, note in sorted(package.checkpoints.items()):
        entries = words.counted(size, "entry", "entries")
        payload.add(f"checkpoints/{size}.note", note.encode("utf-8"), _NOTE, f"Signed state of the ledger at {entries}")
    how = json_text(lines.reading(package)).encode("utf-8")
    payload.add("reading.json", how, _JSON, "What deriving the findings again takes beside records and rules")
    joined = json_text(lines.consistency(package)).encode("utf-8")
    payload.add("consistency.json", joined, _JSON, "Proofs that each checkpoint continues the one before it")
    counts: dict[int, int] = {}
    for token in sorted(package.tokens, key=lambda one: (one.size, one.time, one.authority, one.der)):
        counts[token.size] = number = counts.get(token.size, 0) + 1
        name = f"timestamps/{token.size}-{number}"
        stamped = f"Time stamp of {token.authority} over the checkpoint of {token.size:,}"
        payload.add(f"{name}.tsr", token.der, _TOKEN, stamped)
        payload.add(f"{name}.pem", token.roots, _ROOTS, f"Certificates {name}.tsr was verified under at home")


def _documents(package: Package, values: list[str]) -> Iterator[tuple[str, Json, str]]:
    findings = {"incidents": element(package.incidents), "findings": element(package.findings)}
    yield "findings.json", findings, "Incidents and findings"
    yield "premises.json", _premises(package), "What the verdicts rest on"
    yield "withheld.json", withheld.document(package, values), "What is not enclosed, and why"
    yield "validation.json", dict(validation.document(package.tool)), "How often the tool is known to err"


def _premises(package: Package) -> Json:
    answers = package.answers
    rules = answers.accounting.rules
    return {
        "as_of": None if answers.as_of is None else format_time(answers.as_of),
        "exposure": element(package.exposure),
        "coverage": element(package.coverage),
        "exceptions": element(answers.exceptions),
        "rules": {"loaded": rules.loaded, "operable": rules.operable},
        "could_not_run": {"blind": element(rules.blind), "failed": element(rules.failed)},
        "not_done": element(answers.not_done),
        "settings": element(dict(sorted(answers.settings.items()))),
    }
