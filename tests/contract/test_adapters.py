"""The contract that every adapter keeps. A new one joins with a line in HARNESSES."""

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from core.errors import MediaError, StoreError
from core.model import Address, Media, MediaKind, Text
from core.ports.adapter import Draft, Receipt, Typing
from core.ports.sending import Later, Refused, Sent
from core.render import render
from tests.contract.console_harness import ConsoleHarness
from tests.contract.harness import SAMPLES, Core, part
from tests.contract.onebot11_harness import Onebot11Harness
from tests.contract.telegram_harness import TelegramHarness
from tests.contract.web_harness import WebHarness
from tests.contract.wechat_harness import VerifiedHarness, WeChatHarness

HARNESSES = {
    "console": ConsoleHarness,
    "onebot11": Onebot11Harness,
    "telegram": TelegramHarness,
    "web": WebHarness,
    "wechat": WeChatHarness,
    "wechat verified": VerifiedHarness,
}
"""A word after the adapter's name tells which of its ways is tried."""
REDELIVERING = (
    "onebot11",
    "telegram",
    "web",
    "wechat",
    "wechat verified",
)
DEFERRING = ("wechat", "wechat verified")
"""Where what follows the first part may wait until the person asks for it."""
DRAFTING = ("console", "telegram", "web")
KINDS: tuple[MediaKind, ...] = ("image", "voice", "audio", "video", "file")


@pytest.fixture(params=HARNESSES)
async def harness(request, tmp_path):
    core = Core()
    platform = HARNESSES[request.param](core, tmp_path)
    async with platform.running() as run:
        platform.core, platform.run = core, run
        platform.defers = request.param in DEFERRING
        yield platform


async def heard(harness, text="hello", who=None):
    """The message that reaches the core when somebody says something."""
    assert await harness.say(text, who or harness.people[0]) == "taken"
    return harness.core.messages[-1]


async def send(harness, outgoing):
    """As the core does: what is put off is kept for the person's next request."""
    result = await harness.core.deliver(harness.adapter, outgoing)
    assert not isinstance(result, Later) or (harness.defers and outgoing.index)
    return result


# -- what comes in -----------------------------------------------------------


async def test_a_message_says_where_it_stands(harness):
    message = await heard(harness, "hello there")
    assert message.text == "hello there"
    assert message.address.platform == harness.adapter.platform
    assert message.address.bot == harness.adapter.bot
    assert message.address.chat
    assert message.address.sender
    assert message.sent_at.utcoffset() == timedelta(0)


async def test_messages_keep_their_order_and_none_is_taken_for_another(harness):
    harness.core.echo = harness.adapter
    texts = ["same", "same", *(f"number {n}" for n in range(8)), "same"]
    for text in texts:
        await heard(harness, text)
    messages = harness.core.messages
    assert [message.text for message in messages] == texts
    assert len({message.key for message in messages}) == len(texts)
    assert len({message.id for message in messages}) == len(texts)


@pytest.mark.parametrize("harness", REDELIVERING, indirect=True)
async def test_the_same_payload_again_has_the_same_key(harness):
    message = await heard(harness)
    assert await harness.redeliver() == "taken"
    assert harness.core.messages == [message]


async def test_two_people_are_never_one(harness):
    harness.core.echo = harness.adapter
    messages = [await heard(harness, "hello", who) for who in harness.people]
    assert len({message.address for message in messages}) == len(harness.people)
    assert len({message.key for message in messages}) == len(harness.people)


async def test_what_was_not_stored_is_not_acknowledged(harness):
    harness.core.fault = StoreError("the disk is full")
    assert await harness.say("hello", harness.people[0]) == "failed"
    harness.core.fault = None
    assert (await heard(harness, "hello again")).text == "hello again"


async def test_a_busy_bot_says_so(harness):
    harness.core.receipt = Receipt.BUSY
    assert await harness.say("hello", harness.people[0]) == "busy"
    harness.core.receipt = Receipt.STORED
    await heard(harness, "hello again")


async def test_what_can_never_be_received_holds_up_nothing(harness):
    harness.core.receipt = Receipt.BROKEN
    await harness.say("hello", harness.people[0])
    harness.core.receipt = Receipt.STORED
    assert (await heard(harness, "hello again")).text == "hello again"


async def test_strange_payloads_harm_nothing(harness):
    harness.core.echo = harness.adapter
    await harness.send_strange_things()
    who = harness.people[0]
    await harness.say("still there?", who)
    await harness.sees(who, "re: still there?")
    assert not harness.run.done()


# -- what goes out -----------------------------------------------------------


async def test_an_answer_goes_to_whom_it_is_for(harness):
    messages = {who: await heard(harness, "hello", who) for who in harness.people}
    for who, message in messages.items():
        assert isinstance(await send(harness, part(message, f"<for {who}>")), Sent)
    for who in harness.people:
        await harness.sees(who, f"<for {who}>")
        others = [other for other in harness.people if other != who]
        assert not any(f"<for {other}>" in harness.screen(who) for other in others)


