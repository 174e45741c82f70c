"""Staff find a cardholder, show the invite large, bind a chat; nobody is found by guessing."""

from __future__ import annotations

import base64
import io
import re
from datetime import datetime

import numpy as np
import pytest
import zxingcpp
from counter import ALICE, MEIS_CARD, Counter, House, both_engines, words
from PIL import Image
from sqlalchemy import func, select

from shared.base.database import Database
from shared.base.settings import Settings
from shared.people.chats import BindingToken, use_binding_token
from shared.people.members import Member, MemberStatus
from shared.pictures.qr import qr_png
from shared.post.audit import Audit
from shared.referrals.referrals import Invite
from webapp.app import create_app
from webapp.tablet.face import MOST_BYTES, MOST_PICTURE_BYTES
from webapp.tablet.show import start_words


def finds_alice(mei: Counter) -> None:
    page = mei.posts("/tablet/show", digits="8001", name="李")
    assert page.has("found-row")
    mei.posts("/tablet/show/open", reference=page.field("reference"))


def qr_on(html: str) -> str:
    """What an independent reader finds in the picture on the page."""
    found = re.search(r'src="data:image/png;base64,([^"]+)"', html)
    assert found
    picture = Image.open(io.BytesIO(base64.b64decode(found[1]))).convert("L")
    read = zxingcpp.read_barcodes(np.asarray(picture))
    assert len(read) == 1
    return str(read[0].text)


@both_engines
def test_a_cardholder_is_found_by_digits_and_name_and_shown_masked(mei: Counter) -> None:
    page = mei.posts("/tablet/show", digits="8001", name="李")
    assert page.has("found-row")
    assert "李**" in page.html
    assert "138****8001" in page.html
    assert "李爱丽" not in page.html
    assert "13800138001" not in page.html


@both_engines
def test_the_invite_is_shown_large_and_a_reader_reads_it(mei: Counter, the_house: House) -> None:
    finds_alice(mei)
    assert mei.page is not None
    card = the_house.invite()
    assert mei.page.has("invite-large")
    assert mei.page.text_of("invite-code-shown") == card.shown
    assert qr_on(mei.page.html) == f"http://127.0.0.1:8000/i/{card.code}"
    assert "¥100" in mei.page.html
    assert "3,000 积分" in mei.page.html
    with the_house.database.reading() as session:
        acts = list(session.scalars(select(Audit.act)))
    assert acts.count("invite.shown") == 1
    assert acts.count("member.searched") == 1


def test_looking_at_the_invite_again_changes_nothing(mei: Counter, the_house: House) -> None:
    finds_alice(mei)
    assert mei.page is not None
    place = mei.page.place
    with the_house.database.reading() as session:
        before = session.scalar(select(func.count()).select_from(Audit))
    for _ in range(3):
        assert mei.opens(place).has("invite-large")
    with the_house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Audit)) == before
        assert session.scalar(select(func.count()).select_from(Invite)) == 1


@pytest.mark.parametrize(
    ("digits", "name", "key"),
    [("80", "李", "error.search.digits"), ("80a1", "李", "error.search.digits"),
     ("8001", " ", "error.search.name")],
)  # fmt: skip
def test_both_halves_are_needed(mei: Counter, digits: str, name: str, key: str) -> None:
    page = mei.posts("/tablet/show", digits=digits, name=name)
    assert page.status == 422
    assert words(key) in page.html
    assert not page.has("found-row")


@pytest.mark.parametrize(("digits", "name"), [("8001", "王"), ("0000", "李"), ("8001", "爱")])
def test_a_search_that_matches_nobody_says_what_to_do(mei: Counter, digits: str, name: str) -> None:
    page = mei.posts("/tablet/show", digits=digits, name=name)
    assert page.status == 200
    assert page.has("found-none")


def test_searches_are_counted_so_that_nobody_fishes(mei: Counter) -> None:
    statuses = [mei.posts("/tablet/show", digits="8001", name="王").status for _ in range(21)]
    assert statuses[:20] == [200] * 20
    assert statuses[-1] == 429


@pytest.mark.parametrize(
    "typed", ["{shown}", "{lower}", "http://127.0.0.1:8000/i/{code}?ch=poster"]
)
def test_the_code_is_read_as_typed_or_as_the_link(
    mei: Counter, the_house: House, typed: str
) -> None:
    card = the_house.invite()
    mei.opens("/tablet/show")
    words_typed = typed.format(shown=card.shown, lower=card.shown.lower(), code=card.code)
    page = mei.posts("/tablet/show/code", code=words_typed)
    assert page.text_of("invite-code-shown") == card.shown


@pytest.mark.parametrize(
    ("typed", "key"),
    [("K7Q2", "error.invite.malformed"), ("", "error.invite.malformed"),
     ("00000000", "error.invite.unknown"), ("/i/", "error.invite.malformed")],
)  # fmt: skip
def test_a_wrong_code_is_answered_in_words(mei: Counter, typed: str, key: str) -> None:
    mei.opens("/tablet/show")
    page = mei.posts("/tablet/show/code", code=typed)
    assert page.status == 422
    assert words(key) in page.html


def photographed(raw: bytes, name: str = "photo.jpg") -> tuple[io.BytesIO, str]:
    return io.BytesIO(raw), name


