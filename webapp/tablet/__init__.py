"""The branch's tablet `/tablet`: show an invite, register a walk-in, decide claims."""

from webapp.tablet import (
    claim_acts,
    claim_beside,
    claims,
    day,
    enrolment,
    seats,
    show,
    signing,
    walk_in,
)
from webapp.tablet.face import tablet

__all__ = [
    "claim_acts",
    "claim_beside",
    "claims",
    "day",
    "enrolment",
    "seats",
    "show",
    "signing",
    "tablet",
    "walk_in",
]
