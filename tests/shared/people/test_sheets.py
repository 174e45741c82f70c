"""CSV files as banks send them: every good spelling is read, every bad line is named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from shared.base.sheets import MOST_SHOWN, BadFile, BadLine
from shared.people.members import MemberStatus
from shared.people.sheets import read_members, read_staff
from shared.people.staff import Role

TODAY = date(2026, 3, 4)
SAMPLE = Path(__file__).parents[3] / "assets" / "sample"
HEADER = "customer_ref,phone,name,language,segment,region,card_product,opened_on,status"
ALICE = "C1,+8613800138001,李爱丽,zh_Hans,everyday,上海,jade|voyage,2021-04-12,active"


def members(*lines: str, header: str = HEADER) -> bytes:
    return "\n".join((header, *lines, "")).encode()


def wrong_with(raw: bytes) -> tuple[BadLine, ...]:
    with pytest.raises(BadFile) as caught:
        read_members(raw, TODAY)
    return caught.value.lines


def reasons(raw: bytes) -> list[tuple[int, str, str]]:
    return [(bad.line, bad.column, bad.reason) for bad in wrong_with(raw)]


def test_a_line_reads_into_the_domains_own_kinds() -> None:
    (alice,) = read_members(members(ALICE), TODAY)
    assert alice.customer_ref == "C1"
    assert alice.phone == "+8613800138001"
    assert alice.card_products == "jade|voyage"
    assert alice.opened_on == date(2021, 4, 12)
    assert alice.status is MemberStatus.ACTIVE


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_a_file_from_excel_reads_whether_utf_8_with_a_bom_or_gbk(encoding: str) -> None:
    raw = members(ALICE).decode().replace("\n", "\r\n").encode(encoding)
    (alice,) = read_members(raw, TODAY)
    assert (alice.name, alice.region) == ("李爱丽", "上海")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "big5"])
def test_another_encoding_is_refused_instead_of_read_as_nonsense(encoding: str) -> None:
    lines = [ALICE.replace("李爱丽", "林雅婷").replace("上海", "臺北"), ALICE.replace("C1", "C2")]
    text = members(*lines).decode().replace("李爱丽", "陳嘉欣").replace("上海", "香港")
    assert reasons(text.encode(encoding)) == [(1, "", "encoding")]


def test_bytes_of_no_encoding_we_read_are_refused() -> None:
    assert reasons(members(ALICE) + b"\xff\xff") == [(1, "", "encoding")]


def test_order_of_columns_case_of_headers_and_more_columns_do_not_matter() -> None:
    header = "Status , opened_on,card_product,region,segment,language,name,phone,CUSTOMER_REF,note"
    line = "active,2021-04-12,jade,上海,,en,Alice,138 0013 8001,C1,likes tea"
    (alice,) = read_members(members(line, header=header), TODAY)
    assert (alice.customer_ref, alice.phone, alice.segment) == ("C1", "+8613800138001", "")


def test_a_missing_column_is_named_once_and_not_on_every_line() -> None:
    header = "customer_ref,name,language,segment,region,card_product,opened_on"
    (bad,) = wrong_with(members("C1,x,en,,,,2021-04-12", header=header))
    assert (bad.line, bad.reason) == (1, "missing_column")
    assert bad.params == {"columns": "phone, status"}


def test_a_column_that_stands_twice_is_refused() -> None:
    assert reasons(members(ALICE + ",active", header=HEADER + ",status")) == [
        (1, "", "column_twice")
    ]


@pytest.mark.parametrize(
    ("column", "place", "value", "reason"),
    [
        ("customer_ref", 0, "", "missing"),
        ("customer_ref", 0, "C 1", "reference"),
        ("customer_ref", 0, "C" * 41, "reference"),
        ("phone", 1, "", "missing"),
        ("phone", 1, "12345", "phone"),
        ("phone", 1, "139O0139002", "phone"),
        ("name", 2, "", "missing"),
        ("name", 2, "n" * 81, "long"),
        ("language", 3, "fr", "language"),
        ("language", 3, "", "language"),
        ("opened_on", 7, "12.4.2021", "date"),
        ("opened_on", 7, "2021-02-30", "date"),
        ("opened_on", 7, "2026-03-06", "future"),
        ("status", 8, "dormant", "status"),
    ],
)
def test_a_bad_cell_is_named_with_line_column_and_reason(
    column: str, place: int, value: str, reason: str
) -> None:
    cells = ALICE.replace("C1", "C2").split(",")
    cells[place] = value
    assert reasons(members(ALICE, ",".join(cells))) == [(3, column, reason)]


def test_a_file_may_say_where_members_are_paid() -> None:
    header = f"{HEADER},payout_account"
    one, two = read_members(
        members(f"{ALICE},ref:77-A", ALICE.replace("C1", "C2") + ",", header=header), TODAY
    )
    assert (one.payout_account, two.payout_account) == ("ref:77-A", None)
    assert read_members(members(ALICE), TODAY)[0].payout_account is None
    for bad in ("a b", "r" * 65, "账户"):
        assert reasons(members(f"{ALICE},{bad}", header=header)) == [
            (2, "payout_account", "account")
        ]
    twice = members(f"{ALICE},a,b", header=f"{header},payout_account")
    assert reasons(twice) == [(1, "", "column_twice")]


def test_every_bad_line_is_listed_with_every_reason() -> None:
    raw = members(ALICE, "C2,1,x,fr,,,,2021-04-12,active", "C3,1,x", ALICE)
    assert reasons(raw) == [
        (3, "phone", "phone"),
        (3, "language", "language"),
        (4, "", "width"),
        (5, "customer_ref", "twice"),
    ]
    assert wrong_with(raw)[-1].params == {"first": 2}


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    quoted = ALICE.replace("李爱丽", '"李\n爱丽"')
    assert reasons(members(quoted, "", "C2,x,n,en,,,,2021-04-12,active")) == [(5, "phone", "phone")]


def test_fifty_bad_lines_are_shown_and_all_are_counted() -> None:
    raw = members(*(f"C{n},x,n,en,,,,2021-04-12,active" for n in range(120)))
    with pytest.raises(BadFile) as caught:
        read_members(raw, TODAY)
    assert (len(caught.value.lines), caught.value.total) == (MOST_SHOWN, 120)


def test_what_is_personal_is_never_repeated() -> None:
    raw = members("C1,13800138001234567,n,en,,,,2021-04-12,active", f"C2,{'1' * 30},,,,,,,")
    assert "1380013" not in str([bad.params for bad in wrong_with(raw)])


@pytest.mark.parametrize("raw", [b"", b"\xef\xbb\xbf", b"\n\n", members()])
def test_an_empty_file_is_said_to_be_empty(raw: bytes) -> None:
    assert reasons(raw) == [(1, "", "empty")]


def test_a_cell_beyond_all_measure_is_refused_as_no_csv() -> None:
    assert reasons(members(f'C1,"{"x" * 200_000}')) == [(2, "", "not_csv")]


def test_staff_read_with_their_own_card_and_those_who_left_without_a_role() -> None:
    header = "staff_no,name,branch,role,customer_ref"
    raw = members("S1,梅若兰,静安支行,Teller,C100004", "S2,陈立,静安支行,left,", header=header)
    mei, chen = read_staff(raw)
    assert (mei.role, mei.customer_ref) == (Role.TELLER, "C100004")
    assert (chen.role, chen.customer_ref) == (None, None)


def test_two_employees_with_one_number_or_one_card_are_refused() -> None:
    header = "staff_no,name,branch,role,customer_ref"
    raw = members("S1,a,b,teller,C1", "S1,c,b,chief,", "S2,d,b,desk,C1", header=header)
    with pytest.raises(BadFile) as caught:
        read_staff(raw)
    assert [(bad.line, bad.column, bad.reason) for bad in caught.value.lines] == [
        (3, "staff_no", "twice"),
        (3, "role", "role"),
        (4, "customer_ref", "twice"),
    ]


def test_the_sample_members_begin_with_three_active_ones_who_are_no_staff() -> None:
    sample = read_members((SAMPLE / "members.csv").read_bytes(), TODAY)
    staff = read_staff((SAMPLE / "staff.csv").read_bytes())
    cards = {line.customer_ref for line in staff if line.customer_ref}
    assert [line.status for line in sample[:3]] == [MemberStatus.ACTIVE] * 3
    assert cards
    assert cards <= {line.customer_ref for line in sample[3:]}
