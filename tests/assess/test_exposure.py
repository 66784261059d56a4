from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.assess import exposure, naming, obstacles
from tocsin.model.coverage import STILL_COMING, Coverage, CoverageState, Mark, StandingChange
from tocsin.model.estate import Estate, Holding, Identity, Responder
from tocsin.model.exposure import ActorClass, Basis, Degree, Exposure, Verdict
from tocsin.model.instant import HOUR, parse_time
from tocsin.model.joining import Identities, Join, JoinKind
from tocsin.model.question import NO_SESSION, CompromiseStart, Question, Way
from tocsin.model.reference import RecordPlace
from tocsin.model.tables import ACCESSES

START = parse_time("2024-03-04T00:00:00Z") or 0
END = START + 100 * HOUR
ADA, BEN, EVA = (f"{name}.example@tribunal.example" for name in ("ada", "ben", "eva"))
BOX, OTHER = "registry.example@tribunal.example", "chambers.example@tribunal.example"
HOME, AWAY = "192.0.2.10", "203.0.113.66"
SOURCE = "m365_unified_audit"
_CLASS = "account"


def access(holding: str = "<1@tribunal.example>", **columns: Any) -> dict[str, Any]:
    return {
        "time": START + HOUR,
        "source": SOURCE,
        "kind": "mail_item",
        "holding": holding,
        "container": BOX,
        "actor": ADA,
        "actor_class": _CLASS,
        "address": AWAY,
        "session": "s-1",
        "client": "Client=REST",
        "degree": Degree.ACCESSED,
        "operation": "MailItemsAccessed",
    } | columns


def fold(rows: Sequence[dict[str, Any]]) -> pa.Table:
    numbered = [{"record": index} | row for index, row in enumerate(rows)]
    return exposure.combine([exposure.summarise(pa.Table.from_pylist(numbered, schema=ACCESSES))])


def base_row() -> Coverage:
    return Coverage(
        source=SOURCE,
        host="",
        channel="Exchange",
        from_=START - HOUR,
        to=END + HOUR,
        state=CoverageState.UNPROVEN,
        evidence="provider's word: the log has no proof of completeness",
        basis=Basis.PROVIDERS_WORD,
    )


def attested(pattern: str = "*", from_: int = START - HOUR, to: int = END + HOUR) -> Coverage:
    return replace(
        base_row(), from_=from_, to=to, state=CoverageState.PROVEN, scope=pattern, basis=Basis.ATTESTED, channel=""
    )


def blocked(state: CoverageState, scope: str = "") -> Coverage:
    return replace(base_row(), from_=START, to=START + HOUR, state=state, scope=scope, basis=Basis.NONE)


def people(*, administrator: bool = False) -> Estate:
    ada = Identity(id="p-1", accounts=(ADA, "tribunal\\ada", "s-1-5-21-1-2-3-1001"), administrator=administrator)
    ben = Identity(id="p-2", accounts=(BEN,))
    return Estate(
        identities=(ada, ben),
        holdings=tuple(Holding(pattern=box, kind="mailbox") for box in (BOX, OTHER)),
        by_account={account: identity for identity in (ada, ben) for account in identity.accounts},
    )


def ask(
    rows: Sequence[dict[str, Any]],
    question: Question,
    *coverage: Coverage,
    estate: Estate | None = None,
    changes: Sequence[StandingChange] = (),
) -> tuple[Exposure, ...]:
    return exposure.conclude(
        fold(rows),
        question,
        exposure.Evidence(
            coverage=(base_row(), *coverage),
            estate=estate or Estate(),
            place=lambda reference: RecordPlace("audit.jsonl", reference),
            start=CompromiseStart(earliest=START, likely=START, latest=START),
            as_of=END,
            changes=changes,
        ),
    )


def confirmed(rows: Sequence[Exposure]) -> list[Exposure]:
    return [row for row in rows if row.verdict is Verdict.CONFIRMED]


def verdict_of(rows: Sequence[Exposure], holding: str) -> Exposure:
    (found,) = [row for row in rows if row.holding == holding and row.verdict is not Verdict.CONFIRMED]
    return found


