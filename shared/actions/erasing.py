"""Erasing: what is kept of a person goes on their own word, in one transaction.

The key that opens their name and number is destroyed; what was said by or about them is emptied
wherever it rests. Internal ids, amounts and the ledger stay and name nobody.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from shared.applications.facts import forget_number_in_facts
from shared.base.errors import Refusal
from shared.claims.claims import OPEN as OPEN_CLAIMS
from shared.claims.claims import Claim
from shared.claims.notes import empty_notes, empty_notes_of
from shared.claims.pictures import forget_pictures, forget_pictures_of
from shared.people import consents
from shared.people.chats import BindingToken, Chat, Dialogue, Proof, leave
from shared.people.codes import OneTimeCode
from shared.people.erasures import note_erasure
from shared.people.members import Member, get_member, person_of
from shared.people.persons import Person, by_phone, erase, phone_blind, phone_of
from shared.post import inbox, outbox
from shared.post.audit import record
from shared.referrals.referrals import Invite, Referral, Registration, Visit
from shared.rewards.payouts import Line, LineState
from shared.rewards.remedies import Remedy
from shared.risk.accounts import forget_accounts_of
from shared.risk.case_steps import CaseStep
from shared.risk.cases import UNDECIDED, Case, CaseReferral
from shared.risk.traces import forget_traces_of


def erase_member(session: Session, chat: Chat, now: datetime) -> None:
    """Erase the chat's member, and the friend that the same number once was.

    Refusals `binding.needed`, `privacy.proof` (a contact alone does not erase).
    """
    if chat.member_id is None:
        raise Refusal("binding.needed")
    if chat.proof < Proof.FULL:
        raise Refusal("privacy.proof")
    person = person_of(session, get_member(session, chat.member_id))
    actor = f"member:{chat.member_id}"
    number = phone_of(session, person)
    friends = friends_of_number(session, number) if number else []
    for each in (person, *friends):
        erase_person(session, each, actor, now)


def friends_of_number(session: Session, e164: str) -> list[Person]:
    """Those known under a number because somebody registered with it."""
    known = {person.id: person for person in by_phone(session, e164)}
    registered = set(
        session.scalars(select(Registration.person_id).where(Registration.person_id.in_(known)))
    )
    return [person for number, person in known.items() if number in registered]


def erase_number(session: Session, e164: str, now: datetime) -> int:
    """Erase the friend who proved this number; how many registrations' people that was."""
    friends = friends_of_number(session, e164)
    for friend in friends:
        erase_person(session, friend, f"friend:{friend.id}", now)
    return len(friends)


def erase_person(
    session: Session, person: Person, actor: str, now: datetime, *, own_word: bool = True
) -> None:
    """Destroy what is kept of one person, whatever they are to us; note that it was done.

    `actor`: on whose word; not `own_word`: a term is over, and what somebody else with the same
    number waits for stays. Somebody who is erased already stays so.
    """
    if person.erased_at is not None:
        return
    note_erasure(session, person, now)
    member = session.scalar(select(Member).where(Member.person_id == person.id))
    if member is not None:
        _forget_member(session, member, now)
    _forget_friend(session, person, now)
    number = phone_of(session, person)
    shared = len(by_phone(session, number)) > 1 if number else False
    if number and (own_word or not shared):
        _forget_number(session, number, now, shared=shared)
    for purpose in consents.Purpose:
        if purpose is not consents.Purpose.ADULT:  # a declaration, not a consent
            consents.withdraw(session, purpose, now, person_id=person.id)
    erase(person, now)
    session.flush()
    forget_notes(session)
    act = "privacy.erased" if own_word else "privacy.expired"
    record(session, actor, act, f"person:{person.id}", now)
    session.flush()


def _forget_member(session: Session, member: Member, now: datetime) -> None:
    member.show_name = member.on_leaderboard = member.pushes = False
    member.segment = member.region = member.card_products = ""
    mine = {"synchronize_session": "fetch"}
    for statement in (
        update(Invite).where(Invite.member_id == member.id).values(greeting=None),
        update(Referral).where(Referral.member_id == member.id).values(nickname=None),
        update(Claim)
        .where(Claim.member_id == member.id, Claim.state.not_in(OPEN_CLAIMS))
        .values(last_four=""),
        delete(BindingToken).where(BindingToken.member_id == member.id),
    ):
        session.execute(statement, execution_options=mine)
    forget_pictures_of(session, member.person_id)
    empty_notes_of(session, member.person_id)
    _forget_words_on_money(session, {f"member:{member.id}"})
    forget_accounts_of(session, customers=[member.customer_ref])
    for chat in session.scalars(select(Chat).where(Chat.member_id == member.id)).all():
        forget_chat(session, chat, now)


