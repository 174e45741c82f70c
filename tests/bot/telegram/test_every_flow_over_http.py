"""Every flow in three languages over HTTP alone, every call held against the specification.

The bot is the real program with its real conversation and database; the other end is the
stand-in. A worker works by hand in between, as in the story of the domain.
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zxingcpp
from bot_running import running_bot
from PIL import Image
from sqlalchemy import select
from story import ALICE, BOB, Story, spends
from telegram_stand_in import Phone, Shown, StandIn, eventually

from bot.flows.commands import COMMANDS
from bot.flows.help import Topic
from bot.flows.taps import Verb
from shared.base.database import Database
from shared.base.i18n import Locale, catalogue, text
from shared.base.settings import Settings
from shared.claims.claims import How, When
from shared.claims.pictures import ClaimPicture, PictureState
from shared.people.chats import new_binding_token
from shared.people.members import member_by_ref

TAGS = {Locale.ZH_HANS: "zh-hans", Locale.ZH_HANT: "zh-hant", Locale.EN: "en"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """By day each flow is walked in one language, which its name draws; by night in all three."""
    today = list(Locale)[zlib.crc32(metafunc.function.__name__.encode()) % len(Locale)]
    others = [pytest.param(each, marks=pytest.mark.nightly) for each in Locale if each != today]
    metafunc.parametrize("locale", [today, *others])


class Reader:
    """A person who reads one language and finds words and buttons by their keys."""

    def __init__(self, phone: Phone, locale: Locale) -> None:
        self.phone, self.locale = phone, locale
        self.since = 0

    def words(self, key: str) -> str:
        """The longest stretch of a text that no placeholder breaks."""
        whole = catalogue(self.locale)[key]
        pieces = (whole if isinstance(whole, str) else whole[0]).replace("}", "{").split("{")
        plain = max(pieces[::2], key=len)
        for tag in ("<b>", "</b>", "<i>", "</i>", "<code>", "</code>"):
            plain = plain.replace(tag, "\n")
        return max(plain.split("\n"), key=len)

    def says(self, words: str, *keys: str) -> Shown:
        """Types something; what answers holds the words of these keys."""
        self.acts()
        self.phone.says(words)
        return self.sees(*keys)

    def taps(self, label: str, *keys: str) -> Shown:
        """Taps the newest button with this key's label."""
        self.acts()
        before = len(self.phone.toasts)
        self.phone.taps(text(self.locale, label))
        shown = self.sees(*keys)
        eventually(lambda: len(self.phone.toasts) > before, "the tap to be answered")
        return shown

    def sees(self, *keys: str) -> Shown:
        """Since the last act each of these appeared; the message of the last one."""
        shown = None
        for key in keys:
            shown = self.phone.sees(self.words(key), since=self.since)
        assert shown is not None
        return shown

    def acts(self) -> None:
        """From now on only what is new is seen."""
        self.since = self.phone.stand_in.next_id()


class MovingStory(Story):
    """The story whose passing days the bot's clock sees too."""

    clock_file: Path

    def later(self, **time: float) -> None:
        super().later(**time)
        ahead = self.now - datetime.now(UTC)
        self.clock_file.write_text(str(ahead.total_seconds()), encoding="ascii")


@pytest.fixture
def story(database: Database, bot_settings: Settings) -> Story:
    told = MovingStory(database, datetime.now(UTC))
    assert bot_settings.clock_file is not None
    told.clock_file = bot_settings.clock_file
    return told


@pytest.fixture
def running(bot_settings: Settings, story: Story) -> Iterator[None]:
    with running_bot(bot_settings):
        yield


@pytest.fixture
def alice(telegram: StandIn, story: Story, running: None, locale: Locale) -> Reader:
    """Alice at a new phone, bound by her own contact."""
    reader = Reader(telegram.phone("Alice", TAGS[locale], ALICE), locale)
    reader.says("/start", "start.consent.telegram")
    reader.taps("button.agree", "start.agreed", "start.contact")
    asked = reader.phone.messages[-1]
    assert asked.keyboard["keyboard"][0][0]["request_contact"] is True
    reader.phone.shares_contact()
    assert reader.sees("start.bound_replaced").keyboard["remove_keyboard"] is True
    reader.sees("start.home")
    reader.acts()
    return reader


