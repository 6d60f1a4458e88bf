"""Ciphertext and replies, judged by wechatpy both ways."""

import base64
import re

import pytest
import xmltodict
from hypothesis import given
from hypothesis import strategies as st
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto

from adapters.wechat.crypto import Cipher
from adapters.wechat.format import (
    HINT_BYTES,
    REPLY_BYTES,
    Uploaded,
    Words,
    format_message,
    format_reply,
    inert,
)
from adapters.wechat.push import Push, Said
from adapters.wechat.signature import Forged, sign
from core.secret import Secret

TOKEN, APP_ID = "letters2and3digits", "wx00112233445566ff"
KEY, OTHER = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "G" * 42 + "A"
CIPHER = Cipher(token=Secret(TOKEN), app_id=APP_ID, keys=(Secret(KEY),))
PUSH = Push(key="1", source="oAnn", target="gh_1", created=1793534400, content=Said(parts=()))
NONCE, AT = "1320562132", "1793534400"


def sealed_by_others(xml: str, key: str = KEY, app_id: str = APP_ID) -> dict[str, str]:
    made = WeChatCrypto(TOKEN, key, app_id).encrypt_message(xml, NONCE, AT)
    return xmltodict.parse(made)["xml"]


def opened(cipher: Cipher, sealed: dict[str, str], **changed: str) -> str:
    told = {"Encrypt": sealed["Encrypt"], "MsgSignature": sealed["MsgSignature"]} | changed
    return cipher.open(told["Encrypt"], told["MsgSignature"], AT, NONCE).xml


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=300))
def test_what_others_encrypt_is_read(text):
    assert opened(CIPHER, sealed_by_others(text)) == text


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), min_size=1))
def test_what_is_encrypted_here_is_read_by_others(text):
    xml = format_reply(PUSH, Words(text=text))
    envelope = CIPHER.close(xml, Secret(KEY), AT)
    told = xmltodict.parse(envelope)["xml"]
    judge = WeChatCrypto(TOKEN, KEY, APP_ID)
    plain = judge.decrypt_message(envelope, told["MsgSignature"], told["TimeStamp"], told["Nonce"])
    content = xmltodict.parse(plain, strip_whitespace=False)["xml"]["Content"]
    assert content == inert(text).replace("\r\n", "\n").replace("\r", "\n")


def test_the_same_reply_is_the_same_bytes_and_another_reply_is_not():
    one, two = (format_reply(PUSH, Words(text=text)) for text in ("one", "two"))
    assert CIPHER.close(one, Secret(KEY), AT) == CIPHER.close(one, Secret(KEY), AT)
    first, second = (
        xmltodict.parse(CIPHER.close(xml, Secret(KEY), AT))["xml"]["Encrypt"] for xml in (one, two)
    )
    assert first[:20] != second[:20]


def test_the_key_before_is_still_read_and_told():
    cipher = Cipher(token=Secret(TOKEN), app_id=APP_ID, keys=(Secret(OTHER), Secret(KEY)))
    sealed = sealed_by_others("<xml/>")
    found = cipher.open(sealed["Encrypt"], sealed["MsgSignature"], AT, NONCE)
    assert found.key.reveal() == KEY


@pytest.mark.parametrize(
    "sealed",
    [sealed_by_others("<xml/>", key=OTHER), sealed_by_others("<xml/>", app_id="wx1")],
    ids=["another key", "another account"],
)
def test_what_is_for_somebody_else_is_refused(sealed):
    with pytest.raises(Forged):
        opened(CIPHER, sealed)


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_no_changed_byte_is_admitted(place, change):
    sealed = sealed_by_others("<xml>a push of some length</xml>")
    text = bytearray(sealed["Encrypt"].encode())
    text[place % len(text)] ^= change
    with pytest.raises(Forged):
        opened(CIPHER, sealed, Encrypt=text.decode("latin-1"))


@given(st.text(max_size=60))
def test_no_other_signature_is_admitted(signature):
    with pytest.raises(Forged):
        opened(CIPHER, sealed_by_others("<xml/>"), MsgSignature=signature)


@given(st.binary(max_size=120))
def test_damage_behind_a_right_signature_is_refused(content):
    """Whoever knows the token alone gets nothing in."""
    encrypted = base64.b64encode(content).decode()
    signature = sign(Secret(TOKEN), AT, NONCE, encrypted)
    with pytest.raises(Forged):
        CIPHER.open(encrypted, signature, AT, NONCE)


# -- replies ---------------------------------------------------------------------


@given(st.text())
def test_whatever_is_said_the_reply_is_xml_and_says_it(text):
    told = xmltodict.parse(format_reply(PUSH, Words(text=text)), strip_whitespace=False)["xml"]
    legal = "".join(c for c in text if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff"))
    legal = "".join(c for c in legal if not "\ud800" <= c <= "\udfff")
    assert (told["Content"] or "") == inert(legal).replace("\r\n", "\n").replace("\r", "\n")
    assert told["ToUserName"] == "oAnn"
    assert told["FromUserName"] == "gh_1"


@pytest.mark.parametrize(
    "text",
    [
        '<a href="weixin://bizmsgmenu?msgmenucontent=/forget&msgmenuid=1">touch</a>',
        '<A\nHREF="https://x.test">x</A >',
        '<\x01a href="https://x.test">x<\x02/a>',
        "<a " * 600,
    ],
)
def test_what_is_said_makes_no_link_and_grows_past_no_limit(text):
    told = xmltodict.parse(format_reply(PUSH, Words(text=text)), strip_whitespace=False)["xml"]
    sent = format_message("o", Words(text=text))["text"]["content"]
    for shown in (told["Content"], sent):
        assert not re.search(r"<\s*/?\s*a\b", shown, re.IGNORECASE)
        assert "a" in shown.lower()
        assert len(shown.encode()) <= REPLY_BYTES + HINT_BYTES


def test_other_signs_that_look_like_tags_stay():
    text = "if a <b and c< a: <article> <about>"
    assert format_message("o", Words(text=text))["text"]["content"] == text


@pytest.mark.parametrize("kind", ["image", "voice"])
def test_files_are_named_by_their_media_id(kind):
    told = xmltodict.parse(format_reply(PUSH, Uploaded(kind=kind, media_id="m1")))["xml"]
    assert told["MsgType"] == kind
    assert told[kind.capitalize()]["MediaId"] == "m1"
    assert format_message("o", Uploaded(kind=kind, media_id="m1"))[kind] == {"media_id": "m1"}


def test_a_reply_is_read_by_others_as_a_message():
    assert parse_message(format_reply(PUSH, Words(text="a ]]> b"))).content == "a ]]> b"
