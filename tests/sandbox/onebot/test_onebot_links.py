"""How the simulated account dials, and how its links go wrong."""

import asyncio

import pytest

from bots.sandbox.onebot.dialer import Pace
from bots.sandbox.onebot.flavour import GO_CQHTTP, NAPCAT
from bots.sandbox.onebot.onebot import OneBot
from bots.sandbox.town.town import Utterance
from tests.sandbox.onebot.raw_bot import PATIENCE_S, QUICK, pair, serving_bot

HELLO = Utterance(place="10001", person="10001", text="hello")


@pytest.mark.parametrize(
    ("token", "flavour", "told"),
    [("s3cret", NAPCAT, "Bearer s3cret"), ("", NAPCAT, "Bearer"), ("", GO_CQHTTP, None)],
)
async def test_the_handshake_names_account_role_and_token(token, flavour, told):
    async with pair(token=token, flavour=flavour, self_id="10009") as (bot, _):
        assert bot.sockets[0].request
        headers = bot.sockets[0].request.headers
        assert headers["X-Self-ID"] == "10009"
        assert headers["X-Client-Role"] == "Universal"
        assert headers.get("Authorization") == told
        assert bot.sockets[0].request.path == "/onebot/qq"


async def test_it_begins_with_its_lifecycle_and_beats():
    beats = asyncio.Queue()
    pace = Pace(reconnect_s=0.05, heartbeat_s=30.0, sleep=lambda _: beats.get())
    async with pair(pace=pace) as (bot, onebot):
        first = await bot.event("meta_event")
        assert (first["meta_event_type"], first["sub_type"]) == ("lifecycle", "connect")
        beats.put_nowait(None)
        beat = await bot.event("meta_event", 2)
        assert beat["interval"] == 30_000
        assert beat["status"] == {"online": True, "good": True}
        onebot.standing.online = False
        await onebot.beat()
        assert not (await bot.event("meta_event", 3))["status"]["online"]
        onebot.standing.beats = False
        await onebot.beat()
        await onebot.speak(HELLO)
        await bot.event()
        assert len(bot.of("meta_event")) == 3


async def test_split_sockets_keep_events_and_calls_apart():
    async with pair(split=True) as (bot, onebot):
        await bot.until(lambda: len(bot.sockets) == 2)
        by_path = {socket.request.path: socket for socket in bot.sockets}
        roles = {path: s.request.headers["X-Client-Role"] for path, s in by_path.items()}
        assert roles == {"/onebot/qq/api": "API", "/onebot/qq/event": "Event"}
        await onebot.speak(HELLO)
        assert (await bot.event())["raw_message"] == "hello"
        calls = bot.sockets.index(by_path["/onebot/qq/api"])
        answer = await bot.answer(await bot.send("get_login_info", calls))
        assert answer["data"]["user_id"] == 10000


async def test_a_lost_link_is_dialled_again_after_its_pause():
    pauses = []

    async def sleep(seconds):
        pauses.append(seconds)

    async with pair(pace=Pace(heartbeat_s=0, sleep=sleep)) as (bot, onebot):
        await bot.sockets[0].close()
        await bot.until(lambda: len(bot.sockets) == 2)
        assert pauses == [3.0]
        await onebot.until_connected()
        await onebot.speak(HELLO)
        await bot.event()


async def test_it_keeps_trying_while_nobody_listens():
    onebot = OneBot(url="ws://127.0.0.1:9/", pace=QUICK)
    running = asyncio.create_task(onebot.run())
    await onebot.frames.until(lambda frames: len(frames) > 2)
    assert {frame.what for frame in onebot.frames.all()} == {"refused"}
    running.cancel()
    await asyncio.wait([running])


async def test_a_slow_handshake_is_given_up():
    async def never(reader, writer):
        await reader.read()
        writer.close()

    async with await asyncio.start_server(never, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        pace = Pace(reconnect_s=0, heartbeat_s=0, handshake_s=0.05)
        onebot = OneBot(url=f"ws://127.0.0.1:{port}/", pace=pace)
        running = asyncio.create_task(onebot.run())
        frames = await onebot.frames.until(bool)
        assert "TimeoutError" in frames[0].content
        running.cancel()
        await asyncio.wait([running])


async def test_a_second_socket_takes_the_events_before_the_first_one_closes():
    async with pair() as (bot, onebot):
        assert await onebot.calls.renew()
        await onebot.speak(HELLO)
        await bot.event()
        assert len(bot.sockets) == 2
        old = await bot.answer(await bot.send("get_status", 0))
        assert old["data"]["online"]
        await onebot.calls.close_old()
        await asyncio.wait_for(bot.sockets[0].wait_closed(), PATIENCE_S)
        new = await bot.answer(await bot.send("get_status", 1))
        assert new["status"] == "ok"
        assert onebot.calls.connected


async def test_a_half_dead_link_neither_reads_nor_writes_until_it_thaws():
    async with pair() as (bot, onebot):
        onebot.calls.freeze()
        echo = await bot.send("get_status")
        await onebot.speak(HELLO)
        with pytest.raises(TimeoutError):
            await bot.answer(echo, 0.2)
        assert not bot.of("message")
        onebot.calls.thaw()
        assert (await bot.answer(echo))["status"] == "ok"


async def test_what_is_said_while_nobody_is_connected_is_lost_but_in_the_history():
    async with serving_bot() as bot:
        onebot = OneBot(url=bot.url, pace=QUICK)
        line = await onebot.speak(HELLO)
        assert line.status == "lost: the bot is not connected"
        async with onebot.connected():
            await bot.event("meta_event")
            told = await bot.data("get_friend_msg_history", user_id=10001, count=5)
            assert [message["raw_message"] for message in told["messages"]] == ["hello"]
            assert not bot.of("message")


async def test_events_repeat_byte_for_byte():
    async with pair() as (bot, onebot):
        await onebot.flood("10001", "10001", ["one", "two"])
        assert await onebot.repeat(2) == 2
        await bot.event("message", 4)
        sent = [f.content for f in onebot.frames.all("to_bot") if '"message"' in str(f.content)]
        assert sent[:2] == sent[2:]


async def test_frames_that_are_no_json_and_events_of_unknown_kinds_pass():
    async with pair() as (bot, onebot):
        await onebot.tell_raw("{broken")
        await onebot.tell_raw('{"post_type": "prophecy"}')
        assert (await bot.event("prophecy")) == {"post_type": "prophecy"}
        assert bot.broken == ["{broken"]


async def test_own_messages_are_reported_only_where_asked_for():
    async with pair(reports_self=True) as (bot, _):
        await bot.data("send_private_msg", user_id=10001, message="mine")
        assert (await bot.event("message_sent"))["user_id"] == 10000
    async with pair() as (bot, _):
        await bot.data("send_private_msg", user_id=10001, message="mine")
        await bot.data("get_status")
        assert not bot.of("message_sent")
