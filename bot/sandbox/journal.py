"""What the sandbox saw, in lines for the log strip."""

from bot.sandbox.clock import SandboxClock
from bot.sandbox.state import Json, State

KEPT = 600


def note(state: State, clock: SandboxClock, kind: str, text: str) -> None:
    """Adds a line; the oldest beyond the limit go."""
    with state.writing():
        number = state.next("log")
        state.run(
            "INSERT INTO log VALUES (?, ?, ?, ?)",
            number,
            clock.now().isoformat(timespec="milliseconds"),
            kind,
            text[:300],
        )
        state.run("DELETE FROM log WHERE id <= ?", number - KEPT)


def lines(state: State, limit: int = 200) -> list[Json]:
    """The latest lines, oldest first; `at` is simulated time, UTC."""
    rows = state.rows("SELECT * FROM log ORDER BY id DESC LIMIT ?", limit)
    return [
        {"id": row["id"], "at": row["at"], "kind": row["kind"], "text": row["text"]}
        for row in reversed(rows)
    ]
