"""Tax on a payment, and amounts shared out to the fen, by the simplest sums that are right."""

from __future__ import annotations

from plain_rewards import Tax


def tax_of(gross: int, before: int, kept: int, rule: Tax) -> int:
    """The tax on a payment after `before` fen this month, of which `kept` were kept back."""

    def on(amount: int) -> int:
        if amount <= rule.threshold:
            return 0
        base = amount if rule.all_of_it else amount - rule.threshold
        return (base * rule.rate + 5000) // 10_000

    if not rule.gross_up:
        return max(0, min(gross, on(before + gross) - kept))
    tax = 0
    while on(before + gross + tax) - kept > tax:
        tax += 1
    return tax


def shared_out(amount: int, weights: list[int]) -> list[int]:
    """An amount by weights, in whole fen; those who lost most by rounding get the rest."""
    whole = sum(weights)
    parts = [amount * weight // whole for weight in weights]
    lost = sorted(
        (part * whole - amount * w, i)
        for i, (part, w) in enumerate(zip(parts, weights, strict=True))
    )
    for _, place in lost[: amount - sum(parts)]:
        parts[place] += 1
    return parts
