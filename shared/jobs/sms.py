"""SMS from the outbox to the gateway: taken, sent with no transaction open, marked."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.base.clock import Clock
from shared.base.database import Database
from shared.base.log import log
from shared.post import outbox
from shared.post.outbox import Channel
from shared.post.sms import SendSms, SmsFailed

BATCH = 20
BACKOFF = tuple(timedelta(seconds=s) for s in (1, 5, 30, 120, 600, 1800, 3600))
"""When a message that the gateway did not take is tried again."""

_logger = log("sms")


def send_waiting(database: Database, send: SendSms, clock: Clock) -> int:
    """Send what is due, answers first; how many were tried."""
    with database.transaction() as session:
        taken = [
            (row.id, row.tries, row.created_at, outbox.read_body(session, row))
            for row in outbox.take_due(session, Channel.SMS, BATCH, clock())
        ]
    for row_id, tries, created_at, body in taken:
        problem, retry_at = _sent(send, body, tries, created_at, clock())
        with database.transaction() as session:
            if problem is None:
                outbox.mark_sent(session, row_id, clock())
            else:
                outbox.mark_failed(session, row_id, problem, clock(), retry_at=retry_at)
                session.flush()
            outbox.forget_sms(session, row_id)
    return len(taken)


def _sent(
    send: SendSms, body: dict[str, str], tries: int, created_at: datetime, now: datetime
) -> tuple[str | None, datetime | None]:
    """(what went wrong, when to try again); (None, None) when the gateway has the message."""
    try:
        send(body["to"], body["text"], created_at)
    except SmsFailed as failed:
        code = str(failed)
        _logger.warning("sms.failed", error=code, tries=tries + 1)
        wait = BACKOFF[min(tries, len(BACKOFF) - 1)]
        return code, None if failed.permanent else now + wait
    return None, None
