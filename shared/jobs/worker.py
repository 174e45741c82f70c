"""`jianka worker`: hears the bank, settles, sends SMS, answers the desk, keeps house.

Any number of workers may run. Whoever holds the settling lease hears and settles; the others
stand by and take over within seconds when it dies. SMS, the desk's long
questions, claims and housekeeping are everybody's.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from sqlalchemy import select

from shared.actions.assessing import look_waiting
from shared.actions.hearing import hear_waiting
from shared.actions.housekeeping import keep_house
from shared.actions.inviting import withdraw_greetings
from shared.actions.matching import look_at_registrations
from shared.base import lease
from shared.base.clock import Clock, system_clock
from shared.base.database import Database
from shared.base.lease import LostLease
from shared.base.log import configure_logs, log
from shared.base.settings import Settings
from shared.jobs.claims import claims_turn
from shared.jobs.erasures import ErasureFile, replay_erasures
from shared.jobs.inquiries import inquiry_turn
from shared.jobs.opening import opened
from shared.jobs.second_hand import SecondHand
from shared.jobs.sms import send_waiting
from shared.migrations.upgrade import register_masters
from shared.post import audit_chain, inbox, outbox
from shared.post.outbox import Channel
from shared.post.sms import SendSms, sms_driver
from shared.referrals.referrals import Registration
from shared.rewards import queue
from shared.rewards.settle import DUTY
from shared.risk.looks import Look

LOOK_EVERY = 0.1
"""Seconds between looks at an idle database: a push goes out well within two."""
RENEW_EVERY = 0.5
"""Seconds; several times within the lease's term."""
INQUIRE_EVERY = 0.5
CLAIMS_EVERY = 1.0
CHECK_AT_LEAST_EVERY = 2.0
"""Seconds between turns of the risk checks while settling is busy."""
HOUSE_EVERY = 60.0
AFTER_A_FAILURE = 1.0

_logger = log("worker")


@dataclass
class Lead:
    """This process's hold on the settling lease, on real time."""

    database: Database
    holder: str
    clock: Clock = system_clock
    held: bool = False
    _asked: float = field(default=-RENEW_EVERY, init=False)
    _looked: float = field(default_factory=monotonic, init=False)

    def ask(self) -> bool:
        """Whether this process leads; asks the database now and then, to stay or become so."""
        if monotonic() - self._asked >= RENEW_EVERY:
            with self.database.transaction() as session:
                held = lease.take(session, DUTY, self.holder, self.clock())
            if held != self.held:
                _logger.info("lease.taken" if held else "lease.lost", holder=self.holder)
            self.held, self._asked = held, monotonic()
        return self.held

    def looks_now(self, busy: bool) -> bool:
        """Whether it is the risk checks' turn: when there is nothing else to do, and now and then
        when there is. Nothing is paid before it was looked at, so they never hurry."""
        if busy and monotonic() - self._looked < CHECK_AT_LEAST_EVERY:
            return False
        self._looked = monotonic()
        return True

    def lost(self) -> None:
        """Another process leads now; ask again after a while."""
        self.held, self._asked = False, monotonic()

    def give_up(self) -> None:
        """Let a standby take over at once."""
        if self.held:
            with self.database.transaction() as session:
                lease.give_up(session, DUTY, self.holder, self.clock())
            self.held = False


