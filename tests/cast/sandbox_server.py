"""A served sandbox and hands to use it with."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from werkzeug.serving import make_server

from bot.sandbox.app import Sandbox

TOKEN = "8000000001:sandbox"
SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@dataclass(frozen=True)
class Served:
    """A running sandbox."""

    app: Sandbox
    url: str
    client: httpx.Client

    def bot(self, method: str, files: Any = None, **params: Any) -> dict[str, Any]:
        """A call of the bot with a JSON body, or multipart where there are files."""
        address = f"/bot{TOKEN}/{method}"
        answer = (
            self.client.post(address, data=params, files=files)
            if files
            else self.client.post(address, json=params)
        )
        body: dict[str, Any] = answer.json()
        assert answer.status_code == (200 if body["ok"] else body["error_code"])
        return body

    def does(self, who: int, act: str, **body: Any) -> dict[str, Any]:
        """An act of a person."""
        answer = self.client.post(f"/sandbox/api/users/{who}/{act}", json=body)
        assert answer.status_code < 300, answer.text
        done: dict[str, Any] = answer.json()
        return done

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        """Reads the device API."""
        answer = self.client.get(f"/sandbox/api{path}", params=params)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def post(self, path: str, **body: Any) -> httpx.Response:
        """Writes to the device API."""
        return self.client.post(f"/sandbox/api{path}", json=body)

    @property
    def alice(self) -> int:
        return int(self.get("/users")["users"][0]["id"])

    @property
    def bob(self) -> int:
        return int(self.get("/users")["users"][1]["id"])


def serve(app: Any, port: int = 0) -> Iterator[str]:
    """Serves a WSGI app on a free port of this machine and yields its address."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
