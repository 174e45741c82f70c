"""`jianka web` as a process: it serves, it names a taken port, it stops."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from ports import free_port

from shared.base.errors import Misconfigured
from shared.base.settings import Settings
from webapp.program import host_of, probe

_RUN = """
from shared.base.settings import read_settings
from webapp.program import run
run(read_settings())
"""
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def test_a_taken_port_is_named_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            Misconfigured, match=rf"JIANKA_PORT: 127\.0\.0\.1:{port} .*another port"
        ):
            probe("127.0.0.1", port)


@pytest.mark.parametrize(
    ("mode", "host"), [("production", "0.0.0.0"), ("demo", "127.0.0.1"), ("test", "127.0.0.1")]
)
def test_only_production_listens_to_everybody(settings: Settings, mode: str, host: str) -> None:
    changes = {"mode": mode, "sms": "", "clock_file": None}
    assert host_of(Settings.model_validate({**settings.model_dump(), **changes})) == host


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_it_serves_in_two_processes_and_stops_without_leaving_one(
    settings: Settings, tmp_path: Path
) -> None:
    port = free_port()
    environment = {
        **os.environ,
        "JIANKA_MODE": "test",
        "JIANKA_PORT": str(port),
        "JIANKA_DATABASE_URL": settings.database_url,
        "JIANKA_SECRET_KEYS": settings.secret_keys.get_secret_value(),
        "JIANKA_BLIND_INDEX_KEY": settings.blind_index_key.get_secret_value(),
    }
    process = subprocess.Popen([sys.executable, "-c", _RUN], cwd=tmp_path, env=environment)
    try:
        _wait_for(f"http://127.0.0.1:{port}/readyz")
        assert _chunked(port).startswith("HTTP/1.1 411")
        metrics = _DIRECT.open(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
        assert 'route="/readyz"' in metrics
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
    with pytest.raises(urllib.error.URLError):
        _DIRECT.open(f"http://127.0.0.1:{port}/healthz", timeout=2)


def _wait_for(url: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            _DIRECT.open(url, timeout=5).read()
            return
        except urllib.error.URLError:
            time.sleep(0.1)
    pytest.fail("the server did not get ready in a minute")


def _chunked(port: int) -> str:
    """The server's real answer to a body in chunks."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(
            b"POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: application/cloudevents+json\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
        )
        return line.recv(4096).decode()
