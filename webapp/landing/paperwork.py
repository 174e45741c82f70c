"""What stands beside an invite: its QR code, the terms, the privacy notice."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from shared.actions.assessing import longest_traces
from shared.actions.inviting import find_invite, link_of
from shared.base import i18n
from shared.base.errors import Refusal
from shared.campaigns.campaigns import current_version, get_campaign, limits_at
from shared.campaigns.clauses import Party
from shared.campaigns.words import terms_lines
from shared.people.consents import TEXT_VERSION
from shared.pictures import qr_png
from shared.reports.invite_page import PageState
from webapp.landing.pages import frame, offer_of, state_page
from webapp.wiring import wiring
from webapp.words import request_locale

_A_DAY = 24 * 3600
_SECTIONS = (
    ("who", 2),
    ("what", 4),
    ("why", 2),
    ("inviter", 3),
    ("keep", 4),
    ("share", 2),
    ("rights", 2),
)
"""The parts of the privacy notice and the number of sentences in each."""


def qr(code: str) -> Response:
    """The invite's link as a QR code; kept by browsers for a day."""
    parts = wiring()
    with parts.database.reading() as session:
        try:
            link = link_of(parts.settings.public_url, find_invite(session, code).code)
        except Refusal:
            raise NotFound from None
    response = make_response(qr_png(link))
    response.mimetype = "image/png"
    response.cache_control.public = True
    response.cache_control.max_age = _A_DAY
    response.add_etag()
    response.make_conditional(request)
    return response


def terms(code: str) -> ResponseReturnValue:
    """The complete terms of the campaign as it is now: rewards, limits, costs."""
    parts = wiring()
    now = parts.now()
    locale = request_locale()
    with parts.database.reading() as session:
        try:
            invite = find_invite(session, code)
        except Refusal as refusal:
            return state_page(_state_of(refusal))
        campaign = get_campaign(session, invite.campaign_id)
        version = current_version(session, campaign.id)
        limits = limits_at(session, campaign.id, now)
        page = render_template(
            "landing/terms.html",
            **frame(f"/i/{invite.code}", "terms"),
            offer=offer_of(version, locale),
            rules=version.rules,
            lines=terms_lines(version, limits, locale, Party.FRIEND),
            campaign=campaign,
            zone=i18n.zone_name(locale, campaign.zone),
            last_moment=campaign.ends_at - timedelta(seconds=1),
            number=version.number,
        )
    return make_response(page)


def privacy(code: str) -> ResponseReturnValue:
    """What happens to a friend's data, and how to have it stopped."""
    with wiring().database.reading() as session:
        try:
            invite = find_invite(session, code)
        except Refusal as refusal:
            return state_page(_state_of(refusal))
        code = invite.code
        days = longest_traces(session).days
    return make_response(
        render_template(
            "landing/privacy.html",
            **frame(f"/i/{code}", "privacy"),
            text_version=TEXT_VERSION,
            sections=_SECTIONS,
            trace_days=days,
        )
    )


def _state_of(refusal: Refusal) -> PageState:
    return PageState.MALFORMED if refusal.code == "invite.malformed" else PageState.UNKNOWN
