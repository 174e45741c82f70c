"""Claims as whole stories in chat: from the first message to the money, or to why there is none.

A few of each sort are told by day, all of them by night.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from claim_tales import CHEN, FRIEND, MEI, SLIPPED, Tale
from story import ALICE, SAMPLE
from talk import Talk

from shared.base.database import Database
from shared.base.errors import Refusal
from shared.base.i18n import Locale
from shared.claims.claims import BY_PEOPLE, Reason, State

Story = Callable[[Tale], None]
STORIES: dict[str, Story] = {}
BY_DAY: set[str] = set()


def story(told: Story) -> Story:
    STORIES[told.__name__] = told
    return told


def by_day(told: Story) -> Story:
    BY_DAY.add(told.__name__)
    return told


# credited at once: a registration under Alice's own invite


@story
def begun_and_applied_the_same_day(tale: Tale) -> None:
    """Anybody could have begun it: a person decides."""
    tale.begins()
    tale.talk.later(hours=2)
    tale.applies()
    tale.claims()
    tale.stands(State.WITH_PERSON)
    assert tale.decides() is State.CREDITED
    tale.credited()


@story
def begun_named_by_its_last_digits(tale: Tale) -> None:
    tale.begins()
    tale.talk.later(hours=2)
    tale.applies()
    tale.claims("9077")
    tale.stands(State.WITH_PERSON)
    assert tale.decides() is State.CREDITED
    tale.credited()


@story
def registered_and_counted_already(tale: Tale) -> None:
    tale.registers()
    tale.applies()
    tale.claims()
    tale.credited()


@by_day
@story
def registered_named_by_its_code(tale: Tale) -> None:
    code = tale.registers().receipt
    tale.applies()
    tale.claims(code, "late")
    tale.credited()


@story
def registered_named_by_its_last_digits(tale: Tale) -> None:
    tale.registers()
    tale.applies()
    tale.claims("9077", "late", "this_month")
    tale.credited()


@story
def a_scan_receipt_whose_visit_began_a_registration(tale: Tale) -> None:
    visit, receipt = tale.visits()
    tale.begins(visit=visit)
    tale.talk.later(hours=20)
    tale.applies()
    tale.talk.later(days=40)
    tale.claims(receipt.lower().replace("-", " "), "in_branch", "earlier")
    assert tale.decides() is State.CREDITED
    tale.credited()


@story
def applied_while_the_claim_waited(tale: Tale) -> None:
    tale.registers()
    tale.claims()
    tale.stands(State.FILED)
    tale.waits(10)
    tale.applies()
    tale.waits(14)
    tale.credited()


# the friend is asked by a link that Alice forwards


@by_day
@story
def confirmed_by_a_forwarded_link(tale: Tale) -> None:
    tale.applies()
    tale.claims()
    tale.waits()
    tale.confirms()
    tale.credited()


@story
def a_claim_on_a_weekend_in_english(tale: Tale) -> None:
    tale.talk.later(days=3)
    tale.applies()
    tale.claims(how="late")
    tale.waits()
    tale.confirms()
    tale.credited()


@story
def last_digits_that_nobody_registered(tale: Tale) -> None:
    tale.applies()
    tale.claims("9077")
    tale.waits()
    tale.confirms()
    tale.credited()


@by_day
@story
def a_scan_receipt_alone_and_the_friends_word(tale: Tale) -> None:
    _, receipt = tale.visits()
    tale.talk.later(days=2)
    tale.applies()
    tale.claims(receipt)
    tale.waits()
    tale.confirms()
    tale.credited()


@story
def the_friend_used_another_number(tale: Tale) -> None:
    tale.applies()
    tale.claims(how="other_number")
    tale.waits()
    tale.confirms()
    tale.credited()


@story
def alice_mistyped_the_number_by_one_slip(tale: Tale) -> None:
    tale.applies(FRIEND)
    tale.claims(SLIPPED)
    tale.waits()
    tale.confirms(FRIEND)
    tale.credited()


@story
def the_application_is_heard_after_the_friends_word(tale: Tale) -> None:
    tale.claims()
    tale.waits()
    tale.confirms()
    tale.stands(State.FILED)
    tale.waits(10)
    tale.applies()
    tale.waits(38)
    tale.credited()


@story
def the_link_is_found_again_among_the_claims(tale: Tale) -> None:
    tale.applies()
    tale.claims()
    tale.waits()
    tale.talk.later(days=3)
    tale.alice.says("/claim").taps("button.claims")
    tale.confirms()
    tale.credited()


@story
def somebody_elses_number_does_not_confirm(tale: Tale) -> None:
    tale.applies()
    tale.claims()
    tale.waits()
    for number in ("+8613900139555", ALICE):
        with pytest.raises(Refusal, match=r"ask\.other_number"):
            tale.confirms(number, tale.word())
    tale.confirms(word=tale.word())
    tale.credited()


# refused after the friend's word: what the bank said may decide now


def _confirmed_then(tale: Tale) -> None:
    tale.claims()
    tale.waits()
    tale.confirms()


@story
def the_bank_says_existing_customer(tale: Tale) -> None:
    tale.applies(existing_customer=True)
    _confirmed_then(tale)
    tale.refused(Reason.EXISTING)


@story
def the_file_knows_the_customer(tale: Tale) -> None:
    tale.applies()
    tale.talk.bank("application.approved", application_id="A7", customer_ref="C100002")
    _confirmed_then(tale)
    tale.refused(Reason.EXISTING)


@story
def the_application_was_declined(tale: Tale) -> None:
    tale.applies()
    tale.talk.bank("application.declined", application_id="A7")
    _confirmed_then(tale)
    tale.refused(Reason.DECLINED)


@story
def there_never_was_an_application(tale: Tale) -> None:
    _confirmed_then(tale)
    tale.stands(State.FILED)
    tale.waits(48)
    tale.refused(Reason.NO_APPLICATION)


@story
def the_application_is_older_than_any_override(tale: Tale) -> None:
    tale.applies()
    tale.talk.later(days=91)
    tale.claims(when="earlier")
    tale.waits()
    tale.confirms()
    tale.refused(Reason.TOO_OLD)


@story
def another_member_referred_the_friend(tale: Tale) -> None:
    tale.registers(code=tale.invite_of())
    tale.talk.later(hours=1)
    tale.applies()
    _confirmed_then(tale)
    tale.refused(Reason.ALREADY_REFERRED)


@story
def the_card_was_alices_own(tale: Tale) -> None:
    tale.applies()
    tale.talk.bank("application.approved", application_id="A7", customer_ref="C100001")
    _confirmed_then(tale)
    tale.refused(Reason.OWN)


# silence, and a friend who says no


@by_day
@story
def the_friend_is_silent_for_a_week(tale: Tale) -> None:
    tale.applies()
    tale.claims()
    tale.waits()
    tale.talk.later(days=7)
    tale.refused(Reason.SILENT, "unanswered")


@story
def silent_first_and_claimed_once_more(tale: Tale) -> None:
    tale.applies()
    tale.claims()
    tale.waits()
    tale.talk.later(days=7)
    tale.claims(when="this_month")
    tale.waits()
    tale.confirms()
    tale.credited()


@story
def the_friend_says_no(tale: Tale) -> None:
    tale.applies()
    tale.claims()
    tale.waits()
    tale.denies()
    tale.refused(Reason.NOT_ME)


# people


@story
def the_branch_knows_the_friend(tale: Tale) -> None:
    tale.applies(branch="静安支行")
    tale.claims(how="in_branch")
    assert tale.decides() is State.CREDITED
    tale.credited()


@story
def the_branch_settles_it_before_the_machine_answers(tale: Tale) -> None:
    tale.applies()
    tale.claims(how="late")
    tale.stands(State.FILED)
    assert tale.decides() is State.CREDITED
    tale.waits()
    tale.credited()


@story
def begun_days_before(tale: Tale) -> None:
    tale.begins()
    tale.talk.later(days=3)
    tale.applies()
    tale.claims()
    assert tale.decides() is State.CREDITED
    tale.credited()


@story
def registered_with_two_digits_swapped(tale: Tale) -> None:
    tale.begins(SLIPPED)
    tale.talk.later(days=1)
    tale.applies()
    tale.claims()
    assert tale.decides() is State.CREDITED
    tale.credited()


@by_day
@story
def the_bank_swapped_two_digits(tale: Tale) -> None:
    tale.registers()
    tale.talk.later(days=1)
    tale.applies(SLIPPED)
    tale.claims()
    tale.waits()
    tale.stands(State.ASKED)
    tale.taps_sms()
    assert tale.decides() is State.CREDITED
    tale.credited()


@story
def registered_too_long_before(tale: Tale) -> None:
    tale.registers()
    tale.talk.later(days=40)
    tale.applies()
    tale.claims()
    tale.waits()
    tale.taps_sms()
    assert tale.decides() is State.CREDITED
    tale.credited()


@story
def older_than_the_window(tale: Tale) -> None:
    tale.applies()
    tale.talk.later(days=60)
    tale.claims(how="in_branch", when="earlier")
    assert tale.decides(MEI) is State.SECOND_PERSON
    assert tale.decides(CHEN) is State.CREDITED
    tale.credited()


@by_day
@story
def two_members_claim_one_friend(tale: Tale) -> None:
    tale.applies()
    tale.claims(how="in_branch")
    tale.other_claims()
    assert tale.decides(MEI) is State.SECOND_PERSON
    with pytest.raises(Refusal, match=r"claim\.second"):
        tale.decides(MEI)
    assert tale.decides(CHEN) is State.CREDITED
    tale.credited()


@story
def recorded_evidence_beats_the_first_to_claim(tale: Tale) -> None:
    tale.begins()
    tale.talk.later(hours=1)
    tale.registers()
    tale.other_claims()
    tale.applies()
    tale.claims()
    tale.credited()


def _person_refuses(reason: Reason) -> Story:
    def told(tale: Tale) -> None:
        tale.applies()
        tale.claims(how="in_branch")
        assert tale.decides(credit=False, reason=reason) is State.REFUSED
        tale.alice.says("/claim").taps("button.claims")
        tale.alice.sees_not("claims.outcome.not_eligible")
        tale.waits()
        tale.refused(reason)

    return told


for each in BY_PEOPLE:
    STORIES[f"a_person_refuses_{each.value}"] = _person_refuses(each)


# registered under Alice's invite, and still nothing to credit


@story
def registered_and_declined(tale: Tale) -> None:
    tale.registers()
    tale.applies()
    tale.talk.bank("application.declined", application_id="A7")
    tale.claims()
    tale.waits()
    tale.refused(Reason.DECLINED)


@story
def registered_and_never_applied(tale: Tale) -> None:
    tale.registers()
    tale.claims()
    tale.waits()
    tale.refused(Reason.NO_APPLICATION)


@story
def registered_and_a_customer_before(tale: Tale) -> None:
    tale.registers()
    tale.applies(existing_customer=True)
    tale.claims()
    tale.waits()
    tale.refused(Reason.EXISTING)


# not even filed


@story
def ones_own_number(tale: Tale) -> None:
    tale.alice.says("/claim").says(ALICE).sees("error.claim.own")


@story
def the_same_friend_twice(tale: Tale) -> None:
    number = tale.claims()
    assert number == tale.claims()


@story
def more_than_a_month_allows(tale: Tale) -> None:
    for n in range(5):
        tale.claims(f"1390013905{n}")
    tale.alice.says("/claim").says("13900139055").taps("claim.when.earlier")
    tale.alice.taps("claim.how.late").taps("button.no_picture").taps("button.file_claim")
    tale.alice.sees(tale.alice.words("error.claim.limit_month", most=5))
    tale.talk.later(days=28)
    tale.claims("13900139055")


@story
def a_receipt_of_another_members_invite(tale: Tale) -> None:
    _, receipt = tale.visits(tale.invite_of())
    tale.alice.says("/claim").says(receipt).taps("claim.when.earlier").taps("claim.how.late")
    tale.alice.taps("button.no_picture").taps("button.file_claim").sees("error.receipt.unknown")


@story
def a_code_nobody_registered_under(tale: Tale) -> None:
    tale.alice.says("/claim").says(tale.talk.story.code).taps("claim.when.earlier")
    tale.alice.taps("claim.how.late").taps("button.no_picture").taps("button.file_claim")
    tale.alice.sees("error.claim.code")


LOCALES = list(Locale)


def _stories() -> list[object]:
    assert len(STORIES) >= 40
    return [
        pytest.param(name, id=name, marks=() if name in BY_DAY else pytest.mark.nightly)
        for name in STORIES
    ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", _stories())
def test_a_claim_is_told_to_its_end(database: Database, now: datetime, name: str) -> None:
    locale = LOCALES[list(STORIES).index(name) % len(LOCALES)]
    STORIES[name](Tale(Talk(database, now), locale))


@pytest.mark.nightly
def test_above_the_branch_limit_the_friends_word_is_not_enough(
    database: Database, now: datetime
) -> None:
    rules = (SAMPLE / "campaign.yaml").read_text(encoding="utf-8")
    tale = Tale(Talk(database, now, rules.replace("branch_limit: ¥200", "branch_limit: ¥50")))
    tale.applies()
    _confirmed_then(tale)
    tale.stands(State.WITH_PERSON)
    with pytest.raises(Refusal, match=r"claim\.authority"):
        tale.decides(MEI)
    assert tale.decides(CHEN) is State.CREDITED
    tale.credited()
