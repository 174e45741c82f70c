"""The plain books' programme as a campaign file, so that the product reads the same rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from plain_rewards import ATTRIBUTION, CLAW_BACK, COOLING, DAY, Scheme

SPRING = Path(__file__).parents[1] / "shared" / "spring.yaml"


def campaign_file(scheme: Scheme) -> str:
    """The spring campaign with the plain books' clauses and a scheme's limits."""
    head = SPRING.read_text(encoding="utf-8").partition("\nlimits:\n")[0]
    head = head.replace("claw_back_days: 90", f"claw_back_days: {CLAW_BACK // DAY}")
    head = head.replace("attribution_days: 30 ", f"attribution_days: {ATTRIBUTION // DAY} ")
    clauses = """
qualifies:
  first_purchase: {at_least: ¥300, within_days: 40}
clauses:
  - id: base
    kind: base
    trigger:
      first_purchase: {at_least: ¥300, within_days: 40}
    amount: ¥100
    cooling_days: 5
    FIRST
  - id: welcome
    kind: welcome
    trigger:
      first_purchase: {at_least: ¥300, within_days: 40}
    amount: ¥50
    cooling_days: 3
  - id: ladder
    kind: ladder
    cooling_days: 7
    steps:
      - {at: 1, amount: 500 points}
      - {at: 2, amount: ¥30}
      - {at: 3, amount: "3,000 points"}
"""
    assert [COOLING[c] // DAY for c in ("base", "welcome", "ladder")] == [5, 3, 7]
    first = "" if scheme.first_base is None else f"first_n: {scheme.first_base}"
    return "\n".join([head, *_limits(scheme), clauses.replace("FIRST", first)])


def _limits(scheme: Scheme) -> Iterator[str]:
    yield "limits:"
    yield f"  budget: [¥{(scheme.budget or 10**8) // 100}, {scheme.points or 10**6} points]"
    if scheme.cap is not None:
        yield f"  monthly_cap: ¥{scheme.cap // 100}"
    if scheme.daily is not None:
        yield f"  daily_budget: [¥{scheme.daily // 100}]"
    if scheme.friends is not None:
        yield f"  first_friends: {scheme.friends}"
    if scheme.referrers is not None:
        yield f"  first_referrers: {scheme.referrers}"
    if (tax := scheme.tax) is not None:
        yield "tax:"
        yield f"  threshold: ¥{tax.threshold // 100}"
        yield f"  rate: {tax.rate / 100:g}%"
        yield f"  gross_up: {str(tax.gross_up).lower()}"
        yield f"  per: {'month' if tax.monthly else 'payment'}"
        yield f"  taxed: {'all' if tax.all_of_it else 'excess'}"
