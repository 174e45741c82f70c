"""Ports for the programs that tests start."""

from __future__ import annotations

import random
import socket

_BELOW_OUTGOING = range(20_000, 32_000)
"""The system never gives these to outgoing connections, which come and go meanwhile."""


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    for port in random.SystemRandom().sample(_BELOW_OUTGOING, 100):
        with socket.socket() as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no port is free")
