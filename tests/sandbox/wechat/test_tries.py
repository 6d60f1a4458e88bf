"""When WeChat asks again, when it stops, and what the person sees then."""

import asyncio
import random
from itertools import count

import pytest
from starlette.responses import Response

from bots.sandbox.town.town import BOT
from bots.sandbox.wechat import acts
from bots.sandbox.wechat.faults import (
    AtOnce,
    DelayAnswer,
    DropConnection,
    Faults,
    LoseAnswer,
    Shuffle,
)
from bots.sandbox.wechat.wechat import NOTICE
from tests.sandbox.wechat.bot import AES_KEY, OTHER_KEY, Bot, crypto, echo, meeting, nothing
from tests.sandbox.wechat.people import ANN, BEN, says

SHORT_S = 0.1


def after(silent: int, answer=echo):
    """A bot that lets that many tries time out."""
    tries = count()

    async def late(message):
        if next(tries) < silent:
            await asyncio.Event().wait()
        return await answer(message)

    return late


def always(answer):
    async def answering(_):
        return answer

    return answering


async def exchange(answer, text="hello", faults=(), **settings):
    """The push, and what the person saw of the answer: kinds and texts."""
    bot = Bot(answer)
    async with meeting(bot, **{"try_s": SHORT_S, **settings}) as wechat:
        for fault in faults:
            wechat.faults.add(fault)
        line = await wechat.speak(says(text))
        push = await wechat.outcome(line)
        seen = [(shown.kind, shown.text) for shown in wechat.town.lines(ANN)[1:]]
    return push, seen, bot


async def test_an_answer_to_the_third_try_is_shown_and_the_bot_was_asked_the_same_each_time():
    push, seen, bot = await exchange(after(2))
    assert [done.outcome for done in push.tries] == ["timeout", "timeout", "reply"]
    assert seen == [("text", "re: hello")]
    assert (len(set(bot.bodies)), len(set(bot.queries))) == (1, 3)
    assert all(done.took_s >= SHORT_S for done in push.tries[:2])


async def test_after_three_silent_tries_the_person_is_told_that_the_service_failed():
    push, seen, bot = await exchange(after(9))
    assert len(bot.bodies) == len(push.tries) == 3
    assert seen == [("notice", NOTICE)]


@pytest.mark.parametrize("body", [b"success", b"", b"success\n"])
async def test_success_or_nothing_at_all_ends_it_quietly(body):
    push, seen, bot = await exchange(always(body))
    assert push.tries[0].outcome == ("empty" if not body else "success")
    assert (len(bot.bodies), seen) == (1, [])


async def test_a_connection_closed_without_an_answer_is_asked_again_at_once():
    closing = count()

    async def close(reader, writer):
        await reader.readuntil(b"</xml>")
        if next(closing) == 2:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsuccess")
        writer.close()

    server = await asyncio.start_server(close, "127.0.0.1", 0)
    async with server, meeting(Bot(nothing), try_s=5.0) as wechat:
        port = server.sockets[0].getsockname()[1]
        wechat.postman.url = f"http://127.0.0.1:{port}/"
        began = asyncio.get_running_loop().time()
        push = await wechat.outcome(await wechat.speak(says("hello")))
    assert [done.outcome for done in push.tries] == ["closed", "closed", "success"]
    assert asyncio.get_running_loop().time() - began < 1


REPLY = (
    "<xml><ToUserName><![CDATA[{to}]]></ToUserName><FromUserName>{account}</FromUserName>"
    "<CreateTime>{at}</CreateTime><MsgType>{kind}</MsgType>{content}</xml>"
)


def reply(message, **changed: str) -> bytes:
    told = {
        "to": message.source,
        "account": message.target,
        "at": "1",
        "kind": "text",
        "content": "<Content>hello</Content>",
    }
    return REPLY.format(**{**told, **changed}).encode()