def prove(reader: Reader, story: Story) -> None:
    """The question for a code, and its answer."""
    reader.sees("prove.why")
    reader.taps("button.send_code", "prove.sent")
    wrong = "000000" if story.last_code() != "000000" else "111111"
    reader.says(wrong, "prove.wrong")
    reader.says(story.last_code(), "prove.right")


def test_declining_typing_and_foreign_contacts_are_answered(
    telegram: StandIn, story: Story, running: None, locale: Locale
) -> None:
    alice = Reader(telegram.phone("Alice", TAGS[locale], ALICE), locale)
    alice.says("/start", "start.consent.telegram")
    alice.taps("button.decline", "start.declined")
    alice.taps("button.look_again", "start.consent.telegram")
    alice.taps("button.agree", "start.contact")
    alice.says("13800138001", "start.contact_not_typed")
    alice.phone.sends(contact={"phone_number": "1", "first_name": "M", "user_id": 1})
    alice.sees("start.contact_foreign")
    alice.phone.sends(contact={"phone_number": BOB, "first_name": "B", "user_id": alice.phone.id})
    alice.sees("error.binding.unknown")
    alice.phone.shares_contact()
    alice.sees("start.home")


def test_a_friend_and_a_branch_token_come_in_by_start(
    telegram: StandIn, story: Story, running: None, database: Database, locale: Locale
) -> None:
    bob = Reader(telegram.phone("Bob", TAGS[locale]), locale)
    shown = bob.says(f"/start i_{story.code}", "friend.costs")
    assert story.code in shown.buttons[0]["url"]
    bob.says("/start i_K7Q2M9XX", "friend.malformed")
    with database.transaction() as session:
        member = member_by_ref(session, "C100002")
        assert member is not None
        token = new_binding_token(session, member.id, None, datetime.now(UTC))
    wang = Reader(telegram.phone("Wang", TAGS[locale]), locale)
    wang.says(f"/start b_{token}", "start.consent.telegram")
    wang.taps("button.agree", "start.bound_full")
    wang.says(f"/start b_{token}", "error.binding.token")


def test_the_invite_is_a_picture_a_text_to_forward_a_poster_and_a_share(
    alice: Reader, story: Story, telegram: StandIn, locale: Locale
) -> None:
    shown = alice.says("/invite", "invite.how")
    assert shown.photo is not None
    link = next(b for b in shown.buttons if "copy_text" in b)["copy_text"]["text"]
    assert read_code(shown.photo) == link
    assert link.endswith(f"/i/{story.code}")
    assert link in alice.sees("invite.forward").words
    alice.taps("button.poster", "poster.caption")
    poster = alice.sees("poster.caption").photo
    assert poster is not None
    assert read_code(poster).startswith(link)
    alice.phone.types_inline(story.code)
    (share,) = eventually(lambda: list(alice.phone.shares), "the results")
    assert len(json.loads(share["results"])) == 2
    assert story.code in share["results"]
    stranger = telegram.phone("Chen", TAGS[locale])
    stranger.types_inline("")
    hint = eventually(lambda: list(stranger.shares), "the hint")[0]
    assert json.loads(hint["button"])["text"] == text(locale, "share.unbound")


def read_code(png: bytes) -> str:
    """What an independent reader reads."""
    with Image.open(io.BytesIO(png)) as picture:
        (code,) = zxingcpp.read_barcodes(picture.convert("L"))
    return str(code.text)


