"""Rules by host in; a layer for the ATT&CK Navigator out (layer format 4.5): what could really have fired.

The format: https://github.com/mitre-attack/attack-navigator/blob/master/layers/spec/v4.5/layerformat.md
"""

from __future__ import annotations

from typing import Final

from tocsin.model.instant import format_time
from tocsin.model.operable import RulesByHost, TechniqueSight
from tocsin.render.element import Json
from tocsin.render.json_text import json_text
from tocsin.share.leading import listed
from tocsin.share.summary import counted

_LAYER: Final = "4.5"
_NAVIGATOR: Final = "5.1.0"
_DOMAIN: Final = "enterprise-attack"
# One colour from pale to strong, and none of the two for what nobody could have seen.
_COLOURS: Final = ("#d6e8dd", "#2f855a")
_BLIND: Final = "#f4c7a1"
_MOST_NAMED: Final = 5


def layer_text(found: RulesByHost) -> str:
    """The layer as JSON: a technique's score is the share in per cent of the hours in which a rule for it could have
    fired, on the hosts where one could at all; 0, in a colour of its own, where all its rules were blind."""
    return json_text(_layer(found))


def _layer(found: RulesByHost) -> dict[str, Json]:
    span = "no dated record" if found.from_ is None else f"{_time(found.from_)} to {_time(found.to)}"
    techniques: list[Json] = [_technique(one) for one in found.techniques]
    legend: list[Json] = [
        {"label": "a rule could have fired: the deeper, the more of the time", "color": _COLOURS[1]},
        {"label": "every rule for it was blind", "color": _BLIND},
    ]
    return {
        "name": "Tocsin: what could have fired",
        "versions": {"attack": found.attack_version.split(".")[0], "navigator": _NAVIGATOR, "layer": _LAYER},
        "domain": _DOMAIN,
        "description": f"Techniques that rules could have shown in the logs held, {span}. Scored by rules whose log was"
        " there with the fields they need, in the hours in which it was watched. One without a mark is in no rule.",
        "sorting": 3,
        "hideDisabled": False,
        "techniques": techniques,
        "gradient": {"colors": list(_COLOURS), "minValue": 0, "maxValue": 100},
        "legendItems": legend,
        "showTacticRowBackground": False,
        "selectTechniquesAcrossTactics": True,
        "selectSubtechniquesWithParent": False,
    }


def _technique(one: TechniqueSight) -> dict[str, Json]:
    able, every = len(one.operable), len(one.operable) + len(one.blind)
    score = -(-100 * one.hours // one.of) if able else 0
    metadata: list[Json] = [
        {"name": "could have fired", "value": f"{able:,} of {counted(every, 'rule')}"},
        {"name": "on", "value": counted(one.hosts, "host")},
        {"name": "hours watched there", "value": f"{one.hours:,} of {one.of:,}"},
    ]
    if not able:
        metadata = metadata[:1]
    word = "could have fired" if able else "blind"
    technique: dict[str, Json] = {
        "techniqueID": one.technique,
        "score": score,
        "comment": f"{word}: {listed(one.operable or one.blind, _MOST_NAMED)}",
        "enabled": True,
        "metadata": metadata,
        "showSubtechniques": True,
    }
    return technique | ({} if able else {"color": _BLIND})


def _time(value: int | None) -> str:
    return "" if value is None else format_time(value)[:16].replace("T", " ")
