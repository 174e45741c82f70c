"""What is true of every ledger, whatever happened: read from the product's rows alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from reward_world import World
from sqlalchemy import select

from shared.ledger.verify import inspect
from shared.rewards.admission import Admission
from shared.rewards.payouts import Batch, Line, Part

_HELD = select(
    Admission.party, Admission.clause, Admission.occasion,
    Admission.unit, Admission.amount, Admission.draws,
).where(Admission.amount > 0)  # fmt: skip
_PAID = (
    select(
        Part.party, Part.clause, Part.occasion, Part.kind, Part.amount, Part.tax, Part.borne
    )
    .join(Line, Line.id == Part.line_id)
    .where(Line.state == "paid")
)  # fmt: skip


def hold_truths(world: World, now: datetime) -> None:
    """When everybody was settled: chain, counters and bank agree, no limit is overstepped,
    nothing comes back that was not given, and no one checks their own batch."""
    world.till.verify(now)
    with world.database.reading() as session:
        looked = inspect(session)
        held = session.execute(_HELD).all()
        paid = session.execute(_PAID).all()
        people = session.execute(select(Batch.prepared_by, Batch.confirmed_by)).all()
    positions, replayed = world.positions(), looked.sums.get(world.campaign, {})
    assert looked.problems == []
    sums: Counter[tuple[str, str]] = Counter()
    for (*_, account, unit), amount in positions.items():
        sums[account, unit] += amount
    assert {place: n for place, n in sums.items() if n} == {p: n for p, n in replayed.items() if n}
    assert all(maker != checker for maker, checker in people)
    _hold_limits(world, held)
    _hold_reversals(positions, paid)


def _hold_limits(world: World, held: Sequence[Any]) -> None:
    """The budgets, a day's and a month's money, and the places."""
    scheme = world.scheme
    limited = [row for row in held if row.draws]
    spent: Counter[str] = Counter()
    days: Counter[str] = Counter()
    months: Counter[tuple[str, str]] = Counter()
    for row in limited:
        spent[row.unit] += row.amount
        if row.unit == "CNY":
            day = next(limit for limit, *_ in row.draws if limit.startswith("daily:"))[-10:]
            days[day] += row.amount
            if row.party.startswith("member:"):
                months[row.party, day[:7]] += row.amount
    places = [
        ([row.occasion for row in limited if row.clause == "base"], scheme.first_base),
        ({row.occasion for row in limited if row.clause != "ladder"}, scheme.friends),
        ({row.party for row in limited if row.party.startswith("member:")}, scheme.referrers),
    ]
    sums = [
        ([spent["CNY"]], scheme.budget),
        ([spent["POINTS"]], scheme.points),
        (days.values(), scheme.daily),
        (months.values(), scheme.cap),
    ]
    assert all(most is None or len(taken) <= most for taken, most in places)
    assert all(most is None or amount <= most for amounts, most in sums for amount in amounts)


def _hold_reversals(positions: dict[tuple[str, ...], int], paid: Sequence[Any]) -> None:
    """Key by key: what the bank moved is what the party has, and no more comes back."""
    moved: Counter[tuple[str, ...]] = Counter()
    taken: Counter[tuple[str, ...]] = Counter()
    for part in paid:
        key = part.party, part.clause, part.occasion
        if part.kind == "pay":
            moved[key] += part.amount + part.borne - part.tax
        else:
            taken[key] += part.amount
    has: Counter[tuple[str, ...]] = Counter()
    for (*key, account, _), amount in positions.items():
        if account in ("paid", "recoverable", "written_off"):
            has[tuple(key)] += amount
    for key in moved.keys() | taken.keys() | has.keys():
        assert taken[key] <= moved[key]
        assert has[key] == moved[key] - taken[key]
