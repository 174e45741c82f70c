"""The whole inventory, by table."""

from __future__ import annotations

from shared.actions.inventory.kept import Kept
from shared.actions.inventory.of_money import HOUSE, MONEY
from shared.actions.inventory.of_people import PEOPLE, POST
from shared.actions.inventory.of_referrals import CLAIMS, REFERRALS, RISK

INVENTORY: dict[str, Kept] = {**PEOPLE, **POST, **REFERRALS, **RISK, **CLAIMS, **MONEY, **HOUSE}
