"""What is meant, what is remembered, which call answers it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from core.answer import gather
from core.command import Ask, Command, Outcome, Preview, Reasons, Running, Services
from core.errors import ParleyError, StoreError
from core.history import never_fits_again, trim
from core.model import (
    Media,
    Message,
    ReplacePair,
    Role,
    SetSetting,
    Spend,
    Text,
    Turn,
    TurnState,
)
from core.people import PeopleRules
from core.ports import Clock, MediaStore, Relays, Served, Store, Texts
from core.request import (
    ChatMessage,
    ChatRequest,
    Picture,
    TranscriptionRequest,
    TranslationRequest,
)
from core.response import Chat, Transcription
from core.route import Chat as Talk
from core.route import Ignore, Intent, Invoke, Transcribe, UnknownCommand, Unreadable

Fetch = Callable[[Message, Media], Awaitable[bytes]]
"""Gets a file that only the platform has. Raises MediaError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Turns an Ask into an Outcome; keeps nothing itself. Commands see it as Chatter."""

    store: Store
    media: MediaStore
    relays: Relays
    texts: Texts
    clock: Clock
    rules: PeopleRules
    reasons: Reasons
    commands: Mapping[str, Command]
    fetch: Fetch

    async def handle(
        self, ask: Ask, intent: Intent, running: Running, preview: Preview | None = None
    ) -> Outcome:
        """Raises ParleyError where the person must be told why there is no answer."""
        match intent:
            case Talk(text=text, pictures=pictures):
                return await self._talk(ask, text, pictures, preview)
            case Transcribe(speech=speech, text=text):
                return await self._listen(ask, speech, text, preview)
            case Invoke(command=command, rest=rest):
                return await command.run(ask, rest, self._services(running, preview))
            case UnknownCommand(name=name, mark=mark):
                return self._unknown(ask, mark, name)
            case Unreadable():
                return self.say(ask, "unsupported_part")
            case Ignore():
                return Outcome()

    def say(self, ask: Ask, code: str, **params: object) -> Outcome:
        return Outcome(parts=(Text(text=self.texts.say(code, ask.language, **params)),))

    def failed(self, ask: Ask, error: ParleyError) -> Outcome:
        """The person's sentence for an error; the question is kept, but never sent again."""
        question = self._turn(ask, "user", ask.message.text, state=TurnState.FAILED)
        self.reasons.note(chat_place(ask.message), "why_failed", error=error.code)
        return replace(self.say(ask, error.code, **error.params), turns=(question,))

    async def chat(
        self,
        ask: Ask,
        text: str,
        pictures: Sequence[Media] = (),
        preview: Preview | None = None,
        *,
        replacing: str = "",
    ) -> Outcome:
        prompt = await self._prompt(ask, text, pictures, replacing)
        request = ChatRequest(messages=prompt, user=ask.user)
        started = self.clock.monotonic()
        if preview is None:
            answer, served = await self.relays.chat(request, ask.choice)
        else:
            stream = self.relays.stream(request, ask.choice)
            answer, served = await gather(stream, request, preview)
        self._note(ask, request, answer, served, self.clock.monotonic() - started)
        outcome = self._answered(ask, text, pictures, answer, served)
        if replacing:
            replaced = ReplacePair(message_id=replacing)
            outcome = replace(outcome, effects=(*outcome.effects, replaced))
        return outcome

    async def transcribe(self, ask: Ask, media: Media, *, to_english: bool = False) -> Outcome:
        words, served = await self._recognise(await self.content(ask, media), media, to_english)
        spend = Spend(
            kind="translation" if to_english else "transcription",
            relay=served.relay,
            model=served.model,
            at=self.clock.now(),
            audio_s=words.duration_s or media.duration_s,
        )
        asked = self._turn(ask, "user", "", media=(media,))
        text = words.text.strip()
        if not text:
            return replace(self.say(ask, "no_speech_found"), turns=(asked,), spends=(spend,))
        told = self._turn(ask, "assistant", text)
        return Outcome(parts=(Text(text=text),), turns=(asked, told), spends=(spend,))

    async def content(self, ask: Ask, media: Media) -> bytes:
        if media.blob:
            return await self.media.get(media.blob)
        return await self.fetch(ask.message, media)

    def _unknown(self, ask: Ask, mark: str, name: str) -> Outcome:
        close = get_close_matches(name.lower(), self.commands, n=1)
        if not close:
            return self.say(ask, "unknown_command", name=mark + name)
        suggestion = mark + close[0]
        return self.say(ask, "unknown_command_close", name=mark + name, suggestion=suggestion)

    async def _talk(
        self, ask: Ask, text: str, pictures: Sequence[Media], preview: Preview | None
    ) -> Outcome:
        if pictures and not self.relays.sees(ask.choice):
            return self.say(ask, "no_vision")
        question = text or self.texts.say("picture_question", ask.language)
        return await self.chat(ask, question, pictures, preview)

    async def _listen(self, ask: Ask, speech: Media, text: str, preview: Preview | None) -> Outcome:
        """A chat answer under what was heard, or what was heard alone."""
        heard = await self.transcribe(ask, speech)
        spoken = next((turn.text for turn in heard.turns if turn.role == "assistant"), "")
        if not spoken or ask.settings.get("voice", ask.bot.voice) == "text":
            return heard
        quoted = self.texts.say("heard", ask.language, text=spoken) + "\n\n"
        show = preview and (lambda so_far: preview(quoted + so_far))
        try:
            outcome = await self.chat(ask, f"{text}\n\n{spoken}".strip(), (), show)
        except StoreError:
            raise
        except ParleyError as error:
            outcome = self.failed(ask, error)
        asked, *told = outcome.turns
        return replace(
            outcome,
            parts=_after(quoted, outcome.parts),
            turns=(_with_speech(asked, speech, spoken), *told),
            spends=heard.spends + outcome.spends,
        )

    async def _recognise(
        self, audio: bytes, media: Media, to_english: bool
    ) -> tuple[Transcription, Served]:
        name = audio_filename(media)
        if to_english:
            return await self.relays.translation(TranslationRequest(audio=audio, filename=name))
        return await self.relays.transcription(TranscriptionRequest(audio=audio, filename=name))

    async def _prompt(
        self, ask: Ask, text: str, pictures: Sequence[Media], replacing: str
    ) -> tuple[ChatMessage, ...]:
        persona = self._persona(ask)
        past = await self._past(ask, replacing)
        *told, question = trim(past, text, persona, ask.bot.history_chars)
        if pictures:
            seen = [Picture(content=await self.content(ask, p), mime=p.mime) for p in pictures]
            question = ChatMessage(role="user", content=text, pictures=tuple(seen))
        if not persona:
            return (*told, question)
        return (ChatMessage(role="system", content=persona), *told, question)

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
        if not answer.text.strip():
            asked = self._turn(ask, "user", text, media=pictures, state=TurnState.FAILED)
            return replace(self.say(ask, "no_answer"), turns=(asked,), spends=(spend,))
        asked = self._turn(ask, "user", text, media=pictures)
        told = self._turn(ask, "assistant", answer.text)
        outcome = Outcome(parts=(Text(text=answer.text),), turns=(asked, told), spends=(spend,))
        return self._warn_once(ask, outcome, text, answer.text)

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

    def _note(
        self, ask: Ask, request: ChatRequest, answer: Chat, served: Served, seconds: float
    ) -> None:
        self.reasons.note(
            chat_place(ask.message),
            "why_answered",
            relay=served.relay,
            model=served.model,
            turns=sum(message.role != "system" for message in request.messages),
            chars=sum(len(message.content) for message in request.messages),
            tokens=answer.usage.prompt_tokens + answer.usage.completion_tokens,
            seconds=f"{seconds:.1f}",
        )

    def _turn(
        self,
        ask: Ask,
        role: Role,
        text: str,
        *,
        media: Sequence[Media] = (),
        state: TurnState = TurnState.COMPLETE,
    ) -> Turn:
        return Turn(
            role=role,
            text=text,
            message_id=ask.message.id,
            at=self.clock.now(),
            media=tuple(media),
            state=state,
        )

    def _services(self, running: Running, preview: Preview | None) -> Services:
        return Services(
            store=self.store,
            media=self.media,
            relays=self.relays,
            texts=self.texts,
            clock=self.clock,
            rules=self.rules,
            chatter=self,
            running=running,
            reasons=self.reasons,
            commands=self.commands,
            preview=preview,
        )


def chat_place(message: Message) -> str:
    """Under which name a chat's reasons are kept."""
    address = message.address
    return f"{address.platform}/{address.bot}/{address.chat}"


def audio_filename(media: Media) -> str:
    """A name whose ending tells the format: relays go by it."""
    if "." in media.name:
        return media.name
    ending = AUDIO_ENDINGS.get(media.mime.partition(";")[0].strip(), "ogg")
    return f"voice.{ending}"


AUDIO_ENDINGS = {
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/mp4": "m4a",
    "audio/m4a": "m4a",
    "audio/x-m4a": "m4a",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/webm": "webm",
    "video/mp4": "mp4",
    "video/webm": "webm",
}


def _after(quoted: str, parts: tuple[Text | Media, ...]) -> tuple[Text | Media, ...]:
    match parts:
        case (Text(text=text), *rest):
            return (Text(text=quoted + text), *rest)
        case _:
            return (Text(text=quoted.strip()), *parts)


def _with_speech(asked: Turn, speech: Media, spoken: str) -> Turn:
    return Turn(
        role="user",
        text=asked.text or spoken,
        message_id=asked.message_id,
        at=asked.at,
        media=(speech,),
        state=asked.state,
    )
