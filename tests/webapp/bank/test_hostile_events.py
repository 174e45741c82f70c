"""Events that would stop everybody else's: refused at the door, or set aside behind it."""

from __future__ import annotations

import json

import pytest
from story import BOB, Story

from shared.actions.hearing import accept_events, hear_waiting
from shared.applications.events import BankEvent, EventsMalformed, parse_events
from shared.applications.facts import FactRow
from shared.post import inbox


def body(story: Story, **other: object) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": "e1",
        "source": "/bank",
        "type": "jianka.application.submitted",
        "time": story.now.isoformat(),
        "data": {"application_id": "A1", "phone": BOB},
        **other,
    }


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"id": "e\x001"}, "id"),
        ({"source": "/bank|cards"}, "source"),
        ({"source": "/ba\x00nk"}, "source"),
        ({"data": {"application_id": "A1", "phone": BOB, "product": "a\x00"}}, "data.product"),
        ({"data": {"application_id": "A1", "phone": BOB, "branch": "\x1b"}}, "data.branch"),
    ],
)
def test_what_no_table_can_hold_is_named_at_the_door(
    story: Story, other: dict[str, object], field: str
) -> None:
    with pytest.raises(EventsMalformed) as refused:
        parse_events(json.dumps(body(story, **other)).encode(), False, story.now)
    assert [problem.field for problem in refused.value.problems] == [field]


def test_half_a_character_anywhere_is_no_json(story: Story) -> None:
    raw = json.dumps(body(story, note="\ud83d")).encode()
    with pytest.raises(EventsMalformed):
        parse_events(raw, False, story.now)
    whole = json.dumps(body(story, note="\U0001f600")).encode()
    assert len(parse_events(whole, False, story.now)) == 1


def test_a_row_that_fails_in_an_unforeseen_way_does_not_stop_the_others(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (
        parse_events(json.dumps(body(story, id=f"e{n}")).encode(), False, story.now)[0]
        for n in (1, 2)
    )
    with story.database.transaction() as session:
        accept_events(session, [first, second], story.now)
    real = inbox.read_body

    def read(session: object, row: inbox.Inbox) -> dict[str, object]:
        if row.external_id == "e1":
            raise RuntimeError("a surprise")
        return real(session, row)  # type: ignore[arg-type]

    monkeypatch.setattr("shared.actions.hearing.inbox.read_body", read)
    story.work()
    with story.database.reading() as session:
        heard = [fact.event for fact in session.query(FactRow)]
        spoilt = session.query(inbox.Inbox).filter_by(external_id="e1").one()
        assert heard == ["/bank|e2"]
        assert (spoilt.problem, spoilt.set_aside_at is not None) == ("RuntimeError", True)
    assert isinstance(first, BankEvent)
    assert hear_waiting(story.database, "test", story.now) == 0
