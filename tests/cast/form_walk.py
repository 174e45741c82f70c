"""A walk through every form: pages are opened by their links, and each field gets a canary.

A field that is new on any page is walked through by itself. What may not be typed into it is
tried too: the same form is sent with words and with numbers everywhere.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import product
from urllib.parse import urlsplit

from canaries import found_in
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

WORD, NUMBER = "獬豸獬豸", "+8613700550"
"""How every canary of a walk begins."""
_SIGNS = "甲乙丙丁戊己庚辛壬癸"
_NUMBER_IN_PATH = re.compile(r"\d+|C-[0-9A-Z]{6}|[A-Za-z0-9_-]{20,}")
WAYS = (
    ("fitting", "numbers", "words") if os.environ.get("JIANKA_NIGHTLY") else ("fitting", "numbers")
)
"""What every form is sent with: what fits its fields, and numbers or words everywhere."""
LAST = ("sign-out", "lock", "return")
"""Forms that end the walk."""


@dataclass(frozen=True)
class Field:
    """One field as the page has it. `kind`: `text`, `number`, `tel`, `fixed`, `box`, `file`."""

    name: str
    kind: str
    value: str = ""


@dataclass(frozen=True)
class Form:
    """One form of a page. What differs by a row's number only is one form."""

    page: str
    action: str
    method: str
    fields: tuple[Field, ...]

    @property
    def key(self) -> tuple[str, str, frozenset[str]]:
        """What makes it another one."""
        action = _NUMBER_IN_PATH.sub("#", urlsplit(self.action).path)
        return self.method, action, frozenset(each.name for each in self.fields)


class _Page(HTMLParser):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path, self.links = path, [""][:0]
        self.forms: list[Form] = []
        self._form: tuple[str, str] | None = None
        self._fields: list[Field] = []
        self._select = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        match tag:
            case "a" if given.get("href", "").startswith("/"):
                self.links.append(given["href"])
            case "form":
                self._form = (given.get("action") or self.path, given.get("method", "get").lower())
                self._fields = []
            case "input" | "button" | "textarea" if given.get("name"):
                self._fields.append(Field(given["name"], _kind(tag, given), given.get("value", "")))
            case "select":
                self._select = given.get("name", "")
            case "option" if self._select and given.get("value"):
                self._fields.append(Field(self._select, "fixed", given["value"]))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        if tag == "form" and self._form is not None:
            action, method = self._form
            self.forms.append(Form(self.path, action, method, tuple(self._fields)))
            self._form = None


def _kind(tag: str, given: dict[str, str]) -> str:
    kind = "text" if tag == "textarea" else given.get("type", "text")
    if tag == "button" or kind in ("hidden", "submit", "radio"):
        return "fixed"
    if kind in ("checkbox", "file", "tel"):
        return {"checkbox": "box"}.get(kind, kind)
    return "number" if given.get("inputmode") in ("numeric", "decimal") else "text"


@dataclass
class Walk:
    """One browser's way through a face. Every canary is one of its kind."""

    client: FlaskClient
    base: str
    fields: set[str] = field(default_factory=set)
    """Names of the fields that were filled."""
    forms: set[tuple[str, str, frozenset[str]]] = field(default_factory=set)
    pages: int = 0
    _made: Iterator[tuple[str, ...]] = field(default_factory=lambda: product(_SIGNS, repeat=4))
    _number: int = 0

    def word(self) -> str:
        """A word nobody wrote before."""
        return WORD + "".join(next(self._made))

    def number(self) -> str:
        """A number nobody has."""
        self._number += 1
        return f"{NUMBER}{self._number % 1000:03d}"

    def through(self, *starts: str) -> Walk:
        """Open what can be opened from here, send every form in every way, the last ones last."""
        queue, seen, late = list(starts), set[str](), [Form("", "", "", ())][:0]
        while queue:
            place = queue.pop(0)
            like = _NUMBER_IN_PATH.sub("#", urlsplit(place).path)
            if like in seen or not like.startswith(self.base):
                continue
            seen.add(like)
            queue += self._reads(self.client.get(place, follow_redirects=True), late)
        for form in late:
            self._sends(form)
        return self

    def _reads(self, answer: TestResponse, late: list[Form]) -> list[str]:
        """Its links, after every form of it that is new was sent."""
        self.pages += 1
        self._holds(answer)
        if answer.mimetype != "text/html":
            return []
        page = _Page(answer.request.path)
        page.feed(answer.text)
        links = page.links
        for form in page.forms:
            if form.key in self.forms or not urlsplit(form.action).path.startswith(self.base):
                continue
            self.forms.add(form.key)
            if form.action.rpartition("/")[2] in LAST:
                late.append(form)
                continue
            for then in self._sends(form):
                links += self._reads(then, late)
        return links

    def _sends(self, form: Form) -> Iterator[TestResponse]:
        for way in WAYS:
            data = {each.name: self._filled(each, way) for each in form.fields}
            self.fields |= {each.name for each in form.fields if each.kind != "fixed"}
            if form.method == "get":
                yield self.client.get(form.action, query_string=data, follow_redirects=True)
                continue
            first = self.client.post(form.action, data=data)
            place = first.headers.get("Location", "")
            assert found_in(place.encode(), (WORD, NUMBER)) == [], f"{form.action} leads to {place}"
            self._holds(first)
            yield self.client.get(place, follow_redirects=True) if place else first

    def _filled(self, each: Field, way: str) -> object:
        if each.kind in ("fixed", "box"):
            return each.value or "yes"
        if each.kind == "file":
            return io.BytesIO(f"{self.word()},{self.number()}\n".encode()), f"{self.word()}.csv"
        if way == "fitting" and each.kind == "number":
            return "1"
        return self.number() if way == "numbers" or each.kind == "tel" else self.word()

    def _holds(self, answer: TestResponse) -> None:
        answer.get_data()  # a file that is streamed is read to its end
        where = f"{answer.request.method} {answer.request.path}"
        assert answer.status_code < 500, where
