"""A stand-in for the investigation: the command line is tested for what it asks and what it makes of the answer."""

from __future__ import annotations

import dataclasses
import sys
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tocsin.cli.main import run
from tocsin.cli.progress import ProgressShown
from tocsin.custody.chain import Hand as RealHand
from tocsin.model.answers import Accounting, Answers, InputAccount, RejectedRecords, RulesAccount, Run
from tocsin.model.brief import Figures, IssuedBrief
from tocsin.model.chunk import InputState
from tocsin.model.finding import Detector, Finding, Level
from tocsin.record.verify import Verified


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of an investigation, field by field as the real ones."""

    paths: tuple[str, ...]
    workspace: Path | None
    estate: Path | None
    rules: tuple[Path, ...]
    from_: int | None
    to: int | None
    workers: int | None
    now: int | None
    passphrase: str | None
    indicators: tuple[Path, ...] = ()
    taken: int | None = None
    actors: tuple[Any, ...] = ()
    goes_on: bool = False


class Created(NamedTuple):
    """What `init_workspace` returns."""

    path: Path
    key_file: Path | None


class Case(NamedTuple):
    """What `list_exercises` returns one of."""

    name: str
    title: str
    sentence: str
    days: int
    identities: int
    players: tuple[str, ...]


class Investigation(types.ModuleType):
    """Stands where `tocsin.investigation` does; remembers what it was asked, answers or raises what it is told to."""

    Settings = Settings

    def __init__(self, answers: Answers) -> None:
        super().__init__("tocsin.investigation")
        self.answers = answers
        self.error: BaseException | None = None
        self.asked: list[Any] = []
        self.brief: IssuedBrief | None = None
        self.issued: list[str] = []

    def _answer(self, *asked: object) -> Answers:
        self.asked.append(asked[0] if len(asked) == 1 else asked)
        if self.error is not None:
            raise self.error
        return self.answers

    def investigate(self, settings: object, progress: ProgressShown) -> Answers:
        """The answers, with a stage and a note on the way."""
        progress.stage("Reading", 10)
        progress.advance(10)
        progress.note("a note")
        return self._answer(settings)

    def answers_of(
        self,
        workspace: Path,
        *,
        question: object,
        passphrase: str | None,
        progress: object,
        given_by: int | None = None,
        readers: Sequence[str] = (),
        only_verdicts: bool = False,
    ) -> Answers:
        """The answers."""
        return self._answer(workspace, question, passphrase)

    def enter_notes(self, workspace: Path, entries: object, *, passphrase: str | None, progress: object) -> Answers:
        """The answers with them."""
        return self._answer(workspace, entries)

    def notes_in(self, path: Path, *, by: str) -> tuple[()]:
        """No note."""
        return ()

    def last_brief(self, workspace: Path) -> IssuedBrief | None:
        """The one issued before."""
        return self.brief

    def refuse_issue(self, workspace: Path) -> None:
        """Nothing stands against it."""

    def changed_since_brief(self, workspace: Path, answers: Answers, *, passphrase: str | None) -> None:
        """Nothing is known of it."""

    def brief_issued(self, workspace: Path, answers: Answers, text: str, *, passphrase: str | None) -> IssuedBrief:
        """The next one."""
        self.issued.append(text)
        number = len(self.issued)
        return IssuedBrief(number=number, issued="2024-03-09T00:00:00Z", sha256="ab", figures=Figures(as_of=None))

    def verify_record(
        self, workspace: Path, *, passphrase: str | None, progress: object, against: Sequence[bytes] = ()
    ) -> Verified:
        """A record found whole."""
        self._answer(workspace, passphrase)
        return Verified(records=3, segments=1, size=4, root=b"\x01" * 32, published=4, unfinished=())

    def init_workspace(self, path: Path, passphrase: str | None) -> Created:
        """A workspace with a key file unless there is a passphrase."""
        self._answer(path, passphrase)
        return Created(path, None if passphrase else Path("/keys/0a"))

    def list_exercises(self) -> tuple[Case, ...]:
        """One exercise."""
        return (Case("quiet-reader", "A quiet reader", "A mailbox is read.", 10, 60, ("quiet-reader",)),)

    def run_exercise(
        self,
        name: str,
        workspace: Path,
        seed: int,
        progress: object,
        *,
        days: int | None = None,
        identities: int | None = None,
        players: Sequence[str] | None = None,
    ) -> Path:
        """The folder it would have been written to."""
        self._answer(name, workspace, seed, days, identities, players)
        return workspace / "exercise"


class Signing(str):
    """A key that signs, by what named it."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """Its name."""
        return str(self)


class Custody(types.ModuleType):
    """Stands where `tocsin.custody.chain` does; remembers what went on the record, or says why it could not."""

    Hand = RealHand

    def __init__(self) -> None:
        super().__init__("tocsin.custody.chain")
        self.acts: list[tuple[str, dict[str, Any], tuple[str, ...]]] = []
        self.why_not = ""

    def signers(self, path: Path, hand: RealHand) -> tuple[Signing, ...]:
        """The keys by what named them."""
        return tuple(map(Signing, hand.given))

    def note_reading(
        self,
        path: Path,
        kind: str,
        what: dict[str, Any],
        shown: str,
        *,
        passphrase: str | None,
        actors: tuple[str, ...],
    ) -> str:
        """The reading on the record, unless it cannot be."""
        if not self.why_not:
            self.acts.append((kind, what, actors))
        return self.why_not


@pytest.fixture
def answers() -> Answers:
    """One input read wholly, one finding of level medium."""
    account = InputAccount(
        path="log.jsonl",
        sha256="a" * 64,
        source="invented",
        certainty=1.0,
        state=InputState.READ,
        reason="",
        size=10,
        records_read=2,
        stored=2,
        duplicates=0,
        rejected=(),
        warnings=(),
        first=None,
        last=None,
    )
    finding = Finding(
        id="f-1",
        detector=Detector(kind="sigma", id="r-1", title="A rule", level=Level.MEDIUM),
        techniques=(),
        tactics=(),
        first=None,
        last=None,
        entities=(),
        records=(),
        why="because",
    )
    return Answers(
        as_of=None,
        accounting=Accounting(inputs=(account,), rules=RulesAccount(loaded=1, operable=1, blind=(), failed=())),
        findings=(finding,),
        incidents=(),
        exposure=(),
        coverage=(),
        changes=(),
        identities=(),
        attribution=(),
        containment=(),
        names_in_clear=True,
        not_done=(),
        run=Run(
            workspace="ws",
            tool="tocsin",
            started="2024-03-08T00:00:00Z",
            seconds=1.0,
            workers=1,
            checkpoint_size=2,
            checkpoint_root="",
            key_file="",
        ),
    )


@pytest.fixture
def incomplete(answers: Answers) -> Answers:
    """The same with one record rejected."""
    account = dataclasses.replace(
        answers.accounting.inputs[0],
        state=InputState.PARTIAL,
        records_read=3,
        rejected=(RejectedRecords(reason="not_json", count=1, first_entry=2, detail="cut off"),),
    )
    return dataclasses.replace(answers, accounting=dataclasses.replace(answers.accounting, inputs=(account,)))


@pytest.fixture
def custody(monkeypatch: pytest.MonkeyPatch) -> Custody:
    """The stand-in in place."""
    stand_in = Custody()
    monkeypatch.setitem(sys.modules, "tocsin.custody.chain", stand_in)
    for name in ("TOCSIN_PERSON_KEY", "TOCSIN_PERSON_PASSPHRASE", "TOCSIN_PERSON_PASSPHRASE_FD"):
        monkeypatch.delenv(name, raising=False)
    return stand_in


@pytest.fixture
def investigation(answers: Answers, custody: Custody, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Investigation:
    """The stand-in in place, in an empty current folder with one log."""
    stand_in = Investigation(answers)
    monkeypatch.setitem(sys.modules, "tocsin.investigation", stand_in)
    monkeypatch.delenv("TOCSIN_PASSPHRASE", raising=False)
    monkeypatch.chdir(tmp_path)
    Path("log.jsonl").write_text("{}\n")
    return stand_in


class Outcome(NamedTuple):
    """What one command ended with and wrote."""

    code: int
    out: str
    err: str


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Runs one command line in this process."""

    def command(*arguments: str) -> Outcome:
        code = run(list(arguments))
        return Outcome(code, *capfd.readouterr())

    return command
