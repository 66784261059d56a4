"""Cards of the models of behaviour: what each finds within a budget beside its baselines, written into `docs/models/`.

A card is a page a person wrote, with one part between two marks that is written here. A model that is on and no better
than a baseline at the budget the product has is told as such.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.measures import (
    behaviour_beacons,
    behaviour_calls,
    behaviour_habits,
    behaviour_issues,
    behaviour_links,
    behaviour_origins,
    behaviour_processes,
    behaviour_reaches,
    behaviour_volumes,
)
from benchmarks.measures.planted import BUDGETS, Found, Share
from benchmarks.page import dated, table
from tocsin.detect.behaviour.model import all_models
from tocsin.model.behaviour import DEFAULT_BUDGET

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "models"
BEGIN = "<!-- figures: written by `make model-cards` -->"
END = "<!-- end of figures -->"
_WIDTH = 130
WILSON = "Wilson's at 95 %, each planted case counted as one by itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured of one model.

    found     by score and budget; the model's own under its name
    data      what was measured on; `public` why it is not public data of the kind wanted, "" where it is
    interval  whose the intervals are
    unit      what a share is of
    parts     the same of parts of the data, by what they are
    """

    found: Found
    data: str
    unit: str
    public: str
    interval: str = WILSON
    parts: Mapping[str, Found] = field(default_factory=dict)


Measure = Callable[[Path, Path], Figures]

_LINKS = (
    "Invented: {accounts} over 90 days, 20 of them newcomers; {things}; 3 of 100 times an account turns to what its group likes in "
    "place of its own. On 30 days of one account each it makes one to three new links to things drawn evenly. Five estates, 150 cases."
)


def _links(name: str, things: str, public: str, data: Path, scratch: Path) -> Figures:
    return Figures(
        found=behaviour_links.links(name),
        data=_LINKS.format(accounts="400 accounts", things=things),
        unit="compromised days of an account among the first of their day, from day 40 on",
        public=public,
    )


def _times(data: Path, scratch: Path) -> Figures:
    return Figures(
        found=behaviour_habits.times(),
        data="Invented: 200 accounts of five groups that work from 7 to 19 hours on, one in ten at weekends too, late evenings now and "
        "then, over 90 days; on 30 days of one account each an hour of activity at any time of the week, which often falls into "
        "working hours. Five estates, 150 cases.",
        unit="such days among the first of their day, from day 40 on",
        public="No suitable public data exists: none has months of people's activity and an intruder's among it.",
    )


def _paths(data: Path, scratch: Path) -> Figures:
    return Figures(
        found=behaviour_habits.paths(),
        data="Invented: 200 accounts at machines of their own, three in a hundred on another's on a day, ten administrators who go to "
        "servers, of whom two are a help desk and go there from anybody's machine on a third of their days, over 90 days; on 30 days "
        "of one administrator each the credentials are used once from somebody else's machine (one in ten of them empty, which no "
        "parent tells). Five estates, 150 cases. The estate was drawn anew once after its figures had been seen.",
        unit="such days among the first of their day, from day 40 on",
        public="No suitable public data exists: none has months of sign-ins with their sources and an intruder's among them.",
    )


def _amounts(data: Path, scratch: Path) -> Figures:
    return Figures(
        found=behaviour_habits.amounts(),
        data="Invented: 200 accounts of five groups, nine documents on a workday on the median, fourfold differences within a group, one "
        "account-day in a hundred of bulk work, ten times the usual, over 60 days; on 30 days of one account each 30, 60 or 120 "
        "documents more. Three estates, 90 cases.",
        unit="such days among the first of their day, from day 40 on",
        public="No suitable public data exists: none has weeks of accesses by account and a collector's among them.",
    )


