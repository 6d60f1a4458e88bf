"""Messages that do harm where they are worked on, by a mark in their text.

Put around the product's functions before it starts: this process treats them as a defect would.
"""

import asyncio
import os
import re
import signal
from dataclasses import replace
from typing import Any

import adapters.onebot11.intake
import adapters.wechat.door
import core.answering
import core.gateway
import core.worker
from adapters.onebot11.adapter import OneBotAdapter
from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.parse import Reader
from adapters.wechat.adapter import WeChatAdapter
from core.command import Ask, Outcome
from core.engine import Engine
from core.model import SetSetting, Text

LONGEST_ANSWER_S = 3.0
KILLS_AFTER_S = 0.2
"""So that others are in flight as well."""

NOTE = re.compile(r"note (\S+)")


class Poisoned(Exception):
    """What no code expects."""


def arm() -> None:
    core.answering.LONGEST_ANSWER_S = LONGEST_ANSWER_S
    _spoil(Reader, "read", "parse")
    _spoil(adapters.onebot11.intake, "parse_message", "parse")
    _spoil(adapters.wechat.door, "parse_push", "parse")
    _spoil(core.gateway, "route", "accept")
    _spoil(core.worker, "render", "render")
    _spoil_engine()
    for adapter in (OneBotAdapter, TelegramAdapter, WeChatAdapter):
        _spoil_sending(adapter)


def _spoil(owner: Any, name: str, kind: str) -> None:
    """Let a function raise that is given a message of this kind, in whatever form."""
    good = getattr(owner, name)

    def spoilt(*given: Any, **named: Any) -> Any:
        if f"poison-{kind}" in repr(given):
            raise Poisoned(kind)
        return good(*given, **named)

    setattr(owner, name, spoilt)


def _spoil_engine() -> None:
    good = Engine.handle

    async def spoilt(self: Engine, ask: Ask, *rest: Any) -> Outcome:
        text = ask.message.text
        if "poison-raise" in text:
            raise Poisoned("raise")
        if "poison-hang" in text:
            await asyncio.Event().wait()
        if "poison-kill" in text:
            await asyncio.sleep(KILLS_AFTER_S)
            _die(text)
        outcome = await good(self, ask, *rest)
        if "poison-store" in text:
            bad = SetSetting(scope=ask.person, name="mood", value="\ud800")
            return replace(outcome, effects=(*outcome.effects, bad))
        return outcome

    Engine.handle = spoilt  # type: ignore[assignment, method-assign]


def _die(text: str) -> None:
    found = NOTE.search(text)
    os.write(2, f"killed by {found[1] if found else '?'}\n".encode())
    os.kill(os.getpid(), signal.SIGKILL)


def _spoil_sending(adapter: Any) -> None:
    good = adapter.send

    async def spoilt(self: Any, outgoing: Any) -> Any:
        if isinstance(outgoing.part, Text) and "poison-deliver" in outgoing.part.text:
            raise Poisoned("deliver")
        return await good(self, outgoing)

    adapter.send = spoilt
