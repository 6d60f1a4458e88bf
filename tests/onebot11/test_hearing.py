"""What simulated accounts say, as it reaches the core."""

import asyncio
import base64
from pathlib import Path

import pytest

from adapters.onebot11.lookup import LOOKUP_S
from bots.sandbox.onebot.faults import Failure, Silence, Stall
from bots.sandbox.onebot.flavour import FLAVOURS, GO_CQHTTP, LAGRANGE, NAPCAT
from bots.sandbox.onebot.piece import At, Other, Reply, Text
from core.bot import Bot
from core.errors import MediaError, StoreError, StoreInvalid
from core.model import Quote
from core.people import PeopleRules
from core.ports.adapter import Receipt
from tests.contract.harness import Core
from tests.onebot11.stage import (
    TEXTS,
    answer,
    answer_on,
    call_on,
    event,
    group_event,
    playing,
    said,
    segment,
    tell,
    texts,
    told,
)

PICTURE = Path(__file__).parents[1] / "clips" / "picture.png"


@pytest.fixture
async def stage():
    async with playing() as playing_now:
        yield playing_now


# -- each implementation ---------------------------------------------------------------


@pytest.mark.parametrize("form", ["array", "string"])
@pytest.mark.parametrize("flavour", FLAVOURS.values(), ids=FLAVOURS)
async def test_a_talk_in_a_group_goes_both_ways(stage, flavour, form):
    async with stage.account(flavour=flavour, message_format=form) as onebot:
        line = await onebot.speak(said("what [CQ:at,qq=1] blooms & when?", "700001", mention=True))
        message = (await stage.heard(1))[0]
        assert message.addressed
        assert message.text == "what [CQ:at,qq=1] blooms & when?"
        assert message.sender_name == "Ann"
        await stage.send(answer(message, "Roses [CQ:image,file=file:///etc/passwd] & more"))
        (answered,) = told(onebot.town, "700001")
        assert answered.text == "@Ann  Roses [CQ:image,file=file:///etc/passwd] & more"
        assert answered.reply_to == line.number
        assert [one["type"] for one in answered.raw["message"]] == ["reply", "at", "text"]


@pytest.mark.parametrize("flavour", FLAVOURS.values(), ids=FLAVOURS)
async def test_a_reply_to_the_bot_needs_no_mention(stage, flavour):
    async with stage.account(flavour=flavour) as onebot:
        await onebot.speak(said("hello", "700001", mention=True))
        await stage.send(answer((await stage.heard(1))[0], "Roses bloom in June."))
        (answered,) = told(onebot.town, "700001")
        place, ben = onebot.town.places["700001"], onebot.town.people["10002"]
        quoted = onebot.archive.of_line(answered.number)
        await onebot.post(place, ben, (Reply(quoted.id), Text("really?")))
        message = (await stage.heard(2))[1]
    assert message.addressed
    assert message.text == "really?"
    assert "Roses bloom in June." in message.parts[0].parts[0].text


@pytest.mark.parametrize("flavour", FLAVOURS.values(), ids=FLAVOURS)
async def test_a_forward_is_read(stage, flavour):
    async with stage.account(flavour=flavour) as onebot:
        await onebot.forward("10001", "10001", [("10002", "when?"), ("10003", "at six")])
        (message,) = await stage.heard(1)
    assert message.text == "[聊天记录]\nBen: when?\n小明: at six"


async def test_a_quoted_forward_is_read_too(stage):
    async with stage.account(flavour=LAGRANGE) as onebot:
        line = await onebot.forward("700001", "10001", [("10002", "when?"), ("10003", "at six")])
        await onebot.speak(said("sum up", "700001", "10002", mention=True, reply_to=line.number))
        message = (await stage.heard(2))[1]
    assert message.addressed
    assert isinstance(message.parts[0], Quote)
    assert "小明: at six" in message.parts[0].parts[0].text


async def test_two_accounts_of_one_bot_in_a_group_do_not_answer_each_other(stage):
    async with stage.socket("10000") as one, stage.socket("20000") as other:
        await stage.until(lambda: "10000" in stage.adapter._accounts)
        notice = {"notice_type": "offline_file", "file": {"name": "a.txt"}}
        await tell(other, group_event(self_id=20000, user_id=10000))
        await tell(other, event(self_id=20000, user_id=10000, post_type="notice", **notice))
        await tell(other, event(self_id=20000, message_id=2))
        await stage.heard(1)
        await tell(one, event(user_id=20000), event(message_id=2))
        heard = await stage.heard(2)
    assert [message.address.chat for message in heard] == ["20000/u10001", "10000/u10001"]


