"""A process that tries a draft or only reads: `history_child.py simulate|read|driver URL`; says
what it took. `read` is Core's reading of the columns that the rules look at, moments as moments;
`driver` the driver's own of the same columns, in whatever it writes them.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter, process_time

import psycopg
from event_child import peak_memory
from sqlalchemy import make_url, select
from stage import ROOT, Stage

from shared.campaigns.file import read_campaign
from shared.referrals.tales import COLUMNS
from shared.reports.simulation import try_out

NAMES = ", ".join(column.key for column in COLUMNS)
AT_ONCE = 5_000


def read(url: str) -> int:
    """Read every fact and keep none."""
    database, count = Stage(url, (), datetime.now(UTC)).open(), 0
    query = select(*COLUMNS).execution_options(yield_per=AT_ONCE)
    with database.reading() as session:
        for rows in session.execute(query).partitions():
            count += len(rows)
    database.close()
    return count


def driver(url: str) -> int:
    """The same by the driver alone."""
    statement, count = f"SELECT {NAMES} FROM facts", 0
    if url.startswith("sqlite"):
        with sqlite3.connect(str(make_url(url).database)) as file:
            cursor = file.execute(statement)
            while rows := cursor.fetchmany(AT_ONCE):
                count += len(rows)
        return count
    with psycopg.connect(url) as server, server.cursor("facts") as served:
        served.itersize = AT_ONCE
        served.execute(statement)
        while rows := served.fetchmany(AT_ONCE):
            count += len(rows)
    return count


def simulate(url: str) -> int:
    """Try the sample campaign, a little dearer; how many facts its members' applications have."""
    source = (ROOT / "assets" / "sample" / "campaign.yaml").read_text(encoding="utf-8")
    draft = read_campaign(source.replace("amount: ¥100", "amount: ¥120"))
    database = Stage(url, (), datetime.now(UTC)).open()
    with database.reading() as session:
        trial = try_out(session, draft, datetime.now(UTC))
    database.close()
    if not trial.simulated.friends:
        raise RuntimeError("nobody qualified")
    return 0


WAYS: dict[str, Callable[[str], int]] = {"read": read, "driver": driver, "simulate": simulate}


def main(way: str, url: str) -> None:
    begin, cpu = perf_counter(), process_time()
    facts = WAYS[way](url)
    took = {"seconds": perf_counter() - begin, "cpu": process_time() - cpu}
    facts = facts or driver(url)
    sys.stdout.write(json.dumps({"facts": facts, "peak": peak_memory(), **took}))


if __name__ == "__main__":
    main(*sys.argv[1:])
