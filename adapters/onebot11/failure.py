"""Calls that did not succeed, told apart by what may have happened.

CallError
├── NotConnected   nothing was sent
├── CallLost       the connection went after sending: unknown outcome
├── CallTimeout    no answer in time: unknown outcome
└── CallFailed     the implementation answered by an error; see `is_definite`
"""

import re

from core.errors import ParleyError

REFUSING = frozenset({400, 401, 403, 404, 1400, 1401, 1403, 1404, 10001, 10002, 10003})
"""Wrong parameters, no permission, no such call: nothing was carried out.
https://github.com/botuniverse/onebot-11/blob/master/communication/http.md (read 2026-11)."""
UNKNOWN_ACTION = frozenset({404, 1404, 10002})
KERNEL_RESULT = re.compile(r'"result":\s*(-?[1-9]\d*)')
"""What QQ's own kernel says in NapCat's words; 120 is a mute (NapCatQQ issues 788, 1410)."""
REFUSALS = re.compile(
    r"禁言|全员禁言|被踢|移出|移除|不在群|不是好友|非好友|好友关系|已退出|不存在|无法获取用户信息"
    r"|muted|shut ?up|kicked|not a member|not in (the|it)|not friends?",
    re.IGNORECASE,
)
WORDS_CHARS = 160


class CallError(ParleyError):
    """`str` is for the log: an action and the implementation's words, never a token."""

    code = "internal"


class NotConnected(CallError):
    retryable = True


class CallLost(CallError):
    certain = False


class CallTimeout(CallError):
    certain = False


class CallFailed(CallError):
    """`retcode` and `words` are the implementation's."""

    def __init__(self, action: str, retcode: int, words: str) -> None:
        shown = " ".join(words.split())[:WORDS_CHARS]
        super().__init__(f"{action}: retcode {retcode}: {shown or 'no words'}")
        self.retcode = retcode
        self.words = words

    @property
    def is_definite(self) -> bool:
        """Whether nothing was carried out, for sure.

        NapCat answers 1200 to all that goes wrong, also where QQ delivered and did
        not say so in time (its issue 1772).
        """
        return (
            self.retcode in REFUSING
            or KERNEL_RESULT.search(self.words) is not None
            or REFUSALS.search(self.words) is not None
        )

    @property
    def is_timeout(self) -> bool:
        return "timeout" in self.words.lower() or "超时" in self.words

    @property
    def is_unknown_action(self) -> bool:
        return self.retcode in UNKNOWN_ACTION