WRONG = {
    "json": lambda _: b'{"text": "hello"}',
    "cut short": lambda message: reply(message)[:-3],
    "not swapped": lambda message: reply(message, to=message.target, account=message.source),
    "somebody else's": lambda message: reply(message, to=BEN),
    "no time": lambda message: reply(message, at="now"),
    "unknown kind": lambda message: reply(message, kind="gif"),
    "no content": lambda message: reply(message, content=""),
    "empty content": lambda message: reply(message, content="<Content> </Content>"),
    "too long": lambda message: reply(message, content=f"<Content>{'三' * 683}</Content>"),
    "control character": lambda message: reply(message, content="<Content>a\x08b</Content>"),
    "unknown media": lambda message: reply(
        message, kind="image", content="<Image><MediaId>none</MediaId></Image>"
    ),
    "broken CDATA": lambda message: reply(
        message, content="<Content><![CDATA[a]]>b</Content>]]></Content>"
    ),
    "an entity": lambda message: b'<!DOCTYPE x [<!ENTITY a "b">]>' + reply(message),
    "another element": lambda message: reply(message).replace(b"xml>", b"html>"),
    "encrypted": lambda message: crypto().encrypt_message(reply(message), "1", "2").encode(),
    "huge": lambda message: reply(message, content=f"<Content>{'x' * 70_000}</Content>"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
async def test_an_answer_that_wechat_cannot_read_is_none(wrong):
    async def answer(message):
        return wrong(message)

    push, seen, _ = await exchange(answer)
    assert [done.outcome for done in push.tries] == ["unreadable"] * 3
    assert push.tries[0].detail
    assert seen == [("notice", NOTICE)]


async def test_a_right_answer_written_by_hand_is_read():
    async def answer(message):
        return reply(message, content=f"<Content>{'x' * 2048}</Content>")

    push, seen, _ = await exchange(answer)
    assert push.tries[0].outcome == "reply", push.tries
    assert seen == [("text", "x" * 2048)]


async def test_an_error_status_is_asked_again():
    push, seen, _ = await exchange(always(Response("no", 503)))
    assert [(done.outcome, done.detail) for done in push.tries] == [("status", "503")] * 3
    assert seen == [("notice", NOTICE)]


@pytest.mark.parametrize("forged", ["plain", "signature", "key"])
async def test_in_safe_mode_an_answer_that_is_not_sealed_rightly_is_none(forged):
    async def answer(message):
        key = OTHER_KEY if forged == "key" else AES_KEY
        sealed = crypto(key).encrypt_message(reply(message).decode(), "1", "2").encode()
        match forged:
            case "plain":
                return reply(message)
            case "signature":
                return sealed.replace(b"<Nonce><![CDATA[1", b"<Nonce><![CDATA[7")
            case _:
                return sealed

    bot = Bot(answer, crypto())
    async with meeting(bot, mode="safe", aes_key=AES_KEY) as wechat:
        push = await wechat.outcome(await wechat.speak(says("hello")))
    assert {done.outcome for done in push.tries} == {"unreadable"}


async def test_a_second_question_goes_out_while_the_first_is_still_being_asked():
    async def answer(message):
        if message.content == "first":
            await asyncio.Event().wait()
        return f"re: {message.content}"

    async with meeting(Bot(answer), try_s=SHORT_S) as wechat:
        first = await wechat.speak(says("first"))
        await wechat.outcome(await wechat.speak(says("second")))
        assert [line.text for line in wechat.town.lines(ANN, BOT)] == ["re: second"]
        await wechat.outcome(first)


# -- faults ------------------------------------------------------------------


async def test_a_lost_answer_is_asked_for_again():
    push, seen, _ = await exchange(echo, faults=[LoseAnswer(count=2)])
    assert [done.outcome for done in push.tries] == ["lost", "lost", "reply"]
    assert seen == [("text", "re: hello")]


async def test_an_answer_that_is_long_on_its_way_is_late():
    push, seen, _ = await exchange(echo, faults=[DelayAnswer(delay_s=9)])
    assert [done.outcome for done in push.tries] == ["timeout", "reply"]
    assert push.tries[0].took_s < SHORT_S
    assert seen == [("text", "re: hello")]


async def test_a_dropped_connection_is_asked_again():
    push, _, _ = await exchange(after(1), faults=[DropConnection(after_s=0.01)])
    assert [done.outcome for done in push.tries] == ["closed", "reply"]
    assert push.tries[0].took_s < SHORT_S


async def test_a_push_sent_several_times_at_once_is_shown_once():
    push, seen, bot = await exchange(echo, faults=[AtOnce(copies=3)])
    assert len(bot.bodies) == len(push.tries) == 3
    assert seen == [("text", "re: hello")]
    assert len(set(bot.bodies)) == 1


async def test_shuffled_pushes_all_arrive():
    bot = Bot(nothing)
    texts = {str(number) for number in range(8)}
    async with meeting(bot) as wechat:
        wechat.faults.add(Shuffle(count=8))
        for text in texts:
            await wechat.speak(says(text))
        await wechat.settled()
    assert {message.content for message in bot.messages} == texts


async def test_shuffled_pushes_leave_in_the_order_of_the_seed():
    faults, left = Faults(), []
    faults.add(Shuffle(count=5, seed=7))

    async def leave(number):
        await faults.turn()
        left.append(number)

    await asyncio.gather(*map(leave, range(5)))
    order = list(range(5))
    random.Random(7).shuffle(order)
    assert left == order != sorted(order)


async def test_pushes_that_wait_to_be_shuffled_are_let_go_with_the_faults():
    async with meeting(Bot(nothing)) as wechat:
        wechat.faults.add(Shuffle(count=9))
        line = await wechat.speak(says("alone"))
        await asyncio.sleep(0)
        wechat.faults.clear()
        assert (await wechat.outcome(line)).ended


async def test_a_push_of_long_ago_can_come_again_and_shows_nothing_twice():
    bot = Bot(echo)
    async with meeting(bot) as wechat:
        push = await wechat.outcome(await wechat.speak(says("hello")))
        tries = await wechat.redeliver(push, times=2)
        assert [done.outcome for done in tries] == ["reply", "reply"]
        assert len(set(bot.bodies)) == 1
        assert len(wechat.town.lines(ANN, BOT)) == 1


async def test_a_push_that_failed_is_answered_when_it_comes_again():
    async with meeting(Bot(after(3)), try_s=SHORT_S) as wechat:
        push = await wechat.outcome(await wechat.speak(says("hello")))
        await wechat.redeliver(push)
        assert [line.text for line in wechat.town.lines(ANN, BOT)] == ["re: hello"]


async def test_an_event_that_nobody_waits_for_fails_without_a_notice():
    async with meeting(Bot(after(9)), try_s=SHORT_S) as wechat:
        push = await wechat.outcome(await wechat.act(acts.View(person=ANN, url="https://a.b")))
        assert len(push.tries) == 3
        assert len(wechat.town.lines()) == 1
