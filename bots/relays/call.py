"""`parley relay call`: one request made by hand, its answer told."""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

from bots.config import Config, load
from bots.instance import derive, instance_secret, keyed_hash
from bots.ledger.enter import enter_made
from bots.ledger.noted import noted
from bots.loop import run_async
from bots.relays.answer import tell, tell_figures
from bots.relays.opened import entry_named, opened_relay
from bots.relays.request import request_of
from core.model import Spend
from core.relay.client import Relay
from core.relay.hearing import hear
from core.relay.stream import Streamed
from core.request import (
    ChatRequest,
    CompletionRequest,
    Request,
    TranscriptionRequest,
    TranslationRequest,
)
from core.response import Chat, Usage


def call(options: argparse.Namespace) -> int:
    """Make the call that the options ask for. Raises ParleyError."""
    config = load(options.config)
    entry_named(config, options.relay)
    request = request_of(options, user_hash(config, getattr(options, "end_user", "")))
    spends: list[Spend] = []
    try:
        with quiet_pipe():
            run_async(made(config, options, request, spends))
            sys.stdout.flush()
    finally:
        enter_made(config, spends)
    return 0


def user_hash(config: Config, end_user: str) -> str:
    """What a relay is told of a person, by the key that bots use for it too; "" for nobody."""
    if not end_user:
        return ""
    return keyed_hash(derive(instance_secret(config.storage.data), "users"), end_user)


async def made(
    config: Config, options: argparse.Namespace, request: Request, spends: list[Spend]
) -> None:
    """`spends` gets what the call came to, before it is told."""
    streams = getattr(options, "stream", False)
    async with opened_relay(config, options.relay) as relay:
        began = time.monotonic()
        async with noted(relay, request, spends) as call:
            if streams and isinstance(request, ChatRequest | CompletionRequest):
                answer: Struct = await streamed(relay, request, call.said, silent=options.json)
            else:
                answer = await answered(relay, request)
            call.answer = answer
        took_s = time.monotonic() - began
    if options.json or not streams:
        tell(answer, options)
    tell_figures(answer, took_s)


async def answered(relay: Relay, request: Request) -> Struct:
    """Recordings of any length and format are brought within the relay's limits first."""
    match request:
        case TranscriptionRequest() | TranslationRequest():
            return await hear(relay, request, told=tell_piece)
        case _:
            return await relay.call(request)


def tell_piece(done: int, total: int) -> None:
    """A long recording takes minutes."""
    if total > 1:
        sys.stderr.write(f"piece {done + 1} of {total} …\n")
        sys.stderr.flush()


async def streamed(relay: Relay, request: Streamed, said: list[str], *, silent: bool) -> Chat:
    """The whole answer; unless `silent` its text is printed while it comes. `said` gets it too."""
    text, reasoning, model, finish, usage = "", "", "", "", Usage()
    try:
        async for chunk in relay.stream(request):
            text += chunk.text
            said.append(chunk.text)
            reasoning += chunk.reasoning
            model = chunk.model or model
            finish = chunk.finish_reason or finish
            usage = chunk.usage or usage
            if not silent:
                sys.stdout.write(chunk.text)
                sys.stdout.flush()
    finally:
        if text and not silent:
            sys.stdout.write("\n")
            sys.stdout.flush()
    return Chat(text=text, reasoning=reasoning, model=model, finish_reason=finish, usage=usage)


@contextmanager
def quiet_pipe() -> Iterator[None]:
    """Who reads standard output may have read enough: `parley relay call … | head -1`."""
    try:
        yield
    except BrokenPipeError:
        # What is left in the buffer goes nowhere, or Python would complain of it at its end
        # (https://docs.python.org/3/library/signal.html#note-on-sigpipe, November 2026).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
