"""Which log a log source means."""

from __future__ import annotations

import pytest

from tocsin.detect.sigma.logsource import LogSource, passes, read_logsource_map
from tocsin.errors import ConfigError

TEXT = """
[[logsource]]
product = "windows"
category = "process_creation"
rename = { User = "Account" }
[[logsource.when]]
Channel = ["Sysmon"]
EventID = ["1", "2"]
[[logsource.when]]
Channel = ["Security"]
rename = { Image = "NewProcessName" }

[[logsource]]
product = "windows"
service = "security"
[[logsource.when]]
Channel = ["Security"]

[[logsource]]
product = "linux"
category = "process_creation"
"""
FIELDS = ("Channel", "EventID")


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (LogSource("windows", "process_creation"), 2),
        (LogSource("Windows", "Process_Creation"), 2),
        (LogSource("windows"), 3),
        (LogSource(category="process_creation"), 3),
        (LogSource("windows", service="security"), 1),
        (LogSource("windows", "process_creation", "security"), 0),
        (LogSource("windows", "image_load"), 0),
        (LogSource("macos"), 0),
    ],
)
def test_every_key_the_rule_gives_must_be_the_entry_s(wanted: LogSource, count: int) -> None:
    assert len(read_logsource_map("test", FIELDS, TEXT).alternatives(wanted)) == count


def test_renames_of_an_entry_and_of_an_alternative_add_up() -> None:
    first, second = read_logsource_map("test", FIELDS, TEXT).alternatives(LogSource("windows", "process_creation"))
    assert first.rename == (("User", "Account"),)
    assert second.rename == (("Image", "NewProcessName"), ("User", "Account"))


def test_every_log_field_named_must_have_one_of_the_values() -> None:
    one = read_logsource_map("test", FIELDS, TEXT)
    gate = one.gate(one.alternatives(LogSource("windows", "process_creation"))[0])
    assert passes(gate, ("sysmon", "2"))
    assert not passes(gate, ("sysmon", "3"))
    assert not passes(gate, ("security", "1"))
    (everything,) = one.alternatives(LogSource("linux"))
    assert passes(one.gate(everything), ("", ""))


@pytest.mark.parametrize(
    "text",
    [
        "[[logsource]]\n",
        '[[logsource]]\nproduct = "a"\nproducts = "b"\n',
        '[[logsource]]\nproduct = "a"\n[[logsource.when]]\nChanel = ["b"]\n',
        '[[logsource]]\nproduct = "a"\n[[logsource.when]]\nChannel = "b"\n',
        '[[logsource]]\nproduct = "a"\n[[logsource.when]]\nEventID = [1]\n',
        '[[logsource]]\nproduct = "a"\n[[logsource.when]]\nrename = { Image = "" }\n',
        'own_data = ["Image"]\n',
        "sources = 1\n",
        "[[logsource\n",
    ],
)
def test_what_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"logsources\.toml of test"):
        read_logsource_map("test", FIELDS, text)
