"""How the bot gets its updates: getUpdates with confirmation by offset; webhooks are only kept."""

from bot.sandbox import letters
from bot.sandbox.reading import Call
from bot.sandbox.refusals import bad_request, conflict
from bot.sandbox.state import Json
from bot.sandbox.world import World

MOST_SECONDS = 50


def get_updates(world: World, call: Call) -> list[Json]:
    """getUpdates: an offset confirms what is below it; waits for `timeout` seconds at most."""
    if world.state.fact("webhook", ""):
        raise conflict("can't use getUpdates method while webhook is active")
    limit = call.get("limit", 100)
    if not 1 <= limit <= 100:
        limit = 100
    if "allowed_updates" in call.values:
        with world.state.writing():
            world.state.keep("allowed_updates", call.values["allowed_updates"])
    first = _first(world, call.get("offset", 0))
    letters.confirm(world.state, first)
    mine = world.new_poll()

    def found() -> list[Json] | None:
        if world.closing or world.polls != mine:
            return []
        return letters.queued(world.state, first, limit) or None

    wait = min(max(call.get("timeout", 0), 0), MOST_SECONDS)
    updates = world.state.wait_for(found, wait) or []
    if world.polls != mine:
        raise conflict(
            "terminated by other getUpdates request; make sure that only one bot instance is "
            "running"
        )
    return updates


def _first(world: World, offset: int) -> int:
    if offset >= 0:
        return offset
    row = world.state.row(
        "SELECT min(id) AS first FROM (SELECT id FROM updates ORDER BY id DESC LIMIT ?)", -offset
    )
    return int(row["first"]) if row and row["first"] is not None else 0


def set_webhook(world: World, call: Call) -> bool:
    """setWebhook: kept, not called; an empty address removes it."""
    url = call.values["url"]
    if url and not url.startswith("https://"):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    with world.state.writing():
        world.state.keep("webhook", url)
    return True


def delete_webhook(world: World, call: Call) -> bool:
    """deleteWebhook."""
    with world.state.writing():
        world.state.keep("webhook", "")
        if call.get("drop_pending_updates"):
            world.state.run("DELETE FROM updates")
    return True


def webhook_info(world: World) -> Json:
    """getWebhookInfo."""
    return {
        "url": world.state.fact("webhook", ""),
        "has_custom_certificate": False,
        "pending_update_count": letters.waiting(world.state),
    }
