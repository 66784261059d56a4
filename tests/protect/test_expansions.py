"""What is kept of expansions saves the work and changes nothing; it goes with the forms it was made of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tocsin.errors import StoreError
from tocsin.model.protection import FormKind
from tocsin.protect import expansions
from tocsin.protect.expansions import expanded
from tocsin.protect.forms import Expansion, expand
from tocsin.protect.vault import EXPANSIONS, Vault, locked, rotated
from tocsin.store.key_sources import KeySources

FORMS = [[(FormKind.NAME, "Zorblat Quixmere"), (FormKind.PHONE, "+49 170 5550123")], [(FormKind.ALIAS, "Wumblat")]]
EXPANDED = [[expand(text, kind) for kind, text in forms] for forms in FORMS]


def never(form: str, kind: FormKind) -> Expansion:
    raise AssertionError("expanded again")


def test_are_made_once_and_are_the_same_afterwards(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    assert expanded(vault, FORMS) == EXPANDED
    monkeypatch.setattr(expansions, "expand", never)
    assert expanded(vault, FORMS) == EXPANDED
    assert expanded(vault, FORMS[:1]) == EXPANDED[:1]
    with pytest.raises(AssertionError, match="expanded again"):
        expanded(vault, FORMS)  # only those of the last that asked are kept


@pytest.mark.parametrize("place", [0, 5, -1])
def test_are_made_anew_where_the_file_is_not_what_was_written(vault: Vault, place: int) -> None:
    expanded(vault, FORMS)
    path = vault.folder / EXPANSIONS
    data = bytearray(path.read_bytes())
    assert not [text for forms in FORMS for _, text in forms if text.encode() in data]
    data[place] ^= 1
    path.write_bytes(bytes(data))
    assert expanded(vault, FORMS) == EXPANDED
    assert path.read_bytes() != bytes(data)


def test_are_made_anew_by_another_state_of_the_program(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    expanded(vault, FORMS)
    monkeypatch.setattr(expansions, "_program", lambda: b"another")
    monkeypatch.setattr(expansions, "expand", never)
    with pytest.raises(AssertionError, match="expanded again"):
        expanded(vault, FORMS)


def test_go_with_a_form_and_with_the_key_and_stay_with_every_other_change(vault: Vault, sources: KeySources) -> None:
    path = vault.folder / EXPANSIONS
    with locked(vault.folder):
        expanded(vault, FORMS)
        vault.saved(replace(vault.contents, workspaces={"example.org/w": "w"}), epoch=3)
        assert path.exists()
        vault.saved(replace(vault.contents, persons=vault.contents.persons[1:]), epoch=4)
        assert not path.exists()
        expanded(vault, FORMS)
        rotated(vault, sources, epoch=5)
        assert not path.exists()


def test_a_folder_that_cannot_be_written_costs_time_alone(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StoreError("no space left")

    monkeypatch.setattr(expansions, "write_durably", full)
    assert expanded(vault, FORMS) == EXPANDED
    assert not (vault.folder / EXPANSIONS).exists()
