"""How commands answer: in a sentence, or with files."""

from collections.abc import Sequence

from core.command import Ask, Outcome, Services
from core.model import Effect, Media, Text, Turn


def tell(
    ask: Ask, services: Services, code: str, *, effects: tuple[Effect, ...] = (), **params: object
) -> Outcome:
    """One text in the person's language. `{slash}` in it is the bot's own command mark."""
    return Outcome(parts=(Text(text=sentence(ask, services, code, **params)),), effects=effects)


def sentence(ask: Ask, services: Services, code: str, **params: object) -> str:
    return services.texts.say(code, ask.language, slash=slash(ask), **params)


def slash(ask: Ask) -> str:
    """What this bot's commands begin with, as it is shown to people."""
    return next((mark for mark in ask.bot.command_prefixes if mark), "/")


def show(ask: Ask, services: Services, files: Sequence[Media]) -> Outcome:
    """Files that a relay made. They are kept in the history, where no model is sent them."""
    now = services.clock.now()
    asked = Turn(role="user", text=ask.message.text, message_id=ask.message.id, at=now)
    made = Turn(role="assistant", text="", media=tuple(files), message_id=ask.message.id, at=now)
    return Outcome(parts=tuple(files), turns=(asked, made))
