"""Parameters of the methods and fields of the objects that the sandbox understands.

One entry reads `name:kind`, `name!:kind` where it is required. A kind is `int`, `float`, `bool`,
`text`, `chat` (number or @name), `file` (upload, file_id or address), the name of an object or
union below, or `[kind]`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """One parameter or object field."""

    name: str
    kind: str
    required: bool


Fields = dict[str, Field]


def _fields(source: str) -> Fields:
    found: Fields = {}
    for part in source.split():
        name, kind = part.split(":")
        found[name.rstrip("!")] = Field(name.rstrip("!"), kind, name.endswith("!"))
    return found


_WHERE = (
    "business_connection_id:text chat_id!:chat message_thread_id:int direct_messages_topic_id:int "
)
_HOW = (
    "disable_notification:bool protect_content:bool allow_paid_broadcast:bool "
    "message_effect_id:text suggested_post_parameters:SuggestedPostParameters "
    "reply_parameters:ReplyParameters reply_markup:ReplyMarkup "
)
_CAPTION = "caption:text parse_mode:text caption_entities:[MessageEntity] "
_WHICH = "business_connection_id:text chat_id:chat message_id:int inline_message_id:text "
_LANGUAGE = "language_code:text "
_SCOPED = "scope:BotCommandScope " + _LANGUAGE

METHODS: dict[str, Fields] = {
    name: _fields(source)
    for name, source in {
        "getMe": "",
        "logOut": "",
        "close": "",
        "getUpdates": "offset:int limit:int timeout:int allowed_updates:[text]",
        "setWebhook": "url!:text certificate:file ip_address:text max_connections:int "
        "allowed_updates:[text] drop_pending_updates:bool secret_token:text",
        "deleteWebhook": "drop_pending_updates:bool",
        "getWebhookInfo": "",
        "sendMessage": _WHERE + "text!:text parse_mode:text entities:[MessageEntity] "
        "link_preview_options:LinkPreviewOptions " + _HOW,
        "sendPhoto": _WHERE
        + "photo!:file "
        + _CAPTION
        + "show_caption_above_media:bool has_spoiler:bool "
        + _HOW,
        "sendDocument": _WHERE
        + "document!:file thumbnail:file "
        + _CAPTION
        + "disable_content_type_detection:bool "
        + _HOW,
        "sendChatAction": "business_connection_id:text chat_id!:chat message_thread_id:int "
        "action!:text",
        "editMessageText": _WHICH + "text!:text parse_mode:text entities:[MessageEntity] "
        "link_preview_options:LinkPreviewOptions reply_markup:InlineKeyboardMarkup",
        "editMessageCaption": _WHICH
        + _CAPTION
        + "show_caption_above_media:bool reply_markup:InlineKeyboardMarkup",
        "editMessageMedia": _WHICH + "media!:InputMedia reply_markup:InlineKeyboardMarkup",
        "editMessageReplyMarkup": _WHICH + "reply_markup:InlineKeyboardMarkup",
        "deleteMessage": "chat_id!:chat message_id!:int",
        "answerCallbackQuery": "callback_query_id!:text text:text show_alert:bool url:text "
        "cache_time:int",
        "answerInlineQuery": "inline_query_id!:text results!:[InlineQueryResult] cache_time:int "
        "is_personal:bool next_offset:text button:InlineQueryResultsButton",
        "setMyCommands": "commands!:[BotCommand] " + _SCOPED,
        "getMyCommands": _SCOPED,
        "deleteMyCommands": _SCOPED,
        "setMyName": "name:text " + _LANGUAGE,
        "getMyName": _LANGUAGE,
        "setMyDescription": "description:text " + _LANGUAGE,
        "getMyDescription": _LANGUAGE,
        "setMyShortDescription": "short_description:text " + _LANGUAGE,
        "getMyShortDescription": _LANGUAGE,
        "setChatMenuButton": "chat_id:int menu_button:MenuButton",
        "getChatMenuButton": "chat_id:int",
        "getFile": "file_id!:text",
        "getChat": "chat_id!:chat",
    }.items()
}

_MEDIA = "type!:text media!:text " + _CAPTION
_RESULT = "type!:text id!:text "
_RESULT_TAIL = (
    "reply_markup:InlineKeyboardMarkup input_message_content{}:InputTextMessageContent "
    "title{}:text description:text "
)

OBJECTS: dict[str, Fields] = {
    name: _fields(source)
    for name, source in {
        "MessageEntity": "type!:text offset!:int length!:int url:text user:User language:text "
        "custom_emoji_id:text",
        "User": "id!:int is_bot!:bool first_name!:text last_name:text username:text "
        "language_code:text",
        "LinkPreviewOptions": "is_disabled:bool url:text prefer_small_media:bool "
        "prefer_large_media:bool show_above_text:bool",
        "ReplyParameters": "message_id!:int chat_id:chat allow_sending_without_reply:bool "
        "quote:text quote_parse_mode:text quote_entities:[MessageEntity] quote_position:int "
        "checklist_task_id:int poll_option_id:text",
        "SuggestedPostParameters": "price:SuggestedPostPrice send_date:int",
        "SuggestedPostPrice": "currency!:text amount!:int",
        "InlineKeyboardMarkup": "inline_keyboard!:[[InlineKeyboardButton]]",
        "InlineKeyboardButton": "text!:text icon_custom_emoji_id:text style:text url:text "
        "callback_data:text web_app:WebAppInfo login_url:LoginUrl switch_inline_query:text "
        "switch_inline_query_current_chat:text "
        "switch_inline_query_chosen_chat:SwitchInlineQueryChosenChat copy_text:CopyTextButton",
        "WebAppInfo": "url!:text",
        "LoginUrl": "url!:text forward_text:text bot_username:text request_write_access:bool",
        "SwitchInlineQueryChosenChat": "query:text allow_user_chats:bool allow_bot_chats:bool "
        "allow_group_chats:bool allow_channel_chats:bool",
        "CopyTextButton": "text!:text",
        "ReplyKeyboardMarkup": "keyboard!:[[KeyboardButton]] is_persistent:bool "
        "resize_keyboard:bool one_time_keyboard:bool input_field_placeholder:text selective:bool",
        "KeyboardButton": "text!:text icon_custom_emoji_id:text style:text request_contact:bool "
        "request_location:bool web_app:WebAppInfo",
        "ReplyKeyboardRemove": "remove_keyboard!:bool selective:bool",
        "ForceReply": "force_reply!:bool input_field_placeholder:text selective:bool",
        "BotCommand": "command!:text description!:text",
        "BotCommandScope": "type!:text chat_id:chat user_id:int",
        "MenuButton": "type!:text text:text web_app:WebAppInfo",
        "InputMediaPhoto": _MEDIA + "show_caption_above_media:bool has_spoiler:bool",
        "InputMediaDocument": _MEDIA + "thumbnail:text disable_content_type_detection:bool",
        "InlineQueryResultsButton": "text!:text web_app:WebAppInfo start_parameter:text",
        "InputTextMessageContent": "message_text!:text parse_mode:text entities:[MessageEntity] "
        "link_preview_options:LinkPreviewOptions",
        "InlineQueryResultArticle": _RESULT
        + _RESULT_TAIL.format("!", "!")
        + "url:text thumbnail_url:text thumbnail_width:int thumbnail_height:int",
        "InlineQueryResultPhoto": _RESULT
        + _RESULT_TAIL.format("", "")
        + _CAPTION
        + "photo_url!:text thumbnail_url!:text photo_width:int photo_height:int "
        "show_caption_above_media:bool",
        "InlineQueryResultCachedPhoto": _RESULT
        + _RESULT_TAIL.format("", "")
        + _CAPTION
        + "photo_file_id!:text show_caption_above_media:bool",
    }.items()
}

# A union is told apart by the first of these fields that an object has.
UNIONS_BY_FIELD: dict[str, dict[str, str]] = {
    "ReplyMarkup": {
        "inline_keyboard": "InlineKeyboardMarkup",
        "keyboard": "ReplyKeyboardMarkup",
        "remove_keyboard": "ReplyKeyboardRemove",
        "force_reply": "ForceReply",
    },
    "InlineQueryResult": {
        "photo_file_id": "InlineQueryResultCachedPhoto",
        "photo_url": "InlineQueryResultPhoto",
        "type": "InlineQueryResultArticle",
    },
}

# Input media is told apart by its field `type`.
MEDIA_BY_TYPE = {"photo": "InputMediaPhoto", "document": "InputMediaDocument"}
