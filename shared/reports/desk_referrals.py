"""The rows of friends at the desk: ids, codes and stages only, page after page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, String, cast, exists, literal, select
from sqlalchemy.orm import Session

from shared.referrals.findings import is_fraud
from shared.referrals.referrals import CreditRow, Referral, Registration
from shared.reports.desk_rows import Slice, number_of
from shared.rewards.admission import Admission


@dataclass(frozen=True)
class ReferralRow:
    """One friend under one member, without a name."""

    id: int
    member: int
    ordinal: int
    version: int
    channel: str
    registered_at: datetime
    applied: bool
    qualified: bool
    fraud: bool
    """Whether the last word on the friend is fraud."""


def qualifies() -> ColumnElement[bool]:
    """SQL: this referral made its member a due (whatever a limit then said to it)."""
    return exists().where(
        Admission.campaign_id == Referral.campaign_id,
        Admission.member_id == Referral.member_id,
        Admission.party == literal("member:") + cast(Referral.member_id, String),
        Admission.occasion == literal("referral:") + cast(Referral.id, String),
        Admission.asked > 0,
    )


def _applied() -> ColumnElement[bool]:
    return exists().where(CreditRow.referral_id == Referral.id, CreditRow.superseded_at.is_(None))


def referrals(
    session: Session,
    campaign_id: int,
    *,
    stage: str = "",
    member: str = "",
    after: str = "",
    most: int = 50,
) -> Slice[ReferralRow]:
    """Registered friends, the newest first. `stage`: `applied`, `qualified`, `fraud` or all;
    `member`: only those of the member with this id."""
    query = _friends().where(Referral.campaign_id == campaign_id)
    if (last := number_of(after)) is not None:
        query = query.where(Referral.id < last)
    if (whose := number_of(member)) is not None:
        query = query.where(Referral.member_id == whose)
    stages = {"applied": _applied, "qualified": qualifies, "fraud": is_fraud}
    if stage in stages:
        query = query.where(stages[stage]())
    found = session.execute(query.order_by(Referral.id.desc()).limit(most + 1)).all()
    rows = tuple(_referral_row(*row) for row in found[:most])
    return Slice(rows, str(rows[-1].id) if len(found) > most else "")


def referral_row(session: Session, referral: Referral) -> ReferralRow:
    """The row of one friend."""
    return _referral_row(*session.execute(_friends().where(Referral.id == referral.id)).one())


def _friends() -> Select[Referral, str, bool, bool, bool]:
    columns = (_applied().label("a"), qualifies().label("q"), is_fraud().label("f"))
    return select(Referral, Registration.channel, *columns).outerjoin(
        Registration, Registration.id == Referral.registration_id
    )


def _referral_row(row: Referral, channel: str | None, *stages: bool | None) -> ReferralRow:
    return ReferralRow(
        row.id, row.member_id, row.ordinal, row.version, channel or "", row.registered_at,
        *map(bool, stages),
    )  # fmt: skip
