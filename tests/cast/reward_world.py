"""The product under the state machine: a campaign on a real database, driven by its own actions,
its rows read back in the plain books' words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from plain_rewards import Key, Said, Scheme
from scheme_file import campaign_file
from snapshot import Kept
from sqlalchemy import select, text
from till import Till

from shared.actions.answering import take_answers
from shared.actions.hearing import accept_events, hear_waiting
from shared.actions.importing import import_members
from shared.actions.inviting import find_invite, invite_for
from shared.actions.referring import refer
from shared.actions.remedying import ask_finding, ask_goodwill, ask_write_off, decide_remedy
from shared.actions.settling import settle_waiting
from shared.applications.events import parse_items
from shared.base import lease
from shared.base.database import Database
from shared.base.money import Unit
from shared.campaigns.file import apply_campaign
from shared.ledger.balance import Key as LedgerKey
from shared.people.members import member_by_ref
from shared.people.persons import add_person, phone_blind
from shared.referrals.codes import new_code
from shared.referrals.referrals import Registration
from shared.reports.payout_file import Answer
from shared.rewards.queue import SettleTask
from shared.rewards.remedies import RemedyKind
from shared.rewards.review import differences, miscounts, unbacked
from shared.rewards.settle import DUTY


class World:
    """One campaign with two members, put back to its beginning as often as it is wanted."""

    def __init__(self, database: Database, scheme: Scheme, begin: datetime) -> None:
        """On an empty database."""
        self.database, self.scheme, self.begin = database, scheme, begin
        with database.transaction() as session:
            made = apply_campaign(session, campaign_file(scheme), begin, "operator:test")
            assert lease.take(session, DUTY, "test", datetime.now(UTC))
        self.campaign = made.campaign_id
        self.till = Till(self)
        self.codes: dict[int, str] = {}
        self.first = [self.enrol(ref, begin) for ref in ("C-Dai", "C-Ben")]
        self._first_codes = dict(self.codes)
        self._kept = Kept(database)

    def again(self) -> None:
        """From the beginning."""
        self._kept.put_back()
        self.codes = dict(self._first_codes)

    def at(self, moment: datetime) -> datetime:
        """The till asks which moment a day is; here moments are told."""
        return moment

    # Acting.

    def enrol(self, ref: str, now: datetime) -> int:
        """A cardholder of the bank's file, and their invite."""
        number = f"+8613700{len(self.codes):06d}"
        line = f"{ref},{number},{ref},en,,,classic,2020-01-01,active"
        columns = "customer_ref,phone,name,language,segment,region,card_product,opened_on,status"
        with self.database.transaction() as session:
            import_members(session, f"{columns}\n{line}\n".encode(), "operator:test", now)
            member = member_by_ref(session, ref)
            assert member is not None
            code = invite_for(session, member.id, now).code
        self.codes[member.id] = code
        return member.id

    def register(self, member: int, phone: str, now: datetime) -> int:
        """A friend has registered under a member's invite; the referral."""
        with self.database.transaction() as session:
            invite = find_invite(session, self.codes[member])
            registration = Registration(
                campaign_id=self.campaign,
                invite_id=invite.id,
                person_id=add_person(session, now, phone=phone).id,
                phone_blind=phone_blind(session, phone),
                handle=phone,
                referral_token=phone,
                receipt=new_code(),
                version=1,
                channel="chat",
                started_at=now,
                proven_at=now,
                proven_by="code",
                looked_at=now,
            )
            session.add(registration)
            session.flush()
            return refer(session, registration, now).id

    def post(self, events: list[Said], now: datetime) -> list[str]:
        """What the bank sends is stored."""
        items = [_cloud_event(said) for said in events]
        with self.database.transaction() as session:
            arrivals = accept_events(session, parse_items(items, now), now)
        return [arrival.value for arrival in arrivals]

    def hear(self, now: datetime) -> int:
        return hear_waiting(self.database, "test", now)

    def settle(self, now: datetime) -> int:
        return settle_waiting(self.database, "test", now)

    def confirm(self, number: int, by: str, now: datetime) -> None:
        self.till.confirm(number, now, by)

    def export(self, number: int, by: str, now: datetime) -> list[int]:
        """The places of the lines in the bank's file, counted from 0."""
        rows = self.till.export(number, now, by)
        return [int(row["reference"].rpartition("-")[2]) - 1 for row in rows]

    def answer(self, number: int, said: dict[int, bool], now: datetime) -> dict[str, int]:
        """The bank's answer to some lines of a batch, counted from 0."""
        answers = [
            Answer(place, f"JK{number:06d}-{place + 1:05d}", paid, "" if paid else "closed")
            for place, paid in said.items()
        ]
        with self.database.transaction() as session:
            taken = take_answers(session, answers, "operator:test", now)
        counts: dict[str, int] = defaultdict(int)
        for _, _, why in taken.refused:
            counts[why] += 1
        for name in ("paid", "failed", "repeated"):
            if count := getattr(taken, name):
                counts[name] = count
        return dict(counts)

    def write_off(self, key: Key, unit: str, by: tuple[str, str], now: datetime) -> int:
        """Asked for by one, decided by the other."""
        with self.database.transaction() as session:
            asks, decides = (self.till.who(session, name) for name in by)
            place = LedgerKey(self.campaign, *key)
            number = ask_write_off(session, asks, place, Unit(unit), "gone", now)
            decide_remedy(session, decides, number, True, now)
            query = text("SELECT amount FROM remedies WHERE id = :number")
            return int(session.execute(query, {"number": number}).scalar_one())

    def goodwill(self, member: int, amount: int, now: datetime) -> Key:
        """Asked for by Chen, decided by Dai; the key."""
        with self.database.transaction() as session:
            chen, dai = self.till.who(session, "Chen"), self.till.who(session, "Dai")
            number = ask_goodwill(
                session, chen, self.campaign, member, Unit.CNY, amount, "our error", now
            )
            decide_remedy(session, dai, number, True, now)
        return f"member:{member}", "goodwill", f"remedy:{number}"

    def ask_about(self, friend: int, word: str, by: str, now: datetime) -> int:
        """Somebody asks that a friend be found a fraud, or be cleared; the request's number."""
        with self.database.transaction() as session:
            staff = self.till.who(session, by)
            kind = RemedyKind(word)
            return ask_finding(session, staff, self.campaign, friend, kind, "same face", now)

    def decide_about(self, number: int, by: str, agree: bool, now: datetime) -> str:
        with self.database.transaction() as session:
            staff = self.till.who(session, by)
            return decide_remedy(session, staff, number, agree, now).value

    # Reading.

    def posted(self) -> dict[Key, dict[str, int]]:
        """Where every key stands, account by account."""
        found: dict[Key, dict[str, int]] = defaultdict(dict)
        for party, clause, occasion, account, amount in self._rows(_POSTED):
            if amount:
                found[party, clause, occasion][account] = int(amount)
        return dict(found)

    def verdicts(self) -> dict[Key, tuple[str, str | None, int, int]]:
        """What came of each due: state, limit, amount, asked."""
        return {
            (party, clause, occasion): tuple(rest)
            for party, clause, occasion, *rest in self._rows(_VERDICTS)
        }

    def tasks(self) -> dict[int, datetime]:
        """When each member is settled next."""
        with self.database.reading() as session:
            rows = session.execute(select(SettleTask.member_id, SettleTask.due_at))
            return dict(rows.all())

    def batches(self) -> dict[int, tuple[Any, ...]]:
        """Each batch with its people and its lines."""
        lines = defaultdict(list)
        for number, *rest in self._rows(_LINES):
            lines[number].append(tuple(rest))
        return {number: (*rest, lines[number]) for number, *rest in self._rows(_BATCHES)}

    def positions(self) -> dict[tuple[str, str, str, str, str], int]:
        """The same by (party, clause, occasion, account, unit), as the till reads it."""
        return {tuple(place): int(amount) for *place, amount in self._rows(_POSITIONS)}

    def verify(self, now: datetime) -> None:
        """Counters are right, and nothing is owed that is not posted."""
        with self.database.reading() as session:
            assert miscounts(session, self.campaign) == []
            assert unbacked(session, self.campaign) == []
            assert list(differences(session, self.campaign, now)) == []

    def _rows(self, query: str) -> list[Any]:
        with self.database.reading() as session:
            return list(session.execute(text(query)))


