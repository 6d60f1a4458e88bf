"""/voice chat | text: whether a voice message gets an answer, or only its words."""

from bots.answer import sentence, tell
from bots.commands.persona import may_set
from core.command import Ask, Command, Outcome, Services
from core.model import SetSetting

NAMES = {"chat": "chat", "聊天": "chat", "text": "text", "文字": "text"}


async def run(ask: Ask, rest: str, services: Services) -> Outcome:
    voice = NAMES.get(rest.lower())
    if voice is None:
        current = ask.settings.get("voice", ask.bot.voice)
        return tell(ask, services, "voice_how", voice=sentence(ask, services, f"voice_{current}"))
    if not may_set(ask):
        return tell(ask, services, "admins_only")
    setting = SetSetting(scope=ask.conversation, name="voice", value=voice)
    return tell(ask, services, f"voice_set_{voice}", effects=(setting,))


COMMAND = Command(name="voice", aliases=("语音",), run=run)
