"""/retry: one's own latest question again, for another answer in the place of the first."""

from dataclasses import replace

from msgspec import structs

from bots.answer import tell
from core.command import Ask, Command, Outcome, Services
from core.model import Media, Message, ReplacePair, Text, Turn, TurnState
from core.route import Invoke, route

LOOK_BACK = 40
"""How many turns are searched for a question."""

NAME = "retry"


async def run(ask: Ask, rest: str, services: Services) -> Outcome:  # noqa: ARG001 (a Run)
    question = await _latest_question(ask, services)
    if question is None:
        return tell(ask, services, "retry_nothing")
    if not question.text:
        return tell(ask, services, "retry_recording")
    match _meant(ask, question, services):
        case Invoke(command=command, rest=words):
            again = replace(ask, message=_as_asked(ask.message, question))
            return _replacing(await command.run(again, words, services), question)
        case _:
            return await _chat(ask, question, services)


async def _chat(ask: Ask, question: Turn, services: Services) -> Outcome:
    pictures = _pictures(question)
    if pictures and not services.relays.sees(ask.choice):
        return tell(ask, services, "no_vision")
    return await services.chatter.chat(
        ask, question.text, pictures, services.preview, replacing=question.message_id
    )


async def _latest_question(ask: Ask, services: Services) -> Turn | None:
    turns = await services.store.own(ask.conversation, ask.person, LOOK_BACK)
    asked = (
        turn
        for turn in reversed(turns)
        if turn.role == "user" and turn.state in (TurnState.COMPLETE, TurnState.FAILED)
    )
    return next((turn for turn in asked if not _is_retry(_meant(ask, turn, services))), None)


def _meant(ask: Ask, question: Turn, services: Services) -> object:
    return route(_as_asked(ask.message, question), ask.bot, services.commands)


def _is_retry(intent: object) -> bool:
    return isinstance(intent, Invoke) and intent.command.name == NAME


def _as_asked(message: Message, question: Turn) -> Message:
    return structs.replace(
        message, parts=(Text(text=question.text), *_pictures(question)), addressed=True
    )


def _pictures(question: Turn) -> tuple[Media, ...]:
    return tuple(media for media in question.media if media.kind == "image")


def _replacing(outcome: Outcome, question: Turn) -> Outcome:
    gone = ReplacePair(message_id=question.message_id)
    return replace(outcome, effects=(*outcome.effects, gone))


COMMAND = Command(name=NAME, aliases=("重答",), run=run, spends="chat")
