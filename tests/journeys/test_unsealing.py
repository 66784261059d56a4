"""From a token back to a name, as two people do it; what one did alone; and what everybody else is told."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from tests.attest.second_verifier import Reader, objections

from tocsin.protect.tokens import PERSON_LENGTH, TOKEN

from .conftest import Tocsin
from .logs import lines

WORDS = "correct horse battery staple, invented"
NAME = "Zorbla Quixmere"
PEOPLE = {"ada": ("officer", "Ada Invented"), "pia": ("protection", "Pia Invented"), "cai": ("analyst", "Cai Invented")}
RULE = """
title: Any Sign-In of the Tenant
id: 7c4a1c0e-0f5c-4a6e-9a39-111111111111
status: experimental
logsource: {product: m365, service: audit}
detection: {selection: {Operation: UserLoggedIn}, condition: selection}
level: high
"""
OF = ("--workspace", "CASE")


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tocsin: Tocsin) -> Path:
    """A workspace with a vault that protects one person, whose mail is in the logs; three people are enrolled."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOCSIN_PERSON_PASSPHRASE", WORDS)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    Path("logs").mkdir()
    text = lines(30).replace(b"ada.example@", b"zorbla.quixmere@").replace(b"Inbox", f"{NAME} (sealed)".encode())
    Path("logs/mail.jsonl").write_bytes(text)
    Path("rules").mkdir()
    Path("rules/r.yml").write_text(RULE)
    Path("list.csv").write_text(f"handle,matter,form\nW-17,2031-04,{NAME}\n")
    assert tocsin("init", "CASE").code == 0
    for name, (role, person) in PEOPLE.items():
        made = tocsin("key", "new", f"{name}.invented", "-o", f"{name}.key")
        assert made.code == 0, made.err
        key = next(word for word in made.out.split() if word.startswith(f"{name}.invented+"))
        enrolled = tocsin("key", "enrol", key, "--person", person, "--role", role, *OF, "--as", "ada.key")
        assert enrolled.code == 0, enrolled.err
    assert tocsin("vault", "import", "list.csv", *OF).code == 0
    for name in ("ada", "pia"):
        assert tocsin("vault", "unsealers", "--allow", f"{name}.invented", *OF).code == 0
    done = tocsin("investigate", "logs", "--rules", "rules", *OF, "--format", "json", "-o", "answers.json")
    assert done.code == 0, done.err
    assert NAME not in Path("answers.json").read_text()
    return tmp_path


def finding() -> str:
    found = json.loads(Path("answers.json").read_text())["findings"]
    return str(found[0]["id"])


def signed(*names: str) -> tuple[str, ...]:
    return tuple(word for name in names for word in ("--as", f"{name}.key"))


def acts(tocsin: Tocsin, kind: str) -> list[dict[str, object]]:
    listed = json.loads(tocsin("record", "custody", *OF, "--format", "json").out)["custody"]
    return [one for one in listed if one["kind"] == kind]


def test_two_people_are_shown_who_a_finding_speaks_of_and_it_is_on_record_first(case: Path, tocsin: Tocsin) -> None:
    done = tocsin("vault", "unseal", finding(), *OF, *signed("ada", "pia"), "--reason", f"to warn {NAME}", "-o", "who")
    assert done.code == 0, done.err
    shown = Path("who").read_text()
    assert "W-17  2031-04" in shown
    assert "zorbla.quixmere" in shown
    assert Path("who").stat().st_mode & 0o777 == 0o600
    (act,) = acts(tocsin, "unsealed")
    assert act["people"] == ["Ada Invented", "Pia Invented"]
    told = tocsin("record", "custody", *OF).out
    assert "unsealed" in told
    assert not any(word in (told + done.out + done.err).casefold() for word in ("zorbla", "w-17"))
    assert tocsin("record", "verify", *OF).code == 0
    assert "unseal" in tocsin("vault", "log", *OF).out


def test_a_record_is_shown_in_clear_and_again_to_one_of_those_who_signed(case: Path, tocsin: Tocsin) -> None:
    record = json.loads(Path("answers.json").read_text())["findings"][0]["records"][0]
    name = f"{record['input']}#{record['entry']}"
    done = tocsin("vault", "unseal", name, *OF, *signed("pia", "ada"), "--reason", "a test", "-o", "who")
    assert done.code == 0, done.err
    assert "W-17" in Path("who").read_text()
    assert '"UserId":"zorbla.quixmere@tribunal.example"' in Path("who").read_text().replace(" ", "")
    entry = acts(tocsin, "unsealed")[0]["entry"]
    again = ("vault", "unseal", name, *OF, "--act", str(entry), "-o", "who", "--force")
    assert tocsin(*again, *signed("pia")).code == 0
    refused = tocsin(*again, *signed("cai"))
    assert (refused.code, "none of those who signed" in refused.err) == (5, True)
    other = tocsin("vault", "unseal", finding(), *OF, "--act", str(entry), "-o", "x", *signed("pia"))
    assert (other.code, Path("x").exists()) == (5, False)
    assert len([one for one in acts(tocsin, "read") if one["by"] == ["pia.invented"]]) == 1


