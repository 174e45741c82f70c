"""On record: who did what at which tablet, on what evidence; and who may read it."""

from __future__ import annotations

from datetime import datetime

import pytest
from claim_tales import Tale
from counter import (
    ALICE,
    BOB,
    CHEN,
    MEI,
    PINS,
    TICKED,
    Counter,
    House,
    both_engines,
)
from sqlalchemy import select
from talk import Talk

from shared.base.database import Database
from shared.claims.evidence import EvidenceKind
from shared.post.audit import Audit
from shared.reports.desk_audit import Act, Sought, acts

ELSEWHERE = ("operator:", "worker", "machine", "member:")
"""Who does nothing at a tablet."""


def on_record(the_house: House, **sought: str) -> list[Act]:
    with the_house.database.reading() as session:
        return acts(session, Sought(**sought), None, 500)  # type: ignore[arg-type]


def a_day(mei: Counter, the_house: House) -> None:
    """Everything that is done at a tablet and leaves an act."""
    mei.opens("/tablet/show")
    mei.posts("/tablet/show", name="李", digits="8001")
    assert mei.page is not None
    reference = mei.page.field("reference")
    mei.posts("/tablet/show/open", reference=reference)
    mei.posts(f"{mei.page.place}/bind", seen="yes")
    the_house.bank_hears(ref="A-9")
    number = the_house.files()
    mei.opens(f"/tablet/claims/{number}/credit")
    assert mei.posts(f"/tablet/claims/{number}/credit").has("success")
    the_house.sends_number(mei, "+8613900139055")
    done = mei.posts("/tablet/walk-in/confirm", code=the_house.sms_code(), name="赵六", **TICKED)
    assert done.place == "/tablet/walk-in/done"
    mei.posts("/tablet/walk-in/return")
    mei.signs_in(MEI)
    mei.posts("/tablet/lock")


@both_engines
def test_every_act_at_a_tablet_names_the_tablet(mei: Counter, the_house: House) -> None:
    a_day(mei, the_house)
    done = [act for act in on_record(the_house) if not act.actor.startswith(ELSEWHERE)]
    names = {act.act for act in done}
    assert names >= {
        "tablet.enrolled", "staff.signed_in", "member.searched", "invite.shown",
        "binding.offered", "claim.decided", "tablet.handed_over", "registration.proven",
        "staff.signed_out",
    }  # fmt: skip
    without = sorted({act.act for act in done if act.tablet != "tablet:1"})
    assert without == []


@both_engines
def test_a_decision_stands_with_its_evidence(mei: Counter, chen: Counter, the_house: House) -> None:
    the_house.bank_hears()
    first = the_house.files()
    mei.opens(f"/tablet/claims/{first}/credit")
    mei.posts(f"/tablet/claims/{first}/credit")
    other = the_house.files(phone="+8613900139066")
    chen.opens(f"/tablet/claims/{other}/refuse")
    chen.posts(f"/tablet/claims/{other}/refuse", reason="not_confirmed")
    with the_house.database.reading() as session:
        found = session.scalars(
            select(Audit).where(Audit.act == "claim.decided").order_by(Audit.id)
        ).all()
        evidence = [act.details["evidence"] for act in found]
        assert [act.details["credit"] for act in found] == [True, False]
    assert EvidenceKind.APPLICATION in evidence[0]
    assert EvidenceKind.CREDITED_OWN not in evidence[0]  # as it stood before, not after
    assert EvidenceKind.NO_APPLICATION in evidence[1]
    shown = on_record(the_house, act="claim.decided")
    assert [act.tablet for act in shown] == ["tablet:2", "tablet:1"]
    assert "evidence " in shown[0].evidence
    assert all(BOB[-4:] not in act.evidence for act in shown)


@pytest.mark.parametrize(
    ("existing", "act", "evidence"),
    [
        (False, "claim.credited", {EvidenceKind.APPLICATION, EvidenceKind.FRIEND_CONFIRMED}),
        (True, "claim.refused", {EvidenceKind.EXISTING}),
    ],
)
def test_the_machines_decision_stands_with_its_evidence(
    database: Database, now: datetime, existing: bool, act: str, evidence: set[EvidenceKind]
) -> None:
    tale = Tale(Talk(database, now))
    tale.applies(existing_customer=existing)
    tale.claims()
    tale.waits()
    tale.confirms()
    with database.reading() as session:
        done = session.scalars(select(Audit).where(Audit.actor == "machine")).all()
        assert [each.act for each in done] == [act]
        assert evidence <= set(done[0].details["evidence"])


def test_at_the_counter_nobody_reads_the_audit(mei: Counter, the_house: House) -> None:
    for staff_no in (MEI, CHEN):
        mei.signs_in(staff_no)
        for path in ("/tablet/audit", "/tablet/audit/file"):
            assert mei.opens(path).status == 404
    page = mei.opens("/desk/audit")
    assert page.place == "/desk/sign-in"
    teller = the_house.tablet()
    teller.opens("/desk/sign-in")
    teller.posts("/desk/sign-in", staff_no=MEI, pin=PINS[MEI])
    assert teller.opens("/desk/audit").place == "/desk/sign-in"
    assert ALICE not in teller.page.html if teller.page else False
