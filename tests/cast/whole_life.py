"""A whole life: a member and a friend who leave something in every table that can hold it.

By the real actions, wherever there is one. A new table is lived through here, so that erasure
and retention are tried on it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from claim_tales import FRIEND, MEI, Tale
from sqlalchemy import Table, select
from sqlalchemy.orm import Session
from story import ALICE
from till import Till

from shared.actions.case_deciding import clear
from shared.actions.claim_fetching import begin_fetch, picture_came
from shared.actions.claim_noting import note_on_claim
from shared.actions.inquiring import Inquiry, InquiryKind, InquiryState
from shared.actions.inviting import name_friend, set_greeting
from shared.actions.registering import (
    FinishForm,
    Registered,
    StartForm,
    finish_registration,
    start_registration,
)
from shared.actions.remedying import ask_goodwill, decide_remedy
from shared.actions.settling import settle_waiting
from shared.actions.stopping import send_privacy_code
from shared.actions.unmasking import unmask
from shared.base.i18n import Locale
from shared.base.money import Unit
from shared.campaigns.campaigns import Campaign
from shared.claims.claims import Claim
from shared.claims.pictures import wanted
from shared.migrations.tables import metadata
from shared.people.chats import Chat, Proof, new_binding_token
from shared.people.consents import Purpose
from shared.people.members import Member
from shared.people.staff import Role, Staff
from shared.post.audit_chain import chain_new
from shared.post.inbox import Item, mark_done, store, waiting
from shared.post.outbox import Channel, Outbox, mark_all_sent, mark_sent, send_later
from shared.referrals.referrals import Referral, Registration, Visit
from shared.risk.blacklist import Mark, list_all
from shared.risk.cases import CaseKind, hold_in, new_case
from shared.risk.traces import Place, note_tablet_place

ACCOUNTS = ("PAYREF-ALICE-1", "PAYREF-WANG-2")
"""The bank's references of where the two are paid."""
DEVICE, ADDRESS = "a-browsers-own-cookie", "203.0.113.77"
WORDS = {
    "greeting": "一起来喝茶", "nickname": "我的小表妹", "note": "与爱丽当面核实过两次",
    "goodwill": "爱丽的文件晚到了两天", "look": "核对登记人王波的身份",
    "own_look": "核对持卡人本人身份", "failed": "户名李爱丽不符",
    "noted": "客户出示了与王波的聊天",
    "wrote": "爱丽说：表妹办好了", "told": "告诉爱丽：表妹已登记", "letter": "银行来信：王波",
}  # fmt: skip
PICTURE = b"\xff\xd8\xff a picture of the chat"
IDENTITIES = ("李爱丽", "王波", ALICE, ALICE[3:], FRIEND, FRIEND[3:], "a picture of the chat",
              "AgAC-of-the-chat", *WORDS.values())  # fmt: skip