@pytest.mark.parametrize(
    ("who", "said"),
    [(("pia",), "the signatures of two people"), (("pia", "cai"), "does not allow it"), ((), "two people")],
)
def test_nobody_else_is_shown_anything_and_nothing_is_recorded(
    case: Path, tocsin: Tocsin, who: tuple[str, ...], said: str
) -> None:
    done = tocsin("vault", "unseal", finding(), *OF, *signed(*who), "--reason", "a test", "-o", "who")
    assert (done.code, said in done.err, Path("who").exists()) == (5, True, False), done.err
    assert not acts(tocsin, "unsealed")


def test_whom_the_vault_does_not_know_opens_nothing_whoever_enrolled_them(case: Path, tocsin: Tocsin) -> None:
    assert tocsin("vault", "unsealers", "--forbid", "ada.invented", *OF).code == 0
    done = tocsin("vault", "unseal", finding(), *OF, *signed("pia", "ada"), "--reason", "a test", "-o", "who")
    assert (done.code, Path("who").exists()) == (5, False)
    assert "whom the vault does not let unseal" in done.err
    assert not acts(tocsin, "unsealed")
    assert "unseal refused" in tocsin("vault", "log", *OF).out


def test_who_may_not_is_told_so_wherever_the_names_would_have_gone(case: Path, tocsin: Tocsin) -> None:
    alone = tocsin("vault", "unseal", finding(), *OF, *signed("ada"), "--reason", "x")
    assert (alone.code, "takes the signatures of two people" in alone.err) == (5, True)


def test_the_id_of_a_finding_is_in_what_people_read_and_how_to_get_it_in_the_hint(case: Path, tocsin: Tocsin) -> None:
    assert f"({finding()})" in tocsin("incidents", *OF, "--quiet").out
    assert finding() in Path("CASE/report.html").read_text()
    unknown = tocsin("vault", "unseal", "f-0", *OF, *signed("ada", "pia"), "--reason", "x", "-o", "who")
    assert unknown.code == 2
    assert "tocsin incidents" in unknown.err


def test_what_is_shared_bears_the_recipients_own_tokens_as_a_package_does(case: Path, tocsin: Tocsin) -> None:
    own = {found[0][:PERSON_LENGTH].upper() for found in TOKEN.finditer(tocsin("incidents", *OF, "--quiet").out)}
    told: dict[str, set[str]] = {}
    for name in ("first", "second"):
        for words in (("report",), ("report", "--format", "brief"), ("timeline",), ("stix", "--accounts")):
            done = tocsin("share", *words, *OF, "--to", name, "--quiet")
            assert done.code == 0, done.err
            found = {each[0][:PERSON_LENGTH].upper() for each in TOKEN.finditer(done.out)}
            told[name] = told.get(name, set()) | found
    assert told["first"]
    assert told["second"]
    assert not own & (told["first"] | told["second"])
    assert not told["first"] & told["second"]
    assert tocsin("evidence", "export", finding(), *OF, *signed("ada"), "-o", "package", "--to", "first").code == 0
    package = (Path("package/data/findings.json")).read_text()
    assert {each[0][:PERSON_LENGTH].upper() for each in TOKEN.finditer(package)} <= told["first"]
    readme = Path("package/README.txt").read_text()
    assert "What names protected persons" in readme
    assert "can be asked" in readme


def test_an_import_says_what_had_left_before(case: Path, tocsin: Tocsin) -> None:
    assert tocsin("evidence", "export", finding(), *OF, *signed("ada"), "-o", "package").code == 0
    assert tocsin("share", "report", *OF, *signed("ada"), "-o", "r.html").code == 0
    Path("more.csv").write_text("handle,matter,form\nW-18,2031-04,Quenby Vantrisk\n")
    told = tocsin("vault", "import", "more.csv", *OF).out
    before = told[told.index("LEFT BEFORE") :]
    assert "a package of " in before
    assert "a report" in before
    again = tocsin("vault", "import", "more.csv", *OF).out
    assert "LEFT BEFORE" not in again


def test_names_go_into_no_pipe(case: Path, tocsin: Tocsin) -> None:
    done = tocsin("vault", "unseal", finding(), *OF, *signed("ada", "pia"), "--reason", "a test")
    assert (done.code, done.out) == (5, "")
    assert not acts(tocsin, "unsealed")


