"""Every route of every face against everybody who may stand before it, held against one table:
a new route fails here until it stands in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from desktop import Desks
from doors import ENROL, MAKERS, SERVED, SIGN_IN, Caller, caller, path_of
from flask import Flask
from forgeries import truths
from werkzeug.routing import Rule

from bot.sandbox.app import SandboxSettings, create_sandbox
from shared.base.settings import Settings
from webapp.app import create_app

EVERYBODY = """
GET /static/<path:filename>
GET /healthz
GET /readyz
GET /metrics
GET /openapi.json
GET /i/
GET /i/<code>
POST /i/<code>
GET /i/<code>/confirm
GET /i/<code>/done
GET /i/<code>/qr.png
GET /i/<code>/terms
GET /i/<code>/privacy
GET /i/<code>/stop
POST /i/<code>/stop
GET /i/<code>/data
POST /i/<code>/data
GET /i/claim/<word>
POST /i/claim/<word>
GET /tablet/static/<path:filename>
GET /tablet/enrol
POST /tablet/enrol
GET /desk/static/<path:filename>
GET /desk/sign-in
POST /desk/sign-in
"""
"""What follows there is proven by a code, a link or a journey of one's own: test_guessing."""
SIGNED = """
POST /api/v1/events
"""
DEVICE = """
GET /tablet/sign-in
POST /tablet/sign-in
GET /tablet/walk-in
POST /tablet/walk-in
GET /tablet/walk-in/confirm
POST /tablet/walk-in/confirm
GET /tablet/walk-in/done
POST /tablet/walk-in/return
"""
COUNTER = """
GET /tablet/
GET /tablet/show
POST /tablet/show
POST /tablet/show/code
POST /tablet/show/open
GET /tablet/show/<reference>
POST /tablet/show/<reference>/bind
GET /tablet/register
GET /tablet/tasks
GET /tablet/today
GET /tablet/claims
GET /tablet/claims/<number>
GET /tablet/claims/<number>/credit
POST /tablet/claims/<number>/credit
GET /tablet/claims/<number>/refuse
POST /tablet/claims/<number>/refuse
POST /tablet/claims/<number>/assign
POST /tablet/register
"""
READ = """
GET /desk/
GET /desk/campaigns
GET /desk/campaigns/<slug>
GET /desk/campaigns/<slug>/friends/<int:number>
GET /desk/campaigns/<slug>/programme
GET /desk/campaigns/<slug>/programme.yaml
GET /desk/campaigns/<slug>/recoverable
GET /desk/campaigns/<slug>/rows/<what>
GET /desk/campaigns/<slug>/versions/<int:number>
GET /desk/approvals
GET /desk/approvals/<int:number>
GET /desk/audit
POST /desk/audit/file
GET /desk/cases
GET /desk/cases/<int:number>
GET /desk/cases/watched
GET /desk/claims
GET /desk/claims/<int:number>
POST /desk/claims/file
GET /desk/inquiries/<int:number>/progress
GET /desk/payouts
GET /desk/payouts/<int:number>
POST /desk/payouts/<int:number>/copy
GET /desk/payouts/asked/<int:number>
GET /desk/people
POST /desk/people
GET /desk/people/<kind>/<int:number>
GET /desk/remedies
GET /desk/remedies/<int:number>
POST /desk/remedies/friends
GET /desk/repairs
GET /desk/reviews
GET /desk/reviews/<int:number>
GET /desk/reviews/<int:number>/lines.csv
GET /desk/trials
GET /desk/trials/<int:number>
GET /desk/trials/<int:number>/chart.svg
"""
CHANGE = """
POST /desk/answers
POST /desk/approvals/<int:number>/confirm
POST /desk/approvals/<int:number>/turn-down
GET /desk/campaigns/<slug>/edit
POST /desk/campaigns/<slug>/edit
POST /desk/campaigns/<slug>/edit/preview
POST /desk/campaigns/<slug>/friends/<int:number>/cleared
POST /desk/campaigns/<slug>/friends/<int:number>/fraud
GET /desk/campaigns/<slug>/move/<to>
POST /desk/campaigns/<slug>/move/<to>
POST /desk/campaigns/<slug>/repairs
GET /desk/campaigns/<slug>/write-off
POST /desk/campaigns/<slug>/write-off
POST /desk/cases/<int:number>/appeal
POST /desk/cases/<int:number>/appeal/decide
POST /desk/cases/<int:number>/assign
POST /desk/cases/<int:number>/clear
POST /desk/cases/<int:number>/confirm
POST /desk/cases/<int:number>/find
POST /desk/cases/<int:number>/send-back
POST /desk/claims/<int:number>/assign
POST /desk/claims/<int:number>/credit
POST /desk/claims/<int:number>/refuse
POST /desk/drafts
POST /desk/inquiries/<int:number>/stop
GET /desk/new-campaign
POST /desk/payouts
POST /desk/payouts/<int:number>/cancel
POST /desk/payouts/<int:number>/confirm
POST /desk/payouts/<int:number>/file
POST /desk/people/<kind>/<int:number>/look
POST /desk/proposals
POST /desk/remedies/<int:number>/agree
POST /desk/remedies/<int:number>/refuse
GET /desk/remedies/goodwill
POST /desk/remedies/goodwill
POST /desk/repairs/<int:number>/apply
POST /desk/reviews
POST /desk/reviews/<int:number>/propose
POST /desk/trials
"""
LOCK = """
POST /tablet/lock
"""
LEAVE = """
POST /desk/sign-out
"""
"""The last of each: nobody is signed in afterwards."""
DEMO = """
GET /api/v1/demo/log
"""

