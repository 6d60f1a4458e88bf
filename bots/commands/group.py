"""/group: what admins set for a whole group; /group set NAME VALUE, /group reset NAME."""

from collections.abc import Mapping
from typing import get_args

from bots.answer import sentence, tell
from bots.commands import language, model
from bots.commands.persona import longest
from core.command import Ask, Command, Outcome, Services
from core.group import POLICIES, TRIGGERS, GroupSetting, given_to
from core.model import Language, SetSetting, group_key
from core.people import Role

SET = frozenset({"set", "设置"})
RESET = frozenset({"reset", "重置", "恢复"})
CHINESE: dict[GroupSetting, str] = {
    "trigger": "触发",
    "prefix": "前缀",
    "history": "历史",
    "persona": "人设",
    "model": "模型",
    "language": "语言",
}
NAMES: dict[str, GroupSetting] = {
    **{name: name for name in CHINESE},
    **{chinese: name for name, chinese in CHINESE.items()},
}
WORDS: dict[GroupSetting, Mapping[str, str]] = {
    "trigger": {
        **{name: name for name in TRIGGERS},
        "艾特": "mention",
        "全部": "all",
        "前缀": "prefix",
    },
    "history": {
        **{name: name for name in POLICIES},
        "个人": "member",
        "全群": "group",
        "话题": "thread",
    },
    "language": language.NAMES,
}
PREFIX_CHARS = 20


async def run(ask: Ask, rest: str, services: Services) -> Outcome:
    if not ask.message.address.group:
        return tell(ask, services, "group_only")
    if not rest:
        return tell(ask, services, "group_shown", lines="\n".join(_lines(ask, services)))
    if ask.role not in (Role.OWNER, Role.ADMIN):
        return tell(ask, services, "group_admins_only")
    verb, after = _parted(rest)
    if verb.lower() in RESET:
        return _reset(ask, services, after)
    return await _set(ask, services, *_parted(after if verb.lower() in SET else rest))


def _parted(text: str) -> tuple[str, str]:
    """The first word, and the rest as it was written."""
    first, *rest = text.split(maxsplit=1) or [""]
    return first, "".join(rest)


def _reset(ask: Ask, services: Services, word: str) -> Outcome:
    name = NAMES.get(word.lower())
    if name is None:
        return _unknown(ask, services, word)
    shown = CHINESE[name] if ask.language == "zh" else name
    return tell(ask, services, "group_reset", name=shown, effects=(_setting(ask, name, None),))


async def _set(ask: Ask, services: Services, word: str, value: str) -> Outcome:
    name = NAMES.get(word.lower())
    if name is None:
        return _unknown(ask, services, word)
    if name == "persona" and len(value) > longest(ask):
        return tell(ask, services, "persona_too_long", got=len(value), limit=longest(ask))
    taken = await _taken(ask, services, name, value)
    if taken == "prefix" and name == "trigger" and not ask.bot.prefixes:
        return tell(ask, services, "group_prefix_first")
    if taken:
        return _done(ask, services, name, taken)
    if name == "model":
        choices = model.listed(services.relays.choices())
        return tell(ask, services, "model_unknown", name=value, choices=choices)
    return tell(ask, services, f"group_expects_{name}", value=value, limit=PREFIX_CHARS)


async def _taken(ask: Ask, services: Services, name: GroupSetting, value: str) -> str:
    """The value as it is kept; "" for one that cannot be."""
    match name:
        case "persona":
            return value
        case "prefix":
            return value if _is_prefix(ask, value) else ""
        case "model":
            return await model.picked(ask, value, services) if value else ""
        case _:
            return WORDS[name].get(value.lower(), "")


def _is_prefix(ask: Ask, value: str) -> bool:
    """One that begins like a command would hide the commands."""
    marks = tuple(mark for mark in ask.bot.command_prefixes if mark)
    return len(value) <= PREFIX_CHARS and "\n" not in value and not value.startswith(marks)


def _unknown(ask: Ask, services: Services, word: str) -> Outcome:
    return tell(ask, services, "group_unknown", name=word)


def _done(ask: Ask, services: Services, name: GroupSetting, value: str) -> Outcome:
    line = _line(ask, services, name, _shown(ask, services, name, value))
    return tell(ask, services, "group_set", line=line, effects=(_setting(ask, name, value),))


def _lines(ask: Ask, services: Services) -> list[str]:
    given = given_to(ask.message.address, services.store)
    return [_line(ask, services, name, _current(ask, services, name, given)) for name in CHINESE]


def _line(ask: Ask, services: Services, name: GroupSetting, value: str) -> str:
    return sentence(ask, services, f"group_{name}", value=value)


def _current(ask: Ask, services: Services, name: GroupSetting, given: Mapping[str, str]) -> str:
    if name in given:
        return _shown(ask, services, name, given[name])
    own = _shown(ask, services, name, _configured(ask, name))
    return sentence(ask, services, "group_configured", value=own)


def _configured(ask: Ask, name: GroupSetting) -> str:
    """The bot's own persona is its owner's text, and not shown to a group."""
    own: dict[GroupSetting, str] = {
        "trigger": ask.bot.trigger,
        "prefix": " ".join(ask.bot.prefixes),
        "history": ask.bot.group_history,
        "language": ask.bot.language,
    }
    return own.get(name, "")


def _shown(ask: Ask, services: Services, name: GroupSetting, value: str) -> str:
    match name:
        case "trigger" | "history" if value in TRIGGERS + POLICIES:
            return sentence(ask, services, f"group_value_{value}")
        case "language" if value in get_args(Language):
            return sentence(ask, services, f"language_{value}")
        case "model" if not value:
            return sentence(ask, services, "whoami_automatic")
        case _:
            return f"`{value}`" if value and name != "persona" else value or "–"


def _setting(ask: Ask, name: GroupSetting, value: str | None) -> SetSetting:
    return SetSetting(scope=group_key(ask.message.address), name=name, value=value)


COMMAND = Command(name="group", aliases=("群设置",), run=run)
