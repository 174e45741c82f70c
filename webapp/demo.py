"""The demo's log strip: what the product did lately, in lines without personal data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, jsonify
from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.applications.facts import FactRow
from shared.ledger.entries import Entry, Leg
from shared.post.outbox import Channel, Outbox, read_body
from shared.referrals.referrals import CreditRow, Registration, Visit
from webapp.wiring import wiring

demo = Blueprint("demo", __name__)
_MOST = 60


@dataclass(frozen=True)
class Line:
    """One thing that happened; `at` in UTC, `text` of codes, ids and amounts only."""

    at: datetime
    kind: str
    text: str

    def shown(self) -> dict[str, str]:
        """As the strip reads it."""
        at = self.at.isoformat(timespec="milliseconds")
        return {"at": at, "kind": self.kind, "text": self.text}


@demo.get("/api/v1/demo/log")
def recent() -> Response:
    """The latest lines of every kind, oldest first. Registered in demo mode only."""
    with wiring().database.reading() as session:
        lines = [
            *_visits(session),
            *_registrations(session),
            *_facts(session),
            *_credits(session),
            *_entries(session),
            *_notices(session),
        ]
    lines.sort(key=lambda line: line.at)
    return jsonify({"rows": [line.shown() for line in lines[-2 * _MOST :]]})


def _visits(session: Session) -> Iterable[Line]:
    for row in session.scalars(select(Visit).order_by(Visit.id.desc()).limit(_MOST)):
        yield Line(row.at, "visit", f"invite:{row.invite_id} {row.kind} {row.channel}")


def _registrations(session: Session) -> Iterable[Line]:
    latest = select(Registration).order_by(Registration.id.desc()).limit(_MOST)
    for row in session.scalars(latest):
        yield Line(row.started_at, "registration", f"registration:{row.id} code sent")
        if row.proven_at:
            how = f"registration:{row.id} proven by {row.proven_by}"
            yield Line(row.proven_at, "registration", how)


def _facts(session: Session) -> Iterable[Line]:
    for row in session.scalars(select(FactRow).order_by(FactRow.id.desc()).limit(_MOST)):
        amount = f" {row.amount / 100:.2f} {row.currency}" if row.currency else ""
        yield Line(row.received_at, "fact", f"{row.kind} {row.application_ref or ''}{amount}")


def _credits(session: Session) -> Iterable[Line]:
    for row in session.scalars(select(CreditRow).order_by(CreditRow.id.desc()).limit(_MOST)):
        text = f"referral:{row.referral_id} ← application:{row.application_id} by {row.source}"
        yield Line(row.created_at, "credit", text)


def _entries(session: Session) -> Iterable[Line]:
    for entry in session.scalars(select(Entry).order_by(Entry.id.desc()).limit(_MOST)):
        legs = session.scalars(select(Leg).where(Leg.entry_id == entry.id).order_by(Leg.account))
        moved = " ".join(f"{leg.account} {leg.amount:+d} {leg.unit}" for leg in legs)
        text = f"#{entry.id} {entry.party} {entry.clause} {entry.occasion}: {moved}"
        yield Line(entry.at, "entry", text)


def _notices(session: Session) -> Iterable[Line]:
    told = Outbox.body.is_not(None) | (Outbox.channel == Channel.SMS.value)
    latest = select(Outbox).where(told).order_by(Outbox.id.desc()).limit(_MOST)
    for row in session.scalars(latest):
        state = "sent" if row.sent_at else "failed" if row.failed_at else "waiting"
        what = "code" if row.channel == Channel.SMS else read_body(session, row).get("notice")
        yield Line(row.created_at, "notice", f"{row.channel} {what or 'answer'} {state}")
