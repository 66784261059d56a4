"""Who took an input, when, from what and how, and what the provider counted."""

from __future__ import annotations

import enum
from dataclasses import dataclass

# The source an acquisition record is accounted under.
SOURCE = "acquisition"


class Extent(enum.StrEnum):
    """How much, said in one of two words: a closed question, so that no free words have to be read."""

    EVERYTHING = "everything"
    PART = "part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquisition:
    """One taking of one or more files, as the one who took them wrote it down.

    files                (name, pattern with `*`, or path below the folder; SHA-256 in hex or ""); none is every input
                         of the folder that no other acquisition names
    when                 ns UTC
    source               log format as the accounting names it, "" where it is not said
    reported_count       records the provider or the machine counted, of all the files together
    last_record_numbers  (channel, highest record number the log had when it was taken)
    extent               whether every account, operation, kind of record and place of the system was asked for; None
                         where it is not said
    from_, to            the time asked for, ns UTC, `to` exclusive, None where it is not said
    own_word             whether a collector's files say so of themselves, and nobody else does
    """

    files: tuple[tuple[str, str], ...]
    by: str
    when: int
    system: str = ""
    tool: str = ""
    command: str = ""
    account: str = ""
    filter: str = ""
    source: str = ""
    note: str = ""
    reported_count: int | None = None
    last_record_numbers: tuple[tuple[str, int], ...] = ()
    extent: Extent | None = None
    from_: int | None = None
    to: int | None = None
    own_word: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquisitionRecord:
    """An `acquisition.yaml` as it was read: `path` as accounted; `faults` say the line and what to do, "" for none."""

    path: str
    acquisitions: tuple[Acquisition, ...]
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """What an input's acquisition record says of it. Without one nothing is attested and every text is empty.

    attested somebody vouches for it; a collection's own word (`own_word`) is shown and attests nothing
    file     the acquisition record
    extent   how much of `from_` to `to` was asked for, as `Acquisition` has it
    counted  records read of all the files of that acquisition; None without one
    told     what does not agree, in sentences
    """

    attested: bool = False
    file: str = ""
    by: str = ""
    when: int | None = None
    system: str = ""
    tool: str = ""
    command: str = ""
    account: str = ""
    filter: str = ""
    extent: Extent | None = None
    from_: int | None = None
    to: int | None = None
    reported_count: int | None = None
    counted: int | None = None
    told: tuple[str, ...] = ()
    own_word: bool = False


NOT_ATTESTED = Attested()
