"""An estate held against what the logs show."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.describe.rows import write

from tocsin.describe.checking import checked
from tocsin.describe.drafting import Logs
from tocsin.describe.holders import Seen
from tocsin.describe.shown_holdings import Access
from tocsin.errors import ConfigError
from tocsin.model.describing import Covered
from tocsin.model.joining import Identities

LOGS = Logs(
    accounts={"ada": Seen(records=3), "s-1-5-21-7": Seen(records=2), "eve": Seen(records=9), "host$": Seen(records=99)},
    identities=Identities(name_of={"s-1-5-21-7": "ada", "ada": "ada"}, forms={"ada": ("ada", "s-1-5-21-7")}),
    accesses=[
        Access("document", "D:\\Matters\\M1\\a", "fs", 5),
        Access("document", "D:\\Matters\\M2\\a", "fs", 3),
        Access("document", "E:\\a\\b", "fs", 2),
        Access("document", "C:\\Windows\\x", "fs", 50),
    ],
    hosts={"fs.tribunal.example": {"Security"}, "dc": {"Security", "System"}},
    applications={},
)
ESTATE = {
    "identities.csv": "id,accounts\np-1,S-1-5-21-7\n",
    "holdings.csv": "pattern,kind,matter\n\\\\fs\\D$\\Matters\\M1\\*,folder,M1\n\\\\fs\\D$\\Matters\\*,folder,\n",
    "aliases.csv": "kind,name,other\nfolder,\\\\fs\\D$\\*,D:\\*\n",
    "hosts.csv": "name\nfs\n",
}


def test_how_much_of_the_logs_an_estate_names(tmp_path: Path) -> None:
    found = checked(write(tmp_path, ESTATE), LOGS)
    assert (found.faults, found.warnings) == ((), ())
    assert found.accesses == Covered(total=10, covered=8, missing=(("E:\\a\\*", 2),))
    assert found.with_matter == Covered(total=10, covered=5, missing=(("D:\\Matters\\*", 3), ("E:\\a\\*", 2)))
    assert found.accounts == Covered(total=2, covered=1, missing=(("eve", 9),))
    assert found.hosts == Covered(total=2, covered=1, missing=(("dc", 2),))


def test_faults_are_listed_and_not_raised(tmp_path: Path) -> None:
    found = checked(write(tmp_path, {"holdings.csv": "pattern,kind\nx,desk\ny,site\nY,site\n"}), None)
    assert [fault[:25] for fault in found.faults] == ["holdings.csv:2: kind is n", "holdings.csv:4: the patte"]
    assert found.rows == (("holdings", 3),)


def test_two_names_of_one_holding_of_different_matters_are_told(tmp_path: Path) -> None:
    more = {"holdings.csv": ESTATE["holdings.csv"] + "D:\\*,folder,M9\n\\\\fs\\D$\\*,folder,M1\n"}
    found = checked(write(tmp_path, {**ESTATE, **more}), None)
    assert found.warnings[0] == "aliases.csv:2: two names of one holding that are of different matters"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not a folder"):
        checked(tmp_path / "missing", None)