def test_what_one_unsealed_alone_every_answer_says_until_somebody_else_reviewed_it(case: Path, tocsin: Tocsin) -> None:
    alone = ("vault", "unseal", finding(), *OF, "--break-glass", "--reason", "tonight", "-o", "who")
    done = tocsin(*alone, *signed("ada"))
    assert done.code == 0, done.err
    assert "tocsin vault review" in done.err
    entry = str(acts(tocsin, "unsealed")[0]["entry"])
    ways = (("exposure", *OF), ("share", "report", *OF, "--format", "json"), ("record", "custody", *OF))
    said = "ada.invented"
    assert [way for way in ways if "reviewed" not in (out := tocsin(*way).out.casefold()) or said not in out] == []
    own = tocsin("vault", "review", entry, *OF, *signed("ada"), "--words", "fine")
    assert (own.code, "it takes somebody else" in own.err) == (5, True)
    assert tocsin("vault", "review", entry, *OF, *signed("pia"), "--words", "called for").code == 0
    assert [way for way in ways if "nobody has reviewed" in tocsin(*way).out.casefold()] == []


def package_text(folder: str) -> str:
    """All a package says, base64 undone."""
    text = b"\n".join(path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file())
    raw = [json.loads(line).get("raw", "") for line in (Path(folder) / "data/records.jsonl").read_text().splitlines()]
    return text.decode("utf-8", "replace") + "".join(base64.b64decode(one).decode("utf-8", "replace") for one in raw)


def tokens_in(text: str) -> set[str]:
    return {found[0][:PERSON_LENGTH].upper() for found in TOKEN.finditer(text)}


def test_a_package_withholds_what_names_a_protected_person_and_each_recipient_has_own_tokens(
    case: Path, tocsin: Tocsin
) -> None:
    for name in ("one", "two"):
        done = tocsin("evidence", "export", finding(), *OF, "--to", f"desk {name}", "-o", name, *signed("ada"))
        assert done.code == 0, done.err
    first, second = package_text("one"), package_text("two")
    assert not any(word in text.casefold() for word in ("zorbla", "quixmere") for text in (first, second))
    verified = tocsin("evidence", "verify", "one")
    assert verified.code == 0, verified.err
    assert not objections(Path("one"), Reader())
    withheld = json.loads(Path("one/data/withheld.json").read_text())
    assert withheld["protected"]
    assert all("UserId" in one["fields"] and len(one["tokens"]) == 1 for one in withheld["protected"])
    found = [tokens_in((Path(name) / "data/findings.json").read_text()) for name in ("one", "two")]
    assert all(found)
    assert not found[0] & found[1]
    ours = tokens_in(Path("answers.json").read_text())
    assert not any(found_ & ours for found_ in found)


def test_the_protection_unit_is_told_who_is_at_risk_and_others_get_tokens(case: Path, tocsin: Tocsin) -> None:
    asked = ("exposure", "--persons", *OF, "--format", "json")
    done = tocsin(*asked)
    assert done.code == 0, done.err
    (one,) = done.document["persons"]
    assert (one["handle"], one["verdict"], one["degree"]) == ("W-17", "confirmed", "accessed")
    assert one["records"]
    assert (done.document["named"], done.document["unspoken"]) == (True, 0)
    without = tocsin(*asked, "--tokens-only").document
    assert [(each["token"], each["handle"], each["records"]) for each in without["persons"]] == [(one["token"], "", [])]
    assert [act["did"] for act in acts(tocsin, "read")][-2:] == ["read by: exposure --persons (format json)"] * 2
    assert "persons at risk" in tocsin("vault", "log", *OF).out


def test_what_is_refused_at_the_exit_leaves_no_act_that_says_it_left(case: Path, tocsin: Tocsin) -> None:
    key = next(word for word in tocsin("key", "new", "rec.invented", "-o", "rec.key").out.split() if "+" in word)
    enrolled = tocsin("key", "enrol", key, "--person", "Rec Invented", "--role", "receiver", *OF, *signed("ada"))
    assert enrolled.code == 0, enrolled.err
    reads = len(acts(tocsin, "read"))
    shown = tocsin("share", "report", "--format", "json", "-o", f"{NAME}.json", *OF, *signed("ada"))
    assert shown.code == 5, shown.err
    assert len(acts(tocsin, "read")) == reads
    wanted = ("share", "handover", finding(), "--to", "rec.invented", "-o", "OUT", *OF, *signed("ada"))
    why = ("--redact", "ClientIP", "--why-withheld", f"asked for by {NAME}")
    refused = tocsin(*wanted, *why)
    assert (refused.code, "the letter that goes with it" in refused.err) == (5, True)
    assert not Path("OUT").exists()
    assert acts(tocsin, "exported") == acts(tocsin, "handed_over") == []
    assert tocsin(*wanted).code == 0
    assert len(acts(tocsin, "exported")) == len(acts(tocsin, "handed_over")) == 1
