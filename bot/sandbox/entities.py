"""Formatted text as the Bot API reads it: HTML, MarkdownV2, Markdown or a list of entities."""

import re
from collections.abc import Sequence
from typing import Any

from bot.sandbox.markdown import read_markdown, read_markdown_v2
from bot.sandbox.refusals import bad_request
from bot.sandbox.runs import Runs, units

Entity = dict[str, Any]

_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
    "span": "spoiler",
}
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)((?:\s+[^<>]*)?)>")
_ATTRIBUTE = re.compile(r"""([A-Za-z-]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"']+))?""")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(#x[0-9A-Fa-f]+|#[0-9]+|lt|gt|amp|quot);?")
_FOUND = re.compile(
    r"(?P<url>https?://[^\s<>\"（），。；、]+)"
    r"|(?<![\w/])(?P<bot_command>/[A-Za-z0-9_]{1,32}(?:@[A-Za-z0-9_]{3,32})?)(?![\w/])"
    r"|(?<!\w)(?P<mention>@[A-Za-z0-9_]{3,32})\b"
)
_KINDS = set(_TAGS.values()) | {
    "mention",
    "hashtag",
    "cashtag",
    "bot_command",
    "url",
    "email",
    "phone_number",
    "expandable_blockquote",
    "text_mention",
}


def formatted(
    text: str, parse_mode: str | None, entities: Sequence[Entity] | None
) -> tuple[str, list[Entity]]:
    """Plain text and its entities (UTF-16 offsets). Raises Refusal on bad formatting."""
    if parse_mode:
        reader = {"html": read_html, "markdownv2": read_markdown_v2, "markdown": read_markdown}
        if parse_mode.lower() not in reader:
            raise bad_request("unsupported parse_mode")
        plain, found = reader[parse_mode.lower()](text)
    else:
        plain, found = text, _checked(text, entities or ())
    return trimmed(plain, found)


def trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Drops white space at the end and what stood on it; adds links and commands that show."""
    plain = text.rstrip()
    end = units(plain)
    kept = [
        entity | {"length": min(entity["length"], end - entity["offset"])}
        for entity in entities
        if entity["offset"] < end
    ]
    taken = [
        (entity["offset"], entity["offset"] + entity["length"])
        for entity in kept
        if entity["type"] in ("code", "pre", "text_link", "url", "bot_command", "mention")
    ]
    for entity in found_in(plain):
        start, stop = entity["offset"], entity["offset"] + entity["length"]
        if all(stop <= left or start >= right for left, right in taken):
            kept.append(entity)
    return plain, sorted(kept, key=lambda e: (e["offset"], -e["length"]))


def found_in(text: str) -> list[Entity]:
    """Addresses, commands and mentions that Telegram marks by itself."""
    return [
        {
            "type": str(match.lastgroup),
            "offset": units(text[: match.start()]),
            "length": units(match.group()),
        }
        for match in _FOUND.finditer(text)
    ]


def _checked(text: str, entities: Sequence[Entity]) -> list[Entity]:
    size = units(text)
    for entity in entities:
        if entity["type"] not in _KINDS:
            raise bad_request("can't parse MessageEntity: unsupported type specified")
        start, length = entity["offset"], entity["length"]
        if start < 0 or length <= 0 or start + length > size:
            raise bad_request("entity beyond the end of the text")
        if entity["type"] == "text_link" and not entity.get("url"):
            raise bad_request("can't parse MessageEntity: text_link without url")
    return list(entities)


def read_html(source: str) -> tuple[str, list[Entity]]:
    """Telegram's HTML: known tags only, all closed in order."""
    runs = Runs("can't parse entities")
    at = 0
    while at < len(source):
        if source[at] == "<":
            at = _tag(source, at, runs)
        elif source[at] == "&" and (match := _REFERENCE.match(source, at)):
            runs.write(_character(match.group(1)))
            at = match.end()
        else:
            runs.write(source[at])
            at += 1
    if runs.open:
        raise bad_request(
            "can't parse entities: Can't find end tag corresponding to start tag "
            f'"{runs.open[-1].mark}"'
        )
    return runs.text(), runs.closed()


def _tag(source: str, at: int, runs: Runs) -> int:
    offset = len(source[:at].encode())
    match = _TAG.match(source, at)
    if match is None:
        raise bad_request(f"can't parse entities: Unsupported start tag at byte offset {offset}")
    closing, name, rest = match.group(1), match.group(2).lower(), match.group(3)
    if closing:
        _close(name, offset, runs)
        return match.end()
    attributes = {
        key.lower(): value.strip("\"'") for key, value in _ATTRIBUTE.findall(rest.rstrip("/ "))
    }
    if name not in _TAGS or (name == "span" and attributes.get("class") != "tg-spoiler"):
        raise bad_request(
            f'can\'t parse entities: Unsupported start tag "{name}" at byte offset {offset}'
        )
    runs.begin(name, _TAGS[name], offset, _details(name, attributes, runs))
    return match.end()


def _details(name: str, attributes: dict[str, str], runs: Runs) -> Entity:
    if name == "a":
        return {"url": read_reference(attributes.get("href", ""))}
    if name == "tg-emoji":
        return {"custom_emoji_id": attributes.get("emoji-id", "")}
    if name == "blockquote" and "expandable" in attributes:
        return {"type": "expandable_blockquote"}
    language = attributes.get("class", "")
    if name == "code" and language.startswith("language-") and runs.inside("pre"):
        runs.open[-1].details["language"] = language.removeprefix("language-")
    return {}


def _close(name: str, offset: int, runs: Runs) -> None:
    if not runs.open:
        raise bad_request(f"can't parse entities: Unexpected end tag at byte offset {offset}")
    if runs.open[-1].mark != name:
        raise bad_request(
            f"can't parse entities: Unmatched end tag at byte offset {offset}, expected "
            f'"</{runs.open[-1].mark}>", found "</{name}>"'
        )
    runs.end()


def _character(reference: str) -> str:
    if reference.startswith("#x"):
        return chr(int(reference[2:], 16))
    if reference.startswith("#"):
        return chr(int(reference[1:]))
    return _NAMED[reference]


def read_reference(text: str) -> str:
    """Text of an attribute with its character references resolved."""
    return _REFERENCE.sub(lambda match: _character(match.group(1)), text)
