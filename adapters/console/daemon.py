"""Calls that may never return, beside the event loop."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

Result = TypeVar("Result")


async def in_daemon_thread(call: Callable[[], Result]) -> Result:
    """As asyncio.to_thread, which however would wait for the call when the loop ends.

    Raises what terminals raise: OSError (unplugged), ValueError (closed).
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def work() -> None:
        try:
            settle = partial(future.set_result, call())
        except (OSError, ValueError) as error:
            settle = partial(future.set_exception, error)
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(lambda: future.done() or settle())

    threading.Thread(target=work, name="console", daemon=True).start()
    return await future
