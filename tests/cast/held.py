"""A farm of friends on one phone, held at the desk."""

from __future__ import annotations

from datetime import timedelta

from counter import ALICE, CAMPAIGN
from desktop import Desks

from shared.actions.assessing import look_at_referrals
from shared.actions.registering import (
    FinishForm,
    Registered,
    StartForm,
    finish_registration,
    start_registration,
)
from shared.base.i18n import Locale
from shared.campaigns.file import apply_campaign
from shared.people.consents import Purpose
from shared.risk.traces import Place

HOLDING = CAMPAIGN.replace("BRANCH_LIMIT", "¥200").replace(
    "attribution_days: 30", "risk: {mode: hold}\nattribution_days: 30"
)
ONE_PHONE = Place("the-same-phone", "203.0.113.7")


def hold_farm(desks: Desks, friends: int = 4, customer_ref: str = ALICE) -> None:
    """So many friends of a member register on one phone, and the checks look at them."""
    with desks.database.transaction() as session:
        apply_campaign(session, HOLDING, desks.clock(), "operator:test")
    code = desks.house.invite(customer_ref).code
    for place in range(friends):
        number = f"+861390{17 + 11 * place:02d}39{place}00"
        with desks.database.transaction() as session:
            form = StartForm(code, number, Locale.ZH_HANS, place=ONE_PHONE)
            started = start_registration(session, form, desks.clock())
        desks.clock.at += timedelta(seconds=40)
        told = frozenset({Purpose.REFERRAL, Purpose.ADULT})
        finish = FinishForm(started.handle, desks.house.sms_code(), "王波", told, Locale.ZH_HANS)
        with desks.database.transaction() as session:
            assert isinstance(finish_registration(session, finish, desks.clock()), Registered)
    with desks.database.transaction() as session:
        while look_at_referrals(session, desks.clock()):
            pass
