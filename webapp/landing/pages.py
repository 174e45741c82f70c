"""The pages of an invite, rendered: the offer (from a mould), the code step, success, states."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Response, current_app, make_response, render_template
from markupsafe import escape
from sqlalchemy.orm import Session

from shared.actions.registering import Registered
from shared.base import i18n
from shared.base.database import Database
from shared.base.errors import Refusal
from shared.base.i18n import Locale
from shared.campaigns.campaigns import CampaignVersion
from shared.campaigns.campaigns import version as campaign_version
from shared.campaigns.clauses import Party
from shared.campaigns.words import clause_words, trigger_words
from shared.people.consents import Purpose
from shared.reports.invite_page import InvitePage, PageState
from webapp.landing.mould import Mould, hole
from webapp.security import csp_nonce
from webapp.words import language_choices, page_words, request_locale

_STATUS = {
    PageState.ENDED: 410,
    PageState.UNKNOWN: 404,
    PageState.MALFORMED: 404,
    PageState.NOT_YET: 200,
    PageState.PAUSED: 200,
}
_MOST_MOULDS = 64
_MOULDS = "landing.moulds"
"""Kept by the application, as the numbers in their keys are of its database."""


@dataclass(frozen=True)
class Offer:
    """What a version promises a friend and costs them, in words."""

    name: str
    headline: str
    gets: tuple[str, ...]
    fees: tuple[str, ...]
    card: str
    qualifies: str
    attribution_days: int


@dataclass(frozen=True)
class Typed:
    """What somebody typed in the second step, and what of it needs mending."""

    name: str = ""
    consents: frozenset[Purpose] = frozenset()
    errors: tuple[tuple[str, str], ...] = ()
    """(field, words)"""

    def error(self, field: str) -> str:
        """The words of a field's error; empty when it has none."""
        return dict(self.errors).get(field, "")


def offer_of(version: CampaignVersion, locale: Locale) -> Offer:
    """A version's offer in one language."""
    rules = version.rules
    return Offer(
        name=rules.name.of(locale),
        headline=rules.offer.of(locale),
        gets=tuple(
            clause_words(clause, rules, locale, Party.FRIEND)
            for clause in rules.clauses
            if clause.to is Party.FRIEND
        ),
        fees=tuple(fee.of(locale) for fee in rules.fees),
        card=rules.products[0].name.of(locale),
        qualifies=trigger_words(rules.qualifying, locale, Party.FRIEND),
        attribution_days=rules.attribution_days,
    )


def offer_page(database: Database, page: InvitePage, csrf_token: str, receipt: str) -> str:
    """The first step as most people see it, from the mould of its version and language.

    `receipt`: the scan receipt of this visit, as people read it.
    """
    locale = request_locale()
    key = (page.campaign_id, page.version, locale, bool(page.shown_name), bool(page.greeting))
    moulds: dict[tuple[object, ...], Mould] = current_app.extensions.setdefault(_MOULDS, {})
    mould = moulds.get(key)
    if mould is None:
        with database.reading() as session:
            mould = Mould(_render_offer(session, page, locale))
        if len(moulds) >= _MOST_MOULDS:
            moulds.clear()
        moulds[key] = mould
    return mould.fill(
        {
            "name": str(escape(page.shown_name)),
            "greeting": str(escape(page.greeting)),
            "code": page.code,
            "receipt": receipt,
            "csrf": csrf_token,
            "nonce": csp_nonce(),
        }
    )


def _render_offer(session: Session, page: InvitePage, locale: Locale) -> str:
    at = f"/i/{hole('code')}"
    return render_template(
        "landing/offer.html",
        **page_words(locale),
        **frame(at),
        offer=offer_of(campaign_version(session, page.campaign_id, page.version), locale),
        inviter=hole("name") if page.shown_name else "",
        greeting=hole("greeting") if page.greeting else "",
        csp_nonce=hole("nonce"),
        csrf_token=partial(hole, "csrf"),
        receipt=hole("receipt"),
        phone="",
        error="",
        resume="",
        done=False,
    )


def offer_again(
    session: Session,
    page: InvitePage,
    receipt: str,
    *,
    phone: str = "",
    error: str = "",
    resume: str = "",
    done: bool = False,
) -> str:
    """The first step for a browser that has been here: with its typing, or its way back in."""
    locale = request_locale()
    return render_template(
        "landing/offer.html",
        **frame(f"/i/{page.code}"),
        offer=offer_of(campaign_version(session, page.campaign_id, page.version), locale),
        inviter=page.shown_name,
        greeting=page.greeting,
        receipt=receipt,
        phone=phone,
        error=error,
        resume=resume,
        done=done,
    )


def code_page(code: str, masked_phone: str, wait: int, typed: Typed) -> str:
    """The second step: the code, the name, the consents."""
    return render_template(
        "landing/confirm.html",
        **frame(f"/i/{code}", "confirm"),
        masked_phone=masked_phone,
        wait=wait,
        typed=typed,
        Purpose=Purpose,
    )


def success_page(session: Session, code: str, registered: Registered, bank_url: str) -> str:
    """The third step: what happens now, the way to the bank's form, the registration code."""
    version = campaign_version(session, registered.campaign_id, registered.version)
    return render_template(
        "landing/success.html",
        **frame(f"/i/{code}", "done"),
        offer=offer_of(version, request_locale()),
        bank_url=bank_url,
        receipt=registered.receipt,
    )


def state_page(state: PageState, code: str = "") -> Response:
    """The page of an invite that cannot be used now, with the next step."""
    page = render_template(
        "landing/state.html", **frame(f"/i/{code}" if code else "/i/"), state=state.value
    )
    return make_response(page, _STATUS[state])


def words_of(refusal: Refusal) -> str:
    """A refusal in this reader's language."""
    return i18n.refusal_text(request_locale(), refusal)


def frame(at: str, below: str = "") -> dict[str, Any]:
    """What every page of an invite is given: the invite's address and the language switch."""
    return {"at": at, "language_links": language_choices(f"{at}/{below}" if below else at)}
