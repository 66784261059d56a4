"""The digits of a telephone number in the ways it is dialled."""

from __future__ import annotations

import re

# ITU-T E.164 list of assigned country codes: these have one or two digits, all others three.
_SHORT_CODES = frozenset(
    map(
        str,
        (
            *(1, 7, 20, 27, *range(30, 35), 36, 39, 40, 41, *range(43, 50), *range(51, 59), *range(60, 67)),
            *(81, 82, 84, 86, *range(90, 96), 98),
        ),
    )
)
# What is dialled before the national number at home, where it is not 0.
_TRUNKS = {"1": "1", "7": "8", "36": "06", "370": "8", "375": "8", "993": "8"}
_NUMBER = re.compile(r"\+?[\d\s().\-/·]*\d")
_SHORTEST_NATIONAL = 8  # digits; a shorter number alone is any number


def other_digits(folded: str) -> tuple[str, tuple[str, ...]]:
    """(the digits without separators, its other digits). Of a number with its country code (`+` or 00): after 00 or
    011, with the (0) some write; the national number after 0 or the country's own trunk digit and, where it has eight
    digits or more, alone. Of a number without a country code: only itself. What follows a letter is an extension.
    """
    numbers = [found.group() for found in _NUMBER.finditer(folded)]
    number = max(numbers, key=len, default="")
    digits = "".join(filter(str.isdigit, number))
    if not number.startswith("+") and not digits.startswith("00"):
        return digits, ()
    bracket = "(0)" in number.replace(" ", "")
    international = digits.removeprefix("00") if not number.startswith("+") else digits
    code = next((international[:size] for size in (1, 2) if international[:size] in _SHORT_CODES), international[:3])
    national = international[len(code) :]
    if bracket:
        national = national.removeprefix("0")
    canonical = code + national
    trunk = _TRUNKS.get(code, "0")
    others = [f"00{canonical}", f"011{canonical}", f"{code}0{national}", f"00{code}0{national}"]
    if len(national) >= _SHORTEST_NATIONAL - 1:
        others.append(trunk + national)
    if len(national) >= _SHORTEST_NATIONAL:
        others.append(national)
    return canonical, tuple(text for text in dict.fromkeys(others) if text != canonical)
