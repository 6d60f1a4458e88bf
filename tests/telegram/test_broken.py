"""Updates that fail by surprise: passed over, and told where that can be."""

import pytest

from adapters.telegram.parse import Reader
from core.ports.adapter import Receipt
from tests.telegram.stage import staged, until


async def test_an_update_that_cannot_be_read_does_not_come_again(monkeypatch: pytest.MonkeyPatch):
    read = Reader.read

    def reading(self, message, *rest):
        if message.text == "poison":
            raise LookupError("no such thing")
        return read(self, message, *rest)

    monkeypatch.setattr(Reader, "read", reading)
    async with staged() as stage:
        await stage.say("poison")
        await stage.hear("next")
        await until(lambda: stage.waits() == 0)


async def test_the_person_is_told_of_a_message_that_can_never_be_received():
    async with staged() as stage:
        stage.core.receipt = Receipt.BROKEN
        await stage.say("poison")
        await until(lambda: stage.waits() == 0)
        await until(lambda: any("set it aside" in line.text for line in stage.shown()))
