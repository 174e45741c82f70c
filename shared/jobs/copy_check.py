"""`jianka copy check FILE`: texts that are to be published, one a line, held against the rules."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from shared.campaigns.advertising.check import check_copy
from shared.campaigns.advertising.rules import Finding
from shared.jobs.console import language, words

_FLAGGED = 1
_UNREADABLE = 2
_STANDARD_INPUT = "-"


class Unreadable(click.ClickException):
    """The file cannot be read; told apart from texts that were flagged by its status."""

    exit_code = _UNREADABLE


@click.group(help=words("help.copy"))
def copy() -> None:
    """What the public will read."""


@copy.command("check", help=words("help.copy_check"))
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--explain", is_flag=True, help=words("help.copy.explain"))
@click.pass_context
def check_copy_file(context: click.Context, file: Path, explain: bool) -> None:
    """A line out for each line in: `ok` or `flag`, the rules, the text, with tabs between.

    An empty line is `ok`. Status 0 when all are, 1 when any was flagged, 2 for a file that
    cannot be read.
    """
    flagged = False
    for published in _lines(file):
        found = check_copy(published)
        flagged = flagged or bool(found)
        click.echo("\t".join(_columns(published, found, explain)))
    if flagged:
        context.exit(_FLAGGED)


def _lines(file: Path) -> list[str]:
    """The lines of a file in UTF-8, with or without its mark; Unreadable for any other."""
    try:
        raw = sys.stdin.buffer.read() if str(file) == _STANDARD_INPUT else file.read_bytes()
        lines = raw.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise Unreadable(words("not_utf8")) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Unreadable(words("copy.unreadable", file=file, reason=reason)) from None
    if lines[-1] == "":  # the end of the last line, not a line of its own
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def _columns(published: str, found: tuple[Finding, ...], explain: bool) -> list[str]:
    """What stands on a line. Nothing in a text breaks the line or its columns."""
    rules = dict.fromkeys(each.rule.value for each in found)
    columns = ["flag" if found else "ok", ",".join(rules), published]
    if explain:
        first = {each.rule: each for each in reversed(found)}
        told = sorted(first.values(), key=lambda each: (each.start, each.rule))
        columns.append(" ".join(f"“{each.words}” {each.why(language())}" for each in told))
        columns.append(" ".join(each.instead(language()) for each in told))
    return ["".join(c if c.isprintable() else " " for c in column) for column in columns]
