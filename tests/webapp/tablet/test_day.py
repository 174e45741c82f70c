"""The day in figures: what this branch did since midnight, nobody named, nobody else's."""

from __future__ import annotations

from counter import ELSEWHERE, FAR, TICKED, Counter, House, both_engines, words


def figures(counter: Counter) -> dict[str, str]:
    page = counter.opens("/tablet/today")
    names = ("registered", "unfinished", "shown", "credited", "refused")
    return {
        name: page.html.split(f'data-test="figure-{name}"')[1].split("<dd")[1].split(">")[1][0]
        for name in names
    }


@both_engines
def test_the_day_counts_what_the_branch_did(mei: Counter, the_house: House) -> None:
    assert set(figures(mei).values()) == {"0"}
    number = the_house.files()
    mei.opens(f"/tablet/claims/{number}/refuse")
    mei.posts(f"/tablet/claims/{number}/refuse", reason="not_confirmed")
    mei.opens("/tablet/show")
    mei.posts("/tablet/show/code", code=the_house.invite().code)
    the_house.sends_number(mei)
    mei.posts("/tablet/walk-in/return")
    mei.signs_in()
    assert figures(mei) == {
        "registered": "0", "unfinished": "1", "shown": "1", "credited": "0", "refused": "1",
    }  # fmt: skip
    assert words("tablet.tasks.unfinished", n=1) in mei.opens("/tablet/tasks").html


@both_engines
def test_a_finished_walk_in_moves_from_one_figure_to_the_other(
    mei: Counter, the_house: House
) -> None:
    the_house.sends_number(mei)
    mei.posts("/tablet/walk-in/confirm", code=the_house.sms_code(), name="王小波", **TICKED)
    mei.posts("/tablet/walk-in/return")
    mei.signs_in()
    counted = figures(mei)
    assert (counted["registered"], counted["unfinished"]) == ("1", "0")


def test_another_branch_has_figures_of_its_own(mei: Counter, the_house: House) -> None:
    mei.opens("/tablet/show")
    mei.posts("/tablet/show/code", code=the_house.invite().code)
    far = the_house.tablet()
    far.enrols(ELSEWHERE)
    far.signs_in(FAR)
    assert figures(far)["shown"] == "0"


@both_engines
def test_a_new_day_begins_at_the_campaigns_midnight(mei: Counter, the_house: House) -> None:
    mei.opens("/tablet/show")
    mei.posts("/tablet/show/code", code=the_house.invite().code)
    the_house.clock.passes(hours=11, minutes=59)
    mei.signs_in()
    assert figures(mei)["shown"] == "1"
    the_house.clock.passes(minutes=1)
    assert figures(mei)["shown"] == "0"


def test_with_nothing_to_do_the_page_says_so(mei: Counter) -> None:
    assert words("tablet.tasks.none") in mei.opens("/tablet/tasks").html
    assert words("tablet.claims.none") in mei.opens("/tablet/claims").html
