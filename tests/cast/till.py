"""The desk that pays: Dai prepares, Chen confirms, the bank answers. Told in the story's days."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import Any

from sqlalchemy import select

from shared.actions.paying import (
    Answered,
    Confirmed,
    cancel,
    confirm,
    export_full,
    take_answers,
)
from shared.actions.preparing import Prepared, prepare
from shared.base.money import Unit
from shared.ledger.balance import Account
from shared.people.persons import add_person
from shared.people.staff import Branch, Role, Staff
from shared.reports.payout_file import Form, read_answers
from shared.rewards.payouts import Line

_PARTIES = (Account.PAID, Account.RECOVERABLE, Account.WRITTEN_OFF)
"""What a party has, whatever became of the reason for it."""
CAST = {"Dai": Role.DESK, "Chen": Role.MANAGER, "Mei": Role.TELLER}


class Till:
    """Payouts of one story. `world` has `database`, `campaign` and `at(day)`."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.staff: dict[str, int] = {}
        with world.database.transaction() as session:
            branch = Branch(name="Jing'an")
            session.add(branch)
            session.flush()
            for name, role in CAST.items():
                person = add_person(session, world.begin, name=name)
                staff = Staff(
                    person_id=person.id,
                    staff_no=f"S-{name}",
                    branch_id=branch.id,
                    role=role.value,
                    customer_ref=f"C-{name}",
                )
                session.add(staff)
                session.flush()
                self.staff[name] = staff.id

    def who(self, session: Any, name: str) -> Staff:
        return session.get_one(Staff, self.staff[name])

    def prepare(self, day: float, by: str = "operator:test") -> Prepared:
        with self.world.database.transaction() as session:
            maker = self.who(session, by) if by in self.staff else by
            return prepare(session, self.world.campaign, maker, self.world.at(day))

    def confirm(self, number: int, day: float, by: str = "Chen") -> Confirmed:
        with self.world.database.transaction() as session:
            return confirm(session, self.who(session, by), number, self.world.at(day))

    def cancel(self, number: int, day: float) -> int:
        with self.world.database.transaction() as session:
            return cancel(session, "operator:test", number, self.world.at(day))

    def export(self, number: int, day: float, by: str = "Chen") -> list[dict[str, str]]:
        """The bank's file, read as the bank reads it."""
        with self.world.database.transaction() as session:
            staff = self.who(session, by)
            made = export_full(session, staff, number, Form.CSV, self.world.at(day))
        return list(csv.DictReader(io.StringIO(made.content.decode("utf-8-sig"))))

    def sends(self, day: float) -> list[dict[str, str]]:
        """Prepared, confirmed and exported on one day; the file."""
        made = self.prepare(day)
        self.confirm(made.number, day)
        return self.export(made.number, day)

    def answer(self, rows: list[dict[str, str]], day: float, **failed: str) -> Answered:
        """The bank pays all rows but those of the customers (`C_Alice=…`) that fail."""
        lines = ["reference,status,reason"]
        for row in rows:
            reason = failed.get((row["customer_ref"] or row["application_ref"]).replace("-", "_"))
            status = "failed" if reason else "paid"
            lines.append(f"{row['reference']},{status},{reason or ''}")
        return self.load("\n".join(lines), day)

    def load(self, content: str, day: float) -> Answered:
        answers = read_answers(content.encode())
        with self.world.database.transaction() as session:
            return take_answers(session, answers, "operator:test", self.world.at(day))

    def pays(self, day: float) -> list[dict[str, str]]:
        """Everything available is paid out on one day; the file."""
        rows = self.sends(day)
        assert self.answer(rows, day).refused == []
        self.world.settle(day)
        return rows

    def verify(self, day: float) -> None:
        """The ledger is whole, and what parties have of it is what the bank moved to them."""
        self.world.verify(day)
        with self.world.database.reading() as session:
            query = select(Line.unit, Line.gross, Line.borne, Line.tax, Line.netted, Line.net)
            lines = session.execute(query.where(Line.state == "paid")).all()
        ledger: Counter[tuple[str, str]] = Counter()
        for (_, _, _, account, unit), amount in self.world.positions().items():
            ledger[unit, account] += amount
        for unit in Unit:
            mine = [line for line in lines if line.unit == unit]
            assert all(x.gross + x.borne == x.net + x.netted + x.tax for x in mine)
            moved = sum(line.net for line in mine)
            assert moved == sum(ledger[unit, account] for account in _PARTIES)
            assert ledger[unit, Account.WITHHELD] <= sum(line.tax for line in mine)
