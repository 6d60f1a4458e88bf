from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from bots.sandbox.serve import running
from bots.sandbox.telegram.app import telegram_app
from bots.sandbox.telegram.platform import FORUM, GROUPS, PEOPLE, Rules, Telegram
from bots.sandbox.town.town import Utterance
from tests.sandbox.telegram.peers import aiogram_bot, ptb_bot

ANN, BEN = PEOPLE[0], PEOPLE[1]
GARDEN = GROUPS[0]


@dataclass
class Hand:
    """A clock that a test turns."""

    at: datetime = field(default_factory=lambda: datetime(2026, 11, 1, 12, tzinfo=UTC))

    def now(self) -> datetime:
        return self.at

    def turn(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Stage:
    """The platform at work, and its address."""

    telegram: Telegram
    origin: str
    clock: Hand

    async def say(self, text: str, place: str = ANN, person: str = ANN, **more):
        return await self.telegram.speak(Utterance(place=place, person=person, text=text, **more))

    def shown(self, place: str = ANN):
        """What the bot was seen saying."""
        return self.telegram.town.lines(place, "bot")

    async def call(self, method: str, **values) -> dict:
        """The bare envelope of a call."""
        async with httpx.AsyncClient(trust_env=False) as http:
            url = f"{self.origin}/bot{self.telegram.token}/{method}"
            return (await http.post(url, json=values)).json()


@asynccontextmanager
async def staged(**rules) -> AsyncIterator[Stage]:
    clock = Hand()
    telegram = Telegram(now=clock.now, rules=Rules(**rules))
    async with running(telegram_app(telegram)) as listener:
        yield Stage(telegram, f"http://127.0.0.1:{listener.port}", clock)


@pytest.fixture
async def stage():
    async with staged(webhook_retry_s=0.01) as made:
        yield made


@pytest.fixture
async def aio(stage):
    async with aiogram_bot(stage.origin, stage.telegram.token) as bot:
        yield bot


@pytest.fixture
async def ptb(stage):
    async with ptb_bot(stage.origin, stage.telegram.token) as bot:
        yield bot


__all__ = ["ANN", "BEN", "FORUM", "GARDEN"]
