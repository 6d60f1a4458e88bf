"""What the tries of `parley relay test` came to, as rows of the ledger."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import structs

from bots.ledger.spend import blank, priced
from bots.relays.cost import Spent
from bots.relays.outcome import Tried
from bots.relays.tries import ANSWER_TOKENS, CLIP_S, EDIT_MODEL, SPOKEN
from core.model import Spend, SpendKind
from core.relay.client import Relay

KINDS: Mapping[Tried, SpendKind] = {
    "chat": "chat",
    "stream": "chat",
    "completion": "completion",
    "edit": "edit",
    "embedding": "embedding",
    "image": "image",
    "speech": "speech",
    "transcription": "transcription",
    "translation": "translation",
    "batch_create": "batch",
    "fine_tune_create": "fine_tune",
}

WORDS = Spent(prompt_tokens=1, completion_tokens=ANSWER_TOKENS, estimated=True)
ASKED: Mapping[Tried, Spent] = {
    "chat": WORDS,
    "stream": WORDS,
    "completion": WORDS,
    "edit": WORDS,
    "embedding": Spent(prompt_tokens=1, estimated=True),
    "image": Spent(images=1),
    "speech": Spent(characters=len(SPOKEN)),
    "transcription": Spent(seconds=CLIP_S),
    "translation": Spent(seconds=CLIP_S),
}
"""What a try comes to whose end is not known."""


def billed(
    relay: Relay, call: Tried, spent: Spent, at: datetime, *, unsure: bool = False
) -> Spend | None:
    """None for what costs nothing."""
    kind = KINDS.get(call)
    if kind is None or not spent:
        return None
    dialect = relay.dialect
    models = {"edit": dialect.models.edit or EDIT_MODEL}
    jobs = dict.fromkeys(("batch", "fine_tune"), dialect.models.chat)
    spend = structs.replace(
        blank(relay, kind, (models | jobs).get(kind, ""), at),
        prompt_tokens=spent.prompt_tokens,
        completion_tokens=spent.completion_tokens,
        images=spent.images,
        characters=spent.characters,
        audio_s=spent.seconds,
        estimated=spent.estimated or unsure,
        unsure=unsure,
    )
    return priced(relay, spend)


def lost(relay: Relay, call: Tried, at: datetime) -> Spend | None:
    """A try that may have been billed. Jobs were refused, or will be seen at the relay."""
    return billed(relay, call, ASKED.get(call, Spent()), at, unsure=True)
