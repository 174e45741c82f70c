"""Clauses of the spring campaign that a story does without: what `tell` replaces."""

from __future__ import annotations

WELCOME_OFF = (
    """  - id: welcome
    kind: welcome
    trigger:
      first_purchase: {at_least: ¥300, within_days: 90}
    amount: ¥50
    cooling_days: 30
""",
    "",
)
LADDER_OFF = (
    """  - id: ladder
    kind: ladder
    cooling_days: 30
    steps:
      - {at: 1, amount: 500 points}
      - {at: 3, amount: "3,000 points"}
      - {at: 5, amount: "8,000 points"}
""",
    "",
)
