"""The bank's events as they arrive: CloudEvents 1.0 JSON → typed events, or what is wrong.

A batch is judged whole: one malformed item and nothing of the request is stored.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.applications.facts import Kind
from shared.base.errors import Refusal
from shared.people.phone import read_phone

FUTURE = timedelta(minutes=5)
MOST_PROBLEMS = 50
_PREFIX = "jianka."
_Ref = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:\-]+$")
_OptionalRef = Field(default=None, min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:\-]+$")
_Account = Field(default=None, min_length=1, max_length=64, pattern=r"^[!-~]+$")
"""The bank's own reference of where somebody is paid; kept as a keyed hash only."""
PRINTED = r"^[^\x00-\x1f\x7f]*$"
"""No control characters: PostgreSQL's texts cannot hold a NUL."""
NO_BAR = r"^[^\x00-\x20\x7f|]+$"
"""A source is a URI reference: without blanks, and without the bar that ends it in a fact."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with one field of one item (counted from 0)."""

    item: int
    field: str
    text: str


class EventsMalformed(Exception):
    """The request cannot be stored; every problem found, fifty at most."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(f"{len(problems)} problem(s)")
        self.problems = problems[:MOST_PROBLEMS]


class _Data(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    product: str | None = Field(default=None, max_length=40, pattern=PRINTED)
    branch: str | None = Field(default=None, max_length=120, pattern=PRINTED)
    existing_customer: bool | None = None


class _Submitted(_Data):
    application_id: str = _Ref
    phone: str | None = Field(default=None, max_length=40)
    referral_token: str | None = _OptionalRef

    @model_validator(mode="after")
    def _can_be_matched(self) -> _Submitted:
        if self.phone is None and self.referral_token is None:
            raise ValueError("needs phone or referral_token")
        if self.phone is not None:
            try:
                self.phone = read_phone(self.phone)
            except Refusal as refusal:
                raise ValueError(f"phone: {refusal.code}") from None
        return self


class _Approved(_Data):
    application_id: str = _Ref
    customer_ref: str = _Ref
    card_ref: str | None = _OptionalRef
    payout_account: str | None = _Account


class _Declined(_Data):
    application_id: str = _Ref


class _About(_Data):
    application_id: str | None = _OptionalRef
    customer_ref: str | None = _OptionalRef
    card_ref: str | None = _OptionalRef

    @model_validator(mode="after")
    def _names_somebody(self) -> _About:
        if self.application_id is None and self.customer_ref is None:
            raise ValueError("needs application_id or customer_ref")
        return self


class _Activated(_About):
    payout_account: str | None = _Account


class _Posted(_About):
    transaction_id: str = _Ref
    amount: int = Field(ge=0, le=10**12)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    kind: str = Field(min_length=1, max_length=20)


class _Reversed(_About):
    original_transaction_id: str = _Ref
    amount: int = Field(ge=0, le=10**12)


class _MemberChanged(_Data):
    customer_ref: str = _Ref
    phone: str | None = Field(default=None, max_length=40)
    status: Literal["active", "inactive", "closed"] | None = None
    payout_account: str | None = _Account

    @model_validator(mode="after")
    def _phone_reads(self) -> _MemberChanged:
        if self.phone is not None:
            try:
                self.phone = read_phone(self.phone)
            except Refusal as refusal:
                raise ValueError(f"phone: {refusal.code}") from None
        return self


MEMBER_CHANGED = "member.changed"
_DATA: dict[str, type[_Data]] = {
    Kind.SUBMITTED: _Submitted,
    Kind.APPROVED: _Approved,
    Kind.DECLINED: _Declined,
    Kind.ACTIVATED: _Activated,
    Kind.CLOSED: _About,
    Kind.WALLET_LINKED: _About,
    Kind.PURCHASE: _Posted,
    Kind.REVERSED: _Reversed,
    Kind.FLAGGED: _About,
    Kind.CLEARED: _About,
    MEMBER_CHANGED: _MemberChanged,
}


class _Envelope(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    specversion: Literal["1.0"]
    id: str = Field(min_length=1, max_length=200, pattern=PRINTED)
    source: str = Field(min_length=1, max_length=200, pattern=NO_BAR)
    type: str
    time: str = Field(max_length=40)
    data: dict[str, Any]


@dataclass(frozen=True)
class BankEvent:
    """One checked event. `body` is the whole item as it came, for the inbox."""

    source: str
    id: str
    type: str
    """Without the `jianka.` prefix: a Kind's value or `member.changed`."""
    at: datetime
    data: dict[str, Any]
    body: dict[str, Any]


def data_schemas() -> dict[str, dict[str, Any]]:
    """The JSON schema of every type's `data`, by the full type."""
    return {_PREFIX + kind: model.model_json_schema() for kind, model in _DATA.items()}


def read_json(raw: bytes) -> Any:
    """JSON → its value. ValueError, also for half a surrogate pair: no UTF-8 can hold it."""
    value = json.loads(raw)
    if b"\\ud" in raw.lower():
        json.dumps(value, ensure_ascii=False).encode()
    return value


def parse_events(body: bytes, batch: bool, now: datetime) -> list[BankEvent]:
    """A request's body → its events. EventsMalformed names item and field of every problem."""
    try:
        value = read_json(body)
    except (ValueError, RecursionError):
        raise EventsMalformed([Problem(0, "", "the body is not JSON")]) from None
    if batch != isinstance(value, list):
        wanted = "a list of events" if batch else "one event, not a list"
        raise EventsMalformed([Problem(0, "", f"this content type holds {wanted}")])
    return parse_items(value if batch else [value], now)


def parse_items(items: list[Any], now: datetime) -> list[BankEvent]:
    """Decoded JSON items → events, with the same errors as `parse_events`."""
    events: list[BankEvent] = []
    problems: list[Problem] = []
    for place, item in enumerate(items):
        found = read_event(item, now)
        if isinstance(found, BankEvent):
            events.append(found)
        else:
            problems += [Problem(place, field, text) for field, text in found]
    if problems:
        raise EventsMalformed(problems)
    return events


def read_event(item: Any, now: datetime) -> BankEvent | list[tuple[str, str]]:
    """One item → the event, or its problems as (field, text)."""
    try:
        envelope = _Envelope.model_validate(item)
    except ValidationError as error:
        return _problems(error, "")
    kind = envelope.type.removeprefix(_PREFIX)
    model = _DATA.get(kind) if envelope.type.startswith(_PREFIX) else None
    if model is None:
        return [("type", "unknown type")]
    at = _moment(envelope.time)
    if at is None:
        return [("time", "must be RFC 3339 with an offset")]
    if at > now + FUTURE:
        return [("time", "lies more than 5 minutes in the future")]
    try:
        data = model.model_validate(envelope.data)
    except ValidationError as error:
        return _problems(error, "data.")
    return BankEvent(
        envelope.source, envelope.id, kind, at, data.model_dump(exclude_none=True), item
    )


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
    try:
        return at.astimezone(UTC)
    except OverflowError:
        return None


def _problems(error: ValidationError, prefix: str) -> list[tuple[str, str]]:
    return [
        (
            (prefix + ".".join(str(part) for part in problem["loc"])).rstrip("."),
            problem["msg"].removeprefix("Value error, "),
        )
        for problem in error.errors(include_url=False, include_input=False)
    ]
