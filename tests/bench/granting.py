"""Grants on one hot campaign, heard by eight processes, beside pgbench posting one at a time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, sleep

import psycopg
from pairs import Row, Run, compare
from sqlalchemy import func, insert, select
from stage import ROOT, NewStage, Stage

from shared.applications.facts import FactRow
from shared.base import lease
from shared.base.clock import system_clock
from shared.jobs.second_hand import SecondHand
from shared.ledger.entries import Entry
from shared.ledger.verify import verify
from shared.rewards.settle import DUTY

sys.path.append(str(ROOT / "tests" / "cast"))
from race import Race, enrol, members_without_chats, qualifying, spring  # the tests' own crowd

TARGET = 2.0
DELAYED = 0.85
HEARERS = 8
FRIENDS = 1
"""Of each member: so each is settled about once, and gets three grants."""
_HOLDER = "bench"
_POSTING = r"""
\set account random(1, 64)
\set amount random(1, 10000)
BEGIN;
INSERT INTO single_entries (account, at) VALUES (:account, now()) RETURNING id AS entry \gset
INSERT INTO single_legs VALUES
    (CAST(:entry AS bigint), 'funding', -CAST(:amount AS bigint)),
    (CAST(:entry AS bigint), 'pending', CAST(:amount AS bigint));
UPDATE single_accounts SET balance = balance + :amount WHERE id = :account;
COMMIT;
"""
_TABLES = """
CREATE TABLE single_accounts (id int PRIMARY KEY, balance bigint NOT NULL);
INSERT INTO single_accounts SELECT n, 0 FROM generate_series(1, 64) AS n;
CREATE TABLE single_entries (id bigserial PRIMARY KEY, account int NOT NULL, at timestamptz);
CREATE TABLE single_legs (
    entry_id bigint REFERENCES single_entries, account text, amount bigint,
    PRIMARY KEY (entry_id, account)
);
"""


def pgbench() -> str | None:
    """Where PostgreSQL keeps its own benchmark; None: not on this machine."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if config := shutil.which("pg_config"):
        said = subprocess.run([config, "--bindir"], check=True, capture_output=True, text=True)
        places.insert(0, Path(said.stdout.strip()))
    return shutil.which("pgbench", path=os.pathsep.join(map(str, places))) or shutil.which(
        "pgbench"
    )


def granting(
    new: NewStage, folder: Path, pairs: int, seconds: float, members: int
) -> Iterator[Row]:
    """The row of speed, and the row of a disk that answers each commit 2 ms later.

    The delay is PostgreSQL's own `commit_delay`, with `commit_siblings` 0: whoever flushes the
    log waits 2 ms before, whether alone or for others, hearers and settler alike. So no commit
    becomes durable sooner than on such a disk, and none waits for more than it would there.
    """
    program = pgbench()
    if program is None:
        return
    with new() as stage:
        _administer(stage, _TABLES)
        script = folder / "posting.sql"
        script.write_text(_POSTING, encoding="ascii")
        database = stage.open()
        hand = SecondHand(database)  # as the worker has one
        grants(stage, hand, members // 2)  # what is made once is made now
        yield compare(
            f"Grants on one campaign, {HEARERS} processes hearing, to pgbench's single postings",
            lambda: single_postings(program, stage, script, seconds),
            lambda: grants(stage, hand, members),
            pairs,
            unit="grants/s",
            at_least=TARGET,
        )
        yield compare(
            "The same with each commit 2 ms late, to itself",
            lambda: grants(stage, hand, members),
            lambda: delayed(stage, hand, members),
            pairs,
            unit="grants/s",
            at_least=DELAYED,
        )
        hand.close()
        with database.reading() as session:
            if problems := verify(session):
                raise RuntimeError(f"the ledger is not whole: {problems[0]}")
        database.close()


def single_postings(program: str, stage: Stage, script: Path, seconds: float) -> Run:
    """An entry, two legs and one of 64 accounts a transaction, by 8 clients, prepared."""
    clients = ["-n", "-M", "prepared", "-c", "8", "-j", "2", "-T", str(max(1, round(seconds)))]
    said = subprocess.run(
        [program, *clients, "-f", str(script), stage.url],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    rate = next(line for line in said.splitlines() if line.startswith("tps"))
    return Run(round(float(rate.split()[2]) * seconds), seconds)


def delayed(stage: Stage, hand: SecondHand, members: int) -> Run:
    """`grants` on a disk that takes 2 ms longer for each commit."""
    name = stage.url.rpartition("/")[2]
    _administer(stage, f"ALTER DATABASE {name} SET commit_delay = 2000")
    _administer(stage, f"ALTER DATABASE {name} SET commit_siblings = 0")
    try:
        return grants(stage, hand, members)
    finally:
        _administer(stage, f"ALTER DATABASE {name} RESET ALL")


def grants(stage: Stage, hand: SecondHand, members: int) -> Run:
    """From the first purchase heard to the last reward posted, in a campaign of its own; without
    the hearers' beginning and end, as pgbench leaves out its clients'."""
    database = hand.database
    source = spring(f"hot-{uuid.uuid4().hex[:8]}")
    racers = enrol(
        database,
        source,
        members_without_chats(database, members, stage.began),
        FRIENDS,
        stage.began,
    )
    told = [fact for racer in racers for fact in qualifying(racer, stage.began)]
    with database.transaction() as session:
        session.execute(insert(FactRow), [fact for _, fact in told[::2]])  # approved before
        assert lease.take(session, DUTY, _HOLDER, system_clock())
    _administer(stage, "ANALYZE")  # else the first minute is planned for empty tables
    race = Race(database, stage.url)
    gate = race.context.Barrier(HEARERS + 1, timeout=60)
    race.hear(told[1::2], HEARERS, size=50, twice=0, adverse=0, gate=gate)
    gate.wait()
    begin = perf_counter()
    while gate.n_waiting < HEARERS and not gate.broken:
        hand.settle(_HOLDER, system_clock())
    while hand.settle(_HOLDER, system_clock()) or hand.busy:
        sleep(0.001)
    took = perf_counter() - begin
    gate.wait()
    with database.reading() as session:
        query = select(func.count()).where(Entry.campaign_id == racers[0].campaign)
        posted = session.scalar(query) or 0
    race.stop()
    steps = sum(at <= FRIENDS for at in (1, 3, 5))
    if posted != members * (2 * FRIENDS + steps):
        raise RuntimeError(f"{members} members with {FRIENDS} friends got {posted} grants")
    return Run(posted, took)


def _administer(stage: Stage, statements: str) -> None:
    with psycopg.connect(stage.url, autocommit=True) as connection:
        connection.execute(statements)  # type: ignore[call-overload]
