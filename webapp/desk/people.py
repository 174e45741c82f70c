"""One person at the desk: masked, and in full for a reason that stays on record."""

from __future__ import annotations

import re

from flask import redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from shared.actions.unmasking import (
    LONGEST_REASON,
    MOST_AN_HOUR,
    Plain,
    person_behind,
    unmask,
)
from shared.base.errors import Refusal
from shared.base.privacy import mask_phone
from shared.people.members import member_by_ref
from shared.people.persons import name_of, phone_of
from shared.people.unmasking import looks_at
from shared.reports.desk_people import masked, masked_name, who
from webapp.desk.face import desk, page
from webapp.desk.seats import Need, acting, asking
from webapp.sitting import UNPROCESSABLE, Answer, needs, words_of
from webapp.wiring import wiring

ZONE = "Asia/Shanghai"
MOST_LOOKS = 50
"""That a page lists."""
_PARTY = re.compile(r"(member|friend):([0-9]{1,15})")


@desk.get("/people")
def people() -> Answer:
    """Whom to look at: by the bank's reference or our own number, never by a name or telephone."""
    return page("people", "people", sought="", nobody=False)


@desk.post("/people")
@needs(Need.READ)
def find_person() -> Answer:
    """To the page of who was meant. In a form: what was typed stays out of addresses."""
    sought = request.form.get("sought", "").strip()[:64]
    if found := _PARTY.fullmatch(sought):
        return redirect(url_for("desk.person", kind=found[1], number=int(found[2])), 303)
    with asking() as session:
        member = member_by_ref(session, sought) if sought.isprintable() else None
        if member is not None:
            return redirect(url_for("desk.person", kind="member", number=member.id), 303)
    return page("people", "people", UNPROCESSABLE, sought=sought, nobody=True)


@desk.get("/people/<kind>/<int:number>")
def person(kind: str, number: int) -> Answer:
    """A member or friend, masked, and who had them shown in full."""
    with asking() as session:
        return _page(session, f"{kind}:{number}")


@desk.post("/people/<kind>/<int:number>/look")
def look_at(kind: str, number: int) -> Answer:
    """In full, on this answer alone: the page behind the address stays masked."""
    party, reason = f"{kind}:{number}", request.form.get("reason", "")
    try:
        with acting() as (session, staff):
            plain = unmask(session, staff, party, reason, wiring().now())
            return _page(session, party, plain=plain)
    except LookupError:
        raise NotFound from None
    except Refusal as refusal:
        with asking() as session:
            return _page(session, party, refused=words_of(refusal), reason=reason)


def _page(
    session: Session, party: str, plain: Plain | None = None, refused: str = "", reason: str = ""
) -> Answer:
    try:
        one = person_behind(session, party)
    except LookupError:
        raise NotFound from None
    number = phone_of(session, one) if one else ""
    return page(
        "person", "people", UNPROCESSABLE if refused else 200,
        party=party, kind=party.partition(":")[0], number=int(party.partition(":")[2]),
        name=masked_name(name_of(session, one) if one else ""),
        phone=mask_phone(number) if number else "", known=one is not None,
        reference=masked(session, {party})[party].reference,
        erased_at=one.erased_at if one else None,
        plain=plain, refused=refused, reason=reason, longest=LONGEST_REASON, most=MOST_AN_HOUR,
        looks=[(each, who(session, each.staff_id)) for each in looks_at(session, one, MOST_LOOKS)]
        if one else [],
        zone=ZONE,
    )  # fmt: skip
