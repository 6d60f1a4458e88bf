"""The methods that change what was said."""

from collections.abc import Mapping
from typing import Any

from bots.sandbox.telegram.call import Call
from bots.sandbox.telegram.chats import Chat, Kept, Raw
from bots.sandbox.telegram.failure import bad
from bots.sandbox.telegram.formatted import caption, message_text
from bots.sandbox.telegram.platform import Telegram
from bots.sandbox.telegram.sending import Handler
from bots.sandbox.town.town import BOT

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the "
    "same as a current content and reply markup of the message"
)
CALLBACK_ANSWER_S = 20
"""Reports say 10 to 20 s; there is no word of it in the documentation."""
CALLBACK_TEXT_LIMIT = 200


class Editing:
    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram

    def methods(self) -> Mapping[str, Handler]:
        return {
            "editMessageText": self.edit_text,
            "editMessageCaption": self.edit_caption,
            "editMessageReplyMarkup": self.edit_markup,
            "deleteMessage": self.delete,
            "deleteMessages": self.delete_many,
            "setMessageReaction": self.react,
            "answerCallbackQuery": self.answer_callback,
        }

    async def edit_text(self, call: Call) -> Raw:
        said = message_text(call)
        return self._edit(call, {"text": said.text, "entities": said.entities})

    async def edit_caption(self, call: Call) -> Raw:
        said = caption(call.text("caption"), call.text("parse_mode"), call.json("caption_entities"))
        return self._edit(call, {"caption": said.text, "caption_entities": said.entities})

    async def edit_markup(self, call: Call) -> Raw:
        return self._edit(call, {})

    async def delete(self, call: Call) -> bool:
        chat = self._chat(call)
        self._delete(chat, call.integer("message_id"))
        return True

    async def delete_many(self, call: Call) -> bool:
        """Those that are not there are passed over."""
        chat = self._chat(call)
        numbers = call.json("message_ids")
        if not isinstance(numbers, list) or not 1 <= len(numbers) <= 100:
            raise bad("expected 1 to 100 message identifiers")
        for number in numbers:
            if number in chat.kept:
                self._delete(chat, number)
        return True

    async def react(self, call: Call) -> bool:
        chat = self._chat(call)
        kept = chat.kept.get(call.integer("message_id"))
        if kept is None:
            raise bad("message to react not found")
        reactions = call.json("reaction") or []
        if len(reactions) > 1:
            raise bad("REACTIONS_TOO_MANY")
        shown = "".join(str(reaction.get("emoji", "?")) for reaction in reactions)
        self._note(chat, kept, shown or "–", kind="notice", status="reaction")
        return True

    async def answer_callback(self, call: Call) -> bool:
        pressed = self._telegram.callbacks.get(call.text("callback_query_id"))
        now = self._telegram.now()
        if pressed is None or (now - pressed).total_seconds() > CALLBACK_ANSWER_S:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        if len(call.text("text")) > CALLBACK_TEXT_LIMIT:
            raise bad("MESSAGE_TOO_LONG")
        del self._telegram.callbacks[call.text("callback_query_id")]
        return True

    def _chat(self, call: Call) -> Chat:
        chat = self._telegram.chats.find(call.text("chat_id"))
        chat.admit()
        return chat

    def _edit(self, call: Call, changed: Raw) -> Raw:
        chat = self._chat(call)
        kept = chat.kept.get(call.integer("message_id"))
        if kept is None:
            raise bad("message to edit not found")
        if not kept.by_bot:
            raise bad("message can't be edited")
        markup = call.json("reply_markup")
        now = _without_empty(kept.message | {"reply_markup": markup} | changed)
        if now == kept.message:
            raise bad(NOT_MODIFIED)
        if chat.group:
            self._telegram.floods.admit(chat.id)
        now["edit_date"] = self._telegram.timestamp()
        chat.keep(now, kept.line, by_bot=True)
        self._note(
            chat, kept, now.get("text") or now.get("caption") or "", status="edited", raw=now
        )
        return now

    def _delete(self, chat: Chat, number: int) -> None:
        kept = chat.kept.get(number)
        if kept is None:
            raise bad("message to delete not found")
        if not kept.by_bot and chat.group and chat.standing != "administrator":
            raise bad("message can't be deleted")
        del chat.kept[number]
        self._note(chat, kept, "", kind="notice", status="deleted")

    def _note(self, chat: Chat, kept: Kept, text: str, **fields: Any) -> None:
        """The town's lines don't change: a further one tells what became of one."""
        place = chat.place(kept.message.get("message_thread_id", 0))
        self._telegram.town.add(place, BOT, text=text, reply_to=kept.line, **fields)


def _without_empty(message: Raw) -> Raw:
    return {name: value for name, value in message.items() if value not in (None, [], "")}
