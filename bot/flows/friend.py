"""A friend who came into the chat by an invite: where the page is and what they get."""

from __future__ import annotations

from bot.flows.turn import Turn
from bot.messages import Button, Response
from shared.actions.inviting import link_of
from shared.campaigns.campaigns import version
from shared.reports.invite_page import PageState, invite_page


def show_invite(turn: Turn, code: str) -> Response:
    """The invite page's link, or why there is none. Nothing is asked and nothing is kept."""
    page = invite_page(turn.session, code, turn.now)
    if page.state is not PageState.OPEN:
        return turn.send(turn.say(f"friend.{page.state}"))
    rules = version(turn.session, page.campaign_id, page.version).rules
    inviter = page.shown_name or turn.label("friend.somebody")
    lines = [
        turn.say("friend.invited", who=inviter, issuer=turn.place.issuer),
        turn.say("friend.greeting", words=page.greeting) if page.greeting else "",
        turn.say("friend.offer", offer=rules.offer.of(turn.locale)),
        turn.say("friend.costs"),
    ]
    button = Button(turn.label("button.open_invite"), url=link_of(turn.place.public_url, page.code))
    return turn.send("\n".join(line for line in lines if line), (button,))
