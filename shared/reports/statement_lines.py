"""The lines of a member's statement: one a grant, as the ledger, dues and admissions tell it.

Release days come from the dues. A friend is named as rule 10 allows: nickname, masked name by
consent, or ordinal, and nothing of their affairs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.base.money import Unit
from shared.base.privacy import mask_name
from shared.campaigns.campaigns import Campaign, CampaignLimit, CampaignVersion
from shared.campaigns.rules import MONTHLY_CAP, LimitId, Rules
from shared.ledger.balance import Account, Balance, Key
from shared.ledger.entries import Entry, Leg
from shared.people.consents import Consent, Purpose
from shared.people.persons import Person, name_of
from shared.referrals.referrals import Referral
from shared.rewards.owed import Due
from shared.rewards.room import Holding
from shared.rewards.settle import situation
from shared.rewards.standing import GOODWILL

_THE_MEMBERS = (Account.PENDING, Account.AVAILABLE, Account.PAID, Account.WITHHELD)
"""What a grant is worth stands here; the rest is the issuer's side, lost, or owed back."""


class Status(StrEnum):
    """Where a grant stands."""

    PENDING = "pending"
    AVAILABLE = "available"
    PAID = "paid"
    TAKEN_BACK = "taken_back"
    EXPIRED = "expired"
    LIMIT = "limit"
    """A limit refused it."""


@dataclass(frozen=True)
class Cursor:
    """A grant's place in the statement: when it was first recorded, and its rank in that moment."""

    at: datetime
    tie: int


@dataclass(frozen=True)
class Friend:
    """A friend as this member may see them. `label` empty: show the ordinal."""

    ordinal: int
    label: str


@dataclass(frozen=True)
class Line:
    """One grant. Amounts in the unit's smallest piece; moments are UTC, `zone` is for showing.

    `gross` is what was granted at most, `tax` what is withheld, `back` what was taken back or
    lost since: what remains is `net`.
    """

    key: Key
    cursor: Cursor
    status: Status
    unit: Unit
    gross: int
    tax: int
    back: int
    earned: datetime
    available: datetime | None
    """When it became available, or will; None: not known yet, or never."""
    ended: datetime | None
    """When it was paid, taken back or expired."""
    version: int
    clause: str
    """The kind of the clause, as `campaign.clause_name.…` words it; empty: apart from clauses."""
    goodwill: bool
    """Two people gave it; no clause owes it."""
    friend: Friend | None
    step: int
    """The rung of the ladder; 0: it is not for one."""
    month: str
    """The month it is for, as `2026-11`; empty: it is for none."""
    at_once: bool
    """The part that was not to wait for the cooling."""
    zone: str
    limit: LimitId = ""
    cap: int | None = None
    """The monthly cap in fen that was in force, when that is the limit."""

    @property
    def net(self) -> int:
        """What the member has of it."""
        return self.gross - self.back - self.tax


@dataclass(frozen=True)
class _Posting:
    """One entry of a key, as the statement reads it."""

    at: datetime
    version: int
    legs: Balance


@dataclass(frozen=True)
class _Known:
    """What was loaded for a page."""

    history: Mapping[Key, Sequence[_Posting]]
    dues: Mapping[Key, Due]
    held: Mapping[Key, Holding]
    friends: Mapping[int, Friend]
    rules: Mapping[tuple[int, int], Rules]
    """By campaign and number of the version."""
    zones: Mapping[int, str]
    caps: Mapping[int, Sequence[CampaignLimit]]
    now: datetime


