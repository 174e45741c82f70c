"""Claims as both faces of staff show them: the clock, and the answer before it is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import request
from sqlalchemy.orm import Session

from shared.actions.claim_answer import members_language, preview
from shared.base.errors import Refusal
from shared.base.i18n import Locale
from shared.claims.answers import OFFERED, Template
from shared.claims.claims import Claim

_HURRY = timedelta(hours=8)
_MINUTE = 60
_MARKUP = re.compile(r"</?b>")


@dataclass(frozen=True)
class Clock:
    """How long is left: words' key and numbers, and how loud it reads."""

    key: str
    n: int
    kind: str


def clock_of(due_at: datetime, now: datetime) -> Clock:
    """Hours left, minutes in the last hour, or by how much it is late."""
    left = due_at - now
    kind = "error" if left <= timedelta(0) else "waiting" if left <= _HURRY else "quiet"
    minutes = max(1, int(abs(left).total_seconds() // _MINUTE))
    side = "late" if left <= timedelta(0) else "left"
    if minutes < _MINUTE:
        return Clock(f"tablet.claim.{side}.minutes", minutes, kind)
    return Clock(f"tablet.claim.{side}.hours", minutes // _MINUTE, kind)


@dataclass(frozen=True)
class Preview:
    """One answer that may be chosen, as the member will read it."""

    template: Template
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Answers:
    """What may be answered, in the member's language."""

    locale: Locale
    choices: tuple[Preview, ...]


def answers_to(session: Session, claim_id: int, credited: bool, now: datetime) -> Answers:
    """Every answer that goes with a decision made now."""
    claim = session.get_one(Claim, claim_id)
    choices = []
    for template in OFFERED[credited]:
        words = _MARKUP.sub("", preview(session, claim, credited, template, now))
        title, *lines = words.split("\n")
        choices.append(Preview(template, title, tuple(lines)))
    return Answers(members_language(session, claim.member_id), tuple(choices))


def chosen_template() -> Template:
    """What the form chose; without a choice the answer says no more than any.

    Refusal `claim.template` for what no form of ours offers.
    """
    sent = request.form.get("template") or Template.PLAIN.value
    if sent not in set(Template):
        raise Refusal("claim.template")
    return Template(sent)
