"""Text being read with the formatted runs that are open in it."""

from dataclasses import dataclass, field
from typing import Any


def units(text: str) -> int:
    """Length in UTF-16 code units, which the Bot API counts in."""
    return len(text.encode("utf-16-le")) // 2


@dataclass
class Run:
    """A formatted run that is not closed yet."""

    mark: str
    kind: str
    start: int
    offset: int
    details: dict[str, Any]


@dataclass
class Runs:
    """Collects text and its closed runs; offsets are UTF-16 code units."""

    trouble: str
    open: list[Run] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)
    _closed: list[dict[str, Any]] = field(default_factory=list)
    _size: int = 0

    def write(self, text: str) -> None:
        """Appends plain text."""
        self._text.append(text)
        self._size += units(text)

    def begin(
        self, mark: str, kind: str, offset: int, details: dict[str, Any] | None = None
    ) -> None:
        """Opens a run at the end of the text so far; `offset` is where its mark stands."""
        self.open.append(Run(mark, kind, self._size, offset, details or {}))

    def end(self, **details: Any) -> None:
        """Closes the innermost run; runs without text or without address leave no entity."""
        run = self.open.pop()
        entity = {"type": run.kind, "offset": run.start, "length": self._size - run.start}
        entity |= run.details | details
        if entity["length"] and not (entity["type"] == "text_link" and not entity.get("url")):
            self._closed.append(entity)

    def inside(self, kind: str) -> bool:
        """Whether the innermost open run is of this kind."""
        return bool(self.open) and self.open[-1].kind == kind

    def text(self) -> str:
        """All text so far."""
        return "".join(self._text)

    def closed(self) -> list[dict[str, Any]]:
        """The entities, in the order of their places."""
        return sorted(self._closed, key=lambda e: (e["offset"], -e["length"]))
