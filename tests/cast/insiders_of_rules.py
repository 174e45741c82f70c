"""What the desk's people try with programmes, lives and their own role."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from counter import MEI, Page
from desktop import LUO, TANG, Desk, Desks
from insiders import (
    Way,
    becomes,
    has_card,
)
from insiders_of_money import SPRING, second_number

Steps = Iterator[Page | str | None]
PROPOSAL = "/desk/approvals/1"


def doubles(desk: Desk) -> Page:
    """Every reward is proposed to be twice as much."""
    source = desk.opens(f"{SPRING}/programme.yaml").response.get_data(as_text=True)
    return desk.posts("/desk/proposals", source=source.replace("amount: ¥100", "amount: ¥200"))


def resumes(desk: Desk) -> Page:
    """The campaign is paused, and its resuming proposed."""
    desk.posts(f"{SPRING}/move/paused")
    return desk.posts(f"{SPRING}/move/running")


def confirmed_by_its_maker(asks: Callable[[Desk], Page]) -> Way:
    def way(desks: Desks) -> Steps:
        tang = desks.of(TANG)
        asks(tang)
        yield None
        yield tang.posts(f"{PROPOSAL}/confirm")

    return way


def confirmed_under_another_number(asks: Callable[[Desk], Page]) -> Way:
    def way(desks: Desks) -> Steps:
        has_card(desks, TANG)
        asks(desks.of(TANG))
        again = second_number(desks)
        yield None
        yield again.posts(f"{PROPOSAL}/confirm")

    return way


def confirmed_in_another_role(asks: Callable[[Desk], Page]) -> Way:
    def way(desks: Desks) -> Steps:
        asks(desks.of(TANG))
        becomes(desks, TANG, "manager")
        tang = desks.of(TANG)
        yield None
        yield tang.posts(f"{PROPOSAL}/confirm")

    return way


def confirmed_by_an_auditor(asks: Callable[[Desk], Page]) -> Way:
    def way(desks: Desks) -> Steps:
        asks(desks.of(TANG))
        luo = desks.of(LUO)
        yield None
        yield luo.posts(f"{PROPOSAL}/confirm")

    return way


def proposed_by_who_became(role: str) -> Way:
    """Somebody has the page open while they get other work."""

    def way(desks: Desks) -> Steps:
        tang = desks.of(TANG)
        becomes(desks, TANG, role)
        yield None
        yield tang.posts(f"{SPRING}/move/closing")

    return way


def a_teller_at_the_desk(desks: Desks) -> Steps:
    stranger = desks.stranger()
    yield None
    yield stranger.signs_in(MEI)


WAYS: tuple[tuple[str, Way, str | int], ...] = (
    ("own programme", confirmed_by_its_maker(doubles), "approval.maker"),
    ("own programme, other number", confirmed_under_another_number(doubles), "approval.maker"),
    ("own programme, other role", confirmed_in_another_role(doubles), "approval.maker"),
    ("programme by an auditor", confirmed_by_an_auditor(doubles), 403),
    ("own resuming", confirmed_by_its_maker(resumes), "approval.maker"),
    ("own resuming, other number", confirmed_under_another_number(resumes), "approval.maker"),
    ("own resuming, other role", confirmed_in_another_role(resumes), "approval.maker"),
    ("resuming by an auditor", confirmed_by_an_auditor(resumes), 403),
    ("proposal of who became an auditor", proposed_by_who_became("auditor"), "/desk/sign-in"),
    ("proposal of who became a teller", proposed_by_who_became("teller"), "/desk/sign-in"),
    ("proposal of who left", proposed_by_who_became("left"), "/desk/sign-in"),
    ("teller at the desk", a_teller_at_the_desk, "staff.no_desk"),
)
