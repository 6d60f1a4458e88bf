"""/translate: speech of any language, attached or replied to, as English text."""

from bots.answer import tell
from bots.quoted import recording
from core.command import Ask, Command, Outcome, Services


async def run(ask: Ask, rest: str, services: Services) -> Outcome:
    speech = recording(ask.message)
    if speech is None:
        return tell(ask, services, "translate_speech_only" if rest else "translate_how")
    return await services.chatter.transcribe(ask, speech, to_english=True)


COMMAND = Command(name="translate", aliases=("翻译",), run=run, spends="translation")
