"""One question to the model: what is sent with it, and what comes of the answer."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from core.answer import Answer, gather
from core.command import Ask, Outcome, Preview, Reasons
from core.errors import RelayError
from core.history import never_fits_again, trim
from core.model import Media, ReplacePair, SetSetting, Text, Turn, TurnState
from core.picture import check_picture
from core.ports.clock import Clock
from core.ports.relays import Errand, Relays
from core.ports.store import History
from core.ports.texts import Texts
from core.reasons import chat_place
from core.request import ChatMessage, ChatRequest, Picture
from core.response import Chat

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """Asks the model with the conversation's history. `content` gets a picture's bytes."""

    store: History
    relays: Relays
    texts: Texts
    clock: Clock
    reasons: Reasons
    content: Callable[[Ask, Media], Awaitable[bytes]]

    async def ask(
        self,
        ask: Ask,
        text: str,
        pictures: Sequence[Media] = (),
        preview: Preview | None = None,
        *,
        replacing: str = "",
    ) -> Outcome:
        prompt = await self._prompt(ask, text, pictures, replacing)
        request = ChatRequest(messages=prompt, user=ask.user, conversation=ask.conversation)
        started = self.clock.monotonic()
        answer = await self._answer(request, Errand(choice=ask.choice), preview)
        if answer.broken:
            return self._broken_off(ask, text, pictures, answer.chat, answer.broken)
        self._note(ask, request, answer, self.clock.monotonic() - started)
        outcome = self._answered(ask, text, pictures, answer.chat)
        if replacing and answer.chat.text.strip():
            replaced = ReplacePair(message_id=replacing)
            outcome = replace(outcome, effects=(*outcome.effects, replaced))
        return outcome

    async def _answer(
        self, request: ChatRequest, errand: Errand, preview: Preview | None
    ) -> Answer:
        if preview is None:
            chat, served = await self.relays.chat(request, errand)
            return Answer(chat=chat, served=served)
        return await gather(self.relays.stream(request, errand), request, preview)

    async def _prompt(
        self, ask: Ask, text: str, pictures: Sequence[Media], replacing: str
    ) -> tuple[ChatMessage, ...]:
        persona = self._persona(ask)
        past = await self._past(ask, replacing)
        *told, question = trim(past, text, persona, ask.bot.history_chars)
        if pictures:
            seen = [await self._seen(ask, picture) for picture in pictures]
            question = ChatMessage(role="user", content=text, pictures=tuple(seen))
        if not persona:
            return (*told, question)
        return (ChatMessage(role="system", content=persona), *told, question)

    async def _seen(self, ask: Ask, picture: Media) -> Picture:
        """Its bytes say what it is, not its sender. Raises MediaError."""
        content = await self.content(ask, picture)
        return Picture(content=content, mime=check_picture(content))

    async def _past(self, ask: Ask, replacing: str) -> Sequence[Turn]:
        """Enough of the talk to fill a prompt, without the pair that gives way."""
        limit = ask.bot.history_chars
        if replacing and limit != "unlimited":
            limit += sum(len(turn.text) for turn in await self.store.pair(replacing))
        recent = await self.store.recent(ask.conversation, limit)
        return [turn for turn in recent if turn.message_id != replacing]

    def _persona(self, ask: Ask) -> str:
        """As it is sent: folded into a message it needs a gap, which counts like the rest."""
        if ask.persona and self.relays.folds_persona(ask.choice):
            return f"{ask.persona}\n\n"
        return ask.persona

    def _answered(self, ask: Ask, text: str, pictures: Sequence[Media], answer: Chat) -> Outcome:
        now = self.clock.now()
        if not answer.text.strip():
            asked = ask.turn("user", text, now, media=pictures, state=TurnState.FAILED)
            nothing = Text(text=self.texts.say("no_answer", ask.language))
            return Outcome(parts=(nothing,), turns=(asked,))
        asked = ask.turn("user", text, now, media=pictures)
        told = ask.turn("assistant", answer.text, now)
        outcome = Outcome(parts=(Text(text=answer.text),), turns=(asked, told))
        return self._warn_once(ask, outcome, text, answer.text)

    def _broken_off(
        self, ask: Ask, text: str, pictures: Sequence[Media], answer: Chat, error: RelayError
    ) -> Outcome:
        """What was shown stays, with the reason under it; no model is sent it again."""
        log.warning("%s: %s", error.code, error)
        self.reasons.note(
            chat_place(ask.message), "why_failed", error=error.code, given=error.params
        )
        now, failed = self.clock.now(), TurnState.FAILED
        reason = self.texts.say(error.code, ask.language, **error.params)
        return Outcome(
            parts=(Text(text=answer.text), Text(text=reason)),
            turns=(
                ask.turn("user", text, now, media=pictures, state=failed),
                ask.turn("assistant", answer.text, now, state=failed),
            ),
        )

    def _warn_once(self, ask: Ask, outcome: Outcome, question: str, answer: str) -> Outcome:
        """Tell a person once that an answer was too long to be remembered."""
        limit = ask.bot.history_chars
        if "told_limit" in ask.settings:
            return outcome
        if not never_fits_again(question, answer, self._persona(ask), limit):
            return outcome
        warning = Text(text=self.texts.say("too_much_to_remember", ask.language, limit=limit))
        told = SetSetting(scope=ask.conversation, name="told_limit", value="yes")
        return replace(outcome, parts=(*outcome.parts, warning), effects=(*outcome.effects, told))

    def _note(self, ask: Ask, request: ChatRequest, answer: Answer, seconds: float) -> None:
        usage = answer.chat.usage
        self.reasons.note(
            chat_place(ask.message),
            "why_answered",
            relay=answer.served.relay,
            model=answer.served.model,
            turns=sum(message.role != "system" for message in request.messages),
            chars=sum(len(message.content) for message in request.messages),
            tokens=usage.prompt_tokens + usage.completion_tokens,
            seconds=f"{seconds:.1f}",
        )
