"""Places in a platform's history, set to now where what came before is not to be answered.

Only QQ has such a place: the implementation keeps a history, and the bot asks it for what
was said since the message that it heard last. After a restore that is the last one before
the backup, so what the old process answered afterwards would be answered again.
Telegram keeps its offset itself: an update that was confirmed does not come again. WeChat
has no history to ask.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

SEEN = "/seen"
"""How the name ends under which adapters/onebot11/seen.py keeps it."""


def afresh(memos: Mapping[str, str], now: datetime) -> dict[str, str]:
    """From what adapters keep, by name: what of it is to be another. A chat's time is its latest.

    The second of `now` itself counts as past: both sides count in whole ones.
    """
    since = int(now.timestamp()) + 1
    return {name: _since(value, since) for name, value in memos.items() if name.endswith(SEEN)}


def _since(value: str, since: int) -> str:
    try:
        times = msgspec.json.decode(value, type=dict[str, int])
    except msgspec.MsgspecError:
        times = {}
    return msgspec.json.encode({chat: max(time, since) for chat, time in times.items()}).decode()