def new_holder() -> str:
    """A name that no other process ever had."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"


def settle_turn(database: Database, lead: Lead, clock: Clock, hand: SecondHand) -> bool:
    """Hear, settle and check once, when this process leads; whether there was anything to do.
    `hand`: settles beside it while many wait."""
    hand.rest()
    if not lead.ask():
        return False
    now = clock()
    with database.reading() as session:
        events = session.scalar(
            select(inbox.Inbox.id)
            .where(
                inbox.Inbox.kind == "bank",
                inbox.Inbox.done_at.is_(None),
                inbox.Inbox.set_aside_at.is_(None),
            )
            .limit(1)
        )
        registrations = session.scalar(
            select(Registration.id)
            .where(Registration.proven_at.is_not(None), Registration.looked_at.is_(None))
            .limit(1)
        )
        members = queue.due_tasks(session, now, 1)
        looks = session.scalar(select(Look.referral_id).where(Look.due_at <= now).limit(1))
    try:
        if events is not None:
            hear_waiting(database, lead.holder, now)
        if registrations is not None:
            with database.transaction() as session:
                look_at_registrations(session, now)
                lease.hold(session, DUTY, lead.holder, lead.clock())
        if events is not None or registrations is not None or members:
            hand.settle(lead.holder, now)
        busy = events is not None or registrations is not None or bool(members)
        look = looks is not None and lead.looks_now(busy)
        if look:
            look_waiting(database, lead.holder, now)
        return busy or look
    except LostLease:
        _logger.warning("lease.lost", holder=lead.holder)
        lead.lost()
    return False


def sms_turn(database: Database, send: SendSms, clock: Clock) -> bool:
    """Send the SMS that are due; whether there were any."""
    with database.reading() as session:
        if not outbox.anything_due(session, Channel.SMS, clock()):
            return False
    return send_waiting(database, send, clock) > 0


def house_turn(database: Database, clock: Clock, erased: ErasureFile | None = None) -> bool:
    """Keep house once; never in a hurry. `erased`: the file of erasures, where there is one."""
    done = {name: count for name, count in keep_house(database, clock()).items() if count}
    if erased is not None and (count := erased.keep_up()):
        done["erasures_written"] = count
    if "acts_chained" in done:  # so the end of the chain is noted outside the database
        with database.reading() as session:
            end = audit_chain.head(session)
        _logger.info("audit.chained", place=end.place, head=end.hash[:16])
    if done:
        _logger.info("house.kept", **done)
    return False


def erasures_of(settings: Settings, database: Database, clock: Clock) -> ErasureFile | None:
    """The file of erasures, where there is one; whom a restored backup brought back goes again."""
    if settings.erasures is None:
        return None
    if settings.erasures.exists():
        done = replay_erasures(database, settings.erasures, "worker", clock())
        if done.again:
            _logger.warning("erasures.replayed", count=done.again)
    return ErasureFile(database, settings.erasures)


def judge_greetings(database: Database, clock: Clock) -> int:
    """Hold every greeting against the rules that this program came with; how many were withdrawn.

    Once at a start is enough: what is written later is judged when it is written.
    """
    withdrawn = last = 0
    while True:
        with database.transaction() as session:
            some, last = withdraw_greetings(session, clock(), last)
        withdrawn += some
        if not last:
            break
    if withdrawn:
        _logger.info("greetings.withdrawn", count=withdrawn)
    return withdrawn


def repeat(name: str, turn: Callable[[], bool], pause: float, stop: threading.Event) -> None:
    """Take turns until told to stop: at once after work, else after `pause` seconds.

    A turn that fails is logged by its kind and place (texts may hold personal data) and the
    next one comes a little later: a database may be away for a while.
    """
    while not stop.is_set():
        try:
            wait = 0.0 if turn() else pause
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{place.filename}:{place.lineno}"
            _logger.error("turn.failed", turn=name, error=type(error).__name__, where=where)
            wait = max(pause, AFTER_A_FAILURE)
        if wait:
            stop.wait(wait)


def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT. Misconfigured when it cannot start."""
    configure_logs()
    send = sms_driver(settings.sms)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with opened(settings) as (database, clock):
        with database.transaction() as session:
            register_masters(session)  # a new key is known before anybody could take it away
        lead, hand = Lead(database, new_holder()), SecondHand(database)
        erased = erasures_of(settings, database, clock)
        judge_greetings(database, clock)
        duties = (
            ("settle", lambda: settle_turn(database, lead, clock, hand), LOOK_EVERY),
            ("sms", lambda: sms_turn(database, send, clock), LOOK_EVERY),
            (
                "inquiries",
                lambda: inquiry_turn(database, lead.holder, clock, stop.is_set),
                INQUIRE_EVERY,
            ),
            ("claims", lambda: claims_turn(database, settings.public_url, clock), CLAIMS_EVERY),
            ("house", lambda: house_turn(database, clock, erased), HOUSE_EVERY),
        )
        threads = [
            threading.Thread(target=repeat, args=(name, turn, pause, stop), name=name)
            for name, turn, pause in duties
        ]
        for thread in threads:
            thread.start()
        _logger.info("working", holder=lead.holder)
        stop.wait()
        for thread in threads:
            thread.join()
        hand.close()
        lead.give_up()
    _logger.info("stopped", holder=lead.holder)
