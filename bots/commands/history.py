"""/history: the latest turns, shortened, and which of them the model still sees."""

import re
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bots.answer import sentence, tell
from core.command import Ask, Command, Outcome, Services
from core.errors import MessageTooLong
from core.history import complete_pairs, trim
from core.model import Turn, TurnState

TURNS = 12
MOST_TURNS = 60
SHOWN_CHARS = 80
NUMBER = re.compile(r"[1-9]\d{0,3}")
SEEN, UNSEEN = "●", "○"


async def run(ask: Ask, rest: str, services: Services) -> Outcome:
    """`rest` may say how many turns."""
    count = min(int(rest), MOST_TURNS) if NUMBER.fullmatch(rest) else TURNS
    logged = await services.store.log(ask.conversation, count)
    turns = [turn for turn in logged if turn.state is not TurnState.REPLACED]
    if not turns:
        return tell(ask, services, "history_empty")
    seen = still_seen(await services.store.recent(ask.conversation, ask.bot.history_chars), ask)
    lines = "\n".join(_line(ask, services, turn, turn.message_id in seen) for turn in turns)
    limit = ask.bot.history_chars
    return tell(
        ask,
        services,
        "history_all" if limit == "unlimited" else "history_shown",
        lines=lines,
        limit=limit,
    )


def still_seen(turns: Sequence[Turn], ask: Ask) -> frozenset[str]:
    """The messages whose pairs would go to the model with the next, very short one."""
    pairs = complete_pairs(turns)
    try:
        told = len(trim(turns, "", ask.persona, ask.bot.history_chars)) // 2
    except MessageTooLong:
        told = 0
    return frozenset(question.message_id for question, _ in pairs[len(pairs) - told :])


def _line(ask: Ask, services: Services, turn: Turn, seen: bool) -> str:
    who = sentence(ask, services, f"history_{turn.role}")
    said = [_shortened(turn.text)] if turn.text else []
    said += [sentence(ask, services, f"kind_{media.kind}") for media in turn.media]
    if turn.state is TurnState.FAILED:
        said.append(sentence(ask, services, "history_failed"))
    at = _at(turn.at, services.clock.now(), ZoneInfo(services.rules.timezone))
    return f"- {SEEN if seen else UNSEEN} {at} **{who}** {' '.join(said)}"


def _at(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The hour, and before today the day too."""
    local = moment.astimezone(zone)
    return (
        f"{local:%H:%M}"
        if local.date() == now.astimezone(zone).date()
        else f"{local:%Y-%m-%d %H:%M}"
    )


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN_CHARS else line[: SHOWN_CHARS - 1] + "…"


COMMAND = Command(name="history", aliases=("历史",), run=run)
