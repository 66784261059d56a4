"""Answers that were given, brought to the newest epoch of the vault: nobody who is protected by now stands in them.

All texts pass the door again. A text that was cut may hold half a name, which no door knows: an answer made today cuts
it behind the door, one that is kept was cut before, so it is withheld.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import Connection, update

from tocsin.model.answers import Answers
from tocsin.model.door import Door, mask_json
from tocsin.record.answers import documents, replace_document, rewrap_document
from tocsin.record.keys import WorkspaceKey
from tocsin.record.ledger import Ledger
from tocsin.store.tables import answers
from tocsin.store.workspace import Workspace

CUT_WITHHELD: Final = "[a text that was cut: withheld since somebody more is protected]"
_ELLIPSIS = "…"
_UNREADABLE = "somebody more is protected, and it was kept in a form that cannot be searched for them"


def pass_answers_again(workspace: Workspace, connection: Connection, key: WorkspaceKey) -> None:
    """Every kept answer through the door as it is now, in the caller's transaction."""
    ledger = Ledger(workspace.ledger)
    for name, data in list(documents(connection, key)):
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
    """The answer without texts that were cut: those that show it, and those that sources cut and say nothing."""
    said = _replaced(said)
    for change in said["changes"]:
        change["detail"] = CUT_WITHHELD
    for account in said["accounting"]["inputs"]:
        account["reason"] = account["reason"] and CUT_WITHHELD
        account["acquisition"]["told"] = [CUT_WITHHELD for _ in account["acquisition"]["told"]]
        for rejected in account["rejected"]:
            rejected["detail"] = CUT_WITHHELD
    return said


def _replaced(value: Any) -> Any:  # noqa: ANN401
    match value:
        case str():
            return CUT_WITHHELD if _ELLIPSIS in value else value
        case dict():
            return {name: _replaced(each) for name, each in value.items()}
        case list():
            return [_replaced(each) for each in value]
    return value
