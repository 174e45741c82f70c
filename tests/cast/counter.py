"""A branch's counter for tests: Mei and Chen on an enrolled tablet, Alice's invite, Bob's phone.

`Counter` speaks to the tablet as a browser does: it fills the form that is on the page, with
the token that is on the page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from snapshot import begin_from
from sqlalchemy import select
from templates import compiled
from werkzeug.test import TestResponse

from shared.actions.branch import add_tablet
from shared.actions.claim_clock import turn_claims
from shared.actions.claiming import ClaimForm, file_claim
from shared.actions.hearing import accept_events, hear
from shared.actions.importing import import_members, import_staff
from shared.actions.inviting import InviteCard, invite_for
from shared.applications.events import parse_items
from shared.base.database import Database
from shared.base.i18n import Locale, text
from shared.base.settings import Settings
from shared.campaigns.file import apply_campaign
from shared.claims.claims import How, When
from shared.people.consents import Purpose
from shared.people.members import member_by_ref
from shared.people.staff import Staff, set_pin
from shared.post import inbox
from shared.post.outbox import Channel, Outbox, read_body
from webapp.app import create_app

MEI, CHEN, AUDITOR, FAR = "S1001", "S1002", "S9002", "S2001"
PINS = {MEI: "480216", CHEN: "735924", AUDITOR: "640182", FAR: "902713"}
BRANCH, ELSEWHERE, HEAD_OFFICE = "静安支行", "徐汇支行", "总行审计部"
ALICE, MEIS_CARD, EMILY = "C100001", "C100004", "C100005"
BOB = "+8613900139000"
TICKED = {Purpose.REFERRAL.value: "yes", Purpose.ADULT.value: "yes"}
STAFF_PAGES = tuple(
    f"/tablet/{place}" for place in ("show", "register", "tasks", "claims", "today")
)
MEMBERS = """customer_ref,phone,name,language,segment,region,card_product,opened_on,status
C100001,+8613800138001,李爱丽,zh_Hans,everyday,上海,jade,2021-04-12,active
C100004,+8613800138014,梅若兰,zh_Hans,everyday,上海,jade,2023-02-18,active
C100005,+8613800138015,Emily Carter,en,premium,上海,jade,2019-06-30,active
"""
STAFF = """staff_no,name,branch,role,customer_ref
S1001,梅若兰,静安支行,teller,C100004
S1002,陈立,静安支行,manager,
S2001,高翔,徐汇支行,teller,
S9002,罗明,总行审计部,auditor,
"""
both_engines = pytest.mark.parametrize(
    "database_url",
    ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
    indirect=True,
)
CAMPAIGN = """
slug: spring
zone: Asia/Shanghai
life: running
starts: 2020-01-01
ends: 2099-12-31
name: {zh_Hans: 荐卡有礼, zh_Hant: 薦卡有禮, en: Share the card}
offer:
  zh_Hans: 办卡成功并在 90 天内有一笔消费满 ¥300，您得 ¥50。
  zh_Hant: 辦卡成功並在 90 天內有一筆消費滿 ¥300，您得 ¥50。
  en: Get your card, make one purchase of at least ¥300 within 90 days, and ¥50 is yours.
products:
  - {code: jade, name: {zh_Hans: 青玉卡, zh_Hant: 青玉卡, en: Jade card}}
fees:
  - zh_Hans: 年费：首年免年费；此后每年 ¥200，上一年刷满 6 次免收
    zh_Hant: 年費：首年免年費；其後每年 ¥200，前一年消費滿 6 次免收
    en: "Annual fee: none in the first year; then ¥200 a year"
  - zh_Hans: 透支利息：日利率 0.05%，年化 18.25%（单利）
    zh_Hant: 循環利息：日利率 0.05%，年化 18.25%（單利）
    en: "Interest on unpaid balances: 0.05% a day, 18.25% a year (simple)"
