"""The spring campaign as stories change it: what `tell` replaces."""

from __future__ import annotations

from pathlib import Path

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
"""A story does without these clauses."""

SPRING = (Path(__file__).parents[1] / "shared" / "spring.yaml").read_text(encoding="utf-8")
RULES = SPRING[SPRING.index("qualifies:") :]
LIMITS = SPRING[SPRING.index("limits:") : SPRING.index("qualifies:")]
LISTS = """
gifts:
  - {id: mug, name: {zh_Hans: 马克杯, zh_Hant: 馬克杯, en: Mug}, stock: 2}
privileges:
  - {id: lounge, name: {zh_Hans: 贵宾厅, zh_Hant: 貴賓室, en: Lounge visit}}
causes:
  - {id: forest, name: {zh_Hans: 植树基金, zh_Hant: 植樹基金, en: the tree fund}}
"""


def rules(clauses: str, qualifies: str = "approved", limits: str = "{}") -> tuple[tuple[str, str]]:
    """The spring campaign with these clauses alone."""
    body = "\n".join(f"  - {line.strip()}" for line in clauses.strip().splitlines())
    whole = f"limits: {limits}\nqualifies: {qualifies}\nclauses:\n{body}\n{LISTS}"
    return ((LIMITS + RULES, whole),)


SHARE = (
    "{id: share, kind: share, cooling_days: 0, months: 12, bands: ["
    "{at_least: ¥1000, amount: ¥5}, {at_least: ¥3000, amount: ¥15}]}"
)
STAGES = """{id: first, kind: stage, at_least: ¥500, amount: ¥20, cooling_days: 0}
{id: three, kind: stage, months: 3, at_least: ¥500, amount: {gift: mug}, cooling_days: 0}"""
