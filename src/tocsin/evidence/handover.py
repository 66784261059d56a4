"""A package for the host state's authority: evidence and indicators, what is withheld and why, and who released it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tocsin.custody.chain import people_of
from tocsin.errors import ConfigError, ProtectionError, RefusedError
from tocsin.evidence.export import Exported, Wanted, export_evidence
from tocsin.evidence.transfer import contents_of, expect, pass_on
from tocsin.model.answers import Answers
from tocsin.model.progress import Progress
from tocsin.opening import open_existing
from tocsin.protect.exits import standing_watch
from tocsin.record.handing import Transfer
from tocsin.record.people import Holder
from tocsin.record.people_keys import Signer
from tocsin.record.roles import Role
from tocsin.share.exit import release
from tocsin.share.formats.stix import Stix
from tocsin.share.handover import Handover, handover_text
from tocsin.share.indicators import Own
from tocsin.share.marking import Tlp

PACKAGE, NOTE, LETTER = "package", "transfer.note", "HANDOVER.txt"
INDICATORS = "indicators.stix.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms evidence is handed over.

    to     the receiver's key, as enrolled
    why    why what is withheld is withheld, in the officer's words
    own    networks and domains of the institution: never an indicator
    tlp    how the indicators are marked
    """

    to: str
    why: str
    own: Own = Own()  # noqa: RUF009 - a named tuple
    tlp: Tlp = Tlp.AMBER_STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """What was handed over, to whom, by whom, and the note that the receiver signs a receipt against."""

    exported: Exported
    receiver: str
    officer: str
    transfer: Transfer


def hand_over(
    workspace: Path,
    wanted: Wanted,
    terms: Terms,
    folder: Path,
    *,
    passphrase: str | None,
    actors: Sequence[Signer],
    progress: Progress,
) -> HandedOver:
    """Writes package, transfer note and letter into a new folder; an officer's signature releases it.

    Raises RefusedError where no officer signs or the letter would name a protected person, ConfigError where the
    receiver is not enrolled or something is withheld without a word why.
    """
    if folder.exists():
        raise ConfigError(f"{folder} exists", hint="name a folder that does not exist yet")
    if wanted.redacted and not terms.why.strip():
        raise ConfigError("what is withheld needs a reason for who receives it", hint="--why-withheld TEXT")
    officer = _officer(workspace, passphrase, actors)
    receiver = expect(workspace, terms.to, passphrase=passphrase, actors=actors)
    _refuse_letter(officer.person, receiver.person, wanted, terms)
    indicators = Stix(tlp=terms.tlp, own=terms.own)

    def attach(answers: Answers) -> dict[str, bytes]:
        return {INDICATORS: indicators.bundle(answers).encode("utf-8")}

    exported = export_evidence(
        workspace,
        replace(wanted, to=terms.to),
        folder / PACKAGE,
        passphrase=passphrase,
        actors=actors,
        progress=progress,
        attach=attach,
        why=f"for {receiver.person}",
    )
    contents = contents_of(folder / PACKAGE)
    transfer = pass_on(workspace, contents, terms.to, passphrase=passphrase, actors=actors, kind="handed_over")
    _written(folder, NOTE, transfer.note)
    letter = handover_text(
        Handover(
            receiver=receiver.person,
            officer=officer.person,
            at=transfer.at,
            origin=transfer.origin,
            content=exported.content,
            records=exported.records,
            findings=exported.findings,
            withheld=exported.withheld,
            redacted=wanted.redacted,
            why=terms.why.strip(),
            outside=exported.outside,
        )
    )
    _written(folder, LETTER, letter)
    return HandedOver(exported=exported, receiver=receiver.person, officer=officer.person, transfer=transfer)


def _refuse_letter(officer: str, receiver: str, wanted: Wanted, terms: Terms) -> None:
    """RefusedError before anything is done and put on record, where the letter would name a protected person."""
    letter = Handover(
        receiver=receiver,
        officer=officer,
        at="",
        origin="",
        content="",
        records=0,
        findings=0,
        withheld=0,
        redacted=wanted.redacted,
        why=terms.why.strip(),
        outside=(),
    )
    standing_watch().refuse(handover_text(letter), what="the letter that goes with it")


def _written(folder: Path, name: str, text: str) -> None:
    """One file of the handover; of one that is refused nothing is left, the package neither."""
    try:
        release(text.encode("utf-8"), folder / name)
    except (RefusedError, ProtectionError):
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _officer(workspace: Path, passphrase: str | None, actors: Sequence[Signer]) -> Holder:
    """Who releases it. Raises RefusedError where nobody at hand may."""
    with open_existing(workspace, passphrase) as (opened, key):
        registry = people_of(opened, key)
    for actor in actors:
        holder = registry.holders.get(actor.name)
        if holder is not None and Role.OFFICER in holder.roles:
            return holder
    raise RefusedError(
        "evidence leaves the house by an officer's decision alone, and none signs",
        hint=f"add --as KEY of an officer; see who is: tocsin key list --workspace {workspace}",
    )


def assumed(answers: Answers) -> Sequence[str]:
    """The incidents handed over where none is named: those taken as an intrusion."""
    return [incident.id for incident in answers.incidents if incident.is_assumed]
