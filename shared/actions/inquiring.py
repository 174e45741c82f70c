"""Inquiries: long questions of the desk, a month's review or a simulation, which the worker
answers; and large payouts, which it prepares (`collecting`). The page that asked shows how far it
is; the answer is kept.

A worker says every few seconds that it is still at it, in real time; of one that fell silent
another takes the question over, once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CursorResult,
    Index,
    Integer,
    String,
    and_,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.actions.approvals import check_right
from shared.base.database import Base, Id, Utc, id_column
from shared.base.errors import Refusal
from shared.base.sealing import SealedBytes, SealedJson
from shared.people.staff import Staff
from shared.post.audit import record

SILENT_AFTER = timedelta(minutes=2)
"""Of real time: longer than any one piece of work between two signs of life."""
MOST_TRIES = 2
MOST_WAITING = 20
"""Of the whole desk; enough for everybody, and nobody fills the queue."""


class InquiryKind(StrEnum):
    """What is asked."""

    REVIEW = "review"
    """A month's review: `{"month": "YYYY-MM"}`, and the bank's answer file where one was sent."""
    TRIAL = "trial"
    """A draft on recorded history: `{"source", "slug", "until", "ltv"}`."""
    PAYOUT = "payout"
    """A large batch to be prepared; the answer is its `{"number", "unsettled"}`."""


class InquiryState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    GONE = "gone"
    """Its answer was kept for its term (shared/actions/retention.py)."""


TRANSITIONS: dict[InquiryState, frozenset[InquiryState]] = {
    InquiryState.WAITING: frozenset({InquiryState.RUNNING, InquiryState.STOPPED}),
    InquiryState.RUNNING: frozenset(InquiryState) - {InquiryState.GONE},
    InquiryState.DONE: frozenset({InquiryState.GONE}),
    InquiryState.FAILED: frozenset(),
    InquiryState.STOPPED: frozenset(),
    InquiryState.GONE: frozenset(),
}
"""Running again: another worker took over. Waiting again: its worker was told to end."""
OPEN = (InquiryState.WAITING.value, InquiryState.RUNNING.value)


class Inquiry(Base):
    """One question and its answer."""

    __tablename__ = "inquiries"
    __table_args__ = (
        Index("ix_inquiries_state", "state", "id"),
        Index("ix_inquiries_kind", "kind", "id"),
    )

    id: Mapped[int] = id_column()
    kind: Mapped[str] = mapped_column(String(10))
    campaign_id: Mapped[int] = mapped_column(Id)
    asked: Mapped[dict[str, Any]] = mapped_column(JSON)
    file: Mapped[bytes | None] = mapped_column(SealedBytes("inquiry.file"), deferred=True)
    """The bank's answer file that came with it, as it was sent."""
    asked_by: Mapped[int] = mapped_column(Id)
    asked_at: Mapped[datetime] = mapped_column(Utc)
    state: Mapped[str] = mapped_column(String(10))
    holder: Mapped[str | None] = mapped_column(String(80))
    """The worker that is at it."""
    seen_at: Mapped[datetime | None] = mapped_column(Utc)
    """Its last sign of life, in real time."""
    tries: Mapped[int] = mapped_column(Integer, default=0)
    done: Mapped[int] = mapped_column(Integer, default=0)
    """Members looked at so far, of `total` where that is known."""
    total: Mapped[int | None] = mapped_column(Integer)
    answer: Mapped[dict[str, Any] | None] = mapped_column(
        SealedJson("inquiry.answer"), deferred=True
    )
    """Of one that failed: the refusal, `{"code", "params"}`."""
    lines: Mapped[bytes | None] = mapped_column(SealedBytes("inquiry.lines"), deferred=True)
    """A review's lines (shared/reports/reviewed.py)."""
    ended_at: Mapped[datetime | None] = mapped_column(Utc)

    @property
    def open(self) -> bool:
        """Whether an answer is still to come."""
        return self.state in OPEN


class Superseded(Exception):
    """The question was stopped, or another worker has it now: leave it."""


def inquire(
    session: Session,
    staff: Staff,
    kind: InquiryKind,
    campaign_id: int,
    asked: dict[str, Any],
    now: datetime,
    file: bytes | None = None,
) -> Inquiry:
    """Ask. The same question while it is open is the one that was asked before.

    Refusals: `desk.read_only`, `inquiry.queue` when too many wait.
    """
    check_right(staff)
    waiting = select(Inquiry).where(Inquiry.state.in_(OPEN)).order_by(Inquiry.id)
    for before in session.scalars(waiting.where(Inquiry.campaign_id == campaign_id)):
        if (before.kind, before.asked, before.file) == (kind, asked, file):
            return before
    open_now = session.scalar(select(func.count()).select_from(waiting.subquery())) or 0
    if open_now >= MOST_WAITING:
        raise Refusal("inquiry.queue")
    made = Inquiry(
        kind=kind.value, campaign_id=campaign_id, asked=asked, file=file,
        asked_by=staff.id, asked_at=now, state=InquiryState.WAITING.value, tries=0, done=0,
    )  # fmt: skip
    session.add(made)
    session.flush()
    record(session, f"staff:{staff.id}", f"{kind}.asked", f"inquiry:{made.id}", now)
    return made


