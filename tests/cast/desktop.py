"""The desk for tests: Tang and Shen, who change things; Luo, who looks; a branch's Chen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from counter import PINS as BRANCH_PINS
from counter import Clock, House, Page, house
from flask import Flask
from flask.testing import FlaskClient
from snapshot import begin_from
from sqlalchemy import select
from templates import compiled

from shared.actions.importing import import_staff
from shared.base.database import Database
from shared.base.settings import Settings
from shared.people.staff import Staff, set_pin
from webapp.app import create_app
from webapp.limits import install_limits
from webapp.wiring import wire

TANG, SHEN, LUO = "S9001", "S9003", "S9002"
PINS = BRANCH_PINS | {TANG: "369014", SHEN: "480125"}
SHEET = """staff_no,name,branch,role,customer_ref
S9001,唐雨,总行信用卡部,desk,
S9003,沈岚,总行信用卡部,desk,
"""


_MADE: list[Flask] = []
"""One application a process: what differs between tests is hung on it anew."""


@dataclass
class Desk:
    """One desktop's browser."""

    house: House
    client: FlaskClient = field(init=False)
    page: Page | None = None
    token: str = ""

    def __post_init__(self) -> None:
        self.client = self.house.app.test_client()

    def opens(self, path: str) -> Page:
        """Go to an address, following where it leads."""
        return self._sees(Page(self.client.get(path, follow_redirects=True)))

    def posts(self, path: str, **fields: Any) -> Page:
        """Send a form with this session's token."""
        form = {"csrf_token": self.token} | fields
        return self._sees(Page(self.client.post(path, data=form, follow_redirects=True)))

    def _sees(self, page: Page) -> Page:
        self.page = page
        if page.response.mimetype == "text/html":
            self.token = page.field("csrf_token") or self.token
        return page

    def signs_in(self, staff_no: str, pin: str | None = None) -> Page:
        """Somebody signs in."""
        self.opens("/desk/sign-in")
        return self.posts("/desk/sign-in", staff_no=staff_no, pin=pin or PINS[staff_no])


@dataclass
class Desks:
    """The house, and a browser for each of its people."""

    house: House

    @property
    def database(self) -> Database:
        return self.house.database

    @property
    def clock(self) -> Clock:
        return self.house.clock

    def of(self, staff_no: str) -> Desk:
        """The browser of somebody who is signed in."""
        desk = Desk(self.house)
        assert desk.signs_in(staff_no).place == "/desk/campaigns"
        return desk

    def stranger(self) -> Desk:
        """A browser nobody signed in on."""
        return Desk(self.house)


def desks_of(settings: Settings, database: Database, now: datetime) -> Desks:
    """The house of `counter`, with two more people who have desks."""
    begin_from(database, ("desks", now), lambda: _load(settings, database, now))
    clock = Clock(now)
    if not _MADE:
        _MADE.append(create_app(settings, database, clock))
        _MADE[0].testing = True
        _MADE[0].jinja_env.bytecode_cache = compiled
    (app,) = _MADE
    wire(app, settings, database, clock)
    install_limits(app, settings)
    return Desks(House(app, database, clock))


def _load(settings: Settings, database: Database, now: datetime) -> None:
    house(settings, database, now)
    with database.transaction() as session:
        import_staff(session, SHEET.encode(), "operator:test", now)
        for staff in session.scalars(select(Staff).where(Staff.staff_no.in_([TANG, SHEN]))):
            set_pin(staff, PINS[staff.staff_no])
