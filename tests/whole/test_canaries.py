"""Distinctive personal data goes in at every entrance; nowhere does it lie in the clear."""

from __future__ import annotations

import io
import json
import secrets
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from browser import Friend
from canaries import found_in, found_in_files, known_of, shapes
from counter import ALICE, TICKED, Counter, both_engines
from desktop import Desk, Desks, desks_of
from money import answers, goodwill
from sqlalchemy import select
from standardwebhooks import Webhook

from bot.conversation import respond
from bot.flows.taps import Verb, encode
from bot.flows.turn import Place, Screen
from bot.messages import Attached, Incoming, Kind
from bot.telegram.fetching import _writer
from shared.actions.claim_fetching import picture_came
from shared.actions.importing import import_members, import_staff
from shared.actions.inviting import name_friend
from shared.actions.joining import agree
from shared.base.database import Database
from shared.base.i18n import Locale, text
from shared.base.settings import Settings
from shared.claims.pictures import wanted
from shared.jobs.erasures import ErasureFile
from shared.jobs.worker import house_turn
from shared.people.chats import Proof, chat_at, find_or_add_chat
from shared.post import inbox
from shared.rewards.payouts import Line
from webapp.landing import steps

NAMES = {
    "member": "鸾鹤卿", "friend": "麒麟童", "walk-in": "凤栖梧", "staff": "玄武岩",
    "greeting": "白泽山人敬上", "nickname": "青鸾舞姬", "typed": "毕方先生在哪",
    "bank": "貔貅子户名", "goodwill": "朱雀来电投诉", "look": "核实饕餮本人身份",
    "sought": "重明鸟先生", "pin": "穷奇员工号", "code": "应龙邀请码",
    "profile": "Jiuweihu Canary", "sheet": "梼杌坏行", "picture": "睚眦图中字",
    "noted": "椒图备注一句",
}  # fmt: skip
NUMBERS = {
    "member": "+8613700137101", "friend": "+8613700137202", "walk-in": "+8613700137303",
    "bank": "+8613700137404", "claim": "+8613700137505", "changed": "+8613700137606",
    "failed": "+8613700137707", "stop": "+8613700137808",
}  # fmt: skip
ACCOUNTS = {"member": "6217000998877665501", "friend": "6217000998877665602"}
"""Plain numbers of accounts, from a bank that should have sent references of its own."""
TELEGRAM = "7123456789"
CANARIES = (*NAMES.values(), *NUMBERS.values(), *ACCOUNTS.values(), TELEGRAM)
PLACE = Place("https://card.example", "JiankaBot", "荐卡银行", demo=True)
HEAD = (
    "customer_ref,phone,name,language,segment,region,card_product,opened_on,status,payout_account"
)
STAFF = "staff_no,name,branch,role,customer_ref"


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    url = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")
    assert isinstance(url, str)
    return url


@pytest.fixture
def desks(settings: Settings, database: Database, now: datetime) -> Desks:
    return desks_of(settings, database, now)


def plant_files(desks: Desks, now: datetime) -> None:
    """The bank's files: members and staff."""
    row = f"C777001,{NUMBERS['member']},{NAMES['member']},zh_Hans,,上海,jade,2021-04-12,active"
    row += f",{ACCOUNTS['member']}"
    with desks.database.transaction() as session:
        import_members(session, f"{HEAD}\n{row}\n".encode(), "operator:test", now)
        sheet = f"{STAFF}\nS7001,{NAMES['staff']},静安支行,teller,\n"
        import_staff(session, sheet.encode(), "operator:test", now)


def plant_chat(desks: Desks, now: datetime) -> None:
    """A cardholder in chat: own contact, greeting, claim, words, nickname; raw updates too."""
    profile = {"id": int(TELEGRAM), "first_name": NAMES["profile"], "username": "jiuweihu_canary"}

    def hears(kind: Kind, typed: str = "", **more: object) -> None:
        message = {"from": profile, "text": typed, "contact": {"phone_number": more.get("phone")}}
        update = {"update_id": secrets.randbelow(10**9), "message": message}
        item = inbox.Item("telegram:1", str(update["update_id"]), update, _writer(update))
        with desks.database.transaction() as session:
            inbox.store(session, "telegram", [item], now)
        incoming = Incoming("telegram", TELEGRAM, kind, typed, "zh-hans", **more)  # type: ignore[arg-type]
        with desks.database.transaction() as session:
            respond(session, incoming, PLACE, now)

    with desks.database.transaction() as session:
        chat = find_or_add_chat(session, "telegram", TELEGRAM, "zh-hans", now)
        agree(session, chat, Locale.ZH_HANS, now)
    hears(Kind.CONTACT, phone=NUMBERS["member"], own_contact=True)
    with desks.database.transaction() as session:
        chat_at(session, "telegram", TELEGRAM).proof = Proof.FULL  # type: ignore[union-attr]
    hears(Kind.TEXT, "/invite")
    hears(Kind.TAP, encode(Verb.OPEN, Screen.GREETING.value), message="1")
    hears(Kind.TEXT, NAMES["greeting"])
    hears(Kind.TEXT, NAMES["typed"])
    hears(Kind.TEXT, "/claim")
    hears(Kind.TEXT, NUMBERS["claim"])
    for label in ("claim.when.this_week", "claim.how.late"):
        hears(Kind.TEXT, text(Locale.ZH_HANS, label))
    hears(Kind.PICTURE, picture=Attached("AgAC-1"))
    hears(Kind.TEXT, text(Locale.ZH_HANS, "button.file_claim"))
    with desks.database.transaction() as session:
        (one,) = wanted(session, "telegram", now, 9)
        assert picture_came(session, one, b"\xff\xd8\xff " + NAMES["picture"].encode())


