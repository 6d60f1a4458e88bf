"""Who may be a friend, and which groups the account joins."""

import logging
from collections.abc import Mapping
from typing import Any

from adapters.onebot11.account import Account
from adapters.onebot11.failure import CallError
from adapters.onebot11.settings import Settings, Welcome
from core.model import Address
from core.people import PeopleRules, Role, role_of

log = logging.getLogger(__name__)


class Requests:
    """Answers by the settings' policy; what it does not grant is left for a person to decide.

    https://github.com/botuniverse/onebot-11/blob/master/event/request.md (read 2026-11).
    """

    def __init__(self, platform: str, bot: str, settings: Settings, people: PeopleRules) -> None:
        self._platform = platform
        self._bot = bot
        self._settings = settings
        self._people = people

    async def answer(self, account: Account, event: Mapping[str, Any]) -> None:
        match event:
            case {"request_type": "friend", "flag": str(flag)}:
                policy = self._settings.friend_requests
                call, params = "set_friend_add_request", {"flag": flag, "approve": True}
            case {"request_type": "group", "sub_type": "invite", "flag": str(flag)}:
                policy = self._settings.group_invitations
                call = "set_group_add_request"
                params = {"flag": flag, "sub_type": "invite", "type": "invite", "approve": True}
            case _:
                return
        if not self._grants(policy, str(event.get("user_id", ""))):
            log.info("account %s: a request is left alone: %s", account.self_id, call)
            return
        try:
            await account.call(call, params)
        except CallError as error:
            log.warning("account %s: %s", account.self_id, error)

    def _grants(self, policy: Welcome, user: str) -> bool:
        if policy == "owners":
            asker = Address(platform=self._platform, bot=self._bot, chat=user, sender=user)
            return role_of(asker, self._people, {}) is Role.OWNER
        return policy == "accept"
