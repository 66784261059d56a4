"""From a token to a name: only with a leave that people signed whom the vault knows, once, and on its own record."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.record.acting import ADA, BELA, CAI, Ledger, person

from tocsin.errors import RefusedError
from tocsin.model.protection import FormKind, How
from tocsin.model.unsealing import OBJECTIONS, Objection, Revealed
from tocsin.protect.client import connect
from tocsin.protect.door import DoorAddress, LocalDoor
from tocsin.protect.doors import Doors
from tocsin.protect.service import Service, listen_unix
from tocsin.protect.tokens import PERSON_LENGTH
from tocsin.protect.unsealing import Request, granted, unseal
from tocsin.protect.vault import Form, Person, Unsealer, Vault, create_vault
from tocsin.protect.vault_log import lines
from tocsin.record.acts import Act
from tocsin.record.leave import Leave, tokens_digest
from tocsin.record.people_keys import HeldKey
from tocsin.store.key_sources import KeySources

from .stub import ORIGIN, local_door

NOW = datetime(2031, 5, 4, 10, 1, tzinfo=UTC)  # acts of the tests are dated 10:00
PIA = person("pia@tribunal.example", 31)
PEOPLE = {ADA.name: "Ada Invented", BELA.name: "Bela Invented", PIA.name: "Pia Invented"}
PERSONS = tuple(
    Person(
        id=number.to_bytes(16, "big"), handle=handle, matters=(matter,), forms=(Form(kind=FormKind.NAME, text=name),)
    )
    for number, (handle, matter, name) in enumerate(
        [("W-01", "2031-04", "Zorbina Quandle"), ("W-02", "2031-05", "Ulmar Vreck")]
    )
)
WORDS = [one.forms[0].text for one in PERSONS]
DOOR = local_door(WORDS)
TOKENS = [DOOR.mask([word])[0].text[:PERSON_LENGTH] for word in WORDS]
LEAVE = Leave(
    subject="record",
    of=7,
    persons=1,
    tokens=tokens_digest(TOKENS[:1]),
    reason="a test",
    until="2031-05-04T10:15:00Z",
    workspace=ORIGIN,
)


def unsealer(key: HeldKey, *, officer: bool = False) -> Unsealer:
    return Unsealer(name=key.name, person=PEOPLE[key.name], key=key.public_key.public_bytes_raw(), officer=officer)


UNSEALERS = (unsealer(ADA), unsealer(BELA), unsealer(PIA, officer=True))


def act(leave: Leave, *signers: HeldKey, kind: str = "unsealed") -> Act:
    return Ledger().act(kind, leave.said(), *signers)


def asked(leave: Leave = LEAVE, *signers: HeldKey, tokens: list[str] | None = None, again: str = "") -> Request:
    made = act(leave, *(signers or (PIA, ADA)))
    return Request(grant=made.note, again=again, tokens=TOKENS[:1] if tokens is None else tokens)


def again(request: Request, *signers: HeldKey, **more: object) -> Request:
    from hashlib import sha256

    what = {"command": "vault unseal", "grant": sha256(request.grant.encode()).hexdigest(), **more}
    return replace(request, again=Ledger().act("read", what, *signers).note)


def outcome(request: Request, *, now: datetime = NOW, used: tuple[str, ...] = ()) -> object:
    found = granted(request, UNSEALERS, ORIGIN, used, now)
    return found if isinstance(found, Objection) else "granted"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    sources = KeySources(passphrase=None, credential=None, folder=tmp_path / "keys")
    made = create_vault(tmp_path / "vault", sources)
    contents = replace(made.contents, persons=PERSONS, unsealers=UNSEALERS, workspaces={ORIGIN: "/nowhere"})
    return made.saved(contents)


def door_of(vault: Vault) -> LocalDoor:
    return replace(DOOR, token_key=vault.contents.token_key)


def own(vault: Vault, *signers: HeldKey) -> Request:
    """A request for the first person of the vault."""
    tokens = [door_of(vault).mask([WORDS[0]])[0].text[:PERSON_LENGTH]]
    return asked(replace(LEAVE, tokens=tokens_digest(tokens)), *signers, tokens=tokens)


# -- whether a leave counts -------------------------------------------------------------------------------------------


def test_two_people_whom_the_vault_knows_are_granted_it() -> None:
    assert outcome(asked()) == "granted"


@pytest.mark.parametrize(
    ("request_", "objection"),
    [
        (asked(LEAVE, PIA), Objection.ONE_PERSON),
        (asked(LEAVE, ADA, BELA), Objection.NO_OFFICER),
        (asked(LEAVE, PIA, CAI), Objection.UNKNOWN_SIGNER),
        (asked(LEAVE, CAI), Objection.UNKNOWN_SIGNER),
        (asked(replace(LEAVE, workspace="tocsin.invalid/other")), Objection.ELSEWHERE),
        (asked(tokens=TOKENS), Objection.OTHER_TOKENS),
        (asked(tokens=TOKENS[1:]), Objection.OTHER_TOKENS),
        (asked(tokens=[]), Objection.OTHER_TOKENS),
        (asked(replace(LEAVE, until="2031-05-05T10:00:01Z")), Objection.TOO_LONG),
        (asked(replace(LEAVE, until="soon")), Objection.UNREADABLE),
        (replace(asked(), grant="no note"), Objection.UNREADABLE),
        (replace(asked(), grant=act(LEAVE, PIA, ADA, kind="read").note), Objection.UNREADABLE),
        (replace(asked(), grant=asked().grant.replace("a test", "a task")), Objection.UNREADABLE),
    ],
)
def test_nothing_else_is(request_: Request, objection: Objection) -> None:
    assert outcome(request_) is objection
    assert OBJECTIONS[objection]


def test_a_signature_that_is_named_and_not_there_is_none() -> None:
    made = Ledger().act("unsealed", LEAVE.said(), PIA, by=[PIA.name, ADA.name])
    assert outcome(replace(asked(), grant=made.note)) is Objection.UNREADABLE


def test_somebody_else_who_takes_the_name_of_one_the_vault_knows_is_not_believed() -> None:
    impostor = person(ADA.name, 77)
    assert outcome(asked(LEAVE, PIA, impostor)) is Objection.UNREADABLE


def test_one_person_with_two_keys_is_one_person() -> None:
    second = unsealer(PIA).__class__(
        name="pia-2@tribunal.example",
        person=" pia INVENTED",
        key=person("x", 32).public_key.public_bytes_raw(),
        officer=True,
    )
    request = asked(LEAVE, PIA, person("pia-2@tribunal.example", 32))
    assert granted(request, (*UNSEALERS, second), ORIGIN, (), NOW) is Objection.ONE_PERSON


@pytest.mark.parametrize("signer", [PIA, ADA])
def test_in_an_emergency_one_person_is_enough_and_nobody_from_outside(signer: HeldKey) -> None:
    alone = replace(LEAVE, break_glass=True)
    assert outcome(asked(alone, signer)) == "granted"
    assert outcome(asked(alone, CAI)) is Objection.UNKNOWN_SIGNER


@given(seconds=st.integers(-86_400, 2 * 86_400))
def test_it_counts_from_when_it_is_signed_until_it_ends(seconds: int) -> None:
    made = datetime(2031, 5, 4, 10, 0, tzinfo=UTC)
    found = outcome(asked(), now=made + timedelta(seconds=seconds))
    expected = Objection.NOT_YET if seconds < -300 else "granted" if seconds < 900 else Objection.ENDED
    assert found == expected


def test_looking_again_takes_one_of_those_who_signed_and_says_so_now() -> None:
    request = asked()
    found = granted(request, UNSEALERS, ORIGIN, (), NOW)
    assert not isinstance(found, Objection)
    used = (found.digest,)
    assert outcome(request, used=used) is Objection.USED
    assert outcome(again(request, ADA), used=used) == "granted"
    assert outcome(again(request, BELA), used=used) is Objection.OTHER_PEOPLE
    assert outcome(again(request, ADA, BELA), used=used) is Objection.OTHER_PEOPLE
    assert outcome(again(request, ADA, grant="ab"), used=used) is Objection.UNREADABLE
    assert outcome(again(request, ADA, command="exposure"), used=used) is Objection.UNREADABLE
    assert outcome(replace(request, again=request.grant), used=used) is Objection.UNREADABLE
    assert outcome(again(request, ADA), used=used, now=NOW + timedelta(minutes=7)) is Objection.UNREADABLE
    assert outcome(again(request, ADA), used=used, now=NOW + timedelta(minutes=20)) is Objection.ENDED


# -- what the vault does with it --------------------------------------------------------------------------------------


def test_it_shows_who_it_is_and_how_they_were_named_and_nobody_else(vault: Vault) -> None:
    request = replace(own(vault), texts=["zorbina quandle met Ulmar Vreck", "and Zorbina Quandle left", "nobody"])
    shown = unseal(vault, door_of(vault), request, NOW)
    assert shown == (
        Revealed(
            token=request.tokens[0],
            handle="W-01",
            matters=("2031-04",),
            said=((How.EXACT, "Zorbina Quandle"), (How.GENERATED, "zorbina quandle")),
        ),
    )


def test_its_log_says_what_was_shown_and_refused_and_names_nobody(vault: Vault) -> None:
    unseal(vault, door_of(vault), own(vault, PIA, BELA), NOW)
    assert unseal(vault, door_of(vault), own(vault, PIA), NOW) is Objection.ONE_PERSON
    shown, refused = lines(vault)
    assert (shown.what, shown.by, shown.at) == ("unseal", f"{PIA.name} and {BELA.name}", "2031-05-04T10:01:00Z")
    assert (shown.figures["persons"], shown.figures["subject"]) == (1, "record 7")
    assert (refused.what, refused.figures["why"]) == ("unseal refused", "one_person")
    assert not any(word in repr((shown, refused)) for word in (*WORDS, "W-01", "Quandle"))


def test_a_leave_is_used_once_and_again_by_those_who_signed_it(vault: Vault) -> None:
    request = own(vault)
    assert isinstance(unseal(vault, door_of(vault), request, NOW), tuple)
    assert unseal(vault, door_of(vault), request, NOW) is Objection.USED
    assert isinstance(unseal(vault, door_of(vault), again(request, PIA), NOW), tuple)


def test_somebody_who_left_the_vault_is_a_token_and_no_more(vault: Vault) -> None:
    gone = "P" + "A" * 26
    request = asked(replace(LEAVE, tokens=tokens_digest([gone])), tokens=[gone])
    assert unseal(vault, door_of(vault), request, NOW) == (Revealed(token=gone, handle="", matters=(), said=()),)


def test_nothing_shown_or_asked_is_in_a_repr(vault: Vault) -> None:
    request = replace(own(vault), texts=["Zorbina Quandle"])
    text = repr((request, unseal(vault, door_of(vault), request, NOW)))
    assert not any(word in text for word in (*WORDS, "W-01", "2031-04", request.grant[:20]))


# -- over the wire ----------------------------------------------------------------------------------------------------


@pytest.fixture
def ask(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[[Request], tuple[Revealed, ...]]]:
    """A client of a service of that vault."""
    monkeypatch.setattr("tocsin.protect.doors.finder_of", lambda _: DOOR.finder)
    monkeypatch.setattr("tocsin.protect.service.datetime", _Clock)
    service = Service(Doors(vault), accounts=(os.geteuid(),))
    with listen_unix(tmp_path / "door") as listener:
        threading.Thread(target=service.run, args=(listener,), daemon=True).start()
        client = connect(DoorAddress(place=f"unix:{tmp_path / 'door'}", workspace=ORIGIN))
        yield client.reveal
        client.close()
        listener.shutdown(socket.SHUT_RDWR)


class _Clock:
    @staticmethod
    def now(zone: object) -> datetime:
        assert zone is UTC
        return NOW


def test_a_client_is_shown_the_same_and_told_why_not(
    vault: Vault, ask: Callable[[Request], tuple[Revealed, ...]]
) -> None:
    request = replace(own(vault), texts=["of Zorbina Quandle"])
    (shown,) = ask(request)
    assert (shown.handle, shown.said) == ("W-01", ((How.EXACT, "Zorbina Quandle"),))
    with pytest.raises(RefusedError, match="the leave was used before"):
        ask(request)
    with pytest.raises(RefusedError, match="one person signed, and it takes two"):
        ask(own(vault, PIA))
    assert ask(again(request, ADA)) == (shown,), "a refusal ends no connection"
