"""What is undone and what stays when a block is refused half done, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.base.database import Database
from shared.base.direct import undone_on
from shared.base.errors import Refusal
from shared.people.chats import Chat, chat_at, find_or_add_chat


def _refused_half_done(session: Session, half: Callable[[], object]) -> None:
    with undone_on(session, Refusal):
        half()
        raise Refusal("any.code")


def test_what_a_refused_block_wrote_is_undone_and_the_rest_is_kept(
    database: Database, now: datetime
) -> None:
    with database.transaction() as session:
        find_or_add_chat(session, "telegram", "1", None, now)
        with pytest.raises(Refusal):
            _refused_half_done(
                session, lambda: find_or_add_chat(session, "telegram", "2", None, now)
            )
        assert chat_at(session, "telegram", "2") is None
        find_or_add_chat(session, "telegram", "3", None, now)
    with database.reading() as session:
        assert set(session.scalars(select(Chat.address))) == {"1", "3"}


def test_changes_not_yet_written_are_undone_too(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        chat = find_or_add_chat(session, "telegram", "1", "en", now)
        with pytest.raises(Refusal):
            _refused_half_done(session, lambda: setattr(chat, "channel_language", "zh"))
    with database.reading() as session:
        assert session.scalars(select(Chat.channel_language)).one() == "en"


def test_a_block_that_ends_well_is_kept(database: Database, now: datetime) -> None:
    with database.transaction() as session, undone_on(session, Refusal):
        find_or_add_chat(session, "telegram", "1", None, now)
    with database.reading() as session:
        assert session.scalars(select(Chat.address)).one() == "1"
