"""The configuration that the answers come to, as commented TOML. Pure."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from msgspec import Struct

from bots.init.given import Given
from bots.texts.catalogue import Catalogue
from core.model import Language, Limit

Note: TypeAlias = Callable[[str], str]
"""A comment by its code, in the person's language."""

CALLED = ("onebot11", "wechat")
"""Platforms that come to the public listener."""


class Setting(Struct, frozen=True, kw_only=True):
    """A line of a bot's section. A Given is a secret; it is written as its source alone."""

    name: str
    value: str | Given
    note: str = ""


class BotDraft(Struct, frozen=True, kw_only=True):
    """A [bots.NAME] section. `known_as` is what the platform calls the bot, where it told."""

    name: str
    platform: str
    settings: tuple[Setting, ...] = ()
    known_as: str = ""


class Draft(Struct, frozen=True, kw_only=True):
    """What was answered. `key` and `stat_token` are "env:…", "file:…" or ""."""

    language: Language
    profile: str
    base_url: str = ""
    allow_plain_http: bool = False
    key: str = ""
    stat_token: str = ""
    proxy: str = ""
    model: str = ""
    allow: tuple[str, ...] = ()
    guests: bool = False
    daily: Limit = 20
    bots: tuple[BotDraft, ...] = (BotDraft(name="web", platform="web"),)


def render(draft: Draft, texts: Catalogue) -> str:
    """The file's text. Comments are in the person's language."""

    def note(code: str) -> str:
        words = texts.say(f"note_{code}", draft.language)
        return "\n".join(f"# {line}" for line in words.splitlines())

    route = f"main:{draft.model}" if draft.model else "main"
    sections = [
        note("top"),
        section("server", server_lines(draft, note)),
        section("storage", (note("data"), pair("data", "data"))),
        *([section("proxy", (note("proxy"), pair("url", draft.proxy)))] if draft.proxy else []),
        section("relays.main", relay_lines(draft, note)),
        section("routes", (note("routes"), pair("chat", [route]))),
        section("people", people_lines(draft, note)),
    ]
    persona = texts.say("persona", draft.language)
    for bot in draft.bots:
        lines = bot_lines(bot, draft.language, persona, note)
        sections.append(section(f"bots.{bot.name}", list(lines)))
    return "\n\n".join(sections) + "\n"


def server_lines(draft: Draft, note: Note) -> Sequence[str]:
    lines = [note("private"), pair("private", "127.0.0.1:8700")]
    if any(bot.platform in CALLED for bot in draft.bots):
        lines += [note("public"), pair("public", "127.0.0.1:8701")]
    return lines


def relay_lines(draft: Draft, note: Note) -> Sequence[str]:
    lines = [note("relay"), pair("profile", draft.profile)]
    if draft.base_url:
        lines.append(pair("base_url", draft.base_url))
    if draft.allow_plain_http:
        lines.append(pair("allow_plain_http", True))
    if draft.key:
        lines += [note("key"), pair("key", draft.key)]
    if draft.stat_token:
        lines.append(pair("stat_token", draft.stat_token))
    return lines


def people_lines(draft: Draft, note: Note) -> Sequence[str]:
    lines = [note("owners"), pair("owners", ["web:*", "console:*"])]
    lines += [note("people"), pair("allow", draft.allow), pair("guests", draft.guests)]
    return [*lines, note("daily"), pair("guest_daily_messages", draft.daily)]


def bot_lines(bot: BotDraft, language: Language, persona: str, note: Note) -> Iterator[str]:
    yield note(f"bot_{bot.platform}")
    yield pair("platform", bot.platform)
    for setting in bot.settings:
        if setting.note:
            yield note(setting.note)
        value = setting.value
        yield pair(setting.name, value.source if isinstance(value, Given) else value)
    yield pair("language", language)
    yield pair("persona", persona)


def section(name: str, lines: Sequence[str]) -> str:
    return "\n".join((f"[{name}]", *lines))


def pair(name: str, value: object) -> str:
    """`name = value`: JSON's texts, lists, numbers and truths are also TOML's."""
    return f"{name} = {json.dumps(value, ensure_ascii=False)}"
