"""What a matcher of invented persons finds in public logs, which name none of them, and what that costs."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from tocsin.collect.plan import plan
from tocsin.model.protection import FormKind
from tocsin.processing import Plan, Sealing, process
from tocsin.protect.forms import Expansion, expand
from tocsin.protect.matcher import Matcher

_ONSETS = [
    "b",
    "d",
    "f",
    "g",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "t",
    "v",
    "z",
    "br",
    "dr",
    "gr",
    "kr",
    "tr",
    "pr",
    "sl",
    "st",
    "vl",
    "zd",
]
_VOWELS = "aeiou"
_LATIN = "bdfgklmnprstvzaeiou"
_SCRIPTS = (
    str.maketrans(_LATIN, "бдфгклмнпрствзаеиоу"),
    str.maketrans(_LATIN, "ბდფგკლმნპრსტვზაეიოუ"),
    str.maketrans(_LATIN, "بدفغكلمنبرستفزاييوو"),
)
_ENDINGS = ("vic", "nen", "ska", "dze", "")
FEWEST_EVENTS = 300  # of a chunk that is measured: fixed costs are those of small files, and are said apart


def invented_persons(count: int, seed: int = 5, forms: int = 5) -> list[tuple[int, list[Expansion]]]:
    """The persons of `invented_forms`, each form expanded."""
    given = enumerate(invented_forms(count, seed, forms))
    return [(person, [expand(text, kind) for text, kind in held]) for person, held in given]


def invented_forms(count: int, seed: int = 5, forms: int = 5) -> Iterator[list[tuple[str, FormKind]]]:
    """Persons with made-up names in Latin letters and in a second script, an address, a phone and a document; beyond
    these five forms other given names with the same family name, in the one script and in the other.
    """
    rng = random.Random(seed)

    def word(syllables: int) -> str:
        return "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(syllables))

    for person in range(count):
        given, family = word(2), word(3) + rng.choice(_ENDINGS)
        script = _SCRIPTS[person % len(_SCRIPTS)]
        held = [
            (f"{given} {family}".title(), FormKind.NAME),
            (f"{given} {family}".translate(script).title(), FormKind.NAME),
            (f"{given}.{family}@example.org", FormKind.ADDRESS),
            (f"+49{rng.randrange(10**9, 10**10)}", FormKind.PHONE),
            (f"{rng.choice('ABCD')}{rng.choice('KLM')}{rng.randrange(10**6, 10**7)}", FormKind.DOCUMENT),
        ]
        for number in range(forms - len(held)):
            name = f"{word(2)} {family}"
            held.append(((name.translate(script) if number % 2 else name).title(), FormKind.NAME))
        yield held


def spellings_of(persons: Sequence[tuple[int, Sequence[Expansion]]]) -> int:
    """How many words and numbers are searched for."""
    return sum(
        sum(map(len, expansion.parts)) + len(expansion.words) + bool(expansion.digits)
        for _, expansions in persons
        for expansion in expansions
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One chunk of a log: its source, how many events it has, what processing it took, and each text in its tables."""

    source: str
    events: int
    cpu_seconds: float
    texts: Sequence[str]
    fields: int  # cells of the tables that hold a text


def chunks_of(paths: Sequence[Path]) -> Iterator[Chunk]:
    """What is made of logs, without rules."""
    for planned in plan([str(path) for path in paths]):
        for task in planned.tasks:
            data = task.data
            if data is None and task.file is not None:
                data = task.file.read_bytes()[task.chunk.offset : task.chunk.offset + task.chunk.length]
            gc.collect()
            started = time.process_time()
            result, _ = process(data or b"", task.chunk, Plan(matchers={}), Sealing(secret=bytes(32), name="x"))
            seconds = time.process_time() - started
            columns = [
                column
                for table in (result.events, result.accesses, result.marks)
                for column in table.columns
                if column.type == pa.string()
            ]
            texts = dict.fromkeys(text for column in columns for text in column.unique().to_pylist() if text)
            yield Chunk(
                source=task.chunk.input.source,
                events=result.events.num_rows,
                cpu_seconds=seconds,
                texts=list(texts),
                fields=sum(len(column) - column.null_count for column in columns),
            )


def masked_share(matcher: Matcher, chunks: Sequence[Chunk]) -> tuple[int, int]:
    """How many of the distinct texts of each chunk something is found in, and how many there are."""
    return sum(len(matcher.find(chunk.texts)) for chunk in chunks), sum(len(chunk.texts) for chunk in chunks)
