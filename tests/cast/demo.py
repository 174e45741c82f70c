"""The demo as a newcomer starts it: `jianka demo` in an empty folder, on free ports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from ports import free_port

START_UP = 90.0


@dataclass
class Demo:
    """A running demo."""

    process: subprocess.Popen[str]
    folder: Path
    web: str
    sandbox: str

    @property
    def story(self) -> dict[str, str]:
        """The tablet's code and the PINs, as the demo wrote them down."""
        found = json.loads((self.folder / "var" / "demo" / "story.json").read_text())
        assert isinstance(found, dict)
        return found

    def sms(self, number: str) -> list[str]:
        """The texts that reached a number, oldest first."""
        with urllib.request.urlopen(f"{self.sandbox}/sandbox/api/sms?to={number}") as answer:
            return [row["text"] for row in json.load(answer)["sms"]]

    def stop(self) -> None:
        """Ctrl-C."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=30)


def start_demo(folder: Path) -> Demo:
    """Start it and wait until it says that it is ready."""
    web, sandbox = free_port(), free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("JIANKA_")}
    environment |= {"JIANKA_PORT": str(web), "JIANKA_SANDBOX_PORT": str(sandbox)}
    log = (folder / "demo.log").open("w", encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "shared.cli", "demo"],
        cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    until = time.monotonic() + START_UP
    while "ready" not in (folder / "demo.log").read_text(encoding="utf-8"):
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            raise AssertionError((folder / "demo.log").read_text(encoding="utf-8"))
        time.sleep(0.1)
    return Demo(process, folder, f"http://127.0.0.1:{web}", f"http://127.0.0.1:{sandbox}")
