"""What a message's first call may come to at most, when nothing but the message is known."""

from datetime import datetime

from msgspec import structs

from core.bot import Bot
from core.model import Message, Spend
from core.ports.ledger import Kind
from core.quota.estimate import prompt_of
from core.route import Intent, Transcribe


def expense(
    kind: Kind, intent: Intent, message: Message, bot: Bot, answer_tokens: int, at: datetime
) -> Spend:
    """As it would be asked; a later call that needs more books it then."""
    asked = Spend(kind=kind, relay="", model="", at=at)
    match kind:
        case "chat":
            figures: dict[str, float] = {
                "prompt_tokens": prompt_of(bot.history_chars),
                "completion_tokens": answer_tokens,
            }
        case "image":
            figures = {"images": 1}
        case "speech":
            figures = {"characters": len(message.text)}
        case _:
            figures = {"audio_s": intent.speech.duration_s if isinstance(intent, Transcribe) else 0}
    return structs.replace(asked, **figures)
