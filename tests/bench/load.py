"""A small HTTP/1.1 load: a few connections kept open, each asking again when it was answered."""

from __future__ import annotations

import re
import selectors
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from time import perf_counter

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_PATIENCE = 10.0


class Unwell(Exception):
    """The server answered something else than 200, or not at all."""


@dataclass
class Burst:
    """What a burst came to. `waits`: seconds of each answer."""

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.waits) / self.seconds

    def percentile(self, share: float) -> float:
        """The wait that this share of the answers did not exceed, in seconds."""
        return sorted(self.waits)[min(len(self.waits) - 1, int(share * len(self.waits)))]


@dataclass
class _Line:
    link: socket.socket
    asked_at: float = 0.0
    heard: bytes = b""

    def ask(self, request: bytes) -> None:
        self.asked_at, self.heard = perf_counter(), b""
        self.link.sendall(request)

    def is_answered(self) -> bool:
        """Take in what came; whether the answer is whole."""
        came = self.link.recv(1 << 18)
        if not came:
            raise Unwell("the server closed a connection")
        self.heard += came
        head = self.heard.find(b"\r\n\r\n")
        if head < 0:
            return False
        if not self.heard.startswith(b"HTTP/1.1 200"):
            raise Unwell(self.heard[:head].decode(errors="replace"))
        length = _LENGTH.search(self.heard, 0, head + 2)
        if length is None:
            raise Unwell("an answer without a length")
        return len(self.heard) >= head + 4 + int(length[1])


def get(path: str, port: int) -> bytes:
    """A phone's request for a page, by a visitor who was never here."""
    return (
        f"GET {path} HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{port}\r\n"
        "User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1\r\n"
        "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\n"
        "Accept-Language: zh-CN,zh-Hans;q=0.9\r\n"
        "\r\n"
    ).encode()


def burst(port: int, requests: Sequence[bytes], seconds: float, connections: int = 16) -> Burst:
    """Ask for `seconds`, one after the other. Unwell for any answer that is not a whole 200."""
    result, asked = Burst(), cycle(requests)
    with selectors.DefaultSelector() as ready:
        lines = [_Line(socket.create_connection(("127.0.0.1", port))) for _ in range(connections)]
        try:
            begin = perf_counter()
            for line in lines:
                line.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                ready.register(line.link, selectors.EVENT_READ, line)
                line.ask(next(asked))
            _ask_again(ready, asked, begin + seconds, result)
            result.seconds = perf_counter() - begin
        finally:
            for line in lines:
                line.link.close()
    return result


def _ask_again(
    ready: selectors.BaseSelector, asked: Iterator[bytes], until: float, result: Burst
) -> None:
    while ready.get_map():
        events = ready.select(_PATIENCE)
        if not events:
            raise Unwell("no answer in time")
        for key, _ in events:
            line: _Line = key.data
            if not line.is_answered():
                continue
            now = perf_counter()
            result.waits.append(now - line.asked_at)
            if now < until:
                line.ask(next(asked))
            else:
                ready.unregister(line.link)