def test_a_photographed_qr_opens_the_invite(mei: Counter, the_house: House) -> None:
    card = the_house.invite()
    code = Image.open(io.BytesIO(qr_png(f"http://127.0.0.1:8000/i/{card.code}", scale=6)))
    scene = Image.new("RGB", (1600, 1200), "#c9b79c")
    scene.paste(code.convert("RGB").rotate(9, expand=True, fillcolor="#c9b79c"), (500, 300))
    shot = io.BytesIO()
    scene.save(shot, "JPEG", quality=70)
    mei.opens("/tablet/show")
    page = mei.posts("/tablet/show/code", code="", picture=photographed(shot.getvalue()))
    assert page.text_of("invite-code-shown") == card.shown


def picture_of(size: tuple[int, int], kind: str = "PNG") -> bytes:
    kept = io.BytesIO()
    Image.new("1", size, 1).save(kept, kind)
    return kept.getvalue()


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (b"not a picture", "error.scan.picture"),
        (b"%PDF-1.4 " + b"x" * 4000, "error.scan.picture"),
        (picture_of((300, 300))[:-40], "error.scan.picture"),
        (picture_of((400, 400)), "error.scan.nothing"),
        (picture_of((20_000, 20_000)), "error.scan.large"),
        (b"\xff" * (MOST_PICTURE_BYTES + 1), "error.scan.large"),
        (picture_of((300, 300), "TIFF"), "error.scan.picture"),
    ],
)
def test_a_picture_that_is_none_too_big_or_empty_is_answered_in_words(
    mei: Counter, raw: bytes, key: str
) -> None:
    mei.opens("/tablet/show")
    page = mei.posts("/tablet/show/code", code="", picture=photographed(raw))
    assert page.status == 422
    assert words(key) in page.html


def test_only_pictures_may_be_large(mei: Counter) -> None:
    page = mei.posts("/tablet/show", digits="8001", name="x" * (MOST_BYTES + 1))
    assert page.status == 413
    assert page.has("trouble-large")


def test_a_reference_is_good_for_who_found_it_and_for_nobody_else(
    mei: Counter, chen: Counter, the_house: House
) -> None:
    finds_alice(mei)
    assert mei.page is not None
    place = mei.page.place
    assert chen.opens(place).status == 404
    assert chen.posts(f"{place}/bind", seen="yes").status == 404
    member_id = the_house.member_id(ALICE)
    for guess in (str(member_id), "1", place.rsplit("/", 1)[1][:-2] + "xx"):
        assert mei.opens(f"/tablet/show/{guess}").status == 404
        assert mei.posts("/tablet/show/open", reference=guess).status == 404


@both_engines
def test_the_binding_code_binds_once_and_only_after_the_person_was_seen(
    mei: Counter, the_house: House
) -> None:
    finds_alice(mei)
    assert mei.page is not None
    place = mei.page.place
    refused = mei.posts(f"{place}/bind")
    assert words("tablet.bind.unseen") in refused.html
    page = mei.posts(f"{place}/bind", seen="yes")
    sent = page.text_of("bind-words")
    assert qr_on(page.html) == sent
    token = sent.removeprefix("/start b_")
    with the_house.database.transaction() as session:
        found = use_binding_token(session, token, the_house.clock())
        assert found == the_house.member_id(ALICE)
        assert session.scalar(select(func.count()).select_from(BindingToken)) == 1


def test_an_invite_everybody_may_have_does_not_bind_its_owners_chat(
    mei: Counter, the_house: House
) -> None:
    card = the_house.invite()
    mei.opens("/tablet/show")
    page = mei.posts("/tablet/show/code", code=card.code)
    assert page.has("invite-large")
    assert not page.has("bind")
    assert mei.posts(f"{page.place}/bind", seen="yes").status == 404
    with the_house.database.reading() as session:
        assert session.scalar(select(BindingToken.id)) is None


def test_mei_neither_shows_her_own_invite_nor_binds_a_chat_to_her_card(
    mei: Counter, the_house: House
) -> None:
    page = mei.posts("/tablet/show", digits="8014", name="梅")
    reference = page.field("reference")
    shown = mei.posts("/tablet/show/open", reference=reference)
    assert shown.status == 422
    assert not shown.has("invite-large")
    assert words("error.staff.party") in shown.html
    refused = mei.posts(f"/tablet/show/{reference}/bind", seen="yes")
    assert words("error.staff.party") in refused.html
    assert the_house.member_id(MEIS_CARD)


def test_a_member_who_is_no_longer_active_is_told_so(mei: Counter, the_house: House) -> None:
    card = the_house.invite()
    with the_house.database.transaction() as session:
        member = session.get(Member, the_house.member_id(ALICE))
        assert member is not None
        member.status = MemberStatus.INACTIVE
    page = mei.posts("/tablet/show/code", code=card.code)
    assert page.status == 422
    assert not page.has("invite-large")


@pytest.mark.parametrize(
    ("bot", "opens"),
    [(None, "/start b_t0ken"), ("JiankaBot", "https://t.me/JiankaBot?start=b_t0ken")],
)
def test_the_binding_code_opens_the_bot_when_its_name_is_set(
    settings: Settings, database: Database, now: datetime, bot: str | None, opens: str
) -> None:
    named = settings.model_copy(update={"telegram_bot": bot})
    app = create_app(named, database, lambda: now)
    with app.test_request_context("/tablet/"):
        assert start_words("t0ken") == opens
