"""Tokens as they stand in texts: `P` and 26 of base32, then `-`, how, and five letters; case does not count."""

from __future__ import annotations

import re

PERSON_LENGTH = 27  # of a token, the part that is the person's
TOKEN = re.compile(r"P[A-Z2-7]{26}-[XG][A-Z2-7]{5}", re.IGNORECASE | re.ASCII)


_LENGTH = 34


def around(text: str, place: int) -> tuple[int, int]:
    """Where the token begins and ends that a cut before `text[place]` would halve; `place` twice for none."""
    for token in TOKEN.finditer(text, max(0, place - _LENGTH + 1), place + _LENGTH):
        if token.start() < place < token.end():
            return token.span()
    return place, place


def may_be_one(first: str, second: str) -> bool:
    """Whether two texts can be of one that passed the door twice: a token of one stands for any text of the other."""
    if first == second:
        return True
    left, right = _pieces(first), _pieces(second)
    # Row by row: at which places of `right` what is read of `left` may end.
    row = [True]
    for piece in right:
        row.append(row[-1] and not piece)
    for piece in left:
        new = [row[0] and not piece]
        for place, other in enumerate(right):
            if piece and other:
                new.append(row[place] and piece == other)
            else:  # one of them a token: it goes on, or it ends
                new.append(new[place] or row[place + 1] or row[place])
        row = new
    return row[-1]


def _pieces(text: str) -> list[str]:
    """The characters of a text; "" for a token."""
    found: list[str] = []
    done = 0
    for token in TOKEN.finditer(text):
        found += [*text[done : token.start()], ""]
        done = token.end()
    return [*found, *text[done:]]
