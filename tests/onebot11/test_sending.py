"""What becomes of an answer on its way to QQ."""

import asyncio
import base64
from pathlib import Path

import pytest

from adapters.onebot11.adapter import WATCH_S
from adapters.onebot11.breaker import FIRST_S, UNSURE
from bots.sandbox.onebot.faults import Drop, Failure, Silence, Timeout
from bots.sandbox.onebot.flavour import GO_CQHTTP, LAGRANGE, NAPCAT
from core.model import Address, Media, Text
from core.ports.adapter import Paced
from core.ports.sending import Outgoing, Refused, Sent, Unknown
from core.render import render
from core.sound import sniff
from tests.contract.harness import part
from tests.onebot11.stage import (
    Memory,
    answer,
    answer_on,
    call_on,
    event,
    group_event,
    playing,
    refuse_on,
    said,
    tell,
    told,
)

CLIPS = Path(__file__).parents[1] / "clips"
PNG = (CLIPS / "picture.png").read_bytes()


@pytest.fixture
async def stage():
    async with playing() as playing_now:
        yield playing_now


async def asked(stage, onebot, place="10001", **more):
    count = len(stage.messages)
    await onebot.speak(said("hello", place, **more))
    return (await stage.heard(count + 1))[-1]


async def sent(stage, message, text, index=0, total=1):
    return await stage.send(answer(message, text, index, total))


# -- nobody knows whether it arrived ------------------------------------------------------


@pytest.mark.parametrize("place", ["10001", "700001"])
@pytest.mark.parametrize("fault", [Timeout, Drop, Silence], ids=lambda kind: kind.__name__)
async def test_what_arrived_unconfirmed_is_found_in_the_history_and_not_sent_again(
    stage, place, fault, monkeypatch
):
    monkeypatch.setattr("adapters.onebot11.format.SEND_S", 0.1)
    monkeypatch.setattr("adapters.onebot11.format.ANSWER_S", 0.1)
    async with stage.account() as onebot:
        message = await asked(stage, onebot, place, mention=True)
        onebot.faults.add(fault(call="send_*"))
        result = await sent(stage, message, "it blooms in June")
        (line,) = told(onebot.town, place)
    assert isinstance(result, Sent)
    assert result.receipt == str(onebot.archive.of_line(line.number).id)


async def test_the_same_words_sent_before_are_not_taken_for_the_new_ones(stage):
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        first = await sent(stage, message, "yes")
        onebot.faults.add(Timeout(call="send_*", delivered=False))
        assert isinstance(first, Sent)
        assert isinstance(await sent(stage, message, "yes"), Unknown)


async def test_what_did_not_arrive_is_held_unless_it_may_be_sent_again(stage):
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        onebot.faults.add(Timeout(call="send_*", delivered=False))
        assert isinstance(await sent(stage, message, "x"), Unknown)
        assert stage.adapter.capabilities(message.address).on_unknown == "hold"


async def test_what_did_not_arrive_is_sent_again_where_that_is_wanted():
    async with playing(resend=True) as stage, stage.account() as onebot:
        message = await asked(stage, onebot)
        onebot.faults.add(Timeout(call="send_*", delivered=False))
        result = await sent(stage, message, "x")
        assert isinstance(result, Refused)
        assert result.retry_after_s
        assert isinstance(await sent(stage, message, "x"), Sent)


async def test_without_a_history_the_outcome_stays_unknown_even_where_resending_is_wanted():
    async with playing(resend=True) as stage, stage.account(flavour=GO_CQHTTP) as onebot:
        message = await asked(stage, onebot)
        onebot.faults.add(Timeout(call="send_*"))
        assert isinstance(await sent(stage, message, "x"), Unknown)


async def test_an_account_whose_words_do_not_arrive_is_left_in_peace_for_a_while(stage):
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        onebot.faults.add(Timeout(call="send_*", delivered=False, count=UNSURE))
        for _ in range(UNSURE):
            assert isinstance(await sent(stage, message, "x"), Unknown)
        calls = len(onebot.frames.calls("send_private_msg"))
        paused = await sent(stage, message, "x")
        assert isinstance(paused, Refused)
        assert paused.retry_after_s == FIRST_S
        assert len(onebot.frames.calls("send_private_msg")) == calls
        assert "risk control" in stage.adapter.trouble
        await stage.time.pass_(FIRST_S)
        assert isinstance(await sent(stage, message, "x"), Sent)
        assert stage.adapter.trouble == ""


