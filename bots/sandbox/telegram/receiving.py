"""The methods by which a bot gets its updates: polling, or a webhook."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from msgspec import Raw as Encoded

from bots.sandbox.telegram.call import Call
from bots.sandbox.telegram.chats import Raw
from bots.sandbox.telegram.failure import bad, refused
from bots.sandbox.telegram.platform import Telegram
from bots.sandbox.telegram.sending import Handler
from bots.sandbox.telegram.updates import LIMIT, LONGEST_POLL_S
from bots.sandbox.telegram.webhook import Hook, Webhook

SECRET = re.compile(r"[A-Za-z0-9_-]*")
DEFAULT_CONNECTIONS, MOST_CONNECTIONS = 40, 100

WEBHOOK_ACTIVE = (
    "can't use getUpdates method while webhook is active; use deleteWebhook to delete the "
    "webhook first"
)


class Receiving:
    """`perform` does what a webhook's answer asks for."""

    def __init__(self, telegram: Telegram, perform: Callable[[Call], Awaitable[Any]]) -> None:
        self._telegram = telegram
        self._perform = perform
        self._webhook: Webhook | None = None

    def methods(self) -> Mapping[str, Handler]:
        return {
            "getUpdates": self.get_updates,
            "setWebhook": self.set_webhook,
            "deleteWebhook": self.delete_webhook,
            "getWebhookInfo": self.get_webhook_info,
        }

    async def get_updates(self, call: Call) -> Sequence[Encoded]:
        if self._webhook:
            raise refused(409, WEBHOOK_ACTIVE)
        updates = self._telegram.updates
        updates.allow(call.json("allowed_updates"))
        return await updates.poll(
            call.integer("offset"),
            min(max(call.integer("limit", LIMIT), 1), LIMIT),
            min(max(call.integer("timeout"), 0), LONGEST_POLL_S),
        )

    async def set_webhook(self, call: Call) -> bool:
        url = call.text("url")
        if not url:
            return await self.delete_webhook(call)
        _check(url, call.text("secret_token"))
        connections = call.integer("max_connections", DEFAULT_CONNECTIONS)
        self._telegram.updates.interrupt("terminated by setWebhook request")
        await self._end(drop=call.flag("drop_pending_updates"))
        self._telegram.updates.allow(call.json("allowed_updates"))
        hook = Hook(
            url=url,
            secret=call.text("secret_token"),
            max_connections=min(max(connections, 1), MOST_CONNECTIONS),
            ip_address=call.text("ip_address"),
            certificate=_certificate(call),
        )
        self._webhook = Webhook(self._telegram, self._perform, hook, self._give_up)
        self._webhook.open()
        return True

    async def delete_webhook(self, call: Call) -> bool:
        await self._end(drop=call.flag("drop_pending_updates"))
        return True

    async def get_webhook_info(self, call: Call) -> Raw:
        del call
        updates = self._telegram.updates
        told: Raw = self._webhook.shown() if self._webhook else {"url": ""}
        told |= {
            "has_custom_certificate": bool(self._webhook and self._webhook.hook.certificate),
            "pending_update_count": len(updates.pending()),
        }
        return told | ({"allowed_updates": sorted(updates.allowed)} if updates.allowed else {})

    async def close(self) -> None:
        """Let go of polls and pushes."""
        self._telegram.updates.interrupt("terminated by the end of the sandbox")
        await self._end(drop=False)

    async def _end(self, *, drop: bool) -> None:
        if self._webhook:
            webhook, self._webhook = self._webhook, None
            await webhook.close()
        if drop:
            self._telegram.updates.clear()

    def _give_up(self) -> None:
        """The bot has answered "gone" for so long that its webhook is removed."""
        self._webhook = None


def _check(url: str, secret: str) -> None:
    """As a local server, this one takes http and any port. Raises Refused."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise bad("invalid webhook URL specified")
    if len(secret) > 256:
        raise bad("secret token is too long")
    if not SECRET.fullmatch(secret):
        raise bad("secret token contains unallowed characters")


def _certificate(call: Call) -> str:
    upload = call.upload("certificate", call.text("certificate"))
    return upload.content.decode("ascii", "replace") if upload else ""
