"""The bank beside the product: applications, the steps they may take, and signed events."""

import json
import secrets
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

import httpx
from standardwebhooks import Webhook

from bot.sandbox.state import Json, dumped
from bot.sandbox.world import World

SOURCE = "/bank/cards"
CURRENCY = "CNY"
PURCHASE = 30_000
SECONDS = 10.0


class Stage(StrEnum):
    """How far an application is."""

    APPLIED = "applied"
    APPROVED = "approved"
    DECLINED = "declined"
    ACTIVE = "active"
    CLOSED = "closed"


class Step(StrEnum):
    """What the bank can let happen to an application."""

    APPROVE = "approve"
    DECLINE = "decline"
    ACTIVATE = "activate"
    PURCHASE = "purchase"
    REVERSE = "reverse"
    FLAG = "flag"
    CLEAR = "clear"
    CLOSE = "close"


EVENT_TYPES = {
    Step.APPROVE: "jianka.application.approved",
    Step.DECLINE: "jianka.application.declined",
    Step.ACTIVATE: "jianka.card.activated",
    Step.PURCHASE: "jianka.transaction.posted",
    Step.REVERSE: "jianka.transaction.reversed",
    Step.FLAG: "jianka.account.flagged",
    Step.CLEAR: "jianka.account.cleared",
    Step.CLOSE: "jianka.card.closed",
}
STEPS = {
    Stage.APPLIED: (Step.APPROVE, Step.DECLINE),
    Stage.APPROVED: (Step.ACTIVATE, Step.CLOSE),
    Stage.DECLINED: (),
    Stage.ACTIVE: (Step.PURCHASE, Step.REVERSE, Step.FLAG, Step.CLEAR, Step.CLOSE),
    Stage.CLOSED: (),
}
LEADS_TO = {
    Step.APPROVE: Stage.APPROVED,
    Step.DECLINE: Stage.DECLINED,
    Step.ACTIVATE: Stage.ACTIVE,
    Step.CLOSE: Stage.CLOSED,
}


class NotNow(Exception):
    """The application is not where this step could follow."""


@dataclass(frozen=True)
class Purchase:
    """A purchase on the card; `amount` in fen."""

    id: str
    amount: int
    reversed: bool = False


@dataclass(frozen=True)
class Application:
    """One card application as the bank keeps it."""

    id: str
    stage: Stage
    phone: str = ""
    referral_token: str = ""
    customer_ref: str = ""
    flagged: bool = False
    purchases: tuple[Purchase, ...] = field(default=())

    def steps(self) -> list[Step]:
        """What may happen next."""
        open_purchase = any(not purchase.reversed for purchase in self.purchases)
        impossible = {
            Step.REVERSE: not open_purchase,
            Step.FLAG: self.flagged,
            Step.CLEAR: not self.flagged,
        }
        return [step for step in STEPS[self.stage] if not impossible.get(step, False)]

    def shown(self) -> Json:
        """What the console says of it."""
        return {
            "id": self.id,
            "stage": self.stage,
            "phone": self.phone,
            "by_link": bool(self.referral_token),
            "customer_ref": self.customer_ref,
            "flagged": self.flagged,
            "spent": sum(item.amount for item in self.purchases if not item.reversed),
            "steps": self.steps(),
        }


@dataclass(frozen=True)
class Sent:
    """An event and the product's answer; `status` is None when nobody answered."""

    id: str
    application: str
    type: str
    status: int | None
    answer: str

    def shown(self) -> Json:
        """What the console says of it."""
        return asdict(self)


def submit(
    world: World, phone: str, referral_token: str, existing_customer: bool = False
) -> tuple[Application, Sent]:
    """A new application, told to the product. Raises ValueError without number and token."""
    if not phone and not referral_token:
        raise ValueError("a phone number or a referral token is required")
    with world.state.writing():
        number = world.state.next("application", 1001)
        application = Application(
            f"A{world.now():%y%m%d}-{number}-{secrets.token_hex(2)}",
            Stage.APPLIED,
            phone,
            referral_token,
        )
        _keep(world, application)
    data: Json = {"application_id": application.id}
    if phone:
        data["phone"] = phone
    if referral_token:
        data["referral_token"] = referral_token
    if existing_customer:
        data["existing_customer"] = True
    return application, _tell(world, application.id, "jianka.application.submitted", data)


def take_step(world: World, number: str, step: Step, amount: int = PURCHASE) -> Sent:
    """Lets one thing happen; `amount` in fen. Raises NotNow, KeyError for an unknown number."""
    with world.state.writing():
        application = application_of(world, number)
        if step not in application.steps():
            raise NotNow(f"{step} cannot follow {application.stage}")
        changed, data = _stepped(world, application, step, amount)
        _keep(world, changed)
    return _tell(world, number, EVENT_TYPES[step], {"application_id": number} | data)


