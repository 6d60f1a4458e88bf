"""What is meant, what is remembered, which call answers it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from core.bot import Bot
from core.command import Ask, Command, Outcome, Preview, Reasons, Running, Services
from core.errors import ParleyError, RelayCut
from core.history import never_fits_again, trim
from core.model import Media, Message, ReplacePair, SetSetting, Spend, Text, Turn, TurnState
from core.people import PeopleRules
from core.ports import Clock, MediaStore, Relays, Served, Store, Texts
from core.request import (
    ChatMessage,
    ChatRequest,
    Picture,
    TranscriptionRequest,
    TranslationRequest,
)
from core.response import Chat, Usage
from core.route import Chat as Talk
from core.route import Ignore, Intent, Invoke, Transcribe, UnknownCommand, Unreadable
from core.tokens import estimate_tokens

STOP = "stop"
"""The message of a cancellation that a person asked for: what was shown so far stays."""

Fetch = Callable[[Media, str], "asyncio.Future[bytes]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Turns an Ask into an Outcome. Holds no state of its own.

    `user_hash` makes the opaque id that a relay may see of a person.
    """

    store: Store
    media: MediaStore
    relays: Relays
    texts: Texts
    clock: Clock
    rules: PeopleRules
    reasons: Reasons
    running: Running
    commands: Mapping[str, Command]
    fetch: "FetchMedia"
    user_hash: Callable[[str], str]

    async def handle(self, ask: Ask, intent: Intent, preview: Preview | None) -> Outcome:
        """Raises ParleyError where the person must be told why there is no answer."""
        match intent:
            case Talk(text=text, pictures=pictures):
                return await self._talk(ask, text, pictures, preview)
            case Transcribe(speech=speech, text=text):
                return await self._listen(ask, speech, text, preview)
            case Invoke(command=command, rest=rest):
                return await command.run(ask, rest, self._services(preview))
            case UnknownCommand(name=name):
                return self._say(ask, "unknown_command", name=name)
            case Unreadable():
                return self._say(ask, "unsupported_part")
            case Ignore():
                return Outcome()

    def failed(self, ask: Ask, error: ParleyError) -> Outcome:
        """The person's sentence for an error; the question stays in the log, unsent."""
        question = _turn(ask, "user", ask.message.text, self.clock, state=TurnState.FAILED)
        return replace(self._say(ask, error.code, **error.params), turns=(question,))

    # -- what commands see of the engine (core.command.Chatter) --------------

    async def chat(
        self,
        ask: Ask,
        text: str,
        pictures: Sequence[Media] = (),
        preview: Preview | None = None,
    ) -> Outcome:
        """Ask the model with the conversation's history."""
        prompt = await self._prompt(ask, text, pictures)
        request = ChatRequest(messages=prompt, user=self.user_hash(ask.person))
        started = self.clock.monotonic()
        answer, served = await self._answer(ask, request, preview)
        self._note(ask, prompt, answer, served, self.clock.monotonic() - started)
        return self._answered(ask, text, pictures, answer, served)

    async def transcribe(self, ask: Ask, media: Media, *, to_english: bool = False) -> Outcome:
        """The words of a recording, as one text part."""
        audio = await self.content(ask, media)
        name = filename(media)
        if to_english:
            words, served = await self.relays.translation(
                TranslationRequest(audio=audio, filename=name)
            )
        else:
            words, served = await self.relays.transcription(
                TranscriptionRequest(audio=audio, filename=name)
            )
        spend = Spend(
            kind="translation" if to_english else "transcription",
            relay=served.relay,
            model=served.model,
            at=self.clock.now(),
            audio_s=words.duration_s or media.duration_s,
        )
        text = words.text.strip()
        asked = _turn(ask, "user", "", self.clock, media=(media,))
        if not text:
            return replace(self._say(ask, "no_speech_found"), turns=(asked,), spends=(spend,))
        told = _turn(ask, "assistant", text, self.clock)
        return Outcome(parts=(Text(text=text),), turns=(asked, told), spends=(spend,))

    async def content(self, ask: Ask, media: Media) -> bytes:
        """A file's bytes, from the media store or else from the platform."""
        if media.blob:
            return await self.media.get(media.blob)
        return await self.fetch(ask.message, media)

    # -- talking -------------------------------------------------------------

    async def _talk(
        self, ask: Ask, text: str, pictures: Sequence[Media], preview: Preview | None
    ) -> Outcome:
        if pictures and not self.relays.sees(ask.choice):
            return self._say(ask, "no_vision")
        question = text or self.texts.say("picture_question", ask.language)
        return await self.chat(ask, question, pictures, preview)

    async def _listen(
        self, ask: Ask, speech: Media, text: str, preview: Preview | None
    ) -> Outcome:
        heard = await self.transcribe(ask, speech)
        spoken = next((turn.text for turn in heard.turns if turn.role == "assistant"), "")
        if not spoken or ask.settings.get("voice", ask.bot.voice) == "text":
            return heard
        quoted = self.texts.say("heard", ask.language, text=spoken)
        show = _prefixed(preview, quoted)
        try:
            outcome = await self.chat(ask, f"{text}\n\n{spoken}".strip(), (), show)
        except ParleyError as error:
            outcome = self.failed(ask, error)
        return replace(
            outcome,
            parts=_prefix_first(outcome.parts, quoted),
            turns=tuple(_with_media(turn, speech) for turn in outcome.turns),
            spends=heard.spends + outcome.spends,
        )

    async def _prompt(
        self, ask: Ask, text: str, pictures: Sequence[Media]
    ) -> tuple[ChatMessage, ...]:
        limit = ask.bot.history_chars
        turns = await self.store.recent(ask.conversation, limit)
        replaced = {e.message_id for e in ask.effects if isinstance(e, ReplacePair)}
        turns = [turn for turn in turns if turn.message_id not in replaced]
        *told, question = trim(turns, text, ask.persona, limit)
        seen = tuple([Picture(content=await self.content(ask, p), mime=p.mime) for p in pictures])
        if seen:
            question = ChatMessage(role="user", content=question.content, pictures=seen)
        persona = (ChatMessage(role="system", content=ask.persona),) if ask.persona else ()
        return (*persona, *told, question)

    async def _answer(
        self, ask: Ask, request: ChatRequest, preview: Preview | None
    ) -> tuple[Chat, Served]:
        if preview is None:
            return await self.relays.chat(request, ask.choice)
        stream = self.relays.stream(request, ask.choice)
        return await _gather(stream, request, preview)

    def _answered(
        self, ask: Ask, text: str, pictures: Sequence[Media], answer: Chat, served: Served
    ) -> Outcome:
        spend = Spend(
            kind="chat",
            relay=served.relay,
            model=served.model,
            at=self.clock.now(),
            prompt_tokens=answer.usage.prompt_tokens,
            completion_tokens=answer.usage.completion_tokens,
            estimated=answer.usage.estimated,
        )
        asked = _turn(ask, "user", text, self.clock, media=tuple(pictures))
        if not answer.text.strip():
            failed = replace_turn(asked, TurnState.FAILED)
            return replace(self._say(ask, "no_answer"), turns=(failed,), spends=(spend,))
        told = _turn(ask, "assistant", answer.text, self.clock)
        outcome = Outcome(
            parts=(Text(text=answer.text),), turns=(asked, told), spends=(spend,)
        )
        return self._warn_once(ask, outcome, text, answer.text)

    def _warn_once(self, ask: Ask, outcome: Outcome, question: str, answer: str) -> Outcome:
        limit = ask.bot.history_chars
        if "told_limit" in ask.settings:
            return outcome
        if not never_fits_again(question, answer, ask.persona, limit):
            return outcome
        warning = self.texts.say("too_much_to_remember", ask.language, limit=limit)
        told = SetSetting(scope=ask.conversation, name="told_limit", value="yes")
        return replace(
            outcome, parts=(*outcome.parts, Text(text=warning)), effects=(*outcome.effects, told)
        )
