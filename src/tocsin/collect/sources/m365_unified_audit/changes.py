"""What a record says of the log itself and of standing access: rows for the marks, by `audit.toml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tocsin.collect.sources.m365_unified_audit.accesses import mailbox_of
from tocsin.collect.sources.m365_unified_audit.providers import Provider
from tocsin.collect.sources.m365_unified_audit.semantics import Change, Meaning, is_told_apart, throttle_hours
from tocsin.model.clipping import to_be_cut
from tocsin.model.coverage import Mark

_NOBODY_TOLD = "?"
# By these a rule sends mail to whoever is above its sender, whom the record does not name.
_BY_RANK = ("Parameters.AddManagerAsRecipientType", "Parameters.ModerateMessageByManager")
_PROVIDERS_OWN = re.compile(
    r"nt authority\\|s-1-5-(?!21-)|(?:discovery|organization|recipient|compliance|hygiene|help ?desk) ?management$",
    re.IGNORECASE,
)
_SENDS_ON = frozenset((Mark.RULE, Mark.FORWARDING))
_TAKES_AWAY = ("remove-", "disable-")
_MOST_SHOWN = 600  # characters of one value
_PREFIXES = ("Parameters.", "OperationProperties.", "ModifiedProperties.", "Item.ParentFolder.")


def marks_of(
    native: Mapping[str, Any],
    fields: Mapping[str, Any],
    meaning: Meaning,
    channel: str,
    account: str | None,
    provider: Provider | None,
) -> list[dict[str, Any]]:
    """Rows for MARKS without record, time and source; `provider` is the service of the provider that acted, if any."""
    changes = [change for change in meaning.changes if change.applies(fields)]
    by = f" (by the provider's {provider.name})" if provider else ""
    if provider and provider.upkeep:
        # Less recorded is less whoever did it; what a provider's servers set up a tenant has from the beginning.
        changes = [change for change in changes if change.kind == Mark.AUDIT_CHANGED or _gives_somebody(change, fields)]
    rows = [
        {
            "kind": change.kind,
            "host": None,
            "channel": channel,
            "scope": _scope(change, fields),
            "actor": account,
            "detail": _detail(change, fields) + by,
            "given_to": change.receivers(fields) or _not_told(change, meaning, native, fields),
        }
        for change in changes
    ]
    if may_be_throttled(native, fields, meaning):
        rows.append(
            {
                "kind": str(Mark.THROTTLED),
                "host": None,
                "channel": channel,
                "scope": mailbox_of(native),
                "actor": account,
                "detail": f"the provider stopped recording binds of this mailbox for up to {throttle_hours()} hours",
                "given_to": None,
            }
        )
    return rows


def half_told(fields: Mapping[str, Any], meaning: Meaning) -> list[dict[str, Any]]:
    """One row for MARKS with all that a record of the directory says a change was made of, where it does not say which.

    A right given to somebody who is named is told; so is what an account had and has since.
    """
    targets = fields.get("Target.ID")
    if meaning.opens:
        is_told = bool(fields.get("ModifiedProperties"))
    else:
        names_some = any(one.given_to for one in meaning.changes)
        is_told = not targets or names_some or (meaning.is_known and not meaning.changes)
    if is_told:
        return []
    named = [fields.get("ObjectId"), *(targets if isinstance(targets, list) else [targets])]
    said = "; ".join(dict.fromkeys(text for one in named if (text := _one_line(one))))
    return [
        {
            "kind": str(Mark.ADDRESSED), "host": None, "channel": None, "scope": said, "actor": None,
            "detail": meaning.activity, "given_to": None,
        }
    ]  # fmt: skip


def failed_in(native: Mapping[str, Any], account: str | None, operation: str) -> list[dict[str, Any]]:
    """One row for MARKS where somebody tried to reach another's mailbox and the record says that it failed.

    That an act failed as a whole does not say that nothing of it was done, and it was one in the mailbox.
    """
    owner = _one_line(native.get("MailboxOwnerUPN"))
    named = [one for name in ("MailboxOwnerUPN", "MailboxGuid") if (one := _one_line(native.get(name)))]
    if not named or (account and owner.lower() == account):
        return []
    return [
        {
            "kind": str(Mark.ADDRESSED), "host": None, "channel": None, "scope": "; ".join(named), "actor": None,
            "detail": f"{operation}, which failed", "given_to": None,
        }
    ]  # fmt: skip


def may_be_throttled(native: Mapping[str, Any], fields: Mapping[str, Any], meaning: Meaning) -> bool:
    """Whether the record says that recording stopped, or has what says it in no form in which it could be read.

    Every record of a bind or sync has that beside its kind: one without either lost both on its way.
    """
    kind = str(fields.get("OperationProperties.MailAccessType")).casefold()
    if meaning.touches == "mail_access" and kind not in ("bind", "sync"):
        return True
    said = str(fields.get("OperationProperties.IsThrottled", "")).casefold()
    told = native.get("OperationProperties")
    return said not in ("", "false") or (
        bool(told) and not any(name.startswith("OperationProperties.") for name in fields)
    )


def _scope(change: Change, fields: Mapping[str, Any]) -> str | None:
    whose = _mailbox_of_rule(fields) if "UserId" in change.scope else ""
    if whose:
        return whose
    return next((text for name in change.scope if (text := _one_line(fields.get(name)))), None)


def _not_told(change: Change, meaning: Meaning, native: Mapping[str, Any], fields: Mapping[str, Any]) -> str | None:
    """`?` for a rule or forwarding of which the record does not tell whom it sends mail to; None for others.

    That is told where it was made, not where it is changed, turned on or taken away, by a name, and by parameters that
    were read.
    """
    if change.kind in _SENDS_ON and meaning.activity.casefold().startswith(_TAKES_AWAY):
        return _NOBODY_TOLD
    to_nobody = any(name in fields and not _one_line(fields[name]) for name in change.given_to)
    if change.kind == Mark.FORWARDING and to_nobody:  # until then it was set to somebody
        return _NOBODY_TOLD
    if change.given_to and change.kind in _SENDS_ON and not is_told_apart(fields):
        return _NOBODY_TOLD
    if change.kind == Mark.FORWARDING and any(name.startswith("Parameters.") for name, _ in change.when):
        return None if _has_parameters(native) else _NOBODY_TOLD
    if change.kind != Mark.RULE or not change.given_to:
        return None
    if any(fields.get(name) for name in change.given_to):
        return None
    is_new = meaning.activity.casefold().startswith("new-") and _has_parameters(native)
    return None if is_new and not any(fields.get(name) for name in _BY_RANK) else _NOBODY_TOLD


def _gives_somebody(change: Change, fields: Mapping[str, Any]) -> bool:
    """Whether it gives something to somebody else than the provider's own groups and accounts: for a person, then."""
    told = (change.receivers(fields) or "").split("; ")
    return any(one and not _PROVIDERS_OWN.match(one.rpartition("/")[2]) for one in told)


