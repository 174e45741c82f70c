"""What commands say to the person at the terminal, in that person's language."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from shared.base.errors import Refusal
from shared.base.i18n import Locale, catalogue, locale_from_tag, refusal_text, text
from shared.base.sheets import BadFile, BadLine


def language() -> Locale:
    """The terminal's language by its environment; English where that names none of ours."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return locale_from_tag(value.partition(".")[0]) or Locale.EN
    return Locale.EN


def words(key: str, /, **params: object) -> str:
    """The words of `command.<key>` in the terminal's language."""
    return text(language(), f"command.{key}", **params)


def say(key: str, /, **params: object) -> None:
    """One line on standard output."""
    click.echo(words(key, **params))


def complain(line: str) -> None:
    """One line on standard error, set off as an error."""
    click.echo(f"jianka: {line}", err=True)


def operator() -> str:
    """Who works at this terminal, for the audit."""
    try:
        return f"operator:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"operator:{os.getuid()}"


def refused(refusal: Refusal) -> str:
    """A refusal in words; its bare code when the catalogues have none."""
    known = f"error.{refusal.code}" in catalogue(language())
    return refusal_text(language(), refusal) if known else refusal.code


def bad_line(bad: BadLine) -> str:
    """What is wrong on a line, and what would be right."""
    return text(language(), f"import.bad.{bad.reason}", **bad.params)


def bad_table(bad: BadFile) -> None:
    """The bad lines of a file as a table on standard error."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(words("bad.line"), justify="right")
    table.add_column(words("bad.column"), overflow="fold")
    table.add_column(words("bad.reason"), overflow="fold")
    for line in bad.lines:
        table.add_row(str(line.line), line.column or "–", bad_line(line))
    # A file or pipe has no width of its own; a line broken there could not be searched.
    Console(stderr=True, width=None if sys.stderr.isatty() else 200, markup=False).print(table)


@contextmanager
def progress(key: str, total: int | None = None) -> Iterator[Callable[..., None]]:
    """A bar on the terminal, nothing in a pipe; yields what takes (done so far, of how many)."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bars:
        task = bars.add_task(words(key), total=total)
        yield lambda done, of=total: bars.update(task, completed=done, total=of)