async def test_its_own_words_and_temporary_sessions_are_not_heard(stage):
    async with stage.account(reports_self=True) as onebot:
        await onebot.speak(said("hello"))
        await stage.send(answer((await stage.heard(1))[0], "my own words"))
        onebot.standing.strangers.add("10002")
        await onebot.speak(said("buy my roses", "10002", "10002"))
        await onebot.speak(said("and?"))
        assert texts(await stage.heard(2)) == ["hello", "and?"]


async def test_a_temporary_session_is_answered_by_its_group_where_it_is_wanted():
    async with playing(temp_sessions=True) as stage, stage.socket() as socket:
        await tell(socket, event(sub_type="group", group_id=700001))
        message = (await stage.heard(1))[0]
        sending = asyncio.create_task(stage.send(answer(message, "hi")))
        call = await call_on(socket)
        assert (call["params"]["user_id"], call["params"]["group_id"]) == (10001, 700001)
        sending.cancel()


async def test_the_same_event_by_two_ways_is_one_message(stage):
    async with stage.account() as onebot:
        await onebot.speak(said("hello"))
        await onebot.repeat()
        await onebot.speak(said("and?"))
        assert texts(await stage.heard(2)) == ["hello", "and?"]


# -- order -----------------------------------------------------------------------------


async def test_a_burst_is_heard_in_order_where_the_store_refuses_one_of_it_late():
    """As a lock that is over while the next is on its way already."""
    async with playing(core=Late()) as stage, stage.account() as onebot:
        spoken = [f"number {n}" for n in range(20)]
        await onebot.flood("10001", "10001", spoken)
        assert texts(await stage.heard(20)) == spoken


class Late(Core):
    """Refuses "number 3" once, after a while."""

    refused = False

    async def emit(self, message):
        if message.text == "number 3" and not self.refused:
            self.refused = True
            await asyncio.sleep(0.05)
            raise StoreError("locked")
        return await super().emit(message)


async def test_a_lookup_keeps_its_place_in_its_chat_and_holds_up_no_other(stage):
    async with stage.account() as onebot:
        quoted = await onebot.speak(said("first", "700001", "10002"))
        await stage.heard(1)
        stalled = onebot.faults.add(Stall(call="get_msg"))
        await onebot.speak(said("second", "700001", reply_to=quoted.number))
        await onebot.speak(said("third", "700001"))
        await onebot.speak(said("fourth", "700001"))
        await onebot.speak(said("elsewhere", "700002"))
        assert texts(await stage.heard(2)) == ["first", "elsewhere"]
        stalled.gate.open()
        heard = texts(await stage.heard(5))
    assert heard == ["first", "elsewhere", "second", "third", "fourth"]


async def test_a_lookup_that_is_never_answered_is_given_up_after_two_seconds(stage):
    assert LOOKUP_S == 2
    async with stage.account() as onebot:
        quoted = await onebot.speak(said("first"))
        onebot.faults.add(Silence(call="get_msg"))
        await onebot.speak(said("second", reply_to=quoted.number))
        await onebot.speak(said("third"))
        assert texts(await stage.heard(3)) == ["first", "second", "third"]


async def test_a_quoted_message_that_is_forgotten_leaves_the_words(stage):
    async with stage.account() as onebot:
        quoted = await onebot.speak(said("first"))
        onebot.faults.add(Failure(call="get_msg", message="消息不存在"))
        await onebot.speak(said("second", reply_to=quoted.number))
        message = (await stage.heard(2))[1]
    assert message.text == "second"
    assert message.parts[0].parts == ()


# -- a store in trouble ----------------------------------------------------------------


async def test_what_the_store_does_not_take_is_kept_and_handed_over_in_order(stage):
    stage.core.fault = StoreError("locked")
    async with stage.account() as onebot:
        for text in ("one", "two", "three"):
            await onebot.speak(said(text))
        await stage.until(lambda: len(stage.time.slept) > 3)
        stage.core.fault = None
        assert texts(await stage.heard(3)) == ["one", "two", "three"]
        assert told(onebot.town) == []


