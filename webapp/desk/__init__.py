"""The campaign desk `/desk`: campaigns and their life, rules by two people, numbers and rows."""

from webapp.desk import approvals, campaigns, editor, life, programme, rows, seats, signing
from webapp.desk.face import desk

__all__ = [
    "approvals",
    "campaigns",
    "desk",
    "editor",
    "life",
    "programme",
    "rows",
    "seats",
    "signing",
]
