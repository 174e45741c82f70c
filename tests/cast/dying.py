"""Dying in the middle of an act: before one of its statements, or as it commits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from shared.base.database import Database


class Died(BaseException):
    """The process died here: nothing catches that."""


class Mortal:
    """A database whose user may die."""

    def __init__(self, database: Database) -> None:
        self._left: int | None = None
        event.listen(database.engine, "before_execute", self._goes_on)
        event.listen(database.engine, "commit", self._commits)

    @contextmanager
    def dying(self, statements: int) -> Iterator[None]:
        """What is done inside dies after so many statements, at the latest before its commit."""
        self._left = statements
        try:
            yield
        finally:
            self._left = None

    def _goes_on(self, *_: object) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise Died

    def _commits(self, *_: object) -> None:
        if self._left is not None:
            raise Died
