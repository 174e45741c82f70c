"""Notices: a kind and its parameters become words, in the language of the chat that reads them.

Amounts come as integers of the smallest unit, moments as ISO texts with the campaign's zone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.flows.taps import Verb, encode
from bot.flows.turn import Row, Safe, Screen, kept, markup
from bot.messages import Button, Picture, Reply
from shared.actions.joining import language
from shared.base import i18n
from shared.base.i18n import Locale
from shared.base.money import Unit
from shared.base.privacy import mask_name
from shared.campaigns import words
from shared.campaigns.advertising.rules import Channel, Explained, Finding, Rule
from shared.campaigns.campaigns import current_version, limit_at, shown_campaign
from shared.campaigns.rules import MONTHLY_CAP
from shared.claims.answers import answer_words
from shared.claims.opinions import Opinion
from shared.people.chats import Chat
from shared.people.members import get_member, person_of
from shared.people.persons import name_of
from shared.pictures import missing_glyphs


@dataclass(frozen=True)
class Notice:
    """What is to be said, and where its words come from."""

    session: Session
    locale: Locale
    params: Mapping[str, Any]
    now: datetime
    issuer: str = ""
    member_id: int | None = None
    """Whom the chat speaks for."""

    def say(self, key: str, /, **params: object) -> Safe:
        """The words of a key as markup."""
        return markup(self.locale, f"notice.{key}", **params)

    @property
    def who(self) -> str:
        """The friend as the member sees them."""
        ordinal = int(self.params["ordinal"])
        return self.params["label"] or i18n.text(self.locale, "friend.ordinal", n=ordinal)

    @property
    def amount(self) -> str:
        """How much of what; a gift, a privilege and a cause by their names where known."""
        amount, unit = self.params["amount"], Unit(self.params["unit"])
        if names := self.params.get("names"):
            return words.named_words(unit, amount, names[self.locale.value], self.locale)
        return i18n.money(self.locale, amount, unit)

    def day(self, name: str) -> str:
        """The local day of a moment; empty when there is none."""
        at = self.params.get(name)
        return i18n.day(self.locale, datetime.fromisoformat(at), self.params["zone"]) if at else ""

    @property
    def clause(self) -> str:
        """The clause as the terms name it."""
        campaign = shown_campaign(self.session, self.now)
        rules = current_version(self.session, campaign.id).rules if campaign else None
        clause = rules.clause(self.params["clause"]) if rules else None
        if clause is None:
            return i18n.text(self.locale, "notice.friend.clause")
        return i18n.text(self.locale, f"campaign.clause_name.{clause.kind}")


def _registered(notice: Notice) -> Safe:
    return notice.say("friend.registered", who=notice.who)


def _step(notice: Notice) -> Safe:
    return notice.say(
        f"friend.step.{notice.params['state']}",
        who=notice.who,
        day=notice.day("until"),
        clause=notice.clause,
    )


def _pending(notice: Notice) -> Safe:
    return notice.say(
        "reward.pending", who=notice.who, amount=notice.amount, day=notice.day("release")
    )


def _reached(notice: Notice) -> Safe:
    return notice.say(
        "step.reached", n=notice.params["at"], amount=notice.amount, day=notice.day("release")
    )


def _thanks(notice: Notice) -> Picture | None:
    """The card for a step: the member's own masked name, no friend and no amount.

    None when the font lacks a character: the notice itself is never held up by its picture.
    """
    if notice.member_id is None:
        return None
    person = person_of(notice.session, get_member(notice.session, notice.member_id))
    name = mask_name(name_of(notice.session, person))
    day = notice.now.astimezone(ZoneInfo(notice.params["zone"])).date()
    params = {
        "language": notice.locale.lang,
        "issuer": notice.issuer,
        "eyebrow": i18n.text(notice.locale, "thanks.eyebrow"),
        "to": i18n.text(notice.locale, "thanks.to", name=name),
        "words": i18n.text(notice.locale, "thanks.words", n=notice.params["at"]),
        "more": i18n.text(notice.locale, "thanks.more"),
        "day": i18n.full_day(notice.locale, day, notice.params["zone"]),
    }
    return None if missing_glyphs("".join(params.values())) else Picture("thanks", params)


def _month(notice: Notice) -> Safe:
    month = date.fromisoformat(f"{notice.params['month']}-01")
    return notice.say(
        "reward.month",
        who=notice.who,
        amount=notice.amount,
        month=i18n.month(notice.locale, month),
        day=notice.day("release"),
    )


def _choice(notice: Notice) -> Safe:
    return notice.say("reward.choice", who=notice.who, day=notice.day("until"))


def _available(notice: Notice) -> Safe:
    kind = "reward.available" if _credited(notice) else "reward.ready"
    return notice.say(kind, amount=notice.amount)


def _credited(notice: Notice) -> bool:
    """Whether the bank credits it to an account; a gift, a privilege or a donation it gives."""
    return Unit(notice.params["unit"]) in (Unit.CNY, Unit.POINTS)


def _greeting(notice: Notice) -> Safe:
    found = Explained(
        tuple(
            Finding(Rule(rule), said, 0, 0, tuple(map(Channel, channels)))
            for rule, said, channels in notice.params["found"]
        )
    )
    return notice.say("greeting.withdrawn", found=found.told(notice.locale))


def _limit(notice: Notice) -> Safe:
    reason = words.reached_words(notice.params["limit"], notice.locale, _cap(notice))
    if not notice.params.get("ordinal"):
        return notice.say("reward.limit_step", reason=reason)
    return notice.say("reward.limit", who=notice.who, reason=reason)


def _cap(notice: Notice) -> int:
    """The month's most, in fen, as of now; what is said of other limits needs no amount."""
    campaign = shown_campaign(notice.session, notice.now)
    row = limit_at(notice.session, campaign.id, MONTHLY_CAP, notice.now) if campaign else None
    return (row.amount or 0) if row and row.unit in (None, Unit.CNY) else 0


