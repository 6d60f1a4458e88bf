"""The configuration that the answers come to, as commented TOML. Pure."""

import json
from collections.abc import Sequence

from msgspec import Struct

from bots.texts.catalogue import Catalogue
from core.model import Language, Limit


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


def render(draft: Draft, texts: Catalogue) -> str:
    """The file's text. Comments are in the person's language."""

    def note(code: str) -> str:
        words = texts.say(f"note_{code}", draft.language)
        return "\n".join(f"# {line}" for line in words.splitlines())

    route = f"main:{draft.model}" if draft.model else "main"
    sections = [
        note("top"),
        section("server", (note("private"), pair("private", "127.0.0.1:8700"))),
        section("storage", (note("data"), pair("data", "data"))),
        section("relays.main", relay_lines(draft, note("relay"), note("key"))),
        section("routes", (note("routes"), pair("chat", [route]))),
        section("people", people_lines(draft, note("owners"), note("people"), note("daily"))),
        section(
            "bots.web",
            (
                note("bot"),
                pair("platform", "web"),
                pair("language", draft.language),
                pair("persona", texts.say("persona", draft.language)),
            ),
        ),
    ]
    return "\n\n".join(sections) + "\n"


def relay_lines(draft: Draft, about: str, about_key: str) -> Sequence[str]:
    lines = [about, pair("profile", draft.profile)]
    if draft.base_url:
        lines.append(pair("base_url", draft.base_url))
    if draft.allow_plain_http:
        lines.append(pair("allow_plain_http", True))
    if draft.key:
        lines += [about_key, pair("key", draft.key)]
    if draft.stat_token:
        lines.append(pair("stat_token", draft.stat_token))
    if draft.proxy:
        lines.append(pair("proxy", draft.proxy))
    return lines


def people_lines(draft: Draft, about_owners: str, about: str, about_daily: str) -> Sequence[str]:
    lines = [about_owners, pair("owners", ["web:*", "console:*"])]
    lines += [about, pair("allow", draft.allow), pair("guests", draft.guests)]
    return [*lines, about_daily, pair("guest_daily_messages", draft.daily)]


def section(name: str, lines: Sequence[str]) -> str:
    return "\n".join((f"[{name}]", *lines))


def pair(name: str, value: object) -> str:
    """`name = value`: JSON's texts, lists, numbers and truths are also TOML's."""
    return f"{name} = {json.dumps(value, ensure_ascii=False)}"
