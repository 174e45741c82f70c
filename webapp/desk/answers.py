"""The bank's answer to payouts: a file, taken line by line, each line once."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from shared.actions.answering import Answered
from shared.actions.answering import take_answers as take
from shared.base.i18n import text
from shared.base.sheets import BadFile
from shared.reports.payout_file import Answer as BankLine
from shared.reports.payout_file import read_answers
from webapp.desk.face import desk, page
from webapp.desk.seats import acting
from webapp.desk.typed import sent_file
from webapp.sitting import UNPROCESSABLE, Answer
from webapp.wiring import wiring
from webapp.words import request_locale, t

AT_ONCE = 1000
"""Lines a transaction: settling and other people wait no longer than for these."""
SECONDS = 10.0
"""How long one request works; what is left is taken when the same file is loaded again."""
MOST_SHOWN = 100


@desk.post("/answers")
def take_answers() -> Answer:
    """Take the bank's file; loaded again it changes nothing and goes on where it stopped."""
    sent = sent_file("file")
    if sent is None:
        return _page(refused=t("desk.answer.no_file"))
    try:
        answers = read_answers(sent)
    except BadFile as bad:
        return _page(bad=bad)
    came_to, done = _take(answers)
    return _page(came_to=came_to, left=len(answers) - done)


def bad_rows(bad: BadFile) -> list[tuple[int, str, str]]:
    """What is wrong with a file, in the reader's language: (line, column, words)."""
    return [
        (each.line, each.column, text(request_locale(), f"import.bad.{each.reason}", **each.params))
        for each in bad.lines
    ]


def _take(answers: Sequence[BankLine]) -> tuple[Answered, int]:
    """As many as there is time for, in transactions of a few; and how many that were."""
    came_to, until, done = Answered(), monotonic() + SECONDS, 0
    while done < len(answers) and (not done or monotonic() < until):
        some = answers[done : done + AT_ONCE]
        with acting() as (session, staff):
            found = take(session, some, staff, wiring().now())
        came_to.paid += found.paid
        came_to.failed += found.failed
        came_to.repeated += found.repeated
        came_to.refused += found.refused
        done += len(some)
    return came_to, done


def _page(
    came_to: Answered | None = None, left: int = 0, bad: BadFile | None = None, refused: str = ""
) -> Answer:
    lines = [
        (line, reference[:40], t(f"command.payout.why.{why}"))
        for line, reference, why in (came_to.refused if came_to is not None else [])
    ]
    return page(
        "answers", "payouts", 200 if came_to is not None else UNPROCESSABLE, came_to=came_to,
        left=left, refused=refused, wrong=bad_rows(bad) if bad is not None else [],
        wrong_total=bad.total if bad is not None else 0,
        lines=lines[:MOST_SHOWN], lines_total=len(lines),
    )  # fmt: skip
