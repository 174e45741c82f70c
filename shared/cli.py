"""`jianka …`: one group; commands are named here as strings and loaded when they are called.

So the domain imports no face, and `jianka --help` starts nothing. A failure is one clear line
and a non-zero status, never a traceback.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable
from typing import Any

import click
from sqlalchemy.exc import ArgumentError, DBAPIError

from shared.base.errors import Misconfigured, Refusal
from shared.base.settings import Settings, read_settings
from shared.base.sheets import BadFile
from shared.campaigns.problems import CampaignFileError
from shared.jobs.console import bad_table, complain, language, refused, words

PROGRAMS = {
    "web": "webapp.program:run",
    "bot": "bot.program:run",
    "worker": "shared.jobs.worker:run",
    "sandbox": "bot.sandbox.program:run",
}
"""Each serves until it is told to stop: `run(settings)`."""

COMMANDS = {
    "demo": "shared.jobs.demo:demo",
    "db": "shared.jobs.loading:db",
    "members": "shared.jobs.loading:members",
    "staff": "shared.jobs.loading:staff",
    "tablet": "shared.jobs.loading:tablet",
    "campaign": "shared.jobs.loading:campaign",
    "copy": "shared.jobs.copy_check:copy",
    "events": "shared.jobs.loading:events",
    "payout": "shared.jobs.paying:payout",
    "risk": "shared.jobs.risk:risk",
    "reconcile": "shared.jobs.reconcile:reconcile_month",
    "doctor": "shared.jobs.doctor:doctor",
}
"""Each is a click command or group."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return ["demo", *PROGRAMS, *list(COMMANDS)[1:]]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name in PROGRAMS:
            return _program(cmd_name)
        if cmd_name in COMMANDS:
            command = _load(COMMANDS[cmd_name])
            assert isinstance(command, click.Command)
            return command
        return None


def _load(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


def _program(name: str) -> click.Command:
    @click.command(name, help=words(f"help.{name}"))
    @click.option("--with-parent", is_flag=True, hidden=True)
    def program(with_parent: bool) -> None:
        if with_parent:
            _load("shared.jobs.lifeline:stop_with_parent")()
        settings: Settings = read_settings()
        run: Callable[[Settings], None] = _load(PROGRAMS[name])
        run(settings)

    return program


@click.group(cls=_Commands, help=words("help.jianka"))
@click.version_option(package_name="jianka", prog_name="jianka")
def jianka() -> None:
    """The group of all commands."""


def main(arguments: list[str] | None = None) -> None:
    """The entry point: run a command, say in one line what went wrong, exit."""
    try:
        sys.exit(jianka.main(args=arguments, prog_name="jianka", standalone_mode=False) or 0)
    except click.UsageError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        complain(error.format_message())
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except Exception as error:
        _report(error)
        sys.exit(1)


def _report(error: Exception) -> None:
    if isinstance(error, BadFile):
        bad_table(error)
    complain(_in_words(error))


def _in_words(error: Exception) -> str:
    match error:
        case BadFile():
            key = "bad.all" if error.total == len(error.lines) else "bad.more"
            return words(key, n=error.total, shown=len(error.lines))
        case CampaignFileError():
            problems = [problem.words(language()) for problem in error.problems]
            return words("campaign.bad", problems="\n  ".join(problems))
        case Misconfigured():
            return str(error)
        case Refusal():
            return refused(error)
        case OSError() if error.filename is not None:
            return f"{error.filename}: {error.strerror}"
        case UnicodeDecodeError():
            return words("not_utf8")
        case DBAPIError() | ArgumentError():
            # The driver's own text may hold an address with its password, or a row's values.
            return words("database", kind=type(error).__name__)
        case _:
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{place.filename}:{place.lineno}"
            return words("unexpected", kind=type(error).__name__, where=where)


if __name__ == "__main__":
    main()
