"""The limit of the web: what Flask and the server cost when nothing is done."""

from __future__ import annotations

import sys

from flask import Flask
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    """The shortest answer."""
    return "hello"


if __name__ == "__main__":
    Granian(
        "hello:app",
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.WSGI,
        workers=2,
        blocking_threads=1,
        backlog=1024,
        log_level=LogLevels.error,
    ).serve()