application_url: "http://127.0.0.1:8001/bank/apply?token={token}"
attribution_days: 30
claw_back_days: 90
claims: {window_days: 45, most_per_member: 5, decision_hours: 48, branch_limit: BRANCH_LIMIT}
limits:
  monthly_cap: ¥500
  budget: [¥10000, 500000 points]
qualifies:
  first_purchase: {at_least: ¥300, within_days: 90}
clauses:
  - {id: base, kind: base, trigger: {first_purchase: {at_least: ¥300, within_days: 90}},
     amount: ¥100, cooling_days: 30}
  - {id: welcome, kind: welcome, trigger: {first_purchase: {at_least: ¥300, within_days: 90}},
     amount: ¥50, cooling_days: 30}
  - {id: ladder, kind: ladder, cooling_days: 30, steps: [{at: 3, amount: 3000 points}]}
"""


@dataclass
class Clock:
    """A clock that tests move on."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at

    def passes(self, **span: float) -> None:
        """So much time goes by."""
        self.at += timedelta(**span)


@dataclass
class Page:
    """An answer as a person meets it."""

    response: TestResponse

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def html(self) -> str:
        return unescape(self.response.get_data(as_text=True))

    @property
    def place(self) -> str:
        """The path on which the browser ended."""
        return self.response.request.path

    def has(self, test: str) -> bool:
        """Whether something with this data-test is on the page."""
        return f'data-test="{test}"' in self.html

    def text_of(self, test: str) -> str:
        """The words inside the element with this data-test."""
        found = re.search(rf'data-test="{test}"[^>]*>(.*?)</', self.html, re.DOTALL)
        assert found, f"no {test} on {self.place}"
        return re.sub(r"<[^>]+>", "", found[1]).strip()

    def link_of(self, test: str) -> str:
        """Where the link with this data-test leads."""
        tag = next(t for t in re.findall(r"<a [^>]*>", self.html) if f'data-test="{test}"' in t)
        found = re.search(r'href="([^"]+)"', tag)
        assert found
        return found[1]

    def field(self, name: str, nth: int = 0) -> str:
        """The value of the nth hidden field of a name; empty where the page has none."""
        tags = re.findall(rf'<input [^>]*name="{name}"[^>]*>', self.html)
        if nth >= len(tags):
            return ""
        found = re.search(r'value="([^"]*)"', tags[nth])
        return found[1] if found else ""


@dataclass
class Counter:
    """One tablet's browser. Another one is another device."""

    app: Flask
    database: Database
    clock: Clock
    page: Page | None = None
    token: str = ""
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def another(self) -> Counter:
        """A second device of the same house."""
        return Counter(self.app, self.database, self.clock)

    def opens(self, path: str) -> Page:
        """Go to an address, following where it leads."""
        return self._sees(Page(self.client.get(path, follow_redirects=True)))

    def posts(self, path: str, follow: bool = True, **fields: Any) -> Page:
        """Send a form with the token of the page that is open."""
        if self.page is None:
            self.opens("/tablet/")
        assert self.page is not None
        self._sees(self.page)
        form = {"csrf_token": self.token} | fields
        answer = self.client.post(path, data=form, follow_redirects=follow)
        page = Page(answer)
        return self._sees(page) if follow else page

    def _sees(self, page: Page) -> Page:
        self.page = page
        self.token = page.field("csrf_token") or self.token
        return page

    def enrols(self, branch: str = BRANCH, name: str = "1 号") -> Page:
        """Become a tablet of a branch."""
        with self.database.transaction() as session:
            code = add_tablet(session, branch, name, "operator:test", self.clock())
        self.opens("/tablet/enrol")
        return self.posts("/tablet/enrol", code=code)

    def signs_in(self, staff_no: str = MEI, pin: str | None = None) -> Page:
        """Somebody signs in."""
        self.opens("/tablet/sign-in")
        return self.posts(
            "/tablet/sign-in", staff_no=staff_no, pin=pin if pin is not None else PINS[staff_no]
        )

    def hands_over(self, code: str) -> Page:
        """The tablet goes to a customer, under an invite."""
        self.opens("/tablet/register")
        return self.posts("/tablet/register", code=code)


