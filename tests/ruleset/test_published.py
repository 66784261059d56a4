"""A published rule set is read as it says; an archive that hides something is refused as a whole, and says why."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import ConfigError
from tocsin.ruleset import published
from tocsin.ruleset.published import read_published, set_name

RULE = b"title: An invented rule\nid: 11111111-0000-4000-8000-000000000001\n"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def archive(path: Path, members: dict[str, bytes], comment: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name, data)
        made.comment = comment.encode()
    return path


def test_release_archive_says_what_it_is(tmp_path: Path) -> None:
    found = read_published(
        archive(
            tmp_path / "sigma_core.zip",
            {
                "rules/windows/a.yml": RULE,
                "version.txt": b"Release r2026-02-01\ncommit " + COMMIT.encode(),
                "LICENSE": b"released under the [Detection Rule License (DRL) 1.1](https://example.org/drl)",
                "README.md": b"#",
            },
        )
    )
    assert dict(found.texts) == {"rules/windows/a.yml": RULE}
    assert (found.version, found.commit, found.date) == ("Release r2026-02-01", COMMIT, "2026-02-01")
    assert (found.licence, found.other, found.origin) == ("Detection Rule License 1.1", 3, "sigma_core.zip")


def test_archive_of_a_repository_gives_its_rules_and_nothing_retired(tmp_path: Path) -> None:
    members = {
        f"sigma-{COMMIT}/rules/linux/a.yml": RULE,
        f"sigma-{COMMIT}/rules-emerging-threats/b.yml": RULE,
        f"sigma-{COMMIT}/deprecated/c.yml": RULE,
        f"sigma-{COMMIT}/.github/workflows/test.yml": b"on: push",
        f"sigma-{COMMIT}/rules/linux/a.cases.yml": b"[]",
    }
    found = read_published(archive(tmp_path / "x.zip", members, COMMIT))
    assert set(found.texts) == {"rules/linux/a.yml", "rules-emerging-threats/b.yml"}
    assert found.commit == COMMIT
    assert found.other == 3


def test_folder_and_file_are_sets_too(tmp_path: Path) -> None:
    (tmp_path / "mine/deep").mkdir(parents=True)
    (tmp_path / "mine/deep/a.yml").write_bytes(RULE)
    assert dict(read_published(tmp_path / "mine").texts) == {"a.yml": RULE}
    assert dict(read_published(tmp_path / "mine/deep/a.yml").texts) == {"a.yml": RULE}


def _linked(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as made:
        link = zipfile.ZipInfo("rules/a.yml")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(link, "/etc/passwd")


def _twice(path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "w") as made:
        made.writestr("rules/a.yml", RULE)
        made.writestr("rules/a.yml", RULE + b"level: low\n")


def _encrypted(path: Path) -> None:
    archive(path, {"rules/a.yml": RULE})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))


def _cut(path: Path) -> None:
    archive(path, {"rules/a.yml": RULE * 100})
    data = path.read_bytes()
    path.write_bytes(data[:40] + bytes(20) + data[60:])


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: archive(path, {"../rules/a.yml": RULE}), "leads out of the archive"),
        (lambda path: archive(path, {"rules/../../a.yml": RULE}), "leads out of the archive"),
        (lambda path: archive(path, {"/etc/a.yml": RULE}), "leads out of the archive"),
        (lambda path: archive(path, {"C:/a.yml": RULE}), "leads out of the archive"),
        (lambda path: archive(path, {"rules\\..\\..\\a.yml": RULE}), "leads out of the archive"),
        (_linked, "is a link or a device"),
        (_twice, "is in it twice"),
        (_encrypted, "is encrypted"),
        (_cut, "cannot be read"),
        (lambda path: archive(path, {"rules/a.yml": bytes(2 << 20)}), "longer than 1,048,576 bytes"),
        (lambda path: archive(path, {"README.md": b"x"}), "holds no rule"),
        (lambda path: path.write_bytes(b"<html>not found</html>"), "is no rule set"),
    ],
)
def test_what_is_not_to_be_trusted_is_refused(tmp_path: Path, make: Callable[[Path], object], why: str) -> None:
    path = tmp_path / "set.zip"
    make(path)
    with pytest.raises(ConfigError, match=why) as refused:
        read_published(path)
    assert refused.value.hint


def test_bomb_of_many_small_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "LARGEST_SET", 1 << 20)
    path = archive(tmp_path / "set.zip", {f"rules/{n}.yml": bytes(100_000) for n in range(20)})
    with pytest.raises(ConfigError, match="expands to more than 1 MiB"):
        read_published(path)
    monkeypatch.setattr(published, "MOST_RULE_FILES", 10)
    with pytest.raises(ConfigError, match="holds 20 files, more than 10"):
        read_published(path)


def test_link_in_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yml").symlink_to("/etc/hostname")
    with pytest.raises(ConfigError, match="is a link"):
        read_published(tmp_path)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("sigma_core.zip", "sigma_core"),
        ("sigma_all_rules-r2026-02-01.zip", "sigma_all_rules"),
        ("sigma-1a2b3c4d.zip", "sigma"),
        ("sigma-master.zip", "sigma"),
        ("Our Rules (2).zip", "our-rules-2"),
    ],
)
def test_two_releases_have_one_name(tmp_path: Path, file: str, name: str) -> None:
    (tmp_path / file).touch()
    assert set_name(None, tmp_path / file) == name


@given(st.text(max_size=80))
def test_name_is_a_folder_of_its_own_or_refused(name: str) -> None:
    try:
        called = set_name(name, Path("x.zip"))
    except ConfigError:
        return
    assert Path("rules", f"set-{called}").resolve().parent == Path("rules").resolve()
    assert called == called.casefold()
