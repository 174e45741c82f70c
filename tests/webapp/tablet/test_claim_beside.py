"""Beside a claim on the tablet: the picture is an act on record, a note is for people."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from counter import ALICE, BOB, CHEN, MEIS_CARD, Counter, House, Page, both_engines, words
from PIL import Image
from sqlalchemy import select

from shared.actions import claim_noting
from shared.actions.claim_fetching import begin_fetch, picture_came, picture_refused
from shared.actions.claim_noting import LONGEST, MOST
from shared.actions.claiming import ClaimForm, file_claim
from shared.actions.judging import evidence_of
from shared.base.i18n import Locale
from shared.claims.claims import Claim, How, State, When
from shared.claims.notes import ClaimNote, notes_on
from shared.claims.pictures import Sent, wanted
from shared.people.staff import Role, Staff
from shared.post.audit import Audit


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "JPEG")
    return out.getvalue()


def pictured(house: House, customer_ref: str = ALICE, fetched: bool = True) -> str:
    """A claim whose member attached a picture; the case number."""
    form = ClaimForm(
        house.member_id(customer_ref), How.IN_BRANCH, When.THIS_WEEK, phone=BOB,
        picture=Sent("telegram", "AgAC-1"),
    )  # fmt: skip
    with house.database.transaction() as session:
        number = file_claim(session, form, house.clock()).number
    if fetched:
        arrives(house)
    return number


def arrives(house: House) -> None:
    with house.database.transaction() as session:
        (one,) = wanted(session, "telegram", house.clock(), 9)
        assert begin_fetch(session, one, house.clock())
        assert picture_came(session, one, jpeg())


def looks(house: House) -> list[tuple[str, str, dict[str, object]]]:
    with house.database.reading() as session:
        rows = session.scalars(select(Audit).where(Audit.act == "claim.picture_seen"))
        return [(row.actor, row.subject, row.details) for row in rows]


def image_of(page: Page) -> str:
    found = re.search(r'<img src="([^"]+)"[^>]*data-test="claim-picture"', page.html)
    assert found is not None
    return found[1]


@both_engines
def test_the_picture_is_shown_after_an_act_that_says_who_and_which_claim(
    mei: Counter, the_house: House
) -> None:
    number = pictured(the_house)
    page = mei.opens(f"/tablet/claims/{number}")
    assert page.has("show-picture")
    assert not page.has("claim-picture")
    assert looks(the_house) == []
    page = mei.posts(f"/tablet/claims/{number}/picture")
    assert page.status == 200
    ((actor, subject, details),) = looks(the_house)
    assert (actor.partition(":")[0], subject) == ("staff", "claim:1")
    assert "tablet" in details
    answer = mei.client.get(image_of(page))
    assert answer.data == jpeg()
    headers = answer.headers
    assert headers["Content-Type"] == "image/jpeg"
    assert headers["Content-Disposition"].startswith("inline")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert len(looks(the_house)) == 1
    assert not mei.opens(f"/tablet/claims/{number}").has("claim-picture")


def test_a_look_is_one_persons_for_one_claim_and_for_five_minutes(
    mei: Counter, chen: Counter, the_house: House
) -> None:
    number = pictured(the_house)
    address = image_of(mei.posts(f"/tablet/claims/{number}/picture"))
    assert chen.client.get(address).status_code == 404
    other = the_house.files(phone="+8613900139055")
    head, _, look = address.rpartition("/")
    assert mei.client.get(address.replace(number, other)).status_code == 404
    for guess in (int(look) - 1, int(look) + 1, 0, 10**30):
        assert mei.client.get(f"{head}/{guess}").status_code == 404
    the_house.clock.at += timedelta(minutes=4, seconds=59)
    assert mei.client.get(address).status_code == 200
    the_house.clock.at += timedelta(seconds=1)
    assert mei.client.get(address).status_code == 404


def test_a_party_of_the_claim_and_other_roles_find_no_picture(
    mei: Counter, chen: Counter, the_house: House
) -> None:
    number = pictured(the_house, MEIS_CARD)
    mei.opens("/tablet/claims")
    assert mei.posts(f"/tablet/claims/{number}/picture").status == 404
    assert mei.client.get(f"/tablet/claims/{number}/picture/1").status_code == 404
    assert mei.posts(f"/tablet/claims/{number}/note", note="我的卡").status == 404
    assert looks(the_house) == []
    page = chen.posts(f"/tablet/claims/{number}/picture")
    address = image_of(page)
    assert chen.client.get(address).status_code == 200
    with the_house.database.transaction() as session:
        staff = session.scalars(select(Staff).where(Staff.staff_no == CHEN)).one()
        staff.role = Role.DESK.value
    assert chen.client.get(address).status_code in (303, 404)
    with the_house.database.reading() as session:
        assert session.scalars(select(ClaimNote)).all() == []


def test_a_picture_on_its_way_or_lost_is_told_so_and_one_that_never_was_is_not(
    mei: Counter, the_house: House
) -> None:
    number = pictured(the_house, fetched=False)
    page = mei.opens(f"/tablet/claims/{number}")
    assert words("layout.claim.picture.wanted") in page.html
    assert mei.posts(f"/tablet/claims/{number}/picture").status == 404
    with the_house.database.transaction() as session:
        (one,) = wanted(session, "telegram", the_house.clock(), 9)
        picture_refused(session, one, "kind", the_house.clock())
    page = mei.opens(f"/tablet/claims/{number}")
    assert words("layout.claim.picture.lost") in page.html
    bare = the_house.files(phone="+8613900139055")
    assert words("layout.claim.picture") not in mei.opens(f"/tablet/claims/{bare}").html


@both_engines
def test_a_note_is_kept_sealed_beside_the_evidence_and_moves_nothing(
    mei: Counter, chen: Counter, the_house: House
) -> None:
    the_house.bank_hears()
    number = the_house.files()
    with the_house.database.reading() as session:
        before = evidence_of(session, session.scalars(select(Claim)).one())
    said = "客户当面出示了聊天记录<b>\r\n\r\n与王波 3 月 2 日"
    mei.opens(f"/tablet/claims/{number}")
    page = mei.posts(f"/tablet/claims/{number}/note", note=said)
    assert words("tablet.claim.noted", number=number) in page.html
    page = chen.opens(f"/tablet/claims/{number}")
    assert "聊天记录<b>\n\n与王波 3 月 2 日" in page.html
    assert "&lt;b&gt;" in page.response.get_data(as_text=True)
    assert "梅若兰" in page.html
    with the_house.database.reading() as session:
        claim = session.scalars(select(Claim)).one()
        assert evidence_of(session, claim) == before
        assert claim.state == State.WITH_PERSON
        kept = session.scalars(select(ClaimNote)).one()
        assert kept.words is not None
        assert "聊天".encode() not in bytes(kept.words)
        acts = session.scalars(select(Audit).where(Audit.act == "claim.noted")).all()
        assert [(act.subject, act.details["note"]) for act in acts] == [("claim:1", kept.id)]
        assert [note.words.count("王波") for note in notes_on(session, claim.id)] == [1]


@pytest.mark.parametrize(
    ("note", "code"),
    [("", "empty"), (" \n\t\u200b", "empty"), ("长" * (LONGEST + 1), "long")],
)
def test_a_note_that_says_nothing_or_too_much_is_given_back(
    mei: Counter, the_house: House, note: str, code: str
) -> None:
    number = the_house.files()
    mei.opens(f"/tablet/claims/{number}")
    page = mei.posts(f"/tablet/claims/{number}/note", note=note)
    assert page.status == 422
    assert words(f"error.claim_note.{code}", Locale.ZH_HANS, most=LONGEST) in page.html
    assert note.strip() in page.html


def test_notes_are_few_and_end_with_the_claim(
    mei: Counter, chen: Counter, the_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 3
    assert most < MOST
    monkeypatch.setattr(claim_noting, "MOST", most)
    number = the_house.files()
    mei.opens(f"/tablet/claims/{number}")
    for n in range(most):
        assert mei.posts(f"/tablet/claims/{number}/note", note=f"第 {n} 条").status == 200
    page = mei.posts(f"/tablet/claims/{number}/note", note="再一条")
    assert words("error.claim_note.many", most=most) in page.html
    chen.opens(f"/tablet/claims/{number}/refuse")
    chen.posts(f"/tablet/claims/{number}/refuse", reason="not_confirmed")
    mei.posts(f"/tablet/claims/{number}/note", note="晚了")
    with the_house.database.reading() as session:
        assert len(session.scalars(select(ClaimNote)).all()) == most
