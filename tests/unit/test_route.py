"""What a message asks for, and whether it is for the bot."""

from datetime import UTC, datetime

import pytest
from msgspec import structs

from core.bot import Bot
from core.command import Ask, Command, Outcome, Services
from core.model import Address, Media, Message, Part, Quote, Text
from core.route import Ignore, Invoke, Talk, Transcribe, UnknownCommand, Unreadable, route


async def _run(ask: Ask, rest: str, services: Services) -> Outcome:
    raise NotImplementedError("routing runs nothing")


IMAGE = Command(name="image", aliases=("画图",), run=_run)
COMMANDS = dict.fromkeys(IMAGE.names, IMAGE)
BOT = Bot(name="b", platform="p", prefixes=("小帕",))
VOICE = Media(kind="voice", blob="v")
PICTURE = Media(kind="image", blob="p")


def message(*parts: Part, group: bool = False, addressed: bool = False) -> Message:
    address = Address(platform="p", bot="b", chat="c", sender="s", group=group)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Message(id="1", key="1", address=address, parts=parts, sent_at=at, addressed=addressed)


def asked(text: str, **where: bool) -> object:
    return route(message(Text(text=text), **where), BOT, COMMANDS)


def test_text_is_chat() -> None:
    assert asked(" hello ") == Talk(text="hello")


@pytest.mark.parametrize(
    "text", ["/image a cat", "／画图 a cat", "/IMAGE\na cat", "/画图\u3000a cat", "/画图a cat"]
)
def test_a_command_is_known_by_each_of_its_names(text: str) -> None:
    assert asked(text) == Invoke(command=IMAGE, rest="a cat")


def test_a_command_keeps_the_lines_after_its_name() -> None:
    assert asked("/image one\ntwo  three") == Invoke(command=IMAGE, rest="one\ntwo  three")


def test_a_command_unknown_is_named() -> None:
    assert asked("/imagine x") == UnknownCommand(mark="/", name="imagine")


@pytest.mark.parametrize("text", ["/", "/usr/bin/python is broken", "// comment"])
def test_a_slash_alone_makes_no_command(text: str) -> None:
    assert asked(text) == Talk(text=text)


def test_voice_is_transcribed_and_keeps_the_words_beside_it() -> None:
    assert route(message(VOICE, Text(text="in German")), BOT, COMMANDS) == Transcribe(
        speech=VOICE, text="in German"
    )


def test_a_picture_goes_with_its_question() -> None:
    routed = route(message(Text(text="what?"), PICTURE), BOT, COMMANDS)
    assert routed == Talk(text="what?", pictures=(PICTURE,))


def test_a_quote_travels_with_the_question_about_it_shortened() -> None:
    quote = Quote(key="0", parts=(Text(text="x" * 600), PICTURE))
    routed = route(message(quote, Text(text="what?")), BOT, COMMANDS)
    assert routed == Talk(text=f"> {'x' * 500}…\n\nwhat?", pictures=(PICTURE,))


@pytest.mark.parametrize("words", [(), (Text(text="summarise this"),)])
def test_a_file_that_cannot_be_read_is_not_passed_over(words: tuple[Text, ...]) -> None:
    assert route(message(*words, Media(kind="file", blob="f")), BOT, COMMANDS) == Unreadable()


def test_a_message_with_nothing_in_it_is_unreadable() -> None:
    assert route(message(), BOT, COMMANDS) == Unreadable()


@pytest.mark.parametrize("text", ["hello", "/imagine x"])
def test_group_talk_is_not_for_the_bot(text: str) -> None:
    assert asked(text, group=True) == Ignore(reason="why_not_addressed")


def test_in_a_group_a_mention_a_prefix_or_a_command_is_for_the_bot() -> None:
    assert asked("hello", group=True, addressed=True) == Talk(text="hello")
    assert asked("小帕 hello", group=True) == Talk(text="hello")
    assert asked("/image x", group=True) == Invoke(command=IMAGE, rest="x")
    assert asked("小帕 /image x", group=True) == Invoke(command=IMAGE, rest="x")


# -- what a group's bot hears ----------------------------------------------------


def heard(trigger: str, *parts: Part, addressed: bool = False) -> object:
    bot = structs.replace(BOT, trigger=trigger)
    return route(message(*parts, group=True, addressed=addressed), bot, COMMANDS)


def test_a_group_may_be_heard_whole() -> None:
    assert heard("all", Text(text="hello")) == Talk(text="hello")
    assert heard("all", PICTURE) == Talk(text="", pictures=(PICTURE,))
    assert heard("all", VOICE) == Transcribe(speech=VOICE)
    assert heard("all", Text(text="小帕 hello")) == Talk(text="hello")


@pytest.mark.parametrize("part", [Text(text="/ban x"), Media(kind="file", blob="f")])
def test_in_a_group_heard_whole_nobody_is_told_what_they_did_not_ask(part: Part) -> None:
    assert heard("all", part) == Ignore(reason="why_no_answer")
    assert not isinstance(heard("all", part, addressed=True), Ignore)


@pytest.mark.parametrize("part", [Text(text="hello"), PICTURE, VOICE, Text(text="/ban x")])
def test_a_group_may_be_heard_by_prefix_and_command_alone(part: Part) -> None:
    assert heard("prefix", part, addressed=True) == Ignore(reason="why_no_prefix")
    assert heard("prefix", Text(text="小帕 hello")) == Talk(text="hello")
    assert heard("prefix", Text(text="/image x")) == Invoke(command=IMAGE, rest="x")


def test_one_to_one_everything_is_heard_whatever_the_trigger() -> None:
    bot = structs.replace(BOT, trigger="prefix")
    assert route(message(Text(text="hello")), bot, COMMANDS) == Talk(text="hello")
