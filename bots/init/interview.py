"""The questions of `parley init`, in order."""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from msgspec.structs import replace

from adapters.console import language_of
from bots.config import load
from bots.init.draft import BotDraft, Draft, Setting, render
from bots.init.files import keep_config, keep_secret
from bots.init.given import Given
from bots.init.places import choose_places
from bots.init.prompt import Ended, Prompt
from bots.init.relay import Answered, choose_relay
from bots.init.trial import greet
from bots.launcher import command
from bots.loop import run_async
from bots.texts.catalogue import Catalogue
from bots.texts.terminal import terminal_texts
from core.errors import ConfigError, RelayError
from core.model import Language
from core.relay.profile import load_dialect
from core.secret import Secret

SHOWN_MODELS = 20
PERSON = re.compile(r"\w+:\S+")
NOT_FOR_CHAT = (
    *("embed", "tts", "whisper", "dall-e", "moderation", "transcribe", "realtime", "audio"),
    *("image", "davinci", "babbage", "rerank", "sora"),
)


def init(options: argparse.Namespace) -> int:
    """Ask what the options leave open, and write the file. Raises ConfigError."""
    texts = terminal_texts()
    prompt = Prompt(texts, choose_language(options, texts))
    try:
        if options.config.exists() and not may_replace(options, prompt):
            prompt.say("kept", path=options.config)
            return 1
        write(options.config, interview(options, prompt), texts, prompt)
    except Ended:
        prompt.say("ended")
        return 1
    return 0


def choose_language(options: argparse.Namespace, texts: Catalogue) -> Language:
    likely = language_of(os.environ)
    if options.language or not sys.stdin.isatty():
        chosen: Language = options.language or likely
        return chosen
    names: dict[Language, str] = {"en": "English", "zh": "中文"}
    order = sorted(names, key=lambda language: language != likely)
    return order[Prompt(texts, likely).choose("language", [names[one] for one in order])]


def may_replace(options: argparse.Namespace, prompt: Prompt) -> bool:
    return options.force or prompt.agree("replace", default=False, path=options.config)


def interview(options: argparse.Namespace, prompt: Prompt) -> tuple[Draft, Answered]:
    answered = choose_relay(options, prompt)
    model = choose_model(options, prompt, answered)
    if answered.models and prompt.interactive and not options.no_try:
        offer_greeting(prompt, answered, model)
    entry = answered.entry
    places = choose_places(options, prompt, entry.proxy)
    draft = Draft(
        language=prompt.language,
        profile=entry.profile,
        base_url=entry.base_url,
        allow_plain_http=entry.allow_plain_http,
        key=answered.source,
        proxy=options.proxy or "",
        model=model,
        bots=places,
    )
    return choose_people(options, prompt, draft), answered


def choose_model(options: argparse.Namespace, prompt: Prompt, answered: Answered) -> str:
    """The model for chat; "" leaves it to the profile."""
    dialect = load_dialect(answered.entry.profile)
    usual = dialect.models.chat
    offered = answered.models or dialect.known.get("chat", ())
    fit = [m for m in offered if not any(word in m.lower() for word in NOT_FOR_CHAT)]
    likely = usual if usual in fit or not fit else fit[0]
    if fit and prompt.interactive and not options.model:
        shown = ", ".join(sorted(fit)[:SHOWN_MODELS])
        prompt.say("models", shown=shown, more="…" if len(fit) > SHOWN_MODELS else "")
    chosen = str(options.model or prompt.ask("which_model", likely))
    if chosen and answered.models and chosen not in answered.models:
        close = get_close_matches(chosen, answered.models) or sorted(fit)[:3]
        prompt.say("unlisted_model", model=chosen, close=", ".join(close))
    return chosen


def offer_greeting(prompt: Prompt, answered: Answered, model: str) -> None:
    if not prompt.agree("greet", default=True, model=model):
        return
    try:
        said = run_async(greet(answered.entry, model, prompt.words("greeting")))
        prompt.say("greeted", text=said.text.strip())
    except RelayError as error:
        prompt.say("greet_failed", status=error.status or "–")


def choose_people(options: argparse.Namespace, prompt: Prompt, draft: Draft) -> Draft:
    match options.who or asked_who(prompt, draft):
        case "me":
            return draft
        case "everyone":
            daily = options.daily if options.daily is not None else asked_daily(prompt)
            return replace(draft, guests=True, daily=daily)
        case ids:
            allow = tuple(
                word.strip() for word in ids.replace("，", ",").split(",") if word.strip()
            )
            if all(PERSON.fullmatch(one) for one in allow):
                return replace(draft, allow=allow)
    if options.who:
        raise ConfigError(
            f'--who: expected me, everyone, or ids as in telegram:123456, got "{options.who}"'
        )
    prompt.say("wrong_ids")
    return choose_people(options, prompt, draft)


def asked_who(prompt: Prompt, draft: Draft) -> str:
    if not prompt.interactive:
        return "me"
    if others(draft):
        prompt.say("whoami")
    choices = [prompt.words(who) for who in ("who_me", "who_list", "who_everyone")]
    match prompt.choose("who", choices):
        case 0:
            return "me"
        case 1:
            return prompt.ask("ids", None)
        case _:
            return "everyone"


def others(draft: Draft) -> Sequence[BotDraft]:
    """The bots that strangers can write to."""
    return [bot for bot in draft.bots if bot.platform != "web"]


def asked_daily(prompt: Prompt) -> int:
    answer = prompt.ask("daily", "20")
    return int(answer) if answer.isdecimal() else asked_daily(prompt)


def write(path: Path, found: tuple[Draft, Answered], texts: Catalogue, prompt: Prompt) -> None:
    """The key first, so that the configuration never names a file that is not there."""
    draft, answered = found
    folder = path.absolute().parent
    if answered.entry.key and not answered.source:
        draft = replace(draft, key=keep_secret(folder, "main.key", answered.entry.key))
    if answered.entry.proxy and not draft.proxy:
        draft = replace(draft, proxy=plain_or_kept(folder, answered.entry.proxy))
    draft = replace(draft, bots=tuple(kept(folder, bot) for bot in draft.bots))
    keep_config(path, render(draft, texts))
    load(path)
    option = "" if path == Path("config.toml") else f" --config {path}"
    prompt.say("done", path=path, command=command(Path.cwd()), option=option)
    tell_what_is_left(prompt, draft)


def kept(folder: Path, bot: BotDraft) -> BotDraft:
    """With every secret that was typed or made in a file of its own."""

    def stored(setting: Setting) -> Setting:
        match setting.value:
            case Given(source="", secret=secret):
                source = keep_secret(folder, f"{bot.name}.{setting.name}", secret)
                return replace(setting, value=Given(secret=secret, source=source))
        return setting

    return replace(bot, settings=tuple(map(stored, bot.settings)))


def tell_what_is_left(prompt: Prompt, draft: Draft) -> None:
    """What each platform's own side needs to be told, and who may not talk yet."""
    for bot in draft.bots:
        places = {
            setting.name: setting.value.source.removeprefix("file:").replace("env:", "$")
            for setting in bot.settings
            if isinstance(setting.value, Given)
        }
        prompt.say(f"next_{bot.platform}", name=bot.known_as or bot.name, **places)
    if others(draft) and not (draft.guests or draft.allow):
        prompt.say("next_strangers")


def plain_or_kept(folder: Path, proxy: Secret) -> str:
    """A proxy's address stands in the file itself unless it holds a password."""
    return keep_secret(folder, "main.proxy", proxy) if "@" in proxy.reveal() else proxy.reveal()
