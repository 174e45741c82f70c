"""Dying in the middle of an act: before one of its statements, or as it commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count

from sqlalchemy import event

from shared.base.database import Database


class Died(BaseException):
    """The process died here: nothing catches that."""


class Mortal:
    """A database whose user may die."""

    def __init__(self, database: Database) -> None:
        self._left: int | None = None
        self._committing = False
        event.listen(database.engine, "before_execute", self._goes_on)
        event.listen(database.engine, "commit", self._commits)

    @contextmanager
    def dying(self, statements: int) -> Iterator[None]:
        """What is done inside dies after so many statements, at the latest before its commit."""
        self._left, self._committing = statements, False
        try:
            yield
        finally:
            self._left = None

    def dies_everywhere(self, act: Callable[[], object], every: int = 1) -> int:
        """An act is begun again and again and dies `every` statement later each time, the last
        time as it commits. How often it died."""
        for times in count():
            with suppress(Died), self.dying(times * every):
                act()
            if self._committing:
                return times + 1
        raise AssertionError

    def _goes_on(self, *_: object) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise Died

    def _commits(self, *_: object) -> None:
        if self._left is not None:
            self._committing = True
            raise Died
