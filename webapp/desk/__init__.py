"""The campaign desk `/desk`: campaigns and their life, rules by two people, numbers and rows."""

from webapp.desk import (
    answers,
    approvals,
    asked,
    audit,
    campaigns,
    editor,
    life,
    payouts,
    people,
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
    "audit",
    "campaigns",
    "desk",
    "editor",
    "life",
    "payouts",
    "people",
    "programme",
    "remedies",
    "repairs",
    "reviews",
    "rows",
    "seats",
    "signing",
    "trials",
]
