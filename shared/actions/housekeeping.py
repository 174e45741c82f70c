"""What time alone brings about: campaigns begin and end, and what was kept for a term goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.case_deciding import escalate_cases
from shared.actions.erasing import forget_notes
from shared.actions.fishing import find_fishing
from shared.actions.leaving import forget_closed_members, forget_sign_ins, forget_tablets
from shared.actions.retention import (
    erase_unproven,
    forget_answers,
    forget_bank_files,
    forget_chats,
    forget_claims,
    forget_codes,
    forget_devices,
    forget_dialogues,
    forget_evidence,
    forget_friends,
    forget_old_traces,
    forget_unmatched,
)
from shared.actions.sweeping import sweep
from shared.applications.facts import KEEP_UNMATCHED
from shared.base.database import Database
from shared.campaigns.campaigns import Campaign, Life, move
from shared.post import inbox, outbox
from shared.post.audit_chain import chain_new

BATCH = 500


def turn_campaigns(session: Session, now: datetime) -> int:
    """A warm-up whose first day has come runs; a campaign past its last day closes. How many.

    Closed is a person's step, after the longest term is over.
    """
    turned = 0
    lives = (Life.WARM_UP.value, Life.RUNNING.value)
    for campaign in session.scalars(select(Campaign).where(Campaign.life.in_(lives))).all():
        if campaign.life == Life.WARM_UP and campaign.starts_at <= now:
            move(session, campaign, Life.RUNNING, "worker", now)
            turned += 1
        if campaign.life == Life.RUNNING and campaign.ends_at <= now:
            move(session, campaign, Life.CLOSING, "worker", now)
            turned += 1
    return turned


def keep_house(database: Database, now: datetime) -> dict[str, int]:
    """Do all that is due, a bounded transaction at a time; what was done, by its name.

    Any number of processes may: each step is the same done twice.
    """
    return {
        "campaigns_turned": _once(database, lambda s: turn_campaigns(s, now)),
        "registrations_erased": _all(database, lambda s: erase_unproven(s, now, BATCH)),
        "friends_forgotten": _all(database, lambda s: forget_friends(s, now, BATCH)),
        "members_forgotten": _all(database, lambda s: forget_closed_members(s, now, BATCH)),
        "sign_ins_forgotten": _once(database, lambda s: forget_sign_ins(s, now)),
        "tablets_forgotten": _once(database, lambda s: forget_tablets(s, now)),
        "notes_forgotten": _once(database, forget_notes),
        "evidence_dropped": _once(database, lambda s: forget_evidence(s, now)),
        "devices_forgotten": _once(database, lambda s: forget_devices(s, now)),
        "claims_forgotten": _all(database, lambda s: forget_claims(s, now, BATCH)),
        "members_asked": sweep(database, now),
        "codes_forgotten": _once(database, lambda s: forget_codes(s, now)),
        "dialogues_forgotten": _once(database, lambda s: forget_dialogues(s, now)),
        "chats_forgotten": _all(database, lambda s: forget_chats(s, now, BATCH)),
        "facts_forgotten": _all(
            database, lambda s: forget_unmatched(s, now, now - KEEP_UNMATCHED, BATCH)
        ),
        "traces_forgotten": _once(database, lambda s: forget_old_traces(s, now)),
        "fishing_found": _once(database, lambda s: find_fishing(s, now)),
        "cases_escalated": _once(database, lambda s: escalate_cases(s, now)),
        "bank_files_forgotten": _once(database, lambda s: forget_bank_files(s, now)),
        "answers_forgotten": _all(database, lambda s: forget_answers(s, now, BATCH)),
        "inbox_bodies_erased": _once(database, lambda s: inbox.erase_old_bodies(s, now)),
        "acts_chained": _all(database, lambda s: chain_new(s, BATCH)),
        "outbox_bodies_erased": _once(database, lambda s: outbox.erase_old_bodies(s, now)),
    }


Step = Callable[[Session], int]


def _once(database: Database, step: Step) -> int:
    with database.transaction() as session:
        return step(session)


def _all(database: Database, step: Step) -> int:
    done = 0
    while part := _once(database, step):
        done += part
    return done
