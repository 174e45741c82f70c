"""Direct statements: one row in, one row out, on the driver and committed by themselves."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.exc import IntegrityError

from shared.base.database import Database, Utc
from shared.base.direct import Direct, among, line_of
from shared.referrals.referrals import Visit

WRITE = Direct(
    insert(Visit)
    .values(
        {name: bindparam(name) for name in ("invite_id", "at", "kind", "channel", "device", "utm")}
    )
    .returning(Visit.id)
)
LATER = Direct(
    select(Visit.id, Visit.at <= bindparam("now", type_=Utc)).where(
        Visit.invite_id == bindparam("invite_id")
    )
)


def _visit(now: datetime) -> dict[str, object]:
    return {
        "invite_id": 7, "at": now, "kind": "human", "channel": "chat", "device": None,
        "utm": {"utm_source": "大厅"},
    }  # fmt: skip


def test_a_row_written_alone_is_there_for_others_at_once(database: Database, now: datetime) -> None:
    with database.single_statements() as line:
        made = WRITE.first(line, _visit(now))
        with database.reading() as session:
            row = session.scalar(select(Visit))
            assert row is not None
            assert made == (row.id,)
            assert (row.at, row.utm, row.device) == (now, {"utm_source": "大厅"}, None)


def test_moments_are_compared_as_moments(database: Database, now: datetime) -> None:
    with database.single_statements() as line:
        WRITE.first(line, _visit(now))
        for shift, past in ((-1, False), (0, True), (1, True)):
            moment = now + timedelta(microseconds=shift)
            found = LATER.first(line, {"invite_id": 7, "now": moment})
            assert found is not None
            assert bool(found[1]) is past
        assert LATER.first(line, {"invite_id": 8, "now": now}) is None


def test_inside_a_transaction_it_is_part_of_it(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        WRITE.first(line_of(session), _visit(now))
        session.rollback()
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == 0


def test_a_missing_parameter_is_named(database: Database) -> None:
    with database.single_statements() as line, pytest.raises(KeyError, match="invite_id"):
        LATER.first(line, {"now": None})


AWKWARD = 'a "b", {c} \\d\\\\'
AMONG = Direct(
    select(Visit.invite_id, Visit.at, Visit.utm)
    .where(among(Visit.invite_id, "invites"), among(Visit.channel, "channels"))
    .order_by(Visit.id)
)


def test_many_values_are_one_parameter_and_columns_are_read_as_their_types_say(
    database: Database, now: datetime
) -> None:
    with database.transaction() as session:
        session.add_all(
            Visit(**_visit(now) | {"invite_id": number, "channel": channel})
            for number, channel in ((7, "chat"), (8, AWKWARD), (9, "chat"), (10, "qr"))
        )  # seen without a flush
        found = AMONG.read(session, invites={7, 8, 9}, channels=["chat", AWKWARD])
        assert found == [(number, now, {"utm_source": "大厅"}) for number in (7, 8, 9)]
        assert AMONG.read(session, invites=(), channels=["chat"]) == []
        longer = [AWKWARD + " and more than the column holds", "NULL", "", None]
        assert AMONG.read(session, invites=[8], channels=longer) == []


def test_an_error_has_the_name_it_has_elsewhere_and_tells_no_parameter(
    database: Database, now: datetime
) -> None:
    broken = _visit(now) | {"kind": None, "channel": "secret"}
    with pytest.raises(IntegrityError) as refused, database.transaction() as session:
        WRITE.first(line_of(session), broken)
    assert refused.value.params is None