async def test_a_message_that_the_store_refuses_longer_is_not_overtaken():
    core = Choosy()
    async with playing(core=core) as stage, stage.account() as onebot:
        for text in ("one", "two", "three"):
            await onebot.speak(said(text))
        assert texts(await stage.heard(3)) == ["one", "two", "three"]


class Choosy(Core):
    """Takes each message only when it was brought a few times, the first the latest."""

    def __init__(self):
        super().__init__()
        self.tries = {"one": 4, "two": 1, "three": 1}

    async def emit(self, message):
        self.tries[message.text] -= 1
        if self.tries[message.text] >= 0:
            raise StoreError("locked")
        return await super().emit(message)


@pytest.mark.parametrize(
    "fault", [StoreError("gone for good"), StoreInvalid("it is wrong in itself")]
)
async def test_somebody_whose_message_could_not_be_stored_is_told(stage, fault):
    stage.core.fault = fault
    async with stage.account() as onebot:
        await onebot.speak(said("hello"))
        await onebot.town.until(lambda _: told(onebot.town))
        assert told(onebot.town)[0].text == TEXTS.say("store", "en")


async def test_a_busy_bot_says_so_once_until_it_takes_something_again(stage):
    busy = TEXTS.say("busy", "en")
    stage.core.receipt = Receipt.BUSY
    async with stage.account() as onebot:
        for text in ("one", "two", "three"):
            await onebot.speak(said(text))
        await onebot.town.until(lambda _: told(onebot.town))
        stage.core.receipt = Receipt.STORED
        await onebot.speak(said("four"))
        await stage.heard(4)
        stage.core.receipt = Receipt.BUSY
        await onebot.speak(said("five"))
        await onebot.town.until(lambda _: len(told(onebot.town)) == 2)
        assert [line.text for line in told(onebot.town)] == [busy, busy]


class Slow(Core):
    """Takes nothing before it is let."""

    def __init__(self):
        super().__init__()
        self.open = asyncio.Event()

    async def emit(self, message):
        await self.open.wait()
        return await super().emit(message)


async def test_past_what_may_be_on_its_way_a_chat_is_told_once_and_nothing_is_kept(monkeypatch):
    monkeypatch.setattr("adapters.onebot11.order.MOST_CHARS", 3)
    core = Slow()
    async with playing(core=core) as stage, stage.account() as onebot:
        for text in ("one", "two", "three"):
            await onebot.speak(said(text))
        await onebot.town.until(lambda _: told(onebot.town))
        core.open.set()
        assert texts(await stage.heard(1)) == ["one"]
        await onebot.speak(said("four"))
        assert texts(await stage.heard(2)) == ["one", "four"]
        assert [line.text for line in told(onebot.town)] == [TEXTS.say("busy", "en")]


async def test_in_a_group_a_busy_bot_tells_whom_it_means(stage):
    stage.core.receipt = Receipt.BUSY
    async with stage.account() as onebot:
        asked = await onebot.speak(said("bot?", "700001", mention=True))
        await onebot.town.until(lambda _: told(onebot.town, "700001"))
        (notice,) = told(onebot.town, "700001")
    assert notice.reply_to == asked.number
    assert notice.text.startswith("@Ann")


# -- friends and groups ----------------------------------------------------------------

OWNER = PeopleRules(owners=frozenset({"onebot11:10003"}))
POLICIES = [("ignore", {}), ("accept", {"10001", "10003"}), ("owners", {"10003"})]


@pytest.mark.parametrize(("policy", "granted"), POLICIES, ids=[policy for policy, _ in POLICIES])
async def test_requests_are_answered_by_the_policy(policy, granted):
    settings = {"friend_requests": policy, "group_invitations": policy}
    async with playing(people=OWNER, **settings) as stage, stage.account() as onebot:
        for person in ("10001", "10003"):
            onebot.standing.strangers.add(person)
            await onebot.membership.ask_friend(person, "hello")
            await onebot.membership.ask_group("700002", person, "join us", invite=True)
            await onebot.membership.ask_group("700002", person, "let me in", invite=False)
        await onebot.speak(said("still there?", "10002", "10002"))
        await stage.heard(1)
        await stage.adapter._accounts.of("10000").call("get_status", {})  # goes after the others
        for call in ("set_friend_add_request", "set_group_add_request"):
            assert len(onebot.frames.calls(call)) == len(granted)
        for call in onebot.frames.calls("set_group_add_request"):
            assert call["params"]["sub_type"] == "invite"
            assert call["params"]["approve"] is True


