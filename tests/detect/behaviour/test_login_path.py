"""Login paths: stolen credentials are told, an administrator's habits and what nobody can say are not."""

from __future__ import annotations

from tests.detect.behaviour.days import history, run

from tocsin.detect.behaviour.model import all_models


def _sign_in(day: int, hour: float, account: str, host: str, source: str = "", owner: str = "") -> dict[str, object]:
    return {"day": day, "hour": hour, "account": account, "host": host, "source": source, "owner": owner}


def _usual(days: int = 12) -> list[dict[str, object]]:
    """Each of six people is at a machine of their own and goes on to the file server; ada also to the server room."""
    rows = []
    for day in range(days):
        for number, account in enumerate(("ada", "ben", "eva", "ida", "jon", "kim")):
            rows.append(_sign_in(day, 8, account, f"ws-{number}.court.example"))
            rows.append(_sign_in(day, 9, account, "files.court.example", f"ws-{number}"))
        rows.append(_sign_in(day, 10, "ada", "server-room", "ws-0"))
    return rows


def _told(*rows: dict[str, object]) -> list[tuple[int, str, float, str]]:
    model = all_models()["login_path"]
    return [
        (day, account, p, text) for day, account, p, text, _, _ in run(model, history("sign_ins", [*_usual(), *rows]))
    ]


def test_an_account_used_from_a_machine_of_somebody_else_is_told_with_who_was_there() -> None:
    (found,) = _told(_sign_in(9, 11, "ada", "server-room", "ws-1"))
    assert found[:2] == (9, "ada")
    assert found[2] < 0.02
    assert "from ws-1, where ben had signed in 180 minutes before" in found[3]
    assert "reach gained, the account on that host, the way between the hosts" in found[3]


def test_it_is_told_across_midnight_and_not_after_a_day() -> None:
    assert _told(_sign_in(9, 1, "ada", "server-room", "ws-1"))
    assert not _told(_sign_in(14, 1, "ada", "server-room", "ws-1"))


def test_nothing_is_told_where_the_account_was_at_the_machine_itself_or_nobody_was() -> None:
    assert not _told(_sign_in(9, 10.5, "ada", "ws-1"), _sign_in(9, 11, "ada", "server-room", "ws-1"))
    assert not _told(_sign_in(9, 11, "ada", "server-room", "ws-9"))


def test_credentials_that_the_log_says_another_account_used_are_a_switch_by_themselves() -> None:
    (found,) = _told(_sign_in(9, 11, "ada", "server-room", "ws-7", owner="ben"))
    assert "where ben had signed in 0 minutes before" in found[3]


def test_who_does_so_each_day_is_expected_to() -> None:
    habit = [_sign_in(day, 11, "ada", f"server-{day}", f"ws-{1 + day % 5}") for day in range(12)]
    told = _told(*habit)
    assert told[-1][2] > 0.2
    assert told[-1][2] > 10 * _told(_sign_in(9, 11, "ada", "server-room", "ws-1"))[0][2]


def test_an_address_stands_for_the_machine_whose_account_came_from_it() -> None:
    names = [_sign_in(day, 7, "court\\ws-1$", "dc-1", "10.0.0.11") for day in range(8)]
    assert not _told(_sign_in(9, 11, "ada", "server-room", "10.0.0.11"))
    (found,) = _told(*names, _sign_in(9, 11, "ada", "server-room", "10.0.0.11"))
    assert "from ws-1, where ben had signed in" in found[3]
