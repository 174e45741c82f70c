"""Bob registers: the steps of the invite page, as his browser goes through them."""

from __future__ import annotations

import pytest
from browser import Friend
from flask import Flask
from sqlalchemy import func, select
from story import BOB, Story

from shared.campaigns.campaigns import Life, get_campaign, move
from shared.people.consents import Consent
from shared.post.outbox import Outbox, read_body
from shared.referrals.referrals import Referral, Registration


def _count(story: Story, table: type[Registration] | type[Referral]) -> int:
    with story.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def _codes_sent(story: Story) -> int:
    with story.database.reading() as session:
        query = select(func.count()).select_from(Outbox).where(Outbox.channel == "sms")
        return session.scalar(query) or 0


def test_bob_registers_in_two_steps_and_is_handed_to_the_bank(bob: Friend, story: Story) -> None:
    bob.sends_number("138 0013 8022")
    assert bob.path.endswith("/confirm")
    assert "138****8022" in bob.words
    bob.finishes()
    assert bob.path.endswith("/done")
    assert bob.sees("success")
    assert bob.sees("bank-link")
    assert _count(story, Referral) == 1


def test_the_bank_link_holds_the_token_of_this_registration(bob: Friend, story: Story) -> None:
    bob.registers(BOB)
    with story.database.reading() as session:
        token = session.scalar(select(Registration.referral_token))
    assert bob.page is not None
    assert f"token={token}" in bob.page.text


@pytest.mark.parametrize(
    "typed",
    [
        "138 0013 8022",
        "+86 13800138022",
        "１３８００１３８０２２",
        "138-0013-8022",
        "008613800138022",
    ],
)
def test_a_number_is_read_however_it_is_typed(bob: Friend, typed: str) -> None:
    bob.sends_number(typed)
    assert "138****8022" in bob.words


@pytest.mark.parametrize("typed", ["", "138", "not a number", "1380013802211111", "+1 2"])
def test_a_number_that_cannot_be_read_is_explained_and_kept(
    bob: Friend, story: Story, typed: str
) -> None:
    answer = bob.sends_number(typed)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert f'value="{typed}"' in answer.text
    assert _count(story, Registration) == 0


def test_no_box_is_ticked_beforehand(bob: Friend) -> None:
    page = bob.sends_number(BOB)
    assert page.text.count('type="checkbox"') == 5
    assert " checked" not in page.text


def test_only_the_boxes_ticked_become_consents(bob: Friend, story: Story) -> None:
    bob.registers(BOB, progress="yes")
    with story.database.reading() as session:
        given = set(session.scalars(select(Consent.purpose).where(Consent.source == "landing")))
    assert given == {"referral", "adult", "progress"}


@pytest.mark.parametrize("missing", ["referral", "adult", "name"])
def test_what_is_missing_is_said_at_its_field_and_nothing_is_registered(
    bob: Friend, story: Story, missing: str
) -> None:
    bob.sends_number(BOB)
    answer = bob.finishes(**{missing: ""})
    assert answer.status_code == 422
    assert f'id="{missing}-error"' in answer.text
    assert _count(story, Referral) == 0
    bob.finishes()
    assert bob.sees("success")


def test_a_wrong_code_is_counted_and_the_tries_left_are_said(bob: Friend) -> None:
    bob.sends_number(BOB)
    right = bob._otp()
    wrong = "000000" if right != "000000" else "111111"
    for left in (4, 3, 2, 1):
        bob.finishes(code=wrong)
        assert f"{left} 次" in bob.words
    bob.finishes(code=wrong)
    assert "重新获取" in bob.words
    assert bob.finishes(code=right).status_code == 422


def test_a_code_that_expired_is_said_and_another_one_works(bob: Friend, story: Story) -> None:
    bob.sends_number(BOB)
    story.later(minutes=11)
    assert bob.finishes().status_code == 422
    bob.submits("resend")
    bob.finishes()
    assert bob.sees("success")


def test_another_code_within_a_minute_is_refused_with_the_seconds(
    bob: Friend, story: Story
) -> None:
    bob.sends_number(BOB)
    story.later(seconds=20)
    answer = bob.submits("resend")
    assert answer.status_code == 422
    assert "40" in bob.words
    assert _codes_sent(story) == 1


def test_the_first_form_sent_twice_is_one_registration_and_one_code(
    bob: Friend, story: Story
) -> None:
    bob.opens(f"/i/{story.code}")
    action, hidden = bob.form("send-code")
    for _ in range(2):
        bob.client.post(action, data={**hidden, "phone": BOB})
    bob.opens(f"/i/{story.code}/confirm")
    bob.finishes()
    assert bob.sees("success")
    assert _count(story, Registration) == 1
    assert _codes_sent(story) == 1


