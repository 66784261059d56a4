"""Rule files: which are read, in what order, and why others are not."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tocsin.detect.sigma.rules import load_rules, read_rules, rule_texts, texts_digest, with_placeholders
from tocsin.errors import ConfigError
from tocsin.model.finding import Level

RULE = """title: {title}
id: {id}
level: high
tags: [attack.credential_access, attack.collection, attack.t1114.002, attack.T1003, attack.s0002, cve.2020-1]
author: A. Example
logsource: {{product: windows, category: test}}
detection:
  x: {{A: a}}
  condition: x
"""
IDS = [f"00000000-0000-4000-8000-00000000000{n}" for n in range(5)]


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_folder_archive_and_file_give_the_same_rules_in_order(tmp_path: Path) -> None:
    _write(tmp_path / "rules/b/two.yaml", RULE.format(title="two", id=IDS[2]))
    _write(tmp_path / "rules/a.yml", RULE.format(title="one", id=IDS[1]) + "---\n" + RULE.format(title="1b", id=IDS[3]))
    _write(tmp_path / "rules/notes.txt", "not a rule")
    with zipfile.ZipFile(tmp_path / "rules.zip", "w") as archive:
        for path in sorted((tmp_path / "rules").rglob("*.*"), reverse=True):
            archive.write(path, path.relative_to(tmp_path / "rules"))
    folder, archived = load_rules([tmp_path / "rules"]), load_rules([tmp_path / "rules.zip"])
    assert [rule.info.title for rule in folder.rules] == ["one", "1b", "two"]
    assert [rule.info.title for rule in archived.rules] == ["one", "1b", "two"]
    assert archived.rules[0].info.path == f"{tmp_path}/rules.zip!a.yml"
    assert folder.failed == archived.failed == ()
    single = load_rules([tmp_path / "rules/b/two.yaml", tmp_path / "rules"])
    assert [rule.info.title for rule in single.rules] == ["two", "one", "1b"], "each file once, the first named first"


def test_what_is_known_of_a_rule(tmp_path: Path) -> None:
    (rule,) = load_rules([_write(tmp_path / "a.yml", RULE.format(title="one", id=IDS[0].upper()))]).rules
    assert (rule.info.id, rule.info.level, rule.info.author) == (IDS[0], Level.HIGH, "A. Example")
    assert rule.info.techniques == ("T1114.002", "T1003")
    assert rule.info.tactics == ("credential-access", "collection")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("title: [", "not YAML"),
        ("- a\n- b", "not a mapping"),
        ("title: x\n", "no detection"),
        ("title: x\ncorrelation: {type: event_count}\n", "it has no timespan"),
        ("title: x\nfilter: {rules: [a]}\n", "exception not applied"),
        ("action: global\ndetection: {}\n", "older form"),
        (RULE.format(title="x", id="not-a-uuid"), "UUID"),
        (RULE.format(title="x", id=IDS[0]).replace("{A: a}", "{A|contians: a}"), "contians"),
        (RULE.format(title="x", id=IDS[0]).replace("{A: a}", "{A|re: '('}"), "Regular expression"),
        (RULE.format(title="x", id=IDS[0]).replace("{A: a}", "{A|cidr: 192.0.2.1/8}"), "CIDR"),
        (RULE.format(title="x", id=IDS[0]).replace("{A: a}", "{A: a, A: b}"), "Duplicate key"),
        (RULE.format(title="x", id=IDS[0]).replace("level: high", "level: dire"), "dire"),
        ("title: x\ndetection: {x: {A: a}, condition: x}\n", "log source"),
        ("title: x\nlogsource: {product: a}\ndetection: 5\n", "detection"),
    ],
)
def test_what_cannot_be_used_is_listed_with_its_reason(tmp_path: Path, text: str, reason: str) -> None:
    path = _write(tmp_path / "a.yml", text)
    found = load_rules([path])
    assert found.rules == ()
    (failed,) = found.failed
    assert failed.path == str(path)
    assert reason in failed.reason
    assert "\n" not in failed.reason


def test_second_rule_with_an_id_is_listed_not_run(tmp_path: Path) -> None:
    _write(tmp_path / "a.yml", RULE.format(title="one", id=IDS[0]) + "---\n" + RULE.format(title="two", id=IDS[0]))
    _write(tmp_path / "b.yml", RULE.format(title="three", id=IDS[0]))
    found = load_rules([tmp_path])
    assert [rule.info.title for rule in found.rules] == ["one"]
    assert {failed.reason for failed in found.failed} == {f"duplicate id, first in {tmp_path}/a.yml"}
    assert len(found.failed) == 2


def test_how_a_path_is_spelled_does_not_decide_which_of_two_rules_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path from the root sorts before one from here: what is given first is taken, not what sorts first."""
    monkeypatch.chdir(tmp_path)
    _write(tmp_path / "house/z.yml", RULE.format(title="of the house", id=IDS[0]))
    _write(tmp_path / "elsewhere/a.yml", RULE.format(title="of others", id=IDS[0]))
    for house in (tmp_path / "house", Path("house"), Path("../") / tmp_path.name / "house"):
        for others in (tmp_path / "elsewhere", Path("elsewhere")):
            found = load_rules([house, others])
            assert [rule.info.title for rule in found.rules] == ["of the house"]
            assert [failed.path for failed in found.failed] == [str(others / "a.yml")]
    texts = rule_texts([Path("house"), tmp_path / "elsewhere"])
    assert texts_digest(texts) != texts_digest(dict(reversed(texts.items()))), "another order may be other rules"


def test_rule_without_id_or_level(tmp_path: Path) -> None:
    text = RULE.format(title="one", id=IDS[0]).replace(f"id: {IDS[0]}\n", "").replace("level: high\n", "")
    (rule,) = load_rules([_write(tmp_path / "a.yml", text)]).rules
    assert rule.info.level is Level.MEDIUM
    assert rule.info.id == load_rules([tmp_path]).rules[0].info.id
    assert rule.info.id.startswith("unnamed-")


def test_bytes_that_are_no_text_and_a_file_too_long(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_bytes(b"title: \xff\xfe")
    (tmp_path / "b.yml").write_bytes(b"#" * (1024 * 1024 + 1))
    assert [failed.reason[:8] for failed in load_rules([tmp_path]).failed] == ["not YAML", "longer t"]


def test_digest_follows_the_rules(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.yml", RULE.format(title="one", id=IDS[0]))
    first = texts_digest(rule_texts([tmp_path]))
    assert first == load_rules([tmp_path]).digest
    path.write_text(RULE.format(title="two", id=IDS[0]))
    assert texts_digest(rule_texts([tmp_path])) != first


def test_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there are no rules"):
        load_rules([tmp_path / "absent"])
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04 broken")
    assert load_rules([tmp_path / "b.zip"]).failed != ()


def test_values_of_expand_go_with_rules_that_ask_for_them() -> None:
    values = b"placeholders: {admins: [ada.example]}\n"
    asking = RULE.format(title="asking", id=IDS[1]).replace("A: a", "A|expand: '%admins%'").encode()
    other = RULE.format(title="other", id=IDS[2]).encode()
    texts = {"a.yml": asking, "b.yml": other, "c.yml": values}
    assert with_placeholders({"b.yml": other}, texts) == {"b.yml": other}
    alone = read_rules(with_placeholders({"a.yml": asking}, texts))
    assert ([one.info.title for one in alone.rules], alone.placeholders) == (["asking"], {"admins": ("ada.example",)})
