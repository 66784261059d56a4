"""An alert of another tool as its record says it: the rule, level and words; and the text that hits keep of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tocsin.model.clipping import to_be_cut
from tocsin.model.finding import Entity, EntityType, Level
from tocsin.model.rule import RuleInfo

MOST_SAID = 300  # characters of a title, a rule's id or a value that are kept
_TECHNIQUE = re.compile(r"(?<![A-Za-z0-9])T\d{4}(?:\.\d{3})?(?![0-9])")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
# As Sigma tags tactics, in the order an intrusion takes them.
TACTICS = (
    "reconnaissance", "resource-development", "initial-access", "execution", "persistence", "privilege-escalation",
    "defense-evasion", "credential-access", "discovery", "lateral-movement", "collection", "command-and-control",
    "exfiltration", "impact",
)  # fmt: skip


class Alert(NamedTuple):
    """One alert of one record.

    kind        the tool, as `model.finding.Detector.kind` has it: `wazuh`, `suricata`
    rule        the tool's own id of what fired; where it has none, the title
    title       what fired, in words that are the same whenever it fires; `level` by the source's declared table
    techniques  ATT&CK ids; `tactics` as Sigma tags them; both sorted
    said        named values of the record that say what was seen, in the order they are told
    entities    what the alert names beyond the columns of its event
    columns     event columns and `time` that are the alert's own, where a record tells of several; none: its event's
    """

    kind: str
    rule: str
    title: str
    level: Level
    techniques: Sequence[str] = ()
    tactics: Sequence[str] = ()
    said: Sequence[tuple[str, str]] = ()
    entities: Sequence[Entity] = ()
    columns: Mapping[str, Any] | None = None

    @property
    def id(self) -> str:
        """What findings call the rule by: the tool, and the tool's own id of it."""
        return to_be_cut(f"{self.kind}:{self.rule or self.title}", MOST_SAID)

    @property
    def told(self) -> str:
        """The column `told` of `model.tables.HITS`: a JSON list of texts, and of entities as pairs of them."""
        return json.dumps(
            [
                self.kind,
                self.level.value,
                to_be_cut(self.title, MOST_SAID),
                " ".join(self.techniques),
                " ".join(self.tactics),
                [[entity.type.value, entity.id] for entity in self.entities],
            ],
            ensure_ascii=False,
        )

    @property
    def matched(self) -> str:
        """The column `matched` of the same: what was seen is what the record says in these fields."""
        said = [(name, to_be_cut(" ".join(value.split()), MOST_SAID)) for name, value in self.said]
        return json.dumps([[name, f"is '{text}'", text] for name, text in said], ensure_ascii=False)


class Told(NamedTuple):
    """What is kept of an alert's own words: its tool, the rule as any other, and the entities it names."""

    kind: str
    rule: RuleInfo
    entities: tuple[Entity, ...]


def read_told(rule: str, told: str) -> Told:
    """`Alert.told` read back; behind a door any text of it may be a token, and a level that is none is medium."""
    kind, level, title, techniques, tactics, named = json.loads(told)
    info = RuleInfo(
        id=rule,
        title=title,
        level=Level(level) if level in set(Level) else Level.MEDIUM,
        author="",
        path="",
        techniques=tuple(techniques.split()),
        tactics=tuple(tactics.split()),
    )
    entities = (Entity(EntityType(type_), id_) for type_, id_ in named if type_ in set(EntityType))
    return Told(kind, info, tuple(entities))


def techniques_in(texts: Sequence[str]) -> tuple[str, ...]:
    """Every ATT&CK id of a technique that stands in these texts, sorted."""
    return tuple(sorted({found for text in texts for found in _TECHNIQUE.findall(text)}))


def tactics_in(texts: Sequence[str]) -> tuple[str, ...]:
    """Tactics, whatever way a tool writes them (`InitialAccess`, `Initial Access`), as Sigma tags them; sorted."""
    found = {_HUMP.sub("-", text.strip()).lower().replace(" ", "-").replace("_", "-") for text in texts}
    return tuple(sorted(found.intersection(TACTICS)))
