"""What a message's first call may come to, when nothing but the message is known."""

from datetime import datetime

from msgspec import structs

from core.bot import Bot
from core.model import Message, Spend
from core.ports.ledger import Kind
from core.quota.estimate import first_tokens
from core.route import Intent, Transcribe


def expense(
    kind: Kind, intent: Intent, message: Message, bot: Bot, answer_tokens: int, at: datetime
) -> Spend:
    """As it would be asked with nothing before it. The history is booked with the call itself,
    once it is known: where much is limited, a first question must not need room for it."""
    asked = Spend(kind=kind, relay="", model="", at=at)
    match kind:
        case "chat":
            figures: dict[str, float] = {
                "prompt_tokens": first_tokens(bot.persona, message.text),
                "completion_tokens": answer_tokens,
            }
        case "image":
            figures = {"images": 1}
        case "speech":
            figures = {"characters": len(message.text)}
        case _:
            figures = {"audio_s": intent.speech.duration_s if isinstance(intent, Transcribe) else 0}
    return structs.replace(asked, **figures)
