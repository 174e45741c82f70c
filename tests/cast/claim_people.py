"""Claims and the people who decide them: two branches, the desk, an auditor, members in chats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from story import BOB, PUBLIC_URL, Story

from shared.actions.appealing import appeal
from shared.actions.claim_assigning import assign_claim
from shared.actions.claim_clock import turn_claims
from shared.actions.claiming import ClaimForm, file_claim
from shared.actions.deciding import decide_claim
from shared.actions.importing import import_staff
from shared.base.errors import Refusal
from shared.claims.answers import Template
from shared.claims.claims import Claim, ClaimStep, How, Reason, State, When, steps_of
from shared.people.members import member_by_ref
from shared.people.staff import Staff
from shared.post.audit import Audit

MEI, XU, CHEN = "S1001", "S1003", "S1002"
"""One branch's two tellers, and its manager."""
GAO, HE = "S2001", "S2002"
"""Another branch's teller and manager."""
TANG, LUO = "S9001", "S9002"
"""The desk, and an auditor."""
MALLORY = "C100002"
_NAMES = {MEI: "梅若兰", XU: "许安琪", CHEN: "陈立", GAO: "高翔", HE: "何静", TANG: "唐雨"}


@dataclass
class Floor:
    """A story whose claims wait for people."""

    story: Story

    def __post_init__(self) -> None:
        self.story.judges = True

    # claims

    def applies(self, phone: str = BOB, ref: str = "A1") -> None:
        self.story.bank("application.submitted", application_id=ref, phone=phone)

    def files(self, phone: str = BOB, customer_ref: str = "C100001") -> int:
        """A member claims a friend of the branch: at once with a person. The claim's row."""
        with self.story.database.transaction() as session:
            member = member_by_ref(session, customer_ref)
            assert member is not None
            form = ClaimForm(member.id, How.IN_BRANCH, When.THIS_WEEK, phone=phone)
            number = file_claim(session, form, self.story.now).number
        turn_claims(self.story.database, PUBLIC_URL, self.story.now)
        with self.story.database.reading() as session:
            return session.scalars(select(Claim.id).where(Claim.number == number)).one()

    def claim(self, claim_id: int) -> Claim:
        with self.story.database.reading() as session:
            found = session.get_one(Claim, claim_id)
            session.expunge(found)
            return found

    def state(self, claim_id: int) -> State:
        return State(self.claim(claim_id).state)

    def steps(self, claim_id: int) -> list[ClaimStep]:
        with self.story.database.reading() as session:
            found = steps_of(session, claim_id)
            session.expunge_all()
            return found

    def audited(self, act: str) -> int:
        with self.story.database.reading() as session:
            return session.scalar(select(func.count()).where(Audit.act == act)) or 0

    # people

    def staff(self, staff_no: str) -> Staff:
        with self.story.database.reading() as session:
            found = session.scalars(select(Staff).where(Staff.staff_no == staff_no)).one()
            session.expunge(found)
            return found

    def decides(
        self,
        staff_no: str,
        claim_id: int,
        *,
        credit: bool = True,
        reason: Reason = Reason.NOT_CONFIRMED,
        template: Template = Template.PLAIN,
    ) -> State:
        """Somebody decides. Refusals of `decide_claim`."""
        why = Reason.EVIDENCE if credit else reason
        with self.story.database.transaction() as session:
            staff = session.scalars(select(Staff).where(Staff.staff_no == staff_no)).one()
            return decide_claim(session, staff, claim_id, credit, why, self.story.now, template)

    def appeals(self, claim_id: int, customer_ref: str = "C100001") -> datetime:
        """The member appeals; by when it is decided. Refusals of `appeal`."""
        with self.story.database.transaction() as session:
            member = member_by_ref(session, customer_ref)
            assert member is not None
            number = session.get_one(Claim, claim_id).number
            return appeal(session, member.id, number, self.story.now).due_at

    def gives(self, staff_no: str, claim_id: int, to: str | None) -> None:
        """Somebody gives a claim to somebody. Refusals of `assign_claim`."""
        whom = self.staff(to).id if to is not None else None
        with self.story.database.transaction() as session:
            staff = session.scalars(select(Staff).where(Staff.staff_no == staff_no)).one()
            assign_claim(session, staff, claim_id, whom, self.story.now)

    def holder(self, claim_id: int) -> str | None:
        """Whose work a claim is: the staff number."""
        with self.story.database.reading() as session:
            query = select(Staff.staff_no).join(Claim, Claim.assigned_to == Staff.id)
            return session.scalar(query.where(Claim.id == claim_id))

    def refused_and_told(self, staff_no: str = MEI, phone: str = BOB) -> int:
        """A claim that somebody refused, and whose answer has left."""
        claim_id = self.files(phone)
        assert self.decides(staff_no, claim_id, credit=False) is State.REFUSED
        self.story.later(hours=24)
        self.story.work()
        return claim_id

    def is_now(self, staff_no: str, role: str, branch: str = "静安支行", ref: str = "") -> None:
        """The bank's staff file says otherwise of somebody."""
        name = _NAMES.get(staff_no, "何人")
        sheet = f"staff_no,name,branch,role,customer_ref\n{staff_no},{name},{branch},{role},{ref}\n"
        with self.story.database.transaction() as session:
            import_staff(session, sheet.encode(), "operator:test", self.story.now)


def code_of(act: Callable[[], object]) -> str:
    """What an act is refused with; empty when it is not."""
    try:
        act()
    except Refusal as refusal:
        return refusal.code
    return ""