def lines_of(
    session: Session, member_id: int, found: Sequence[tuple[Key, Cursor]], now: datetime
) -> tuple[Line, ...]:
    """The grants of some keys with their places, as a member's statement shows them."""
    if not found:
        return ()
    keys = [key for key, _ in found]
    campaigns = sorted({key.campaign for key in keys})
    dues: dict[Key, Due] = {}
    held: dict[Key, Holding] = {}
    for campaign in campaigns:
        here = situation(session, campaign, member_id, now)
        dues |= here.want
        held |= here.holdings
    rows = session.scalars(
        select(CampaignVersion).where(CampaignVersion.campaign_id.in_(campaigns))
    )
    zones = session.execute(select(Campaign.id, Campaign.zone).where(Campaign.id.in_(campaigns)))
    known = _Known(
        _history(session, member_id, keys),
        dues,
        held,
        _friends(session, keys),
        {(row.campaign_id, row.number): row.rules for row in rows},
        {row.id: row.zone for row in zones},
        _caps(session, campaigns),
        now,
    )
    return tuple(_line(known, key, cursor) for key, cursor in found)


def _history(session: Session, member_id: int, keys: Collection[Key]) -> dict[Key, list[_Posting]]:
    """Every entry of some of a member's own keys, oldest first.

    Asked for by the member: for whole keys in a list SQLite walks everybody's ledger.
    """
    rows = session.execute(
        select(Entry, Leg.account, Leg.unit, Leg.amount)
        .join(Leg, Leg.entry_id == Entry.id)
        .where(
            Entry.campaign_id.in_({key.campaign for key in keys}),
            Entry.member_id == member_id,
            Entry.party == f"member:{member_id}",
            Entry.occasion.in_({key.occasion for key in keys}),
        )
        .order_by(Entry.id)
    )
    entries: dict[int, Entry] = {}
    legs: dict[int, dict[tuple[Account, Unit], int]] = defaultdict(dict)
    for entry, account, unit, amount in rows:
        entries[entry.id] = entry
        legs[entry.id][Account(account), Unit(unit)] = amount
    wanted = set(keys)
    history: dict[Key, list[_Posting]] = defaultdict(list)
    for number, entry in entries.items():
        posting = _Posting(entry.at, int(entry.why.get("version", 0)), Balance(legs[number]))
        if entry.key in wanted:
            history[entry.key].append(posting)
    return history


def _friends(session: Session, keys: Iterable[Key]) -> dict[int, Friend]:
    """The friends that some keys are for, by referral, as rule 10 lets their member see them."""
    numbers = {number for key in keys if (number := _number(key, "referral"))}
    if not numbers:
        return {}
    by_name = (
        select(Consent.id)
        .where(
            Consent.person_id == Referral.person_id,
            Consent.purpose == Purpose.MASKED_NAME.value,
            Consent.withdrawn_at.is_(None),
        )
        .exists()
    )
    rows = session.execute(
        select(Referral, Person, by_name)
        .outerjoin(Person, Person.id == Referral.person_id)
        .where(Referral.id.in_(numbers))
    )
    found: dict[int, Friend] = {}
    for referral, person, consents in rows:
        label = referral.nickname or ""
        if not label and consents and person is not None and (name := name_of(session, person)):
            label = mask_name(name)
        found[referral.id] = Friend(referral.ordinal, label)
    return found


def _caps(session: Session, campaigns: Sequence[int]) -> dict[int, list[CampaignLimit]]:
    """The monthly caps of some campaigns through time, oldest first."""
    rows = session.scalars(
        select(CampaignLimit)
        .where(CampaignLimit.campaign_id.in_(campaigns), CampaignLimit.limit_id == MONTHLY_CAP)
        .order_by(CampaignLimit.from_at, CampaignLimit.id)
    )
    caps: dict[int, list[CampaignLimit]] = defaultdict(list)
    for row in rows:
        caps[row.campaign_id].append(row)
    return caps


def _number(key: Key, kind: str) -> int:
    """The number in a part of an occasion (`referral:34`, `step:3`); 0 where there is none."""
    value = key.of(kind)
    return int(value) if value is not None and value.isdigit() else 0


