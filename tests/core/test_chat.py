"""What a person says, sends and quotes, and what the model makes of it."""

from core.model import Media, Quote, Text
from core.request import ChatMessage, Picture
from tests.core.house import Site

PNG = Media(kind="image", remote="p", mime="image/png")
VOICE = Media(kind="voice", remote="v", mime="audio/ogg; codecs=opus", duration_s=1.5)


async def test_the_relay_sees_a_hash_of_the_person_and_no_id(site: Site) -> None:
    await site.open()
    amy = site.person()
    await amy.asks("hello")
    assert site.relays.asked[0].user == f"hash of {amy.key}"


async def test_the_routes_are_told_which_conversation_it_is(site: Site) -> None:
    await site.open()
    amy, bob = site.person(), site.person(chat="elsewhere")
    for person in (amy, bob, amy):
        await person.asks("hello")
    first, other, again = (request.conversation for request in site.relays.asked)
    assert first == again
    assert first != other


async def test_the_persona_travels_before_the_talk(site: Site) -> None:
    site.bot(persona="Be brief.")
    await site.open()
    await site.person().asks("hello")
    assert site.relays.sent == [("system", "Be brief."), ("user", "hello")]


async def test_a_persona_that_is_folded_counts_with_its_gap(site: Site) -> None:
    site.bot(persona="Be brief.", history_chars=16)
    site.relays.folds = True
    await site.open()
    amy = site.person()
    assert await amy.asks("hello!") == [site.say("message_too_long", got=6, limit=5)]
    await amy.asks("hello")
    assert site.relays.sent == [("system", "Be brief.\n\n"), ("user", "hello")]


async def test_a_picture_goes_along_with_the_question_where_the_model_sees(site: Site) -> None:
    site.bot().files["p"] = b"\x89PNG\r\n\x1a\n"
    await site.open()
    assert await site.person().asks("what is it?", PNG) == ["re: what is it?"]
    picture = Picture(content=b"\x89PNG\r\n\x1a\n", mime="image/png")
    assert site.relays.asked[0].messages == (
        ChatMessage(role="user", content="what is it?", pictures=(picture,)),
    )


async def test_a_picture_in_the_media_store_goes_along(site: Site) -> None:
    await site.open()
    blob = await site.house.media.put(b"\x89PNG\r\n\x1a\n")
    await site.person().asks("what is it?", Media(kind="image", blob=blob, mime="image/png"))
    (picture,) = site.relays.asked[0].messages[0].pictures
    assert picture.content == b"\x89PNG\r\n\x1a\n"


async def test_a_picture_alone_is_asked_about_in_the_persons_language(site: Site) -> None:
    site.bot().files["p"] = b"\x89PNG\r\n\x1a\n"
    await site.open()
    await site.person().asks("", PNG, language="zh")
    assert site.relays.questions == [site.say("picture_question", "zh")]


async def test_an_earlier_picture_is_kept_but_not_sent_again(site: Site) -> None:
    site.bot().files["p"] = b"\x89PNG\r\n\x1a\n"
    await site.open()
    amy = site.person()
    await amy.asks("what is it?", PNG)
    await amy.asks("and why?")
    assert [message.pictures for message in site.relays.asked[1].messages] == [()] * 3
    (asked, *_) = await site.house.store.log(amy.conversation, 10)
    assert asked.media == (PNG,)


async def test_a_picture_is_not_sent_where_no_model_sees(site: Site) -> None:
    site.relays.eyes = False
    await site.open()
    assert await site.person().asks("what is it?", PNG) == [site.say("no_vision")]
    assert site.relays.asked == []


async def test_what_is_quoted_travels_with_the_question(site: Site) -> None:
    await site.open()
    quote = Quote(key="k0", parts=(Text(text="To be\nor not"),))
    await site.person().asks("who said that?", quote)
    assert site.relays.questions == ["> To be\n> or not\n\nwho said that?"]


async def test_a_quoted_picture_goes_along(site: Site) -> None:
    site.bot().files["p"] = b"\x89PNG\r\n\x1a\n"
    await site.open()
    await site.person().asks("what is it?", Quote(key="k0", parts=(PNG,)))
    assert len(site.relays.asked[0].messages[0].pictures) == 1


