"""Telegram's two dialects of Markdown."""

from typing import Any

from bot.sandbox.refusals import Refusal, bad_request
from bot.sandbox.runs import Runs

_RESERVED = set("_*[]()~`>#+-=|{}.!")
_MARKS = {
    "__": "underline",
    "||": "spoiler",
    "*": "bold",
    "_": "italic",
    "~": "strikethrough",
}
_SIMPLE = {"*": "bold", "_": "italic", "`": "code"}


def read_markdown_v2(source: str) -> tuple[str, list[dict[str, Any]]]:
    """MarkdownV2: every reserved character is a mark or escaped."""
    runs = Runs("can't parse entities")
    at = 0
    while at < len(source):
        at = _step(source, at, runs)
    if runs.inside("blockquote"):
        runs.end()
    if runs.open:
        run = runs.open[-1]
        raise bad_request(
            f"can't parse entities: Can't find end of {_name(run.kind)} entity at byte offset "
            f"{run.offset}"
        )
    return runs.text(), runs.closed()


def _step(source: str, at: int, runs: Runs) -> int:
    char = source[at]
    if char == "\\" and at + 1 < len(source) and 0 < ord(source[at + 1]) < 127:
        runs.write(source[at + 1])
        return at + 2
    if char == "`":
        return _code(source, at, runs)
    if char == "\n" and runs.inside("blockquote") and source[at + 1 : at + 2] != ">":
        runs.end()
    if char == ">" and (at == 0 or source[at - 1] == "\n"):
        if not runs.inside("blockquote"):
            runs.begin(">", "blockquote", at)
        return at + 1
    if char == "[" or source.startswith("![", at):
        mark = "[" if char == "[" else "!["
        runs.begin(mark, "text_link" if char == "[" else "custom_emoji", _bytes(source, at))
        return at + len(mark)
    if char == "]" and runs.open and runs.open[-1].mark in ("[", "!["):
        return _link_end(source, at, runs)
    return _mark(source, at, runs)


def _mark(source: str, at: int, runs: Runs) -> int:
    mark = source[at : at + 2] if source[at : at + 2] in _MARKS else source[at]
    if mark not in _MARKS:
        if mark in _RESERVED:
            raise _unescaped(mark)
        runs.write(mark)
        return at + 1
    if runs.open and runs.open[-1].mark == mark:
        runs.end()
    elif any(run.mark == mark for run in runs.open):
        run = runs.open[-1]
        raise bad_request(
            f"can't parse entities: Can't find end of {_name(run.kind)} entity at byte offset "
            f"{run.offset}"
        )
    else:
        runs.begin(mark, _MARKS[mark], _bytes(source, at))
    return at + len(mark)


def _code(source: str, at: int, runs: Runs) -> int:
    mark = "```" if source.startswith("```", at) else "`"
    kind = "pre" if mark == "```" else "code"
    runs.begin(mark, kind, _bytes(source, at))
    at += len(mark)
    if kind == "pre":
        at = _language(source, at, runs)
    while at < len(source) and not source.startswith(mark, at):
        if source[at] == "\\" and at + 1 < len(source):
            at += 1
        runs.write(source[at])
        at += 1
    if at >= len(source):
        raise bad_request(
            f"can't parse entities: Can't find end of {_name(kind)} entity at byte offset "
            f"{runs.open[-1].offset}"
        )
    runs.end()
    return at + len(mark)


def _language(source: str, at: int, runs: Runs) -> int:
    line = source[at:].split("\n", 1)[0]
    if line and "`" not in line and " " not in line and at + len(line) < len(source):
        runs.open[-1].details["language"] = line
        return at + len(line) + 1
    return at + 1 if source[at : at + 1] == "\n" else at


def _link_end(source: str, at: int, runs: Runs) -> int:
    if source[at + 1 : at + 2] != "(":
        runs.open[-1].details.clear()
        runs.end()
        return at + 1
    at += 2
    address: list[str] = []
    while at < len(source) and source[at] != ")":
        if source[at] == "\\" and at + 1 < len(source):
            at += 1
        address.append(source[at])
        at += 1
    if at >= len(source):
        raise bad_request("can't parse entities: Can't find end of a URL at byte offset")
    url = "".join(address)
    if runs.open[-1].kind == "custom_emoji":
        runs.end(custom_emoji_id=url.rpartition("=")[2])
    else:
        runs.end(url=url)
    return at + 1


def read_markdown(source: str) -> tuple[str, list[dict[str, Any]]]:
    """The old dialect: no nesting; marks that are text are escaped by a backslash."""
    runs = Runs("can't parse entities")
    at = 0
    while at < len(source):
        char = source[at]
        if char == "\\" and source[at + 1 : at + 2] in ("_", "*", "`", "["):
            runs.write(source[at + 1])
            at += 2
        elif char == "[" and "](" in source[at:]:
            at = _simple_link(source, at, runs)
        elif source.startswith("```", at):
            at = _simple_run(source, at, "```", "pre", runs)
        elif char in _SIMPLE:
            at = _simple_run(source, at, char, _SIMPLE[char], runs)
        else:
            runs.write(char)
            at += 1
    return runs.text(), runs.closed()


def _simple_run(source: str, at: int, mark: str, kind: str, runs: Runs) -> int:
    end = source.find(mark, at + len(mark))
    if end < 0:
        raise bad_request(
            "can't parse entities: Can't find end of the entity starting at byte offset "
            f"{_bytes(source, at)}"
        )
    runs.begin(mark, kind, at)
    runs.write(source[at + len(mark) : end])
    runs.end()
    return end + len(mark)


def _simple_link(source: str, at: int, runs: Runs) -> int:
    middle = source.index("](", at)
    end = source.find(")", middle)
    if end < 0:
        raise bad_request("can't parse entities: Can't find end of a URL")
    runs.begin("[", "text_link", at)
    runs.write(source[at + 1 : middle])
    runs.end(url=source[middle + 2 : end])
    return end + 1


def _bytes(source: str, at: int) -> int:
    return len(source[:at].encode())


def _name(kind: str) -> str:
    return {"text_link": "a TextUrl", "pre": "PreCode"}.get(kind, kind.capitalize())


def _unescaped(char: str) -> Refusal:
    return bad_request(
        f"can't parse entities: Character '{char}' is reserved and must be escaped with the "
        "preceding '\\'"
    )
