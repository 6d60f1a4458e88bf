"""Which push carried which part, and how: what a push repeated after a restart is told by."""

from adapters.wechat.desk import Case
from adapters.wechat.wording import Beside
from core.model import PartState
from core.ports.sending import Outgoing
from core.ports.store import Waiting

REPEATED = "!"
"""The part was said as one that may be known."""


def receipt_of(case: Case, beside: Beside, *, repeated: bool = False) -> str:
    """Which push carried a part, which hint stood below it, whether it may have been known."""
    return f"{case.push.key}{beside.value}{REPEATED if repeated else ''}"


def part_of(outgoing: Outgoing) -> Waiting:
    """A part on its way, as it lies on the shelf later."""
    return Waiting(
        reply_id=outgoing.key.rpartition("/")[0],
        index=outgoing.index,
        total=outgoing.total,
        part=outgoing.part,
        answers=outgoing.answers,
        state=PartState.SENT,
    )
