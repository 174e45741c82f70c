"""The audit at the desk: who, what, when, from which tablet, on what evidence."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

from counter import both_engines
from desktop import Desk, Desks
from sqlalchemy import select

from shared.post.audit import Audit, record
from shared.post.audit_chain import chain_new, head


def acts_of(desks: Desks, count: int = 0) -> None:
    """Some acts of different people, two days ago."""
    with desks.database.transaction() as session:
        at = desks.clock() - timedelta(days=2)
        record(session, "staff:1", "tablet.handed_over", "invite:1", at, branch=1, tablet=7)
        record(session, "member:1", "claim.filed", "claim:1", at)
        for number in range(count):
            record(session, "worker", "facts.forgotten", "facts", at, count=number)


def shown(page: object) -> list[list[str]]:
    body = page.html.split("<tbody>")[1].split("</tbody>")[0]  # type: ignore[attr-defined]
    return [row.split("</td>") for row in body.split("<tr>")[1:]]


@both_engines
def test_everybody_at_the_desk_reads_it_and_the_filters_narrow_it(desks: Desks, luo: Desk) -> None:
    acts_of(desks)
    page = luo.opens("/desk/audit")
    assert all(each in page.html for each in ("tablet.handed_over", "claim.filed", "tablet:7"))
    assert "梅若兰 S1001" in page.html
    assert "branch 1" in page.html
    for query, wanted in (
        ("actor=S1001", "tablet.handed_over"),
        ("actor=staff:1", "tablet.handed_over"),
        ("act=claim.", "claim.filed"),
        ("subject=claim:1", "claim.filed"),
    ):
        rows = shown(luo.opens(f"/desk/audit?{query}&since=2026-03-01&until=2026-03-02"))
        assert len(rows) == 1, query
        assert wanted in "".join(rows[0])
    for nothing in ("actor=%25", "act=claim_", "until=2026-01-01", "actor=%00x", "subject='"):
        page = luo.opens(f"/desk/audit?{nothing}&since=2026-03-01")
        assert page.status == 200


def test_pages_go_on_where_the_last_one_ended(desks: Desks, luo: Desk) -> None:
    acts_of(desks, 120)
    seen: list[str] = []
    page = luo.opens("/desk/audit?act=facts.")
    seen += ["".join(row) for row in shown(page)]
    while page.has("further"):
        page = luo.opens(page.link_of("further"))
        seen += ["".join(row) for row in shown(page)]
    assert len(seen) == len(set(seen)) == 120


def test_the_file_holds_all_of_it_and_taking_it_is_on_record(desks: Desks, luo: Desk) -> None:
    acts_of(desks, 60)
    luo.opens("/desk/audit")
    page = luo.posts("/desk/audit/file", act="facts.")
    rows = list(csv.reader(io.StringIO(page.response.text.lstrip("\ufeff"))))
    assert len(rows) == 61
    assert page.response.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    with desks.database.reading() as session:
        (act,) = session.scalars(select(Audit).where(Audit.act == "audit.exported"))
        assert act.actor.startswith("staff:")


def test_the_page_shows_how_far_the_chain_is(desks: Desks, luo: Desk) -> None:
    acts_of(desks)
    assert "待入链" in luo.opens("/desk/audit").html
    with desks.database.transaction() as session:
        chain_new(session)
        end = head(session)
    page = luo.opens("/desk/audit?act=claim.filed")
    assert end.hash[:16] in page.html
    assert "待入链" not in page.html


def test_an_act_at_the_counter_names_its_tablet(desks: Desks, luo: Desk) -> None:
    mei = desks.house.mei()
    mei.opens("/tablet/show")
    mei.posts("/tablet/show", name="李", digits="8001")
    with desks.database.reading() as session:
        act = session.scalars(select(Audit).where(Audit.act == "member.searched")).one()
        assert act.details["tablet"] == 1
    assert "tablet:1" in luo.opens("/desk/audit?act=member.searched").html
