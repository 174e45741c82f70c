"""The audit as the desk reads it: who, what, when, from where, page after page, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from shared.people.staff import Staff
from shared.post.audit import Audit
from shared.post.audit_chain import Link
from shared.reports.desk_people import who

Found = Select[Audit, int]


@dataclass(frozen=True)
class Sought:
    """What is looked for. Empty: everything. `until` is the first moment after."""

    actor: str = ""
    """As the audit calls them (`staff:3`, `member:12`, `worker`), or a staff number."""
    act: str = ""
    """A whole act, or the beginning of one: `claim.`."""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Act:
    """One act. `place`: its link in the chain; 0 while it waits for one."""

    number: int
    at: datetime
    actor: str
    name: str
    """An employee's name and number; else as the audit calls them."""
    act: str
    subject: str
    tablet: str
    evidence: str
    place: int


def acts(session: Session, sought: Sought, before: int | None, most: int) -> list[Act]:
    """Acts older than the one numbered `before`, the newest first."""
    query = select(Audit, Link.place).outerjoin(Link, Link.audit_id == Audit.id)
    if before is not None:
        query = query.where(Audit.id < before)
    rows = session.execute(
        _narrowed(session, query, sought).order_by(Audit.id.desc()).limit(most)
    ).all()
    names = {row.actor: who(session, row.actor) for row, _ in rows}
    return [
        Act(
            row.id, row.at, row.actor, names[row.actor], row.act, row.subject,
            _tablet(row), _evidence(row.details), place or 0,
        )
        for row, place in rows
    ]  # fmt: skip


def _narrowed(session: Session, query: Found, sought: Sought) -> Found:
    if sought.actor:
        known = session.scalar(select(Staff.id).where(Staff.staff_no == sought.actor))
        actor = f"staff:{known}" if known is not None else sought.actor
        query = query.where(Audit.actor == actor)
    if sought.act:
        whole = Audit.act == sought.act
        query = query.where(whole | Audit.act.startswith(sought.act, autoescape=True))
    if sought.subject:
        query = query.where(Audit.subject == sought.subject)
    if sought.since is not None:
        query = query.where(Audit.at >= sought.since)
    if sought.until is not None:
        query = query.where(Audit.at < sought.until)
    return query


def _tablet(row: Audit) -> str:
    if "tablet" in row.details:
        return f"tablet:{row.details['tablet']}"
    return row.subject if row.subject.startswith("tablet:") else ""


def _evidence(details: Mapping[str, object]) -> str:
    return " · ".join(
        f"{name} {_plainly(value)}" for name, value in sorted(details.items()) if name != "tablet"
    )


def _plainly(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {each}" for name, each in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value))
    return "—" if value is None else str(value)
