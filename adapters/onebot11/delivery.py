"""One call that sends, and the truth about what became of it."""

import logging

from adapters.onebot11.account import Account
from adapters.onebot11.failure import CallError, CallFailed, CallLost, NotConnected
from adapters.onebot11.format import Call
from adapters.onebot11.search import Search, Sought
from adapters.onebot11.target import Target
from core.ports.sending import Absent, Refused, SendResult, Sent, Unknown

log = logging.getLogger(__name__)

AGAIN_S = 15.0


class Deliverer:
    """Sends once. Where nobody knows what became of it, it looks into the chat's history.

    `resend`: what QQ did not confirm and the history proves not to have arrived may be
    sent again. What was lost with its connection may be in any case.
    """

    def __init__(self, *, resend: bool, search: Search) -> None:
        self._resend = resend
        self.search = search

    async def deliver(
        self, account: Account, target: Target, call: Call, answers: str
    ) -> SendResult:
        """`answers` is the key of the message that it answers."""
        try:
            answer = await account.call(call.action, call.params, call.timeout_s)
        except NotConnected as error:
            return Refused(str(error), AGAIN_S)
        except CallFailed as error:
            if error.is_unknown_action and "forward" in call.action:
                account.forwards = False
            if error.is_definite or ("forward" in call.action and not error.is_timeout):
                return Refused(str(error))
            problem: CallError = error
        except CallError as error:
            problem = error
        else:
            return _sent(account, answer)
        log.warning("account %s: %s; looking whether it arrived", account.self_id, problem)
        sought = Sought(answers=answers, whole=(call.mark,), fresh=True)
        found = await self.search.find(account, target, sought)
        return self._told(account, problem, found)

    def _told(
        self, account: Account, problem: CallError, found: Sent | Absent | Unknown
    ) -> SendResult:
        if isinstance(found, Sent):
            account.breaker.fine()
            return found
        absent = isinstance(found, Absent)
        if absent and isinstance(problem, CallLost):
            return found
        account.breaker.unsure()
        if absent and self._resend:
            return Refused(f"{problem}; it is not in the history", AGAIN_S)
        return Unknown(str(problem), looked=True)


def _sent(account: Account, answer: object) -> Sent:
    account.breaker.fine()
    receipt = str(answer.get("message_id") or "") if isinstance(answer, dict) else ""
    if receipt:
        account.receipts.append(receipt)
    return Sent(receipt)