async def test_a_voice_message_is_answered_under_its_words(site: Site) -> None:
    site.bot().files["v"] = b"OggS"
    await site.open()
    amy = site.person()
    heard = site.say("heard", text="spoken words")
    assert await amy.asks("", VOICE) == [f"{heard}\n\nre: spoken words"]
    assert await amy.turns() == [
        ("user", "spoken words", "complete"),
        ("assistant", "re: spoken words", "complete"),
    ]
    spent = site.rows("SELECT kind, audio_s FROM spends ORDER BY seq")
    assert spent == [("transcription", 2.0), ("chat", 0.0)]


async def test_what_was_spoken_is_remembered(site: Site) -> None:
    site.bot().files["v"] = b"OggS"
    await site.open()
    amy = site.person()
    await amy.asks("", VOICE)
    await amy.asks("go on")
    assert site.relays.sent[0] == ("user", "spoken words")


async def test_a_voice_message_whose_answer_fails_still_gets_its_words(site: Site) -> None:
    site.bot(history_chars=5).files["v"] = b"OggS"
    await site.open()
    amy = site.person()
    (told,) = await amy.asks("", VOICE)
    assert told.startswith(site.say("heard", text="spoken words"))
    assert told.endswith(site.say("message_too_long", got=12, limit=5))
    assert await amy.turns() == [("user", "spoken words", "failed")]
    assert site.rows("SELECT kind FROM spends") == [("transcription",)]


async def test_a_bot_that_only_writes_down_asks_no_model(site: Site) -> None:
    site.bot(voice="text").files["v"] = b"OggS"
    await site.open()
    assert await site.person().asks("", VOICE) == ["spoken words"]
    assert site.relays.asked == []


async def test_the_conversations_setting_for_voice_goes_before_the_bots(site: Site) -> None:
    site.bot(voice="chat").files["v"] = b"OggS"
    await site.open()
    amy = site.person()
    await amy.asks("/voice text")
    assert await amy.asks("", VOICE) == ["spoken words"]


async def test_silence_is_told(site: Site) -> None:
    site.bot().files["v"] = b"OggS"
    site.relays.heard = " "
    await site.open()
    assert await site.person().asks("", VOICE) == [site.say("no_speech_found")]
    assert site.relays.asked == []


async def test_too_much_to_remember_is_told_once(site: Site) -> None:
    site.bot(history_chars=20)
    site.relays.script["long"] = ("a" * 16,)
    await site.open()
    amy = site.person()
    warning = site.say("too_much_to_remember", limit=20)
    assert await amy.asks("long") == ["a" * 16, warning]
    assert await amy.asks("long") == ["a" * 16]
    await site.restart()
    assert await amy.asks("long") == ["a" * 16]
    assert site.relays.sent == [("user", "long")]


async def test_an_answer_that_just_fits_again_is_no_reason_to_warn(site: Site) -> None:
    site.bot(history_chars=20)
    site.relays.script["long"] = ("a" * 15,)
    await site.open()
    amy = site.person()
    assert await amy.asks("long") == ["a" * 15]
    await amy.asks("x")
    assert site.relays.sent == [("user", "long"), ("assistant", "a" * 15), ("user", "x")]


async def test_the_gap_behind_a_folded_persona_counts_for_the_warning(site: Site) -> None:
    site.bot(history_chars=20, persona="abc")
    site.relays.folds = True
    site.relays.script["long"] = ("a" * 11,)
    await site.open()
    warning = site.say("too_much_to_remember", limit=20)
    assert await site.person().asks("long") == ["a" * 11, warning]


async def test_an_answer_without_a_word_is_told_and_its_question_not_sent_again(
    site: Site,
) -> None:
    site.relays.script["hello"] = (" \n",)
    await site.open()
    amy = site.person()
    assert await amy.asks("hello") == [site.say("no_answer")]
    await amy.asks("again")
    assert site.relays.sent == [("user", "again")]
    assert site.rows("SELECT kind FROM spends") == [("chat",)] * 2


async def test_why_tells_how_an_answer_was_made(site: Site) -> None:
    await site.open()
    amy = site.person()
    await amy.asks("hello")
    (told,) = await amy.asks("/why")
    expected = site.say(
        "why_answered", relay="main", model="m", turns=1, chars=5, tokens=18, seconds="0.0"
    )
    assert expected in told


async def test_a_command_nobody_knows_is_told_with_the_nearest(site: Site) -> None:
    await site.open()
    told = await site.person().asks("/hlep")
    assert told == [site.say("unknown_command_close", name="/hlep", suggestion="/help")]


async def test_a_message_of_nothing_readable_is_told(site: Site) -> None:
    await site.open()
    assert await site.person().asks("", Media(kind="file", remote="f")) == [
        site.say("unsupported_part")
    ]
