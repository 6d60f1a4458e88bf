"""What the bot may ask of the simulated account, and how it is answered."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bots.sandbox.onebot.faults import Delay, Drop, Failure, Silence, Stall, Timeout, Twice
from bots.sandbox.onebot.flavour import FLAVOURS, GO_CQHTTP, LAGRANGE, LLBOT
from bots.sandbox.town.town import BOT, Unspoken, Utterance
from tests.sandbox.onebot.raw_bot import pair, text

PNG = (Path(__file__).parents[2] / "clips" / "picture.png").read_bytes()
PICTURE = "base64://" + base64.b64encode(PNG).decode()


def said(onebot):
    return [line for line in onebot.town.lines() if line.sender == BOT]


def node(content, **data):
    return {
        "type": "node",
        "data": {"user_id": "10000", "nickname": "P", "content": content} | data,
    }


# -- sending ---------------------------------------------------------------------------


async def test_a_message_is_shown_with_its_quote_and_mention():
    async with pair() as (bot, onebot):
        line = await onebot.speak(Utterance(place="700001", person="10002", text="hi"))
        event = await bot.event()
        message = [
            {"type": "reply", "data": {"id": str(event["message_id"])}},
            {"type": "at", "data": {"qq": "10002"}},
            *text("hello [CQ:face,id=1]"),
        ]
        sent = await bot.data("send_group_msg", group_id=700001, message=message)
        [shown] = said(onebot)
        assert shown.text == "@Ben hello [CQ:face,id=1]"
        assert shown.reply_to == line.number
        assert shown.raw["message"] == message
        got = await bot.data("get_msg", message_id=sent["message_id"])
        assert got["sender"]["user_id"] == 10000
        assert [segment["type"] for segment in got["message"]] == ["reply", "at", "text"]


async def test_the_town_keeps_payloads_without_the_bulk_of_their_files():
    async with pair() as (bot, onebot):
        large = "base64://" + base64.b64encode(PNG + bytes(300_000)).decode()
        message = [*text("look"), {"type": "image", "data": {"file": large}}]
        await bot.data("send_private_msg", user_id=10001, message=message)
        [line] = said(onebot)
        assert len(str(line.raw)) < 1000
        assert line.raw["message"][0] == message[0]
        assert len(onebot.town.file(line.file) or b"") > 300_000


async def test_a_quote_and_a_mention_come_before_the_words_as_qqs_app_has_them():
    async with pair() as (bot, onebot):
        line = await onebot.speak(Utterance(place="700001", person="10002", text="one"))
        said = Utterance(
            place="700001", person="10001", text="two", mention=True, reply_to=line.number
        )
        await onebot.speak(said)
        quoted = str((await bot.event())["message_id"])
        assert (await bot.event("message", 2))["message"] == [
            {"type": "reply", "data": {"id": quoted}},
            {"type": "at", "data": {"qq": "10002"}},
            *text(" "),
            {"type": "at", "data": {"qq": "10000"}},
            *text(" two"),
        ]


async def test_a_string_is_parsed_for_cq_codes_unless_escaped():
    async with pair() as (bot, onebot):
        await bot.data("send_private_msg", user_id=10001, message="[CQ:face,id=1]a&#91;b")
        await bot.data(
            "send_private_msg", user_id="10001", message="[CQ:face,id=1]", auto_escape=True
        )
        assert [line.text for line in said(onebot)] == ["[1]a[b", "[CQ:face,id=1]"]


async def test_model_text_as_a_string_would_send_a_file():
    async with pair() as (bot, _):
        answer = await bot.call(
            "send_private_msg", user_id=10001, message="[CQ:image,file=file:///etc/passwd]"
        )
        assert answer["status"] == "failed"
        assert "opens no files" in answer["message"]


async def test_send_msg_goes_where_its_type_or_ids_say():
    async with pair() as (bot, onebot):
        await bot.data("send_msg", message_type="group", group_id=700002, user_id=1, message="a")
        await bot.data("send_msg", user_id=10003, message="b")
        assert [line.place for line in said(onebot)] == ["700002", "10003"]


async def test_a_forward_is_one_line_with_its_nodes():
    async with pair() as (bot, onebot):
        nodes = [
            node(text("one")),
            node("two"),
            node([{"type": "image", "data": {"file": PICTURE}}]),
        ]
        sent = await bot.data("send_group_forward_msg", group_id=700001, messages=nodes)
        words, picture = said(onebot)
        assert words.text == "one\ntwo\n[image]"
        assert words.raw["messages"] == nodes
        assert onebot.town.file(picture.file) == PNG
        told = await bot.data("get_forward_msg", id=sent["forward_id"])
        assert [m["message"][0]["type"] for m in told["messages"]] == ["text", "text", "image"]


async def test_nodes_and_other_segments_do_not_mix():
    async with pair() as (bot, onebot):
        mixed = [node("x"), *text("y")]
        answer = await bot.call("send_group_msg", group_id=700001, message=mixed)
        assert (answer["status"], answer["retcode"]) == ("failed", 1400)
        assert "只有type为node" in answer["message"]
        assert not said(onebot)


async def test_forwards_within_forwards_end_somewhere():
    async with pair() as (bot, onebot):
        deep = [node([node([node(text("three deep"))])])]
        await bot.data("send_group_forward_msg", group_id=700001, messages=deep)
        assert said(onebot)[-1].text == "three deep"
        deeper = [node(deep)]
        answer = await bot.call("send_group_forward_msg", group_id=700001, messages=deeper)
        assert answer["message"] == "转发消息深度超过3层"


async def test_a_node_quotes_a_message_by_its_id():
    async with pair() as (bot, onebot):
        await onebot.speak(Utterance(place="10001", person="10001", text="quote me"))
        quoted = str((await bot.event())["message_id"])
        nodes = [{"type": "node", "data": {"id": quoted}}]
        await bot.data("send_private_forward_msg", user_id=10001, messages=nodes)
        assert said(onebot)[-1].text == "quote me"


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ([{"type": "image", "data": {"file": "base64://!!"}}], "文件处理失败"),
        ([{"type": "image", "data": {"file": "base64://aGVsbG8="}}], "expected a picture"),
        ([{"type": "image", "data": {"file": "file:///etc/passwd"}}], "opens no files"),
        ([{"type": "record", "data": {"file": "base64://aGVsbG8="}}], "语音转换失败"),
        ([{"type": "hologram", "data": {}}], "未知的消息类型"),
        ([{"type": "json", "data": {"data": "{"}}], "expected JSON"),
        ([], "消息体无法解析"),
        ([{"type": "reply", "data": {"id": "5"}}], "消息体无法解析"),
        (7, "Expected union value"),
        ([{"type": "text"}], "Expected union value"),
        ([{"type": "text", "data": {"text": 5}}], "Expected string"),
    ],
)
async def test_a_message_that_cannot_be_read_is_refused(message, told):
    async with pair() as (bot, onebot):
        answer = await bot.call("send_private_msg", user_id=10001, message=message)
        assert answer["status"] == "failed"
        assert told in answer["message"]
        assert not said(onebot)


async def test_the_number_of_parts_limits_and_silence_of_qq():
    clock = [datetime(2026, 11, 1, tzinfo=UTC)]
    async with pair(now=lambda: clock[0]) as (bot, onebot):

        async def send(words="x", **to):
            to = to or {"group_id": 700001}
            return await bot.call("send_msg", message=text(words), **to)

        onebot.standing.text_chars = 3
        assert (await send("four"))["retcode"] == 1200
        onebot.standing.muted.add("700001")
        assert '"result": 120' in (await send())["message"]
        onebot.standing.muted.clear()
        onebot.standing.outside.add("700001")
        assert (await send())["status"] == "failed"
        onebot.standing.outside.clear()
        assert (await send(user_id=99))["status"] == "failed"
        onebot.standing.sends_per_minute = 1
        assert (await send())["status"] == "ok"
        assert (await send())["message"].startswith("Timeout")
        clock[0] += timedelta(seconds=61)
        assert (await send())["status"] == "ok"
        assert len(said(onebot)) == 2


async def test_recalled_and_liked_and_read():
    async with pair() as (bot, onebot):
        sent = await bot.data("send_private_msg", user_id=10001, message=text("oops"))
        await bot.data("delete_msg", message_id=sent["message_id"])
        assert said(onebot)[-1].kind == "notice"
        assert (await bot.event("notice"))["notice_type"] == "friend_recall"
        await bot.data("set_msg_emoji_like", message_id=sent["message_id"], emoji_id="66")


async def test_a_group_invitation_is_answered_by_its_flag():
    async with pair() as (bot, onebot):
        await onebot.membership.ask_group("700002", "10001", "come", invite=True)
        asked = await bot.event("request")
        assert (asked["sub_type"], asked["group_id"]) == ("invite", 700002)
        assert 700002 not in [g["group_id"] for g in await bot.data("get_group_list")]
        flag = asked["flag"]
        await bot.data("set_group_add_request", flag=flag, sub_type="invite", approve=True)
        joined = await bot.event("notice")
        assert (joined["notice_type"], joined["user_id"]) == ("group_increase", 10000)
        assert 700002 in [g["group_id"] for g in await bot.data("get_group_list")]
        again = await bot.call("set_group_add_request", flag=flag, approve=True)
        assert again["status"] == "failed"


async def test_a_group_that_the_account_is_not_in_is_not_heard():
    async with pair() as (bot, onebot):
        onebot.standing.outside.add("700001")
        await onebot.speak(Utterance(place="700001", person="10001", text="among us"))
        await onebot.speak(Utterance(place="10001", person="10001", text="hello"))
        assert (await bot.event())["raw_message"] == "hello"


async def test_who_is_not_there_cannot_be_looked_up():
    async with pair() as (bot, _):
        for action, params in (
            ("get_group_member_info", {"group_id": 700001, "user_id": 99}),
            ("get_group_member_info", {"group_id": 99, "user_id": 10001}),
            ("get_group_info", {"group_id": 10001}),
            ("get_stranger_info", {"user_id": 99}),
            ("get_group_msg_history", {"group_id": 99}),
            ("get_forward_msg", {"id": "99"}),
            ("get_msg", {}),
        ):
            assert (await bot.call(action, **params))["status"] == "failed", action


# -- the past ---------------------------------------------------------------------------


async def test_only_the_latest_5000_ids_are_known_but_the_history_is():
    async with pair(frames_size=0) as (bot, onebot):
        first = await onebot.speak(Utterance(place="10001", person="10001", text="first"))
        old = (await bot.event())["message_id"]
        place, ann = onebot.town.places["10002"], onebot.town.people["10002"]
        for _ in range(5000):
            onebot.archive.add(place, ann.id, (), onebot.events._account.now())
        assert (await bot.call("get_msg", message_id=old))["message"] == "消息不存在"
        with pytest.raises(Unspoken):
            await onebot.speak(
                Utterance(place="10001", person="10001", text="x", reply_to=first.number)
            )
        told = await bot.data("get_friend_msg_history", user_id=10001)
        assert [message["message_id"] for message in told["messages"]] == [old]
        assert (await bot.data("get_msg", message_id=old))["raw_message"] == "first"


@pytest.mark.parametrize(
    ("flavour", "fields", "told"),
    [
        ("napcat", {}, "cde"),
        ("napcat", {"message_seq": "b"}, "bcd"),
        ("napcat", {"message_seq": "c", "reverse_order": True}, "abc"),
        ("llbot", {"message_seq": "d"}, "bcd"),
        ("go-cqhttp", {"message_seq": "b"}, "ab"),
        ("lagrange", {"message_id": "e"}, "cde"),
    ],
)
async def test_a_history_is_read_from_its_end_or_around_a_message(flavour, fields, told):
    async with pair(flavour=FLAVOURS[flavour], message_format="array") as (bot, onebot):
        await onebot.flood("700001", "10001", list("abcde"))
        await bot.event("message", 5)
        ids = {event["raw_message"]: event["message_id"] for event in bot.of("message")}
        fields = {name: ids.get(value, value) for name, value in fields.items()}
        got = await bot.data("get_group_msg_history", group_id=700001, count=3, **fields)
        assert "".join(message["raw_message"] for message in got["messages"]) == told


async def test_an_implementation_without_a_friends_history_says_so():
    async with pair(flavour=GO_CQHTTP) as (bot, _):
        answer = await bot.call("get_friend_msg_history", user_id=10001)
        assert answer["retcode"] == 1404


@pytest.mark.parametrize("flavour", [GO_CQHTTP, LAGRANGE, LLBOT])
async def test_forwards_of_people_are_read_in_each_flavours_form(flavour):
    async with pair(flavour=flavour, message_format="array") as (bot, onebot):
        await onebot.forward("700001", "10001", [("10002", "one"), ("10003", "two")])
        [segment] = (await bot.event())["message"]
        got = await bot.data("get_forward_msg", id=segment["data"]["id"])
        match flavour.forward:
            case "nodes":
                contents = [each["data"]["content"] for each in got["message"]]
            case _:
                contents = [each["content"] for each in got["messages"]]
        assert [content[0]["data"]["text"] for content in contents] == ["one", "two"]


async def test_numbers_in_segments_are_numbers_where_an_implementation_has_them_so():
    async with pair(flavour=FLAVOURS["numbers"]) as (bot, onebot):
        line = await onebot.speak(Utterance(place="700001", person="10002", text="one"))
        await onebot.speak(
            Utterance(place="700001", person="10001", text="two", reply_to=line.number)
        )
        reply, at, _ = (await bot.event("message", 2))["message"]
        assert reply["data"]["id"] == (await bot.event())["message_id"]
        assert at["data"]["qq"] == 10002


async def test_nobody_is_mentioned_in_private():
    async with pair() as (bot, onebot):
        await onebot.speak(Utterance(place="10001", person="10001", text="hi", mention=True))
        assert (await bot.event())["message"] == text("hi")


async def test_a_stranger_writes_by_way_of_a_group():
    async with pair() as (bot, onebot):
        onebot.standing.strangers.add("10001")
        await onebot.speak(Utterance(place="10001", person="10001", text="hi"))
        event = await bot.event()
        assert (event["message_type"], event["sub_type"]) == ("private", "group")
        assert event["group_id"]


async def test_a_poke_names_its_group():
    async with pair() as (bot, onebot):
        await onebot.poke("700001", "10002")
        await onebot.poke("10002", "10002")
        assert (await bot.event("notice"))["group_id"] == 700001
        assert "group_id" not in await bot.event("notice", 2)


async def test_message_ids_are_of_the_width_of_their_flavour():
    async with pair() as (bot, onebot):
        await onebot.flood("10001", "10001", ["x"] * 50)
        await bot.event("message", 50)
        assert all(0 <= event["message_id"] < 2**31 for event in bot.of("message"))
    async with pair(flavour=GO_CQHTTP) as (bot, onebot):
        await onebot.flood("10001", "10001", ["x"] * 50)
        await bot.event("message", 50)
        assert any(event["message_id"] < 0 for event in bot.of("message"))


# -- what goes wrong --------------------------------------------------------------------


@pytest.mark.parametrize("delivered", [True, False])
async def test_a_timeout_does_not_tell_whether_it_was_delivered(delivered):
    async with pair() as (bot, onebot):
        onebot.faults.add(Timeout(call="send_*", delivered=delivered))
        await bot.data("get_status")
        answer = await bot.call("send_private_msg", user_id=10001, message=text("x"))
        assert answer["retcode"] == 1200
        assert answer["message"].startswith("Timeout: NTEvent")
        assert len(said(onebot)) == delivered
        await bot.data("send_private_msg", user_id=10001, message=text("y"))


async def test_a_failure_has_the_code_that_was_asked_for():
    async with pair() as (bot, onebot):
        onebot.faults.add(Failure(call="get_msg", retcode=1401, message="no"))
        answer = await bot.call("get_msg", message_id=1)
        assert (answer["retcode"], answer["message"]) == (1401, "no")


async def test_silence_a_stall_and_an_answer_that_comes_twice():
    async with pair() as (bot, onebot):
        onebot.faults.add(Silence(call="send_like"))
        stall = onebot.faults.add(Stall(call="get_status"))
        silent = await bot.send("send_like")
        held = await bot.send("get_status")
        with pytest.raises(TimeoutError):
            await bot.answer(held, 0.1)
        stall.gate.open()
        await bot.answer(held)
        assert silent not in [answer["echo"] for answer in bot.answers]
        onebot.faults.add(Twice())
        echo = await bot.send("get_status")
        await bot.until(lambda: [a["echo"] for a in bot.answers].count(echo) == 2)


async def test_a_connection_breaks_in_the_middle_of_a_call():
    async with pair() as (bot, onebot):
        onebot.faults.add(Drop(call="send_private_msg"))
        await bot.send("send_private_msg", user_id=10001, message=text("x"))
        await bot.until(lambda: len(bot.sockets) == 2)
        assert len(said(onebot)) == 1


async def test_slow_calls_do_not_hold_up_others():
    async with pair() as (bot, onebot):
        onebot.faults.add(Delay(call="get_status", delay_s=0.2))
        slow = await bot.send("get_status")
        await bot.data("get_login_info")
        assert slow not in [answer["echo"] for answer in bot.answers]
        await bot.answer(slow)


async def test_calls_that_are_no_calls_are_refused():
    async with pair() as (bot, _):
        for broken in ("{", "[]", '{"params": {}}', b"\xff\xfe"):
            before = len(bot.answers)
            await bot.sockets[0].send(broken)
            await bot.until(lambda before=before: len(bot.answers) > before)
            assert bot.answers[-1]["retcode"] == 1400
        asynchronous = await bot.call("send_private_msg_async", user_id=10001, message="x")
        assert (asynchronous["status"], asynchronous["retcode"]) == ("async", 1)