def _beacons(data: Path, scratch: Path) -> Figures:
    return Figures(
        found=behaviour_beacons.estate(),
        data="Invented: 150 hosts that browse, are updated, and of which one in a hundred a day begins to poll something of its own for "
        "good; a beacon of 1 to 30 minutes and up to 50 % jitter on the last of 12 days. 24 runs. A change of the model (p bounded, "
        "newness counted) was made after these runs had been seen: they are no held-out figures. The peer is RITA's timestamp score, "
        "written anew from its description.",
        unit="beacons' hosts among the first of the day",
        public="No suitable public data exists: none has weeks of ordinary traffic and known beacons by host. One recorded day and "
        "simulated series: [evaluation](../evaluation.md), `beacons`.",
    )


def _calls(data: Path, scratch: Path) -> Figures:
    return Figures(
        found=behaviour_calls.measure(data, scratch),
        data="The operations of the 21 recorded detonations of Stratus Red Team (`cloudtrail`), each put into one of 200 invented accounts "
        "on the last of 30 days, with that account's own region and program; half of the attacks' operations are usual somewhere in "
        "the institution.",
        unit="detonations' accounts among the first of the day",
        public="No suitable public data exists: none has weeks of an institution's ordinary calls. Rules alone, SigmaHQ's and ours, have a "
        "finding of medium or above on the detonations as [evaluation](../evaluation.md), `cloud`, says, without a budget.",
    )


def _collectors(data: Path, scratch: Path) -> Figures:
    return Figures(
        found=behaviour_reaches.collectors(),
        data="Invented: 200 people, 36 matters of three classes, a log-normal pace, gamma-distributed days, busy weeks, and on six days of a "
        "thousand copies of 12 to 40 files at once, over 90 days; six people take copies of some 2.5 more files a day of matters of "
        "theirs for thirty days, each once. Three estates, 18 collectors. It was drawn before the model, and looked at while the "
        "model was written: which counts it has was chosen on it.",
        unit="collectors among the first of any of the thirty days, so that chance finds many",
        public="No suitable public data exists: none has a slow collector among months of ordinary work.",
    )


def _origins(data: Path, scratch: Path) -> Figures:
    return Figures(
        found=behaviour_origins.measure(),
        data="Invented: 400 accounts over 90 days, 20 of them newcomers, with a home of their own and the institution's inside; journeys of up "
        "to five days (6 of 1,000 days there begin one), new homes (0.8), new programs (1.2, of thirty, the popular ones most), and one "
        "account in ten that comes through forty carriers' networks as well. On 30 days of one account each somebody else comes too, "
        "from a network nobody used: a quarter with the account's own program, the others with one new to it, half of these with the "
        "most popular. Five estates, 150 cases. It was drawn after the model.",
        unit="such days among the first of their day, from day 40 on",
        public="No suitable public data exists: none has months of an institution's sign-ins with an intruder's among them.",
    )


def _unissued(name: str, drawn: str, public: str, data: Path, scratch: Path) -> Figures:
    return Figures(
        found=behaviour_issues.measure(name),
        data=f"Invented: 400 accounts over 90 days; {drawn} Half of the accounts used so are on leave for twelve days. Five estates, 150 "
        "cases. The logs of issues are whole.",
        unit="such days among the first of their day, from day 40 on",
        public=public,
    )


def _volumes(data: Path, scratch: Path) -> Figures:
    found = behaviour_volumes.measure()
    return Figures(
        found=found["all"],
        data="Invented: 200 hosts, 9 MB a day on the median, a hundredfold spread, weekends, ten times the usual on one host-day in a "
        "hundred, a third to lone destinations on three days of ten; 30 days learned, then an outflow of one of three sorts. 30 runs "
        "of each, 90 cases.",
        unit="outflows found within ten days",
        public="No suitable public data exists: none at hand has bytes by host over weeks.",
        parts={what: its for what, its in found.items() if what != "all"},
    )


