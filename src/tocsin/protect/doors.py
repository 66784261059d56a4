"""The doors of a vault, one a workspace it serves: every form expanded once, and one matcher for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tocsin.errors import ProtectionError
from tocsin.model.protection import FormKind
from tocsin.protect.door import Finder, LocalDoor
from tocsin.protect.folding import fold
from tocsin.protect.vault import Person, Vault


class Doors:
    """The doors of an open vault. Building it takes up to a few seconds; a door more costs nothing."""

    def __init__(self, vault: Vault, finder: Finder | None = None) -> None:
        """`finder` is that of the same persons, where there is one already."""
        self.vault = vault
        self._persons = [person.id for person in vault.contents.persons]
        self._finder = finder or finder_of(vault)
        self._doors: dict[str, LocalDoor] = {}

    def serving(self, vault: Vault) -> Doors:
        """The doors of the vault in the same epoch: whom it serves and who may unseal may differ, nobody in it does."""
        return Doors(vault, self._finder)

    def door(self, workspace: str) -> LocalDoor:
        """The door of the workspace of that origin. Raises ProtectionError where the vault does not serve it."""
        if workspace not in self.vault.contents.workspaces:
            raise ProtectionError(
                "the vault does not serve this workspace", hint="link it with: tocsin vault init DIR --workspace DIR"
            )
        if workspace not in self._doors:
            self._doors[workspace] = LocalDoor(
                epoch=self.vault.epoch,
                workspace=workspace,
                persons=self._persons,
                finder=self._finder,
                token_key=self.vault.contents.token_key,
                door_keys=self.vault.contents.door_keys,
            )
        return self._doors[workspace]


def finder_of(vault: Vault) -> Finder:
    """What finds every writing of every form. A form of two persons stands for the one who came first."""
    from tocsin.protect.expansions import expanded
    from tocsin.protect.matcher import Matcher

    return Matcher(enumerate(expanded(vault, list(_own(vault.contents.persons)))))


def shared_forms(persons: Sequence[Person]) -> int:
    """How many forms are those of a person who came before as well, and so never stand for their own."""
    return sum(len(person.forms) for person in persons) - sum(len(found) for found in _own(persons))


def form_key(kind: FormKind, text: str) -> tuple[FormKind, str]:
    """Equal for forms that are one: they differ in case, accents and invisible characters at most."""
    return kind, " ".join(fold(text).text.split())


def _own(persons: Sequence[Person]) -> Iterable[list[tuple[FormKind, str]]]:
    """The forms of each person that are not those of an earlier one."""
    taken: dict[tuple[FormKind, str], int] = {}
    for place, person in enumerate(persons):
        yield [
            (form.kind, form.text)
            for form in person.forms
            if taken.setdefault(form_key(form.kind, form.text), place) == place
        ]