async def test_a_word_that_arrives_between_makes_the_others_forgiven(stage):
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        for _ in range(2):
            onebot.faults.add(Timeout(call="send_*", delivered=False, count=UNSURE - 1))
            for _ in range(UNSURE - 1):
                assert isinstance(await sent(stage, message, "x"), Unknown)
            assert isinstance(await sent(stage, message, "x"), Sent)


# -- QQ says no ---------------------------------------------------------------------------


@pytest.mark.parametrize("flavour", [NAPCAT, LAGRANGE], ids=lambda flavour: flavour.name)
async def test_a_muted_account_does_not_try_again(stage, flavour):
    async with stage.account(flavour=flavour) as onebot:
        message = await asked(stage, onebot, "700001", mention=True)
        await onebot.mute("700001", 600)
        result = await sent(stage, message, "x")
    assert isinstance(result, Refused)
    assert result.retry_after_s is None
    assert "120" in result.reason


WORDS = ["已被移出该群", "对方不是好友", "无法获取用户信息", "You are muted", "not a member"]


@pytest.mark.parametrize("words", WORDS)
async def test_who_was_removed_or_is_no_friend_is_not_tried_again(stage, words):
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        onebot.faults.add(Failure(call="send_*", message=words, delivered=False))
        result = await sent(stage, message, "x")
    assert isinstance(result, Refused)
    assert result.retry_after_s is None


async def test_an_account_that_is_away_is_waited_for(stage):
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        await onebot.telling.close()
        assert isinstance(await sent(stage, message, "back again"), Sent)
        assert told(onebot.town)[0].text == "back again"


async def test_an_answer_left_from_an_earlier_run_waits_for_the_start_and_the_account():
    memory, gate = Memory(), asyncio.Event()

    async def slow(name):
        await gate.wait()
        return ""

    memory.recall = slow
    async with playing(memory=memory) as stage:
        to = Address(platform="onebot11", bot="qq", chat="10000/u10001", sender="10001")
        left = Outgoing(key="k/0", to=to, part=Text(text="as I said"), answers="", index=0, total=1)
        sending = asyncio.create_task(stage.send(left))
        gate.set()
        async with stage.account() as onebot:
            assert isinstance(await sending, Sent)
            assert [line.text for line in told(onebot.town)] == ["as I said"]


async def test_an_answer_that_waits_for_its_account_was_not_tried(stage):
    """A process that ends meanwhile may send it at its next start."""
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
    await stage.until(lambda: not stage.adapter._accounts.of("10000").is_whole)
    assert isinstance(stage.adapter, Paced)
    turn = asyncio.create_task(stage.adapter.turn(answer(message, "later")))
    done, _ = await asyncio.wait({turn}, timeout=0.05)
    assert not done
    refused = await stage.adapter.send(answer(message, "now"))
    assert isinstance(refused, Refused)
    assert refused.retry_after_s
    async with stage.account():
        assert await turn is None


async def test_an_account_that_stays_away_is_tried_again_later(stage, monkeypatch):
    monkeypatch.setattr("adapters.onebot11.sending.PATIENCE_S", 0.05)
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
    result = await sent(stage, message, "x")
    assert isinstance(result, Refused)
    assert result.retry_after_s


@pytest.mark.parametrize("chat", ["gone", "10000", "10000/x1", "10000/u", "../u1", "10000/u1/x"])
async def test_a_chat_that_is_none_of_ours_is_refused(stage, chat):
    to = Address(platform="onebot11", bot="qq", chat=chat, sender="10001")
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        result = await stage.send(part(message, "x", to=to))
    assert isinstance(result, Refused)
    assert result.retry_after_s is None


# -- long answers -------------------------------------------------------------------------

LONG = "\n\n".join(f"Paragraph {n}. " + "word " * 60 for n in range(20)).strip()


async def test_a_long_answer_is_one_forward_and_a_word_to_whom_it_is_for(stage):
    async with stage.account() as onebot:
        message = await asked(stage, onebot, "700001", mention=True)
        assert isinstance(await sent(stage, message, LONG), Sent)
        (forward,) = onebot.frames.calls("send_group_forward_msg")
        (pointer,) = onebot.frames.calls("send_group_msg")
    nodes = forward["params"]["messages"]
    assert {node["type"] for node in nodes} == {"node"}
    who = [("user_id", "nickname"), ("uin", "name")]  # OneBot's names, and go-cqhttp's
    for number, name in who:
        assert {(node["data"][number], node["data"][name]) for node in nodes} == {("10000", "qq")}
    texts = [node["data"]["content"][0]["data"]["text"] for node in nodes]
    assert max(map(len, texts)) <= 1000
    assert "".join("".join(texts).split()) == "".join(LONG.split())
    assert [one["type"] for one in pointer["params"]["message"]] == ["reply", "at", "text"]