def test_a_second_post_that_lost_the_first_answers_cookie_finds_the_same_registration(
    bob: Friend, story: Story
) -> None:
    bob.opens(f"/i/{story.code}")
    action, hidden = bob.form("send-code")
    before = bob.client.get_cookie("jianka_i", path="/i")
    assert before is not None
    bob.client.post(action, data={**hidden, "phone": BOB})
    bob.client.set_cookie("jianka_i", before.value, path="/i")
    bob.client.post(action, data={**hidden, "phone": BOB})
    bob.opens(f"/i/{story.code}/confirm")
    bob.finishes()
    assert bob.sees("success")
    assert _count(story, Registration) == 1


def test_the_second_form_sent_twice_registers_once(bob: Friend, story: Story) -> None:
    bob.sends_number(BOB)
    action, hidden = bob.form("register")
    fields = {
        **hidden,
        "code": story.last_code(),
        "name": "王波",
        "referral": "yes",
        "adult": "yes",
    }
    places = [bob.client.post(action, data=fields).headers["Location"] for _ in range(2)]
    bob.opens(places[1])
    assert bob.sees("success")
    assert _count(story, Referral) == 1


def test_the_back_button_leads_on_to_where_the_friend_was(bob: Friend, story: Story) -> None:
    bob.sends_number(BOB)
    bob.opens(f"/i/{story.code}")
    assert bob.sees("resume")
    bob.opens(f"/i/{story.code}/confirm")
    bob.finishes()
    bob.opens(f"/i/{story.code}/confirm")
    assert bob.sees("success")
    bob.opens(f"/i/{story.code}")
    assert bob.sees("again")
    assert bob.sees("phone")


def test_a_second_friend_may_register_on_the_same_phone(bob: Friend, story: Story) -> None:
    bob.registers(BOB)
    bob.registers("13900139111", name="李雷")
    assert bob.sees("success")
    assert _count(story, Referral) == 2


def test_another_number_is_another_registration(bob: Friend, story: Story) -> None:
    bob.sends_number(BOB)
    bob.sends_number("13900139111")
    assert "139****9111" in bob.words
    bob.finishes()
    assert bob.sees("success")
    assert _count(story, Referral) == 1


def test_who_has_no_registration_is_led_to_the_first_step(bob: Friend, story: Story) -> None:
    for below in ("confirm", "done"):
        bob.opens(f"/i/{story.code}/{below}")
        assert bob.path == f"/i/{story.code}"


def test_a_registration_erased_after_a_day_says_so(bob: Friend, story: Story) -> None:
    from shared.actions.retention import erase_unproven

    bob.sends_number(BOB)
    story.later(hours=25)
    with story.database.transaction() as session:
        erase_unproven(session, story.now)
    answer = bob.finishes()
    assert answer.status_code in (410, 200)
    assert bob.sees("error-gone")
    assert _count(story, Referral) == 0


def test_who_began_before_the_end_may_finish_for_a_day(bob: Friend, story: Story) -> None:
    bob.sends_number(BOB)
    story.later(minutes=5)
    with story.database.transaction() as session:
        move(session, get_campaign(session, 1), Life.CLOSING, "operator:test", story.now)
    story.later(minutes=2)
    bob.opens(f"/i/{story.code}")
    assert bob.path.endswith("/confirm")
    bob.finishes()
    assert bob.sees("success")


def test_a_form_without_its_token_is_refused_in_words(bob: Friend, story: Story) -> None:
    answer = bob.client.post(f"/i/{story.code}", data={"step": "phone", "phone": BOB})
    assert answer.status_code == 400
    assert 'data-test="error-stale"' in answer.text
    assert _count(story, Registration) == 0


def test_a_form_from_another_site_is_refused(bob: Friend, story: Story) -> None:
    bob.opens(f"/i/{story.code}")
    action, hidden = bob.form("send-code")
    answer = bob.client.post(
        action, data={**hidden, "phone": BOB}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert _count(story, Registration) == 0


def test_a_form_with_our_origin_or_none_is_taken(bob: Friend, story: Story) -> None:
    bob.opens(f"/i/{story.code}")
    action, hidden = bob.form("send-code")
    for origin in ("http://localhost", "null"):
        answer = bob.client.post(action, data={**hidden, "phone": BOB}, headers={"Origin": origin})
        assert answer.status_code == 303


def test_the_thirty_first_registration_of_a_minute_from_one_address_waits(
    app: Flask, story: Story
) -> None:
    answers = []
    for place in range(31):
        friend = Friend(app, story.code, story.last_code)
        friend.opens(f"/i/{story.code}")
        answers.append(friend.submits("send-code", follow=False, phone=f"139001390{place:02d}"))
    assert [answer.status_code for answer in answers] == [303] * 30 + [429]
    assert 'data-test="error-busy"' in answers[-1].text
    assert answers[-1].headers["Retry-After"] == "60"


def test_a_number_corrected_in_its_middle_gets_the_code_itself(bob: Friend, story: Story) -> None:
    bob.sends_number("139 0013 9000")
    bob.sends_number("139 1113 9000")
    with story.database.reading() as session:
        sent = [
            read_body(session, row)["to"]
            for row in session.scalars(
                select(Outbox).where(Outbox.channel == "sms").order_by(Outbox.id)
            )
        ]
    assert sent == ["+8613900139000", "+8613911139000"]