def test_an_access_confirms_with_everything_it_was_done_through() -> None:
    rows = ask(
        [
            access(time=START + 5),
            access(time=START + 9, address=HOME, session="s-2", operation="Send", degree=Degree.SENT_OUT),
            access(time=START + 7),
        ],
        Question(identities=(ADA,)),
    )
    (row,) = confirmed(rows)
    assert (row.holding, row.container, row.kind, row.actor) == ("<1@tribunal.example>", BOX, "mail_item", ADA)
    assert (row.degree, row.basis) == (Degree.SENT_OUT, Basis.RECORD)
    assert row.addresses == (HOME, AWAY)
    assert row.sessions == ("s-1", "s-2")
    assert row.operations == (("MailItemsAccessed", 2), ("Send", 1))
    assert (row.first, row.last) == (START + 5, START + 9)
    assert row.records == tuple(RecordPlace("audit.jsonl", n) for n in (0, 1, 2))
    assert row.premises.compromised == (f"account:{ADA}",)
    assert row.premises.channels == (SOURCE,)
    assert "provider" in row.premises.logging_point


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (Question(identities=(ADA,)), {"a", "b", "c"}),
        (Question(addresses=(AWAY,)), {"a", "d"}),
        (Question(identities=(ADA,), addresses=(AWAY,)), {"a"}),
        (Question(identities=(ADA, BEN), addresses=(AWAY,)), {"a", "d"}),
        (Question(sessions=("S-1",)), {"a", "b"}),
        (Question(sessions=(NO_SESSION,)), {"c"}),
        (Question(sessions=(NO_SESSION, "s-1")), {"a", "b", "c"}),
        (Question(ways=(Way(ADA, HOME, ""), Way("", "", "s-9"))), {"b", "c", "d"}),
        (Question(ways=(Way(BEN, "", ""), Way("", HOME, ""))), {"b", "c", "d"}),
        (Question(hosts=("host-1",)), set()),
    ],
)
def test_kinds_of_criteria_join_and_values_of_one_kind_are_alternatives(question: Question, expected: set[str]) -> None:
    rows = [
        access("a"),
        access("b", address=HOME),
        access("c", address=HOME, session=None),
        access("d", actor=BEN, session="s-9"),
    ]
    assert {row.holding for row in confirmed(ask(rows, question))} == expected


@pytest.mark.parametrize("form", ["p-1", "TRIBUNAL\\Ada", "S-1-5-21-1-2-3-1001", ADA.upper()])
def test_any_form_of_an_identity_finds_its_accounts(form: str) -> None:
    rows = [access("a"), access("b", actor="tribunal\\ada"), access("c", actor=BEN)]
    found = confirmed(ask(rows, Question(identities=(form,)), estate=people()))
    assert {row.holding for row in found} == {"a", "b"}


def test_the_window_is_half_open() -> None:
    rows = [access("a", time=START), access("b", time=END - 1), access("c", time=END)]
    found = confirmed(ask(rows, Question(identities=(ADA,), from_=START, to=END)))
    assert {row.holding for row in found} == {"a", "b"}


def test_an_access_without_a_time_is_neither_confirmed_nor_forgotten() -> None:
    rows = [access("a", time=None), access("b", time=parse_time("1601-01-01T00:00:00Z"))]
    found = ask(rows, Question(identities=(ADA,), from_=START, to=END))
    assert [(row.holding, row.verdict) for row in found if row.records] == [
        ("a", Verdict.UNKNOWN),
        ("b", Verdict.UNKNOWN),
    ]
    assert {row.holding for row in confirmed(ask(rows, Question(identities=(ADA,))))} == {"a", "b"}


def test_a_question_that_names_nobody_confirms_nothing() -> None:
    assert ask([access()], Question()) == ()


def test_provider_services_stand_apart_and_count_for_nothing() -> None:
    rows = ask(
        [
            access("a", actor_class=ActorClass.PROVIDER_SERVICE),
            access("b"),
            access("b", actor_class="provider_service"),
        ],
        Question(identities=(ADA,)),
    )
    classes = [(row.holding, row.actor_class) for row in confirmed(rows)]
    assert classes == [
        ("b", ActorClass.ACCOUNT),
        ("a", ActorClass.PROVIDER_SERVICE),
        ("b", ActorClass.PROVIDER_SERVICE),
    ]
    assert confirmed(rows)[1].reasons[0] == "reached by a provider service, not shown to be the intruder"
    assert "except this 1" in verdict_of(rows, BOX).label


