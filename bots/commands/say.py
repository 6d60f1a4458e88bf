"""/say: text read aloud — what is written, else what is replied to, else the latest answer."""

from bots.answer import show, tell
from bots.quoted import quoted_text
from core.command import Ask, Command, Outcome, Services
from core.model import Media
from core.ports.store import History
from core.request import SpeechRequest

SPEECH_CHARS = 4096
"""OpenAI's API reference, audio/speech, `input` (November 2026)."""

LOOK_BACK = 40
"""How many turns are searched for an answer."""

ENDINGS = {"audio/mpeg": "mp3", "audio/wav": "wav", "audio/x-wav": "wav", "audio/ogg": "ogg"}


async def run(ask: Ask, rest: str, services: Services) -> Outcome:
    text = rest or quoted_text(ask.message) or await _latest_answer(services.store, ask)
    if not text:
        return tell(ask, services, "say_how")
    if len(text) > SPEECH_CHARS:
        return tell(ask, services, "say_too_long", got=len(text), limit=SPEECH_CHARS)
    request = SpeechRequest(text=text, voice=ask.bot.voice_name)
    speech, _ = await services.relays.speech(request)
    spoken = Media(
        kind="voice",
        blob=await services.media.put(speech.content),
        mime=speech.mime,
        name=f"speech.{ENDINGS.get(speech.mime, 'mp3')}",
        size_bytes=len(speech.content),
    )
    return show(ask, services, [spoken])


async def _latest_answer(history: History, ask: Ask) -> str:
    turns = await history.log(ask.conversation, LOOK_BACK)
    answers = (turn.text for turn in reversed(turns) if turn.role == "assistant" and turn.text)
    return _without_markup(next(answers, ""))


def _without_markup(markdown: str) -> str:
    """Nobody wants to hear asterisks."""
    from core.render.markup import plain  # noqa: PLC0415 - the parser takes 50 ms

    return plain(markdown)


COMMAND = Command(name="say", aliases=("朗读", "tts"), run=run, spends="speech")