def forget_chat(session: Session, chat: Chat, now: datetime) -> None:
    """What was said in a chat goes, and whom it spoke for. The answer now being given stays."""
    consents.withdraw(session, consents.Purpose.CHAT, now, chat_id=chat.id)
    session.execute(delete(Dialogue).where(Dialogue.chat_id == chat.id))
    outbox.forget_chat(session, chat.id, now)
    inbox.forget_owner(session, f"{chat.channel}:{chat.address}")
    leave(chat, now)


def _forget_friend(session: Session, person: Person, now: datetime) -> None:
    registrations = session.scalars(
        select(Registration).where(Registration.person_id == person.id)
    ).all()
    visits = {each.visit_id for each in registrations if each.visit_id is not None}
    _forget_visits(session, visits)
    forget_traces_of(session, [each.id for each in registrations])
    for registration in registrations:
        registration.phone_blind, registration.erased_at = None, now
    parties, inviters = set(), set()
    mine = session.scalars(select(Referral).where(Referral.person_id == person.id)).all()
    forget_accounts_of(session, referrals=[each.id for each in mine])
    for referral in mine:
        referral.nickname = None
        parties.add(f"friend:{referral.id}")
        inviters.add(referral.member_id)
    _forget_words_on_money(session, parties)
    chats = session.scalars(select(Chat.id).where(Chat.member_id.in_(inviters))).all()
    outbox.forget_sent(session, chats)  # by nickname or masked name


def _forget_visits(session: Session, visit_ids: Collection[int]) -> None:
    """Every opening by the same browsers is a visit of nobody in particular now."""
    devices = session.scalars(select(Visit.device).where(Visit.id.in_(visit_ids))).all()
    known = [device for device in devices if device is not None]
    theirs = Visit.id.in_(visit_ids) | Visit.device.in_(known)
    session.execute(update(Visit).where(theirs).values(device=None, utm=None, site=None))


def _forget_words_on_money(session: Session, parties: Collection[str]) -> None:
    """Staff's reasons and the bank's, in words; what was paid and when is the ledger's."""
    failed = Line.state == LineState.FAILED.value
    session.execute(update(Line).where(Line.party.in_(parties), failed).values(reason=""))
    session.execute(update(Remedy).where(Remedy.party.in_(parties)).values(reason=""))


def _forget_number(session: Session, number: str, now: datetime, *, shared: bool) -> None:
    """Messages and codes to a number, the bank's letters that name it, and claims about it.

    Facts keep what they told; by which number they were matched is forgotten unless somebody
    else has it too.
    """
    blind = phone_blind(session, number)
    if not shared:
        forget_number_in_facts(session, blind)
    outbox.forget_number(session, number, now)
    session.execute(delete(OneTimeCode).where(OneTimeCode.phone_blind == blind))
    inbox.forget_owner(session, number)
    about = Claim.phone_blind == blind, Claim.state.not_in(OPEN_CLAIMS)
    theirs = session.scalars(select(Claim.id).where(*about)).all()
    forget_pictures(session, theirs)  # a picture of a chat shows the friend's side of it, too
    empty_notes(session, theirs)
    session.execute(
        update(Claim).where(Claim.id.in_(theirs)).values(last_four="", phone_blind="", slips=None)
    )


def forget_notes(session: Session) -> int:
    """Empty what people wrote in decided cases about somebody who is erased; how many notes."""
    members = select(Member.id).join(Person, Person.id == Member.person_id)
    gone = members.where(Person.erased_at.is_not(None))
    friends = select(Referral.id).join(Person, Person.id == Referral.person_id)
    theirs = select(CaseReferral.case_id).where(
        or_(
            CaseReferral.referral_id.in_(friends.where(Person.erased_at.is_not(None))),
            CaseReferral.member_id.in_(gone),
        )
    )
    cases = select(Case.id).where(Case.state.not_in(UNDECIDED))
    cases = cases.where(or_(Case.id.in_(theirs), Case.member_id.in_(gone)))
    emptied = session.execute(
        update(CaseStep)
        .where(CaseStep.note.is_not(None), CaseStep.case_id.in_(cases))
        .values(note=None)
    )
    return int(emptied.rowcount)  # type: ignore[attr-defined]
