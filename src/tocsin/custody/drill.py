"""A rehearsal of what a workspace must survive: succession, a lost key, a stolen one, the last officer gone.

On a scratch workspace with throw-away keys, through the functions that do it in earnest; then, where a workspace is
named, what can be seen of its own people and keys without changing anything.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tocsin.custody.chain import act, registry_of_workspace
from tocsin.errors import RefusedError, StoreError, TocsinError
from tocsin.model.custody import DrillStep
from tocsin.opening import now_utc, open_existing, utc_text
from tocsin.record.acts import acts_of, record_act
from tocsin.record.keys import WorkspaceKey, create_key, open_key
from tocsin.record.notes import ed25519_key
from tocsin.record.people_keys import HeldKey, Signer
from tocsin.record.roles import Role
from tocsin.store.durable import write_durably
from tocsin.store.key_sources import KeySources
from tocsin.store.workspace import Workspace, create_workspace

_OFFICERS = 2  # so that the loss of one key leaves somebody who can replace it


def drill(
    path: Path | None, backup: Path | None, *, passphrase: str | None, actors: Sequence[Signer]
) -> tuple[DrillStep, ...]:
    """The rehearsal, and, where a workspace is given, what is seen there; that is put on its record.

    The first of the actors signs it. Raises ConfigError, StoreError.
    """
    steps = rehearse()
    if path is None:
        return steps
    seen = inspect(path, passphrase=passphrase, actors=actors, backup=backup)
    still_open = [step.tried for step in (*steps, *seen) if not step.is_good]
    outcome = f"{len(still_open)} open" if still_open else "nothing open"
    what = {"outcome": outcome, "steps": len(steps) + len(seen), "open": still_open}
    act(path, "drilled", what, passphrase=passphrase, actors=actors[:1])
    return (*steps, *seen)


def rehearse() -> tuple[DrillStep, ...]:
    """Every step, on a workspace that is gone when this returns."""
    with tempfile.TemporaryDirectory(prefix="tocsin-drill-") as folder:
        place = Path(folder)
        sources = KeySources(passphrase=None, credential=None, folder=place / "keys")
        workspace = create_workspace(place / "workspace")
        try:
            scene = _Scene(workspace, create_key(workspace, sources))
            scene.play()
            scene.lose_the_workspace_key(sources, place / "backup")
        finally:
            workspace.close()
    return tuple(scene.steps)


class _Scene:
    """The scratch workspace, and what was seen on it."""

    def __init__(self, workspace: Workspace, key: WorkspaceKey) -> None:
        self._workspace = workspace
        self._key = key
        self.steps: list[DrillStep] = []

    def play(self) -> None:
        """People come, change keys, lose them, have them stolen, and go."""
        first, second, analyst = (_throw_away(name) for name in ("officer-1", "officer-2", "analyst-1"))
        self._works("the first officer enrols himself", "enrolled", _coming(first, Role.OFFICER), first)
        self._works("he enrols a second officer", "enrolled", _coming(second, Role.OFFICER), first)
        self._works("he enrols an analyst", "enrolled", _coming(analyst, Role.ANALYST), first)
        self._works("the analyst signs a reading", "read", _READING, analyst)
        newer = _throw_away("analyst-1-next")
        self._works("succession: the analyst's key signs its successor in", "succeeded", _next(analyst, newer), analyst)
        self._refused("the old key signs once more", "read", _READING, analyst)
        self._stays("what the old key signed before", analyst.name)
        replaced = _throw_away("officer-1-again")
        lost = _next(first, replaced) | {"reason": "drill: the key was lost"}
        self._refused("the workspace's key alone replaces an officer's key while another can sign", "recovered", lost)
        self._works("loss: the second officer replaces the first one's lost key", "recovered", lost, second)
        self._refused("the lost key signs, in whosoever's hands", "read", _READING, first)
        self._stays("what the lost key signed before", first.name)
        stolen = self._works("theft: a thief signs with the analyst's key", "read", _READING, newer)
        revocation = {"name": newer.name, "reason": "drill: stolen", "since": stolen}
        self._works("an officer revokes it from before the theft on", "revoked", revocation, second)
        self._refused("the thief signs again", "read", _READING, newer)
        self._disowned("what the thief signed", stolen)
        for officer in (second, replaced):
            gone = {"name": officer.name, "reason": "drill: gone", "since": None}
            self._works(f"{officer.name} goes", "revoked", gone, officer)
        last = _throw_away("officer-3")
        heir = _next(replaced, last) | {"reason": "drill: the sole officer died"}
        self._works("no officer is left: the workspace's key brings the next one in, and is seen to", "recovered", heir)
        self._works("the next officer enrols others", "enrolled", _coming(_throw_away("officer-4"), Role.OFFICER), last)

    def lose_the_workspace_key(self, sources: KeySources, backup: Path) -> None:
        """The key file is gone, then comes back from a copy."""
        file = sources.folder / f"{self._workspace.id}.key"
        write_durably(backup / file.name, file.read_bytes())
        file.unlink()
        try:
            open_key(self._workspace, sources)
        except StoreError as error:
            self._tell("the workspace's key file is lost", f"refused: {error}", is_good=True)
        else:
            self._tell("the workspace's key file is lost", "it opened all the same", is_good=False)
        opened = open_key(self._workspace, KeySources(passphrase=None, credential=None, folder=backup))
        registry = registry_of_workspace(self._workspace, opened)
        self._tell(
            "it is put back from a copy", "it opens, and every act is as it was signed", is_good=bool(registry.holders)
        )

    def _works(self, tried: str, kind: str, what: Mapping[str, Any], *by: Signer) -> int:
        """The entry of the act."""
        try:
            done = record_act(self._workspace, self._key, kind, what, utc_text(now_utc()), by)
        except TocsinError as error:
            self._tell(tried, f"failed: {error}", is_good=False)
            return 0
        self._tell(tried, f"entry {done.leaf}", is_good=True)
        return done.leaf

    def _refused(self, tried: str, kind: str, what: Mapping[str, Any], *by: Signer) -> None:
        try:
            done = record_act(self._workspace, self._key, kind, what, utc_text(now_utc()), by)
        except RefusedError as error:
            self._tell(tried, f"refused: {error}", is_good=True)
        else:
            self._tell(tried, f"was let through, entry {done.leaf}", is_good=False)

    def _stays(self, what: str, name: str) -> None:
        registry = registry_of_workspace(self._workspace, self._key)
        with self._workspace.reading() as connection:
            entries = [act.leaf for act in acts_of(connection) if name in act.by]
        good = bool(entries) and not set(entries) & set(registry.disowned)
        self._tell(what, f"stays good: entries {', '.join(map(str, entries))}" if good else "is lost", is_good=good)

    def _disowned(self, what: str, entry: int) -> None:
        why = registry_of_workspace(self._workspace, self._key).disowned.get(entry, "")
        self._tell(what, f"does not count: {why}" if why else "still counts", is_good=bool(why))

    def _tell(self, tried: str, outcome: str, *, is_good: bool) -> None:
        self.steps.append(DrillStep(tried=tried, outcome=outcome, is_good=is_good))


_READING = {"command": "drill"}


def _throw_away(name: str) -> HeldKey:
    return HeldKey(name=name, private_key=Ed25519PrivateKey.generate())


def _vkey(key: HeldKey) -> str:
    return str(ed25519_key(key.name, key.public_key))


def _coming(key: HeldKey, role: Role) -> dict[str, Any]:
    return {"name": key.name, "key": _vkey(key), "roles": [role.value], "person": f"Drill {key.name}"}


def _next(old: HeldKey, new: HeldKey) -> dict[str, Any]:
    return {"name": old.name, "new_name": new.name, "key": _vkey(new)}


def inspect(
    path: Path, *, passphrase: str | None, actors: Sequence[Signer], backup: Path | None
) -> tuple[DrillStep, ...]:
    """What can be seen of the people and keys of a real workspace. Raises StoreError where its key does not open it."""
    with open_existing(path, passphrase) as (workspace, key):
        steps = [_step("the workspace's key opens from its source", True, f"it does, from its {key.source}", "")]
        registry = registry_of_workspace(workspace, key)
        officers = {holder.person.casefold() for holder in registry.in_force(Role.OFFICER)}
        steps.append(
            _step(
                "there are two officers at the least",
                len(officers) >= _OFFICERS,
                f"there are {len(officers)}",
                f"there are {len(officers)}: enrol another, or the loss of one key leaves nobody to replace it",
            )
        )
        signed = {actor.name for actor in actors if _signs(actor)}
        for holder in registry.in_force():
            if holder.roles & {Role.RECEIVER, Role.WITNESS} == holder.roles:
                continue  # their keys are kept elsewhere
            steps.append(
                _step(
                    f"{holder.person} reaches the key {holder.name}",
                    holder.name in signed,
                    "it signed a trial just now",
                    "not shown: give it with --as, or learn now that it is lost, while somebody is there to replace it",
                )
            )
        return (*steps, _backup(workspace, key, backup))


def _signs(actor: Signer) -> bool:
    try:
        actor.public_key.verify(actor.sign(b"tocsin/drill\n"), b"tocsin/drill\n")
    except (InvalidSignature, TocsinError):
        return False
    return True


def _backup(workspace: Workspace, key: WorkspaceKey, backup: Path | None) -> DrillStep:
    tried = "a copy of the workspace's key opens it"
    if key.source != "file":
        return _step(tried, True, f"there is no key file: the {key.source} has to be kept in two places", "")
    if backup is None:
        return _step(
            tried, False, "", "not shown: name the copy with --backup; without one a lost disk loses everything"
        )
    with tempfile.TemporaryDirectory(prefix="tocsin-drill-") as folder:
        write_durably(Path(folder) / f"{workspace.id}.key", backup.read_bytes())
        return _step(tried, *_opens(workspace, Path(folder)))


def _opens(workspace: Workspace, folder: Path) -> tuple[bool, str, str]:
    try:
        open_key(workspace, KeySources(passphrase=None, credential=None, folder=folder))
    except StoreError:
        return False, "", "it is not the key of this workspace: make a new copy of the one that is"
    return True, "it does", ""


def _step(tried: str, is_good: bool, good: str, bad: str) -> DrillStep:
    return DrillStep(tried=tried, outcome=good if is_good else bad, is_good=is_good)
