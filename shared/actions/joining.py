"""Joining: a chat agrees, proves whose it is, and says how it likes to be spoken to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from shared.base.errors import Refusal
from shared.base.i18n import Locale, text
from shared.base.privacy import mask_phone
from shared.people import consents
from shared.people.chats import (
    Chat,
    Proof,
    bind,
    language_of,
    speaks,
    use_binding_token,
)
from shared.people.codes import CodeUse, check_code, new_one_time_code
from shared.people.consents import Purpose
from shared.people.members import (
    Member,
    MemberStatus,
    get_member,
    members_by_phone,
    person_of,
)
from shared.people.persons import Person, phone_of
from shared.people.phone import read_phone
from shared.post.audit import record
from shared.post.outbox import Channel, Urgency, send_later


@dataclass(frozen=True)
class Bound:
    """A chat now speaks for a member; `replaced` is the chat that did before, told by notice."""

    member_id: int
    replaced: Chat | None


class Choice(StrEnum):
    """What a member switches on or off for themselves."""

    SHOW_NAME = "show_name"
    LEADERBOARD = "leaderboard"
    PUSHES = "pushes"


_COLUMN = {
    Choice.SHOW_NAME: "show_name",
    Choice.LEADERBOARD: "on_leaderboard",
    Choice.PUSHES: "pushes",
}


def agree(session: Session, chat: Chat, locale: Locale, now: datetime) -> None:
    """The chat's owner agrees to what the start says about messages and servers."""
    consents.give(
        session, Purpose.CHAT, now, locale=locale.value, source=chat.channel, chat_id=chat.id
    )


def has_agreed(session: Session, chat: Chat) -> bool:
    """Whether the chat's consent stands."""
    return consents.holds(session, Purpose.CHAT, chat_id=chat.id)


def language(session: Session, chat: Chat) -> Locale:
    """The language of a chat: chosen, else the channel's, else the member's row."""
    spoken = None
    if chat.member_id is not None and not speaks(chat):
        member = session.get(Member, chat.member_id)
        person = session.get(Person, member.person_id) if member else None
        spoken = person.locale if person else None
    return language_of(chat, spoken)


def choose_language(session: Session, chat: Chat, locale: Locale) -> None:
    """The person's own choice wins over every guess."""
    chat.language = locale.value
    session.flush()


def bind_by_contact(session: Session, chat: Chat, phone: str, now: datetime) -> Bound:
    """Bind by the sender's own contact: opens invites and progress, no more.

    Refusals: `phone.…`, `binding.unknown` (no member has this number), `binding.several`.
    """
    _need_consent(session, chat)
    e164 = read_phone(phone if phone.startswith("+") else f"+{phone}")
    members = [m for m in members_by_phone(session, e164) if m.status != MemberStatus.CLOSED]
    if not members:
        raise Refusal("binding.unknown")
    if len(members) > 1:
        raise Refusal("binding.several")
    return _bind(session, chat, members[0].id, Proof.CONTACT, now)


def bind_by_token(session: Session, chat: Chat, token: str, now: datetime) -> Bound:
    """Bind by the branch's one-use QR: opens everything. Refusal `binding.token`."""
    _need_consent(session, chat)
    return _bind(session, chat, use_binding_token(session, token, now), Proof.FULL, now)


def _need_consent(session: Session, chat: Chat) -> None:
    if not has_agreed(session, chat):
        raise Refusal("binding.consent")


def _bind(session: Session, chat: Chat, member_id: int, proof: Proof, now: datetime) -> Bound:
    member = session.get(Member, member_id, with_for_update=True)  # of two chats one is the newest
    closed = member is None or member.status == MemberStatus.CLOSED
    if member is None or closed or person_of(session, member).erased_at is not None:
        raise Refusal("binding.token" if proof is Proof.FULL else "binding.unknown")
    replaced = bind(session, chat, member_id, proof, now)
    record(session, f"chat:{chat.id}", "chat.bound", f"member:{member_id}", now, proof=proof.name)
    if replaced is not None:
        send_later(
            session,
            Channel(replaced.channel),
            {"notice": "chat.replaced", "params": {}},
            now,
            chat_id=replaced.id,
        )
    return Bound(member_id, replaced)


def send_chat_code(session: Session, chat: Chat, now: datetime) -> str:
    """Send a code to the bound member's number; the masked number it went to.

    Refusals: `binding.needed`, `binding.no_phone`, `code.wait` (seconds), `code.too_many`.
    """
    if chat.member_id is None:
        raise Refusal("binding.needed")
    person = person_of(session, get_member(session, chat.member_id))
    phone = phone_of(session, person)
    if not phone or person.phone_blind is None:
        raise Refusal("binding.no_phone")
    code = new_one_time_code(session, CodeUse.CHAT, chat.id, person.phone_blind, now)
    words = text(language(session, chat), "sms.chat_code", code=code)
    send_later(session, Channel.SMS, {"to": phone, "text": words}, now, urgency=Urgency.ANSWER)
    return mask_phone(phone)


def check_chat_code(session: Session, chat: Chat, typed: str, now: datetime) -> bool:
    """Whether the code was right; then the chat's proof is full. Refusal `code.expired`."""
    if chat.member_id is None:
        raise Refusal("binding.needed")
    person = person_of(session, get_member(session, chat.member_id))
    sent_to = check_code(session, CodeUse.CHAT, chat.id, typed, now)
    if not sent_to:
        return False
    if sent_to != person.phone_blind:
        raise Refusal("code.expired")
    chat.proof = Proof.FULL
    record(session, f"chat:{chat.id}", "chat.proven", f"member:{chat.member_id}", now)
    return True


def set_choice(session: Session, member_id: int, choice: Choice, on: bool, now: datetime) -> None:
    """Switch one of the member's own choices."""
    setattr(get_member(session, member_id), _COLUMN[choice], on)
    record(
        session, f"member:{member_id}", "member.choice", f"member:{member_id}", now,
        choice=choice.value, on=on,
    )  # fmt: skip


def choices(session: Session, member_id: int) -> dict[Choice, bool]:
    """What the member has switched on."""
    member = get_member(session, member_id)
    return {choice: bool(getattr(member, column)) for choice, column in _COLUMN.items()}
