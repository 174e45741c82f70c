"""One referral's way through the domain alone: a running campaign, Alice, a worker by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from snapshot import begin_from
from sqlalchemy import select

from shared.actions.assessing import look_at_referrals
from shared.actions.claim_clock import turn_claims
from shared.actions.hearing import accept_events, hear_waiting
from shared.actions.importing import import_members, import_staff
from shared.actions.inviting import invite_for
from shared.actions.joining import agree, bind_by_contact
from shared.actions.matching import look_at_registrations
from shared.actions.registering import (
    FinishForm,
    Registered,
    StartForm,
    finish_registration,
    start_registration,
)
from shared.actions.settling import settle_waiting
from shared.applications.events import parse_events
from shared.base import lease
from shared.base.database import Database
from shared.base.i18n import Locale
from shared.campaigns.file import apply_campaign
from shared.people.chats import find_or_add_chat
from shared.people.consents import Purpose
from shared.people.members import member_by_ref
from shared.post.inbox import Arrival
from shared.post.outbox import Outbox, read_body
from shared.reports.progress import FriendLine, FriendState, Progress, progress
from shared.risk.traces import NOWHERE, Place

SAMPLE = Path(__file__).parents[2] / "assets" / "sample"
ALICE, BOB = "+8613800138001", "+8613900139000"
PUBLIC_URL = "https://card.example"


def _begin(database: Database, rules: str, now: datetime) -> tuple[int, str]:
    """Alice's id and her invite's code, once everybody is loaded and she has asked for it."""
    with database.transaction() as session:
        import_members(session, (SAMPLE / "members.csv").read_bytes(), "operator:test", now)
        import_staff(session, (SAMPLE / "staff.csv").read_bytes(), "operator:test", now)
        apply_campaign(session, rules, now, "operator:test")
        alice = member_by_ref(session, "C100001")
        assert alice is not None
        chat = find_or_add_chat(session, "telegram", "1001", "zh-hans", now)
        agree(session, chat, Locale.ZH_HANS, now)
        assert bind_by_contact(session, chat, ALICE, now).member_id == alice.id
        return alice.id, invite_for(session, alice.id, now).code


class Story:
    """A running campaign with the sample's members, and a clock that is told what time it is."""

    judges = False
    """Whether the worker looks at claims, too: stories without one are spared it."""

    def __init__(self, database: Database, now: datetime, campaign: str = "") -> None:
        self.database = database
        self.now = now
        rules = campaign or (SAMPLE / "campaign.yaml").read_text(encoding="utf-8")
        self.alice, self.code = begin_from(
            database, ("story", rules, now), lambda: _begin(database, rules, now)
        )

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    def registers(
        self, phone: str = BOB, *, progress: bool = False, place: Place = NOWHERE, code: str = ""
    ) -> Registered:
        """A friend under Alice's invite, or that of `code`, proves the number at once."""
        with self.database.transaction() as session:
            form = StartForm(code or self.code, phone, Locale.ZH_HANS, place=place)
            started = start_registration(session, form, self.now)
        ticked = {Purpose.REFERRAL, Purpose.ADULT} | ({Purpose.PROGRESS} if progress else set())
        with self.database.transaction() as session:
            done = finish_registration(
                session,
                FinishForm(
                    started.handle, self.last_code(), "王波", frozenset(ticked), Locale.ZH_HANS
                ),
                self.now,
            )
        assert isinstance(done, Registered)
        return done

    def last_code(self) -> str:
        with self.database.reading() as session:
            row = session.scalars(
                select(Outbox).where(Outbox.channel == "sms").order_by(Outbox.id.desc())
            ).first()
            assert row is not None
            digits = [c for c in read_body(session, row)["text"] if c.isdigit()]
        return "".join(digits[:6])

    def bank(self, kind: str, /, **data: object) -> list[Arrival]:
        said = f"{json.dumps(data, sort_keys=True)}-{self.now.isoformat()}"
        event = {
            "specversion": "1.0",
            "id": f"{kind}-{sha256(said.encode()).hexdigest()[:24]}",  # a bank's ids name nobody
            "source": "bank/test",
            "type": f"jianka.{kind}",
            "time": self.now.isoformat(),
            "data": data,
        }
        parsed = parse_events(json.dumps(event).encode(), False, self.now)
        with self.database.transaction() as session:
            arrivals = accept_events(session, parsed, self.now)
        self.work()
        return arrivals

    def work(self) -> None:
        """What the worker does, until nothing is left."""
        real = datetime.now(UTC)
        with self.database.transaction() as session:
            assert lease.take(session, "settle", "test", real)
        while hear_waiting(self.database, "test", self.now):
            pass
        with self.database.transaction() as session:
            look_at_registrations(session, self.now)
        while self.judges and turn_claims(self.database, PUBLIC_URL, self.now):
            pass
        while settle_waiting(self.database, "test", self.now):
            pass
        with self.database.transaction() as session:
            held = look_at_referrals(session, self.now)
        while held and settle_waiting(self.database, "test", self.now):
            pass

    def progress(self) -> Progress:
        with self.database.reading() as session:
            seen = progress(session, self.alice, self.now)
        assert seen is not None
        return seen

    def friend(self) -> FriendState:
        return self.line().state

    def line(self) -> FriendLine:
        return self.progress().friends[0]

    def params(self, notice: str) -> list[dict[str, Any]]:
        """The parameters of every notice of a kind, oldest first."""
        with self.database.reading() as session:
            rows = session.scalars(
                select(Outbox).where(Outbox.chat_id.is_not(None)).order_by(Outbox.id)
            )
            bodies = [read_body(session, row) for row in rows]
        return [body["params"] for body in bodies if body["notice"] == notice]

    def notices(self) -> list[str]:
        with self.database.reading() as session:
            rows = session.scalars(
                select(Outbox).where(Outbox.chat_id.is_not(None)).order_by(Outbox.id)
            )
            return [str(read_body(session, row)["notice"]) for row in rows]


def spends(story: Story, application: str = "A1", phone: str = BOB) -> None:
    story.bank("application.submitted", application_id=application, phone=phone)
    story.later(days=1)
    story.bank("application.approved", application_id=application, customer_ref=f"N{application}")
    story.later(days=1)
    story.bank("card.activated", customer_ref=f"N{application}")
    story.later(days=1)
    story.bank(
        "transaction.posted",
        customer_ref=f"N{application}",
        transaction_id=f"T{application}",
        amount=30000,
        currency="CNY",
        kind="purchase",
    )
