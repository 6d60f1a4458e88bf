import asyncio
import logging
import time as clock

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from adapters.onebot11.adapter import OneBotAdapter
from adapters.onebot11.connection import LARGE_BYTES
from adapters.onebot11.settings import Settings
from core.bot import Bot
from core.errors import ConfigError
from core.ports.sending import Sent
from core.secret import Secret
from tests.contract.harness import Core
from tests.onebot11.stage import (
    TEXTS,
    TOKEN,
    Memory,
    answer,
    answer_on,
    call_on,
    dumped,
    event,
    playing,
    segment,
    tell,
    texts,
)


@pytest.fixture
async def stage():
    async with playing() as playing_now:
        yield playing_now


async def refused(stage, **how):
    with pytest.raises(InvalidStatus) as refusal:
        async with stage.socket(**how):
            raise AssertionError("it was let in")
    return refusal.value.response.status_code


# -- who is let in ---------------------------------------------------------------------

MUTATIONS = {
    "cut": TOKEN[:-1],
    "longer": TOKEN + "x",
    "case": TOKEN.upper(),
    "first letter": "x" + TOKEN[1:],
    "reversed": TOKEN[::-1],
    "unprintable": TOKEN + "\x80",
}


@pytest.mark.parametrize("token", MUTATIONS.values(), ids=MUTATIONS)
async def test_a_wrong_token_is_refused_before_the_handshake(stage, token):
    assert await refused(stage, token=token) == 403


@pytest.mark.parametrize("token", [None, ""])
async def test_no_token_is_refused_before_the_handshake(stage, token):
    assert await refused(stage, token=token) == 401


@pytest.mark.parametrize(
    "how", [{"Authorization": f"Token {TOKEN}"}, {"authorization": f"bearer {TOKEN}"}]
)
async def test_the_token_is_read_from_the_header_in_each_form(stage, how):
    async with stage.socket(token=None, **how) as socket:
        await tell(socket, event())
        await stage.heard(1)


async def test_the_token_may_stand_in_the_query(stage):
    query = "?access_token=" + TOKEN.replace(" ", "%20")
    async with stage.socket(token=None, below=query) as socket:
        await tell(socket, event())
        await stage.heard(1)
    assert await refused(stage, token=None, below="?access_token=x") == 403


@pytest.mark.parametrize("self_id", [None, "", "ten thousand", "-1", "1" * 30])
async def test_an_account_must_name_itself_by_its_number(stage, self_id):
    assert await refused(stage, self_id=self_id) == 400


async def test_only_the_accounts_that_are_named_are_let_in():
    async with playing(accounts=("10000",)) as stage:
        assert await refused(stage, self_id="10009") == 403
        async with stage.socket("10000"):
            pass


def test_without_a_token_it_does_not_start():
    with pytest.raises(ConfigError, match=r"bots\.qq\.token.*file:secrets/qq"):
        make(Settings())


def test_a_length_that_qq_refuses_does_not_start():
    with pytest.raises(ConfigError, match=r"piece_chars.*100 to 4500.*got 9000"):
        make(Settings(token=Secret("x"), piece_chars=9000))


def make(settings):
    core = Core()
    return OneBotAdapter(
        bot=Bot(name="qq", platform="onebot11"), settings=settings, media=core, clock=core,
        shelf=core.shelf, new_id=core.new_id, texts=TEXTS, memo=Memory(),
    )  # fmt: skip


async def test_no_token_is_ever_logged(stage, caplog):
    caplog.set_level(logging.DEBUG)
    await refused(stage, token="almost " + TOKEN)
    async with stage.socket() as socket:
        await tell(socket, event(), "{broken " + TOKEN)
        await stage.heard(1)
    logged = " ".join(
        f"{record.getMessage()} {record.args}"
        for record in caplog.records
        if record.name.startswith(("adapters", "core", "bots"))
    )
    assert "refused" in logged
    assert TOKEN not in logged


async def test_whoever_is_refused_again_and_again_is_told_once(stage, caplog):
    for _ in range(3):
        await refused(stage, token="wrong")
    assert caplog.text.count("another token") == 1
    async with stage.socket():
        await refused(stage, token="wrong")
    assert caplog.text.count("another token") == 2


# -- which role -----------------------------------------------------------------------

ROLES = {
    "universal": "Universal",
    "none, so universal": None,
    "unheard of, so universal": "Oracle",
    "small letters": "universal",
}


@pytest.mark.parametrize("role", ROLES.values(), ids=ROLES)
@pytest.mark.parametrize("below", ["", "/ws"])
async def test_one_socket_for_both_ways(stage, role, below):
    async with stage.socket(role=role, below=below) as socket:
        await converse(stage, socket, socket)


SPLITS = {
    "by path": ("/event", "/api", None, None),
    "by aiocqhttp's paths": ("/ws/event", "/ws/api", None, None),
    "by header": ("", "", "Event", "API"),
}


@pytest.mark.parametrize("split", SPLITS.values(), ids=SPLITS)
async def test_two_sockets_one_for_each_way(stage, split):
    told_at, asked_at, told_as, asked_as = split
    async with (
        stage.socket(below=told_at, role=told_as) as events,
        stage.socket(below=asked_at, role=asked_as) as calls,
    ):
        await converse(stage, events, calls)


