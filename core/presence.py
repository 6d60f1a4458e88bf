"""What a person sees of an answer before it is there, by means that vanish by themselves."""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from core.command import Preview
from core.model import Message
from core.ports.adapter import Adapter, Draft, Typing

log = logging.getLogger(__name__)

TYPING_AFTER_S = 0.4
TYPING_EVERY_S = 4.5


class Presence:
    """Drafts and typing notices, where the platform has them. Never raises: they are a courtesy."""

    def __init__(self, adapters: Mapping[str, Adapter]) -> None:
        self._drafts = {name: a for name, a in adapters.items() if isinstance(a, Draft)}
        self._typing = {name: a for name, a in adapters.items() if isinstance(a, Typing)}

    def preview(self, message: Message) -> Preview | None:
        """Shows the answer so far."""
        adapter = self._drafts.get(message.address.bot)
        if adapter is None:
            return None

        def show(text: str) -> None:
            try:
                adapter.draft(message.address, message.key, text)
            except Exception:
                log.debug("a draft could not be shown", exc_info=True)

        return show

    @contextmanager
    def typing(self, message: Message) -> Iterator[None]:
        """Say that an answer is coming once it takes a while."""
        adapter = self._typing.get(message.address.bot)
        if adapter is None:
            yield
            return
        pulses: list[asyncio.Task[None]] = []
        timer = asyncio.get_running_loop().call_later(
            TYPING_AFTER_S, lambda: pulses.append(asyncio.create_task(_pulse(adapter, message)))
        )
        try:
            yield
        finally:
            timer.cancel()
            for pulse in pulses:
                pulse.cancel()


async def _pulse(adapter: Typing, message: Message) -> None:
    while True:
        try:
            await adapter.typing(message.address)
        except Exception:
            log.debug("a typing notice could not be shown", exc_info=True)
            return
        await asyncio.sleep(TYPING_EVERY_S)
