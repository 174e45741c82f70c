"""The campaign desk `/desk`: campaigns and their life, rules by two people, numbers and rows."""

from webapp.desk import (
    answers,
    approvals,
    asked,
    campaigns,
    cases,
    editor,
    friends,
    life,
    payouts,
    programme,
    remedies,
    repairs,
    reviews,
    rows,
    seats,
    signing,
    trials,
)
from webapp.desk.face import desk

__all__ = [
    "answers",
    "approvals",
    "asked",
    "campaigns",
    "cases",
    "desk",
    "editor",
    "friends",
    "life",
    "payouts",
    "programme",
    "remedies",
    "repairs",
    "reviews",
    "rows",
    "seats",
    "signing",
    "trials",
]
