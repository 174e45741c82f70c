"""A program that another one started and that must not outlive it."""

from __future__ import annotations

import os
import signal
import sys
import threading


def stop_with_parent() -> None:
    """Stop this program, as by SIGTERM, when whoever holds the other end of its stdin is gone."""

    def wait() -> None:
        # Not sys.stdin.read(): a reader that holds the buffer's lock hangs the exit.
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    if not sys.stdin.isatty():
        threading.Thread(target=wait, name="lifeline", daemon=True).start()
