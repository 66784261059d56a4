"""Answers in; a STIX 2.1 bundle of indicators out, for those who have to look for the same intruder."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.model.answers import Answers
from tocsin.render.json_text import json_text
from tocsin.share.format import Part
from tocsin.share.indicators import Own, indicators_of
from tocsin.share.marking import Tlp
from tocsin.share.stix import bundle


@dataclass(frozen=True, slots=True, kw_only=True)
class Stix:
    """What others can look for. `own` is never an indicator; accounts are in it only `with_accounts`."""

    tlp: Tlp = Tlp.AMBER_STRICT
    own: Own = Own()  # noqa: RUF009  # a named tuple
    with_accounts: bool = False
    name: str = "stix"
    parts: frozenset[Part] = frozenset({Part.INVESTIGATION})

    def render(self, answers: Answers, part: Part) -> str:
        """One bundle."""
        return self.bundle(answers)

    def bundle(self, answers: Answers) -> str:
        """The same, of the incidents in the answers that are taken as an intrusion."""
        indicators, left_out = indicators_of(answers, self.own)
        return json_text(bundle(indicators, left_out, answers.as_of, self.tlp, with_accounts=self.with_accounts))


FORMAT = Stix()
