"""What to do about each kind of obstacle: whom to ask for what, in words."""

from __future__ import annotations

from tocsin.model.causes import CauseKind
from tocsin.model.coverage import Coverage
from tocsin.model.instant import format_time

STEPS = {
    CauseKind.OTHER_USE: (
        "Ask the holder of each account in question which sessions and addresses were theirs, and ask again for the "
        "whole account: tocsin exposure --identity ACCOUNT."
    ),
    CauseKind.OTHER_NAME: (
        "Ask the service for the ids, addresses and aliases of it and of what was accessed, and write them into "
        "aliases.csv of the estate; where they are one thing, take it as accessed."
    ),
    CauseKind.UNNAMED: (
        "Look at the records of the accounts in question that say what was done and not to what (an operation no table "
        "here declares, a record without an object), and ask the service what each reached."
    ),
    CauseKind.NOT_ITEMISED: (
        "Take the container as read, or obtain from the service the log that names the single items "
        "(MailItemsAccessed of the mailbox, FileAccessed of the site, object-level events of the store)."
    ),
    CauseKind.UNTIMED: "Obtain the record with its time from the service that wrote it, and read it again.",
    CauseKind.ADMINISTRATOR: (
        "Obtain a copy of the log that no administrator of the institution could alter: the provider's own export on "
        "legal request, or what was forwarded to a collector outside their reach."
    ),
    CauseKind.ACCOUNTS_NOT_KNOWN: (
        "Ask the identity provider for every sign-in of the address or session in question, so that the accounts "
        "behind it are known."
    ),
    CauseKind.NOT_DECLARED: (
        "Name the accounts in question in identities.csv of the estate, and say of each whether it is an "
        "administrator's; then investigate again with --estate."
    ),
    CauseKind.NOT_PLAIN: (
        "Declare the mailbox by the address that the log gives its owner (MailboxOwnerUPN), and collect the log of a "
        "time when it was in use, with MailboxGuid in its records; ask the service what else an account in question "
        "did."
    ),
    CauseKind.CHANGED: (
        "Look at each change on record that names it (the report lists them as standing changes), write whoever made "
        "it or was given something into identities.csv of the estate, and ask again."
    ),
    CauseKind.NOT_ONE_OWNERS: (
        "Write into identities.csv of the estate whose mailbox it is, one person by the address that the log gives, "
        "and until when; into owner of holdings.csv the same or nothing; and name in grants.csv and memberships.csv "
        "who may act as whom by ids that the estate declares."
    ),
    CauseKind.NOT_ALL_TAKEN: (
        "Ask whoever took the log whether every account, operation, kind of record and place was asked for, and of "
        "which time; write `extent: everything` (or `part`), `from` and `to` into the acquisition record of every file "
        "of it."
    ),
    CauseKind.NOT_ALL_RECORDED: (
        "Ask the custodian whether every way of access was recorded, of owners, delegates and administrators, reading "
        "too, all the time and for everybody, and nobody bypassed; write `everything` or `part` under recorded in "
        "attestations.csv of the estate."
    ),
    CauseKind.NO_CUSTODIAN: (
        "Have somebody vouch for the log who is not in question and as whom nobody in question may act; write them "
        "into identities.csv, and their id as custodian into attestations.csv of the estate."
    ),
    CauseKind.STRANGER: (
        "Write everybody who is recorded in the mailbox into identities.csv of the estate, by the address that the log "
        "gives (tocsin estate draft proposes them), and every application that reached its mail as a service, by its "
        "id (the directory lists whose it is); whom or what nobody can name, take as compromised and ask again."
    ),
    CauseKind.ROLE_NOT_TOLD: (
        "Write into aliases.csv of the estate which account or group each role on record was given to (the report "
        "lists them as standing changes), and into memberships.csv who is and was in such a group; then ask again."
    ),
    CauseKind.HOST: (
        "Have the memory and disk of the host examined: what it kept, and which tickets, tokens and keys lay on it."
    ),
    CauseKind.STANDING_CHANGE: (
        "For each rule, right and consent that the report lists as a standing change: undo it, and obtain the trace of "
        "its use (message trace of a forwarding, sign-ins of a consented application, accesses of a new delegate)."
    ),
}

LOG_WANTED = {
    "mailbox": "Ask the administrator of the mail service for its audit log with MailItemsAccessed of every mailbox.",
    "site": "Ask the administrator of the document service for its audit log with FileAccessed and FileDownloaded.",
    "aws": "Ask the owner of the cloud account for CloudTrail with data events, and the access logs of its buckets.",
    "share": (
        "Ask the administrator of the file server for its Security log with object access (5140, 5145, 4663); where "
        "that was not audited, say so in writing: then it stays unknown."
    ),
    "host": "Collect the log of the host that would record the access, or say in writing that there is none.",
}

STREAM_STEPS = {
    CauseKind.GAPPED: (
        "Collect {log} again{during}: the missing records may lie on the host or with the collector it forwards to."
    ),
    CauseKind.SILENT: "Ask who runs {log} whether it recorded{during}, and collect what there is.",
    CauseKind.TRUNCATED: "Collect {log} again, whole{during}: what was handed over ends early.",
    CauseKind.EXPIRED: "Ask for backups and forwarded copies of {log}{during}: at its source it is gone.",
    CauseKind.CLEARED: (
        "Obtain a copy of {log}{during} taken before it was cleared: from the log collector it forwards to, a backup, "
        "or a shadow copy of the host's disk."
    ),
    CauseKind.THROTTLED: (
        "Ask the provider in writing what of {log} was recorded{during}: it held records back, and what it never "
        "recorded stays unknown."
    ),
    CauseKind.UNPARSED: (
        "Have what could not be read (see What was not read) handed over in a form that can be, and read it again."
    ),
    CauseKind.NOT_COLLECTED: "Collect {log}{during}.",
    CauseKind.NOT_ATTESTED: (
        "Obtain an acquisition record for {log}{during}, and the custodian's word that it is whole."
    ),
}


def log_name(row: Coverage) -> str:
    """`the Security log of files-01.example`, `m365_unified_audit, Exchange`, or `the logs as a whole`."""
    if row.host:
        return f"the {row.channel or row.source} log of {row.host}"
    return ", ".join(filter(None, (row.source, row.channel, row.scope))) or "the logs as a whole"


def during(from_: int | None, to: int | None) -> str:
    """` from 2026-03-04 to 2026-03-11`, with a space before it; empty without a date."""
    first = format_time(from_)[:10] if from_ is not None else ""
    last = format_time(to)[:10] if to is not None else ""
    if first and first == last:
        return f" for {first}"
    return "".join([f" from {first}" if first else "", f" up to {last}" if last else ""])
