"""`jianka doctor`: is everything there that this installation needs, and is the ledger whole?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import click
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from shared.base.database import Database, open_database
from shared.base.errors import Misconfigured
from shared.base.privacy import read_keyring
from shared.base.settings import Settings, read_settings
from shared.campaigns.campaigns import running_campaign
from shared.jobs.console import operator, say, words
from shared.jobs.erasures import ErasureFile, to_replay
from shared.jobs.erasures import replay_erasures as replay
from shared.jobs.ledger_check import examine_ledger
from shared.jobs.opening import clock_of, opened
from shared.jobs.rotating import rotate_keys
from shared.jobs.rotation import sealers
from shared.ledger.verify import verify
from shared.migrations.upgrade import check
from shared.people.members import Member
from shared.post.audit_chain import flaws, head
from shared.post.inbox import Inbox
from shared.post.outbox import FORGOTTEN, Outbox
from shared.post.sms import sms_driver

Subject = TypeVar("Subject")


_FILE = click.Path(dir_okay=False, path_type=Path)


class _Sick(Exception):
    """A check failed; the text says what to mend."""


@click.command(help=words("help.doctor"))
@click.option("--ledger", is_flag=True, help=words("help.doctor_ledger"))
@click.option("--rotate", is_flag=True, help=words("help.doctor_rotate"))
@click.option("--erasures", type=_FILE, help=words("help.doctor_erasures"))
@click.option("--replay-erasures", type=_FILE, help=words("help.doctor_replay"))
def doctor(ledger: bool, rotate: bool, erasures: Path | None, replay_erasures: Path | None) -> None:
    """Look at settings, keys, database and ledger; non-zero when something is to be mended."""
    settings = read_settings()  # without them there is nothing to look at
    if rotate:
        rotate_keys(settings)
    elif erasures is not None or replay_erasures is not None:
        _erasures(settings, erasures, replay_erasures)
    elif ledger:
        _ledger_alone(settings)
    else:
        _everything(settings)


def _ledger_alone(settings: Settings) -> None:
    with opened(settings) as (database, clock):
        if sick := examine_ledger(database, clock()):
            raise click.ClickException(words("doctor.sick", n=sick))


def _everything(settings: Settings) -> None:
    say("doctor.well", what=words("doctor.settings", mode=settings.mode.value))
    sick = sum(not _passes(look, settings) for look in (_bank, _bot, _sms))
    database = open_database(settings.database_url, read_keyring(settings))
    try:
        if _passes(_tables, database):
            now = clock_of(settings)()
            looks = (
                _ledger, _audit(now), _keys, _erased(settings), _post, _members,
                _campaign(settings),
            )  # fmt: skip
            sick += sum(not _passes(each, database) for each in looks)
        else:
            sick += 1
    finally:
        database.close()
    if sick:
        raise click.ClickException(words("doctor.sick", n=sick))


def _passes(look: Callable[[Subject], str], subject: Subject) -> bool:
    try:
        say("doctor.well", what=look(subject))
    except (_Sick, Misconfigured) as problem:
        say("doctor.mend", what=str(problem))
    except DBAPIError as problem:
        say("doctor.mend", what=words("database", kind=type(problem).__name__))
    else:
        return True
    return False


def _bank(settings: Settings) -> str:
    if not settings.bank_webhook_secrets:
        raise _Sick(words("doctor.no_secrets"))
    return words("doctor.secrets", n=len(settings.bank_webhook_secrets))


def _bot(settings: Settings) -> str:
    if settings.telegram_token is None:
        raise _Sick(words("doctor.no_token"))
    return words("doctor.token", api=settings.telegram_api)


def _sms(settings: Settings) -> str:
    sms_driver(settings.sms)
    return words("doctor.sms")


def _tables(database: Database) -> str:
    check(database)
    return words("doctor.database", engine=database.engine.dialect.name)


def _ledger(database: Database) -> str:
    with database.reading() as session:
        problems = verify(session)
    if problems:
        first = problems[0]
        raise _Sick(words("doctor.broken", n=len(problems), entry=first.entry, what=first.what))
    return words("doctor.ledger")


def _audit(now: datetime) -> Callable[[Database], str]:
    def look(database: Database) -> str:
        with database.reading() as session:
            flaw = next(flaws(session, now), None)
            end = head(session)
        if flaw is not None:
            raise _Sick(words(f"doctor.audit.{flaw.what}", place=flaw.place, act=flaw.act))
        return words("doctor.audit", n=end.place, head=end.hash[:16])

    return look


def _keys(database: Database) -> str:
    with database.reading() as session:
        missing = {
            (place, key): count
            for place, counted in sealers(session).items()
            for key, count in counted.items()
            if key not in database.keyring.masters
        }
    for (place, key), count in missing.items():
        raise _Sick(words("doctor.key_missing", key=key, place=place, n=count))
    return words("doctor.keys", newest=database.keyring.newest)


def _erased(settings: Settings) -> Callable[[Database], str]:
    def look(database: Database) -> str:
        if settings.erasures is None:
            return words("doctor.erasures.none")
        if not settings.erasures.exists():
            return words("doctor.erasures.empty", file=settings.erasures)
        if known := to_replay(database, settings.erasures):
            raise _Sick(words("doctor.erasures.known", n=len(known), file=settings.erasures))
        return words("doctor.erasures.well", file=settings.erasures)

    return look


def _erasures(settings: Settings, to: Path | None, replayed: Path | None) -> None:
    """Write down who was erased, or erase again whom a restore brought back."""
    with opened(settings) as (database, clock):
        if to is not None:
            say("doctor.erasures.written", n=ErasureFile(database, to).keep_up(), file=to)
        if replayed is not None:
            done = replay(database, replayed, operator(), clock())
            say("doctor.erasures.replayed", again=done.again, gone=done.gone)


def _post(database: Database) -> str:
    with database.reading() as session:
        aside = session.scalar(select(func.count()).where(Inbox.set_aside_at.is_not(None)))
        failed = session.scalar(
            select(func.count()).where(
                Outbox.failed_at.is_not(None), Outbox.problem.is_distinct_from(FORGOTTEN)
            )
        )
    if aside or failed:
        raise _Sick(words("doctor.stuck", aside=aside, failed=failed))
    return words("doctor.post")


def _members(database: Database) -> str:
    with database.reading() as session:
        count = session.scalar(select(func.count()).select_from(Member)) or 0
    if not count:
        raise _Sick(words("doctor.no_members"))
    return words("doctor.members", n=count)


def _campaign(settings: Settings) -> Callable[[Database], str]:
    def look(database: Database) -> str:
        with database.reading() as session:
            running = running_campaign(session, clock_of(settings)())
            if running is None:
                raise _Sick(words("doctor.no_campaign"))
            return words("doctor.campaign", slug=running.slug)

    return look
