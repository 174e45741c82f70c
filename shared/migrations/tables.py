"""Every room's tables, gathered for migrations and for the test that compares the two."""

from __future__ import annotations

import importlib
import pkgutil

from shared.base.database import Base

_ROOMS = (
    "base",
    "post",
    "people",
    "campaigns",
    "applications",
    "referrals",
    "ledger",
    "rewards",
    "risk",
    "claims",
    "actions",
)

for room in _ROOMS:
    package = importlib.import_module(f"shared.{room}")
    for module in pkgutil.iter_modules(package.__path__, f"shared.{room}."):
        importlib.import_module(module.name)

metadata = Base.metadata
