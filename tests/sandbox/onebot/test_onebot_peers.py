"""What NoneBot and aiocqhttp make of the simulated account."""

import asyncio
import json
from pathlib import Path

import pytest

from bots.sandbox.onebot.flavour import FLAVOURS
from bots.sandbox.onebot.piece import Card, Face, Other, Text
from bots.sandbox.town.town import Utterance
from tests.sandbox.onebot.peer import answered, ask, call, connected, next_line

CLIPS = Path(__file__).parents[2] / "clips"
PNG = (CLIPS / "picture.png").read_bytes()


async def test_a_private_message_and_its_answer(onebot):
    told = await ask(onebot, "hello [CQ:at,qq=1] & 你好")
    assert told["event"] == "message.private.friend"
    assert told["text"] == "hello [CQ:at,qq=1] & 你好"
    assert told["nickname"] == "Ann"


async def test_a_group_message_with_a_mention_in_the_words_of_each(onebot):
    told = await ask(onebot, "who are you?", "700001", mention=True)
    assert told["event"] == "message.group.normal"
    assert told["text"] == "who are you?"


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("message_format", ["array", "string"])
async def test_nonebot_reads_every_flavour(nonebot, flavour, message_format):
    async with connected(
        nonebot, flavour=FLAVOURS[flavour], message_format=message_format
    ) as onebot:
        first = await answered(onebot, Utterance(place="700001", person="10003", text="一"))
        told = await ask(onebot, "二", "700001", reply_to=first.number)
        assert told["to_me"]
        assert told["text"] == "二"
        assert '"text": "一"' in told["reply"]
        mentioned = await ask(onebot, "三", "700001", mention=True)
        assert mentioned["to_me"]
        assert mentioned["role"] == "member"


async def test_nonebot_is_not_called_by_a_group_message_without_mention(nonebot):
    async with connected(nonebot) as onebot:
        assert not (await ask(onebot, "hello all", "700001"))["to_me"]


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_pictures_faces_and_cards_are_segments(nonebot, flavour):
    async with connected(
        nonebot, flavour=FLAVOURS[flavour], message_format="array", media_url="http://127.0.0.1:1"
    ) as onebot:
        said = Utterance(place="10001", person="10001", text="see", kind="image", content=PNG)
        line = await onebot.speak(said)
        [[_, text], [kind, image]] = told_segments(await next_line(onebot, "10001", line.number))
        assert (text, kind) == ({"text": "see"}, "image")
        assert image["url"].startswith("http://127.0.0.1:1/download?appid=1407&fileid=")

        place, ann = onebot.town.places["10001"], onebot.town.people["10001"]
        pieces = (Text("a"), Face("178"), Card('{"app": "x"}'), Other("hologram", {"x": 1}))
        line = await onebot.post(place, ann, pieces)
        segments = told_segments(await next_line(onebot, "10001", line.number))
        assert [kind for kind, _ in segments] == ["text", "face", "json", "hologram"]


def told_segments(line):
    return json.loads(line.text)["segments"]


async def test_events_are_of_the_kinds_that_nonebot_knows(nonebot):
    async with connected(nonebot) as onebot:
        line = await onebot.speak(Utterance(place="700001", person="10002", text="oh"))
        await next_line(onebot, "700001")
        kinds = []
        for happen in (
            onebot.poke("700001", "10002"),
            onebot.recall(line.number),
            onebot.join("700001", "10004"),
            onebot.mute("700001", 60),
        ):
            before = max(line.number for line in onebot.town.lines())
            await happen
            kinds.append((await next_line(onebot, "10001", before)).text)
        assert kinds == [
            '["notice.notify.poke", "PokeNotifyEvent", true]',
            '["notice.group_recall", "GroupRecallNoticeEvent", false]',
            '["notice.group_increase.approve", "GroupIncreaseNoticeEvent", false]',
            '["notice.group_ban.ban", "GroupBanNoticeEvent", true]',
        ]


async def test_a_friend_request_is_accepted_by_its_flag(nonebot):
    async with connected(nonebot) as onebot:
        await onebot.membership.ask_friend("10004", "let me in")
        assert "10004" in onebot.standing.strangers
        accepted = await next_line(onebot, "10004")
        assert accepted.text == "friend request accepted"
        assert "10004" not in onebot.standing.strangers
        added = await next_line(onebot, "10001")
        assert added.text == '["notice.friend_add", "FriendAddNoticeEvent", false]'


async def test_calls_are_answered_as_their_clients_expect(onebot):
    me = await call(onebot, "get_login_info")
    assert me["data"] == {"user_id": int(onebot.self_id), "nickname": "Parley"}
    groups = await call(onebot, "get_group_list")
    assert [group["group_id"] for group in groups["data"]] == [700001, 700002]
    member = await call(onebot, "get_group_member_info", group_id=700001, user_id=10002)
    assert member["data"]["nickname"] == "Ben"
    unknown = await call(onebot, "get_the_moon")
    assert unknown["failed"]["retcode"] == 1404
    assert unknown["failed"]["status"] == "failed"
    version = await call(onebot, "get_version_info")
    assert version["data"]["app_name"] == "NapCat.Onebot"


async def test_two_accounts_at_once_do_not_mix(bot):
    async with connected(bot) as one, connected(bot) as other:
        told = await asyncio.gather(ask(one, "to one"), ask(other, "to the other"))
        assert [each["text"] for each in told] == ["to one", "to the other"]
        assert len(one.town.lines("10001")) == len(other.town.lines("10001")) == 2


async def test_a_wrong_token_is_refused_and_the_right_one_taken(bot):
    wrong = bot.account(token="wrong")
    running = asyncio.create_task(wrong.run())
    try:
        frames = await wrong.frames.until(lambda frames: len(frames) > 1)
        assert {frame.what for frame in frames} == {"refused"}
    finally:
        running.cancel()
        await asyncio.wait([running])


async def test_aiocqhttp_takes_split_sockets_and_answers_quickly(aiocqhttp):
    async with connected(aiocqhttp, split=True) as onebot:
        opened = {frame.role for frame in onebot.frames.all("opened")}
        assert opened == {"API", "Event"}
        assert (await ask(onebot, "split"))["text"] == "split"
        said = Utterance(place="700001", person="10002", text="quick")
        assert (await answered(onebot, said)).text == "a quick answer"


async def test_aiocqhttp_loses_a_renewed_account_when_the_old_socket_closes(aiocqhttp):
    """Its known defect, brought about by what real links do."""
    async with connected(aiocqhttp) as onebot:
        assert await onebot.calls.renew()
        assert (await ask(onebot, "by the new one"))["text"] == "by the new one"
        await onebot.calls.close_old()
        heard = len(onebot.frames.all("from_bot"))
        await onebot.speak(Utterance(place="10001", person="10001", text="still there?"))
        with pytest.raises(TimeoutError):
            await onebot.frames.until(
                lambda frames: sum(f.what == "from_bot" for f in frames) > heard, 0.3
            )


async def test_nonebot_refuses_a_second_socket_of_the_same_account(nonebot):
    async with connected(nonebot) as onebot:
        assert not await onebot.calls.renew()
        assert (await ask(onebot, "by the first"))["text"] == "by the first"


async def test_after_a_broken_link_it_is_dialled_again(onebot):
    onebot.calls.abort()
    await onebot.frames.until(lambda frames: sum(frame.what == "opened" for frame in frames) > 1)
    await onebot.until_connected()
    assert (await ask(onebot, "again"))["text"] == "again"
