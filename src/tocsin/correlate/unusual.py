"""From alerts of behaviour to findings: one a subject and day, with the words of every model that found it odd."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tocsin.correlate.finding_ids import finding_ids
from tocsin.correlate.techniques import crosswalk
from tocsin.model.behaviour import Alert, ModelInfo, Oddity
from tocsin.model.finding import Detector, Entity, EntityType, Finding, Level, Measured
from tocsin.model.identity import is_remote_address
from tocsin.model.reference import RecordPlace

KIND = "behaviour"
_NAMED = (("host", EntityType.HOST), ("address", EntityType.ADDRESS), ("application", EntityType.APPLICATION))


def conclude(
    alerts: Sequence[Alert], models: Mapping[str, ModelInfo], place: Callable[[int], RecordPlace]
) -> tuple[Finding, ...]:
    """A finding an alert, in the order of the alerts; its detector is the model that found the day oddest.

    Level low within the budget, medium where it is controlled, and that of its model where it is a fact.
    Ids are of the model, and the place of the first record, as those of rules (`finding_ids`).
    """
    firsts = [min(record for oddity in alert.oddities for record in oddity.records) for alert in alerts]
    places = [place(record) for record in firsts]
    leading = [models[alert.oddities[0].model] for alert in alerts]
    ids = finding_ids(
        [f"{KIND}:{one.name}:{alert.day}" for one, alert in zip(leading, alerts, strict=True)],
        list(zip(firsts, places, strict=True)),
    )
    techniques = crosswalk()
    return tuple(
        Finding(
            id=identity,
            detector=Detector(kind=KIND, id=info.name, title=info.title, level=_level(alert)),
            techniques=info.techniques,
            tactics=info.tactics,
            attack_version=info.attack_version,
            techniques_elsewhere=techniques.elsewhere(info.techniques),
            first=min((one.first for one in alert.oddities if one.first is not None), default=None),
            last=max((one.last for one in alert.oddities if one.last is not None), default=None),
            entities=_entities(alert),
            records=tuple(
                place(record) for record in sorted({record for one in alert.oddities for record in one.records})
            ),
            why=_why(alert),
            measured=tuple(Measured(model=one.model, p=one.p, numbers=one.numbers) for one in alert.oddities),
            state=alert.state,
            expected=None if alert.p is None else float(f"{alert.p * alert.among:.2g}"),
        )
        for identity, info, alert in zip(ids, leading, alerts, strict=True)
    )


def _level(alert: Alert) -> Level:
    if alert.p is None:
        return alert.oddities[0].level
    return Level.MEDIUM if alert.is_controlled else Level.LOW


def _why(alert: Alert) -> str:
    told = "; ".join(oddity.why for oddity in alert.oddities)
    if alert.p is None:
        return told
    sure = ", controlled" if alert.is_controlled else ""
    models = f"{alert.models} {'model' if alert.models == 1 else 'models'}"
    chance = f"by chance {alert.p * alert.among:.2g} of the {alert.among} judged that day would be as odd"
    return f"an unusual day (p = {alert.p:.2g} over {models}{sure}; {chance}): {told}"


def _entities(alert: Alert) -> tuple[Entity, ...]:
    subject = Entity(alert.about, alert.subject)
    return (subject, *sorted({named for oddity in alert.oddities for named in _named(oddity)} - {subject}))


def _named(oddity: Oddity) -> set[Entity]:
    told = {type_: str(oddity.numbers.get(name, "")) for name, type_ in _NAMED}
    return {
        Entity(type_, text)
        for type_, text in told.items()
        if text and (type_ is not EntityType.ADDRESS or is_remote_address(text))
    }
