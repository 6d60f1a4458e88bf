"""The page's socket, with real sockets on both sides."""

import asyncio
from contextlib import suppress

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from adapters.web.tab import TABS_PER_SESSION
from core.model import Address, Media, Text
from core.ports.adapter import Adapter, Draft, Receipt, Typing, Webhook
from core.ports.sending import Outgoing, Refused, Sent
from tests.web.conftest import Visitor, hear, say, visit
from tests.web.stage import House, Stage

ID = "0123456789abcdef"


async def test_the_first_frame_offers_the_commands_in_both_languages(visitor: Visitor) -> None:
    async with visitor.tab() as tab:
        hello = await hear(tab, "hello")
    assert ["stop", "Stop the running answer"] in hello["menus"]["en"]
    assert ["停止", "停止正在进行的回答"] in hello["menus"]["zh"]
    assert hello["upload_bytes"] > 0


async def test_a_message_is_acknowledged_once_stored_and_then_answered(
    visitor: Visitor, stage: Stage
) -> None:
    async with visitor.tab() as tab:
        await say(tab, id=ID, text="hello", language="zh")
        assert (await hear(tab, "ack"))["id"] == ID
        part = await hear(tab, "part")
    assert part["answers"] == ID
    assert part["part"] == {"type": "text", "text": "You said: hello"}
    (message,) = stage.messages.values()
    assert (message.text, message.language) == ("hello", "zh")
    assert message.address.chat == message.address.sender != ""


async def test_the_same_message_again_is_acknowledged_and_stored_once(
    visitor: Visitor, stage: Stage
) -> None:
    async with visitor.tab() as tab:
        for _ in range(3):
            await say(tab, id=ID, text="hello")
            await hear(tab, "ack")
    assert len(stage.messages) == 1


async def test_two_visitors_are_two_people(house: House, stage: Stage) -> None:
    anna, berta = await visit(house), await visit(house)
    async with anna.tab() as annas, berta.tab() as bertas:
        await say(annas, id=ID, text="of anna")
        await say(bertas, id=ID, text="of berta")
        assert (await hear(annas, "part"))["part"]["text"] == "You said: of anna"
        assert (await hear(bertas, "part"))["part"]["text"] == "You said: of berta"
    assert len({message.address.chat for message in stage.messages.values()}) == 2
    for visitor in (anna, berta):
        await visitor.http.aclose()


async def test_a_broken_store_is_told_and_nothing_is_acknowledged(
    visitor: Visitor, stage: Stage
) -> None:
    stage.store_broken = True
    async with visitor.tab() as tab:
        await say(tab, id=ID, text="hello")
        failed = await hear(tab, "failed")
        assert failed["id"] == ID
        assert failed["retry_after_s"] > 0
        stage.store_broken = False
        await say(tab, id=ID, text="hello")
        assert (await hear(tab, "ack"))["id"] == ID


async def test_a_busy_core_is_told_and_nothing_is_acknowledged(
    visitor: Visitor, stage: Stage
) -> None:
    stage.receipts = [Receipt.BUSY]
    async with visitor.tab() as tab:
        await say(tab, id=ID, text="hello")
        assert (await hear(tab, "busy"))["id"] == ID
    assert not stage.messages


async def test_before_the_core_runs_a_tab_is_told_to_try_again(
    visitor: Visitor, house: House
) -> None:
    house.running.cancel()
    await asyncio.wait((house.running,))
    async with visitor.tab() as tab:
        await say(tab, id=ID, text="hello")
        assert (await hear(tab, "failed"))["id"] == ID


@pytest.mark.parametrize(
    "data",
    [
        "",
        "nonsense",
        "[]",
        '{"type":"send"}',
        '{"type":"send","id":"0123456789abcdef"}',
        b"\xff\x00",
    ],
)
async def test_a_bad_frame_is_answered_and_the_socket_goes_on(
    visitor: Visitor, data: str | bytes
) -> None:
    async with visitor.tab() as tab:
        await tab.send(data)
        invalid = await hear(tab, "invalid")
        assert "expected" in invalid["reason"]
        assert "Traceback" not in invalid["reason"]
        await say(tab, id=ID, text="hello")
        await hear(tab, "ack")


async def test_a_bad_frame_that_has_an_id_is_named_by_it(visitor: Visitor) -> None:
    async with visitor.tab() as tab:
        await say(tab, id=ID, text=5)
        assert (await hear(tab, "invalid"))["id"] == ID


async def test_another_tab_sees_what_was_sent_and_answered(visitor: Visitor) -> None:
    async with visitor.tab() as one, visitor.tab() as other:
        await hear(other, "hello")
        await say(one, id=ID, text="hello")
        said = await hear(other, "said")
        assert said["id"] == ID
        assert said["parts"] == [{"type": "text", "text": "hello"}]
        assert (await hear(other, "part"))["answers"] == ID


