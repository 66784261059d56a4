"""A time written by a Java date pattern (`devTimeFormat`) in, the same time in a form that needs no pattern out."""

from __future__ import annotations

import re
from functools import lru_cache

# https://www.ibm.com/docs/en/dsm?topic=leef-custom-event-date-format and java.text.SimpleDateFormat
_PARTS = {
    "yyyy": r"(?P<year>\d{4})", "yy": r"(?P<short>\d{2})", "y": r"(?P<year>\d{4})",
    "MMMM": r"(?P<name>[A-Za-z]+)", "MMM": r"(?P<name>[A-Za-z]{3})", "MM": r"(?P<month>\d{1,2})",
    "M": r"(?P<month>\d{1,2})", "dd": r"(?P<day>\d{1,2})", "d": r"(?P<day>\d{1,2})",
    "HH": r"(?P<hour>\d{1,2})", "H": r"(?P<hour>\d{1,2})", "hh": r"(?P<half>\d{1,2})", "h": r"(?P<half>\d{1,2})",
    "mm": r"(?P<minute>\d{1,2})", "m": r"(?P<minute>\d{1,2})", "ss": r"(?P<second>\d{1,2})",
    "s": r"(?P<second>\d{1,2})", "a": r"(?P<noon>[AaPp]\.?[Mm]\.?)",
}  # fmt: skip
_TOKEN = re.compile(r"'([^']*)'|([A-Za-z])\2*|[^A-Za-z']+")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NOON = 12


def as_named(text: str, form: str) -> str | None:
    """`Mar 4 2024 08:00:01.5 +0100` of a text in that form; None where the text is not in it or the form is odd."""
    pattern = _pattern(form)
    match = pattern.fullmatch(text.strip()) if pattern else None
    if match is None:
        return None
    part = match.groupdict()
    month = part.get("name") or ""
    if number := part.get("month"):
        month = _MONTHS[int(number) - 1] if 1 <= int(number) <= len(_MONTHS) else ""
    year = part.get("year") or (f"20{part['short']}" if part.get("short") else "")
    hour = int(part.get("hour") or part.get("half") or 0)
    if part.get("noon"):
        hour = hour % _NOON + (_NOON if part["noon"][0] in "Pp" else 0)
    if not month or not part.get("day"):
        return None
    fraction = f".{part['fraction'][:9]}" if part.get("fraction") else ""
    clock = f"{hour:02}:{int(part.get('minute') or 0):02}:{int(part.get('second') or 0):02}{fraction}"
    return " ".join(word for word in (month[:3], part["day"], year, clock, part.get("zone") or "") if word)


@lru_cache(maxsize=256)
def _pattern(form: str) -> re.Pattern[str] | None:
    built: list[str] = []
    for token in _TOKEN.finditer(form.strip()):
        text = token.group()
        if token[1] is not None:
            built.append(re.escape(token[1] or "'"))
        elif token[2] is None:
            built.append(re.escape(text))
        elif token[2] == "S":
            built.append(r"(?P<fraction>\d{1,9})")
        elif token[2] in "zZX":
            built.append(r"(?P<zone>[A-Z]{1,5}|[+-]\d\d:?\d\d)")
        elif token[2] == "E":
            built.append(r"[A-Za-z]+")
        elif text in _PARTS:
            built.append(_PARTS[text])
        else:
            return None
    try:
        return re.compile("".join(built))
    except re.error:  # a part given twice
        return None
