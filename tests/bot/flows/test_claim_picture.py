"""A picture with a claim: attached or not, wrong in every way, lost and sent again. The claim is
the same with and without it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from claim_tales import FRIEND, MEI, Tale
from sqlalchemy import select
from talk import Talk

from shared.actions.claim_fetching import (
    RETRY,
    begin_fetch,
    picture_came,
    picture_failed,
    picture_refused,
    put_off,
)
from shared.actions.claim_noting import note_on_claim
from shared.actions.erasing import erase_number
from shared.base.database import Database
from shared.base.i18n import Locale
from shared.claims.claims import Claim, ClaimStep, Reason, State
from shared.claims.notes import empty_notes, notes_on
from shared.claims.pictures import (
    MOST_SENT,
    ClaimPicture,
    PictureState,
    Wanted,
    forget_pictures,
    wanted,
)
from shared.people.staff import Staff

MB = 2**20
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def tale(database: Database, now: datetime) -> Tale:
    return Tale(Talk(database, now))


def asked(tale: Tale) -> None:
    """Alice stands at the question for a picture."""
    tale.alice.says("/claim").says(FRIEND)
    tale.alice.taps("claim.when.this_week").taps("claim.how.late").sees("button.no_picture")


def waiting(tale: Tale) -> list[Wanted]:
    with tale.talk.database.reading() as session:
        return wanted(session, "telegram", tale.talk.story.now, 9)


def kept(tale: Tale) -> list[tuple[str, str | None]]:
    with tale.talk.database.reading() as session:
        rows = session.scalars(select(ClaimPicture)).all()
        return [(row.state, row.source) for row in rows]


def lost(tale: Tale, why: str = "broken") -> None:
    """What was wanted turns out to be no picture."""
    (one,) = waiting(tale)
    tale.alice.fresh = []
    with tale.talk.database.transaction() as session:
        assert begin_fetch(session, one, tale.talk.story.now)
        picture_refused(session, one, why, tale.talk.story.now)
    tale.talk.deliver()


@pytest.mark.parametrize("locale", list(Locale))
def test_a_picture_goes_with_the_claim_and_survives_restarts(
    database: Database, now: datetime, locale: Locale
) -> None:
    tale = Tale(Talk(database, now), locale)
    asked(tale)
    tale.talk.restarts()
    tale.alice.sends_picture("AgAC-1").sees("claim.picture.one", "button.file_claim")
    assert kept(tale) == []  # nothing is kept before there is a claim
    tale.talk.restarts()
    tale.alice.taps("button.file_claim").sees("C-")
    (one,) = waiting(tale)
    assert one.source == "AgAC-1"
    with tale.talk.database.transaction() as session:
        assert begin_fetch(session, one, tale.talk.story.now)
        assert picture_came(session, one, b"jpeg")
        assert not picture_came(session, one, b"again")
    assert kept(tale) == [(PictureState.KEPT, None)]
    tale.alice.fresh = []
    tale.talk.work()
    tale.alice.sees_not("C-")


@on_sqlite
def test_what_is_no_picture_to_attach_is_told_so_and_nothing_is_kept(tale: Tale) -> None:
    asked(tale)
    alice = tale.alice
    alice.sends_sticker().sees("claim.picture.other", "button.no_picture")
    for kind in ("image/gif", "image/svg+xml", "image/heic", "image/tiff"):
        alice.sends_picture(kind=kind).sees("claim.picture.kind")
    alice.sends_picture("x" * 201).sees("claim.picture.kind")
    alice.sends_picture(size=10 * MB + 1).sees(alice.words("claim.picture.large", most=10))
    alice.sends_picture(album="a1").sees("claim.picture.album", "button.no_picture")
    assert alice.sends_picture(album="a1").fresh == []  # the rest of it is not answered nine times
    alice.sends_picture(album="a2").sees("claim.picture.album")
    alice.says("what?").sees(alice.words("claim.picture", most=10))
    alice.sends_picture(size=10 * MB).sees("claim.picture.one")
    alice.sends_picture().sees("unknown.other_asked", "claim.picture.one")
    alice.taps("button.file_claim")
    assert len(waiting(tale)) == 1


@on_sqlite
def test_a_picture_outside_the_step_gets_the_usual_answer(tale: Tale) -> None:
    alice = tale.alice
    alice.sends_picture().sees("unknown.other")
    alice.says("/claim").sends_picture().sees("unknown.other_asked", "claim.who")
    tale.talk.person("77").sends_picture().sees("unknown.other")
    assert kept(tale) == []


@on_sqlite
def test_changing_an_answer_does_not_ask_for_the_picture_again_and_starting_over_drops_it(
    tale: Tale,
) -> None:
    asked(tale)
    how = tale.alice.messages[-1]
    tale.alice.sends_picture("AgAC-1")
    nonce = tale.alice.last.buttons[0].data.rpartition(":")[2]
    tale.alice.taps_data(f"1:when:{nonce}:earlier", how).sees("claim.picture.one")
    tale.alice.taps_data(f"1:nopic:{nonce}", how).sees("claim.picture.none")
    tale.alice.taps("button.file_claim")
    assert kept(tale) == []
    tale.alice.says("/claim").taps_data(f"1:nopic:{nonce}", how).sees("claim.who")


@on_sqlite
@pytest.mark.parametrize(
    "why",
    [
        "fetch",
        *(
            pytest.param(why, marks=pytest.mark.nightly)
            for why in ("large", "kind", "pixels", "broken")
        ),
    ],
)
def test_a_lost_picture_is_told_and_can_be_sent_again_by_the_button(tale: Tale, why: str) -> None:
    number = tale.claims(picture="AgAC-1")
    lost(tale, why)
    tale.alice.sees(tale.alice.words(f"notice.claim.picture_lost.{why}", number=number))
    assert kept(tale) == [(PictureState.LOST, None)]
    tale.alice.taps("button.picture_again")
    tale.alice.sees(tale.alice.words("claim.picture.again", number=number, most=10))
    tale.talk.restarts()
    tale.alice.says("here").sees(number)
    tale.alice.sends_sticker().sees("claim.picture.other")
    tale.alice.sends_picture("AgAC-2").sees(
        tale.alice.words("claim.picture.sent", number=number), "button.claims"
    )
    assert [one.source for one in waiting(tale)] == ["AgAC-2"]
    tale.alice.taps("button.picture_again").sees("error.picture.one")


@on_sqlite
def test_sending_again_ends_with_the_claim_and_after_a_few_times(tale: Tale) -> None:
    tale.claims(picture="AgAC-1")
    for n in range(2, MOST_SENT + 1):
        lost(tale)
        tale.alice.taps("button.picture_again").sends_picture(f"AgAC-{n}")
    lost(tale)
    tale.alice.taps("button.picture_again").sends_picture("AgAC-6")
    tale.alice.sees(tale.alice.words("error.picture.often", most=MOST_SENT))
    other = tale.other_claims("+8613900139099")
    theirs = re.search(r"C-[0-9A-Z]{6}", other.screen())
    assert theirs is not None
    tale.alice.taps_data(f"1:pic:{theirs.group()}").sees("error.claim.unknown")
    number = tale.claims("+8613900139055", picture="AgAC-7")
    lost(tale)
    tale.decides(credit=False, reason=Reason.NOT_CONFIRMED)
    tale.alice.taps_data(f"1:pic:{number}")
    tale.alice.sees(tale.alice.words("error.claim.decided", number=number))


def test_a_fetch_is_tried_six_times_and_then_the_member_is_told(tale: Tale) -> None:
    tale.claims(picture="AgAC-1")
    now, tale.alice.fresh = tale.talk.story.now, []
    (one,) = waiting(tale)
    for after in (*RETRY, timedelta(0)):
        with tale.talk.database.transaction() as session:
            assert begin_fetch(session, one, now)
            picture_failed(session, one, now, for_good=False)
        now += after
    assert kept(tale) == [(PictureState.LOST, None)]
    tale.talk.story.now = now
    tale.talk.deliver()
    tale.alice.sees("button.picture_again")


def test_a_program_that_dies_in_a_fetch_does_not_try_for_ever_and_an_outage_counts_nothing(
    tale: Tale,
) -> None:
    tale.claims(picture="AgAC-1")
    now = tale.talk.story.now
    (one,) = waiting(tale)
    for _ in range(20):
        with tale.talk.database.transaction() as session:
            assert begin_fetch(session, one, now)
            put_off(session, one, now, timedelta(seconds=30))
    for _ in range(6):
        with tale.talk.database.transaction() as session:
            assert begin_fetch(session, one, now)
    with tale.talk.database.transaction() as session:
        assert not begin_fetch(session, one, now)
    assert kept(tale) == [(PictureState.LOST, None)]


@on_sqlite
def test_words_states_and_times_are_the_same_with_and_without_a_picture_and_notes(
    database: Database, now: datetime
) -> None:
    """Of a number with an application and of one that nobody knows (rule 11)."""
    tale = Tale(Talk(database, now))
    tale.applies("+8613900139011", ref="A1")
    tale.applies("+8613900139012", ref="A2")
    seen = set()
    for phone, picture in (
        ("+8613900139011", ""), ("+8613900139012", "AgAC-1"),
        ("+8613900139013", ""), ("+8613900139014", "AgAC-2"),
    ):  # fmt: skip
        number = tale.claims(phone, picture=picture)
        shown = [tale.alice.screen()]
        if picture:
            _kept_and_noted(tale, number)
        tale.alice.says("/claim").taps("button.claims")
        shown.append(next(x for x in tale.alice.screen().splitlines() if number in x))
        seen.add("\n".join(shown).replace(number, "C-").replace(phone[-4:], "####"))
    assert len(seen) == 1, seen
    tale.waits(24)
    with database.reading() as session:
        ways = [
            [(step.before, step.after, step.at - claim.filed_at) for step in steps]
            for claim in session.scalars(select(Claim).order_by(Claim.id))
            if (steps := session.scalars(_steps(claim.id)).all())
        ]
    assert len(ways) == 4
    assert ways[0] == ways[1]
    assert ways[2] == ways[3]
    assert all(way[0][1] == State.FILED for way in ways)


def _steps(claim_id: int) -> object:
    return select(ClaimStep).where(ClaimStep.claim_id == claim_id).order_by(ClaimStep.id)


def _kept_and_noted(tale: Tale, number: str) -> None:
    (one,) = waiting(tale)
    now = tale.talk.story.now
    with tale.talk.database.transaction() as session:
        assert begin_fetch(session, one, now)
        assert picture_came(session, one, b"jpeg")
        mei = session.scalars(select(Staff).where(Staff.staff_no == MEI)).one()
        claim = session.scalars(select(Claim).where(Claim.number == number)).one()
        note_on_claim(session, mei, claim.id, "柜台核对过，应予补登", now)


@on_sqlite
def test_a_friends_erasure_takes_what_decided_claims_show_and_say_of_them(tale: Tale) -> None:
    tale.registers()
    number = tale.claims(picture="AgAC-1")
    _kept_and_noted(tale, number)
    now = tale.talk.story.now
    with tale.talk.database.transaction() as session:
        forget_pictures(session, [])  # nothing named, nothing forgotten
        empty_notes(session, [])
    assert kept(tale) == [(PictureState.KEPT, None)]
    tale.decides(credit=False, reason=Reason.NOT_CONFIRMED)
    assert kept(tale) == [(PictureState.KEPT, None)]  # the member may appeal
    with tale.talk.database.transaction() as session:
        claim = session.scalars(select(Claim)).one()
        assert len(notes_on(session, claim.id)) == 1
        assert erase_number(session, FRIEND, now) == 1
        assert notes_on(session, claim.id) == []
    assert kept(tale) == []
