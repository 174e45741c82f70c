"""Invite: the member's link, QR and words to pass on, and the same inside other chats."""

from __future__ import annotations

from html import escape

from bot.flows.taps import Tap, Verb
from bot.flows.turn import Screen, Turn
from bot.messages import Button, Picture, Reply, Response, Shareable
from shared.actions.inviting import InviteCard, greeting_of, invite_for, link_of
from shared.campaigns import words
from shared.campaigns.campaigns import CampaignVersion, version
from shared.campaigns.rules import Rules


def open_invite(turn: Turn) -> Response:
    """The QR with what it is worth, then a text to forward as it stands."""
    card = invite_for(turn.session, turn.member_id, turn.now)
    current = version(turn.session, card.campaign_id, card.version)
    link = link_of(turn.place.public_url, card.code)
    picture = Picture("invite_qr", {"link": link, "code": card.shown})
    shown = Reply(_caption(turn, card, current), rows=_rows(turn, card, link), picture=picture)
    return Response((shown, Reply(_forward_text(turn, current.rules, link))))


def _caption(turn: Turn, card: InviteCard, current: CampaignVersion) -> str:
    lines = [turn.say("invite.title", campaign=current.rules.name.of(turn.locale))]
    lines += [
        turn.say("invite.clause", words=line) for line in words.offer_lines(current, turn.locale)
    ]
    lines.append(turn.say("invite.code", code=card.shown))
    lines.append(turn.say("invite.how"))
    return "\n".join(lines)


def _rows(turn: Turn, card: InviteCard, link: str) -> tuple[tuple[Button, ...], ...]:
    return (
        (Button(turn.label("button.share"), share=card.shown),),
        (
            Button(turn.label("button.copy"), copy=link),
            turn.button("button.poster", Verb.POSTER),
        ),
        (
            turn.opens("button.progress", Screen.PROGRESS),
            turn.opens("button.greeting", Screen.GREETING),
        ),
    )


def _forward_text(turn: Turn, rules: Rules, link: str) -> str:
    greeting = greeting_of(turn.session, turn.member_id, turn.now)
    text = turn.say(
        "invite.forward",
        issuer=turn.place.issuer,
        campaign=rules.name.of(turn.locale),
        offer=rules.offer.of(turn.locale),
        link=link,
    )
    return f"{escape(greeting, quote=False)}\n{text}" if greeting else text


def poster(turn: Turn, _tap: Tap) -> Response:
    """The poster, with every word that is to stand on it."""
    card = invite_for(turn.session, turn.member_id, turn.now)
    rules = version(turn.session, card.campaign_id, card.version).rules
    link = link_of(turn.place.public_url, card.code)
    params = {
        "link": f"{link}?ch=poster",
        "code": card.shown,
        "language": turn.locale.lang,
        "issuer": turn.place.issuer,
        "title": rules.name.of(turn.locale),
        "offers": rules.offer.of(turn.locale),
        "scan": turn.label("poster.scan"),
        "footnote": turn.label("poster.footnote", fee=rules.fees[0].of(turn.locale)),
    }
    row = (turn.opens("button.progress", Screen.PROGRESS),)
    shown = Reply(turn.say("poster.caption"), rows=(row,), picture=Picture("poster", params))
    return Response((shown,), toast=turn.label("poster.toast"))


def share(turn: Turn) -> Response:
    """Inline mode: the member's own texts, for whatever chat they are typed in.

    For a chat that speaks for nobody there is nothing to share; `toast` says how to begin.
    """
    if turn.chat.member_id is None:
        return Response(toast=turn.label("share.unbound"))
    card = invite_for(turn.session, turn.member_id, turn.now)
    rules = version(turn.session, card.campaign_id, card.version).rules
    link = f"{link_of(turn.place.public_url, card.code)}?ch=inline"
    row = (Button(turn.label("button.open_invite"), url=link),)
    campaign = rules.name.of(turn.locale)
    whole = Shareable(
        id=f"{card.code}-offer",
        title=turn.label("share.offer.title"),
        description=turn.label("share.offer.description", campaign=campaign),
        text=_forward_text(turn, rules, link),
        rows=(row,),
    )
    short = Shareable(
        id=f"{card.code}-short",
        title=turn.label("share.short.title"),
        description=turn.label("share.short.description"),
        text=turn.say("share.short", issuer=turn.place.issuer, campaign=campaign, link=link),
        rows=(row,),
    )
    return Response(results=(whole, short))
