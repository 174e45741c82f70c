"""The worker's turn at the desk's long questions. It reads, and only the answer is written;
a payout that was asked for is prepared in the transaction of its answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any

from sqlalchemy.orm import Session

from shared.actions.collecting import carry_out
from shared.actions.inquiring import (
    Inquiry,
    InquiryKind,
    InquiryState,
    Superseded,
    answer_inquiry,
    anything_asked,
    hand_back,
    still_at_it,
    take_inquiry,
)
from shared.base.clock import Clock, system_clock
from shared.base.database import Database
from shared.base.errors import Refusal
from shared.campaigns.campaigns import get_campaign
from shared.campaigns.file import read_campaign
from shared.campaigns.problems import CampaignFileError
from shared.reports import reviewed, simulation_plain
from shared.reports.payout_file import read_answers
from shared.reports.reconciliation import reconcile
from shared.reports.simulation import try_out

LONGEST = 15 * 60.0
"""Seconds: a question that takes longer is for the command line, at night."""
BEAT_EVERY = 1.0
"""Seconds between two signs of life."""
Found = tuple[dict[str, Any], bytes | None]


class Ending(Exception):
    """This worker was told to end in the middle of a question."""


@dataclass
class Pulse:
    """Tells how far a question is, now and then; ends it when it takes too long."""

    database: Database
    number: int
    holder: str
    clock: Clock
    ends: Callable[[], bool]
    _began: float = field(default_factory=monotonic, init=False)
    _beat: float = field(default_factory=monotonic, init=False)

    def __call__(self, done: int, total: int | None = None) -> None:
        """So many members are done. Superseded: nobody waits. Ending. Refusal `inquiry.long`."""
        now = monotonic()
        if self.ends():
            raise Ending
        if now - self._began > LONGEST:
            raise Refusal("inquiry.long", minutes=int(LONGEST // 60))
        if now - self._beat < BEAT_EVERY:
            return
        self._beat = now
        with self.database.transaction() as session:
            still_at_it(session, self.number, self.holder, done, total, self.clock())


def inquiry_turn(
    database: Database,
    holder: str,
    clock: Clock,
    ends: Callable[[], bool] = lambda: False,
    real_clock: Clock = system_clock,
) -> bool:
    """Answer one question of the desk; whether there was any. `ends`: told to end meanwhile."""
    with database.reading() as session:
        if not anything_asked(session, real_clock()):
            return False
    with database.transaction() as session:
        number = take_inquiry(session, holder, clock(), real_clock())
    if number is None:
        return False
    pulse = Pulse(database, number, holder, real_clock, ends)
    try:
        with suppress(Superseded):
            _answer(database, number, pulse, clock)
    except Refusal as refusal:
        plain = {"code": refusal.code, "params": refusal.params}
        with suppress(Superseded), database.transaction() as session:
            answer_inquiry(session, number, holder, InquiryState.FAILED, plain, None, clock())
    except Ending:
        with suppress(Superseded), database.transaction() as session:
            hand_back(session, number, holder)
        return False
    return True


def _answer(database: Database, number: int, pulse: Pulse, clock: Clock) -> None:
    with database.reading() as session:
        inquiry = session.get_one(Inquiry, number)
        kind = InquiryKind(inquiry.kind)
        if kind is not InquiryKind.PAYOUT:
            ask = _review if kind is InquiryKind.REVIEW else _trial
            answer, lines = ask(session, inquiry, pulse, clock())
    with database.transaction() as session:
        if kind is InquiryKind.PAYOUT:
            carry_out(session, number, pulse.holder, clock())
        else:
            done = InquiryState.DONE
            answer_inquiry(session, number, pulse.holder, done, answer, lines, clock())


def _review(session: Session, inquiry: Inquiry, pulse: Pulse, now: datetime) -> Found:
    campaign = get_campaign(session, inquiry.campaign_id)
    pack = reviewed.LinePack()
    bank = read_answers(inquiry.file) if inquiry.file is not None else []
    month = inquiry.asked["month"]
    found = reconcile(session, campaign, month, now, pack.add, bank=bank, told=pulse)
    return reviewed.as_json(found, campaign.zone, pack.kept), pack.packed()


def _trial(session: Session, inquiry: Inquiry, pulse: Pulse, now: datetime) -> Found:
    asked = inquiry.asked
    try:
        file = read_campaign(asked["source"])
    except CampaignFileError:  # what a file may say has changed since it was checked
        raise Refusal("inquiry.stale") from None
    until = datetime.fromisoformat(asked["until"]) if asked["until"] else None
    slug = get_campaign(session, inquiry.campaign_id).slug
    trial = try_out(session, file, now, slug=slug, until=until, ltv=asked["ltv"], told=pulse)
    return simulation_plain.as_json(trial), None
