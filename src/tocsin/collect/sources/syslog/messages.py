"""A program's message in; what it says happened, and the values in it, out, as `messages.toml` declares."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources
from typing import Any, NamedTuple

_REPEATED = re.compile(r"message repeated (\d+) times: \[ ?(.*)\]$")
_SOLARIS = re.compile(r"\[ID \d+ (\w+)\.(\w+)\] ")
_STAGE = re.compile(r"(?: \[(?:pre|post)auth\])+$")
_FIRST_WORD = re.compile(r"[A-Za-z]+(?= )")
_BRACKETS = re.compile(r"\[([A-Z]+)=(.*?)\](?= \[|$)")
_SUCCEEDED = frozenset({"succeeded", "successful", "OK", "permitted", "authenticated", "+"})
_SYSLOG = "syslog"
# Lines of a log are anybody's: what is searched is bounded, so that none can be written to take long.
MOST_SEARCHED = 2048


class Said(NamedTuple):
    """What a message says: nothing but the service where it is not one that is known."""

    service: str
    activity: str = ""
    class_uid: int = 0
    status: str | None = None
    mark: str = ""
    degree: str = ""
    values: Mapping[str, str] = {}


class _Pattern(NamedTuple):
    expression: re.Pattern[str]
    said: Said
    unless: Mapping[str, str]
    before_sign_in: str | None


class _Program(NamedTuple):
    """Patterns by the first word of the message, those of any first word among them, in the order of the table."""

    service: str
    strip: re.Pattern[str] | None
    by_word: Mapping[str, Sequence[_Pattern]]
    others: Sequence[_Pattern]


def read_message(program: str, module: str, message: str) -> Said:
    """What the message says. `module` is the PAM module where the tag names one."""
    message = message.rstrip()
    known = _program(program)
    service = known.service if known else _SYSLOG
    repeated = _REPEATED.match(message) if message.startswith("message repeated") else None
    if repeated is not None:
        message = repeated.group(2)
    elif message.startswith("[ID "):
        message = _SOLARIS.sub("", message, count=1)
    if module.startswith("pam_") or message.startswith(("pam_", "(pam_")):
        said = _said(_pam(), message)
        if said is not None:
            return said._replace(service=service if known else "auth")
    if known is None:
        return _NOTHING
    said = _said(known, message)
    if said is None:
        return Said(service)
    if repeated is not None:
        return said._replace(values={**said.values, "repeated": repeated.group(1)})
    return said


_NOTHING = Said(_SYSLOG)


def _said(program: _Program, message: str) -> Said | None:
    if program.strip is not None and (stripped := program.strip.match(message)) is not None:
        message = message[stripped.end() :]
    is_before_sign_in = message.endswith("[preauth]")
    if message.endswith("auth]"):
        message = _STAGE.sub("", message)
    word = message.partition(" ")[0]
    for expression, said, unless, before_sign_in in program.by_word.get(word, program.others):
        match = expression.match(message, 0, MOST_SEARCHED)
        if match is None:
            continue
        values = {name: value for name, value in match.groupdict().items() if value is not None}
        if "pairs" in values:
            values["pairs"] = message[match.start("pairs") :]
        if unless and any(values.get(name) == value for name, value in unless.items()):
            return said._replace(degree="", values=values)
        if is_before_sign_in and before_sign_in:
            return said._replace(status=before_sign_in, values=values)
        return _complete(said, values)
    return None


def _complete(said: Said, values: dict[str, str]) -> Said:
    """The values with those that stand in lists of their own, and the outcome where a word tells it."""
    if (pairs := values.pop("pairs", None)) is not None:
        values.update(_pairs(pairs))
        for name, key in (("user", "USER"), ("command", "COMMAND"), ("tty", "TTY")):
            if key in values:
                values[name] = values[key]
    if (brackets := values.pop("brackets", None)) is not None:
        values.update(_BRACKETS.findall(brackets))
        for name, key in (("user", "USER"), ("command", "COMMAND"), ("tty", "TTY")):
            if key in values:
                values[name] = values[key]
    outcome = values.get("outcome") or values.get("sign")
    if outcome is not None:
        return said._replace(status="success" if outcome in _SUCCEEDED else "failure", values=values)
    return said._replace(values=values)


def _pairs(text: str) -> dict[str, str]:
    """`TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh -c a ; b`: the command takes all that is left."""
    head, separator, command = text.partition("COMMAND=")
    found: dict[str, str] = {}
    for part in head.split(" ; "):
        name, equals, value = part.strip().partition("=")
        if equals:
            found[name] = value.removesuffix(" ;")
    if separator:
        found["COMMAND"] = command
    return found


@lru_cache(maxsize=4096)
def _program(name: str) -> _Program | None:
    """By name, else by the beginning of it, else by its last part without a path."""
    exact, beginnings = _tables()
    name = name.lower().strip("()")
    found = exact.get(name)
    if found is None:
        found = next((program for start, program in beginnings if name.startswith(start)), None)
    return found if found is not None or "/" not in name else exact.get(name.rpartition("/")[2])


@cache
def _pam() -> _Program:
    return _tables()[0]["pam"]


@cache
def _tables() -> tuple[Mapping[str, _Program], Sequence[tuple[str, _Program]]]:
    text = (resources.files(__package__ or "") / "messages.toml").read_text(encoding="utf-8")
    exact: dict[str, _Program] = {}
    beginnings: list[tuple[str, _Program]] = []
    for entry in tomllib.loads(text)["program"]:
        program = _compiled(entry)
        for name in entry["names"]:
            if name.endswith("*"):
                beginnings.append((name[:-1], program))
            else:
                exact[name] = program
    return exact, beginnings


def _compiled(entry: Mapping[str, Any]) -> _Program:
    patterns = []
    for message in entry.get("message", ()):
        said = Said(
            service=message.get("service", entry["service"]),
            activity=message["activity"],
            class_uid=message.get("class", 0),
            status=message.get("status"),
            mark=message.get("mark", ""),
            degree=message.get("degree", ""),
        )
        patterns.append(
            _Pattern(re.compile(message["pattern"]), said, message.get("unless", {}), message.get("before_sign_in"))
        )
    words = [_FIRST_WORD.match(pattern.expression.pattern) for pattern in patterns]
    starts = [word.group() if word else None for word in words]
    by_word = {
        word: tuple(pattern for pattern, start in zip(patterns, starts, strict=True) if start in (None, word))
        for word in dict.fromkeys(start for start in starts if start)
    }
    others = tuple(pattern for pattern, start in zip(patterns, starts, strict=True) if start is None)
    strip = re.compile(entry["strip"]) if "strip" in entry else None
    return _Program(entry["service"], strip, by_word, others)
