"""What fuzzing found, each by its shortest input; and texts whose time grew as their square."""

import io
import time
import wave

import pytest

from adapters.onebot11.connection import LARGE_BYTES, _decoded
from adapters.web.guard import same_origin
from adapters.web.parse import BadFrame, parse_frame
from adapters.web.session import Sessions, Tickets
from core.errors import MediaError
from core.model import Media
from core.secret import Secret
from core.sound import pcm
from prove.fuzz.table import TARGETS

DEEP = 970
"""As deep as a thread of its own may decode, and deeper than there is room for behind it."""
FOUND = {
    "a relay's error in letters that are no UTF-8": (
        "relay-chat",
        b'{"code":1,"m\x95":"","msg":"a"}',
    ),
    "a count of tokens that no row holds": (
        "relay-chat",
        b'{"choices":[{"text":"a"}],"usage":{"prompt_tokens":9223372036854775808}}',
    ),
    "fewer tokens than none": (
        "relay-chat",
        b'{"choices":[{"text":"a"}],"usage":{"prompt_tokens":5,"completion_tokens":-7}}',
    ),
    "a vector of the word inf": ("relay-embeddings", b'{"data":[{"embedding":["inf"]}]}'),
    "a recording that lasts nan": ("relay-transcription", b'{"text":"a","duration":"nan"}'),
    "a file larger than a row holds": ("relay-file", b'{"id":"f","bytes":9223372036854775808}'),
    "subtitles of so many hours": ("relay-transcription-srt", b"9" * 5000 + b":0:0,0 --> 0:0,0\na"),
    "more hours than a float": ("relay-transcription-srt", b"9" * 400 + b":0:0,0 --> 0:0,0\na"),
    "a wait with a separator behind it": ("relay-retry-after", b"120\x1f"),
    "a quota past all numbers": (
        "relay-key-quota",
        b'{"data":{"total_granted":0,"total_used":%d,"total_available":0},"code":true}' % 10**40,
    ),
    "an origin with half an address": ("web-headers", b"http://["),
    "a ticket of half letters": ("web-ticket", b"\xff\xfe"),
    "an id with a line's end": ("web-frame", b'{"type":"send","id":"abcdefgh\\n","text":"a"}'),
    "settings in lists without end": ("config", b"a=" + b"[" * 5000),
    "a setting of thousands of digits": ("config", b"a=" + b"9" * 4400),
    "a relay at half an address": ("config", b'[relays.x]\nprofile="openai"\nbase_url="http://["'),
    "a sender without end": (
        "wechat-push",
        b"<xml><FromUserName>" + b"o" * 5000 + b"</FromUserName><CreateTime>1</CreateTime></xml>",
    ),
    "an echo too deep to write": (
        "onebot-frame",
        b'{"file":"%s","echo":' % (b"A" * LARGE_BYTES) + b"[" * DEEP + b"]" * DEEP + b"}",
    ),
    "an id without end": (
        "onebot-frame",
        b'{"post_type":"message","message_type":"private","self_id":1,"user_id":2,"message_id":"'
        + b"a" * 5000
        + b'","message":"a"}',
    ),
    "a time that is a text without end": (
        "onebot-frame",
        b'{"post_type":"message","message_type":"private","self_id":1,"user_id":2,"message_id":3,'
        b'"time":"%s","message":"a"}' % (b"9" * 5000),
    ),
}


@pytest.mark.parametrize("what", FOUND)
def test_what_was_found_once_is_read_or_refused(what):
    name, data = FOUND[what]
    TARGETS[name].try_on(data)


def test_only_one_spelling_of_a_signature_is_taken():
    sessions, tickets = Sessions(Secret("a secret")), Tickets(Secret("a secret"))
    cookie = sessions.sign("session")
    ticket = tickets.issue("session", Media(kind="image", blob="ab", mime="image/png"))
    assert sessions.read(cookie) == "session"
    assert tickets.read("session", ticket).blob == "ab"
    for junk in ("=", "==", "!", "\n", " ", "a"):
        assert sessions.read(cookie + junk) is None
        assert sessions.read(cookie[:-5] + junk + cookie[-5:]) is None
        with pytest.raises(MediaError):
            tickets.read("session", ticket + junk)
    others = [cookie[:-1] + letter for letter in "ABCDEFGHIJKLMNOPabcdefghijklmnop0123456789-_"]
    assert [other for other in others if sessions.read(other)] in ([], [cookie])


def test_half_an_address_is_no_origin_and_no_frame_is_read_past_its_id():
    assert not same_origin({"origin": "http://[", "host": "bot.example"})
    with pytest.raises(BadFrame):
        parse_frame(b'{"type":"ping"' + b" " * 600_000)


async def test_a_large_frame_of_many_small_things_is_passed_over_and_one_of_content_is_read():
    many = b'{"message":[' + b"[]," * LARGE_BYTES + b"[]]}"
    content = b'{"message":"base64://%s"}' % (b"A" * 2 * LARGE_BYTES)
    assert await _decoded(many) is None
    assert await _decoded(content) is not None
    assert await _decoded(content.decode()) is not None


PATHOLOGICAL = {
    "a display formula and spaces": ("render-qq", "$$ a $$" + " " * 10_000 + "x"),
    "a long display formula": ("render-qq", "$$\n" + "a " * 20_000 + "\n$$"),
    "spaces in a formula": ("render-qq", "$$\n" + "\\," * 1_990 + "x\n$$"),
    "brackets": ("render-wechat", "[" * 20_000),
    "pictures that are none": ("render-qq", "![" * 10_000),
    "stars": ("render-telegram", "**a " * 20_000),
    "quotes in quotes": ("render-qq", ">" * 20_000),
    "fences": ("render-telegram", "```\na\n```\n" * 3_000),
    "codes of QQ": ("onebot-cq-codes", "[CQ:at,qq=1]" * 20_000),
    "codes that do not end": ("onebot-cq-codes", "[CQ:a" * 40_000),
    "a code's fields without end": ("onebot-cq-codes", "[CQ:a" + ",b=c" * 50_000),
    "a line of a stream in bytes": ("relay-stream-chat", "data: " + "a" * 100_000),
    "escapes": ("onebot-cq-codes", "&amp;" * 40_000),
    "cookies": ("web-cookie", "a." * 50_000),
    "arrows of subtitles": ("relay-transcription-srt", "1 --> " * 30_000),
    "spaces of subtitles": ("relay-transcription-vtt", "1" + " " * 50_000),
    "elements": ("wechat-push", "<xml>" + "<a>b</a>" * 8_000 + "</xml>"),
    "entities": ("wechat-push", "<xml>" + "&amp;" * 10_000 + "</xml>"),
}


@pytest.mark.parametrize("what", PATHOLOGICAL)
def test_no_text_takes_long_by_what_it_says(what):
    """50 ms a KB is promised; the squares that this keeps out took minutes."""
    name, text = PATHOLOGICAL[what]
    data = text.encode()
    began = time.process_time()
    TARGETS[name].try_on(data)
    assert time.process_time() - began < 1.0 + 0.05 * len(data) / 1024


def test_no_recording_takes_long_by_the_rate_that_it_tells():
    wav = io.BytesIO()
    with wave.open(wav, "wb") as file:
        file.setparams((1, 2, 67_116_864, 0, "NONE", ""))
        file.writeframes(bytes(4_000))
    with pytest.raises(MediaError, match="at most 768,000 Hz, got one of 67,116,864 Hz"):
        pcm.decode(wav.getvalue())
