"""Answers that were given, brought to the newest epoch of the vault: nobody who is protected by now stands in them.

All texts pass the door again. A text that was cut may hold half a name, which no door knows: an answer made today cuts
it behind the door, one that is kept was cut before, so it is withheld.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, update

from tocsin.model.answers import Answers
from tocsin.model.door import Door, mask_json
from tocsin.record.answers import document_names, open_document, replace_document, rewrap_document
from tocsin.record.keys import WorkspaceKey
from tocsin.record.ledger import Ledger
from tocsin.store.tables import answers
from tocsin.store.workspace import Workspace

CUT_WITHHELD: Final = "[a text that was cut: withheld since somebody more is protected]"
_ELLIPSIS = "…"
# No source cuts a text to fewer characters than this without a mark.
_LEAST_CUT = 40
_UNREADABLE = "somebody more is protected, and it was kept in a form that cannot be searched for them"


def pass_answers_again(workspace: Workspace, connection: Connection, key: WorkspaceKey) -> None:
    """Every kept answer through the door as it is now, in the caller's transaction."""
    ledger = Ledger(workspace.ledger)
    for name in document_names(connection):
        data = open_document(connection, key, name)
        renewed = _renewed(data, key.door)
        if renewed is None:
            connection.execute(update(answers).where(answers.c.document == name).values(withheld=_UNREADABLE))
        if renewed != data:
            replace_document(connection, ledger, key, name, renewed)
        else:
            rewrap_document(connection, key, name)


def _renewed(data: bytes, door: Door) -> bytes | None:
    try:
        said = without_cut(mask_json(door, msgspec.json.decode(data)))
        said["names_in_clear"] = False
        renewed = msgspec.json.encode(said)
        msgspec.json.decode(renewed, type=Answers)
    except (msgspec.MsgspecError, TypeError, KeyError, AttributeError):
        return None
    return renewed


def without_cut(said: Any) -> Any:  # noqa: ANN401 - an answer as JSON
    """The answer without texts that were cut: those that show it, those long enough that a source may have cut them and
    said nothing, and all that repeat one of these."""
    silent = sorted({text.rstrip(".") for text in _cut_in_silence(said) if len(text) >= _LEAST_CUT})
    known: dict[str, str] = {}

    def replaced(value: Any) -> Any:  # noqa: ANN401
        match value:
            case str():
                if value not in known:
                    is_cut = _ELLIPSIS in value or any(text in value for text in silent)
                    known[value] = CUT_WITHHELD if is_cut else value
                return known[value]
            case dict():
                return {name: replaced(each) for name, each in value.items()}
            case list():
                return [replaced(each) for each in value]
        return value

    return replaced(said)


def _cut_in_silence(said: Any) -> Iterator[str]:  # noqa: ANN401
    """The texts that sources and collections cut without a mark."""
    yield from (change["detail"] for change in said["changes"])
    for account in said["accounting"]["inputs"]:
        yield account["reason"]
        yield from account["acquisition"]["told"]
        yield from (rejected["detail"] for rejected in account["rejected"])
