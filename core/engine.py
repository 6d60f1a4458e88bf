"""What is meant, and what answers it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from msgspec import Struct, structs

from core.audio import audio_filename
from core.command import Ask, Command, Outcome, Preview, Reasons, Running, Services
from core.dialogue import Dialogue
from core.errors import ParleyError, StoreError
from core.metering import MeteredRelays
from core.model import Media, Message, Text, TurnState
from core.people import ADMINS, PeopleRules
from core.ports.balances import Balances
from core.ports.clock import Clock
from core.ports.relays import Relays
from core.ports.store import MediaStore, Store
from core.ports.texts import Texts
from core.quota.cashier import Cashier
from core.reasons import chat_place
from core.refusal import own_token
from core.request import TranscriptionRequest, TranslationRequest
from core.response import Transcription
from core.route import Ignore, Intent, Invoke, Talk, Transcribe, UnknownCommand, Unreadable

Fetch = Callable[[Message, Media], Awaitable[bytes]]
"""Gets a file that only the platform has. Raises MediaError."""


class Engine(Struct, frozen=True, kw_only=True):
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
    balances: Balances
    cashier: Cashier | None = None
    """Whoever works on messages gives it one."""

    async def handle(
        self, ask: Ask, intent: Intent, running: Running, preview: Preview | None = None
    ) -> Outcome:
        """Raises ParleyError where the person must be told why there is no answer."""
        metered = MeteredRelays(
            relays=self.relays,
            clock=self.clock,
            spends=ask.spends,
            errand=ask.errand,
            budget=ask.budget,
        )
        return await structs.replace(self, relays=metered).answer(ask, intent, running, preview)

    async def answer(
        self, ask: Ask, intent: Intent, running: Running, preview: Preview | None
    ) -> Outcome:
        """As `handle`, but what it costs is not noted."""
        match intent:
            case Talk(text=text, pictures=pictures):
                return await self._talk(ask, text, pictures, preview)
            case Transcribe(speech=speech, text=text):
                return await self._listen(ask, speech, text, preview)
            case Invoke(command=command, rest=rest):
                return await self._run(ask, command, rest, self._services(running, preview))
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
        question = ask.turn("user", ask.message.text, self.clock.now(), state=TurnState.FAILED)
        self.reasons.note(
            chat_place(ask.message), "why_failed", error=error.code, given=error.params
        )
        code = own_token(ask.errand, error.code)
        told = self.say(ask, code, **{"token": ask.errand.token, **error.params})
        return replace(told, turns=(question,))

    async def chat(
        self,
        ask: Ask,
        text: str,
        pictures: Sequence[Media] = (),
        preview: Preview | None = None,
        *,
        replacing: str = "",
    ) -> Outcome:
        dialogue = Dialogue(
            store=self.store,
            relays=self.relays,
            texts=self.texts,
            clock=self.clock,
            reasons=self.reasons,
            content=self.content,
        )
        return await dialogue.ask(ask, text, pictures, preview, replacing=replacing)

    async def transcribe(self, ask: Ask, media: Media, *, to_english: bool = False) -> Outcome:
        words = await self._recognise(await self.content(ask, media), media, to_english)
        now = self.clock.now()
        asked = ask.turn("user", "", now, media=(media,))
        text = words.text.strip()
        if not text:
            return replace(self.say(ask, "no_speech_found"), turns=(asked,))
        told = ask.turn("assistant", text, now)
        return Outcome(parts=(Text(text=text),), turns=(asked, told))

    async def content(self, ask: Ask, media: Media) -> bytes:
        if media.blob:
            return await self.media.get(media.blob)
        return await self.fetch(ask.message, media)

    async def _run(self, ask: Ask, command: Command, rest: str, services: Services) -> Outcome:
        if command.admins and ask.role not in ADMINS:
            return self.say(ask, "command_of_admins")
        return await command.run(ask, rest, services)

    def _unknown(self, ask: Ask, mark: str, name: str) -> Outcome:
        close = get_close_matches(name.lower(), self.commands, n=1)
        if not close:
            return self.say(ask, "unknown_command", name=mark + name, slash=mark)
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
            turns=(structs.replace(asked, text=asked.text or spoken, media=(speech,)), *told),
        )

    async def _recognise(self, audio: bytes, media: Media, to_english: bool) -> Transcription:
        name, seconds = audio_filename(media), media.duration_s
        if to_english:
            spoken = TranslationRequest(audio=audio, filename=name, duration_s=seconds)
            words, _ = await self.relays.translation(spoken)
        else:
            heard = TranscriptionRequest(audio=audio, filename=name, duration_s=seconds)
            words, _ = await self.relays.transcription(heard)
        return words

    def _services(self, running: Running, preview: Preview | None) -> Services:
        if self.cashier is None:
            raise RuntimeError("expected an engine with a cashier, as a worker makes it")
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
            cashier=self.cashier,
            balances=self.balances,
            preview=preview,
        )


def _after(quoted: str, parts: tuple[Text | Media, ...]) -> tuple[Text | Media, ...]:
    match parts:
        case (Text(text=text), *rest):
            return (Text(text=quoted + text), *rest)
        case _:
            return (Text(text=quoted.strip()), *parts)