def test_the_responders_own_accesses_stand_apart_and_only_in_their_time() -> None:
    firm = Responder(name="forensic firm", account=ADA, address=AWAY, from_=START + HOUR)
    rows = ask(
        [
            access("before", time=START),
            access("after", time=START + 2 * HOUR),
            access("elsewhere", time=START + 2 * HOUR, address=HOME),
            access("undated", time=None),
        ],
        Question(identities=(ADA,)),
        estate=replace(people(), responders=(firm,)),
    )
    classes = {row.holding: row.actor_class for row in rows if row.holding not in (BOX, OTHER)}
    assert classes == {
        "before": ActorClass.ACCOUNT,
        "after": ActorClass.RESPONDER,
        "elsewhere": ActorClass.ACCOUNT,
        "undated": ActorClass.ACCOUNT,
    }
    (after,) = (row for row in rows if row.holding == "after")
    assert after.reasons[0] == "reached by the responders themselves, as the estate declares them"
    assert "except these 3" in verdict_of(rows, BOX).label


@pytest.mark.parametrize("degree", list(Degree))
def test_who_has_one_thing_to_read_is_set_apart_for_no_more_than_reading_it(degree: Degree) -> None:
    probe = Responder(name="probe", account=ADA, from_=START, to=START + 2 * HOUR, holdings=("canary",))
    read = access("canary", time=START + HOUR, degree=degree)
    rows = ask([read], Question(identities=(ADA,)), estate=replace(people(), responders=(probe,)))
    (row,) = (row for row in rows if row.holding == "canary")
    is_reading = degree not in (Degree.SENT_OUT, Degree.ALTERED, Degree.DESTROYED)
    assert row.actor_class is (ActorClass.RESPONDER if is_reading else ActorClass.ACCOUNT)


def test_a_synchronised_folder_is_presumed_as_a_whole() -> None:
    (row,) = confirmed(
        ask([access("folder-1", kind="mail_folder", degree=Degree.PRESUMED)], Question(identities=(ADA,)))
    )
    assert row.degree is Degree.PRESUMED
    assert "every item of this folder must be presumed exposed" in row.reasons[0]


def test_the_rest_of_a_mailbox_is_its_complement() -> None:
    rows = ask([access("a"), access("b"), access("x", container=OTHER, actor=BEN)], Question(identities=(ADA,)))
    rest = verdict_of(rows, BOX)
    assert (rest.kind, rest.verdict, rest.basis) == ("mailbox", Verdict.UNKNOWN, Basis.PROVIDERS_WORD)
    assert "except these 2" in rest.label
    assert rest.reasons[-1] == (
        "every item of this mailbox except these 2: no access recorded; the provider's log has no proof of completeness"
    )
    other = verdict_of(rows, OTHER)
    assert other.verdict is Verdict.UNKNOWN
    assert not other.label


def test_ruled_out_needs_a_whole_attestation_and_known_ordinary_accounts() -> None:
    rows = [access("a"), access("x", container=OTHER, actor=BEN)]
    asked = Question(identities=(ADA,))
    found = ask(rows, asked, attested(), estate=people())
    assert verdict_of(found, OTHER).verdict is Verdict.RULED_OUT
    assert verdict_of(found, OTHER).basis is Basis.ATTESTED
    assert verdict_of(found, BOX).verdict is Verdict.RULED_OUT
    assert "except this 1" in verdict_of(found, BOX).reasons[0]
    admin = ask(rows, asked, attested(), estate=people(administrator=True))
    assert verdict_of(admin, OTHER).verdict is Verdict.UNKNOWN
    undeclared = ask(rows, asked, attested())
    assert verdict_of(undeclared, OTHER).verdict is Verdict.UNKNOWN
    part = ask(rows, asked, attested(to=END - 1), estate=people())
    assert verdict_of(part, OTHER).verdict is Verdict.UNKNOWN
    elsewhere = ask(rows, asked, attested(pattern=BOX), estate=people())
    assert verdict_of(elsewhere, OTHER).verdict is Verdict.UNKNOWN
    assert verdict_of(elsewhere, BOX).verdict is Verdict.RULED_OUT