class Life:
    """Told once, on the tale's story."""

    def __init__(self, tale: Tale) -> None:
        self.tale, self.story = tale, tale.talk.story
        self.database = self.story.database

    def lives(self) -> None:
        """Everything, in the order in which it would happen."""
        self._joins()
        self._registers()
        self.tale.talk.later(days=40)
        self.tale.applies()
        self.tale.claims(picture="AgAC-of-the-chat")
        self._is_pictured()
        self.tale.waits()
        self.tale.taps_sms()
        self.tale.decides()
        self.tale.earns()
        self._is_told_accounts()
        self._is_looked_at()
        self._is_paid()
        self._is_told()
        self.story.work()
        with self.database.transaction() as session:
            chain_new(session)

    def _joins(self) -> None:
        with self.database.transaction() as session:
            alice = session.get_one(Member, self.story.alice)
            alice.segment, alice.region = "private", "east"
            alice.show_name = alice.on_leaderboard = True
            set_greeting(session, alice.id, WORDS["greeting"], self.story.now)

    def _registers(self) -> None:
        visit, _ = self.tale.visits(device=DEVICE)
        with self.database.transaction() as session:
            came = session.get_one(Visit, visit)
            came.utm, came.site = {"utm_source": "moments"}, "forum.example"
        form = StartForm(
            self.story.code, FRIEND, Locale.ZH_HANS, visit_id=visit, place=Place(DEVICE, ADDRESS)
        )
        with self.database.transaction() as session:
            handle = start_registration(session, form, self.story.now).handle
        ticked = frozenset({Purpose.REFERRAL, Purpose.ADULT, Purpose.PROGRESS})
        with self.database.transaction() as session:
            code = self.story.last_code()
            finish = FinishForm(handle, code, "王波", ticked, Locale.ZH_HANS)
            assert isinstance(finish_registration(session, finish, self.story.now), Registered)
            referral = session.scalars(select(Referral)).one()
            campaign = referral.campaign_id
            name_friend(session, self.story.alice, campaign, 1, WORDS["nickname"])

    def staff(self, session: Session, number: int) -> Staff:
        """Somebody of the desk who is nobody's relative."""
        rows = session.scalars(select(Staff).order_by(Staff.id)).all()
        rows[number].role, rows[number].customer_ref = Role.DESK.value, None
        return rows[number]

    def _is_pictured(self) -> None:
        """The picture is fetched, and a teller notes what she saw."""
        now = self.story.now
        with self.database.transaction() as session:
            (one,) = wanted(session, "telegram", now, 9)
            assert begin_fetch(session, one, now)
            assert picture_came(session, one, PICTURE)
            claim = session.scalars(select(Claim.id)).one()
            mei = session.scalars(select(Staff).where(Staff.staff_no == MEI)).one()
            note_on_claim(session, mei, claim, WORDS["noted"], now)

    def _is_looked_at(self) -> None:
        now = self.story.now
        with self.database.transaction() as session:
            staff, referral = self.staff(session, 0), session.scalars(select(Referral)).one()
            unmask(session, staff, f"member:{self.story.alice}", WORDS["own_look"], now)
            unmask(session, staff, f"friend:{referral.id}", WORDS["look"], now)
            case = new_case(
                session, CaseKind.RISK, f"referral:{referral.id}", referral.campaign_id,
                self.story.alice, now, now + timedelta(days=2),
            )  # fmt: skip
            hold_in(session, case, referral.id, self.story.alice, 80, [], now)
            clear(session, staff, case.id, WORDS["note"], now)
            blind = session.scalars(select(Registration.phone_blind)).one()
            assert blind is not None
            list_all(session, case.id, [(Mark.NUMBER, blind)], now, now + timedelta(days=365))
            note_tablet_place(session, 1, "198.51.100.9", now)

    def _is_told_accounts(self) -> None:
        for account, customer in ((ACCOUNTS[0], "C100001"), (ACCOUNTS[1], "NA7")):
            self.tale.talk.bank("member.changed", customer_ref=customer, payout_account=account)
        told = {"application_id": "A7", "payout_account": ACCOUNTS[1]}
        self.tale.talk.bank("card.activated", **told)

    def _is_paid(self) -> None:
        with self.database.transaction() as session:
            first, second = self.staff(session, 0), self.staff(session, 1)
            campaign = session.scalars(select(Campaign.id)).one()
            asked = ask_goodwill(
                session, first, campaign, self.story.alice, Unit.CNY, 500, WORDS["goodwill"],
                self.story.now,
            )  # fmt: skip
            decide_remedy(session, second, asked, True, self.story.now)
        while settle_waiting(self.database, "test", self.story.now):
            pass
        till = Till(_World(self))
        rows = till.sends(0)
        references = [row["reference"] for row in rows]
        lines = "".join(f"{each},failed,{WORDS['failed']}\n" for each in references)
        till.load(f"reference,status,reason\n{lines}", 0)

    def _is_told(self) -> None:
        now = self.story.now
        with self.database.transaction() as session:
            chat = session.scalars(select(Chat).where(Chat.address == "1001")).one()
            chat.proof = Proof.FULL
            new_binding_token(session, self.story.alice, None, now)
            body = {"reply": {"text": WORDS["told"]}}
            sent = send_later(session, Channel.TELEGRAM, body, now, chat_id=chat.id)
            assert sent is not None
            mark_sent(session, sent, now)
            update, letter = {"text": WORDS["wrote"]}, {"said": WORDS["letter"]}
            letters = [
                Item("telegram:1", "77", update, "telegram:1001"),
                Item("bank", "78", letter, FRIEND),
                Item("bank", "78", {**letter, "again": 1}, FRIEND),
            ]
            store(session, "told", letters[:2], now)
            store(session, "told", letters[2:], now)
            mark_done(session, [row.id for row in waiting(session, "told", 9)], now)
            waits = session.scalars(select(Outbox.id).where(Outbox.sent_at.is_(None))).all()
            mark_all_sent(session, list(waits), now)
            send_privacy_code(session, FRIEND, Locale.ZH_HANS, now)
            session.add(_inquiry(now))
        self.tale.alice.says("/claim")  # and leaves it there


class _World:
    """What a till works with: the story's own days."""

    def __init__(self, life: Life) -> None:
        self.database, self.begin = life.database, life.story.now
        with life.database.reading() as session:
            self.campaign = session.scalars(select(Campaign.id)).one()

    def at(self, day: float) -> Any:
        return self.begin + timedelta(days=day)


def _inquiry(now: Any) -> Inquiry:
    return Inquiry(
        kind=InquiryKind.TRIAL.value, campaign_id=1, asked={"slug": "spring"}, file=b"file",
        asked_by=1, asked_at=now, state=InquiryState.DONE.value, tries=1, done=0,
        answer={"faults": 2}, lines=b"lines", ended_at=now,
    )  # fmt: skip


def rows_of(session: Session, name: str) -> list[dict[str, Any]]:
    """Every row of a table as it lies there, sealed values as bytes."""
    table: Table = metadata.tables[name]
    plain = select(*(column.label(column.name) for column in table.columns))
    return [dict(row) for row in session.execute(plain).mappings()]
