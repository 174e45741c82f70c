"""Leaderboard: masked names, and only of those who chose to stand there."""

from __future__ import annotations

from bot.flows.settings import OFF, ON
from bot.flows.taps import Verb
from bot.flows.turn import Screen, Turn
from bot.messages import Response
from shared.actions.joining import Choice
from shared.reports.leaderboard import leaderboard


def open_leaderboard(turn: Turn) -> Response:
    """The first places, the member's own, and the way in or out."""
    board = leaderboard(turn.session, turn.member_id, turn.now)
    if board is None:
        return turn.show(turn.say("leaderboard.none"), (turn.opens("button.help", Screen.HELP),))
    lines = [turn.say("leaderboard.title"), ""]
    for row in board.rows:
        key = "leaderboard.me" if row.me else "leaderboard.row"
        lines.append(turn.say(key, place=row.place, name=row.name, n=row.count))
    if not board.rows:
        lines.append(turn.say("leaderboard.empty"))
    lines.append("")
    if not board.joined:
        lines.append(turn.say("leaderboard.not_joined"))
    elif board.my_place is None:
        lines.append(turn.say("leaderboard.no_place"))
    else:
        lines.append(turn.say("leaderboard.my_place", n=board.my_place))
    to = OFF if board.joined else ON
    switch = turn.button(
        f"button.leaderboard_{'leave' if board.joined else 'join'}",
        Verb.SWITCH,
        Choice.LEADERBOARD.value,
        to,
        Screen.LEADERBOARD.value,
    )
    return turn.show("\n".join(lines), (turn.opens("button.invite", Screen.INVITE),), (switch,))