def _on_their_way(from_: int) -> Coverage:
    return replace(base_row(), from_=from_, to=from_ + HOUR, evidence=f"a first export {STILL_COMING}", channel="")


def test_without_an_end_what_is_still_on_its_way_ends_the_time_judged_and_what_was_before_does_not() -> None:
    question = Question(identities=(ADA,), from_=START)
    rows = [access(), access(time=END)]
    for coming, judged_to in ((END - HOUR, END - HOUR), (START - 2 * HOUR, END)):
        row = verdict_of(ask(rows, question, attested(), _on_their_way(coming), estate=people()), OTHER)
        assert (row.verdict, row.premises.from_) == (Verdict.RULED_OUT, START), row.reasons
        assert row.premises.to == judged_to


def test_throttling_of_one_mailbox_blocks_that_one_and_of_an_unknown_one_blocks_all() -> None:
    rows = [access("a"), access("x", container=OTHER, actor=BEN)]
    asked = Question(identities=(ADA,))
    one = ask(rows, asked, attested(), blocked(CoverageState.THROTTLED, OTHER), estate=people())
    assert verdict_of(one, OTHER).verdict is Verdict.UNKNOWN
    assert verdict_of(one, OTHER).reasons[0].startswith("throttled: ")
    assert verdict_of(one, BOX).verdict is Verdict.RULED_OUT
    stranger = ask(rows, asked, attested(), blocked(CoverageState.THROTTLED, "0b1c-guid"), estate=people())
    assert {row.verdict for row in stranger if not row.records} == {Verdict.UNKNOWN}


def test_what_the_question_leaves_out_is_not_ruled_out() -> None:
    asked = Question(identities=(ADA,), addresses=(AWAY,))
    rows = [access("a"), access("y", container=OTHER, address=HOME)]
    assert verdict_of(ask(rows, asked, attested(), estate=people()), OTHER).verdict is Verdict.UNKNOWN
    missing = [access("a"), access("y", container=OTHER, address=None)]
    assert verdict_of(ask(missing, asked, attested(), estate=people()), OTHER).verdict is Verdict.UNKNOWN


def test_an_address_alone_rules_nothing_out_unless_its_accounts_are_known() -> None:
    rows = [access("a"), access("x", container=OTHER, actor=BEN, address=HOME)]
    unknown = ask(rows, Question(addresses=(AWAY,)), attested(), estate=people())
    assert verdict_of(unknown, OTHER).verdict is Verdict.UNKNOWN
    known = ask(rows, Question(addresses=(AWAY,), accounts=(ADA,)), attested(), estate=people())
    assert verdict_of(known, OTHER).verdict is Verdict.RULED_OUT
    stranger = ask(rows, Question(addresses=(AWAY,), accounts=(ADA, EVA)), attested(), estate=people())
    assert verdict_of(stranger, OTHER).verdict is Verdict.UNKNOWN


def test_a_mailbox_reached_as_a_whole_is_not_ruled_out_for_the_rest() -> None:
    rows = [access(BOX, kind="mailbox", container=None)]
    rest = verdict_of(ask(rows, Question(identities=(ADA,)), attested(), estate=people()), BOX)
    assert rest.verdict is Verdict.UNKNOWN


def test_a_forwarding_rule_of_the_intruder_opens_a_way_no_access_shows() -> None:
    change = StandingChange(
        kind=Mark.FORWARDING,
        time=START + 1,
        actor=ADA,
        scope=BOX,
        detail="",
        source=SOURCE,
        record=RecordPlace("audit.jsonl", 7),
    )
    rows = [access("a")]
    found = ask(rows, Question(identities=(ADA,)), attested(), estate=people(), changes=[change])
    assert verdict_of(found, BOX).verdict is Verdict.UNKNOWN
    narrow = Question(identities=(ADA,), from_=START + HOUR)
    assert verdict_of(ask(rows, narrow, attested(), estate=people(), changes=[change]), BOX).verdict is Verdict.UNKNOWN
    later = replace(change, time=END + 1)
    found = ask(rows, Question(identities=(ADA,)), attested(), estate=people(), changes=[later])
    assert verdict_of(found, BOX).verdict is Verdict.RULED_OUT


