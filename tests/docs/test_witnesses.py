"""The guide to witnesses and authorities is run as it stands, by the institution and the witness in turn."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from tests.journeys.conftest import Tocsin, tocsin
from tests.record.authority import make_authority, needs_openssl

__all__ = ["tocsin"]

GUIDE = (Path(__file__).resolve().parents[2] / "docs/guides/witnesses.md").read_text(encoding="utf-8")


def command(beginning: str, **told: str) -> list[str]:
    """The one command of the guide that begins so, with what was told in place of its capitals."""
    found = re.findall(rf"^\$ tocsin ({beginning}.*)$", GUIDE, re.MULTILINE)
    return [told.get(word, word) for word in shlex.split(found[0])]


@pytest.fixture
def case(tocsin: Tocsin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with CASE in it, in which the commands are given."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOCSIN_PERSON_PASSPHRASE", "invented for the tests")
    (tmp_path / "web.log").write_text(
        '192.0.2.7 - - [03/Mar/2031:10:00:00 +0000] "GET /a HTTP/1.1" 200 5 "-" "invented"\n' * 5
    )
    assert tocsin("investigate", "web.log", "--workspace", "CASE", "--quiet").code in (0, 3)
    return tmp_path


def test_a_witness_is_arranged_as_the_guide_says(tocsin: Tocsin, case: Path) -> None:
    assert "self-attested" in tocsin("record", "verify", "--workspace", "CASE").out
    vkey = tocsin(*command("witness new")).out.strip()
    assert tocsin(*command("witness trust", VKEY=vkey)).out == "trusted: archive.example/w1\n"
    listed = tocsin(*command("witness list")).out
    log = listed.split()[1]
    assert "archive.example/w1: nothing yet" in listed
    assert tocsin(*command("witness request")).code == 0
    without = command("witness sign", LOG=log)
    place = without.index("--log")
    first = tocsin(*without[:place], *without[place + 2 :])
    assert (first.code, "--log VKEY" in first.err) == (2, True)
    signed = tocsin(*command("witness sign", LOG=log))
    assert "0 the last time" in signed.out
    assert tocsin(*command("witness accept")).out.startswith("cosigned: the first ")
    assert "archive.example/w1 attested the first " in tocsin(*command("record verify")).out
    assert tocsin(*command("record verify --workspace CASE --against")).code == 0
    (case / "other").write_text((case / "answer").read_text().replace("tocsin.invalid", "other.invalid"))
    refused = tocsin("record", "verify", "--workspace", "CASE", "--against", "other")
    assert (refused.code, "of another ledger" in refused.err) == (4, True)


def test_a_ledger_put_back_from_an_old_copy_is_not_signed_again(tocsin: Tocsin, case: Path) -> None:
    vkey = tocsin(*command("witness new")).out.strip()
    tocsin(*command("witness trust", VKEY=vkey))
    log = tocsin(*command("witness list")).out.split()[1]
    tocsin(*command("witness request"))
    old = (case / "request").read_bytes()
    (case / "request").unlink()
    tocsin("note", "the firewall was pulled", "--workspace", "CASE", "--quiet")
    tocsin(*command("witness request"))
    tocsin(*command("witness sign", LOG=log))
    (case / "answer").unlink()
    (case / "request").write_bytes(old)
    again = tocsin(*command("witness sign", LOG=log))
    assert (again.code, "was rolled back" in again.err) == (4, True)
    assert not (case / "answer").exists()


@needs_openssl
def test_a_time_stamp_is_got_as_the_guide_says(tocsin: Tocsin, case: Path) -> None:
    authority = make_authority(case / "authority")
    (case / "root.pem").write_bytes(authority.root.read_bytes())
    assert tocsin(*command("timestamp request")).code == 0
    (case / "answer.tsr").write_bytes(authority.answer((case / "request.tsq").read_bytes()))
    accepted = tocsin(*command("timestamp accept"))
    assert "by CN=Invented Time" in accepted.out
    assert re.search(r"verified: rfc3161-client \S+ and OpenSSL ", accepted.out)
    assert "CN=Invented Time attested the first " in tocsin(*command("record verify")).out
