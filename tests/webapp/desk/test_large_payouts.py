"""Payouts of many lines: ten thousand answers in one upload, and a batch that the worker makes."""

from __future__ import annotations

import io
from time import process_time
from typing import Any

import pytest
from counter import both_engines, words
from desktop import SHEN, TANG, Desk, Desks
from many_owed import owe_many
from money import works
from sqlalchemy import func, select, update

from shared.actions import collecting
from shared.actions.inquiring import Inquiry, stop_inquiry
from shared.jobs import inquiries
from shared.people.staff import Staff
from shared.post.audit import Audit
from shared.post.outbox import Outbox
from shared.rewards.payouts import Batch, Line, Part
from shared.rewards.queue import SettleTask
from shared.rewards.standing import Happening, KeyEvent

PAYOUTS, ASKED, FIRST = "/desk/payouts", "/desk/payouts/asked/1", "/desk/payouts/1"
MANY = 10_000
FAILS = 100
"""Every hundredth line fails."""


@pytest.fixture
def long(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> Desks:
    """Three members are owed something, and that counts as much."""
    owe_many(desks.database, 1, 3, desks.clock())
    monkeypatch.setattr(collecting, "LONG_FROM", 2)
    return desks


def counts(desks: Desks) -> dict[str, int]:
    """What ten thousand answers left behind."""
    paid = KeyEvent.kind == Happening.PAID.value
    questions = {
        "paid": select(func.count()).where(Line.state == "paid"),
        "failed": select(func.count()).where(Line.state == "failed"),
        "lives": select(func.count()).where(paid),
        "amounts": select(func.sum(KeyEvent.amount)).where(paid),
        "open": select(func.count()).where(Part.open),
        "told": select(func.count()).where(Outbox.once.like("payout.%")),
        "woken": select(func.count()).select_from(SettleTask),
    }
    with desks.database.reading() as session:
        return {name: session.scalar(query) or 0 for name, query in questions.items()}


def test_ten_thousand_answers_are_taken_in_one_upload_and_never_twice(
    desks: Desks, tang: Desk
) -> None:
    owe_many(desks.database, 1, MANY, desks.clock())
    assert tang.posts(PAYOUTS, campaign="spring").place == FIRST
    with desks.database.transaction() as session:  # the other steps are not what is tried here
        session.get_one(Batch, 1).state = "exported"
        references = list(session.scalars(select(Line.reference).order_by(Line.ordinal)))
    lines = [
        f"{name},{'paid' if n % FAILS else 'failed'},{'' if n % FAILS else 'closed'}"
        for n, name in enumerate(references)
    ]
    content = "\n".join(["reference,status,reason", *lines]).encode()
    began = process_time()
    page = tang.posts("/desk/answers", file=(io.BytesIO(content), "answer.csv"))
    assert process_time() - began < 5  # 1.4 s when it was written; line by line it was 49 s
    assert words("desk.answer.taken") in page.html
    failed = MANY // FAILS
    paid = MANY - failed
    assert page.text_of("figure-paid") == f"{paid:,}"
    assert page.text_of("figure-failed") == str(failed)
    after = {
        "paid": paid, "failed": failed, "lives": paid, "amounts": paid * 8_800, "open": 0,
        "told": MANY, "woken": paid,
    }  # fmt: skip
    assert counts(desks) == after
    with desks.database.reading() as session:
        assert session.get_one(Batch, 1).state == "acknowledged"
    again = tang.posts("/desk/answers", file=(io.BytesIO(content), "answer.csv"))
    assert again.text_of("figure-repeated") == f"{MANY:,}"
    assert counts(desks) == after


def test_who_has_no_session_sends_a_large_file_for_nothing(desks: Desks) -> None:
    class Unread(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            raise AssertionError("the body is not looked at")

    stranger = desks.stranger().client
    body = {"input_stream": Unread(), "content_length": 9_000_000}
    kind = "multipart/form-data; boundary=x"
    assert stranger.post("/desk/answers", content_type=kind, **body).status_code == 400


@both_engines
def test_a_long_batch_is_prepared_by_the_worker_for_another_person_to_confirm(
    long: Desks, tang: Desk, shen: Desk
) -> None:
    page = tang.posts(PAYOUTS, campaign="spring")
    assert page.place == ASKED
    assert page.has("progress")
    assert words("desk.payout.asked.leave") in page.html
    assert tang.posts(PAYOUTS, campaign="spring").place == ASKED  # a second click
    other = shen.posts(PAYOUTS, campaign="spring")
    assert other.status == 422
    assert words("error.payout.preparing", slug="spring") in other.html
    assert other.has("under-way")
    assert not other.has("prepare")
    assert works(long)
    made = tang.opens(ASKED)
    assert made.place == FIRST
    assert words("desk.payout.said.prepared", number=1) in made.html
    assert words("error.payout.maker") in tang.posts(f"{FIRST}/confirm").html
    assert shen.opens(ASKED).place == FIRST
    done = shen.posts(f"{FIRST}/confirm")
    assert words("desk.payout.said.confirmed", number=1) in done.html
    assert not works(long)
    again = shen.posts(PAYOUTS, campaign="spring")
    assert works(long)
    failed = shen.opens(again.place)
    assert words("error.payout.nothing", slug="spring") in failed.html
    with long.database.reading() as session:
        acts = select(Audit.act).where(Audit.act.like("payout.%")).order_by(Audit.id)
        assert list(session.scalars(acts)) == [
            "payout.asked",
            "payout.prepared",
            "payout.confirmed",
            "payout.asked",
        ]


def batches(desks: Desks) -> int:
    with desks.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Batch)) or 0


def test_one_that_was_stopped_or_whose_maker_left_prepares_nothing(
    long: Desks, tang: Desk, shen: Desk
) -> None:
    tang.posts(PAYOUTS, campaign="spring")
    assert tang.posts("/desk/inquiries/1/stop").place == ASKED
    assert not works(long)
    tang.posts(PAYOUTS, campaign="spring")
    with long.database.transaction() as session:
        session.scalars(select(Staff).where(Staff.staff_no == TANG)).one().active = False
    assert works(long)
    assert words("error.payout.authority") in shen.opens("/desk/payouts/asked/2").html
    assert batches(long) == 0


@pytest.mark.parametrize("how", ["stopped", "taken over"])
def test_a_batch_without_its_answer_is_undone(
    long: Desks, tang: Desk, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tang.posts(PAYOUTS, campaign="spring")

    def meanwhile(session: Any, number: int, holder: str, now: Any) -> None:
        """What another transaction did just before this one's end."""
        if how == "stopped":
            staff = session.scalars(select(Staff).where(Staff.staff_no == SHEN)).one()
            stop_inquiry(session, staff, number, now)
        else:
            session.execute(update(Inquiry).values(holder="another"))
        collecting.carry_out(session, number, holder, now)

    monkeypatch.setattr(inquiries, "carry_out", meanwhile)
    assert works(long)
    assert batches(long) == 0
    monkeypatch.undo()
    monkeypatch.setattr(collecting, "LONG_FROM", 2)
    with long.database.transaction() as session:
        session.execute(update(Inquiry).values(state="waiting"))
    assert works(long)
    assert batches(long) == 1
