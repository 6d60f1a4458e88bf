"""/transcribe: the words of a recording, attached or replied to."""

from bots.answer import tell
from bots.quoted import recording
from core.command import Ask, Command, Outcome, Services


async def run(ask: Ask, rest: str, services: Services) -> Outcome:  # noqa: ARG001 (a Run)
    speech = recording(ask.message)
    if speech is None:
        return tell(ask, services, "transcribe_how")
    return await services.chatter.transcribe(ask, speech)


COMMAND = Command(name="transcribe", aliases=("转写", "stt"), run=run, spends="transcription")
