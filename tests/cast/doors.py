"""Every door of the house and everybody who may stand before it: callers with valid forms, so
that it is the role that refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from counter import ALICE, CHEN, ELSEWHERE, FAR, Counter
from desktop import LUO, TANG, Desk, Desks
from flask import Flask
from flask.testing import FlaskClient
from insiders import employee
from standardwebhooks import Webhook
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from shared.actions.importing import import_staff
from shared.people.staff import set_pin

CHIEF, CHIEFS_PIN = "S2002", "518263"
"""The manager of another branch."""
FACES = ("/i", "/tablet", "/desk", "/")
SERVED, SIGN_IN, ENROL = "served", "/sign-in", "/enrol"
EVENTS = "/api/v1/events"


@dataclass
class Caller:
    """Somebody with the cookies that their work gave them, and a form's token at each face."""

    app: Flask
    client: FlaskClient
    secret: str = ""
    tokens: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for face in FACES:
            place = f"{face.rstrip('/')}/"
            with self.client.session_transaction(
                path=place, base_url=f"http://localhost{place}"
            ) as kept:
                self.tokens[face] = kept.setdefault("csrf_token", "a-token-of-their-own")

    def asks(self, method: str, path: str) -> str:
        """What a door says to this caller: served, or how it refuses."""
        answer = self.answer(method, path)
        place = answer.headers.get("Location", "")
        if answer.status_code in (401, 403):
            return str(answer.status_code)
        for way in (ENROL, SIGN_IN):
            if place.endswith(way):
                return f"{'tablet' if '/tablet/' in place else 'desk'}{way}"
        assert answer.status_code < 500, (method, path)
        return SERVED

    def answer(self, method: str, path: str) -> TestResponse:
        """The door's whole answer."""
        if path == EVENTS:
            return self._event()
        if method == "GET":
            return self.client.get(path)
        face = next(face for face in FACES if path.startswith(face))
        return self.client.post(path, data={"csrf_token": self.tokens[face]})

    def _event(self) -> TestResponse:
        """Signed by who has the bank's secret; else with what they have."""
        from shared.base.clock import system_clock

        raw, now = json.dumps({"id": "x"}), system_clock()
        headers = {"X-CSRFToken": self.tokens["/"]}
        if self.secret:
            headers |= {
                "webhook-id": "m",
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": Webhook(self.secret).sign("m", now, raw),
            }
        return self.client.post(
            EVENTS, data=raw, content_type="application/cloudevents+json", headers=headers
        )


def path_of(rule: Rule) -> str:
    """An address of a rule, about nothing that there is but the campaign and its moves."""
    path = rule.rule
    for name, value in (
        ("<kind>", "member"), ("<slug>", "spring"), ("<what>", "grants"), ("<to>", "paused"),
        ("<int:number>", "77"), ("<number>", "C-000000"), ("<code>", "AAAAAAAB"),
        ("<reference>", "m-1"), ("<word>", "7-0"), ("<path:filename>", "none.css"),
        ("<int:look>", "1"),
    ):  # fmt: skip
        path = path.replace(name, value)
    assert "<" not in path, rule.rule
    return path


def _chief(desks: Desks) -> None:
    sheet = f"staff_no,name,branch,role,customer_ref\n{CHIEF},何静,{ELSEWHERE},manager,\n"
    with desks.database.transaction() as session:
        import_staff(session, sheet.encode(), "operator:test", desks.clock())
        set_pin(employee(session, CHIEF), CHIEFS_PIN)


def _elsewhere(desks: Desks, staff_no: str, pin: str | None = None) -> FlaskClient:
    counter = desks.house.tablet()
    counter.enrols(ELSEWHERE, f"{staff_no} 号")
    counter.signs_in(staff_no, pin)
    return counter.client


def _friend(desks: Desks) -> FlaskClient:
    """Bob's browser, which began a registration under Alice's invite."""
    from browser import Friend

    bob = Friend(desks.house.app, desks.house.invite(ALICE).code, desks.house.sms_code)
    bob.registers("+8613900139000")
    return bob.client


def _bare(desks: Desks) -> FlaskClient:
    return desks.house.app.test_client()


def _device(desks: Desks) -> FlaskClient:
    counter: Counter = desks.house.tablet()
    counter.enrols(name="9 号")
    return counter.client


def _chief_at_the_desk(desks: Desks) -> FlaskClient:
    desk = Desk(desks.house)
    desk.signs_in(CHIEF, CHIEFS_PIN)
    return desk.client


MAKERS: Mapping[str, Callable[[Desks], FlaskClient]] = {
    "nobody": _bare,
    "friend": _friend,
    "bank": _bare,
    "tablet": _device,
    "teller": lambda desks: desks.house.mei().client,
    "teller elsewhere": lambda desks: _elsewhere(desks, FAR),
    "manager": lambda desks: desks.house.chen().client,
    "manager elsewhere": lambda desks: _elsewhere(desks, CHIEF, CHIEFS_PIN),
    "desk": lambda desks: desks.of(TANG).client,
    "manager at the desk": lambda desks: desks.of(CHEN).client,
    "manager elsewhere at the desk": _chief_at_the_desk,
    "auditor": lambda desks: desks.of(LUO).client,
}


def caller(desks: Desks, who: str, secret: str) -> Caller:
    """Somebody by name, with all that they have."""
    if "elsewhere" in who:
        _chief(desks)
    return Caller(desks.house.app, MAKERS[who](desks), secret if who == "bank" else "")