def _processes(data: Path, scratch: Path) -> Figures:
    figures = behaviour_processes.measure(data)
    areas = "; ".join(f"{name} {value:.2f}" for name, value in figures.auc.items())
    return Figures(
        found=figures.found,
        data=f"The atomic recordings of Security-Datasets (`otrf_mordor`): {figures.recordings} have starts of both sorts, {figures.starts:.0f} distinct "
        f"starts on the median; {figures.left_out} have not and are left out. Which starts were the attack is not labelled: one counts "
        "as the attack's where the operator's console log or the title names its program. What is usual is learned from the recordings "
        f"of other techniques. The budget is of a recording and not of a day. Area under the curve within a recording: {areas}.",
        unit="recordings of which an attack's start is among the first",
        public="No suitable public data exists with weeks of ordinary starts beside attacks, so false alarms a day are not known. Which of "
        "these recordings Sigma's rules name: [evaluation](../evaluation.md), `otrf`.",
        interval="the central 95 % of 1,000 resamples of the techniques, for recordings of one are alike",
    )


MEASURES: Mapping[str, Measure] = {
    "links_host": partial(
        _links,
        "links_host",
        "300 hosts in ten groups, eight an account's own",
        "No suitable public data exists: none at hand has months of sign-ins and an intruder's among them. New links of real sign-ins "
        "and masquerades of real users: [evaluation](../evaluation.md), `new_links` and `masquerades`.",
    ),
    "links_application": partial(
        _links,
        "links_application",
        "60 applications in ten groups, six an account's own",
        "No suitable public data exists: none has months of an institution's sign-ins to applications with an intruder's among them.",
    ),
    "links_matter": partial(
        _links,
        "links_matter",
        "200 matters in twenty groups, five an account's own",
        "No suitable public data exists: none says who works on which matter.",
    ),
    "first_privilege": partial(
        _links,
        "first_privilege",
        "14 privileges in ten groups, three an account's own (1 of 100 times another)",
        "No suitable public data exists: none has months of ordinary activity with an intruder's first privilege in it.",
    ),
    "time_of_day": _times,
    "login_path": _paths,
    "origin": _origins,
    "beaconing": _beacons,
    "cloud_calls": _calls,
    "outbound": _volumes,
    "volume": _amounts,
    "slow_collection": _collectors,
    "process_rarity": _processes,
    "unissued_ticket": partial(
        _unissued,
        "unissued_ticket",
        "everybody gets a ticket in the morning and asks with it; one in seven asks from a second address on a fifth of its days, all others "
        "on one in a hundred; ten have tickets of another domain, ten always ask from another address, one ticket in 500 is not in the "
        "logs. On 30 days of one account each a service ticket is asked for from somebody else's machine.",
        "No suitable public data exists: 13 public recordings hold service tickets, of minutes and none of a forged one, and the published "
        "sign-ins of an institution (LANL) are the first 5,000 of three days.",
    ),
    "unissued_service_ticket": partial(
        _unissued,
        "unissued_service_ticket",
        "each goes to one to five of thirty servers and to no other; two servers are called otherwise in their tickets, twenty accounts need no "
        "ticket, and of 200 logons one is with a ticket that is not in the logs. On 30 days of one account each a server, any of the "
        "thirty, is used without a ticket.",
        "No suitable public data exists: none has weeks of a domain controller's log beside those of servers.",
    ),
    "unissued_token": partial(
        _unissued,
        "unissued_token",
        "in the office the federation server sees another address than the tenant, at home, two days of five, the same; one account in five has "
        "a telephone that signs in without a token on a third of its days, twenty never have one. On 30 days of one account each a "
        "sign-in without a token, from a network nobody used, at any hour.",
        "No suitable public data exists: none has the log of a federation server beside that of its tenant.",
    ),
    "unissued_session": partial(
        _unissued,
        "unissued_session",
        "most sign in each day, one in ten on Mondays alone; one in five has a telephone with a session of months, used every second day, and "
        "one day in a hundred a browser goes on with a session no sign-in of which is left. On 30 days of one account each things are "
        "reached in a session, and from a network, that nobody knows.",
        "No suitable public data exists: of the one public tenant 7 of 9 sessions have no sign-in.",
    ),
}


