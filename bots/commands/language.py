"""/language en | zh | auto: the language in which the bot itself speaks to a person."""

from dataclasses import replace

from bots.answer import sentence, tell
from core.command import Ask, Command, Outcome, Services
from core.group import given_to
from core.model import Language, SetSetting
from core.spoken import spoken

NAMES: dict[str, Language] = {
    "en": "en",
    "english": "en",
    "英文": "en",
    "英语": "en",
    "zh": "zh",
    "chinese": "zh",
    "中文": "zh",
    "汉语": "zh",
}
AUTOMATIC = frozenset({"auto", "自动", "默认"})


async def run(ask: Ask, rest: str, services: Services) -> Outcome:
    if rest.lower() in AUTOMATIC:
        natural = replace(ask, language=_natural(ask, services))
        return tell(natural, services, "language_auto", effects=(_setting(ask, None),))
    language = NAMES.get(rest.lower())
    if language is None:
        current = sentence(ask, services, f"language_{ask.language}")
        return tell(ask, services, "language_how", current=current)
    chosen = replace(ask, language=language)
    return tell(chosen, services, "language_set", effects=(_setting(ask, language),))


def _natural(ask: Ask, services: Services) -> Language:
    """Without a choice of one's own: the group's comes first."""
    of_group = given_to(ask.message.address, services.store).get("language")
    return spoken(of_group, ask.message, ask.bot)


def _setting(ask: Ask, value: str | None) -> SetSetting:
    return SetSetting(scope=ask.person, name="language", value=value)


COMMAND = Command(name="language", aliases=("语言", "lang"), run=run)
