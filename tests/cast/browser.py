"""A browser for tests: opens pages, fills the forms that are on them, keeps its cookies."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from html import unescape

from flask import Flask
from werkzeug.test import TestResponse

PHONE = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/120 Mobile Safari/537.36"
)
_FORM = re.compile(r"<form\b(?P<tag>[^>]*)>(?P<inside>.*?)</form>", re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_ACTION = re.compile(r'action="([^"]*)"')
_TAG = re.compile(r"<[^>]+>")


class Browser:
    """One person's browser. `page` is what it shows."""

    def __init__(self, app: Flask, *, agent: str = PHONE, language: str = "zh-CN") -> None:
        self.client = app.test_client()
        self._headers = {"User-Agent": agent, "Accept-Language": language}
        self.page: TestResponse | None = None
        self.path = ""

    def opens(self, path: str, **headers: str) -> TestResponse:
        """Go to an address, along its redirects."""
        self.page = self.client.get(
            path, headers={**self._headers, **headers}, follow_redirects=True
        )
        self.path = self.page.request.path
        return self.page

    def submits(self, button: str, /, follow: bool = True, **fields: str) -> TestResponse:
        """Press the button of a data-test name, with its form's hidden fields and `fields`."""
        action, hidden = self.form(button)
        self.page = self.client.post(
            action, data={**hidden, **fields}, headers=self._headers, follow_redirects=follow
        )
        self.path = self.page.request.path
        return self.page

    def form(self, button: str) -> tuple[str, dict[str, str]]:
        """The action and the hidden fields of the form that holds a button."""
        assert self.page is not None
        for found in _FORM.finditer(self.page.text):
            if f'data-test="{button}"' in found["inside"]:
                action = _ACTION.search(found["tag"])
                assert action is not None
                hidden = {name: unescape(value) for name, value in _HIDDEN.findall(found["inside"])}
                return action[1], hidden
        raise AssertionError(f"no button {button!r} on {self.path}")

    def sees(self, name: str) -> bool:
        """Whether something of this data-test name is on the page."""
        assert self.page is not None
        return f'data-test="{name}"' in self.page.text

    @property
    def words(self) -> str:
        """What a reader sees of the page, in one line."""
        assert self.page is not None
        body = self.page.text.partition("<body")[2]
        return " ".join(unescape(_TAG.sub(" ", body)).split())


class Friend(Browser):
    """Bob at an invite: `otp` reads the newest code that reached his phone."""

    def __init__(
        self, app: Flask, code: str, otp: Callable[[], str], *, language: str = "zh-CN"
    ) -> None:
        super().__init__(app, language=language)
        self.code = code
        self._otp = otp

    def sends_number(self, phone: str) -> TestResponse:
        """Open the invite and ask for a code."""
        self.opens(f"/i/{self.code}")
        return self.submits("send-code", phone=phone)

    def finishes(self, **fields: str) -> TestResponse:
        """Fill the second step: the code that came, a name, the two required boxes."""
        usual = {"code": self._otp(), "name": "王波", "referral": "yes", "adult": "yes"}
        return self.submits("register", **{**usual, **fields})

    def registers(self, phone: str, **fields: str) -> TestResponse:
        """The whole way."""
        self.sends_number(phone)
        return self.finishes(**fields)


class StoppedClock:
    """A clock for `create_app` that tests move."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now
