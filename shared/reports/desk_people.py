"""Who did something, as the desk calls them: employees by name and number."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from shared.actions.paying import mask_reference, names_of
from shared.actions.preparing import payees_of
from shared.base.privacy import mask_name
from shared.people.staff import Staff, staff_name


@dataclass(frozen=True)
class Masked:
    """A member or friend as the desk may see them without a right of its own."""

    name: str
    reference: str


def who(session: Session, actor: int | str | None) -> str:
    """An employee by id, or anybody as the audit calls them; empty for nobody."""
    if isinstance(actor, str) and not actor.startswith("staff:"):
        return actor.removeprefix("operator:")
    staff_id = int(actor.removeprefix("staff:")) if isinstance(actor, str) else actor
    staff = session.get(Staff, staff_id) if staff_id is not None else None
    return f"{staff_name(session, staff)} {staff.staff_no}".strip() if staff is not None else ""


def masked_name(name: str) -> str:
    """A name masked; nothing of one that was never told or is erased."""
    return mask_name(name) if name else ""


def masked(session: Session, parties: Collection[str]) -> Mapping[str, Masked]:
    """Parties (`member:1`, `friend:2`) by masked name and the end of the bank's reference."""
    names, payees = names_of(session, parties), payees_of(session, parties)
    return {
        party: Masked(
            masked_name(names.get(party, "")),
            mask_reference(payee.customer_ref or payee.application_ref or ""),
        )
        for party, payee in payees.items()
    }