SITE = "https://tribunal.example/sites/matter-12"


def test_declared_holdings_carry_matter_and_come_by_sensitivity() -> None:
    estate = replace(
        people(),
        holdings=(
            Holding(pattern=f"{SITE}/witness/*", kind="document", matter="12", sensitivity="sealed"),
            Holding(pattern=f"{SITE}*", kind="site", matter="12", sensitivity="internal"),
            Holding(pattern=f"{SITE}/list.docx", kind="document", matter="12", sensitivity="sealed"),
            Holding(pattern=f"{SITE}/plan.docx", kind="document", matter="12", sensitivity="internal"),
        ),
    )
    document = {"kind": "document", "container": SITE, "degree": Degree.DOWNLOADED}
    rows = ask(
        [access(f"{SITE}/a.docx", **document), access(f"{SITE}/witness/b.docx", **document)],
        Question(identities=(ADA,)),
        estate=estate,
    )
    assert [(row.holding, row.sensitivity) for row in confirmed(rows)] == [
        (f"{SITE}/witness/b.docx", "sealed"),
        (f"{SITE}/a.docx", "internal"),
    ]
    folder = verdict_of(rows, f"{SITE}/witness/*")
    assert folder.label == "everything under this pattern except this 1"
    assert "except these 2" in verdict_of(rows, f"{SITE}*").label
    unread = verdict_of(rows, f"{SITE}/list.docx")
    assert (unread.verdict, unread.matter, unread.basis) == (Verdict.UNKNOWN, "12", Basis.PROVIDERS_WORD)
    order = [row.sensitivity for row in rows if row.verdict is Verdict.UNKNOWN]
    assert order.index("internal") > max(index for index, one in enumerate(order) if one == "sealed")


def test_a_declared_item_with_a_confirmed_access_has_one_row() -> None:
    estate = replace(people(), holdings=(Holding(pattern=f"{SITE}/a.docx", kind="document", matter="12"),))
    rows = ask([access(f"{SITE}/a.docx", kind="document", container=SITE)], Question(identities=(ADA,)), estate=estate)
    assert [row.verdict for row in rows if row.holding == f"{SITE}/a.docx"] == [Verdict.CONFIRMED]


def test_an_item_may_lie_in_a_folder_that_was_taken_whole() -> None:
    estate = replace(people(), holdings=(Holding(pattern="<9@tribunal.example>", kind="mail_item"),))
    taken = [access("folder-1", kind="mail_folder", degree=Degree.PRESUMED)]
    found = ask(taken, Question(identities=(ADA,)), attested(), estate=estate)
    assert verdict_of(found, "<9@tribunal.example>").verdict is Verdict.UNKNOWN
    other = ask([access("<1@tribunal.example>")], Question(identities=(ADA,)), attested(), estate=estate)
    assert verdict_of(other, "<9@tribunal.example>").verdict is Verdict.RULED_OUT


def test_a_holding_no_log_records_accesses_to() -> None:
    estate = Estate(holdings=(Holding(pattern="\\\\files.tribunal.example\\exhibits\\*", kind="document"),))
    row = verdict_of(ask([access("a")], Question(identities=(ADA,)), estate=estate), estate.holdings[0].pattern)
    assert (row.verdict, row.basis) == (Verdict.UNKNOWN, Basis.NONE)
    assert "no log that would record an access to it was read" in row.reasons


ACCESS = st.builds(
    access,
    st.sampled_from(["a", "b", "c"]),
    time=st.one_of(st.none(), st.integers(-2, 102).map(lambda hours: START + hours * HOUR)),
    container=st.sampled_from([BOX, OTHER]),
    kind=st.sampled_from(["mail_item", "mail_item", "mail_folder", "mailbox"]),
    actor=st.sampled_from([ADA, BEN]),
    actor_class=st.sampled_from(["account", "account", "delegate", "provider_service", "administrator"]),
    address=st.sampled_from([HOME, AWAY, None]),
    session=st.sampled_from(["s-1", "s-2", None]),
    degree=st.sampled_from(Degree),
)
QUESTIONS = st.builds(
    Question,
    identities=st.lists(st.sampled_from([ADA, BEN]), max_size=2, unique=True).map(tuple),
    addresses=st.lists(st.just(AWAY), max_size=1).map(tuple),
    sessions=st.lists(st.sampled_from(["s-1", NO_SESSION]), max_size=1).map(tuple),
    from_=st.one_of(st.none(), st.just(START)),
    to=st.one_of(st.none(), st.just(END)),
)
DOUBTS = st.lists(
    st.builds(
        blocked,
        st.sampled_from([state for state in CoverageState if state is not CoverageState.PROVEN]),
        st.sampled_from(["", BOX, OTHER, "stranger"]),
    ),
    max_size=1,
)