async def test_parts_arrive_whole_and_in_order(harness):
    message = await heard(harness)
    texts = ["one.", "two\n\n**2**", "three 三 👩‍👧", "four"]
    for index, text in enumerate(texts):
        await send(harness, part(message, text, index, len(texts)))
    await harness.sees(harness.people[0], *texts)


async def test_a_text_at_the_limit_arrives_whole(harness):
    message = await heard(harness)
    limit = harness.adapter.capabilities(message.address).text_limit
    text = "begin " + "x" * ((100_000 if limit == "unlimited" else limit) - 10) + " end"
    assert isinstance(await send(harness, part(message, text)), Sent)
    await harness.sees(harness.people[0], text)


async def test_a_text_of_any_length_arrives_in_the_pieces_it_is_rendered_to(harness):
    message = await heard(harness)
    caps = harness.adapter.capabilities(message.address)
    words = "".join(f"Word {n}. " for n in range(3000)).strip()
    pieces = render((Text(text=words),), caps)
    for index, piece in enumerate(pieces):
        assert isinstance(piece, Text)
        sent = await send(harness, part(message, piece.text, index, len(pieces)))
        assert isinstance(sent, Sent | Later)
    await harness.sees(harness.people[0], "Word 0.", "Word 2999.")


@pytest.mark.parametrize("kind", KINDS)
async def test_it_sends_the_kinds_of_files_that_it_says_and_no_other(harness, kind):
    message = await heard(harness)
    content = SAMPLES[kind]
    blob = await harness.core.put(content)
    media = Media(kind=kind, blob=blob, name=f"a-{kind}.bin", size_bytes=len(content))
    result = await send(harness, part(message, media))
    if kind in harness.adapter.capabilities(message.address).media:
        assert isinstance(result, Sent)
        await harness.sees(harness.people[0], harness.trace(media))
    else:
        assert isinstance(result, Refused)
        assert harness.trace(media) not in harness.screen(harness.people[0])


async def test_what_can_be_repeated_is_shown_once(harness):
    message = await heard(harness)
    outgoing = part(message, "<only once>", 0, 2)
    await send(harness, outgoing)
    repeatable = harness.adapter.capabilities(message.address).repeatable
    await send(harness, replace(outgoing, repeated=not repeatable))
    await send(harness, part(message, "<the end>", 1, 2))
    await harness.sees(harness.people[0], "<only once>", "<the end>")
    shown = harness.screen(harness.people[0])
    between = shown.partition("<only once>")[2].partition("<only once>")[0].strip()
    assert "<the end>" in between or ("(" in between and not repeatable)  # once, or flagged


async def test_a_file_that_is_not_the_platforms_own_cannot_be_fetched(harness):
    with pytest.raises(MediaError):
        await harness.adapter.fetch(Media(kind="image", remote="https://127.0.0.1/secret"))


async def test_somebody_who_is_not_there_troubles_nobody(harness):
    message = await heard(harness)
    gone = Address(
        platform=harness.adapter.platform, bot=harness.adapter.bot, chat="gone", sender="gone"
    )
    if isinstance(harness.adapter, Typing):
        await harness.adapter.typing(gone)
    if isinstance(harness.adapter, Draft):
        harness.adapter.draft(gone, "no such message", "a draft")
    await send(harness, part(message, "<for you>"))
    await harness.sees(harness.people[0], "<for you>")
    assert "a draft" not in harness.screen(harness.people[0])


@pytest.mark.parametrize("harness", DRAFTING, indirect=True)
async def test_a_draft_is_shown_and_gives_way_to_the_answer(harness):
    message = await heard(harness)
    harness.adapter.draft(message.address, message.key, "The answer is gro")
    await harness.sees(harness.people[0], "The answer is gro")
    await send(harness, part(message, "The answer is growing."))
    await harness.sees(harness.people[0], "The answer is gro", "wing.")


# -- how it lives ------------------------------------------------------------


async def test_it_ends_when_it_is_cancelled(harness):
    await heard(harness)
    harness.run.cancel()
    await asyncio.wait([harness.run], timeout=1)
    assert harness.run.cancelled()


async def test_its_limits_name_their_source(harness):
    message = await heard(harness)
    assert harness.adapter.capabilities(message.address).source


ON_IMPORT = """
import importlib, json, sys, threading
importlib.import_module(sys.argv[1] + ".adapter")
print(json.dumps([sorted(sys.modules), threading.active_count()]))
"""
UNWANTED = (
    "bots",
    "storage",
    "sqlmodel",
    "sqlalchemy",
    "core.engine",
    "core.worker",
    "core.gateway",
)


@pytest.mark.parametrize("name", sorted({name.partition(" ")[0] for name in HARNESSES}))
def test_importing_it_does_nothing_and_brings_no_engine_and_no_database(name):
    done = subprocess.run(
        [sys.executable, "-c", ON_IMPORT, f"adapters.{name}"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    modules, threads = json.loads(done.stdout)
    others = {f"adapters.{other.partition(' ')[0]}" for other in HARNESSES} - {f"adapters.{name}"}
    assert f"adapters.{name}" in modules
    assert not others.intersection(modules)
    assert not [module for module in modules if module.startswith(UNWANTED)]
    assert threads == 1
    assert not done.stderr