def _has_parameters(native: Mapping[str, Any]) -> bool:
    """Whether the record has the parameters of its command, each with its name."""
    told = native.get("Parameters")
    parts = told if isinstance(told, list) else [told]
    return bool(parts) and all(isinstance(one, dict) and one for one in parts)


def _mailbox_of_rule(fields: Mapping[str, Any]) -> str:
    r"""Where a rule is named by its mailbox (`MAILBOX\RULE`) and that is not called as the caller is, that name."""
    if any(_one_line(fields.get(name)) for name in ("Parameters.Mailbox", "MailboxOwnerUPN", "MailboxGuid")):
        return ""
    named = _one_line(fields.get("Parameters.Identity")) or _one_line(fields.get("ObjectId"))
    mailbox = named.rpartition("\\")[0].rpartition("/")[2].casefold()
    caller = _one_line(fields.get("UserId")).casefold()
    return "" if not mailbox or mailbox in (caller, caller.partition("@")[0]) else named


def _detail(change: Change, fields: Mapping[str, Any]) -> str:
    shown = [f"{_short(name)} {text}" for name in change.shows if (text := _shown(fields.get(name)))]
    return f"{change.sentence}: {'; '.join(shown)}" if shown else change.sentence


def _short(name: str) -> str:
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name.removesuffix(".NewValue")


def _shown(value: object) -> str:
    """A value on one line, cut where it is long; "" where there is none."""
    return to_be_cut(_one_line(value), _MOST_SHOWN, "…")


def _one_line(value: object) -> str:
    if value is None:
        return ""
    text = ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
    return " ".join(text.split())
