"""The console at a real pseudo-terminal."""

import asyncio
import os
import pty
import select
import signal
import subprocess
import sys
import termios

import pytest

from core.errors import StoreError
from core.model import Media, Text
from core.ports.adapter import Receipt
from core.ports.sending import Refused, Sent
from tests.console.terminal import (
    Core,
    KeptInMemory,
    at_a_terminal,
    make_adapter,
    part,
    pseudo_terminal,
)

PICTURE = b"\x89PNG not really"


@pytest.fixture
async def desk(tmp_path):
    async with at_a_terminal(tmp_path / "downloads") as scene:
        yield scene


async def says(person, core, words):
    """The person says it when asked, and the core has it."""
    person.type(words)
    return await core.next()


async def test_a_line_is_a_message_and_its_answer_is_printed_before_the_next_prompt(desk):
    person, adapter, core, _ = desk
    await person.waits_for("› ")
    message = await says(person, core, "hello\n")
    assert message.text == "hello"
    await adapter.send(part(message, "Good morning."))
    await person.waits_for("Good morning.\n› ")


async def test_an_answer_is_printed_as_it_grows_and_only_once(desk):
    person, adapter, core, _ = desk
    message = await says(person, core, "hello\n")
    adapter.draft(message.address, message.key, "Good mor")
    await person.waits_for("Good mor")
    adapter.draft(message.address, message.key, "Good morning, **dear** fri")
    await person.waits_for("\x1b[1mdear\x1b[22m fri")
    await adapter.send(part(message, "Good morning, \x1b[1mdear\x1b[22m friend."))
    await person.waits_for("friend.\n› ")
    assert person.sees.count("Good") == 1
    assert person.sees.count("fri") == 1


async def test_of_many_drafts_the_latest_is_shown_and_none_after_the_answer(desk):
    person, adapter, core, _ = desk
    message = await says(person, core, "hello\n")
    for length in range(1, 2000):
        adapter.draft(message.address, message.key, f"No. {length}: " + "word " * length)
    await person.waits_for("word")
    adapter.draft(message.address, message.key, "too late")
    await adapter.send(part(message, "No. 1999: " + "word " * 1999 + "end."))
    await person.waits_for("end.\n› ")
    following = await says(person, core, "and now?\n")
    adapter.draft(following.address, following.key, "So it is")
    await person.waits_for("So it is")
    assert person.sees.count("No.") == 1
    assert person.sees.count("word") == 1999
    assert "late" not in person.sees


async def test_a_part_that_differs_from_its_draft_is_printed_again_from_that_line(desk):
    person, adapter, core, _ = desk
    message = await says(person, core, "hello\n")
    adapter.draft(message.address, message.key, "First.\n\nTitle")
    await person.waits_for("Title")
    await adapter.send(part(message, "First.\n\nAnother"))
    await person.waits_for("Title\nAnother\n")
    assert person.sees.count("First.") == 1


async def test_parts_are_printed_in_order_and_the_prompt_follows_the_last(desk):
    person, adapter, core, _ = desk
    await person.waits_for("› ")
    for number in range(3):
        message = await says(person, core, "hello\n")
        prompts = person.sees.count("› ")
        await adapter.send(part(message, f"one {number}", 0, 2))
        await person.waits_for(f"one {number}\n")
        assert person.sees.count("› ") == prompts
        await adapter.send(part(message, f"two {number}", 1, 2))
        await person.waits_for(f"one {number}\ntwo {number}\n› ")


async def test_a_backslash_continues_a_line(desk):
    person, _, core, _ = desk
    message = await says(person, core, "one\\\ntwo\n")
    assert message.text == "one\ntwo"


async def test_a_file_is_sent_by_its_path_with_the_words_behind_it(desk, tmp_path):
    person, _, core, _ = desk
    (tmp_path / "a cat.png").write_bytes(PICTURE)
    message = await says(person, core, f'@"{tmp_path}/a cat.png" What is it?\n')
    picture, words = message.parts
    assert (picture.kind, picture.mime, picture.name) == ("image", "image/png", "a cat.png")
    assert picture.size_bytes == len(PICTURE)
    assert picture.blob
    assert words == Text(text="What is it?")


async def test_a_wrong_path_is_told_and_nothing_is_sent(desk):
    person, _, core, _ = desk
    person.type("@/no/such/file hello\n")
    await person.waits_for("no readable file /no/such/file")
    assert (await says(person, core, "hello\n")).text == "hello"


async def test_a_pipe_that_never_ends_is_no_file(desk, tmp_path):
    person, _, core, _ = desk
    os.mkfifo(tmp_path / "endless")
    person.type(f"@{tmp_path}/endless\n")
    await person.waits_for("no readable file")
    assert (await says(person, core, "hello\n")).text == "hello"


async def test_a_file_that_is_too_large_is_told(desk, tmp_path):
    person, _, core, _ = desk
    with (tmp_path / "big.wav").open("wb") as file:
        file.truncate(25 * 2**20 + 1)
    person.type(f"@{tmp_path}/big.wav\n")
    await person.waits_for("25 MB are the most")
    assert (await says(person, core, "hello\n")).text == "hello"


async def test_a_received_file_is_kept_under_its_content_and_its_path_printed(tmp_path):
    media = KeptInMemory()
    blob = await media.put(PICTURE)
    async with at_a_terminal(tmp_path / "new" / "folder", media) as (person, adapter, core, _):
        message = await says(person, core, "draw\n")
        evil = Media(kind="image", blob=blob, mime="image/png", name="../../evil.png")
        assert await adapter.send(part(message, evil)) == Sent()
        kept = tmp_path / "new" / "folder" / f"{blob[:16]}.png"
        await person.waits_for(f"{kept}\n› ")
        assert kept.read_bytes() == PICTURE


