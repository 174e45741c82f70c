"""`jianka members|staff|events import`, `jianka campaign apply`, `jianka db upgrade`."""

from __future__ import annotations

from pathlib import Path

import click

from shared.actions.branch import add_tablet, give_pin
from shared.actions.importing import Imported, import_members, import_staff
from shared.applications.event_files import check_event_file
from shared.base.database import open_database
from shared.base.privacy import read_keyring
from shared.base.settings import read_settings
from shared.campaigns.file import apply_campaign
from shared.jobs.console import operator, progress, say, words
from shared.jobs.event_files import store_event_file
from shared.jobs.opening import opened
from shared.jobs.simulating import simulate
from shared.migrations.upgrade import upgrade
from shared.post import inbox
from shared.post.audit import record

_FILE = click.argument("file", type=click.Path(path_type=Path))


@click.group(help=words("help.members"))
def members() -> None:
    """The bank's cardholders."""


@members.command("import", help=words("help.members_import"))
@_FILE
def import_members_file(file: Path) -> None:
    """Load members, all of the file or nothing."""
    raw = file.read_bytes()
    with (
        opened() as (database, clock),
        progress("progress.writing") as told,
        database.transaction() as session,
    ):
        came_to = import_members(session, raw, operator(), clock(), told)
    _tell(came_to)


@click.group(help=words("help.staff"))
def staff() -> None:
    """The bank's employees."""


@staff.command("import", help=words("help.staff_import"))
@_FILE
def import_staff_file(file: Path) -> None:
    """Load staff, all of the file or nothing."""
    raw = file.read_bytes()
    with opened() as (database, clock), database.transaction() as session:
        came_to = import_staff(session, raw, operator(), clock())
    _tell(came_to)


@staff.command("pin", help=words("help.staff_pin"))
@click.argument("staff_no")
@click.password_option("--pin", prompt=words("staff.pin.ask"), help=words("staff.pin.ask"))
def give_staff_pin(staff_no: str, pin: str) -> None:
    """Set a PIN, typed unseen and twice."""
    with opened() as (database, clock), database.transaction() as session:
        give_pin(session, staff_no, pin, operator(), clock())
    say("staff.pin.done", staff_no=staff_no)


@click.group(help=words("help.tablet"))
def tablet() -> None:
    """The branches' devices."""


@tablet.command("add", help=words("help.tablet_add"))
@click.argument("branch")
@click.argument("name")
def add_branch_tablet(branch: str, name: str) -> None:
    """Make room for a tablet; prints its one-time code."""
    with opened() as (database, clock), database.transaction() as session:
        code = add_tablet(session, branch, name, operator(), clock())
    say("tablet.added", code=code)


def _tell(came_to: Imported) -> None:
    say(
        "import.done",
        added=came_to.added,
        changed=came_to.changed,
        unchanged=came_to.unchanged,
    )


@click.group(help=words("help.events"))
def events() -> None:
    """What the bank's systems report."""


@events.command("import", help=words("help.events_import"))
@_FILE
def import_events_file(file: Path) -> None:
    """Store events: checked whole first; what an earlier run stored is passed over."""
    with opened() as (database, clock):
        now = clock()
        with progress("progress.checking") as told:
            total = check_event_file(file, now, told)
        with progress("progress.storing", total) as told:
            came_to = store_event_file(database, file, now, told)
    say("events.done", stored=came_to.stored, repeated=came_to.repeated)
    if came_to.conflicts:
        lines = ", ".join(str(line) for line in came_to.conflict_lines)
        raise click.ClickException(words("events.conflicts", n=came_to.conflicts, lines=lines))


@events.command("replay", help=words("help.events_replay"))
def replay_events() -> None:
    """Let the worker hear again what it set aside, once the cause is mended."""
    with opened() as (database, clock), database.transaction() as session:
        count = inbox.replay_set_aside(session, "bank")
        record(session, operator(), "events.replayed", "inbox", clock(), count=count)
    say("events.replayed", n=count)


@click.group(help=words("help.campaign"))
def campaign() -> None:
    """Campaigns and their rules."""


@campaign.command("apply", help=words("help.campaign_apply"))
@_FILE
def apply_campaign_file(file: Path) -> None:
    """Create a campaign or bring it up to its file."""
    source = file.read_text(encoding="utf-8-sig")
    with opened() as (database, clock), database.transaction() as session:
        applied = apply_campaign(session, source, clock(), operator())
    key = "campaign.same"
    if applied.created:
        key = "campaign.created"
    elif applied.new_version:
        key = "campaign.new_version"
    elif applied.limits_changed:
        key = "campaign.limits"
    say(key, version=applied.version)


campaign.add_command(simulate)


@click.group(help=words("help.db"))
def db() -> None:
    """The database."""


@db.command("upgrade", help=words("help.db_upgrade"))
def upgrade_database() -> None:
    """Run the migrations that are missing."""
    settings = read_settings()
    database = open_database(settings.database_url, read_keyring(settings))
    try:
        upgrade(database)
    finally:
        database.close()
    say("db.done")
