"""The landing page, its visit committed before the answer, beside a bare Flask hello."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from load import burst, get
from pairs import Row, Run, compare
from server import Server, serving
from sqlalchemy import func, select
from stage import ROOT, Stage

from shared.referrals.referrals import Visit

sys.path.append(str(ROOT / "tests" / "cast"))
from ports import free_port  # as the tests' programs find theirs

TARGET = 0.15
_HELLO = Path(__file__).with_name("hello.py")
_WARM_UP = 0.5


def landing(stage: Stage, folder: Path, pairs: int, seconds: float) -> Row:
    """Both on granian, 2 workers, 1 blocking thread each. RuntimeError when a visit was lost.

    Held by the servers' processor time: the load shares their cores, and takes more of them the
    faster the answers come.
    """
    at_hello, at_ours = free_port(), free_port()
    hello = [sys.executable, str(_HELLO), str(at_hello)]
    ours = [sys.executable, "-m", "shared.cli", "web"]
    pages = [get(f"/i/{code}", at_ours) for code in stage.codes]
    greeting = [get("/", at_hello)]
    answered = 0

    def visits(server: Server) -> Run:
        nonlocal answered
        run = _stretch(server, pages, seconds)
        answered += run.done
        return run

    with (
        serving(hello, at_hello, folder) as limit,
        serving(ours, at_ours, folder, stage.variables(at_ours)) as web,
    ):
        warm = burst(at_ours, pages, _WARM_UP)
        burst(at_hello, greeting, _WARM_UP)
        row = compare(
            f"Landing, its visit committed ({stage.engine})",
            lambda: _stretch(limit, greeting, seconds),
            lambda: visits(web),
            pairs,
            unit="answers/s",
            at_least=TARGET if stage.is_default else None,
            by_cpu=True,
        )
    _every_visit_is_there(stage, answered + len(warm.waits))
    return row


def _stretch(server: Server, requests: Sequence[bytes], seconds: float) -> Run:
    before, begin = server.cpu(), perf_counter()
    came = burst(server.port, requests, seconds)
    took, after = perf_counter() - begin, server.cpu()
    cpu = after - before if after is not None and before is not None else None
    return Run(len(came.waits), took, cpu)


def _every_visit_is_there(stage: Stage, answered: int) -> None:
    database = stage.open()
    with database.reading() as session:
        kept = session.scalar(select(func.count()).select_from(Visit))
    database.close()
    if kept != answered:
        raise RuntimeError(f"{answered} pages were answered, but {kept} visits are in the database")
