"""A file of bank events as a bank would send it: a few weeks of applications, in time's order."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from stage import FRIENDS, friend_phone

STEPS = 4
"""Events of one application."""
A_FRIEND_EVERY = 100
"""One application in so many is a registered friend's; the rest the programme never meets."""


def write_events(path: Path, lines: int, began: datetime) -> None:
    """Write `lines` events (a multiple of 4) of applications that begin after `began` (UTC)."""
    applications = lines // STEPS
    apart = timedelta(days=10) / applications
    dated = [
        event
        for number in range(applications)
        for event in _application(number, began + timedelta(hours=1) + number * apart)
    ]
    dated.sort(key=lambda event: str(event["time"]))
    with path.open("w", encoding="utf-8") as file:
        for event in dated:
            file.write(json.dumps(event) + "\n")


def _application(number: int, at: datetime) -> list[dict[str, object]]:
    ref, customer = f"A{number:07d}", f"N{number:07d}"
    steps: tuple[tuple[str, dict[str, object]], ...] = (
        ("application.submitted", {"application_id": ref, "phone": _phone(number)}),
        ("application.approved", {"application_id": ref, "customer_ref": customer}),
        ("card.activated", {"customer_ref": customer}),
        (
            "transaction.posted",
            {
                "customer_ref": customer,
                "transaction_id": f"T{number:07d}",
                "amount": 30_000,
                "currency": "CNY",
                "kind": "purchase",
            },
        ),
    )
    return [
        {
            "specversion": "1.0",
            "id": f"{ref}-{place}",
            "source": "bank/core",
            "type": f"jianka.{kind}",
            "time": (at + timedelta(days=2 * place)).isoformat(timespec="milliseconds"),
            "data": data,
        }
        for place, (kind, data) in enumerate(steps)
    ]


def _phone(number: int) -> str:
    friend, rest = divmod(number, A_FRIEND_EVERY)
    return friend_phone(friend % FRIENDS) if rest == 0 else f"+86137{number:08d}"
