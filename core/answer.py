"""A streamed answer, shown while it comes and kept when it is stopped."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from core.cancellation import STOP
from core.command import Preview
from core.errors import RelayError
from core.ports.relays import Served
from core.request import ChatRequest
from core.response import Chat, Chunk
from core.tokens import estimated_usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was said; `broken` is why there is no more of it."""

    chat: Chat
    served: Served
    broken: RelayError | None = None


async def gather(
    stream: AsyncIterator[tuple[Chunk, Served]], request: ChatRequest, preview: Preview
) -> Answer:
    """The answer, each step of it given to `preview`.

    What was shown is never taken back: stopped by STOP or broken off, the answer
    is what was shown so far. Raises RelayError if that is nothing.
    """
    said: list[str] = []
    served = Served(relay="", model="")
    last = Chunk()
    broken = None
    try:
        async for piece in stream:
            last, served = piece
            if last.text:
                said.append(last.text)
                preview("".join(said))
    except asyncio.CancelledError as cancelled:
        if STOP not in cancelled.args or not said:
            raise
        last = Chunk(finish_reason=STOP)
    except RelayError as error:
        if not said:
            raise
        broken = error
    text = "".join(said)
    chat = Chat(
        text=text,
        model=last.model,
        finish_reason=last.finish_reason,
        usage=last.usage or estimated_usage(request, text),
    )
    return Answer(chat=chat, served=served, broken=broken)