def _reversed(notice: Notice) -> Safe:
    return notice.say("reward.reversed", amount=notice.amount, clause=notice.clause)


def _recoverable(notice: Notice) -> Safe:
    return notice.say("reward.recoverable", amount=notice.amount, clause=notice.clause)


def _restored(notice: Notice) -> Safe:
    return notice.say("reward.restored", amount=notice.amount, clause=notice.clause)


def _paid(notice: Notice) -> Safe:
    """What arrived, and why it is not the whole reward: tax, and what was set off."""
    unit, lines = notice.params["unit"], []
    tax, netted = notice.params["tax"], notice.params["netted"]
    if not _credited(notice):
        lines.append(notice.say("payout.given", amount=notice.amount))
    elif notice.params["amount"]:
        lines.append(notice.say("payout.paid", amount=notice.amount))
    else:
        lines.append(notice.say("payout.netted_all"))
    if tax:
        key = "payout.borne" if notice.params["borne"] else "payout.tax"
        lines.append(notice.say(key, tax=i18n.money(notice.locale, tax, unit)))
    if netted and notice.params["amount"]:
        lines.append(notice.say("payout.netted", netted=i18n.money(notice.locale, netted, unit)))
    return Safe("\n".join(lines))


def _decided(notice: Notice) -> Safe:
    """The answer; its parameters are numbers and codes of ours, so nothing is to be escaped."""
    return Safe(answer_words(notice.locale, notice.params))


def _say_back(notice: Notice) -> Row:
    """Where the member may disagree; once nothing more can come, may say how it was handled."""
    if notice.params.get("asks"):
        return _opinions(notice)
    if "until" not in notice.params:
        return ()
    label = i18n.text(notice.locale, "button.appeal")
    return (Button(label, data=encode(Verb.APPEAL, notice.params["number"])),)


def _opinions(notice: Notice) -> Row:
    number = notice.params["number"]
    return tuple(
        Button(
            i18n.text(notice.locale, f"button.opinion.{each}"),
            data=encode(Verb.OPINION, number, each.value),
        )
        for each in Opinion
    )


def _moment(notice: Notice, name: str) -> str:
    at = datetime.fromisoformat(notice.params[name])
    return i18n.moment(notice.locale, at, notice.params["zone"])


def _asked(notice: Notice) -> Safe:
    """The friend is asked; where the member reaches them, with the link to forward."""
    way, link = notice.params["way"], notice.params.get("link", "")
    ends = _moment(notice, "ends")
    return notice.say(f"claim.asked_{way}", number=notice.params["number"], link=link, ends=ends)


