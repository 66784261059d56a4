"""What is shown of a workspace goes on its record: one place for every command that shows something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.cli.acting import acting
from tocsin.share.exit import cleared, release, tell

if TYPE_CHECKING:
    from tocsin.record.people_keys import Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Somebody is about to be shown something of `workspace`; `actors` sign for it, nobody where there is none."""

    workspace: Path
    passphrase: str | None = field(repr=False)
    actors: tuple[Signer, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The keys of those who read, opened: what is closed to others is shown to them."""
        return tuple(actor.name for actor in self.actors)

    def done(self, command: str, arguments: Mapping[str, str | int], shown: str, *, kind: str = "read") -> None:
        """Put it on record, with the keyed digest of what is `shown`; where that cannot be, say so and go on.

        `arguments` name nobody: how many were asked for, and not who. Raises RefusedError where the keys that sign may
        not read.
        """
        from tocsin.custody.chain import note_reading

        what = {"command": command, "arguments": dict(arguments)}
        why_not = note_reading(self.workspace, kind, what, shown, passphrase=self.passphrase, actors=self.actors)
        if why_not:
            tell(f"tocsin: that this was read is not on record: {why_not}")

    def show(
        self, written: str, command: str, arguments: Mapping[str, str | int], output: Path | None, *, force: bool
    ) -> str:
        """Put what is `written` on record as `done` does, then release it to `output`; what left is given back."""
        text = cleared(written, output)
        self.done(command, arguments, text.text)
        release(text, output, force=force)
        return text.text


def begin_reading(workspace: Path, keys: Sequence[str], passphrase_file: Path | None = None) -> Reading:
    """Open the keys that sign, and the vault, before any work is done. Raises ConfigError, StoreError, RefusedError."""
    passphrase, actors = acting(workspace, keys, passphrase_file)
    return Reading(workspace=workspace, passphrase=passphrase, actors=actors)
