"""What the Bot API refuses of keyboards."""

from urllib.parse import urlsplit

from bot.sandbox.refusals import bad_request
from bot.sandbox.state import Json

_ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
)
_STYLES = {"danger", "success", "primary"}
MOST_BUTTONS = 100


def check_markup(markup: Json | None) -> None:
    """Raises Refusal when a keyboard of any kind would be refused."""
    if markup is None:
        return
    if "inline_keyboard" in markup:
        check_inline_keyboard(markup)
    elif "keyboard" in markup:
        _check_reply_keyboard(markup)
    placeholder = markup.get("input_field_placeholder")
    if placeholder is not None and not 1 <= len(placeholder) <= 64:
        raise bad_request("input_field_placeholder must have 1-64 characters")


def check_inline_keyboard(markup: Json) -> None:
    """Every button has words and one action within its limit."""
    buttons = [button for row in markup["inline_keyboard"] for button in row]
    if len(buttons) > MOST_BUTTONS:
        raise bad_request("reply markup is too long")
    for button in buttons:
        _check_button(button)


def _check_button(button: Json) -> None:
    where = "can't parse inline keyboard button: "
    if not button["text"].strip():
        raise bad_request(where + "Button text must be non-empty")
    actions = [name for name in _ACTIONS if name in button]
    if not actions:
        raise bad_request(where + "Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad_request(where + f"one action only, found {', '.join(actions)}")
    if button.get("style", "primary") not in _STYLES:
        raise bad_request(where + "unknown style")
    if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= 64:
        raise bad_request("BUTTON_DATA_INVALID")
    if "copy_text" in button and not 1 <= len(button["copy_text"]["text"]) <= 256:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")
    if "url" in button:
        check_address(button["url"])
    if "web_app" in button:
        _check_web_app(button["web_app"]["url"])


def check_address(url: str) -> None:
    """An address that a button may open."""
    parts = urlsplit(url)
    good = parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in url
    if not good and parts.scheme != "tg":
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def _check_web_app(url: str) -> None:
    parts = urlsplit(url)
    # The real API wants HTTPS; the demo's own machine is let through.
    if parts.scheme != "https" and parts.hostname != "127.0.0.1":
        raise bad_request(f"inline keyboard button Web App URL '{url}' is invalid: Only HTTPS")


def _check_reply_keyboard(markup: Json) -> None:
    buttons = [button for row in markup["keyboard"] for button in row]
    if not buttons:
        raise bad_request("reply keyboard must have at least one button")
    if len(buttons) > 300:
        raise bad_request("reply markup is too long")
    for button in buttons:
        if not button["text"].strip():
            raise bad_request("can't parse keyboard button: Button text must be non-empty")
        if sum(key in button for key in ("request_contact", "request_location", "web_app")) > 1:
            raise bad_request("can't parse keyboard button: one action only")