def test_progress_is_followed_from_registration_to_reward(
    alice: Reader, story: Story, locale: Locale
) -> None:
    first = alice.says("/progress", "progress.nobody")
    story.registers(progress=True)
    story.work()
    alice.sees("notice.friend.registered")
    shown = alice.taps("button.refresh", "progress.state.registered", "progress.updated")
    assert shown is first
    spends(story)
    alice.sees("notice.friend.step.approved", "notice.friend.step.activated")
    card = alice.sees("notice.reward.pending", "notice.step.reached").photo
    assert card is not None
    assert Image.open(io.BytesIO(card)).size == (1080, 1350)
    alice.says("/progress", "progress.state.earned.until", "progress.next_release")
    alice.taps("button.rewards", "statement.title", "progress.totals")
    alice.taps("button.pdf", "prove.why")
    prove(alice, story)
    file = alice.sees("statement.pdf.asked").document
    assert file is not None
    assert file.startswith(b"%PDF-")
    alice.says("/progress", "progress.totals")
    alice.taps("button.nickname", "nickname.name")
    alice.says("Bobby", "nickname.kept")
    assert "Bobby" in alice.sees("progress.totals").words
    alice.says("/leaderboard", "leaderboard.not_joined")
    alice.taps("button.leaderboard_join", "leaderboard.my_place")
    alice.taps("button.leaderboard_leave", "leaderboard.not_joined")


def test_a_claim_is_made_by_taps_and_its_status_read(
    alice: Reader, story: Story, locale: Locale
) -> None:
    alice.says("/claim", "prove.why")
    prove(alice, story)
    alice.sees("claim.who")
    alice.says("12", "claim.only_tail")
    alice.phone.sends(sticker=sticker())
    alice.sees("unknown.other_asked")
    alice.says("139 0013 9123", "claim.when")
    alice.taps(f"claim.when.{next(iter(When))}", "claim.how")
    alice.taps(f"claim.how.{next(iter(How))}", "claim.picture")
    alice.taps("button.no_picture", "claim.confirm")
    alice.taps("button.claim_again", "claim.who")
    alice.says(show(story.code), "claim.when")
    alice.says("/cancel", "cancel.done")
    alice.says("/claim", "claim.who")
    alice.says(ALICE, "error.claim.own")
    alice.says("+86 139 0013 9123", "claim.when")
    alice.taps(f"claim.when.{list(When)[-1]}", "claim.how")
    alice.taps(f"claim.how.{list(How)[-1]}", "claim.picture")
    alice.acts()
    alice.phone.sends_document(b"%PDF-1.7", "receipt.pdf", "application/pdf")
    alice.sees("claim.picture.other")
    alice.phone.sends_photo(screenshot())
    alice.sees("claim.confirm")
    filed = alice.taps("button.file_claim", "claim.filed")
    alice.phone.presses(filed, f"1:{Verb.CLAIM_FILE}:00000000")
    alice.sees("claim.over")
    alice.taps("button.claims", "claims.title")
    eventually(lambda: pictures(story) == [PictureState.KEPT], "the picture")


def screenshot() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 90), "teal").save(out, "PNG")
    return out.getvalue()


def pictures(story: Story) -> list[str]:
    with story.database.reading() as session:
        return list(session.scalars(select(ClaimPicture.state)))


def show(code: str) -> str:
    return f"{code[:4]}-{code[4:]}"


def sticker() -> dict[str, object]:
    return {
        "file_id": "s",
        "file_unique_id": "u",
        "type": "regular",
        "width": 1,
        "height": 1,
        "is_animated": False,
        "is_video": False,
    }


def test_help_answers_every_question(alice: Reader, locale: Locale) -> None:
    alice.says("/help", "help.ask")
    for topic in Topic:
        alice.taps(f"faq.{topic}.question", "faq.title")
        alice.taps("button.help_back", "help.ask")


def test_settings_are_turned_over_and_the_chat_unlinked(
    alice: Reader, story: Story, locale: Locale
) -> None:
    alice.says("/settings", "settings.title")
    for choice in ("show_name", "leaderboard"):
        alice.taps(f"button.{choice}.on", "settings.title")
        alice.taps(f"button.{choice}.off", "settings.title")
    alice.taps("button.pushes.off", "settings.title")
    alice.taps("button.pushes.on", "settings.title")
    alice.taps("button.greeting", "greeting.ask")
    alice.says("国家级最佳", "error.greeting.words")
    alice.says("Hello <b>you</b> & me", "greeting.kept")
    alice.says("/settings", "settings.title")
    alice.taps("button.greeting", "greeting.now")
    alice.taps("button.clear_greeting", "greeting.cleared")
    alice.says("/settings", "settings.title")
    alice.taps("button.unbind", "settings.unbind.ask")
    alice.taps("button.unbind_yes", "settings.unbind.done")
    alice.taps("button.bind_again", "start.contact")


