"""A streamed answer, shown while it comes and kept when it is stopped."""

import asyncio
from collections.abc import AsyncIterator

from core.cancellation import STOP
from core.command import Preview
from core.ports import Served
from core.request import ChatRequest
from core.response import Chat, Chunk
from core.tokens import estimated_usage


async def gather(
    stream: AsyncIterator[tuple[Chunk, Served]], request: ChatRequest, preview: Preview
) -> tuple[Chat, Served]:
    """The whole answer, each step of it given to `preview`.

    Cancelled with STOP after something was shown, it is what was shown so far.
    """
    said: list[str] = []
    served = Served(relay="", model="")
    last = Chunk()
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
    text = "".join(said)
    answer = Chat(
        text=text,
        model=last.model,
        finish_reason=last.finish_reason,
        usage=last.usage or estimated_usage(request, text),
    )
    return answer, served
