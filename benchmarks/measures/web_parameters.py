"""Values of web requests' parameters: what rules find of attacks in them, and what the form of a value adds.

Each value stands in the query of a request of an invented access log, which is read and matched as any other.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import numpy as np

from benchmarks.measures.attack_samples import RULES
from benchmarks.measures.separation import area, detected
from benchmarks.page import share, table
from tocsin.collect.source import all_sources
from tocsin.detect.behaviour.history import Floats
from tocsin.detect.behaviour.rarity import Counted, Dimension
from tocsin.detect.sigma.compile import compile_rules
from tocsin.detect.sigma.match import Matcher
from tocsin.detect.sigma.rules import load_rules
from tocsin.model.record import Record
from tocsin.ruleset.compiled import log_source_maps, own_rules

FILE = "web_attack_parameters/payload_train.csv.gz"
_NAMED = ("medium", "high", "critical")
_ORDINARY = "norm"
# What a value is made of: letters, digits, white space, and every other sign as it is; repeated signs once.
_FORM = ((r"[^\W\d_]+", "a"), (r"\d+", "1"), (r"\s+", " "), (r"(.{1,3}?)\1+", r"\1"))


def values(data: Path) -> list[tuple[str, str]]:
    """(value, what it is) of every row."""
    with gzip.open(data / FILE, "rt", encoding="utf-8", newline="") as stream:
        return [(row["payload"], row["attack_type"]) for row in csv.DictReader(stream)]


def found_by(rules: Sequence[Path], asked: Sequence[str]) -> np.typing.NDArray[np.bool_]:
    """Of each value whether a rule of level medium or above holds on a request with it that was answered."""
    ruleset = load_rules(rules)
    grave = {one.info.id for one in ruleset.rules if one.info.level in _NAMED}
    source = next(one for one in all_sources() if one.name == "web_access")
    lines = "".join(
        f'192.0.2.7 - - [04/Mar/2026:22:14:03 +0000] "GET /find?q={quote(value, safe="")} HTTP/1.1" 200 512\n'
        for value in asked
    ).encode()
    records = [one for one in source.records(lines, b"", 0) if isinstance(one, Record)]
    if len(records) != len(asked):
        raise ValueError(f"{len(asked)} requests were written and {len(records)} read")
    matches = Matcher(compile_rules(ruleset, log_source_maps()), "web_access").match(records)
    told = np.zeros(len(asked), dtype=np.bool_)
    told[[match.index for match in matches if match.rule in grave]] = True
    return told


def rarity(rows: Sequence[tuple[str, str]], seed: int = 1) -> Mapping[str, Mapping[str, tuple[float, float, float]]]:
    """By score and sort of attack (area under the curve, detected at 1 % and at 5 % false alarms).

    A random half of the ordinary values is learned; asked are the others.
    """
    chance = np.random.default_rng(seed)
    sorts = np.array([sort for _, sort in rows])
    ordinary = chance.permutation(np.flatnonzero(sorts == _ORDINARY))
    learned = ordinary[: ordinary.size // 2]
    asked = np.setdiff1d(np.arange(len(rows)), learned)
    texts = [rows[place][0] for place in (*learned, *asked)]
    split, of_asked = learned.size, sorts[asked]
    form = np.unique([_form(text) for text in texts], return_inverse=True)[1].astype(np.int64)
    counted = Counted(Dimension(subject=np.arange(form.size), thing=form, contexts=()))
    counted.learn(0, slice(0, split), np.ones(split, dtype=np.bool_))
    found = counted.found(1, slice(split, form.size))
    odd: Floats = np.zeros(asked.size)
    odd[found.row - split] = -np.log10(found.p)
    signs = np.array([sum(not one.isalnum() for one in text) for text in texts[split:]], dtype=np.float64)
    scores = {
        "rarity of the form": odd,
        "form never seen": (~np.isin(form[split:], form[:split])).astype(np.float64),
        "number of signs": signs,
        "length": np.array([len(text) for text in texts[split:]], dtype=np.float64),
        "random": chance.random(asked.size),
    }
    kinds = sorted(set(of_asked.tolist()) - {_ORDINARY})
    return {
        name: {
            kind: (
                area(score[of_asked == kind], score[of_asked == _ORDINARY]),
                detected(score[of_asked == kind], score[of_asked == _ORDINARY], 0.01),
                detected(score[of_asked == kind], score[of_asked == _ORDINARY], 0.05),
            )
            for kind in kinds
        }
        for name, score in scores.items()
    }


def _form(text: str) -> str:
    for pattern, put in _FORM:
        text = re.sub(pattern, put, text)
    return text[:24]


def section(data: Path, scratch: Path) -> str:
    """What the page says of it."""
    rows = values(data)
    sorts = np.array([sort for _, sort in rows])
    texts = [text for text, _ in rows]
    theirs = found_by([data / RULES], texts)
    both = theirs | found_by([own_rules()], texts)
    told: list[tuple[object, ...]] = []
    for sort in sorted(set(sorts.tolist()), key=lambda one: (one == _ORDINARY, one)):
        of = sorts == sort
        every = int(of.sum())
        told.append(
            (
                "ordinary (false alarms)" if sort == _ORDINARY else sort,
                every,
                f"{int(theirs[of].sum()):,} ({share(int(theirs[of].sum()), every)})",
                f"{int(both[of].sum()):,} ({share(int(both[of].sum()), every)})",
            )
        )
    scored: list[tuple[object, ...]] = [
        (name, *(f"{whole:.3f}, {at_1:.2f}, {at_5:.2f}" for whole, at_1, at_5 in by_kind.values()))
        for name, by_kind in rarity(rows).items()
    ]
    kinds = sorted(set(sorts.tolist()) - {_ORDINARY})
    return f"""## Component: values of web parameters, `{FILE.partition("/")[0]}`

{len(rows):,} values, each in the query of a request that was answered, in an invented access log. Found is a value on which a rule of level
medium or above holds. No rule was written or changed for these data.

{table("sort | values | by SigmaHQ's rules alone | by SigmaHQ's and ours", told)}

No model of behaviour judges parameters of web requests. Tested is what one would be made of (`detect/behaviour/rarity.py`) on the form
of a value (letters, digits and white space as one sign each, other signs as they are): a random half of the ordinary values is
learned, the others are asked. Area under the curve, detected at 1 % and at 5 % false alarms; the form was written down before its
first run and not changed after it.

{table(f"score | {' | '.join(kinds)}", scored)}"""