@given(rows=st.lists(ACCESS, max_size=8), seed=st.integers(0, 99), question=QUESTIONS)
@settings(max_examples=40, deadline=None)
def test_the_answer_forgets_the_order_of_chunks(rows: list[dict[str, Any]], seed: int, question: Question) -> None:
    numbered = [{"record": index} | row for index, row in enumerate(rows)]
    parts = [exposure.summarise(pa.Table.from_pylist([row], schema=ACCESSES)) for row in numbered]
    shuffled = random.Random(seed).sample(parts, len(parts))
    state = exposure.combine(parts)
    assert state.equals(exposure.combine(shuffled))
    assert state.equals(exposure.combine([exposure.combine(parts[:2]), *parts[1:]]))
    assert state.equals(fold(rows))


@given(rows=st.lists(ACCESS, max_size=6), question=QUESTIONS, doubts=DOUBTS, data=st.data())
@settings(max_examples=60, deadline=None)
def test_weaker_evidence_rules_nothing_more_out(
    rows: list[dict[str, Any]], question: Question, doubts: list[Coverage], data: st.DataObject
) -> None:
    before = ask(rows, question, attested(), *doubts, estate=people())
    ruled_out = {(row.kind, row.holding) for row in before if row.verdict is Verdict.RULED_OUT}
    kind = data.draw(st.sampled_from(["attestation", "doubt", "administrator", "identity", "estate", "access"]))
    after_question, coverage, estate, after_rows = question, [attested(), *doubts], people(), list(rows)
    if kind == "attestation":
        coverage = list(doubts)
    elif kind == "doubt":
        coverage += data.draw(DOUBTS)
    elif kind == "administrator":
        estate = people(administrator=True)
    elif kind == "identity" and question.identities:
        after_question = replace(question, identities=(ADA, BEN))
    elif kind == "estate":
        estate = Estate()
    elif kind == "access":
        after_rows.append(data.draw(ACCESS))
    after = ask(after_rows, after_question, *coverage, estate=estate)
    seen = {row["container"] for row in rows} | {row["holding"] for row in rows}
    if kind == "identity":  # what was near to the question may now be an access of it: then the rest may be told apart
        seen = set()
    found = {(row.kind, row.holding) for row in after if row.verdict is Verdict.RULED_OUT and row.holding in seen}
    assert found <= ruled_out
    kept = {(row.kind, row.holding, row.actor) for row in confirmed(before)}
    assert kept <= {(row.kind, row.holding, row.actor) for row in confirmed(after)}


@given(rows=st.lists(ACCESS, max_size=8), question=QUESTIONS)
@settings(max_examples=60, deadline=None)
def test_nothing_an_account_in_question_reached_is_ruled_out(rows: list[dict[str, Any]], question: Question) -> None:
    found = ask(rows, question, attested(), estate=people())
    assert list(found) == sorted(found, key=lambda row: list(reversed(Verdict)).index(row.verdict))
    for row in found:
        if row.verdict is not Verdict.RULED_OUT or row.label:
            continue
        for one in rows:
            inside = one["time"] is None or (
                (question.from_ is None or one["time"] >= question.from_)
                and (question.to is None or one["time"] < question.to)
            )
            if inside and row.holding in (one["container"], one["holding"]):
                assert one["actor"] not in question.identities


GUID = "0b5f5f6a-1111-4222-8333-444455556666"
SID = "s-1-5-21-1-2-3-2002"


def _rest_of(rows: Sequence[dict[str, Any]], **evidence: Any) -> Exposure:
    return verdict_of(_whole(rows, **evidence), OTHER)


