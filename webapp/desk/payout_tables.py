"""A batch's rows at the desk: its lines with masked payees, and batches for a spreadsheet."""

from __future__ import annotations

from sqlalchemy.orm import Session

from shared.reports.desk_payouts import PayLine
from shared.reports.desk_people import who
from shared.reports.payouts import BatchLine
from shared.rewards.payouts import LineState
from webapp.desk.tables import Cell, Column
from webapp.words import t

_TONES = {
    LineState.WAITING: "waiting",
    LineState.PAID: "done",
    LineState.FAILED: "error",
    LineState.WITHDRAWN: "quiet",
}
BATCHES = (
    Column("desk.col.number", number=True),
    Column("desk.col.campaign"),
    Column("desk.col.state"),
    Column("desk.col.unit"),
    Column("desk.payout.lines", number=True),
    Column("desk.payout.gross", number=True),
    Column("desk.payout.borne", number=True),
    Column("desk.payout.tax", number=True),
    Column("desk.payout.netted", number=True),
    Column("desk.payout.net", number=True),
    Column("desk.payout.line_state"),
    Column("desk.payout.maker"),
    Column("desk.payout.prepared_at"),
    Column("desk.payout.checker"),
)
LINES = (
    Column("desk.payout.reference"),
    Column("desk.payout.payee"),
    Column("desk.col.unit"),
    Column("desk.payout.gross", number=True),
    Column("desk.payout.borne", number=True),
    Column("desk.payout.tax", number=True),
    Column("desk.payout.netted", number=True),
    Column("desk.payout.net", number=True),
    Column("desk.col.state"),
    Column("desk.payout.reason"),
)


def _party_words(party: str, name: str, reference: str) -> str:
    """A payee, masked: what they are to the campaign, and as much as shows of name and number."""
    kind = "member" if party.startswith("member:") else "friend"
    return " ".join(each for each in (t(f"desk.party.{kind}"), name, reference) if each)


def line_cells(line: PayLine) -> list[Cell]:
    """One payment as the page shows it."""
    named = t(f"desk.unit.{line.unit.value}")
    reason = line.reason
    if line.state is LineState.WITHDRAWN and reason:
        reason = t(f"desk.payout.withdrawn.{reason}")
    return [
        Cell("code", line.reference),
        Cell("text", _party_words(line.party, line.name, line.payee)),
        Cell("text", f"{named} · {line.item}" if line.item else named),
        *(
            Cell("money", amount, line.unit)
            for amount in (line.gross, line.borne, line.tax, line.netted, line.net)
        ),
        Cell("pill", f"desk.payout.line.{line.state.value}", tone=_TONES[line.state]),
        Cell("text", reason),
    ]


def batch_cells(session: Session, line: BatchLine) -> list[list[Cell]]:
    """A batch for the spreadsheet: a row for each unit and state of its lines."""
    return [
        [
            Cell("number", line.number),
            Cell("code", line.slug),
            Cell("text", t(f"payout.state.{line.state.value}")),
            Cell("text", t(f"desk.unit.{each.unit.value}")),
            Cell("number", each.lines),
            *(
                Cell("money", amount, each.unit)
                for amount in (each.gross, each.borne, each.tax, each.netted, each.net)
            ),
            Cell("text", t(f"desk.payout.line.{each.state.value}")),
            Cell("text", who(session, line.prepared_by)),
            Cell("moment", line.prepared_at),
            Cell("text", who(session, line.confirmed_by)),
        ]
        for each in line.sums
    ]
