"""A canary in every field of every bank event, valid and not: none lies anywhere in the clear."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from canaries import found_in, known_of, lying_in
from counter import Clock
from flask import Flask
from standardwebhooks import Webhook

from shared.actions.hearing import hear
from shared.actions.importing import import_members, import_staff
from shared.applications.events import data_schemas
from shared.base.database import Database, open_database
from shared.base.privacy import Keyring
from shared.base.settings import Settings
from shared.base.sheets import BadFile
from shared.post import inbox
from webapp.app import create_app

WORD, NUMBER = "猰貐先生住在朝阳路", "+8613700661177"
BESIDE = {
    "customer_name": WORD, "id_number": NUMBER, "merchant": WORD, "address": WORD,
    "remark": NUMBER, "contacts": [{"name": WORD, "phone": NUMBER}],
}  # fmt: skip
"""What a bank might send besides; it is nobody's field."""
VALUES: dict[str, Any] = {
    "phone": NUMBER, "amount": 30_000, "currency": "CNY", "kind": "purchase", "status": "active",
    "product": "jade", "branch": "静安支行", "existing_customer": False,
}  # fmt: skip


def whole(schema: dict[str, Any], number: int) -> dict[str, Any]:
    """A valid `data` with every field of a type."""
    return {name: VALUES.get(name, f"R{number}") for name in schema["properties"]} | BESIDE


def events() -> Iterator[tuple[bool, str, dict[str, Any]]]:
    """Whether it is valid, its type, its data: one whole, and one for each field that is not."""
    for number, (kind, schema) in enumerate(sorted(data_schemas().items())):
        data = whole(schema, number)
        yield True, kind, data
        for name, about in schema["properties"].items():
            said = json.dumps(about)
            if "string" in said and name not in ("product", "branch", "kind"):
                yield False, kind, data | {name: f"{WORD} {NUMBER}"}
        yield False, f"{kind}.{NUMBER}", data


@pytest.fixture
def app(settings: Settings, database: Database, now: datetime) -> Flask:
    return create_app(settings, database, Clock(now))


def test_what_the_bank_sends_is_sealed_and_never_said_back(
    app: Flask, settings: Settings, database: Database, now: datetime,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    secret = settings.bank_webhook_secrets[0].get_secret_value()
    client, stored = app.test_client(), 0
    for number, (valid, kind, data) in enumerate(events()):
        event = {
            "specversion": "1.0", "id": f"e{number}", "source": "/bank", "time": now.isoformat(),
            "type": kind, "data": data, "subject": WORD, "traceparent": NUMBER,
        }  # fmt: skip
        body = json.dumps(event)
        headers = {
            "webhook-id": f"e{number}", "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(f"e{number}", now, body),
            "Content-Type": "application/cloudevents+json",
        }  # fmt: skip
        answer = client.post("/api/v1/events", data=body, headers=headers)
        assert answer.status_code == (202 if valid else 400), (kind, data, answer.text)
        assert found_in(answer.data, (WORD, NUMBER)) == []
        stored += valid
    assert stored == len(data_schemas()) > 10
    with database.transaction() as session:
        hear(session, inbox.waiting(session, "bank", 500), now)
    assert {each.partition(":")[0] for each in known_of(database, (WORD, NUMBER))} == {"inbox"}
    assert lying_in(database, (WORD, NUMBER)) == []
    said = capfd.readouterr()
    assert found_in((said.out + said.err).encode(), (WORD, NUMBER)) == []


MEMBERS = ("customer_ref,phone,name,language,segment,region,card_product,opened_on,status",
           f"C777001,{NUMBER},{WORD},zh_Hans,,上海,jade,2021-04-12,active")  # fmt: skip
STAFF = ("staff_no,name,branch,role,customer_ref", f"S7001,{WORD},静安支行,teller,")


@pytest.mark.parametrize(("sheet", "load"), [(MEMBERS, import_members), (STAFF, import_staff)])
def test_a_bad_line_of_the_banks_files_is_named_and_nobody_in_it(
    database: Database, now: datetime, sheet: tuple[str, str], load: Any
) -> None:
    names, good = (line.split(",") for line in sheet)
    for place, name in enumerate(names):
        bad = [*good[:place], f"{WORD} {NUMBER}", *good[place + 1 :], "one too many"]
        raw = f"{sheet[0]}\n{','.join(bad)}\n".encode()
        with pytest.raises(BadFile) as found, database.transaction() as session:
            load(session, raw, "operator:test", now)
        assert found_in(str(found.value).encode(), (WORD, NUMBER)) == [], name
    assert known_of(database, (WORD, NUMBER)) == []


def test_a_good_line_is_sealed(sqlite_url: str, keyring: Keyring, now: datetime) -> None:
    with closing(open_database(sqlite_url, keyring)) as database:
        with database.transaction() as session:
            import_members(session, "\n".join(MEMBERS).encode(), "operator:test", now)
            import_staff(session, "\n".join(STAFF).encode(), "operator:test", now)
        assert known_of(database, (WORD, NUMBER))
        assert lying_in(database, (WORD, NUMBER)) == []
        path = Path(str(database.engine.url.database))
    assert found_in(path.read_bytes(), (WORD, NUMBER)) == []