def _line(known: _Known, key: Key, cursor: Cursor) -> Line:
    history = known.history.get(key, ())
    due, holding = known.dues.get(key), known.held.get(key, Holding())
    version = next((p.version for p in reversed(history) if p.version), 0)
    if due is not None and not version:
        version = due.why.version
    rules = known.rules.get((key.campaign, version))
    clause = rules.clause(key.clause) if rules is not None else None
    earned = due.earned if due is not None else cursor.at
    limit = holding.limit or ""
    if history:
        unit, gross, now = _amounts(history)
        status = _status(now, unit)
        tax, back = now.of(Account.WITHHELD, unit), gross - _worth(now, unit)
    else:
        unit, gross = (due.unit, due.full) if due is not None else (holding.unit, holding.asked)
        status, tax, back = Status.LIMIT, 0, gross
    return Line(
        key=key,
        cursor=cursor,
        status=status,
        unit=unit,
        gross=gross,
        tax=tax,
        back=back,
        earned=earned,
        available=_available(known, history, due, status),
        ended=_ended(history, status, unit),
        version=version,
        clause=clause.kind if clause is not None else "",
        goodwill=key.clause == GOODWILL,
        friend=known.friends.get(_number(key, "referral")),
        step=_number(key, "step"),
        month=key.of("month") or "",
        at_once="now" in key.occasion.split("/"),
        zone=known.zones[key.campaign],
        limit=limit,
        cap=_cap(known, key.campaign, earned) if limit == MONTHLY_CAP else None,
    )


def _worth(balance: Balance, unit: Unit) -> int:
    """What a grant is worth, wherever it stands."""
    return sum(
        amount
        for (account, of), amount in balance.items()
        if of is unit and account in _THE_MEMBERS
    )


def _amounts(history: Sequence[_Posting]) -> tuple[Unit, int, Balance]:
    """The unit that a grant is in (a choice becomes what was chosen), its most, and now."""
    stands, most = Balance(), dict.fromkeys(Unit, 0)
    unit = Unit.CNY
    for posting in history:
        stands += posting.legs
        for each in Unit:
            worth = _worth(stands, each)
            most[each] = max(most[each], worth)
            if worth and any(of is each for _, of in posting.legs):
                unit = each
    return unit, most[unit], stands


def _status(stands: Balance, unit: Unit) -> Status:
    for account, status in (
        (Account.PENDING, Status.PENDING),
        (Account.AVAILABLE, Status.AVAILABLE),
        (Account.PAID, Status.PAID),
        (Account.EXPIRED, Status.EXPIRED),
    ):
        if stands.of(account, unit) > 0:
            return status
    return Status.TAKEN_BACK if not _worth(stands, unit) else Status.PAID


def _available(
    known: _Known, history: Sequence[_Posting], due: Due | None, status: Status
) -> datetime | None:
    """When it became available; while it is pending, when it will, unless somebody looks at it."""
    if status is Status.PENDING:
        return due.release if due is not None and due.release > known.now else None
    return next((p.at for p in history if _moved(p, Account.AVAILABLE) > 0), None)


def _ended(history: Sequence[_Posting], status: Status, unit: Unit) -> datetime | None:
    match status:
        case Status.PAID:
            moved = [p.at for p in history if p.legs.of(Account.PAID, unit) > 0]
        case Status.EXPIRED:
            moved = [p.at for p in history if p.legs.of(Account.EXPIRED, unit) > 0]
        case Status.TAKEN_BACK:
            moved = [p.at for p in history if _worth(p.legs, unit) < 0]
        case _:
            moved = []
    return moved[-1] if moved else None


def _moved(posting: _Posting, account: Account) -> int:
    return sum(amount for (where, _), amount in posting.legs.items() if where is account)


def _cap(known: _Known, campaign: int, at: datetime) -> int | None:
    rows = [row for row in known.caps.get(campaign, ()) if row.from_at <= at]
    return rows[-1].amount if rows and rows[-1].unit in (None, Unit.CNY) else None