def plant_landing(desks: Desks, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """A friend on the web, odd addresses, and a page that breaks with a number in its error."""
    app, otp = desks.house.app, desks.house.sms_code
    code = desks.house.invite("C777001").code
    friend = Friend(app, code, otp)
    digits = NUMBERS["friend"][3:]
    friend.opens(f"/i/{code}?utm_source={digits}&utm_content={NUMBERS['friend']}&ch={digits}")
    friend.registers(NUMBERS["friend"], name=NAMES["friend"], masked_name="yes")
    with desks.database.transaction() as session:
        name_friend(session, desks.house.member_id("C777001"), 1, 1, NAMES["nickname"])
    friend.opens(f"/i/{NAMES['code']}")
    friend.opens(f"/i/?code={NAMES['code']}")
    other = Friend(app, code, otp)
    other.opens(f"/i/{code}/stop")
    other.submits("send-code", phone=NUMBERS["stop"])
    other.submits("stop", code="000000", which="all")

    def breaks(*_given: object) -> None:
        raise RuntimeError(f"{NAMES['friend']} {NUMBERS['failed']}")

    with monkeypatch.context() as broken:
        broken.setattr(steps, "send_code", breaks)
        app.testing = False
        page = Friend(app, code, otp).sends_number(NUMBERS["failed"])
        app.testing = True
    assert page.status_code == 500
    assert found_in(page.data, (NAMES["friend"], NUMBERS["failed"])) == []


def plant_counter(desks: Desks) -> None:
    """A walk-in on the tablet, and a wrong staff number."""
    counter: Counter = desks.house.mei()
    desks.house.sends_number(counter, NUMBERS["walk-in"])
    counter.posts(
        "/tablet/walk-in/confirm", code=desks.house.sms_code(), name=NAMES["walk-in"], **TICKED
    )
    counter.another().posts("/tablet/sign-in", staff_no=NAMES["pin"], pin="123456")


def plant_bank(desks: Desks, settings: Settings) -> None:
    """Signed events with numbers; one is a conflict, one is malformed."""
    now = desks.clock()
    secret = settings.bank_webhook_secrets[0].get_secret_value()

    def sends(identity: str, kind: str, **data: object) -> int:
        body = json.dumps(
            {
                "specversion": "1.0", "id": identity, "source": "/bank", "time": now.isoformat(),
                "type": f"jianka.{kind}", "data": data,
            }
        )  # fmt: skip
        headers = {
            "webhook-id": identity,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(identity, now, body),
        }
        answer = desks.house.app.test_client().post(
            "/api/v1/events", data=body, headers=headers,
            content_type="application/cloudevents+json",
        )  # fmt: skip
        assert found_in(answer.data, CANARIES) == []
        return answer.status_code

    submitted = "application.submitted"
    assert sends("e1", submitted, application_id="A7", phone=NUMBERS["friend"]) == 202
    assert sends("e2", submitted, application_id="A8", phone=NUMBERS["bank"]) == 202
    assert sends("e2", submitted, application_id="A9", phone=NUMBERS["bank"]) == 409
    changed = {"customer_ref": "C777001", "phone": NUMBERS["changed"]}
    assert sends("e3", "member.changed", **changed) == 202
    approved = {"application_id": "A7", "customer_ref": "C777009"}
    paid = {**approved, "payout_account": ACCOUNTS["friend"]}
    assert sends("e5", "application.approved", **paid) == 202
    broken = {**approved, "payout_account": f"{ACCOUNTS['friend']} {ACCOUNTS['member']}"}
    assert sends("e6", "application.approved", **broken) == 400
    assert sends("e4", submitted, application_id="A9", phone=NAMES["bank"]) == 400


def plant_desk(desks: Desks, tang: Desk, shen: Desk) -> None:
    """Reasons in words at the desk, and the bank's answer with a name in its reason."""
    tang.posts(
        "/desk/remedies/goodwill", campaign="spring", member=ALICE, amount="5", unit="POINTS",
        reason=NAMES["goodwill"],
    )  # fmt: skip
    tang.posts("/desk/claims/1/note", note=NAMES["noted"])
    number = desks.house.member_id("C777001")
    assert tang.posts(f"/desk/people/member/{number}/look", reason=NAMES["look"]).has("plain")
    tang.posts("/desk/people", sought=NAMES["sought"])
    goodwill(desks, ALICE, 8_800)
    tang.posts("/desk/payouts", campaign="spring")
    shen.posts("/desk/payouts/1/confirm")
    shen.posts("/desk/payouts/1/file", form="csv")
    with desks.database.reading() as session:
        reference = session.scalars(select(Line.reference)).one()
    answers(shen, f"{reference},failed,{NAMES['bank']} 6222020200112230000")
    bad = f"reference,status,reason\n,{NAMES['sheet']},\n".encode()
    shen.posts("/desk/answers", file=(io.BytesIO(bad), "answer.csv"))


@pytest.fixture
def planted(
    desks: Desks,
    settings: Settings,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> Desks:
    plant_files(desks, now)
    plant_chat(desks, now)
    plant_landing(desks, now, monkeypatch)
    desks.clock.passes(minutes=5)
    plant_counter(desks)
    plant_bank(desks, settings)
    plant_desk(desks, desks.of("S9001"), desks.of("S9003"))
    erased = ErasureFile(desks.database, tmp_path / "erased.jsonl")
    house_turn(desks.database, desks.clock, erased)
    return desks


def looks_everywhere(planted: Desks, tmp_path: Path) -> list[str]:
    """In the database's own bytes and a backup of them, or in every table as it is copied out."""
    engine = planted.database.engine
    if engine.dialect.name == "sqlite":
        path = Path(str(engine.url.database))
        with (
            closing(sqlite3.connect(path)) as source,
            closing(sqlite3.connect(tmp_path / "backup.db")) as backup,
        ):
            source.backup(backup)
        assert path.with_name(f"{path.name}-wal").exists()
        return found_in_files(path.parent, CANARIES) + found_in_files(tmp_path, CANARIES)
    url = engine.url.render_as_string(hide_password=False)
    found = []
    with psycopg.connect(url) as connection:
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        for (name,) in connection.execute(tables).fetchall():
            with connection.cursor().copy(f'COPY "{name}" TO STDOUT (FORMAT binary)') as copy:
                content = b"".join(bytes(part) for part in copy)
            found += [f"{name}: {each}" for each in found_in(content, CANARIES)]
    return found


@both_engines
def test_no_canary_lies_in_the_clear(
    planted: Desks, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arrived = {each.partition(": ")[2] for each in known_of(planted.database, CANARIES)}
    never = {NAMES[each] for each in ("sought", "pin", "code", "sheet")} | {NUMBERS["failed"]}
    never.add(ACCOUNTS["member"])  # hashed at once, and nowhere else
    assert set(CANARIES) - arrived == never  # who holds the keys can read the rest
    assert looks_everywhere(planted, tmp_path) == []
    said = capfd.readouterr()
    assert "failed" in said.out + said.err
    assert found_in((said.out + said.err).encode(), CANARIES) == []
    client = planted.house.app.test_client()
    for path in ("/metrics", "/healthz", "/readyz", "/openapi.json"):
        assert found_in(client.get(path).data, CANARIES) == [], path


READ = (
    "/desk/payouts", "/desk/payouts/1", "/desk/audit", "/desk/people", "/desk/campaigns/spring",
    "/desk/campaigns/spring/rows/referrals", "/desk/campaigns/spring/rows/visits?format=csv",
    "/desk/campaigns/spring/rows/grants?format=csv", "/desk/campaigns/spring/recoverable",
)  # fmt: skip


def test_who_may_only_look_sees_no_name_or_number_in_full(planted: Desks) -> None:
    luo = planted.of("S9002")
    people = [NAMES[who] for who in ("member", "friend", "walk-in")] + list(NUMBERS.values())
    number = planted.house.member_id("C777001")
    for path in (*READ, f"/desk/people/member/{number}", "/desk/people/friend/1"):
        page = luo.opens(path)
        assert page.status == 200, path
        assert found_in(page.response.data, people) == [], path
    for path, form in (
        ("/desk/payouts/1/copy", "csv"), ("/desk/payouts/1/copy", "xlsx"), ("/desk/audit/file", ""),
    ):  # fmt: skip
        assert found_in(luo.posts(path, form=form).response.data, CANARIES) == [], path
    for path in ("/desk/payouts/1/file", f"/desk/people/member/{number}/look"):
        page = luo.posts(path, form="csv", reason=NAMES["look"])
        assert page.status == 403
        assert found_in(page.response.data, people) == []


def test_a_canary_in_the_clear_would_be_found(tmp_path: Path) -> None:
    """A test that cannot fail is a defect: each shape is one that the search sees."""
    for word in ("麒麟童", "+8613700137202"):
        for shape, pattern in shapes(word):
            assert found_in(b"before " + pattern + b" after", [word]), shape
    path = tmp_path / "plain.db"
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("CREATE TABLE t (said TEXT)")
        plain.execute("INSERT INTO t VALUES (?)", ("麒麟童 137 0013 7202",))
        plain.commit()
    assert len(found_in_files(tmp_path, ["麒麟童", "+8613700137202"])) == 2
