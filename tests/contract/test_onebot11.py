"""What only QQ asks of its adapter: links that break, answers that don't come, each flavour."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.applications import Starlette

from adapters.onebot11.adapter import OneBotAdapter
from adapters.onebot11.settings import Settings
from bots.listener import PLATFORM_FRAME_BYTES, Listener, bind
from bots.sandbox.onebot.app import onebot_app
from bots.sandbox.onebot.dialer import Pace
from bots.sandbox.onebot.faults import Drop, Failure, Timeout
from bots.sandbox.onebot.flavour import FLAVOURS
from bots.sandbox.onebot.onebot import OneBot
from bots.sandbox.town.town import BOT, Utterance
from bots.texts.catalogue import Catalogue
from core import sound
from core.bot import Bot
from core.model import Message, Quote
from core.ports.sending import Refused, Sent, Unknown
from core.secret import Secret
from tests.contract.harness import PATIENCE_S, SAMPLES, Core, part
from tests.contract.onebot11_harness import TOKEN, Memory, short_sleep

QUICK = Pace(reconnect_s=0.02, heartbeat_s=0)
LATE = Pace(reconnect_s=60, heartbeat_s=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """An adapter at its listener, and a simulated account that dials in."""

    core: Core
    adapter: OneBotAdapter
    onebot: OneBot

    async def heard(self, text: str, place: str = "10001", **fields: Any) -> Message:
        """Somebody says something; the message that reaches the core."""
        before = len(self.core.messages)
        person = "10001" if place.startswith("7") else place
        await self.onebot.speak(Utterance(place=place, person=person, text=text, **fields))
        return (await self.core.received(before + 1))[before]

    def shown(self, place: str = "10001") -> list[str]:
        return [line.text for line in self.onebot.town.lines(place, BOT)]


@asynccontextmanager
async def street(**fields: Any) -> AsyncIterator[Street]:
    core = Core()
    files, public = bind("127.0.0.1", 0), bind("127.0.0.1", 0)
    host = f"127.0.0.1:{files.getsockname()[1]}"
    adapter = OneBotAdapter(
        bot=Bot(name="qq", platform="onebot11"),
        settings=Settings(token=Secret(TOKEN), sends_per_s="unlimited", file_hosts=(host,)),
        media=core,
        shelf=core.shelf,
        clock=core,
        new_id=core.new_id,
        texts=Catalogue(),
        memo=Memory(),
        sleep=short_sleep,
    )
    onebot = OneBot(
        url=f"ws://127.0.0.1:{public.getsockname()[1]}/onebot/qq",
        media_url=f"http://{host}",
        **{"pace": QUICK, "token": TOKEN, "now": core.now} | fields,
    )
    listeners = (
        Listener(Starlette(routes=[*adapter.routes()]), public, PLATFORM_FRAME_BYTES),
        Listener(onebot_app(onebot), files),
    )
    for listener in listeners:
        listener.open()
    run = asyncio.create_task(adapter.run(core.emit))
    try:
        async with onebot.connected():
            yield Street(core=core, adapter=adapter, onebot=onebot)
            run.cancel()
    finally:
        run.cancel()
        await asyncio.wait([run])
        for listener in listeners:
            await listener.close()


# -- what comes in -------------------------------------------------------------------------


async def test_a_burst_of_several_people_keeps_each_chats_order():
    async with street() as qq:
        places = ("10001", "10002", "700001")
        texts = [f"number {number}" for number in range(50)]
        quoted = await qq.heard("quote me", "700001")
        line = qq.onebot.town.lines("700001")[0].number
        for text in texts:
            for place in places:
                person = "10003" if place == "700001" else place
                said = Utterance(place=place, person=person, text=text)
                if place == "700001" and text.endswith("7"):  # these must be looked up first
                    said = Utterance(place=place, person=person, text=text, reply_to=line)
                await qq.onebot.speak(said)
        messages = (await qq.core.received(151))[1:]
        by_chat: dict[str, list[str]] = {}
        for message in messages:
            by_chat.setdefault(message.address.chat, []).append(message.text)
        assert quoted.address.chat in by_chat
        assert list(by_chat.values()) == [texts, texts, texts]


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("message_format", ["array", "string"])
async def test_every_flavour_is_understood(flavour, message_format):
    fields = {"flavour": FLAVOURS[flavour], "message_format": message_format}
    async with street(**fields) as qq:
        message = await qq.heard("hi [CQ:at,qq=1], 你好 & so", "700001", mention=True)
        assert message.text == "hi [CQ:at,qq=1], 你好 & so"
        assert message.addressed
        assert message.sender_name == "Ann"
        assert isinstance(await qq.adapter.send(part(message, "an answer")), Sent)
        answer = qq.onebot.town.lines("700001", BOT)[-1]
        assert "an answer" in answer.text
        reply = await qq.heard("why?", "700001", reply_to=answer.number)
        assert reply.addressed
        assert reply.text == "why?"
        [quote] = [one for one in reply.parts if isinstance(one, Quote)]
        assert "an answer" in str(quote.parts)
        aside = await qq.heard("not for the bot", "700001")
        assert not aside.addressed


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("message_format", ["array", "string"])
async def test_pictures_and_voices_of_every_flavour_are_fetched(flavour, message_format):
    fields = {"flavour": FLAVOURS[flavour], "message_format": message_format}
    async with street(**fields) as qq:
        picture = await qq.heard("look", kind="image", content=SAMPLES["image"])
        [media] = picture.media
        assert (media.kind, picture.text) == ("image", "look")
        assert await qq.adapter.fetch(media) == SAMPLES["image"]
        [media] = (await qq.heard("", kind="voice", content=SAMPLES["voice"])).media
        assert media.kind == "voice"
        content = await qq.adapter.fetch(media)
        length_s = await asyncio.to_thread(sound.duration_s, content)
        assert length_s == pytest.approx(sound.duration_s(SAMPLES["voice"]), abs=0.3)


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_a_friends_file_and_a_forward_come_through(flavour):
    async with street(flavour=FLAVOURS[flavour], message_format="array") as qq:
        [media] = (await qq.heard("", kind="file", content=b"a,b", name="table.csv")).media
        assert (media.kind, media.name) == ("file", "table.csv")
        assert await qq.adapter.fetch(media) == b"a,b"
        before = len(qq.core.messages)
        await qq.onebot.forward("10001", "10001", [("10002", "first"), ("10003", "second")])
        message = (await qq.core.received(before + 1))[before]
        assert "Ben: first\n小明: second" in message.text


async def test_what_the_account_itself_says_is_not_heard():
    async with street(reports_self=True) as qq:
        message = await qq.heard("hello")
        assert isinstance(await qq.adapter.send(part(message, "mine")), Sent)
        await qq.heard("and now?")
        assert [one.text for one in qq.core.messages] == ["hello", "and now?"]


# -- links -----------------------------------------------------------------------------------


async def test_split_sockets_serve_as_one():
    async with street(split=True) as qq:
        message = await qq.heard("hello")
        assert isinstance(await qq.adapter.send(part(message, "an answer")), Sent)
        assert qq.shown() == ["an answer"]


async def test_the_newest_socket_wins_and_the_old_one_closing_late_harms_nothing():
    async with street() as qq:
        message = await qq.heard("by the first")
        assert await qq.onebot.calls.renew()
        await qq.heard("by the second")
        await qq.onebot.calls.close_old()
        await qq.heard("by the second again")
        assert isinstance(await qq.adapter.send(part(message, "an answer")), Sent)
        assert qq.shown() == ["an answer"]
        assert len(qq.onebot.frames.all("opened")) == 2


async def test_a_half_dead_link_does_not_keep_a_new_one_out():
    async with street() as qq:
        message = await qq.heard("hello")
        qq.onebot.calls.freeze()
        assert await qq.onebot.calls.renew()
        await qq.heard("I am back")
        assert isinstance(await qq.adapter.send(part(message, "an answer")), Sent)


async def test_what_was_said_while_away_is_fetched_once_and_in_order():
    async with street() as qq:
        await qq.heard("before", "700001")
        await qq.heard("before")
        qq.onebot.calls.abort()
        await qq.onebot.frames.until(lambda frames: any(f.what == "closed" for f in frames))
        for text in ("missed one", "missed two"):
            await qq.onebot.speak(Utterance(place="10001", person="10001", text=text))
        await qq.onebot.speak(Utterance(place="700001", person="10002", text="missed three"))
        await qq.onebot.until_connected()
        await qq.onebot.speak(Utterance(place="10001", person="10001", text="after"))
        messages = await qq.core.received(6)
        told = [m.text for m in messages if m.address.sender == "10001" and not m.address.group]
        assert told == ["before", "missed one", "missed two", "after"]
        assert [m.text for m in messages if m.address.group] == ["before", "missed three"]


async def test_a_repeated_history_and_repeated_events_are_taken_once():
    async with street() as qq:
        await qq.heard("one")
        await qq.heard("two")
        await qq.onebot.repeat(2)
        for number in range(3):
            await qq.onebot.calls.close()
            await qq.onebot.until_connected()
            await qq.heard(f"after {number}")
        texts = [message.text for message in qq.core.messages]
        assert texts == ["one", "two", "after 0", "after 1", "after 2"]


# -- what goes out ---------------------------------------------------------------------------


async def test_messages_are_never_strings_that_could_hold_codes():
    async with street() as qq:
        message = await qq.heard("hello")
        for text in ("[CQ:image,file=file:///etc/passwd]", "long " * 2000):
            assert isinstance(await qq.adapter.send(part(message, text)), Sent)
        assert qq.shown()[0] == "[CQ:image,file=file:///etc/passwd]"
        sends = [call for call in qq.onebot.frames.calls() if call["action"].startswith("send_")]
        assert len(sends) >= 2
        for call in sends:
            params = call["params"]
            assert isinstance(params.get("message", params.get("messages")), list)
            assert "[CQ:" not in str(params.get("messages"))


@pytest.mark.parametrize("place", ["10001", "700001"])
async def test_a_timeout_that_was_delivered_is_found_in_the_history(place):
    async with street() as qq:
        message = await qq.heard("hello", place)
        qq.onebot.faults.add(Timeout(call="send_*"))
        assert isinstance(await qq.adapter.send(part(message, "an answer")), Sent)
        assert len(qq.shown(place)) == 1


async def test_a_timeout_that_was_not_delivered_stays_unknown_and_is_not_sent_again():
    async with street() as qq:
        message = await qq.heard("hello")
        qq.onebot.faults.add(Timeout(call="send_*", delivered=False))
        assert isinstance(await qq.adapter.send(part(message, "an answer")), Unknown)
        assert qq.shown() == []


async def test_a_call_that_a_breaking_link_took_along_is_looked_up():
    async with street() as qq:
        message = await qq.heard("hello")
        qq.onebot.faults.add(Drop(call="send_*"))
        async with asyncio.timeout(PATIENCE_S):
            result = await qq.adapter.send(part(message, "an answer"))
        assert isinstance(result, Sent)
        assert qq.shown() == ["an answer"]


async def test_a_muted_account_is_refused_for_good():
    async with street() as qq:
        message = await qq.heard("hello", "700001", mention=True)
        qq.onebot.standing.muted.add("700001")
        result = await qq.adapter.send(part(message, "an answer"))
        assert isinstance(result, Refused)
        assert result.retry_after_s is None


async def test_an_implementation_without_forwards_gets_pieces():
    async with street() as qq:
        message = await qq.heard("hello")
        refusal = Failure(call="*forward*", count="unlimited", retcode=1404, delivered=False)
        qq.onebot.faults.add(refusal)
        text = "".join(f"Sentence {number}. " for number in range(200)).strip()
        assert isinstance(await qq.adapter.send(part(message, text)), Sent)
        assert len(qq.shown()) > 1
        assert "Sentence 0." in qq.shown()[0]
        assert "Sentence 199." in qq.shown()[-1]


async def test_a_deaf_account_and_one_that_qq_put_out_are_trouble():
    async with street(pace=LATE) as qq:
        await qq.onebot.beat()
        await qq.heard("hello")
        assert qq.adapter.trouble == ""
        qq.onebot.standing.online = False
        await qq.onebot.beat()
        await qq.heard("hello again")
        assert "logged out" in qq.adapter.trouble