def _again(notice: Notice) -> Row:
    """Where the member may send a picture once more."""
    label = i18n.text(notice.locale, "button.picture_again")
    return (Button(label, data=encode(Verb.PICTURE, notice.params["number"])),)


@dataclass(frozen=True)
class Kind:
    """How one kind of notice is worded, and what its one row of buttons opens."""

    words: Callable[[Notice], Safe]
    opens: tuple[tuple[str, Screen], ...] = (("button.progress", Screen.PROGRESS),)
    picture: Callable[[Notice], Picture | None] | None = None
    acts: Callable[[Notice], Row] | None = None
    """A row of buttons above it, that depends on what happened."""


_INVITE_MORE = (("button.progress", Screen.PROGRESS), ("button.invite_more", Screen.INVITE))
_CLAIMS = (("button.claims", Screen.CLAIMS),)
_BIND = (("button.bind_again", Screen.START),)

KINDS: dict[str, Kind] = {
    "friend.registered": Kind(_registered),
    "friend.step": Kind(_step),
    "reward.pending": Kind(_pending, _INVITE_MORE),
    "step.reached": Kind(_reached, _INVITE_MORE, _thanks),
    "reward.month": Kind(_month, _INVITE_MORE),
    "reward.choice": Kind(_choice, (("button.choose", Screen.CHOICES), *_INVITE_MORE[:1])),
    "reward.available": Kind(_available),
    "reward.limit": Kind(_limit, (*_INVITE_MORE[:1], ("button.help", Screen.HELP))),
    "reward.reversed": Kind(_reversed),
    "reward.recoverable": Kind(_recoverable),
    "reward.restored": Kind(_restored),
    "payout.paid": Kind(_paid),
    "payout.failed": Kind(lambda notice: notice.say("payout.failed", amount=notice.amount)),
    "payout.written_off": Kind(
        lambda notice: notice.say("payout.written_off", amount=notice.amount)
    ),
    "goodwill.given": Kind(lambda notice: notice.say("goodwill.given", amount=notice.amount)),
    "choice.lapsed": Kind(lambda notice: notice.say("choice.lapsed")),
    "reward.expired": Kind(lambda notice: notice.say("reward.expired")),
    "claim.decided": Kind(
        _decided, (("button.claims", Screen.CLAIMS), *_INVITE_MORE[:1]), acts=_say_back
    ),
    "claim.asked": Kind(_asked, _CLAIMS),
    "claim.goes_on": Kind(
        lambda notice: notice.say(
            "claim.goes_on", number=notice.params["number"], due=_moment(notice, "due")
        ),
        _CLAIMS,
    ),
    "claim.late": Kind(
        lambda notice: notice.say("claim.late", number=notice.params["number"]), _CLAIMS
    ),
    "claim.opinion": Kind(
        lambda notice: notice.say("claim.opinion", number=notice.params["number"]),
        _CLAIMS,
        acts=_opinions,
    ),
    "claim.picture_lost": Kind(
        lambda notice: notice.say(
            f"claim.picture_lost.{notice.params['why']}", number=notice.params["number"]
        ),
        _CLAIMS,
        acts=_again,
    ),
    "claim.missed": Kind(
        lambda notice: notice.say("claim.missed"), (("button.claim", Screen.CLAIM),)
    ),
    "greeting.withdrawn": Kind(_greeting, (("button.greeting", Screen.GREETING),)),
    "chat.replaced": Kind(lambda notice: notice.say("chat.replaced"), _BIND),
    "chat.number_changed": Kind(lambda notice: notice.say("chat.number_changed"), _BIND),
}


def word_notice(
    session: Session,
    chat: Chat,
    kind: str,
    params: Mapping[str, Any],
    now: datetime,
    *,
    issuer: str = "",
) -> Reply:
    """The message for one notice, in the chat's language. KeyError for an unknown kind.

    `issuer` signs the pictures.
    """
    locale = language(session, chat)
    told = KINDS[kind]
    row: Row = tuple(
        Button(i18n.text(locale, key), data=encode(Verb.OPEN, screen.value))
        for key, screen in told.opens
    )
    notice = Notice(session, locale, params, now, issuer, chat.member_id)
    picture = told.picture(notice) if told.picture is not None else None
    acts = told.acts(notice) if told.acts is not None else ()
    return Reply(told.words(notice), rows=kept((acts, row)), picture=picture)