async def test_of_many_drafts_the_last_arrives_and_none_after_the_answer(
    visitor: Visitor, stage: Stage, house: House
) -> None:
    async with visitor.tab() as tab:
        await say(tab, id=ID, text="hold on")
        await hear(tab, "draft")
        (message,) = stage.messages.values()
        for length in range(1, 500):
            stage.show(message, "x" * length)
        frames = []
        while not frames or frames[-1]["text"] != "x" * 499:
            frames.append(await hear(tab, "draft"))
        assert len(frames) < 10
        stage.show(message, "too late")
        stage.go_on.set()
        await hear(tab, "part")
        house.adapter.draft(message.address, f"{message.address.chat}/next", "of the next answer")
        assert (await hear(tab, "draft"))["text"] == "of the next answer"


async def test_a_ping_is_answered(visitor: Visitor) -> None:
    async with visitor.tab() as tab:
        await tab.send('{"type":"ping"}')
        await hear(tab, "pong")


async def test_typing_is_shown(visitor: Visitor, stage: Stage, house: House) -> None:
    async with visitor.tab() as tab:
        await say(tab, id=ID, text="hold on")
        (message,) = await stage.wait_for(1)
        await house.adapter.typing(message.address)
        await hear(tab, "typing")


async def test_a_tab_that_reads_nothing_is_cut_off_and_keeps_no_memory(
    visitor: Visitor, stage: Stage, house: House
) -> None:
    async with visitor.tab() as tab:
        await say(tab, id=ID, text="hello")
        await hear(tab, "part")
        (message,) = stage.messages.values()
        (ours,) = house.adapter._tabs.of(message.address.chat)
        for _ in range(700):
            await stage.reply(message, (Text(text="y" * 20_000),))
        assert ours._queued_chars <= 4_100_000
        assert len(ours._frames) <= 501
        async with asyncio.timeout(10):
            await drain(tab)
        assert tab.close_code == 1013


async def drain(tab: ClientConnection) -> None:
    with suppress(ConnectionClosed):
        while True:
            await tab.recv()


async def test_a_stranger_without_a_cookie_is_asked_to_reload(visitor: Visitor) -> None:
    async with visitor.tab(Cookie="parley_session=made.up") as tab:
        with pytest.raises(ConnectionClosed) as closed:
            await tab.recv()
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 4401


@pytest.mark.parametrize("origin", ["http://evil.example", "null", ""])
async def test_another_site_cannot_open_the_socket(visitor: Visitor, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with visitor.tab(Origin=origin):
            pass
    assert refused.value.response.status_code == 403


async def test_one_person_cannot_open_tabs_without_end(visitor: Visitor) -> None:
    async with asyncio.timeout(10):
        tabs = [await visitor.tab() for _ in range(TABS_PER_SESSION)]
        for tab in tabs:
            await hear(tab, "hello")
        async with visitor.tab() as one_more:
            with pytest.raises(ConnectionClosed) as closed:
                await one_more.recv()
        await asyncio.gather(*(tab.close() for tab in tabs))
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 4429


async def test_with_no_tab_open_the_answer_waits_in_the_history(
    visitor: Visitor, stage: Stage, house: House
) -> None:
    async with visitor.tab() as tab:
        await say(tab, id=ID, text="hold on")
        await hear(tab, "ack")
    pending = (await visitor.http.get("/history")).json()["exchanges"]
    assert [(one["id"], one["pending"], one["answer"]) for one in pending] == [(ID, True, [])]
    stage.go_on.set()
    await asyncio.gather(*stage.working.values())
    (done,) = (await visitor.http.get("/history")).json()["exchanges"]
    assert not done["pending"]
    assert done["answer"][0]["text"] == "You said: hold on"


async def test_a_file_that_is_not_in_the_store_is_refused(house: House) -> None:
    to = Address(platform="web", bot="parley", chat="x", sender="x")
    outgoing = {"key": "k", "to": to, "answers": "", "index": 0, "total": 1}
    adapter = house.adapter
    assert isinstance(await adapter.send(Outgoing(part=Media(kind="image"), **outgoing)), Refused)
    assert isinstance(await adapter.send(Outgoing(part=Text(text="hi"), **outgoing)), Sent)


async def test_the_adapter_keeps_its_contract(house: House) -> None:
    adapter: Adapter = house.adapter
    assert isinstance(adapter, Webhook)
    assert isinstance(adapter, Typing)
    assert isinstance(adapter, Draft)
    assert not adapter.public
    to = Address(platform="web", bot="parley", chat="x", sender="x")
    assert adapter.capabilities(to).repeatable