_POSTED = """
SELECT e.party, e.clause, e.occasion, l.account, SUM(l.amount)
FROM entries e JOIN legs l ON l.entry_id = e.id GROUP BY 1, 2, 3, 4
"""
_POSITIONS = """
SELECT e.party, e.clause, e.occasion, l.account, l.unit, SUM(l.amount)
FROM entries e JOIN legs l ON l.entry_id = e.id GROUP BY 1, 2, 3, 4, 5
"""
_VERDICTS = "SELECT party, clause, occasion, verdict, limit_id, amount, asked FROM admissions"
_BATCHES = "SELECT id, state, prepared_by, confirmed_by FROM payout_batches"
_LINES = """
SELECT batch_id, party, unit, gross, borne, tax, netted, net, state
FROM payout_lines ORDER BY batch_id, ordinal
"""


_KINDS = {
    "submitted": "application.submitted",
    "approved": "application.approved",
    "activated": "card.activated",
    "purchase": "transaction.posted",
    "reversal": "transaction.reversed",
    "closed": "card.closed",
    "flagged": "account.flagged",
    "cleared": "account.cleared",
    "status": "member.changed",
}


def phone_of(friend: int) -> str:
    """The number a friend registers and applies with."""
    return f"+861390{friend:07d}"


def _cloud_event(said: Said) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": said.id,
        "source": "bank/test",
        "type": f"jianka.{_KINDS[said.kind]}",
        "time": said.at.isoformat(),
        "data": {name: value for name, value in _data(said) if value is not None},
    }


def _data(said: Said) -> Iterator[tuple[str, Any]]:
    if said.kind == "status":
        yield from (("customer_ref", said.about), ("status", said.status))
        return
    if said.direct:
        yield "application_id", f"A-{said.friend}"
    if said.kind == "submitted":
        yield "phone", said.about
        return
    yield "customer_ref", f"N-{said.friend}"
    yield "existing_customer", said.existing
    if said.kind == "purchase":
        yield "transaction_id", said.about
        yield from (("amount", said.amount), ("currency", "CNY"), ("kind", "purchase"))
    if said.kind == "reversal":
        yield from (("original_transaction_id", said.about), ("amount", said.amount))
