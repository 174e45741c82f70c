"""The log's last guard: numbers and tokens do not pass, wherever in an event they stand."""

from __future__ import annotations

from shared.base.log import _no_personal_data


def test_numbers_and_tokens_are_blanked_at_any_depth() -> None:
    event = _no_personal_data(
        None, "info",
        {
            "event": "failed", "said": "+8613900139000", "count": 13900139000,
            "where": ["/bot123:abc/getUpdates", {"8613900139000": ("13900139000", "x.py:12")}],
        },
    )  # fmt: skip
    assert event == {
        "event": "failed", "said": "+…", "count": 13900139000,
        "where": ["/bot…/getUpdates", {"…": ["…", "x.py:12"]}],
    }  # fmt: skip
