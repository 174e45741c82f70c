"""Whether this process lives, whether it can work, and what it counts. No personal data."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from datetime import UTC
from functools import lru_cache

from flask import Blueprint, Flask, Response, g, jsonify, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY, Collector
from sqlalchemy import func, select, text

from shared.base.database import Database
from shared.base.log import log
from shared.post.inbox import Inbox
from shared.post.outbox import Outbox
from shared.risk.cases import counts
from webapp.bank.openapi import openapi
from webapp.problems import problem
from webapp.wiring import Wiring, wiring

health = Blueprint("health", __name__)
_log = log("web")

_ANSWERS = Counter(
    "jianka_http_answers_total", "Answers by route and status", ["route", "method", "status"]
)
_SECONDS = Histogram(
    "jianka_http_seconds",
    "Seconds until the answer, by route",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)


def install_metrics(app: Flask) -> None:
    """Count every answer and its time under the route's rule, never under its address."""

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "none"
        _answers(route, request.method, response.status_code).inc()
        if began := g.pop("began", None):
            _seconds(route).observe(time.perf_counter() - began)
        return response


@lru_cache(maxsize=1024)
def _answers(route: str, method: str, status: int) -> Counter:
    return _ANSWERS.labels(route, method, status)


@lru_cache(maxsize=256)
def _seconds(route: str) -> Histogram:
    return _SECONDS.labels(route)


@health.get("/healthz")
def healthz() -> Response:
    """This process answers."""
    return Response("ok\n", mimetype="text/plain")


@health.get("/readyz")
def readyz() -> Response:
    """This process reaches its database, and the database has the tables."""
    try:
        with wiring().database.reading() as session:
            session.execute(text("SELECT 1"))
            session.scalar(select(Outbox.id).limit(1))
    except Exception as error:
        _log.error("not ready", error=type(error).__name__)
        return problem(503, "Not ready", "The database does not answer.")
    return Response("ready\n", mimetype="text/plain")


@health.get("/metrics")
def metrics() -> Response:
    """Prometheus's text format; with several workers, the sum of all."""
    registry: CollectorRegistry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    waiting = CollectorRegistry()
    waiting.register(_Waiting(wiring()))
    body = generate_latest(registry) + generate_latest(waiting)
    return Response(body, content_type=CONTENT_TYPE_LATEST)


@health.get("/openapi.json")
def describe() -> Response:
    """What programs may call."""
    return jsonify(openapi(wiring().settings.public_url))


class _Waiting(Collector):
    """What waits in the inbox, in the outbox and for people, read when somebody asks."""

    def __init__(self, parts: Wiring) -> None:
        self._parts = parts

    def collect(self) -> Iterable[Metric]:
        inbox = GaugeMetricFamily(
            "jianka_inbox_rows", "Rows of the inbox not done", labels=["kind", "state"]
        )
        outbox = GaugeMetricFamily(
            "jianka_outbox_rows", "Rows of the outbox not sent", labels=["channel", "state"]
        )
        age = GaugeMetricFamily("jianka_outbox_oldest_seconds", "Age of the oldest waiting message")
        for (kind, state), rows in _inbox(self._parts.database).items():
            inbox.add_metric([kind, state], rows)
        for (channel, state), rows in _outbox(self._parts.database).items():
            outbox.add_metric([channel, state], rows)
        age.add_metric([], _oldest_seconds(self._parts))
        cases = GaugeMetricFamily(
            "jianka_risk_cases", "Risk cases that wait for a person", labels=["state"]
        )
        with self._parts.database.reading() as session:
            for state, number in counts(session, self._parts.now()).items():
                cases.add_metric([state], number)
        return [inbox, outbox, age, cases]


def _inbox(database: Database) -> dict[tuple[str, str], int]:
    query = (
        select(Inbox.kind, Inbox.set_aside_at.is_not(None), func.count())
        .where(Inbox.done_at.is_(None))
        .group_by(Inbox.kind, Inbox.set_aside_at.is_not(None))
    )
    with database.reading() as session:
        return {
            (kind, "set_aside" if aside else "waiting"): rows
            for kind, aside, rows in session.execute(query)
        }


def _outbox(database: Database) -> dict[tuple[str, str], int]:
    query = (
        select(Outbox.channel, Outbox.failed_at.is_not(None), func.count())
        .where(Outbox.sent_at.is_(None))
        .group_by(Outbox.channel, Outbox.failed_at.is_not(None))
    )
    with database.reading() as session:
        return {
            (channel, "failed" if failed else "waiting"): rows
            for channel, failed, rows in session.execute(query)
        }


def _oldest_seconds(parts: Wiring) -> float:
    query = select(func.min(Outbox.created_at)).where(
        Outbox.sent_at.is_(None), Outbox.failed_at.is_(None)
    )
    with parts.database.reading() as session:
        oldest = session.scalar(query)
    if oldest is None:
        return 0.0
    return max(0.0, (parts.now() - oldest.astimezone(UTC)).total_seconds())
