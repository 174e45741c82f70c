"""What `jianka doctor --rotate` tells the operator while keys rotate, and when a key may go."""

from __future__ import annotations

import click

from shared.base.settings import Settings
from shared.jobs.console import operator, progress, say, words
from shared.jobs.opening import opened
from shared.jobs.rotation import Rotated, rotate
from shared.post.audit import record


def rotate_keys(settings: Settings) -> None:
    """Rotate, and say what is left; non-zero when there are values that nobody can open."""
    with opened(settings) as (database, clock):
        with progress("progress.rotating") as bar:
            done = rotate(database, lambda _place, renewed: bar(renewed))
        newest = database.keyring.newest
        with database.transaction() as session:
            record(
                session, operator(), "keys.rotated", "keys", clock(),
                newest=newest, renewed=done.renewed, removable=done.removable,
            )  # fmt: skip
    _tell(done, newest)
    if done.unreadable:
        raise click.ClickException(words("doctor.rotate.unreadable", n=done.unreadable.total()))


def _tell(done: Rotated, newest: str) -> None:
    say("doctor.rotate.renewed", n=done.renewed, key=newest)
    for (place, key), count in sorted(done.unreadable.items()):
        say("doctor.rotate.closed", place=place, key=key, n=count)
    for key in done.removable:
        say("doctor.rotate.removable", key=key)
    for key, count in sorted(done.left.items()):
        if key != newest:
            say("doctor.rotate.left", key=key, n=count)
    if set(done.left) <= {newest} and not done.removable:
        say("doctor.rotate.one", key=newest)
