"""Nicknames: what a member calls a friend, seen by this member only."""

from __future__ import annotations

from bot.dialogue import Flow, State
from bot.flows.taps import OldKeyboard, Tap, Verb
from bot.flows.turn import Onward, Screen, Turn
from bot.messages import Response
from shared.actions.inviting import LONGEST_NICKNAME, name_friend
from shared.base.errors import Refusal
from shared.reports.progress import Progress, progress


def start(turn: Turn, _tap: Tap) -> Response:
    """Ask which friend, or, where there is only one, what they are called."""
    friends = _shown(turn).friends
    if not friends:
        raise OldKeyboard
    if len(friends) == 1:
        return ask(turn.anew(), State(Flow.NICKNAME, "name", {"n": str(friends[0].ordinal)}))
    return ask(turn.anew(), State(Flow.NICKNAME, "which"))


def _shown(turn: Turn) -> Progress:
    shown = progress(turn.session, turn.member_id, turn.now)
    if shown is None:
        raise Refusal("campaign.none")
    return shown


def ask(turn: Turn, state: State) -> Response:
    """Which friend, or which name."""
    turn.wait(state)
    if state.step == "which":
        text = turn.say("nickname.which")
    else:
        text = turn.say("nickname.name", n=int(state.data["n"]), most=LONGEST_NICKNAME)
    return turn.send(text, (turn.button("button.cancel", Verb.CANCEL),))


def hear(turn: Turn, state: State) -> Response | Onward:
    """The number of the friend, then the name."""
    shown = _shown(turn)
    if state.step == "which":
        return _heard_number(turn, shown)
    try:
        name_friend(
            turn.session,
            turn.member_id,
            shown.campaign_id,
            int(state.data["n"]),
            turn.incoming.text,
        )
    except Refusal as refusal:
        return turn.send(turn.refusal(refusal), (turn.button("button.cancel", Verb.CANCEL),))
    turn.done()
    said = turn.send(turn.say("nickname.kept", name=turn.incoming.text.strip()))
    return Onward(said, Screen.PROGRESS)


def _heard_number(turn: Turn, shown: Progress) -> Response:
    typed = "".join(str(int(c)) for c in turn.incoming.text if c.isdecimal())[:6]
    if not typed or int(typed) not in {friend.ordinal for friend in shown.friends}:
        return turn.send(
            turn.say("nickname.which_wrong"), (turn.button("button.cancel", Verb.CANCEL),)
        )
    return ask(turn, State(Flow.NICKNAME, "name", {"n": str(int(typed))}))