AT_TABLETS = ("teller", "teller elsewhere", "manager", "manager elsewhere")
AT_DESKS = ("desk", "manager at the desk", "manager elsewhere at the desk")
TABLET, DESK = "tablet", "desk"
DOORS: Mapping[str, Mapping[str, str]] = {
    EVERYBODY: {"": SERVED},
    SIGNED: {"bank": SERVED, "": "401"},
    DEVICE: {TABLET: SERVED, **dict.fromkeys(AT_TABLETS, SERVED), "": TABLET + ENROL},
    COUNTER: {
        **dict.fromkeys(AT_TABLETS, SERVED), TABLET: TABLET + SIGN_IN, "": TABLET + ENROL,
    },
    READ: {**dict.fromkeys((*AT_DESKS, "auditor"), SERVED), "": DESK + SIGN_IN},
    CHANGE: {**dict.fromkeys(AT_DESKS, SERVED), "auditor": "403", "": DESK + SIGN_IN},
    LOCK: {**dict.fromkeys((TABLET, *AT_TABLETS), TABLET + SIGN_IN), "": TABLET + ENROL},
    LEAVE: {"": DESK + SIGN_IN},
}  # fmt: skip
"""What each group of routes says to whom; the empty name is everybody else."""
SANDBOX = {
    "/", "/static/<path:filename>", "/bank/apply", "/bot<token>/<method>",
    "/file/bot<token>/<kind>/<file_id>", "/sandbox/sms",
}  # fmt: skip
"""And all under /sandbox/api/: one machine's toy, on 127.0.0.1, that production does not start."""


def routes(app: Flask) -> dict[str, Rule]:
    """Every route of an application, as the table names it."""
    return {
        f"{method} {rule.rule}": rule
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def table() -> Iterator[tuple[str, Mapping[str, str]]]:
    """Each route with what it says to whom, in the order in which they are tried."""
    for group, says in DOORS.items():
        for route in group.split("\n"):
            if route:
                yield route, says


def said(says: Mapping[str, str], who: str) -> str:
    return says.get(who, says[""])


def walks(one: Caller, who: str, rules: Mapping[str, Rule], *, served: bool) -> int:
    """A caller stands before every door that refuses them, or that lets them in; how many."""
    count = 0
    for route, says in table():
        wanted = said(says, who)
        if (wanted == SERVED) is served:
            assert one.asks(route.partition(" ")[0], path_of(rules[route])) == wanted, (who, route)
            count += 1
    return count


def test_every_route_stands_in_the_table(desks: Desks, settings: Settings) -> None:
    named = [route for route, _ in table()]
    assert sorted(routes(desks.house.app)) == sorted(named)
    demo = create_app(
        Settings.model_validate({**settings.model_dump(), "mode": "demo"}),
        desks.database, desks.clock,
    )  # fmt: skip
    assert set(routes(demo)) == {*named, *DEMO.split("\n")} - {""}


def test_the_sandbox_has_no_door_but_its_own(tmp_path: Path) -> None:
    app = create_sandbox(SandboxSettings(tmp_path / "s.db", "1:x"))
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    assert {rule for rule in rules if not rule.startswith("/sandbox/api/")} == SANDBOX
    app.world.close()


@pytest.mark.parametrize("who", MAKERS)
def test_a_role_is_refused_everywhere_but_at_its_own_doors(
    desks: Desks, settings: Settings, who: str
) -> None:
    one = caller(desks, who, settings.bank_webhook_secrets[0].get_secret_value())
    before = truths(desks.database, {"staff_sessions"})
    assert walks(one, who, routes(desks.house.app), served=False) >= 20
    after = truths(desks.database, {"staff_sessions"})
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"audit"}  # signing out of one's own face is on record


@pytest.mark.nightly
@pytest.mark.parametrize("who", MAKERS)
def test_a_role_is_let_in_at_its_own_doors(desks: Desks, settings: Settings, who: str) -> None:
    one = caller(desks, who, settings.bank_webhook_secrets[0].get_secret_value())
    assert walks(one, who, routes(desks.house.app), served=True) >= 20


@pytest.mark.parametrize("who", ["friend", "teller", "desk", "auditor"])
def test_one_faces_cookie_is_nothing_at_another(desks: Desks, who: str) -> None:
    """The same signed words, sent under every other face's name."""
    one = caller(desks, who, "")
    cookies = {"jianka_i": "/i", "jianka_tablet": "/tablet", "jianka_desk": "/desk"}
    kept = [
        found.value
        for name, path in cookies.items()
        if (found := one.client.get_cookie(name, path=path)) is not None
    ]
    assert kept
    for value in kept:
        stranger = desks.house.app.test_client()
        for name, path in cookies.items():
            stranger.set_cookie(name, value, path=path)
        if who in ("friend", "teller"):
            assert stranger.get("/desk/campaigns").headers["Location"].endswith(SIGN_IN)
        assert stranger.get("/tablet/show").headers["Location"].endswith(ENROL)
