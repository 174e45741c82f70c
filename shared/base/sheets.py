"""Files of lines that people bring: their encoding, and the list of what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_SHOWN = 50
_RARE_SHARE = 1 / 3


@dataclass(frozen=True)
class BadLine:
    """What is wrong on one line (of the file, from 1), worded by its reader.

    `reason` names the catalogue entry `import.bad.<reason>`; params fill it and hold nothing
    personal.
    """

    line: int
    column: str
    reason: str
    params: dict[str, object] = field(default_factory=dict)


class BadFile(Exception):
    """A file that was not loaded. `lines` are the first bad ones of `total`."""

    def __init__(self, lines: tuple[BadLine, ...], total: int) -> None:
        super().__init__(f"{total} bad lines")
        self.lines = lines
        self.total = total


class Unfit(Exception):
    """One cell, line or file is not fit, for a reason; the reader of the file notes where."""

    def __init__(self, reason: str, **params: object) -> None:
        super().__init__(reason)
        self.reason = reason
        self.params = params


@dataclass
class Complaints:
    """Collects what is wrong with a file: all are counted, the first MOST_SHOWN are kept."""

    lines: list[BadLine] = field(default_factory=list)
    total: int = 0

    def note(self, line: int, column: str, unfit: Unfit) -> None:
        """One more bad place."""
        self.total += 1
        if len(self.lines) < MOST_SHOWN:
            self.lines.append(BadLine(line, column, unfit.reason, unfit.params))

    def settle(self) -> None:
        """Raise BadFile when anything was wrong."""
        if self.total:
            raise BadFile(tuple(self.lines), self.total)


def decoded(raw: bytes) -> str:
    """UTF-8 with or without a BOM, else GBK (GB 18030); Unfit `encoding` for anything else."""
    if b"\x00" in raw:
        raise Unfit("encoding")  # UTF-16, or no text at all
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError:
        raise Unfit("encoding") from None
    # Other encodings read as GBK give rare characters; names are written in common ones.
    foreign = [character for character in text if ord(character) > 127]
    rare = [character for character in foreign if not _is_common(character)]
    if len(rare) > len(foreign) * _RARE_SHARE:
        raise Unfit("encoding")
    return text


def _is_common(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True
