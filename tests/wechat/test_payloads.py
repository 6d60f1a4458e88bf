"""Pushes as WeChat sends them, sanitised: a file each, and beside it what it is taken for."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wechat.crypto import Cipher
from adapters.wechat.parse import parse_encrypted, parse_push
from adapters.wechat.push import Push, Said
from adapters.wechat.xml import PushError
from core.secret import Secret

PAYLOADS = Path(__file__).parent / "payloads"
TOKEN = Secret("letters2and3digits")
KEY = Secret("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")
APP_ID = "wx00112233445566ff"

HEAD = "<FromUserName>o</FromUserName><CreateTime>1793534400</CreateTime>"


def files(folder):
    found = sorted((PAYLOADS / folder).glob("*.xml"))
    return pytest.mark.parametrize("path", found, ids=[path.stem for path in found])


def expected(name: str) -> dict:
    return json.loads((PAYLOADS / "plain" / f"{name}.json").read_text())


def taken_for(push: Push) -> dict:
    fields = json.loads(msgspec.json.encode(push))
    fields.pop("raw")
    return fields


@files("plain")
def test_a_push_is_taken_for_what_it_is(path):
    assert taken_for(parse_push(path.read_text())) == expected(path.stem)


@files("aes")
def test_an_encrypted_push_is_opened_and_taken_for_what_it_is(path):
    sealed = json.loads(path.with_suffix(".json").read_text())
    cipher = Cipher(token=TOKEN, app_id=APP_ID, keys=(KEY,))
    encrypted = parse_encrypted(path.read_text())
    opened = cipher.open(encrypted, sealed["msg_signature"], sealed["timestamp"], sealed["nonce"])
    assert taken_for(parse_push(opened.xml)) == expected(sealed["is"])


def test_there_is_a_payload_of_every_kind():
    kinds = {expected(path.stem)["content"]["type"] for path in (PAYLOADS / "plain").glob("*.xml")}
    assert kinds == {"said", "followed", "scanned", "unheard"}
    assert len(list(PAYLOADS.rglob("*.xml"))) >= 25


def test_words_that_wechat_heard_can_be_passed_over():
    push = parse_push((PAYLOADS / "plain" / "voice_recognised.xml").read_text(), recognition=False)
    assert isinstance(push.content, Said)
    assert push.content.parts[0].kind == "voice"


def test_an_event_again_has_the_same_key_and_another_event_another():
    names = ("subscribe", "unsubscribe", "scan", "click", "view")
    pushes = [parse_push((PAYLOADS / "plain" / f"{name}.xml").read_text()) for name in names]
    assert len({push.key for push in pushes}) == len(names)


# -- what breaks parsers -------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "<xml>",
        "<xml/>",
        "<html></html>",
        "not xml",
        f"<xml>{HEAD}",
        "<xml><MsgType>text</MsgType></xml>",
        f"<xml>{HEAD}<MsgType>text</MsgType></xml><xml/>",
        "<xml><FromUserName>o</FromUserName><CreateTime>soon</CreateTime></xml>",
        f"<xml><FromUserName>o</FromUserName><CreateTime>{'9' * 5000}</CreateTime></xml>",
        "<xml><FromUserName>o</FromUserName><CreateTime>-1</CreateTime></xml>",
        f"<xml>{HEAD}<MsgType>text</MsgType><MsgId>eleven</MsgId></xml>",
        f"<xml>{HEAD}<MsgType>location</MsgType><Location_X>north</Location_X></xml>",
        '<!DOCTYPE xml [<!ENTITY a "b">]><xml>&a;</xml>',
        '<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml/>',
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><xml>&b;</xml>',
        "<xml>" * 10_000 + "</xml>" * 10_000,
        "<xml>" + "<a>" * 20 + "</a>" * 20 + "</xml>",
        f"<xml>{HEAD}<MsgType>&nothing;</MsgType></xml>",
        "<?xml version='1.0' encoding='utf-16'?><xml",
    ],
    ids=str.__len__,
)
def test_what_is_no_push_is_refused_by_its_own_error(text):
    with pytest.raises(PushError):
        parse_push(text)


@given(st.text() | st.builds(lambda inner: f"<xml>{HEAD}{inner}</xml>", st.text()))
def test_parsing_raises_nothing_but_its_own_error(text):
    try:
        parse_push(text)
    except PushError:
        return


NAMES = ("MsgType", "Content", "MsgId", "Event", "EventKey", "MediaId", "PicUrl", "Location_X")
KINDS = ("text", "image", "voice", "location", "link", "event", "pic_weixin", "file", "SCAN", "")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(NAMES), st.sampled_from(KINDS) | st.text("abc<>/&;1", max_size=9)
        ),
        max_size=8,
    )
)
def test_fields_in_any_order_and_number_raise_nothing_but_its_own_error(fields):
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields)
    try:
        parse_push(f"<xml>{HEAD}{inner}</xml>")
    except PushError:
        return