def card(name: str, figures: Figures) -> str:
    """The part of a card that is written here, with its marks."""
    state = "on" if all_models()[name].info.is_on else "off"
    protocol = (
        f"**Protocol.** By day, scored before learned, parameters as they are in the repository. Told are {figures.unit}, at so many "
        "alerts a day of this model alone, before the estate calibrates it and models are put together. In brackets intervals: "
        f"{figures.interval}. Rules see nothing of what is invented: it has no records."
    )
    text = f"""## Measured

{textwrap.fill(f"**Data.** {figures.data} {figures.public}".strip(), _WIDTH)}

{textwrap.fill(protocol, _WIDTH)}

{_table(name, figures.found)}
{"".join(f"{chr(10)}{what}:{chr(10)}{chr(10)}{_table(name, found)}{chr(10)}" for what, found in figures.parts.items())}
{verdict(name, figures.found)} The model is {state}."""
    return f"{BEGIN}\n{dated(text)}\n\n`python benchmarks/evaluate.py cards` measures it again.\n{END}"


def rivals(name: str, found: Found, budget: int) -> tuple[str, ...]:
    """The baselines that the model is not better than at this many alerts a day."""
    own = found[name][budget].share
    return tuple(other for other, shares in found.items() if other != name and shares[budget].share >= own)


def verdict(name: str, found: Found) -> str:
    """In a sentence, at which budgets the model is better than every baseline, and where not, than which."""
    told = []
    for budget in BUDGETS:
        better = rivals(name, found, budget)
        what = "better than every baseline" if not better else f"no better than {', '.join(better)}"
        told.append(f"at {budget} {what}")
    return f"**A{'; '.join(told)[1:]}.**"


def write(name: str, text: str, folder: Path = FOLDER) -> None:
    """Put the part into its place in the model's page. ValueError where the page has no marks."""
    path = folder / f"{name}.md"
    before, mark, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError(f"{path} has no place for figures between its marks")
    path.write_text(f"{before}{text}{after}", encoding="utf-8")


def section(data: Path, scratch: Path) -> str:
    """Measures every model, writes its card, and tells in one table which are better than their baselines."""
    rows: list[tuple[object, ...]] = []
    against = []
    for name, measure in MEASURES.items():
        figures = measure(data, scratch)
        write(name, card(name, figures))
        found = figures.found
        best = max((other for other in found if other != name), key=lambda other: found[other][DEFAULT_BUDGET].share)
        is_on = all_models()[name].info.is_on
        is_better = not rivals(name, found, DEFAULT_BUDGET)
        if is_on and not is_better:
            against.append(name)
        rows.append(
            (
                f"[{name}](models/{name}.md)",
                "on" if is_on else "off",
                *(_told(found[name][budget]) for budget in BUDGETS),
                f"{best}: {_told(found[best][DEFAULT_BUDGET])}",
                "yes" if is_better else "no",
            )
        )
    unmeasured = ", ".join(f"`{name}`" for name in all_models() if name not in MEASURES)
    return f"""## Models of behaviour: what each finds within a budget

By the model's card (`docs/models/`): data, protocol, baselines and whose the intervals are. At {DEFAULT_BUDGET} alerts a day, which the product has for all
models together, a model should be better than each of its baselines, or off.

{table(f"model | state | {' | '.join(f'at {budget} a day' for budget in BUDGETS)} | best baseline at {DEFAULT_BUDGET} | better at {DEFAULT_BUDGET}", rows)}

On, and no better than a baseline at {DEFAULT_BUDGET}: {", ".join(against) or "none"}. Facts and no chances, so nothing to estimate: {unmeasured}."""


def _table(name: str, found: Found) -> str:
    rows: list[tuple[object, ...]] = [
        (f"**{score}**" if score == name else score, *(_told(shares[budget]) for budget in BUDGETS))
        for score, shares in found.items()
    ]
    return table(f"score | {' | '.join(f'{budget} a day' for budget in BUDGETS)}", rows)


def _told(share: Share) -> str:
    return f"{share.share:.2f} ({share.low:.2f}–{share.high:.2f})"
