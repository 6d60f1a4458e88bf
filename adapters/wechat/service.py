"""Customer service: messages that a verified account sends on its own."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from adapters.wechat.allowance import Allowances
from adapters.wechat.api import Api, ApiError, Lost, Unreached
from adapters.wechat.format import Saying, format_message
from core.ports.sending import Later, Refused, SendResult, Sent, Unknown

log = logging.getLogger(__name__)

SEND = "message/custom/send"
TYPING = "message/custom/typing"
BUSY = -1
SPENT = 45047
HOPELESS: Mapping[int, str] = {
    40003: "not a person of this account",
    43004: "the person does not follow the account",
    45002: "the text is too long",
}
"""Errors of the message or the person, which no later request would mend."""

AGAIN_S = 2.0


@dataclass(slots=True, kw_only=True)
class Service:
    api: Api
    monotonic: Callable[[], float]
    allowances: Allowances = field(default_factory=Allowances)

    async def send(self, openid: str, saying: Saying) -> SendResult:
        """What WeChat refuses now waits for the person's next message: nothing is lost."""
        if not self.allowances.left(openid, self.monotonic()):
            return Later()
        result: SendResult = Sent()
        try:
            await self.api.call(SEND, format_message(openid, saying))
        except ApiError as error:
            return self._refused(openid, error)
        except Unreached as error:
            return Refused(str(error), AGAIN_S)
        except Lost as error:
            result = Unknown(str(error))
        self.allowances.take(openid, self.monotonic())  # WeChat counts what it took, and no more
        return result

    def is_last(self, openid: str) -> bool:
        """Whether the next message is the last that may be sent."""
        return self.allowances.left(openid, self.monotonic()) <= 1

    async def typing(self, openid: str) -> None:
        """Shows for some seconds; WeChat refuses to be told twice, which does no harm."""
        try:
            await self.api.call(TYPING, {"touser": openid, "command": "Typing"})
        except (ApiError, Unreached, Lost) as error:
            log.debug("typing is not shown: %s", error)

    def _refused(self, openid: str, error: ApiError) -> SendResult:
        log.warning("not sent by customer service: %s", error)
        if error.code == BUSY:
            return Refused(str(error), AGAIN_S)
        if error.code in HOPELESS:
            return Refused(str(error))
        if error.code == SPENT:
            self.allowances.spent(openid)
        return Later()