def inquiry_of(session: Session, kind: InquiryKind, number: int) -> Inquiry:
    """A question of a kind by number; LookupError when there is none."""
    found = session.get(Inquiry, number)
    if found is None or found.kind != kind:
        raise LookupError(f"{kind} {number}")
    return found


def inquiries(
    session: Session, kind: InquiryKind, most: int, before: int | None = None
) -> list[Inquiry]:
    """Questions of a kind, the newest first; older than `before`."""
    query = select(Inquiry).where(Inquiry.kind == kind.value).order_by(Inquiry.id.desc())
    if before is not None:
        query = query.where(Inquiry.id < before)
    return list(session.scalars(query.limit(most)))


def stop_inquiry(session: Session, staff: Staff, number: int, now: datetime) -> None:
    """Nobody wants to know any more. Refusals `desk.read_only`, `inquiry.ended`."""
    check_right(staff)
    stopped = session.execute(
        update(Inquiry)
        .where(Inquiry.id == number, Inquiry.state.in_(OPEN))
        .values(state=InquiryState.STOPPED.value, ended_at=now)
    )
    if not _hit(stopped):
        raise Refusal("inquiry.ended")
    record(session, f"staff:{staff.id}", "inquiry.stopped", f"inquiry:{number}", now)


def _takeable(real_now: datetime) -> Any:
    silent = and_(
        Inquiry.state == InquiryState.RUNNING.value, Inquiry.seen_at < real_now - SILENT_AFTER
    )
    return or_(Inquiry.state == InquiryState.WAITING.value, silent)


def anything_asked(session: Session, real_now: datetime) -> bool:
    """Whether a worker is wanted."""
    found = select(Inquiry.id).where(Inquiry.state.in_(OPEN), _takeable(real_now)).limit(1)
    return session.scalar(found) is not None


def take_inquiry(session: Session, holder: str, now: datetime, real_now: datetime) -> int | None:
    """The oldest question that nobody is at, payouts first, now this worker's; None: there is none.

    One that nobody came to the end of in MOST_TRIES tries fails. `real_now`: for signs of life.
    """
    query = select(Inquiry.id, Inquiry.tries).where(Inquiry.state.in_(OPEN), _takeable(real_now))
    first = Inquiry.kind != InquiryKind.PAYOUT.value  # short, and money waits for it
    for number, tries in session.execute(query.order_by(first, Inquiry.id).limit(10)).all():
        mine: dict[str, Any] = {
            "state": InquiryState.RUNNING.value, "holder": holder, "seen_at": real_now,
            "tries": tries + 1, "done": 0,
        }  # fmt: skip
        if tries >= MOST_TRIES:
            mine = {
                "state": InquiryState.FAILED.value,
                "answer": {"code": "inquiry.broken", "params": {}},
                "ended_at": now,
            }
        taken = session.execute(
            update(Inquiry)
            .where(Inquiry.id == number, Inquiry.tries == tries, _takeable(real_now))
            .values(**mine)
            .execution_options(synchronize_session=False)
        )
        if _hit(taken) and "holder" in mine:
            return int(number)
    return None


def still_at_it(
    session: Session, number: int, holder: str, done: int, total: int | None, real_now: datetime
) -> None:
    """A sign of life. Superseded when the question was stopped or is another's."""
    values = {"done": done, "total": total, "seen_at": real_now}
    _as_holder(session, number, holder, values)


def hand_back(session: Session, number: int, holder: str) -> None:
    """This worker ends: the question waits for another, as if it had not been taken."""
    values = {
        "state": InquiryState.WAITING.value,
        "holder": None,
        "tries": Inquiry.tries - 1,
        "done": 0,
    }
    _as_holder(session, number, holder, values)


def answer_inquiry(
    session: Session,
    number: int,
    holder: str,
    state: InquiryState,
    answer: dict[str, Any],
    lines: bytes | None,
    now: datetime,
) -> None:
    """The end: DONE with an answer, or FAILED with a refusal. Superseded as `still_at_it`."""
    assert state in TRANSITIONS[InquiryState.RUNNING]
    values = {"state": state.value, "answer": answer, "lines": lines, "ended_at": now}
    _as_holder(session, number, holder, values)


def _as_holder(session: Session, number: int, holder: str, values: dict[str, Any]) -> None:
    mine = update(Inquiry).where(
        Inquiry.id == number, Inquiry.holder == holder, Inquiry.state == InquiryState.RUNNING.value
    )
    if not _hit(session.execute(mine.values(**values))):
        raise Superseded


def _hit(result: Any) -> bool:
    assert isinstance(result, CursorResult)
    return result.rowcount == 1
