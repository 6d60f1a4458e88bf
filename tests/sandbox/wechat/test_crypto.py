"""Our encryption against libraries of others: recorded from two of npm's, live with wechatpy."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import PrpCrypto
from wechatpy.exceptions import InvalidAppIdException
from wechatpy.utils import WeChatSigner

from bots.sandbox.wechat.crypto import Seal, Unsealed, sign
from tests.sandbox.wechat.bot import AES_KEY, APP_ID, OTHER_KEY

FOLDER = Path(__file__).parents[2] / "wechat" / "vectors"
FILES = [json.loads(file.read_text("utf-8")) for file in sorted(FOLDER.glob("*crypto.json"))]
VECTORS = [(told, vector) for told in FILES for vector in told["vectors"]]
KEY = base64.b64decode(AES_KEY + "=")


def test_there_are_vectors_of_both_libraries():
    assert [told["library"].split()[1] for told in FILES] == ["wechat-crypto", "@wecom/crypto"]


@pytest.mark.parametrize(("told", "vector"), VECTORS)
def test_the_same_prefix_gives_the_same_ciphertext_and_signature(told, vector):
    seal = Seal(vector["aes_key"], told["app_id"])
    message = vector["message"].encode()
    encrypted = seal.encrypt(message, vector["prefix"].encode("latin1"))
    assert encrypted == vector["encrypted"]
    assert seal.decrypt(encrypted) == message
    signature = sign(told["token"], told["timestamp"], told["nonce"], encrypted)
    assert signature == vector["signature"]


def test_the_signature_is_the_one_on_wechats_own_page():
    """developers.weixin.qq.com/doc/subscription/guide/dev/push/encryption, read 2026-11."""
    assert sign("AAAAA", "1714037059", "486452656") == "899cf89e464efb63f54ddac96b0a0a235f53aa78"


@given(st.text(max_size=300))
def test_wechatpy_and_we_read_each_other(text):
    seal, theirs = Seal(AES_KEY, APP_ID), PrpCrypto(KEY)
    assert theirs.decrypt(seal.encrypt(text.encode()), APP_ID) == text
    assert seal.decrypt(theirs.encrypt(text, APP_ID).decode()) == text.encode()


@given(st.lists(st.text(st.characters(codec="ascii")), min_size=3, max_size=4))
def test_wechatpy_and_we_sign_alike(fields):
    signer = WeChatSigner()
    signer.add_data(*fields)
    assert sign(*fields) == signer.signature


def test_two_encryptions_of_one_message_differ():
    seal = Seal(AES_KEY, APP_ID)
    assert seal.encrypt(b"hello") != seal.encrypt(b"hello")


def test_another_accounts_message_is_not_read():
    encrypted = Seal(AES_KEY, APP_ID).encrypt(b"hello")
    with pytest.raises(Unsealed, match="AppID"):
        Seal(AES_KEY, "wx9").decrypt(encrypted)
    with pytest.raises(InvalidAppIdException):
        PrpCrypto(KEY).decrypt(encrypted, "wx9")


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "???",
        "QUJD",
        Seal(OTHER_KEY, APP_ID).encrypt(b"hello"),
        Seal(AES_KEY, APP_ID).encrypt(b"hello" * 9)[:-44],
        Seal(AES_KEY, APP_ID).encrypt(b"hello")[4:],
    ],
    ids=("nothing", "no base64", "too short", "another key", "cut behind", "cut before"),
)
def test_a_broken_ciphertext_is_named_so(broken):
    with pytest.raises(Unsealed):
        Seal(AES_KEY, APP_ID).decrypt(broken)


@pytest.mark.parametrize("key", ["", "short", "?" * 43, AES_KEY + "AAAA"])
def test_a_key_of_another_form_is_refused(key):
    with pytest.raises(ValueError, match="EncodingAESKey"):
        Seal(key, APP_ID)
