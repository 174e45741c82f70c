"""Answers: what a member reads when a claim is decided, from worded lines only.

Whoever decides picks one of a few templates; nobody types. What stands in them is kindness or a
next step that fits every claim: which one was picked says nothing about the friend.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.base import i18n
from shared.base.errors import Refusal
from shared.base.i18n import Locale, text


class Template(StrEnum):
    """A line that an answer may have besides what every answer says."""

    PLAIN = "plain"
    """None."""
    THANKS = "thanks"
    SORRY = "sorry"
    """For a long wait."""
    SHARE = "share"
    """Credited: friends who come by the link are counted by themselves."""
    LINK = "link"
    """Refused: how the next friend is counted by itself."""
    BRANCH = "branch"
    """Refused: a branch explains the rules."""


_BOTH = (Template.PLAIN, Template.THANKS, Template.SORRY)
OFFERED: Mapping[bool, tuple[Template, ...]] = {
    True: (*_BOTH, Template.SHARE),
    False: (*_BOTH, Template.LINK, Template.BRANCH),
}
"""By whether the claim is credited; the same whatever the reason is."""


def hold_offered(template: Template, credited: bool) -> None:
    """Refusal `claim.template` for a line that does not go with the decision."""
    if template not in OFFERED[credited]:
        raise Refusal("claim.template")


def answer_words(locale: Locale, params: Mapping[str, Any]) -> str:
    """The whole answer as the chat's markup.

    `params`: number, outcome, clause, version; template; `until` (ISO, with `zone`): the refusal
    can be appealed against; `final`: it was; `asks`: how it was handled is asked below.
    """
    lines = [
        text(
            locale,
            f"notice.claim.{params['outcome']}",
            number=params["number"],
            clause=params.get("clause", 1),
            version=params.get("version", 1),
        )
    ]
    template = Template(params.get("template") or Template.PLAIN)
    if template is not Template.PLAIN:
        lines.append(text(locale, f"notice.claim.template.{template}"))
    if until := params.get("until"):
        day = i18n.day(locale, datetime.fromisoformat(until), params["zone"])
        lines.append(text(locale, "notice.claim.may_appeal", day=day))
    elif params.get("final"):
        lines.append(text(locale, "notice.claim.final"))
    if params.get("asks"):
        lines.append(text(locale, "notice.claim.asks"))
    return "\n".join(lines)
