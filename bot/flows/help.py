"""Help: how it works in the campaign's plain words, and the questions people ask."""

from __future__ import annotations

from enum import StrEnum

from bot.flows.taps import Tap, Verb
from bot.flows.turn import Row, Screen, Turn
from bot.messages import Response
from shared.campaigns import words
from shared.campaigns.campaigns import current_version, limits_at, shown_campaign
from shared.campaigns.clauses import BaseClause


class Topic(StrEnum):
    """What people ask. Each has a question (its button) and an answer."""

    WHEN = "when"
    FRIEND = "friend"
    MISSING = "missing"
    TERMS = "terms"
    STOP = "stop"
    PERSON = "person"


_NEXT = {
    Topic.WHEN: ("button.progress", Screen.PROGRESS),
    Topic.FRIEND: ("button.privacy", Screen.PRIVACY),
    Topic.MISSING: ("button.claim", Screen.CLAIM),
    Topic.TERMS: ("button.invite", Screen.INVITE),
    Topic.STOP: ("button.settings", Screen.SETTINGS),
}


def open_help(turn: Turn) -> Response:
    """Three steps and what they are worth, then the questions."""
    campaign = shown_campaign(turn.session, turn.now)
    if campaign is None:
        return turn.show(turn.say("help.no_campaign"), *_topics(turn))
    current = current_version(turn.session, campaign.id)
    base = next((c for c in current.rules.clauses if isinstance(c, BaseClause)), None)
    worth = words.clause_words(base or current.rules.clauses[0], current.rules, turn.locale)
    lines = [
        turn.say("help.title", campaign=current.rules.name.of(turn.locale)),
        "",
        turn.say("help.steps", worth=worth),
        "",
        turn.say("help.ask"),
    ]
    return turn.show("\n".join(lines), *_topics(turn))


def _topics(turn: Turn) -> tuple[Row, ...]:
    buttons = [turn.button(f"faq.{topic}.question", Verb.FAQ, topic.value) for topic in Topic]
    return tuple(tuple(buttons[start : start + 2]) for start in range(0, len(buttons), 2))


def tapped(turn: Turn, tap: Tap) -> Response:
    """A question's button."""
    return answer(turn, tap.choice(0, Topic))


def answer(turn: Turn, topic: Topic) -> Response:
    """One answer, with where to do something about it."""
    lines = [turn.say("faq.title", question=turn.label(f"faq.{topic}.question")), ""]
    lines += _terms(turn) if topic is Topic.TERMS else [_words(turn, topic)]
    onward = (turn.opens(*_NEXT[topic]),) if topic in _NEXT else ()
    return turn.show("\n".join(lines), (*onward, turn.opens("button.help_back", Screen.HELP)))


def _words(turn: Turn, topic: Topic) -> str:
    return turn.say(f"faq.{topic}.answer", issuer=turn.place.issuer)


def _terms(turn: Turn) -> list[str]:
    campaign = shown_campaign(turn.session, turn.now)
    if campaign is None:
        return [turn.say("help.no_campaign")]
    current = current_version(turn.session, campaign.id)
    limits = limits_at(turn.session, campaign.id, turn.now)
    lines = words.terms_lines(current, limits, turn.locale)
    fees = [fee.of(turn.locale) for fee in current.rules.fees]
    return [
        *(turn.say("faq.terms.line", n=n, words=line) for n, line in enumerate(lines, 1)),
        "",
        turn.say("faq.terms.costs"),
        *(turn.say("faq.terms.cost", words=fee) for fee in fees),
    ]
