"""A draft tried on a long history, beside merely reading the same facts; and its memory."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from pairs import Row, Run, compare
from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session
from stage import NewStage, Stage

from shared.applications.facts import Application, FactRow, Kind
from shared.campaigns.campaigns import Campaign
from shared.people.members import Member
from shared.people.persons import Person
from shared.referrals.referrals import CreditRow, Referral

TARGET = 0.1
FLAT = 1.15
"""How much more memory ten times the facts may take."""
FRIENDS = 4
"""Of a member."""
FACTS = 8
"""Of an application: submitted, approved, activated, purchases."""
_FROM = 1_000_000
"""The first id of what is made here."""
_CHILD = Path(__file__).with_name("history_child.py")


@dataclass(frozen=True)
class Facts:
    """Of the whole history, and of the small one to compare memory with (0: not looked at)."""

    whole: int
    small: int = 0


def history(new: NewStage, pairs: int, facts: Facts) -> Iterator[Row]:
    """The rows of speed and of memory; every run is a process of its own."""
    small = 0
    if facts.small:
        with new() as stage:
            _write(stage, facts.small)
            _, small = _run(stage, "simulate", facts.small)
    peaks: list[int] = []

    def simulate() -> Run:
        run, peak = _run(stage, "simulate", facts.whole)
        peaks.append(peak)
        return run

    with new() as stage:
        _write(stage, facts.whole)
        yield compare(
            f"A draft tried on {facts.whole:,} facts, to reading them ({stage.engine})",
            lambda: _run(stage, "read", facts.whole)[0],
            simulate,
            pairs,
            unit="facts/s",
            at_least=TARGET,
            by_cpu=stage.is_default,
        )
        yield compare(
            f"The same, to the driver's bare rows ({stage.engine})",
            lambda: _run(stage, "driver", facts.whole)[0],
            lambda: _run(stage, "simulate", facts.whole)[0],
            1,
            unit="facts/s",
        )
    if small:
        yield Row(
            f"Memory at {facts.whole:,} facts, to {facts.small:,} ({stage.engine})",
            "MB",
            ours=max(peaks) / 1e6,
            limit=small / 1e6,
            ratio=max(peaks) / small,
            at_most=FLAT,
        )


def _run(stage: Stage, way: str, facts: int) -> tuple[Run, int]:
    said = subprocess.run(
        [sys.executable, str(_CHILD), way, stage.url], check=True, stdout=subprocess.PIPE
    )
    took = json.loads(said.stdout)
    if took["facts"] != facts:
        raise RuntimeError(f"of {facts} facts {took['facts']} were seen")
    return Run(facts, took["seconds"], took["cpu"]), took["peak"]


def _write(stage: Stage, facts: int) -> None:
    """Members, friends, applications and facts, straight in the tables."""
    database = stage.open()
    chance = random.Random(3)
    with database.transaction() as session:
        campaign = session.scalars(select(Campaign.id)).one()
        for first in range(0, facts // FACTS, 4_000):
            last = min(first + 4_000, facts // FACTS)
            _people(session, campaign, stage.began, first, last)
            rows = [row for n in range(first, last) for row in _application(chance, stage.began, n)]
            session.execute(insert(FactRow), rows)
    if not stage.is_default:
        with database.transaction() as session:
            session.execute(text("ANALYZE"))
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(FactRow)) == facts
    database.close()


def _people(session: Session, campaign: int, began: datetime, first: int, last: int) -> None:
    members = range(_FROM + first // FRIENDS, _FROM + -(-last // FRIENDS))
    session.execute(
        insert(Person), [{"id": n, "phone_blind": f"own-{n}", "created_at": began} for n in members]
    )
    session.execute(
        insert(Member),
        [
            {"id": n, "person_id": n, "customer_ref": f"H{n}", "opened_on": date(2020, 1, 1),
             "status_since": began}
            for n in members
        ],
    )  # fmt: skip
    numbers = range(first, last)
    session.execute(
        insert(Referral),
        [
            {"id": _FROM + n, "campaign_id": campaign, "member_id": _FROM + n // FRIENDS,
             "version": 1, "registered_at": began, "ordinal": 1_000 + n % FRIENDS}
            for n in numbers
        ],
    )  # fmt: skip
    session.execute(
        insert(Application),
        [
            {"id": _FROM + n, "application_ref": f"H{n:09d}", "first_heard_at": began}
            for n in numbers
        ],
    )
    session.execute(
        insert(CreditRow),
        [
            {"referral_id": _FROM + n, "application_id": _FROM + n, "on": began,
             "source": "token", "created_at": began}
            for n in numbers
        ],
    )  # fmt: skip


def _application(chance: random.Random, began: datetime, number: int) -> Iterator[dict[str, Any]]:
    """One application's facts; a tenth is declined and has only small talk after that."""
    declined = chance.random() < 0.1
    for k in range(FACTS):
        kind, days = Kind.PURCHASE, 3 + chance.random() * 15
        if k < 3:
            kind = (Kind.SUBMITTED, Kind.DECLINED if declined else Kind.APPROVED, Kind.ACTIVATED)[k]
            days = k + chance.random() / 2
        elif declined:
            kind = Kind.OTHER
        buys = kind is Kind.PURCHASE
        yield {
            "event": f"bank|{number}-{k}",
            "kind": kind.value,
            "at": began + timedelta(days=days),
            "received_at": began,
            "application_ref": f"H{number:09d}",
            "customer_ref": f"N{number}" if kind is Kind.APPROVED else None,
            "phone_blind": f"friend-{number}" if k == 0 else None,
            "transaction_ref": f"T{number}-{k}" if buys else None,
            "amount": chance.randrange(1_000, 60_000) if buys else 0,
        }