async def test_a_file_that_is_gone_is_refused_and_the_talk_goes_on(desk):
    person, adapter, core, _ = desk
    message = await says(person, core, "draw\n")
    gone = Media(kind="image", blob="0" * 64)
    assert isinstance(await adapter.send(part(message, gone)), Refused)
    assert (await says(person, core, "next\n")).text == "next"


async def test_interrupting_an_answer_sends_stop_and_both_are_waited_for(desk):
    person, adapter, core, _ = desk
    await person.waits_for("› ")
    message = await says(person, core, "tell me everything\n")
    assert adapter.interrupt()
    stop = await core.next()
    assert stop.text == "/stop"
    prompts = person.sees.count("› ")
    await adapter.send(part(stop, "Stopped."))
    await person.waits_for("Stopped.\n")
    assert person.sees.count("› ") == prompts
    await adapter.send(part(message, "No answer."))
    await person.waits_for("Stopped.\nNo answer.\n› ")


async def test_a_stop_that_cannot_be_stored_is_told(desk):
    person, adapter, core, _ = desk
    message = await says(person, core, "tell me everything\n")
    core.fault = StoreError("disk full")
    assert adapter.interrupt()
    await person.waits_for("could not be stored")
    await adapter.send(part(message, "Everything."))
    await person.waits_for("Everything.\n› ")


async def test_without_an_answer_running_an_interrupt_is_for_the_process(desk):
    person, adapter, core, _ = desk
    await person.waits_for("› ")
    assert not adapter.interrupt()
    message = await says(person, core, "hello\n")
    await adapter.send(part(message, "Hi."))
    await person.waits_for("Hi.\n› ")
    assert not adapter.interrupt()


async def test_a_message_that_was_not_taken_is_told_and_not_waited_for(desk):
    person, adapter, core, _ = desk
    core.receipt = Receipt.BUSY
    await says(person, core, "hello\n")
    await person.waits_for("Please send it again.\n› ")
    assert not adapter.interrupt()
    core.fault = StoreError("disk full")
    person.type("hello\n")
    await person.waits_for("could not be stored")
    core.fault, core.receipt = None, Receipt.STORED
    assert (await says(person, core, "hello again\n")).text == "hello again"


async def test_dots_say_that_an_answer_is_coming_and_vanish(desk):
    person, adapter, core, _ = desk
    message = await says(person, core, "hello\n")
    await adapter.typing(message.address)
    await person.waits_for("…")
    await adapter.send(part(message, "Hi."))
    await person.waits_for("…\r\x1b[KHi.\n")


async def test_a_part_that_may_have_been_shown_before_says_so(desk):
    person, adapter, core, _ = desk
    message = await says(person, core, "hello\n")
    await adapter.send(part(message, "Hi.", repeated=True))
    await person.waits_for("(perhaps shown before)\nHi.\n")


async def test_ctrl_d_ends(desk):
    person, _, _, running = desk
    await person.waits_for("› ")
    person.type("\x04")
    await asyncio.wait_for(running, 5)


async def test_the_last_word_is_written_when_it_ends(desk):
    """A thread that still writes would abort the process at its end."""
    person, adapter, _, running = desk
    await person.waits_for("› ")
    person.type("\x04")
    await asyncio.wait_for(running, 5)
    assert adapter._printer._writing.done()


async def test_a_terminal_that_hangs_up_is_the_end_of_it(tmp_path):
    with pseudo_terminal() as (person, stdin, stdout):
        core = Core()
        adapter = make_adapter(stdin, stdout, tmp_path)
        running = asyncio.create_task(adapter.run(core.emit))
        message = await says(person, core, "hello\n")
        person.hangs_up()
        assert isinstance(await adapter.send(part(message, "Are you there?")), Refused)
        await asyncio.wait_for(running, 5)


SCRIPT = """
import asyncio, contextlib, pathlib, signal, sys
from tests.console.terminal import make_adapter
from core.ports.adapter import Receipt

async def ignore(message):
    return Receipt.IGNORED

async def main():
    running = asyncio.ensure_future(make_adapter(sys.stdin, sys.stdout, pathlib.Path()).run(ignore))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running

asyncio.run(main())
"""


@pytest.mark.parametrize("end", [b"\x04", signal.SIGTERM], ids=["Ctrl-D", "SIGTERM"])
def test_the_terminal_is_left_as_it_was_found(end):
    """A shell without an echo is what readline leaves behind where it is not told to end."""
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    with (
        os.fdopen(master, "rb+", buffering=0) as person,
        os.fdopen(slave, "rb+", buffering=0) as terminal,
        subprocess.Popen([sys.executable, "-c", SCRIPT], stdin=terminal, stdout=terminal) as talk,
    ):
        read_until(person, "› ")
        person.write(b"hi\n")
        read_until(person, "› ")
        assert termios.tcgetattr(terminal) != before
        if isinstance(end, bytes):
            person.write(end)
        else:
            person.write(b"half a li")
            read_until(person, "half a li")
            talk.send_signal(end)
        assert talk.wait(10) == 0
        assert termios.tcgetattr(terminal) == before


def read_until(person, text):
    seen = b""
    while text.encode() not in seen:
        ready, _, _ = select.select([person], [], [], 10)
        assert ready, seen
        seen += person.read(4096)