@dataclass
class House:
    """What stands behind the tablets."""

    app: Flask
    database: Database
    clock: Clock

    def tablet(self) -> Counter:
        """A device nobody has enrolled."""
        return Counter(self.app, self.database, self.clock)

    def mei(self) -> Counter:
        """Mei, signed in on her branch's tablet."""
        counter = self.tablet()
        counter.enrols()
        counter.signs_in(MEI)
        return counter

    def chen(self) -> Counter:
        """Chen, signed in on another tablet of the same branch."""
        counter = self.tablet()
        counter.enrols(name="2 号")
        counter.signs_in(CHEN)
        return counter

    def member_id(self, customer_ref: str) -> int:
        with self.database.reading() as session:
            member = member_by_ref(session, customer_ref)
            assert member is not None
            return member.id

    def invite(self, customer_ref: str = ALICE) -> InviteCard:
        """A member's invite, made if need be."""
        member_id = self.member_id(customer_ref)
        with self.database.transaction() as session:
            return invite_for(session, member_id, self.clock())

    def bank_hears(self, phone: str = BOB, ref: str = "A-1") -> None:
        """The bank tells of an application two days ago, under a number."""
        now = self.clock()
        at = (now - timedelta(days=2)).isoformat().replace("+00:00", "Z")
        event = {
            "specversion": "1.0",
            "id": ref,
            "source": "urn:bank",
            "time": at,
            "type": "jianka.application.submitted",
            "data": {"application_id": ref, "phone": phone},
        }
        with self.database.transaction() as session:
            accept_events(session, parse_items([event], now), now)
            hear(session, inbox.waiting(session, "bank", 500), now)

    def files(self, customer_ref: str = ALICE, phone: str = BOB) -> str:
        """A member claims a friend; the case number."""
        member_id = self.member_id(customer_ref)
        form = ClaimForm(member_id, How.IN_BRANCH, When.THIS_WEEK, phone=phone)
        with self.database.transaction() as session:
            number = file_claim(session, form, self.clock()).number
        turn_claims(self.database, "https://card.example", self.clock())
        return number

    def sends_number(self, counter: Counter, phone: str = BOB) -> None:
        """The tablet goes to a walk-in under Alice's invite, who leaves a number."""
        counter.hands_over(self.invite().code)
        page = counter.posts("/tablet/walk-in", phone=phone)
        assert page.place == "/tablet/walk-in/confirm"

    def sms_code(self) -> str:
        """The code of the last SMS."""
        with self.database.reading() as session:
            row = session.scalar(
                select(Outbox)
                .where(Outbox.channel == Channel.SMS.value)
                .order_by(Outbox.id.desc())
                .limit(1)
            )
            assert row is not None
            words = str(read_body(session, row)["text"])
        found = re.search(r"\d{6}", words)
        assert found
        return found[0]


def _load(database: Database, now: datetime, branch_limit: str) -> None:
    with database.transaction() as session:
        import_members(session, MEMBERS.encode(), "operator:test", now)
        import_staff(session, STAFF.encode(), "operator:test", now)
        rules = CAMPAIGN.replace("BRANCH_LIMIT", branch_limit)
        apply_campaign(session, rules, now, "operator:test")
        for staff in session.scalars(select(Staff)):
            set_pin(staff, PINS[staff.staff_no])


def house(
    settings: Settings, database: Database, now: datetime, branch_limit: str = "¥200"
) -> House:
    """A house with the sample's people, a campaign that runs, and PINs everybody knows."""
    clock = Clock(now)
    begin_from(database, ("house", now, branch_limit), lambda: _load(database, now, branch_limit))
    app = create_app(settings, database, clock)
    app.testing = True
    app.jinja_env.bytecode_cache = compiled
    return House(app, database, clock)


def words(key: str, locale: Locale = Locale.ZH_HANS, **params: object) -> str:
    """The words a page should hold."""
    return text(locale, key, **params)