def test_the_language_is_chosen_and_the_menu_follows(
    alice: Reader, telegram: StandIn, locale: Locale
) -> None:
    other = Locale.EN if locale is not Locale.EN else Locale.ZH_HANT
    alice.says("/language", "language.choose")
    alice.phone.taps(text(other, "language.own_name"))
    Reader(alice.phone, other).sees("language.chosen")
    Reader(alice.phone, other).says("/help", "help.ask")

    def menu() -> bool:
        own = [
            c
            for c in telegram.of("setMyCommands", "deleteMyCommands")
            if str(alice.phone.id) in c.params.get("scope", "")
        ]
        if not own:
            return False
        shown = json.loads(own[-1].params.get("commands", "[]"))
        return text(other, COMMANDS[1].key) in [command["description"] for command in shown]

    eventually(menu, "the chat's own menu")


def test_privacy_shows_exports_withdraws_and_erases(
    alice: Reader, story: Story, locale: Locale
) -> None:
    alice.says("/privacy", "privacy.bound_contact")
    alice.taps("button.export", "prove.why")
    prove(alice, story)
    exported = alice.sees("privacy.exported")
    assert exported.document is not None
    assert ALICE in exported.document.decode()
    alice.says("/privacy", "privacy.kept")
    alice.taps("button.withdraw", "privacy.withdraw_ask")
    alice.taps("button.privacy", "privacy.kept")
    alice.taps("button.erase", "privacy.erase_ask")
    alice.taps("button.keep", "cancel.done")
    alice.says("/privacy", "privacy.kept")
    alice.taps("button.erase", "privacy.erase_ask")
    alice.taps("button.erase_yes", "privacy.erased")
    alice.says("/progress", "start.consent.telegram")


def test_consent_can_be_withdrawn_and_the_old_chat_hears_of_the_new(
    alice: Reader, telegram: StandIn, story: Story, locale: Locale
) -> None:
    second = Reader(telegram.phone("Alice", TAGS[locale], ALICE), locale)
    second.says("/start", "start.consent.telegram")
    second.taps("button.agree", "start.contact")
    second.phone.shares_contact()
    second.sees("start.bound_replaced")
    alice.sees("notice.chat.replaced")
    second.says("/privacy", "privacy.bound_contact")
    second.taps("button.withdraw", "privacy.withdraw_ask")
    second.taps("button.withdraw_yes", "privacy.withdrawn")


def test_nonsense_old_buttons_stickers_and_groups_are_answered(
    alice: Reader, telegram: StandIn, locale: Locale
) -> None:
    alice.says("qwertz uiop", "unknown.text")
    alice.says("/nonsense", "unknown.command")
    alice.says("x" * 4000, "unknown.long")
    alice.phone.sends(sticker=sticker())
    alice.sees("unknown.other")
    home = alice.says("/start", "start.home")
    for data in ("0:old:button", "1:open:nowhere", "garbage", "1:page:-3"):
        alice.acts()
        alice.phone.presses(home, data)
        alice.sees("old_keyboard")
    alice.acts()
    alice.phone.presses(home, "1:open:progress")
    alice.phone.presses(home, "1:open:progress")
    alice.sees("progress.nobody")
    alice.phone.sends(
        chat={"id": -4000, "type": "group", "title": "G"}, text="/progress@jianka_test_bot"
    )

    def in_group() -> list[str]:
        return [c.words for c in telegram.of("sendMessage") if c.params["chat_id"] == "-4000"]

    assert alice.words("group.private") in eventually(in_group, "the group's answer")[0]