async def converse(stage, events, calls):
    """A message in, an answer out."""
    await tell(events, event())
    message = (await stage.heard(1))[0]
    sending = asyncio.create_task(stage.send(answer(message, "hi")))
    call = await call_on(calls)
    await answer_on(calls, call, {"message_id": 7})
    assert await sending == Sent("7")


# -- reconnecting ---------------------------------------------------------------------


async def test_the_newest_connection_wins_and_a_late_close_of_the_old_harms_nothing(stage):
    async with stage.socket() as old:
        await tell(old, event())
        message = (await stage.heard(1))[0]
        async with stage.socket() as new:
            with pytest.raises(ConnectionClosed):
                await old.recv()
            await old.close()
            sending = asyncio.create_task(stage.send(answer(message, "still there")))
            call = await call_on(new)
            await answer_on(new, call, {"message_id": 7})
            assert await sending == Sent("7")


async def test_what_was_on_its_way_over_the_old_connection_is_heard(stage):
    async with stage.socket() as old, stage.socket():
        await tell(old, event())
        assert len(await stage.heard(1)) == 1


async def test_calls_in_flight_fail_at_once_when_their_connection_goes(stage):
    account = stage.adapter._accounts.of("10000")
    async with stage.socket() as socket:
        await stage.until(lambda: account.is_whole)
        calls = [asyncio.create_task(account.call("get_status", {}, 60.0)) for _ in range(5)]
        for _ in calls:
            await call_on(socket, "get_status")
        began = clock.monotonic()
        socket.transport.abort()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert clock.monotonic() - began < 2
    assert {type(outcome).__name__ for outcome in outcomes} == {"CallLost"}


async def test_several_accounts_share_the_endpoint_and_each_answers_what_it_heard(stage):
    async with stage.socket("10000") as first, stage.socket("20000") as second:
        for socket, self_id in ((first, 10000), (second, 20000)):
            await tell(socket, event(self_id=self_id))
        for message in await stage.heard(2):
            heard_by = first if message.address.chat.startswith("10000/") else second
            sending = asyncio.create_task(stage.send(answer(message, "hi")))
            call = await call_on(heard_by)
            await answer_on(heard_by, call, {"message_id": 1})
            assert isinstance(await sending, Sent)


# -- what comes over it ---------------------------------------------------------------


async def test_an_answer_that_comes_twice_or_that_nobody_asked_for_is_ignored(stage):
    account = stage.adapter._accounts.of("10000")
    async with stage.socket() as socket:
        await tell(socket, {"status": "ok", "data": 1, "echo": "none"}, {"echo": {"seq": 1}})
        await stage.until(lambda: account.is_whole)
        for value in (1, 2):
            calling = asyncio.create_task(account.call("get_status", {}))
            call = await call_on(socket, "get_status")
            await answer_on(socket, call, value)
            await answer_on(socket, call, "again")
            assert await calling == value


DEEP = "[" * 100_000
ODD = {
    "deep": DEEP,
    "deep inside an event": '{"post_type": "message", "message": ' + DEEP + "]" * 100_000 + "}",
    "broken": '{"post_type": "message", "mess',
    "no object": "[1, 2]",
    "empty": "",
    "not text": b"\xff\xfe\x00",
    "a lone surrogate": '{"post_type": "\\ud800"}',
    "unknown": '{"post_type": "prophecy", "self_id": 10000}',
    "without anything": "{}",
}


@pytest.mark.parametrize("frame", ODD.values(), ids=ODD)
async def test_an_odd_frame_closes_nothing(stage, frame):
    async with stage.socket() as socket:
        await tell(socket, frame, event())
        assert texts(await stage.heard(1)) == ["hello"]


async def test_a_large_frame_as_deep_as_can_be_read_closes_nothing(stage):
    named = dumped(event(message=[segment("share", title="@")]))
    async with stage.socket() as socket:
        for depth in range(900, 1000, 3):
            deep = named.replace('"@"', "[" * depth + "]" * depth)
            await tell(socket, deep + " " * LARGE_BYTES)
        await tell(socket, event(message_id=2))
        await stage.until(lambda: "hello" in texts(stage.messages))


async def test_a_frame_of_forty_megabytes_is_taken_and_holds_up_nobody(stage):
    large = event(message=[segment("text", text="x"), segment("image", url="y" * 40_000_000)])
    async with stage.socket("10000") as first, stage.socket("20000") as second:
        sending = asyncio.create_task(first.send(dumped(large)))
        await tell(second, event(self_id=20000))
        await stage.heard(1)
        await sending
        assert sorted(texts(await stage.heard(2))) == ["hello", "x"]


async def test_a_handshake_is_answered_while_the_bot_still_starts():
    """NapCat and LLBot give up after two seconds."""
    memory = Memory()
    gate = asyncio.Event()

    async def slow(name):
        await gate.wait()
        return ""

    memory.recall = slow
    async with playing(memory=memory) as stage:
        began = clock.monotonic()
        async with stage.socket() as socket:
            assert clock.monotonic() - began < 1
            await tell(socket, event())
            assert stage.messages == []
            gate.set()
            assert texts(await stage.heard(1)) == ["hello"]
