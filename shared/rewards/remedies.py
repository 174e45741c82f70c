"""Remedies: what two people do by hand, a request and a decision: writing off what will not come
back, goodwill where the bank's own error cost a member a reward, and finding a friend to be a
fraud, or cleared of it again.

They enter the ledger through settling like everything else: the first two as events of a key's
life, the others as a finding, a fact like the bank's.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index, String, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column
from shared.base.errors import Refusal
from shared.base.sealing import Sealed
from shared.ledger.balance import Key


class RemedyKind(StrEnum):
    WRITE_OFF = "write_off"
    GOODWILL = "goodwill"
    FRAUD = "fraud"
    CLEARED = "cleared"

    @property
    def finds(self) -> bool:
        """Whether it is about a friend as such, and no single key."""
        return self in (RemedyKind.FRAUD, RemedyKind.CLEARED)


FINDS = tuple(kind.value for kind in RemedyKind if kind.finds)
"""Kinds that say something of a friend; nobody outside the house learns of them."""


class RemedyState(StrEnum):
    ASKED = "asked"
    DONE = "done"
    REFUSED = "refused"


TRANSITIONS: dict[RemedyState, frozenset[RemedyState]] = {
    RemedyState.ASKED: frozenset({RemedyState.DONE, RemedyState.REFUSED}),
    RemedyState.DONE: frozenset(),
    RemedyState.REFUSED: frozenset(),
}


class Remedy(Base):
    """One request. `occasion` is empty until goodwill is decided: it is named by its id.

    About a friend (`kind` fraud or cleared) `party` is the friend, `clause` empty, and `amount`
    what would move as it was asked: money where any does, else the first unit that does.
    """

    __tablename__ = "remedies"
    __table_args__ = (
        Index(
            "ux_remedies_asked",
            "kind",
            "campaign_id",
            "party",
            "clause",
            "occasion",
            "unit",
            unique=True,
            sqlite_where=text("state = 'asked'"),
            postgresql_where=text("state = 'asked'"),
        ),
    )

    id: Mapped[int] = id_column()
    kind: Mapped[str] = mapped_column(String(10))
    campaign_id: Mapped[int] = mapped_column(Id)
    member_id: Mapped[int] = mapped_column(Id)
    party: Mapped[str] = mapped_column(String(40))
    clause: Mapped[str] = mapped_column(String(40))
    occasion: Mapped[str] = mapped_column(String(80))
    unit: Mapped[str] = mapped_column(String(10))
    amount: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Sealed("remedy"))
    """In the asking person's words; empty once the payee is erased."""
    state: Mapped[str] = mapped_column(String(10))
    asked_by: Mapped[int] = mapped_column(Id)
    asked_at: Mapped[datetime] = mapped_column(Utc)
    decided_by: Mapped[int | None] = mapped_column(Id)
    decided_at: Mapped[datetime | None] = mapped_column(Utc)

    @property
    def key(self) -> Key:
        """The key whose life the decision enters."""
        occasion = self.occasion or f"remedy:{self.id}"
        return Key(self.campaign_id, self.party, self.clause, occasion)


def remedy_for_update(session: Session, number: int) -> Remedy:
    """A request as it stands now, nobody else's until the end. Refusal `remedy.unknown`."""
    remedy = session.get(Remedy, number, with_for_update=True, populate_existing=True)
    if remedy is None:
        raise Refusal("remedy.unknown", number=number)
    return remedy


def decide(remedy: Remedy, to: RemedyState, staff_id: int, now: datetime) -> None:
    """End a request. Refusal `remedy.decided`."""
    if to not in TRANSITIONS[RemedyState(remedy.state)]:
        raise Refusal("remedy.decided", number=remedy.id)
    remedy.state, remedy.decided_by, remedy.decided_at = to.value, staff_id, now
