"""Show: find a cardholder, show their invite large, offer to bind their chat."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from flask import Response, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from shared.actions.branch import Found, binding_token_for, cardholder, find_cardholders
from shared.actions.counter import show_invite
from shared.actions.inviting import find_invite, invite_of, link_of
from shared.base.errors import Refusal
from shared.campaigns.campaigns import current_version, running_campaign
from shared.campaigns.words import offer_lines
from shared.people.chats import BINDING_TERM
from shared.pictures.qr import qr_png
from shared.referrals.codes import show_code
from webapp.limits import within
from webapp.sitting import UNPROCESSABLE, Answer, say, words_of
from webapp.tablet.cardholders import Reference, cardholder_of, refer_to
from webapp.tablet.face import busy, staffed_seat, tablet, workplace
from webapp.tablet.scan import typed_or_scanned
from webapp.tablet.seats import acting, asking
from webapp.wiring import wiring
from webapp.words import request_locale

_SEARCHES_PER_MINUTE = 20


@dataclass(frozen=True)
class Hit:
    """One cardholder found, masked, with the reference that opens their invite."""

    name: str
    phone: str
    reference: str


@dataclass(frozen=True)
class LargeInvite:
    """What the customer sees: `qr` is a data address, `link` what it holds."""

    code: str
    link: str
    qr: str
    campaign: str
    lines: tuple[str, ...]


@tablet.get("/show")
def show() -> Answer:
    """The two ways to find a cardholder."""
    return _page()


@tablet.post("/show")
def find() -> Answer:
    """By the last four digits and the beginning of the name; every search is written down."""
    digits = request.form.get("digits", "").strip()[:10]
    name = request.form.get("name", "").strip()[:40]
    if not within("tablet.search", _SEARCHES_PER_MINUTE):
        return busy()
    typed = {"digits": digits, "name": name}
    try:
        with acting() as (session, staff):
            found = find_cardholders(session, staff, digits, name, wiring().now())
    except Refusal as refusal:
        field = "digits" if refusal.code == "search.digits" else "name"
        return _page(UNPROCESSABLE, typed=typed, errors={field: words_of(refusal)})
    return _page(typed=typed, hits=_hits(found))


def _hits(found: tuple[Found, ...]) -> list[Hit]:
    staff_id = staffed_seat().staff_id
    return [
        Hit(one.name, one.phone, refer_to(one.member_id, staff_id, searched=True)) for one in found
    ]


@tablet.post("/show/code")
def show_code_typed() -> Answer:
    """By the cardholder's own invite: its code typed, or its QR photographed."""
    if not within("tablet.search", _SEARCHES_PER_MINUTE):
        return busy()
    typed = request.form.get("code", "")[:300]
    try:
        words = typed_or_scanned(typed, request.files.get("picture"))
        with asking() as (session, _staff):
            member_id = find_invite(session, words).member_id
    except Refusal as refusal:
        return _page(UNPROCESSABLE, typed={"code": typed}, errors={"code": words_of(refusal)})
    return _open(Reference(member_id, searched=False))


@tablet.post("/show/open")
def open_found() -> Answer:
    """One of the cardholders found."""
    return _open(cardholder_of(request.form.get("reference", ""), staffed_seat().staff_id))


def _open(found: Reference) -> Answer:
    """Make or take the invite, then show it under an address that changes nothing."""
    try:
        with acting() as (session, staff):
            show_invite(session, staff, found.member_id, wiring().now())
    except Refusal as refusal:
        return _page(UNPROCESSABLE, refused=words_of(refusal))
    reference = refer_to(found.member_id, staffed_seat().staff_id, found.searched)
    return redirect(url_for("tablet.invite", reference=reference), 303)


@tablet.get("/show/<reference>")
def invite(reference: str) -> Answer:
    """The invite, large enough for a phone at arm's length."""
    found = cardholder_of(reference, staffed_seat().staff_id)
    with asking() as (session, staff):
        large = _large(session, found)
        whose = cardholder(session, staff, found.member_id)
    return _page(
        large=large,
        whose=whose,
        reference=reference,
        may_bind=found.searched and whose.branch_may_bind,
    )


@tablet.post("/show/<reference>/bind")
def bind(reference: str) -> Answer:
    """A QR that binds the cardholder's chat, once staff have seen the card and the person."""
    found = cardholder_of(reference, staffed_seat().staff_id)
    if not found.searched:
        raise NotFound
    if request.form.get("seen") != "yes":
        say("tablet.bind.unseen", "error")
        return redirect(url_for("tablet.invite", reference=reference), 303)
    try:
        with acting() as (session, staff):
            whose = cardholder(session, staff, found.member_id)
            token = binding_token_for(session, staff, found.member_id, wiring().now())
    except Refusal as refusal:
        return _page(UNPROCESSABLE, refused=words_of(refusal))
    words = start_words(token)
    return _page(
        binding={
            "words": words,
            "qr": qr_address(words),
            "minutes": int(BINDING_TERM.total_seconds() // 60),
        },
        whose=whose,
        reference=reference,
    )


def start_words(token: str) -> str:
    """What opens the chat: a link to the bot when its name is set, else what to send to it."""
    bot = wiring().settings.telegram_bot
    return f"https://t.me/{bot}?start=b_{token}" if bot else f"/start b_{token}"


def qr_address(words: str) -> str:
    """A QR code as a data address: what it holds is asked of no server and kept by none."""
    picture = qr_png(words, scale=8, level="M")  # a clean screen needs no more, and less is finer
    return "data:image/png;base64," + base64.b64encode(picture).decode()


def _large(session: Session, found: Reference) -> LargeInvite:
    campaign = running_campaign(session, wiring().now())
    known = invite_of(session, campaign.id, found.member_id) if campaign else None
    if campaign is None or known is None:
        raise NotFound
    version = current_version(session, campaign.id)
    locale = request_locale()
    link = link_of(wiring().settings.public_url, known.code)
    return LargeInvite(
        show_code(known.code),
        link,
        qr_address(link),
        version.rules.name.of(locale),
        tuple(offer_lines(version, locale)),
    )


def _page(status: int = 200, **more: Any) -> Response:
    given: dict[str, Any] = {
        "typed": {},
        "errors": {},
        "hits": None,
        "refused": "",
        "large": None,
        "binding": None,
        "whose": None,
        "reference": "",
        "may_bind": False,
    }
    return workplace("show", "show", status, **(given | more))
