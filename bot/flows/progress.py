"""Progress: how near the next step is, where each friend stands, what is owed and paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.flows.amounts import in_words
from bot.flows.taps import Tap, Verb
from bot.flows.turn import Row, Safe, Screen, Turn
from bot.messages import Button, Response
from shared.base import i18n
from shared.base.money import Unit
from shared.campaigns.campaigns import version
from shared.campaigns.conditions import Trigger
from shared.campaigns.rules import Rules
from shared.reports.progress import FriendLine, FriendState, Progress, progress

A_PAGE = 4
"""Friends in one message: with the totals it stays at about eight lines."""
CELLS = 6
FULL, EMPTY = "▰", "▱"
_FINAL = (FriendState.NOT_MET, FriendState.LIMIT)


def open_progress(turn: Turn) -> Response:
    """The first page."""
    return _page(turn, 0)


def page(turn: Turn, tap: Tap) -> Response:
    """Another page, in the same message."""
    return _page(turn, tap.number(0))


def refresh(turn: Turn, tap: Tap) -> Response:
    """The same page as of now; the time in it tells that it was looked up again."""
    return _page(turn, tap.number(0), refreshed=True)


def _page(turn: Turn, wanted: int, refreshed: bool = False) -> Response:
    shown = progress(turn.session, turn.member_id, turn.now)
    if shown is None:
        return _no_campaign(turn)
    rules = version(turn.session, shown.campaign_id, shown.version).rules
    last = max(0, (len(shown.friends) - 1) // A_PAGE)
    at = min(wanted, last)
    friends = shown.friends[at * A_PAGE : (at + 1) * A_PAGE]
    title = turn.say("progress.title", campaign=rules.name.of(turn.locale))
    lines = [title, ladder_line(turn, shown), ""]
    lines += [_friend(turn, friend, shown, rules) for friend in friends]
    if not friends:
        lines.append(turn.say("progress.nobody"))
    lines += ["", *_totals(turn, shown)]
    footer = [turn.say("progress.page", n=at + 1, of=last + 1)] if last else []
    if refreshed:
        footer.append(turn.say("progress.updated", time=_clock(turn.now, shown.zone)))
    if footer:
        lines.append(" · ".join(footer))
    toast = turn.label("progress.toast") if refreshed else ""
    return turn.show("\n".join(lines), *_rows(turn, at, last, bool(friends)), toast=toast)


def _no_campaign(turn: Turn) -> Response:
    return turn.show(turn.say("progress.none"), (turn.opens("button.help", Screen.HELP),))


def _clock(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M:%S}"


def bar(reached: int, goal: int) -> str:
    """How much of the way to the goal is done; full only when it is reached."""
    cells = CELLS if reached >= goal else min(CELLS - 1, reached * CELLS // goal)
    return FULL * cells + EMPTY * (CELLS - cells)


def ladder_line(turn: Turn, shown: Progress) -> Safe:
    """The bar and what the next step is worth."""
    if not shown.steps:
        return turn.say("progress.no_ladder", n=shown.reached)
    step = shown.next_step
    if step is None:
        return turn.say("progress.all_steps", bar=bar(1, 1), n=shown.reached)
    return turn.say(
        "progress.next_step",
        bar=bar(shown.reached, step.at),
        n=step.at - shown.reached,
        reached=shown.reached,
        reward=i18n.money(turn.locale, step.amount, step.unit),
    )


def who(turn: Turn, label: str, ordinal: int) -> str:
    """A friend as this member sees them: nickname, masked name by consent, or the ordinal."""
    return label or turn.label("friend.ordinal", n=ordinal)


def _friend(turn: Turn, friend: FriendLine, shown: Progress, rules: Rules) -> Safe:
    return turn.say(
        "progress.friend",
        n=friend.ordinal,
        who=who(turn, friend.label, friend.ordinal),
        state=Safe(_state(turn, friend, shown.zone, rules)),
    )


def _state(turn: Turn, friend: FriendLine, zone: str, rules: Rules) -> Safe:
    key = f"progress.state.{friend.state}"
    if friend.until is not None and friend.state not in _FINAL:
        key += ".until"
    return turn.say(
        key,
        amount=i18n.money(turn.locale, friend.amount, friend.unit),
        day=i18n.day(turn.locale, friend.until, zone) if friend.until else "",
        missing=missing_words(turn, rules.qualifying),
        clause=clause_name(turn, rules, friend.clause),
        limit=_limit(turn, friend),
    )


def _limit(turn: Turn, friend: FriendLine) -> str:
    """Which limit said no, in a few words; empty for other lines."""
    kind = friend.limit.partition(":")[0]
    return turn.label(f"progress.limit.{kind}") if kind else ""


def missing_words(turn: Turn, trigger: Trigger) -> str:
    """What has still to happen, in a few words: `首刷满 ¥300`."""
    amount = ""
    if trigger.at_least is not None:
        amount = i18n.money(turn.locale, trigger.at_least.amount, trigger.at_least.unit)
    return turn.label(f"progress.missing.{trigger.kind}", amount=amount)


def clause_name(turn: Turn, rules: Rules, clause_id: str) -> str:
    """A clause as the terms name it; empty when there is none of that id."""
    clause = rules.clause(clause_id)
    return turn.label(f"campaign.clause_name.{clause.kind}") if clause else ""


def _totals(turn: Turn, shown: Progress) -> list[Safe]:
    lines = [
        turn.say(
            "progress.totals",
            pending=in_words(turn.locale, shown.pending),
            available=in_words(turn.locale, shown.available),
            paid=in_words(turn.locale, shown.paid),
        )
    ]
    if shown.next_release is not None:
        coming = shown.next_release
        lines.append(
            turn.say(
                "progress.next_release",
                amount=i18n.money(turn.locale, coming.amount, coming.unit),
                day=i18n.day(turn.locale, coming.at, shown.zone),
            )
        )
    return lines


def _rows(turn: Turn, at: int, last: int, named: bool) -> Sequence[Row]:
    pages: list[Button] = []
    if at > 0:
        pages.append(turn.button("button.previous", Verb.PAGE, at - 1))
    if named:
        pages.append(turn.button("button.nickname", Verb.NICKNAME))
    if at < last:
        pages.append(turn.button("button.next", Verb.PAGE, at + 1))
    invite = "button.invite_more" if named else "button.invite"
    return (
        (turn.opens(invite, Screen.INVITE), turn.button("button.refresh", Verb.REFRESH, at)),
        (turn.opens("button.rewards", Screen.REWARDS), turn.opens("button.claim", Screen.CLAIM)),
        tuple(pages),
    )


def open_rewards(turn: Turn) -> Response:
    """What was earned by friends and by steps, and where it stands."""
    shown = progress(turn.session, turn.member_id, turn.now)
    if shown is None:
        return _no_campaign(turn)
    lines = [turn.say("rewards.title"), ""]
    earned = [f for f in shown.friends if f.state is FriendState.EARNED]
    by_friends: dict[Unit, int] = {}
    for friend in earned:
        by_friends[friend.unit] = by_friends.get(friend.unit, 0) + friend.amount
    if earned:
        amount = in_words(turn.locale, by_friends)
        lines.append(turn.say("rewards.friends", n=len(earned), amount=amount))
    for step in shown.steps:
        key = "rewards.step_reached" if step.reached else "rewards.step_open"
        reward = i18n.money(turn.locale, step.amount, step.unit)
        lines.append(turn.say(key, n=step.at, amount=reward))
    lines += ["", *_totals(turn, shown), turn.say("rewards.note")]
    return turn.show(
        "\n".join(lines),
        (turn.opens("button.progress", Screen.PROGRESS), turn.opens("button.help", Screen.HELP)),
    )
