"""The methods about the bot itself: who it is, its commands, its sessions."""

import re
from collections.abc import Mapping
from typing import Any

from bots.sandbox.telegram.call import Call
from bots.sandbox.telegram.chats import Raw
from bots.sandbox.telegram.failure import bad
from bots.sandbox.telegram.platform import Telegram
from bots.sandbox.telegram.sending import Handler

COMMAND = re.compile(r"[a-z0-9_]{1,32}")
COMMANDS_LIMIT = 100
DESCRIPTION_LIMIT = 256
SCOPES = frozenset(
    {
        "default",
        "all_private_chats",
        "all_group_chats",
        "all_chat_administrators",
        "chat",
        "chat_administrators",
        "chat_member",
    }
)


class Profile:
    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram
        self._texts: dict[tuple[str, str], str] = {}

    def methods(self) -> Mapping[str, Handler]:
        texts = {
            "Name": "name",
            "Description": "description",
            "ShortDescription": "short_description",
        }
        setters = {f"setMy{title}": self._setter(name) for title, name in texts.items()}
        getters = {f"getMy{title}": self._getter(name) for title, name in texts.items()}
        return {
            "getMe": self.get_me,
            "logOut": self.log_out,
            "close": self.close,
            "setMyCommands": self.set_commands,
            "getMyCommands": self.get_commands,
            "deleteMyCommands": self.delete_commands,
            **setters,
            **getters,
        }

    async def get_me(self, call: Call) -> Raw:
        del call
        return self._telegram.me | {
            "can_join_groups": True,
            "can_read_all_group_messages": not self._telegram.rules.privacy,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
        }

    async def log_out(self, call: Call) -> bool:
        """From now on nothing is answered, as in the ten minutes after a real one."""
        del call
        self._telegram.logged_out = True
        self._telegram.updates.interrupt("terminated by logOut request")
        return True

    async def close(self, call: Call) -> bool:
        del call
        return True

    async def set_commands(self, call: Call) -> bool:
        given = call.json("commands")
        if not isinstance(given, list):
            raise bad("can't parse commands JSON object")
        if len(given) > COMMANDS_LIMIT:
            raise bad("BOT_COMMANDS_TOO_MUCH")
        commands = [_command(item) for item in given]
        self._telegram.commands[_where(call)] = commands
        return True

    async def get_commands(self, call: Call) -> list[Raw]:
        return self._telegram.commands.get(_where(call), [])

    async def delete_commands(self, call: Call) -> bool:
        self._telegram.commands.pop(_where(call), None)
        return True

    def _setter(self, name: str) -> Handler:
        async def keep(call: Call) -> bool:
            self._texts[name, _language(call)] = call.text(name)
            return True

        return keep

    def _getter(self, name: str) -> Handler:
        async def tell(call: Call) -> Raw:
            return {name: self._texts.get((name, _language(call)), "")}

        return tell


def _command(item: Any) -> Raw:
    match item:
        case {"command": str(command), "description": str(description)}:
            command = command.removeprefix("/")
            if not COMMAND.fullmatch(command):
                raise bad("BOT_COMMAND_INVALID")
            if not 1 <= len(description) <= DESCRIPTION_LIMIT:
                raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
            return {"command": command, "description": description}
        case _:
            raise bad("can't parse BotCommand: Object expected as BotCommand")


def _where(call: Call) -> tuple[str, str]:
    """For whom and in which language: "chat:5000001", "zh"."""
    scope = call.json("scope") or {"type": "default"}
    if scope.get("type") not in SCOPES:
        raise bad("can't parse BotCommandScope: Unsupported type specified")
    named = [str(scope[name]) for name in ("type", "chat_id", "user_id") if name in scope]
    return ":".join(named), _language(call)


def _language(call: Call) -> str:
    code = call.text("language_code")
    if code and not re.fullmatch("[a-z]{2}", code):
        raise bad("invalid language code specified")
    return code