def _stepped(
    world: World, application: Application, step: Step, amount: int
) -> tuple[Application, Json]:
    if step is Step.APPROVE:
        customer = f"C{9_000_000 + world.state.next('customer')}{secrets.token_hex(2).upper()}"
        return replace(application, stage=Stage.APPROVED, customer_ref=customer), {
            "customer_ref": customer
        }
    if step is Step.PURCHASE:
        made = Purchase(f"T{secrets.token_hex(6)}", amount)
        data = {
            "transaction_id": made.id,
            "amount": amount,
            "currency": CURRENCY,
            "kind": "purchase",
        }
        return replace(application, purchases=(*application.purchases, made)), data
    if step is Step.REVERSE:
        back = next(item for item in reversed(application.purchases) if not item.reversed)
        purchases = tuple(
            replace(item, reversed=True) if item.id == back.id else item
            for item in application.purchases
        )
        data = {"original_transaction_id": back.id, "amount": back.amount}
        return replace(application, purchases=purchases), data
    if step in (Step.FLAG, Step.CLEAR):
        return replace(application, flagged=step is Step.FLAG), {}
    return replace(application, stage=LEADS_TO[step]), {}


def _keep(world: World, application: Application) -> None:
    body = {
        "stage": application.stage,
        "phone": application.phone,
        "referral_token": application.referral_token,
        "customer_ref": application.customer_ref,
        "flagged": application.flagged,
        "purchases": [[one.id, one.amount, one.reversed] for one in application.purchases],
    }
    world.state.run(
        "INSERT INTO applications VALUES (?, ?, ?) ON CONFLICT (id) "
        "DO UPDATE SET body = excluded.body, seq = excluded.seq",
        application.id,
        dumped(body),
        world.state.change(),
    )


def application_of(world: World, number: str) -> Application:
    """An application by its number. Raises KeyError."""
    row = world.state.row("SELECT body FROM applications WHERE id = ?", number)
    if row is None:
        raise KeyError(number)
    body = json.loads(row["body"])
    purchases = tuple(Purchase(*item) for item in body.pop("purchases"))
    stage = Stage(body.pop("stage"))
    return Application(number, stage, purchases=purchases, **body)


def applications(world: World, limit: int = 20) -> list[Application]:
    """The latest applications, newest first."""
    rows = world.state.rows("SELECT id FROM applications ORDER BY rowid DESC LIMIT ?", limit)
    return [application_of(world, row["id"]) for row in rows]


def _tell(world: World, application: str, kind: str, data: Json) -> Sent:
    event = {
        "specversion": "1.0",
        "id": secrets.token_hex(12),
        "source": SOURCE,
        "type": kind,
        "time": world.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": data,
    }
    with world.state.writing():
        world.state.run(
            "INSERT INTO events VALUES (?, ?, ?, NULL, NULL, ?)",
            event["id"],
            application,
            dumped(event),
            world.state.change(),
        )
    return deliver(world, str(event["id"]))


def deliver(world: World, event_id: str) -> Sent:
    """Signs and sends a stored event (again); keeps the answer. Raises KeyError."""
    row = world.state.row("SELECT body, application FROM events WHERE id = ?", event_id)
    if row is None:
        raise KeyError(event_id)
    kind = str(json.loads(row["body"])["type"])
    status, answer = _posted(world, event_id, row["body"])
    with world.state.writing():
        world.state.run(
            "UPDATE events SET status = ?, answer = ?, seq = ? WHERE id = ?",
            status,
            answer,
            world.state.change(),
            event_id,
        )
        world.log("event", f"{kind} · {status or 'no answer'}")
    return Sent(event_id, row["application"], kind, status, answer)


def _posted(world: World, event_id: str, body: str) -> tuple[int | None, str]:
    # A signature stands for the real moment of sending, whatever day the play is at.
    now = datetime.now(UTC)
    headers = {
        "content-type": "application/cloudevents+json",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(world.settings.bank_secret).sign(event_id, now, body),
    }
    address = f"{world.settings.web_url}/api/v1/events"
    try:
        with httpx.Client(trust_env=False, timeout=SECONDS) as client:
            answer = client.post(address, content=body.encode(), headers=headers)
    except httpx.HTTPError as error:
        return None, type(error).__name__
    return answer.status_code, answer.text[:500]


def events(world: World, limit: int = 30) -> list[Sent]:
    """The latest events, newest first."""
    rows = world.state.rows("SELECT * FROM events ORDER BY rowid DESC LIMIT ?", limit)
    return [
        Sent(
            row["id"],
            row["application"],
            json.loads(row["body"])["type"],
            row["status"],
            row["answer"] or "",
        )
        for row in rows
    ]
