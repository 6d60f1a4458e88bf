"""The methods that tell of chats, members and files."""

from collections.abc import Mapping

from bots.sandbox.telegram.call import Call
from bots.sandbox.telegram.chats import Chat, Raw
from bots.sandbox.telegram.failure import bad
from bots.sandbox.telegram.member import member_of
from bots.sandbox.telegram.platform import Telegram
from bots.sandbox.telegram.sending import Handler

GIFTS = (
    "unlimited_gifts",
    "limited_gifts",
    "unique_gifts",
    "premium_subscription",
    "gifts_from_channels",
)


class ChatInfo:
    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram

    def methods(self) -> Mapping[str, Handler]:
        return {
            "getChat": self.get_chat,
            "getChatMember": self.get_member,
            "getChatMemberCount": self.get_count,
            "getChatAdministrators": self.get_administrators,
            "leaveChat": self.leave,
            "getFile": self.get_file,
        }

    async def get_chat(self, call: Call) -> Raw:
        chat = self._find(call)
        return chat.shown | {
            "accent_color_id": 0,
            "max_reaction_count": 11,
            "accepted_gift_types": dict.fromkeys(GIFTS, False),
        }

    async def get_member(self, call: Call) -> Raw:
        chat = self._find(call)
        user_id = call.integer("user_id")
        if user_id == self._telegram.me["id"]:
            return member_of(self._telegram.me, chat.standing)
        user = self._telegram.chats.users.get(user_id)
        if user is None:
            raise bad("user not found")
        return member_of(user, _status(chat, user_id))

    async def get_count(self, call: Call) -> int:
        return len(self._find(call).members) + 1

    async def get_administrators(self, call: Call) -> list[Raw]:
        """The first member of a group made it."""
        chat = self._find(call)
        if not chat.group:
            raise bad("there are no administrators in the private chat")
        creator = member_of(self._telegram.chats.users[chat.members[0]], "creator")
        own = [member_of(self._telegram.me, "administrator")]
        return [creator, *(own if chat.standing == "administrator" else [])]

    async def leave(self, call: Call) -> bool:
        chat = self._find(call)
        if not chat.group:
            raise bad("chat member status can't be changed in private chats")
        self._telegram.stand(str(chat.id), "left")
        return True

    async def get_file(self, call: Call) -> dict[str, object]:
        return self._telegram.files.link(call.text("file_id"))

    def _find(self, call: Call) -> Chat:
        chat = self._telegram.chats.find(call.text("chat_id"))
        if chat.group:
            chat.admit()
        return chat


def _status(chat: Chat, user_id: int) -> str:
    if user_id not in chat.members:
        return "left"
    return "creator" if chat.group and user_id == chat.members[0] else "member"
