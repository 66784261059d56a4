"""Where a thing lies, as a person would say the matter of it."""

from __future__ import annotations

import pytest

from tocsin.describe.places import Place, place_of

SITE = "https://tribunal.example/sites/m12"


@pytest.mark.parametrize(
    ("kind", "holding", "container", "top", "inner"),
    [
        ("mail_item", "<1@x>", "ada@tribunal.example", "ada@tribunal.example", ""),
        ("mailbox", "ada@tribunal.example", "", "ada@tribunal.example", ""),
        ("site", SITE, SITE, f"{SITE}/*", ""),
        ("document", f"{SITE}/Shared Documents/List.docx", SITE, f"{SITE}/*", f"{SITE}/Shared Documents/*"),
        ("document", f"{SITE}/Docs/Drafts/2024/a.docx", SITE, f"{SITE}/*", f"{SITE}/Docs/Drafts/*"),
        ("document", f"{SITE}/Docs/Forms/AllItems.aspx", SITE, f"{SITE}/*", ""),
        (
            "document",
            "https://tribunal.example/a/b.docx",
            "",
            "https://tribunal.example/*",
            "https://tribunal.example/a/*",
        ),
        ("document", "\\\\fs\\Matters\\M1\\Drafts\\a", "", "\\\\fs\\Matters\\*", "\\\\fs\\Matters\\M1\\*"),
        ("document", "\\\\fs\\Matters\\a.txt", "", "\\\\fs\\Matters\\*", ""),
        ("folder", "\\\\fs\\Matters\\M1", "", "\\\\fs\\Matters\\*", "\\\\fs\\Matters\\M1\\*"),
        ("document", "\\\\fs\\D$\\Matters\\M1\\a", "", "\\\\fs\\D$\\Matters\\*", "\\\\fs\\D$\\Matters\\M1\\*"),
        ("document", "D:\\Matters\\M1\\a", "fs", "D:\\Matters\\*", "D:\\Matters\\M1\\*"),
        ("document", "D:\\a.txt", "fs", "D:\\*", ""),
        ("document", "/srv/matters/m1/a", "", "/srv/*", "/srv/matters/*"),
        ("object", "arn:aws:s3:::files/m1/a", "arn:aws:s3:::files", "arn:aws:s3:::files/*", "arn:aws:s3:::files/m1/*"),
        ("bucket", "arn:aws:s3:::files", "", "arn:aws:s3:::files/*", ""),
        ("secret", "arn:aws:secretsmanager:eu:1:secret:a", "", "arn:aws:secretsmanager:eu:1:secret:a", ""),
        ("record_set", "cases.persons", "cases", "cases.persons", ""),
    ],
)
def test_the_top_and_the_folder_in_it(kind: str, holding: str, container: str, top: str, inner: str) -> None:
    found = place_of(kind, holding, container)
    assert found is not None
    assert (found.top, found.inner, found.is_system) == (top, inner, False)


@pytest.mark.parametrize(
    ("holding", "top"),
    [
        ("C:\\Windows\\System32\\config\\SAM", "C:\\Windows\\*"),
        ("\\\\dc\\SYSVOL\\x\\gpt.ini", "\\\\dc\\SYSVOL\\*"),
        ("\\\\fs\\IPC$\\svcctl", "\\\\fs\\IPC$\\*"),
        ("\\\\fs\\C$\\Program Files\\x", "\\\\fs\\C$\\Program Files\\*"),
        ("/etc/shadow", "/etc/*"),
    ],
)
def test_what_the_systems_keep_needs_no_matter(holding: str, top: str) -> None:
    assert place_of("document", holding, "") == Place("folder", top, "", is_system=True)


@pytest.mark.parametrize(("kind", "holding"), [("mail_item", "<1@x>"), ("document", "")])
def test_what_names_no_place(kind: str, holding: str) -> None:
    assert place_of(kind, holding, "") is None
