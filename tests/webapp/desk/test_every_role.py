"""Every route of every face against everybody who may stand before it, held against one table:
a new route fails here until it stands in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from desktop import Desks
from door_table import DEMO, SANDBOX, named, said, table
from doors import ENROL, MAKERS, SERVED, SIGN_IN, Caller, caller, path_of
from flask import Flask
from forgeries import truths
from werkzeug.routing import Rule

from bot.sandbox.app import SandboxSettings, create_sandbox
from shared.base.settings import Settings
from webapp.app import create_app


def routes(app: Flask) -> dict[str, Rule]:
    """Every route of an application, as the table names it."""
    return {
        f"{method} {rule.rule}": rule
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


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
    ours = [route for route, _ in table()]
    assert sorted(routes(desks.house.app)) == sorted(ours)
    demo = create_app(
        Settings.model_validate({**settings.model_dump(), "mode": "demo"}),
        desks.database, desks.clock,
    )  # fmt: skip
    assert set(routes(demo)) == {*ours, *named(DEMO)}


def test_every_route_of_the_sandbox_stands_in_the_table_and_only_its_bot_speaks(
    tmp_path: Path,
) -> None:
    app = create_sandbox(SandboxSettings(tmp_path / "s.db", "1:x"))
    assert set(routes(app)) == named(SANDBOX)
    for token in ("1:y", "2:x", "", "1:x%00"):
        assert app.test_client().post(f"/bot{token}/getMe").status_code in (401, 404), token
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
