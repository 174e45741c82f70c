"""Characters that no PostgreSQL text holds, typed at the counter: an answer, never a 500."""

from __future__ import annotations

import pytest
from counter import MEI, PINS, House, both_engines

ODD = ["\x00", "a\x00b", "\x1b[31m"]


@both_engines
@pytest.mark.parametrize("odd", ODD)
def test_signing_in_and_enrolling(the_house: House, odd: str) -> None:
    counter = the_house.tablet()
    counter.opens("/tablet/enrol")
    assert counter.posts("/tablet/enrol", code=odd).status < 500
    counter.enrols()
    for fields in ({"staff_no": odd, "pin": "1"}, {"staff_no": MEI, "pin": odd}):
        assert counter.posts("/tablet/sign-in", **fields).status < 500
    assert counter.posts("/tablet/sign-in", staff_no=MEI, pin=PINS[MEI]).status == 200


@both_engines
@pytest.mark.parametrize("odd", ODD)
def test_what_staff_and_customers_type(the_house: House, odd: str) -> None:
    mei = the_house.mei()
    quoted = odd.replace("\x00", "%00").replace("\x1b", "%1b")
    assert mei.opens(f"/tablet/claims/{quoted}").status == 404
    assert mei.opens(f"/tablet/show/{quoted}").status == 404
    assert mei.posts("/tablet/show", digits="8001", name=odd).status < 500
    assert mei.posts("/tablet/show/code", code=odd).status < 500
    the_house.sends_number(mei)
    for fields in ({"code": odd, "name": "王波"}, {"code": "123456", "name": odd}):
        answer = mei.posts("/tablet/walk-in/confirm", referral="1", adult="1", **fields)
        assert answer.status < 500
