"""The first use of a privilege is odd where hardly anybody comes to use one, and told once."""

from __future__ import annotations

from tests.detect.behaviour.days import history, run

from tocsin.detect.behaviour.model import all_models


def _rows() -> list[dict[str, object]]:
    return [
        {"day": day, "account": f"person-{number}", "privilege": privilege}
        for day in range(20)
        for number in range(30)
        for privilege in (("", "special privileges") if number < 3 else ("",))
    ]


def test_it_is_told_once_with_how_many_peers_have_it() -> None:
    rows: list[dict[str, object]] = [*_rows()]
    rows.extend({"day": day, "account": "person-9", "privilege": "special privileges"} for day in (18, 19))
    (found,) = run(all_models()["first_privilege"], history("activity", rows))
    day, account, p, sentence, _, _ = found
    assert (day, account) == (18, "person-9")
    assert p < 0.02
    assert "used the privilege special privileges for the first time in its 18 days, as 3 of 29 peers" in sentence


def test_days_without_any_privilege_count_as_days_without() -> None:
    """The more days everybody went without, the odder the first use is."""

    def p_after(days: int) -> float:
        rows = [row for row in _rows() if int(str(row["day"])) < days]
        rows.append({"day": days, "account": "person-9", "privilege": "special privileges"})
        return next(iter(run(all_models()["first_privilege"], history("activity", rows))))[2]

    assert p_after(19) < p_after(7)
