"""Tales of claims in chat: Alice claims, the friend answers, people decide, money comes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sqlalchemy import select
from story import PUBLIC_URL
from talk import Person, Talk

from shared.actions.asking import confirm_claim, deny_claim, send_question_code
from shared.actions.deciding import decide_claim
from shared.actions.inviting import invite_for
from shared.actions.registering import (
    FinishForm,
    Registered,
    StartForm,
    finish_registration,
    start_registration,
)
from shared.actions.visiting import record_visit
from shared.base.i18n import Locale
from shared.base.money import Unit
from shared.claims.asks import ask_of, link_word
from shared.claims.claims import Claim, Reason, State
from shared.ledger.verify import verify
from shared.people.chats import Chat, Proof, find_or_add_chat
from shared.people.consents import Purpose
from shared.people.members import member_by_ref
from shared.people.staff import Staff
from shared.referrals.referrals import Invite, VisitKind
from shared.referrals.scan_receipts import scan_receipt, show_receipt
from shared.reports.progress import progress

FRIEND = "+8613900139077"
SLIPPED = "+8613900139707"
"""Two digits swapped."""
REWARD = 10_000
MEI, CHEN = "S1001", "S1002"
MALLORY = "C100002"
_ASKED = re.compile(re.escape(PUBLIC_URL) + r"/i/claim/([0-9a-f-]+)")


@dataclass
class Tale:
    """One claim from the first message on. Alice's chat is surely hers."""

    talk: Talk
    locale: Locale = Locale.ZH_HANS
    alice: Person = field(init=False)

    def __post_init__(self) -> None:
        self.talk.story.judges = True
        self.alice = self.talk.alice(self.locale)
        self._proves(self.alice.sender)

    def _proves(self, sender: str) -> None:
        with self.talk.database.transaction() as session:
            chat = session.scalars(select(Chat).where(Chat.address == sender)).one()
            chat.proof = Proof.FULL

    # before the claim

    def begins(self, phone: str = FRIEND, *, code: str = "", visit: int | None = None) -> str:
        """A friend begins to register under Alice's invite (or another code); the handle."""
        with self.talk.database.transaction() as session:
            form = StartForm(code or self.talk.story.code, phone, Locale.ZH_HANS, visit_id=visit)
            return start_registration(session, form, self.talk.story.now).handle

    def registers(
        self, phone: str = FRIEND, *, code: str = "", visit: int | None = None
    ) -> Registered:
        """A friend registers and proves the number."""
        handle = self.begins(phone, code=code, visit=visit)
        ticked = frozenset({Purpose.REFERRAL, Purpose.ADULT})
        with self.talk.database.transaction() as session:
            form = FinishForm(handle, self.talk.story.last_code(), "王波", ticked, Locale.ZH_HANS)
            done = finish_registration(session, form, self.talk.story.now)
        assert isinstance(done, Registered)
        return done

    def visits(self, code: str = "", device: str = "d1") -> tuple[int, str]:
        """A friend opens an invite: the visit and its scan receipt as the page shows it."""
        database = self.talk.database
        with database.reading() as session:
            wanted = code or self.talk.story.code
            invite = session.scalars(select(Invite).where(Invite.code == wanted)).one()
            invite_id = invite.id
        with database.single_statements() as line:
            visit = record_visit(
                line, database.keyring, invite_id, VisitKind.HUMAN, self.talk.story.now,
                device=device,
            )  # fmt: skip
        return visit, show_receipt(scan_receipt(database.keyring, visit, invite_id))

    def invite_of(self, customer_ref: str = MALLORY) -> str:
        """Another member's invite code."""
        with self.talk.database.transaction() as session:
            member = member_by_ref(session, customer_ref)
            assert member is not None
            return invite_for(session, member.id, self.talk.story.now).code

    def applies(self, phone: str = FRIEND, ref: str = "A7", **data: object) -> None:
        """The bank hears of an application, now."""
        self.talk.bank("application.submitted", application_id=ref, phone=phone, **data)

    # the claim

    def claims(
        self,
        who: str = FRIEND,
        how: str = "without_link",
        when: str = "this_week",
        picture: str = "",
    ) -> str:
        """Alice claims in chat, perhaps with a picture; the case number."""
        self.alice.says("/claim").says(who)
        self.alice.taps(f"claim.when.{when}").taps(f"claim.how.{how}")
        if picture:
            self.alice.sends_picture(picture)
        else:
            self.alice.taps("button.no_picture")
        self.alice.taps("button.file_claim")
        found = re.search(r"C-[0-9A-Z]{6}", self.alice.screen())
        assert found is not None, self.alice.screen()
        self.talk.work()
        return found.group()

    def other_claims(self, who: str = FRIEND) -> Person:
        """Mallory, in a chat of her own, claims the same friend."""
        mallory = self.talk.person("1002")
        with self.talk.database.transaction() as session:
            chat = find_or_add_chat(session, "telegram", "1002", "zh-hans", self.talk.story.now)
            member = member_by_ref(session, MALLORY)
            assert member is not None
            chat.member_id, chat.proof = member.id, Proof.FULL
            from shared.actions.joining import agree

            agree(session, chat, Locale.ZH_HANS, self.talk.story.now)
        mallory.says("/claim").says(who)
        mallory.taps("claim.when.this_week").taps("claim.how.without_link")
        mallory.taps("button.no_picture").taps("button.file_claim").sees("C-")
        self.talk.work()
        return mallory

    def waits(self, hours: float = 24) -> None:
        """Until the machine answers."""
        self.talk.later(hours=hours)

    # the friend

    def word(self) -> str:
        """The end of the question's link, whichever way it went."""
        with self.talk.database.reading() as session:
            claim = session.scalars(select(Claim).order_by(Claim.id.desc())).first()
            ask = ask_of(session, claim.id) if claim is not None else None
            assert ask is not None
            return link_word(session, ask)

    def forwarded(self) -> str:
        """The link as Alice reads it."""
        found = _ASKED.search(self.alice.screen())
        assert found is not None, self.alice.screen()
        return found.group(1)

    def confirms(self, phone: str = FRIEND, word: str = "") -> None:
        """The friend proves the number and confirms."""
        word = word or self.forwarded()
        now = self.talk.story.now
        with self.talk.database.transaction() as session:
            send_question_code(session, word, phone, Locale.ZH_HANS, now)
        code = self.talk.story.last_code()
        with self.talk.database.transaction() as session:
            assert confirm_claim(session, word, Locale.ZH_HANS, now, phone=phone, code=code)
        self.alice.fresh = []
        self.talk.work()

    def taps_sms(self) -> None:
        """The friend confirms by the link in the SMS: one tap."""
        with self.talk.database.transaction() as session:
            word, now = self.word(), self.talk.story.now
            assert confirm_claim(session, word, Locale.ZH_HANS, now)
        self.alice.fresh = []
        self.talk.work()

    def denies(self) -> None:
        """The friend says that it is not about them."""
        with self.talk.database.transaction() as session:
            deny_claim(session, self.word(), self.talk.story.now)
        self.alice.fresh = []
        self.talk.work()

    # people

    def decides(
        self, staff_no: str = MEI, *, credit: bool = True, reason: Reason = Reason.EVIDENCE
    ) -> State:
        """Somebody at the branch decides Alice's newest claim."""
        with self.talk.database.transaction() as session:
            staff = session.scalars(select(Staff).where(Staff.staff_no == staff_no)).one()
            claim = self._newest(session)
            self.alice.fresh = []
            state = decide_claim(session, staff, claim.id, credit, reason, self.talk.story.now)
        self.talk.work()
        return state

    def _newest(self, session: object) -> Claim:
        mine = select(Claim).where(Claim.member_id == self.talk.story.alice)
        return session.scalars(mine.order_by(Claim.id.desc())).first()  # type: ignore[attr-defined,no-any-return]

    # how it ends

    def stands(self, state: State, reason: Reason | None = None) -> None:
        """What stands at the desk."""
        with self.talk.database.reading() as session:
            claim = self._newest(session)
            assert (claim.state, claim.reason) == (state.value, reason and reason.value)

    def credited(self) -> None:
        """Alice reads that the friend counts; after the friend's purchase the money is there."""
        self.stands(State.CREDITED, Reason.EVIDENCE)
        self.alice.says("/claim").taps("button.claims").sees("claims.outcome.credited")
        self.earns()
        with self.talk.database.reading() as session:
            seen = progress(session, self.talk.story.alice, self.talk.story.now)
            assert seen is not None
            assert seen.pending[Unit.CNY] == REWARD
            assert verify(session) == []

    def earns(self, ref: str = "A7") -> None:
        """The friend's card is approved and used for ¥300."""
        customer = f"N{ref}"
        self.talk.bank("application.approved", application_id=ref, customer_ref=customer)
        self.talk.bank(
            "transaction.posted", customer_ref=customer, transaction_id=f"T{ref}", amount=30000,
            currency="CNY", kind="purchase",
        )  # fmt: skip

    def refused(self, reason: Reason, outcome: str = "not_eligible") -> None:
        """Alice reads nothing of the friend; the reason stands at the desk; no money comes."""
        self.stands(State.REFUSED, reason)
        self.alice.says("/claim").taps("button.claims").sees(f"claims.outcome.{outcome}")
        for word in ("declined", "existing", "拒", "老客户", "已是"):
            self.alice.sees_not(word)
        seen = self.talk.story.progress() if self._has_friends() else None
        assert seen is None or seen.pending.get(Unit.CNY, 0) == 0

    def _has_friends(self) -> bool:
        with self.talk.database.reading() as session:
            return progress(session, self.talk.story.alice, self.talk.story.now) is not None
