"""One call that sends, and the truth about what became of it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from adapters.onebot11.account import Account
from adapters.onebot11.failure import CallError, CallFailed, NotConnected
from adapters.onebot11.format import Call, mark_of
from adapters.onebot11.gap import history
from adapters.onebot11.parse import number
from adapters.onebot11.target import Target
from core.ports import Clock, Refused, SendResult, Sent, Unknown

log = logging.getLogger(__name__)

PATIENCE_S = 20.0
"""How long a send waits for its account: implementations dial in again after 3 to 5 s."""
AGAIN_S = 15.0
LOOK_AFTER_S = (1.0, 4.0)
LOOK_COUNT = 20
SKEW_S = 60


class Deliverer:
    """Sends once. Where nobody knows what became of it, it looks into the chat's history.

    `resend`: what the history proves not to have arrived may be sent again.
    """

    def __init__(
        self,
        *,
        resend: bool,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._resend = resend
        self._clock = clock
        self._sleep = sleep

    async def deliver(self, account: Account, target: Target, call: Call) -> SendResult:
        began = int(self._clock.now().timestamp())
        try:
            answer = await account.call(call.action, call.params, call.timeout_s)
        except NotConnected as error:
            return Refused(str(error), AGAIN_S)
        except CallFailed as error:
            if error.is_unknown_action and "forward" in call.action:
                account.forwards = False
            if error.is_definite or ("forward" in call.action and not error.is_timeout):
                return Refused(str(error))
            reason = str(error)
        except CallError as error:
            reason = str(error)
        else:
            return self._sent(account, answer)
        log.warning("account %s: %s; looking whether it arrived", account.self_id, reason)
        return await self._look(account, target, call, began, reason)

    def _sent(self, account: Account, answer: object) -> Sent:
        account.breaker.fine()
        receipt = str(answer.get("message_id") or "") if isinstance(answer, Mapping) else ""
        if receipt:
            account.receipts.append(receipt)
        return Sent(receipt)

    async def _look(
        self, account: Account, target: Target, call: Call, began: int, reason: str
    ) -> SendResult:
        looked = False
        for wait_s in LOOK_AFTER_S:
            await self._sleep(wait_s)
            await account.until_callable(PATIENCE_S)
            told = await history(account, target, LOOK_COUNT)
            for message in told or ():
                if _is_it(message, account, call, began):
                    return self._sent(account, message)
            looked = looked or told is not None
        account.breaker.unsure()
        if looked and self._resend:
            return Refused(f"{reason}; it is not in the history", AGAIN_S)
        return Unknown(reason)


def _is_it(message: Mapping[str, Any], account: Account, call: Call, began: int) -> bool:
    """Ours, of the time, and not one of which the receipt is known."""
    time = message.get("time")
    return (
        str(number(message.get("user_id"))) == account.self_id
        and isinstance(time, int)
        and time >= began - SKEW_S
        and str(message.get("message_id")) not in account.receipts
        and call.mark.fits(mark_of(message.get("message")))
    )
