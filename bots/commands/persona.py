"""/persona WORDS: who the bot is in this conversation; /persona off: itself again."""

from bots.answer import tell
from core.command import Ask, Command, Outcome, Services
from core.model import SetSetting
from core.people import Role

OFF = frozenset({"off", "none", "default", "关", "关闭", "默认", "取消"})
LONGEST = 4000


async def run(ask: Ask, rest: str, services: Services) -> Outcome:
    if not rest:
        return _current(ask, services)
    if not may_set(ask):
        return tell(ask, services, "admins_only")
    if rest.lower() in OFF:
        return tell(ask, services, "persona_off", effects=(_setting(ask, None),))
    if len(rest) > longest(ask):
        return tell(ask, services, "persona_too_long", got=len(rest), limit=longest(ask))
    return tell(ask, services, "persona_set", effects=(_setting(ask, rest),))


def may_set(ask: Ask) -> bool:
    """Whether this person may change what the conversation's others would notice too."""
    shared = ask.message.address.group and ask.bot.group_history != "member"
    return not shared or ask.role in (Role.OWNER, Role.ADMIN)


def longest(ask: Ask) -> int:
    """Characters of a persona: half of what a model is sent, so that the talk has the rest."""
    limit = ask.bot.history_chars
    return LONGEST if limit == "unlimited" else min(limit // 2, LONGEST)


def _current(ask: Ask, services: Services) -> Outcome:
    """The bot's own persona is its owner's text, so only those who run it are shown it."""
    chosen = ask.settings.get("persona", "")
    if chosen:
        return tell(ask, services, "persona_current", persona=chosen)
    if ask.bot.persona and ask.role in (Role.OWNER, Role.ADMIN):
        return tell(ask, services, "persona_own", persona=ask.bot.persona)
    return tell(ask, services, "persona_none")


def _setting(ask: Ask, value: str | None) -> SetSetting:
    return SetSetting(scope=ask.conversation, name="persona", value=value)


COMMAND = Command(name="persona", aliases=("人设",), run=run)
