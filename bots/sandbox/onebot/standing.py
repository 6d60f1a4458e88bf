"""What QQ lets the account do at the moment."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bots.sandbox.onebot.failure import Failed
from bots.sandbox.town.town import Place
from core.model import Limit

MUTED = 120
"""QQ's own result code for a muted account, which NapCat passes on in its message."""


@dataclass(slots=True, kw_only=True)
class Standing:
    """Change it as you like, while it runs.

    `muted` are places where the account may not speak, `strangers` people who
    are no friends, `outside` groups that it is not in. `beats` is whether
    heartbeats are sent. `text_chars` bounds one message, `nodes` one forward.
    """

    now: Callable[[], datetime]
    online: bool = True
    beats: bool = True
    muted: set[str] = field(default_factory=set)
    strangers: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)
    text_chars: Limit = "unlimited"
    nodes: Limit = "unlimited"
    sends_per_minute: Limit = "unlimited"
    _sent: deque[datetime] = field(default_factory=deque)

    def check(self, place: Place, chars: int, nodes: int) -> None:
        """Raises Failed where QQ would not take such a message now."""
        if place.id in self.outside:
            raise Failed(f"expected a group that {place.id} is not: the account is not in it")
        if place.id in self.muted:
            raise Failed(kernel_error("EventChecker Failed", MUTED))
        if _exceeds(chars, self.text_chars) or _exceeds(nodes, self.nodes):
            raise Failed(kernel_error("EventChecker Failed", 299))
        self._count_send()

    def _count_send(self) -> None:
        if self.sends_per_minute == "unlimited":
            return
        now = self.now()
        while self._sent and now - self._sent[0] > timedelta(minutes=1):
            self._sent.popleft()
        if len(self._sent) >= self.sends_per_minute:
            raise Failed(kernel_error("Timeout", 0))  # risk control is silent
        self._sent.append(now)


def _exceeds(number: int, limit: Limit) -> bool:
    return limit != "unlimited" and number > limit


def kernel_error(what: str, result: int) -> str:
    """As NapCat words what QQ's kernel says (its issues 788, 1410, 1772)."""
    return (
        f"{what}: NTEvent serviceAndMethod:NodeIKernelMsgService/sendMsg "
        "ListenerName:NodeIKernelMsgListener/onMsgInfoListUpdate "
        f'EventRet:\n{{\n    "result": {result},\n    "errMsg": ""\n}}\n'
    )