async def test_a_long_answer_to_one_person_is_a_forward_alone(stage):
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        assert isinstance(await sent(stage, message, LONG), Sent)
        assert len(onebot.frames.calls("send_private_forward_msg")) == 1
        assert onebot.frames.calls("send_private_msg") == []


REFUSALS = {
    "too many nodes": {"nodes": 2},
    "unknown call": {"fault": Failure(call="*forward*", retcode=1404, delivered=False)},
    "an error without a time-out": {
        "fault": Failure(call="*forward*", message="发送伪造合并转发消息失败", delivered=False)
    },
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
async def test_a_forward_that_is_refused_becomes_pieces(stage, refusal):
    async with stage.account() as onebot:
        message = await asked(stage, onebot, "700001", mention=True)
        if "nodes" in refusal:
            onebot.standing.nodes = refusal["nodes"]
        else:
            onebot.faults.add(refusal["fault"])
        assert isinstance(await sent(stage, message, LONG), Sent)
        pieces = [call["params"]["message"] for call in onebot.frames.calls("send_group_msg")]
    kinds = [[one["type"] for one in piece] for piece in pieces]
    assert kinds == [["reply", "at", "text"], *[["text"]] * (len(pieces) - 1)]
    texts = [piece[-1]["data"]["text"] for piece in pieces]
    assert max(map(len, texts)) <= 1501
    assert "".join("".join(texts).split()) == "".join(LONG.split())


async def test_an_implementation_without_forwards_is_not_asked_twice(stage):
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        onebot.faults.add(Failure(call="*forward*", retcode=1404, count=9, delivered=False))
        for _ in range(2):
            assert isinstance(await sent(stage, message, LONG), Sent)
        assert len(onebot.frames.calls("send_private_forward_msg")) == 1


async def test_a_forward_that_may_have_arrived_is_not_followed_by_pieces(stage):
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        onebot.faults.add(Timeout(call="*forward*", delivered=False))
        assert isinstance(await sent(stage, message, LONG), Unknown)
        assert onebot.frames.calls("send_private_msg") == []


@pytest.mark.parametrize("flavour", [NAPCAT, LAGRANGE], ids=lambda flavour: flavour.name)
async def test_a_forward_that_arrived_unconfirmed_is_found(stage, flavour):
    async with stage.account(flavour=flavour) as onebot:
        message = await asked(stage, onebot)
        onebot.faults.add(Timeout(call="*forward*"))
        assert isinstance(await sent(stage, message, LONG), Sent)


async def test_pieces_that_broke_off_are_told_honestly(stage):
    async with stage.socket() as socket:
        await tell(socket, event())
        message = (await stage.heard(1))[0]
        sending = asyncio.create_task(sent(stage, message, LONG))
        await answer_on(socket, await call_on(socket), {"message_id": 1})
        await refuse_on(socket, await call_on(socket), 1200, "对方不是好友")
        result = await sending
    assert isinstance(result, Unknown)
    assert result.reason.startswith("1 of ")


async def test_pieces_alone_are_what_render_cuts():
    settings = {"long_answers": "pieces", "piece_chars": 300}
    async with playing(**settings) as stage, stage.account() as onebot:
        message = await asked(stage, onebot)
        parts = render((Text(text=LONG),), stage.adapter.capabilities(message.address))
        for index, piece in enumerate(parts):
            await sent(stage, message, piece.text, index, len(parts))
        lines = [line.text for line in told(onebot.town)]
    assert len(lines) == len(parts) > 10
    assert max(map(len, lines)) <= 300


# -- pace ---------------------------------------------------------------------------------


async def test_parts_of_an_answer_are_half_a_second_apart_and_files_longer(stage):
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        stage.time.slept.clear()
        await sent(stage, message, "one", 0, 3)
        await sent(stage, message, "two", 1, 3)
        blob = await stage.core.put(PNG)
        picture = Media(kind="image", blob=blob, size_bytes=len(PNG))
        await stage.send(part(message, picture, 2, 3))
    waits = [wait for wait in stage.time.slept if wait in (0.5, 1.5, 2.0)]
    assert waits == [0.5, 2.0]  # the clock stands still here: 1.5 after the one before


async def test_first_answers_do_not_wait_for_each_other_up_to_the_accounts_rate():
    async with playing(sends_per_s=5) as stage, stage.account() as onebot:
        message = await asked(stage, onebot)
        stage.time.slept.clear()
        for _ in range(7):
            await sent(stage, message, "x")
        waits = [wait for wait in stage.time.slept if wait != WATCH_S]
    assert waits == pytest.approx([0.2, 0.4])  # five at once; the clock stands still here


# -- what is written ----------------------------------------------------------------------


async def test_the_answer_names_nobody_but_whom_it_is_for(stage):
    async with stage.account() as onebot:
        message = await asked(stage, onebot, "700001", mention=True)
        await sent(stage, message, "@全体成员 \u202eread\x07 this\u2028now [CQ:at,qq=all]")
        (call,) = onebot.frames.calls("send_group_msg")
    segments = call["params"]["message"]
    assert [one["data"].get("qq") for one in segments if one["type"] == "at"] == ["10001"]
    assert segments[-1]["data"]["text"] == " 全体成员 read thisnow [CQ:at,qq=all]"


async def test_links_are_written_so_that_they_are_none_where_that_is_wanted():
    async with playing(defang_urls=True) as stage, stage.account() as onebot:
        message = await asked(stage, onebot)
        await sent(stage, message, "see https://roses.example.org/may?x=1 and version 1.2")
        assert told(onebot.town)[0].text == "see roses[.]example[.]org/may?x=1 and version 1.2"


async def test_only_the_first_part_quotes_and_mentions(stage):
    async with stage.account() as onebot:
        message = await asked(stage, onebot, "700001", mention=True)
        for index in range(2):
            await sent(stage, message, "x", index, 2)
        first, second = [
            call["params"]["message"] for call in onebot.frames.calls("send_group_msg")
        ]
    assert [one["type"] for one in first] == ["reply", "at", "text"]
    assert [one["type"] for one in second] == ["text"]


async def test_napcat_is_asked_for_more_patience_with_qq():
    async with playing() as stage, stage.socket() as socket:
        await tell(socket, group_event())
        message = (await stage.heard(1))[0]
        sending = asyncio.create_task(sent(stage, message, "x"))
        call = await call_on(socket, "send_group_msg")
        await answer_on(socket, call, {"message_id": 5})
        await sending
    assert call["params"]["timeout"] == 20_000


# -- files --------------------------------------------------------------------------------


async def test_a_voice_goes_out_as_silk(stage):
    content = (CLIPS / "garden.ogg").read_bytes()
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        blob = await stage.core.put(content)
        voice = Media(kind="voice", blob=blob, mime="audio/ogg", size_bytes=len(content))
        assert isinstance(await stage.send(part(message, voice)), Sent)
        (call,) = onebot.frames.calls("send_private_msg")
        assert told(onebot.town)[0].status == "sent as silk"
    (record,) = call["params"]["message"]
    assert record["type"] == "record"
    assert sniff(base64.b64decode(record["data"]["file"].removeprefix("base64://"))) == "silk"


async def test_a_file_that_qq_refuses_is_told_in_a_sentence(stage):
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        onebot.faults.add(Failure(call="upload_*", retcode=1404, delivered=False))
        blob = await stage.core.put(b"%PDF-1.4")
        result = await stage.send(
            part(message, Media(kind="file", blob=blob, name="../my\nreport.pdf", size_bytes=8))
        )
        (line,) = told(onebot.town)
    assert isinstance(result, Refused)
    assert "my report.pdf" in line.text
    assert "/" not in line.text


async def test_a_file_that_is_gone_is_refused(stage):
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        result = await stage.send(part(message, Media(kind="file", blob="0" * 64)))
    assert isinstance(result, Refused)


async def test_no_answer_is_read_as_cq_code_by_anyone(stage):
    async with stage.socket() as socket:
        await tell(socket, event())
        message = (await stage.heard(1))[0]
        sending = asyncio.create_task(sent(stage, message, "[CQ:image,file=file:///etc/passwd]"))
        call = await call_on(socket)
        await refuse_on(socket, call, 1404)
        await sending
    assert isinstance(call["params"]["message"], list)
    assert call["params"]["message"] == [
        {"type": "text", "data": {"text": "[CQ:image,file=file:///etc/passwd]"}}
    ]
