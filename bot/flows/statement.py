"""The statement: every reward with its why, when, tax and status; pages, and the same as a PDF."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.dialogue import Flow, State
from bot.flows import prove
from bot.flows.amounts import in_words
from bot.flows.taps import OldKeyboard, Tap, Verb
from bot.flows.turn import Row, Safe, Screen, Turn
from bot.messages import Button, Document, Drawn, Response
from shared.base import i18n
from shared.base.database import keyring_of
from shared.base.money import Unit
from shared.pictures.statement_sheet import to_text
from shared.post.audit import record
from shared.reports.statement import Total, Way, statement, totals
from shared.reports.statement_lines import Cursor, Line, Status
from shared.reports.statement_words import sheet_for, status_words, what_words

A_PAGE = 3
"""Rewards in one message, two lines each: with the totals about eight lines."""
_PDF = "pdf"
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SEAL = 10


def open_statement(turn: Turn) -> Response:
    """The newest rewards."""
    return _page(turn, None, Way.OLDER)


def page(turn: Turn, tap: Tap) -> Response:
    """The rewards beside a page, in the same message."""
    return _page(turn, _cursor(turn, tap), tap.choice(0, Way))


def _page(turn: Turn, cursor: Cursor | None, way: Way) -> Response:
    shown = statement(turn.session, turn.member_id, turn.now, most=A_PAGE, cursor=cursor, way=way)
    sums = totals(turn.session, turn.member_id)
    lines = [turn.say("statement.title"), *_totals(turn, sums), ""]
    lines += [_line(turn, line) for line in shown.lines]
    if not shown.lines:
        lines.append(turn.say("statement.none"))
    beside: list[Button] = []
    if shown.newer is not None:
        beside.append(_turns(turn, "button.newer", Way.NEWER, shown.newer))
    if shown.older is not None:
        beside.append(_turns(turn, "button.older", Way.OLDER, shown.older))
    pdf: Row = (turn.button("button.pdf", Verb.PDF),) if shown.lines else ()
    first: Row = (*pdf, turn.opens("button.progress", Screen.PROGRESS))
    to_pick = any(sum_.unit is Unit.CHOICE and sum_.available for sum_ in sums)
    pick: Row = (turn.opens("button.choose", Screen.CHOICES),) if to_pick else ()
    return turn.show("\n".join(lines), pick, first, tuple(beside))


def _totals(turn: Turn, sums: Sequence[Total]) -> list[Safe]:
    if not sums:
        return []
    told = [
        turn.say(
            "progress.totals",
            pending=in_words(turn.locale, {each.unit: each.pending for each in sums}),
            available=in_words(turn.locale, {each.unit: each.available for each in sums}),
            paid=in_words(turn.locale, {each.unit: each.paid for each in sums}),
        )
    ]
    back = {each.unit: each.recoverable for each in sums if each.recoverable > 0}
    if back:
        told.append(turn.say("statement.recoverable", amount=in_words(turn.locale, back)))
    return told


def _line(turn: Turn, line: Line) -> Safe:
    kept = line.gross - line.back if line.status is not Status.LIMIT else line.gross
    return turn.say(
        "statement.line",
        amount=i18n.money(turn.locale, kept or line.gross, line.unit),
        what=what_words(turn.locale, line),
        day=i18n.day(turn.locale, line.earned, line.zone),
        status=status_words(turn.locale, line),
    )


def _turns(turn: Turn, key: str, way: Way, cursor: Cursor) -> Button:
    at = _base36((cursor.at - _FIRST) // _MICROSECOND)
    seal = _sealed(turn, way.value, at, str(cursor.tie))
    return turn.button(key, Verb.STATEMENT, way.value, at, cursor.tie, seal)


def _cursor(turn: Turn, tap: Tap) -> Cursor:
    """Where a button's page begins; OldKeyboard for one that was not made for this member."""
    way, at, tie, seal = (tap.word(place) for place in range(4))
    if not hmac.compare_digest(seal.encode(), _sealed(turn, way, at, tie).encode()):
        raise OldKeyboard
    return Cursor(_FIRST + int(at, 36) * _MICROSECOND, int(tie))


def _sealed(turn: Turn, *words: str) -> str:
    """What only we can write below a place, and only for this member."""
    said = ":".join((str(turn.member_id), *words))
    return keyring_of(turn.session).blind("statement", said)[:_SEAL]


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits or "0"


def pdf(turn: Turn, _tap: Tap) -> Response:
    """The whole statement as a file; asks for proof first."""
    state = State(Flow.STATEMENT, _PDF)
    return prove.first(turn, state) or ask(turn.anew(), state)


def ask(turn: Turn, state: State) -> Response:
    """After the proof: the file, drawn when it is sent from what stands in the ledger now."""
    if (question := prove.first(turn, state)) is not None:
        return question
    turn.done()
    sheet = sheet_for(turn.session, turn.member_id, turn.locale, turn.place.issuer, turn.now)
    member = f"member:{turn.member_id}"
    record(turn.session, member, "statement.exported", member, turn.now, grants=len(sheet.entries))
    name = f"statement-{turn.now:%Y%m%d}.pdf"
    file = Document(name, to_text(sheet), Drawn.STATEMENT_PDF)
    said = turn.send(turn.say("statement.pdf.asked"), document=file)
    return Response(said.replies, toast=turn.label("statement.pdf.toast"))


def hear(turn: Turn, state: State) -> Response:
    """Whatever is typed instead of a code: the question again, or the file."""
    return ask(turn, state)