# -- whatever else comes ---------------------------------------------------------------


async def test_a_picture_inside_the_event_goes_to_the_media_store(stage):
    content = base64.b64encode(PICTURE.read_bytes()).decode()
    async with stage.socket() as socket:
        await tell(socket, event(message=[segment("image", file=f"base64://{content}")]))
        (message,) = await stage.heard(1)
    (media,) = message.media
    assert media.remote == ""
    assert (await stage.core.get(media.blob)).startswith(b"\x89PNG")


async def test_a_quoted_picture_inside_an_answer_goes_to_the_media_store(stage):
    content = base64.b64encode(PICTURE.read_bytes()).decode()
    async with stage.socket() as socket:
        await tell(socket, event(message=[segment("reply", id="5"), segment("text", text="?")]))
        call = await call_on(socket, "get_msg")
        quoted = [segment("image", file=f"base64://{content}")]
        await answer_on(socket, call, {"user_id": 10002, "message": quoted})
        (message,) = await stage.heard(1)
    (media,) = message.parts[0].parts
    assert media.remote == ""
    assert (await stage.core.get(media.blob)).startswith(b"\x89PNG")


async def test_a_picture_that_cannot_be_kept_costs_no_words(stage):
    async def full(content):
        raise MediaError("media: no space left")

    stage.core.put = full
    content = base64.b64encode(PICTURE.read_bytes()).decode()
    shown = [segment("image", file=f"base64://{content}"), segment("text", text="what is it?")]
    async with stage.socket() as socket:
        await tell(socket, event(message=shown))
        assert texts(await stage.heard(1)) == ["what is it?"]


async def test_an_event_belongs_to_the_account_whose_socket_it_came_by(stage):
    async with stage.socket("10000") as socket:
        await tell(socket, event(self_id=31337))
        (message,) = await stage.heard(1)
    assert message.address.chat == "10000/u10001"


async def test_names_seen_before_stand_in_mentions(stage):
    async with stage.account(flavour=NAPCAT) as onebot:
        await onebot.speak(said("hello", "700001", "10002"))
        place, ann = onebot.town.places["700001"], onebot.town.people["10001"]
        await onebot.post(place, ann, (At("10002"), Text(" hi"), At("10000")))
        message = (await stage.heard(2))[1]
    assert message.text == "@Ben hi"


async def test_kinds_unheard_of_are_placeholders(stage):
    async with stage.account(flavour=GO_CQHTTP) as onebot:
        place, ann = onebot.town.places["10001"], onebot.town.people["10001"]
        await onebot.post(place, ann, (Text("look "), Other("hologram", {"depth": 3})))
        assert texts(await stage.heard(1)) == ["look [hologram]"]


async def test_a_group_forward_is_not_asked_for_unless_it_is_for_the_bot(stage):
    async with stage.account(flavour=LAGRANGE) as onebot:
        await onebot.forward("700001", "10001", [("10002", "when?")])
        assert texts(await stage.heard(1)) == ["[聊天记录]"]
        assert onebot.frames.calls("get_forward_msg") == []


async def test_a_group_forward_is_asked_for_where_everything_is_for_the_bot():
    bot = Bot(name="qq", platform="onebot11", trigger="all")
    async with playing(bot=bot) as stage, stage.account(flavour=LAGRANGE) as onebot:
        await onebot.forward("700001", "10001", [("10002", "when?")])
        assert texts(await stage.heard(1)) == ["[聊天记录]\nBen: when?"]


async def test_what_comes_after_the_end_is_not_taken(stage):
    async with stage.socket() as socket:
        await tell(socket, event())
        await stage.heard(1)
        stage.run.cancel()
        await asyncio.wait([stage.run])
        await tell(socket, group_event(message_id=2))
        await asyncio.sleep(0.05)
        assert texts(stage.messages) == ["hello"]
