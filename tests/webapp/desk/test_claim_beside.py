"""Beside a claim at the desk: managers look at the picture, the desk notes, auditors read."""

from __future__ import annotations

import io
import re

from counter import ALICE, BOB, CHEN
from desktop import Desk, Desks
from PIL import Image
from sqlalchemy import select

from shared.actions.claim_fetching import begin_fetch, picture_came
from shared.actions.claiming import ClaimForm, file_claim
from shared.claims.claims import How, When
from shared.claims.notes import ClaimNote
from shared.claims.pictures import Sent, wanted
from shared.post.audit import Audit


def pictured(desks: Desks) -> bytes:
    """Claim 1, with a picture; its bytes."""
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "JPEG")
    house = desks.house
    form = ClaimForm(
        house.member_id(ALICE), How.IN_BRANCH, When.THIS_WEEK, phone=BOB,
        picture=Sent("telegram", "AgAC-1"),
    )  # fmt: skip
    with house.database.transaction() as session:
        file_claim(session, form, house.clock())
        (one,) = wanted(session, "telegram", house.clock(), 9)
        assert begin_fetch(session, one, house.clock())
        assert picture_came(session, one, out.getvalue())
    return out.getvalue()


def test_a_manager_looks_and_the_desk_and_auditors_find_none(
    desks: Desks, tang: Desk, luo: Desk
) -> None:
    jpeg, chen = pictured(desks), desks.of(CHEN)
    page = chen.opens("/desk/claims/1")
    assert page.has("show-picture")
    page = chen.posts("/desk/claims/1/picture")
    found = re.search(r'src="(/desk/claims/1/picture/\d+)"', page.html)
    assert found is not None
    answer = chen.client.get(found[1])
    assert (answer.data, answer.headers["Content-Type"]) == (jpeg, "image/jpeg")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["Cache-Control"] == "no-store"
    for desk in (tang, luo):
        page = desk.opens("/desk/claims/1")
        assert page.has("picture-state")
        assert not page.has("show-picture")
        assert desk.posts("/desk/claims/1/picture").status == 404
        assert desk.client.get(found[1]).status_code == 404
    with desks.database.reading() as session:
        seen = session.scalars(select(Audit).where(Audit.act == "claim.picture_seen")).all()
        assert len(seen) == 1


def test_the_desk_notes_and_an_auditor_reads_and_cannot(
    desks: Desks, tang: Desk, luo: Desk
) -> None:
    pictured(desks)
    tang.opens("/desk/claims/1")
    page = tang.posts("/desk/claims/1/note", note="")
    assert page.status == 422
    page = tang.posts("/desk/claims/1/note", note="与分行通过电话，情况属实")
    assert page.place == "/desk/claims/1"
    page = luo.opens("/desk/claims/1")
    assert "与分行通过电话，情况属实" in page.html
    assert "唐雨" in page.html
    assert not page.has("save-note")
    assert luo.posts("/desk/claims/1/note", note="我也说一句").status == 403
    with desks.database.reading() as session:
        assert len(session.scalars(select(ClaimNote)).all()) == 1