def _whole(
    rows: Sequence[dict[str, Any]], declared: Sequence[str] = (BOX, OTHER), **evidence: Any
) -> tuple[Exposure, ...]:
    """The verdicts, two mailboxes declared, under full attestation, Ada taken as compromised."""
    estate = replace(people(), holdings=tuple(Holding(pattern=box, kind="mailbox") for box in declared))
    return exposure.conclude(
        fold([access(), *rows]),
        Question(identities=(ADA,), from_=START, to=END),
        exposure.Evidence(
            coverage=(base_row(), attested()),
            estate=estate,
            place=lambda reference: RecordPlace("audit.jsonl", reference),
            **evidence,
        ),
    )


def test_an_untouched_mailbox_is_ruled_out_under_full_attestation() -> None:
    assert _rest_of([]).verdict is Verdict.RULED_OUT
    assert _rest_of([access(actor=BEN, container=OTHER)]).verdict is Verdict.RULED_OUT


@pytest.mark.parametrize(
    "row",
    [
        access(holding="", container=OTHER, kind="mailbox"),
        access(holding="", container=None, kind="mailbox"),
        access(holding="", container=None, kind=""),
        access(holding="", container=None, kind="", actor=""),
        access(container=OTHER, actor=SID),
        access(container=OTHER, actor="elsewhere\\" + ADA.partition("@")[0]),
        access(container=OTHER, actor=EVA),
    ],
    ids=[
        "of the mailbox",
        "of any mailbox",
        "of anything",
        "by nobody named",
        "by an unknown id",
        "by the same bare name",
        "by an account nothing declares",
    ],
)
def test_what_a_record_leaves_open_forbids_a_ruling_out(row: dict[str, Any]) -> None:
    assert _rest_of([row]).verdict is Verdict.UNKNOWN


def test_what_names_no_holding_of_this_kind_or_place_forbids_nothing() -> None:
    assert _rest_of([access(holding="", container=BOX, kind="mail_item")]).verdict is Verdict.RULED_OUT
    assert _rest_of([access(holding="", container=None, kind="document")]).verdict is Verdict.RULED_OUT
    assert _rest_of([access(holding="", container=None, kind="", source="elsewhere")]).verdict is Verdict.RULED_OUT
    assert _rest_of([access(holding="", container=None, kind="", actor=BEN)]).verdict is Verdict.RULED_OUT


def test_an_id_that_a_record_joins_to_somebody_else_forbids_nothing() -> None:
    def joined(name: str, uid: str) -> Identities:
        join = Join(kind=JoinKind.SAME_ACCOUNT, a=name, b=uid, count=1, first=None, last=None, record=None)
        return Identities(joins=(join,), name_of={uid: name, name: name}, forms={name: (name, uid)})

    by_id, by_number = access(container=OTHER, actor=SID), access(container=OTHER, actor="1111")
    assert _rest_of([by_id], identities=joined(BEN, SID)).verdict is Verdict.RULED_OUT
    assert _rest_of([by_id], identities=joined(EVA, SID)).verdict is Verdict.UNKNOWN  # whom nothing declares
    assert _rest_of([by_number], identities=joined(BEN, "1111")).verdict is Verdict.UNKNOWN  # many may bear it
    by_ids = Identities(name_of={SID: SID, GUID: SID}, forms={SID: (GUID, SID)})  # two ids are still nobody's name
    assert _rest_of([access(container=OTHER, actor=SID)], identities=by_ids).verdict is Verdict.UNKNOWN


def test_an_access_under_another_name_is_one_to_the_holding_or_forbids_a_ruling_out() -> None:
    by_guid = access(container=GUID, kind="mailbox", holding=GUID)
    assert _rest_of([by_guid]).reasons[0] == obstacles.UNNAMED  # an id nothing joins to a name may be any mailbox's
    joined = naming.HoldingNames(shown={GUID: OTHER}, others={GUID: frozenset({OTHER}), OTHER: frozenset({GUID})})
    (told,) = [row for row in _whole([by_guid], names=joined) if row.holding == OTHER and row.records]
    assert told.verdict is Verdict.CONFIRMED
    unsure = replace(joined, shown={})
    told = _rest_of([by_guid], names=unsure)
    assert (told.verdict, told.reasons[0]) == (Verdict.UNKNOWN, obstacles.OTHER_NAME)
