"""What a browser would send of the forms on a page: every field with the value it shows."""

from __future__ import annotations

from html.parser import HTMLParser


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.first = ""
        self.focus = ""
        self._select = self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        name = has.get("name", "")
        if "autofocus" in has:
            self.focus = has.get("value", "") if tag == "button" else name
        if tag == "button" and name and not self.first:
            self.first = has["value"]
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            if "selected" in has or self._select not in self.found:
                self.found[self._select] = has["value"]
        elif tag == "textarea":
            self._text = name
            self.found[name] = ""
        elif tag == "input" and name and (has.get("type") != "checkbox" or "checked" in has):
            self.found[name] = has.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        if tag == "textarea":
            self._text = ""

    def handle_data(self, data: str) -> None:
        if self._text:
            self.found[self._text] += data


def _read(html: str) -> _Fields:
    fields = _Fields()
    fields.feed(html)
    return fields


def filled(html: str) -> dict[str, str]:
    """Names and values."""
    return _read(html).found


def focused(html: str) -> str:
    """The field, or the value of the button, at which the reader goes on."""
    return _read(html).focus


def first_button(html: str) -> str:
    """What Enter in a field presses."""
    return _read(html).first
