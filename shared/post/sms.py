"""The SMS port: one function, three drivers, named by the setting `JIANKA_SMS`."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from shared.base.errors import Misconfigured

SendSms = Callable[[str, str, datetime], None]
"""(to in E.164, text, at): raises SmsFailed when the message was not taken."""


class SmsFailed(Exception):
    """The gateway did not take the message; `permanent` says whether trying again helps."""

    def __init__(self, code: str, *, permanent: bool) -> None:
        super().__init__(code)
        self.permanent = permanent


def sms_driver(setting: str) -> SendSms:
    """The driver of a checked setting: `http:URL` (or `http://…`), `console`, `file:PATH`."""
    if setting == "console":
        return _console
    if setting.startswith("file:"):
        return _file(Path(setting.removeprefix("file:")))
    if setting.startswith(("http:", "https:")):
        url = setting
        if setting.startswith("http:http"):
            url = setting.removeprefix("http:")
        return _http(url)
    raise Misconfigured("JIANKA_SMS is not set: http:URL, console or file:PATH")


def _line(to: str, text: str, at: datetime) -> str:
    return json.dumps({"to": to, "text": text, "at": at.isoformat()}, ensure_ascii=False)


def _console(to: str, text: str, at: datetime) -> None:
    sys.stdout.write(_line(to, text, at) + "\n")
    sys.stdout.flush()


def _file(path: Path) -> SendSms:
    def send(to: str, text: str, at: datetime) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(_line(to, text, at) + "\n")

    return send


def _http(url: str) -> SendSms:
    def send(to: str, text: str, at: datetime) -> None:
        request = urllib.request.Request(  # noqa: S310 (the scheme is checked by the settings)
            url,
            data=_line(to, text, at).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10):  # noqa: S310
                return
        except urllib.error.HTTPError as error:
            raise SmsFailed(f"http-{error.code}", permanent=error.code in (400, 422)) from None
        except OSError as error:
            raise SmsFailed(type(error).__name__, permanent=False) from None

    return send
