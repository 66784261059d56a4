"""What `tocsin vault` tells, as plain text. Only `persons_text` says whom it is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tocsin.protect.persons_file import fault_text
from tocsin.protect.searched import counted
from tocsin.share.plain import shown

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.protect.searched import Searched
    from tocsin.protect.vault import Person
    from tocsin.protect.vault_log import LogLine
    from tocsin.protection.departures import Departed
    from tocsin.protection.vaults import Imported, Made, Status


def made_text(made: Made) -> str:
    """Where the vault lies, and what to do with its key."""
    lines = [f"vault:    {shown(str(made.folder))}", f"epoch:    {made.epoch}"]
    if not made.is_new:
        return "\n".join(lines) + "\nThe workspace is linked to it.\n"
    if made.key_file:
        lines.append(f"key file: {shown(str(made.key_file))}")
        lines.append("Who has both reads every name: keep a copy of the key file apart from copies of the vault.")
    lines.append("Nothing opens the vault without its key, and without it nothing sealed under its door.")
    return "\n".join(lines) + "\n"


_LEFT = 20  # things that left which are listed


def imported_text(done: Imported) -> str:
    """How much came in, what did not, and that everything is to be processed again."""
    text = made_text(done.made) if done.made else ""
    text += (
        f"imported: {_count(done.new_forms, 'new form')}, {_count(done.new_persons, 'new person')}; "
        f"{_count(done.known_forms, 'form')} known already\n"
        f"protected now: {_count(done.persons, 'person')} with {_count(done.forms, 'form')}, epoch {done.epoch}\n"
    )
    if done.faults:
        text += f"LEFT OUT, {_count(len(done.faults), 'line')}:\n{fault_text(done.faults)}\n"
    return text + shared_text(done.shared) + _again(done.new_forms) + departed_text(done.departed)


def departed_text(departed: Sequence[Departed]) -> str:
    """What went out before the import: the newest, and how many more."""
    text = ""
    for each in departed:
        place = shown(str(each.workspace))
        text += f"LEFT BEFORE THEY WERE PROTECTED, and may name them in clear ({place}):\n"
        for one in each.left[-_LEFT:]:
            entry = f", entry {one.entry:,}" if one.entry is not None else ""
            text += f"  {one.at}  {one.what}{entry}\n"
        more = len(each.left) - _LEFT
        text += f"  and {more:,} before these\n" if more > 0 else ""
        text += f"  and {each.sealed:,} sealed acts, of which some may tell of more\n" if each.sealed else ""
        text += (
            f"  to whom: tocsin record custody --workspace {place}. What has left cannot be changed: ask for it back.\n"
        )
    return text


def shared_text(shared: Mapping[int, int]) -> str:
    """Which lines give a form that is another person's too."""
    why = {
        line: "the form is that of another person too"
        + (f" (line {first})" if first else " (in the vault before)")
        + "; a text that says it gets that person's token"
        for line, first in shared.items()
    }
    return f"{fault_text(why)}\n" if why else ""


def _again(changed: int) -> str:
    return "What was processed before is processed again by the next tocsin investigate.\n" if changed else ""


def changed_text(epoch: int) -> str:
    """That there is a new epoch."""
    return f"epoch: {epoch}\n{_again(1)}"


def rotated_text(epoch: int, key_file: Path | None, source: str) -> str:
    """What opens the vault from now on, and what that does not change."""
    opens = f"the key file {shown(str(key_file))}" if key_file else f"the {source} given now"
    return (
        f"{changed_text(epoch)}"
        f"opens it: {opens}. What opened it before opens it no more.\n"
        "Copies of the vault made before still open with what opened them then: destroy them, or keep them as apart\n"
        "from that as before. What left with older tokens cannot be joined with what leaves from now on.\n"
        "A door that is served has to be started again, and gives it: TOCSIN_VAULT_PASSPHRASE or --passphrase-file.\n"
    )


def persons_text(persons: Sequence[Person], *, forms: bool) -> str:
    """One person a line, by handle; each form below it where they are asked for."""
    if not persons:
        return "Nobody is in the vault. Bring them in with: tocsin vault import\n"
    text = ""
    for person in persons:
        matters = ", ".join(map(shown, person.matters)) or "no matter"
        text += f"{shown(person.handle)}  {matters}  {_count(len(person.forms), 'form')}\n"
        if forms:
            text += "".join(f"  {form.kind.value:<9} {shown(form.text)}\n" for form in person.forms)
    return text


def checked_text(found: Searched) -> str:
    """Each reference and each thing that was not searched, a line each, then how many."""
    lines = [f"{shown(each.place)}{_column(each.column)}: {each.manner}" for each in found.references]
    lines += [f"{shown(each.place)}: not searched: {each.why}" for each in found.unsearched]
    lines += [f"{shown(each.place)}: a {each.kind}: what it shows is not searched" for each in found.unseen]
    lines.append(f"searched: {_count(found.files, 'file')}, {found.size:,} characters")
    lines.append(f"found:    {counted(len(found.references))}")
    if found.unsearched:
        lines.append(f"NOT SEARCHED: {_count(len(found.unsearched), 'place')}")
    lines += [
        f"not searched: {_count(count, kind)}: look at {'it' if count == 1 else 'them'} yourself"
        for kind, count in sorted(Counter(each.kind for each in found.unseen).items())
    ]
    return "\n".join(lines) + "\n"


def _column(column: int) -> str:
    return f", column {column}" if column else ""


def status_text(status: Status) -> str:
    """How it stands with a vault, in figures."""
    text = (
        f"vault:      {shown(str(status.folder))}\n"
        f"id:         {status.id}\n"
        f"epoch:      {status.epoch}\n"
        f"key:        from a {'key file' if status.source == 'file' else status.source}\n"
        f"protected:  {_count(status.persons, 'person')} with {_count(status.forms, 'form')}\n"
        f"door:       {status.door}\n"
        f"log:        {_count(len(status.log), 'line')}, whole\n"
    )
    if status.shared:
        text += f"shared:     {_count(status.shared, 'form')} of two persons, found for the first alone\n"
    for path, seen in status.workspaces:
        text += f"workspace:  {shown(path)}, {_seen(seen, status.epoch)}\n"
    return text


def _seen(seen: int | None, epoch: int) -> str:
    if seen is None:
        return "not there, or no longer linked"
    return "up to date" if seen == epoch else f"has seen epoch {seen}"


def log_text(log: Sequence[LogLine]) -> str:
    """One line a thing done, the oldest first."""
    return "".join(
        f"{line.at}  {shown(line.by)}  {line.what}  epoch {line.epoch}"
        + "".join(f"  {name}={shown(str(value))}" for name, value in sorted(line.figures.items()))
        + "\n"
        for line in log
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
