"""Where a bot's message goes, and what it answers."""

from typing import Any

from msgspec import Struct

from bots.sandbox.telegram.call import Call
from bots.sandbox.telegram.chats import GENERAL, Chat, Raw
from bots.sandbox.telegram.failure import bad
from bots.sandbox.telegram.formatted import format_text
from bots.sandbox.telegram.platform import Telegram
from bots.sandbox.telegram.utf16 import units

QUOTE_LIMIT = 1024


class Target(Struct, frozen=True, kw_only=True):
    """`fields` are what the message takes over: the message that it answers, and its quote."""

    chat: Chat
    thread: int
    fields: Raw

    @property
    def place(self) -> str:
        return self.chat.place(self.thread)


def find_target(telegram: Telegram, call: Call, messages: int = 1) -> Target:
    """Where to, if the bot may; counted against the flood limits. Raises Refused."""
    chat = telegram.chats.find(call.text("chat_id"))
    chat.admit()
    thread = check_thread(chat, call.integer("message_thread_id"))
    fields = _answered(telegram, chat, thread, _parameters(call))
    thread = thread or fields.get("reply_to_message", {}).get("message_thread_id", 0)
    telegram.floods.admit(chat.id, messages)
    return Target(chat=chat, thread=thread, fields=fields | _markup(call))


def check_thread(chat: Chat, thread: int) -> int:
    """The General topic is written to without its number (K). Raises Refused."""
    if thread and (thread == GENERAL or thread not in chat.topics):
        raise bad("message thread not found")
    return thread


def _parameters(call: Call) -> Raw:
    given = call.json("reply_parameters")
    if given is None:
        told = {"message_id": call.integer("reply_to_message_id")}
        return told | {"allow_sending_without_reply": call.flag("allow_sending_without_reply")}
    if not isinstance(given, dict):
        raise bad("object expected as reply parameters")
    if given and not isinstance(given.get("message_id"), int):
        raise bad('can\'t find field "message_id"')
    return given


def _answered(telegram: Telegram, chat: Chat, thread: int, given: Raw) -> Raw:
    if not given.get("message_id"):
        return {}
    answered = telegram.replied(chat, given["message_id"])
    if answered is None:
        if given.get("allow_sending_without_reply"):
            return {}
        raise bad("message to be replied not found")
    if thread and answered.get("message_thread_id", 0) != thread:
        # allow_sending_without_reply does not help across topics
        raise bad("message to be replied not found")
    return {"reply_to_message": answered} | _quote(given, answered)


def _quote(given: Raw, answered: Raw) -> Raw:
    if not given.get("quote"):
        return {}
    quote = format_text(
        given["quote"], given.get("quote_parse_mode", ""), given.get("quote_entities")
    )
    whole = answered.get("text") or answered.get("caption") or ""
    at = whole.find(quote.text)
    if units(quote.text) > QUOTE_LIMIT:
        raise bad("QUOTE_TEXT_TOO_LONG")
    if at < 0:
        raise bad("QUOTE_TEXT_INVALID")
    told: dict[str, Any] = {
        "text": quote.text,
        "position": units(whole[:at]),
        "is_manual": True,
    }
    return {"quote": told | ({"entities": quote.entities} if quote.entities else {})}


def _markup(call: Call) -> Raw:
    """Inline keyboards are part of the message; others are only shown to people."""
    match call.json("reply_markup"):
        case {"inline_keyboard": list() as rows} as markup if rows:
            for button in (button for row in rows for button in row):
                if len(str(button.get("callback_data", "")).encode()) > 64:
                    raise bad("BUTTON_DATA_INVALID")
            return {"reply_markup": markup}
        case _:
            return {}
