"""Many members with many proven friends, made straight in the tables, and their bank events."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from snapshot import begin_from

from shared.actions.referring import refer
from shared.base.database import Database
from shared.campaigns.campaigns import current_version
from shared.campaigns.file import apply_campaign
from shared.people.members import Member
from shared.people.persons import add_person, phone_blind
from shared.referrals.codes import new_code
from shared.referrals.referrals import Invite, Registration

SAMPLE = Path(__file__).parents[2] / "assets" / "sample" / "campaign.yaml"


@dataclass(frozen=True)
class Friend:
    """One registered friend: whose, and under which number."""

    member: int
    number: int
    phone: str


@dataclass(frozen=True)
class Crowd:
    """A campaign with members and friends, all registered at `registered`."""

    campaign: int
    members: tuple[int, ...]
    friends: tuple[Friend, ...]
    registered: datetime


def gather_crowd(
    database: Database, now: datetime, *, members: int, friends: int, campaign: str = ""
) -> Crowd:
    """`members` members with `friends` proven friends each, in one transaction."""
    rules = campaign or SAMPLE.read_text(encoding="utf-8")
    return begin_from(
        database,
        ("crowd", rules, now, members, friends),
        lambda: _gather(database, now, members, friends, rules),
    )


def _gather(database: Database, now: datetime, members: int, friends: int, rules: str) -> Crowd:
    found: list[Friend] = []
    with database.transaction() as session:
        campaign_id = apply_campaign(session, rules, now, "operator:test").campaign_id
        version = current_version(session, campaign_id).number
        ids = []
        for place in range(members):
            person = add_person(session, now, name=f"会员{place}")
            member = Member(
                person_id=person.id, customer_ref=f"M{place}", opened_on=date(2020, 1, 1),
                status_since=now,
            )  # fmt: skip
            session.add(member)
            session.flush()
            ids.append(member.id)
            invite = Invite(
                campaign_id=campaign_id, member_id=member.id, code=new_code(), created_at=now
            )
            session.add(invite)
            session.flush()
            for _ in range(friends):
                number = len(found)
                phone = f"+861390{number:07d}"
                registration = Registration(
                    campaign_id=campaign_id,
                    invite_id=invite.id,
                    person_id=add_person(session, now, phone=phone).id,
                    phone_blind=phone_blind(session, phone),
                    handle=f"h{number}",
                    referral_token=f"t{number}",
                    receipt=new_code(),
                    version=version,
                    channel="chat",
                    started_at=now,
                    proven_at=now,
                    proven_by="code",
                    looked_at=now,
                )
                session.add(registration)
                session.flush()
                refer(session, registration, now)
                found.append(Friend(member.id, number, phone))
    return Crowd(campaign_id, tuple(ids), tuple(found), now)


def event(kind: str, number: int, at: datetime, /, **data: Any) -> dict[str, Any]:
    """One CloudEvent of the bank."""
    return {
        "specversion": "1.0",
        "id": f"{kind}-{number}",
        "source": "bank/crowd",
        "type": f"jianka.{kind}",
        "time": at.isoformat(),
        "data": data,
    }


def happy_events(crowd: Crowd, seed: int = 1) -> list[dict[str, Any]]:
    """Four events a friend, in time's order: submitted, approved, activated, a purchase.

    A tenth is declined instead, a tenth spends too little, a tenth has the purchase reversed.
    """
    chance = random.Random(seed)
    told: list[dict[str, Any]] = []
    for friend in crowd.friends:
        n = friend.number
        at = crowd.registered + timedelta(hours=1, seconds=n)
        ref, customer = f"A{n}", f"N{n}"
        fate = chance.random()
        told.append(event("application.submitted", n, at, application_id=ref, phone=friend.phone))
        if fate < 0.1:
            told.append(
                event("application.declined", n, at + timedelta(days=1), application_id=ref)
            )
            continue
        told.append(
            event(
                "application.approved",
                n,
                at + timedelta(days=1),
                application_id=ref,
                customer_ref=customer,
            )
        )
        told.append(event("card.activated", n, at + timedelta(days=2), customer_ref=customer))
        told.append(
            event(
                "transaction.posted",
                n,
                at + timedelta(days=3),
                customer_ref=customer,
                transaction_id=f"T{n}",
                amount=2000 if fate < 0.2 else 40000,
                currency="CNY",
                kind="purchase",
            )
        )
        if 0.2 <= fate < 0.3:
            told.append(
                event(
                    "transaction.reversed",
                    n,
                    at + timedelta(days=3, hours=12),
                    customer_ref=customer,
                    original_transaction_id=f"T{n}",
                    amount=40000,
                )
            )
    return sorted(told, key=lambda one: str(one["time"]))
