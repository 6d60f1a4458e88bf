"""WeChat's pushes, in plain text and in AES."""

import base64
import struct
from collections.abc import Sequence
from functools import cache
from typing import Any

from adapters.wechat.crypto import Cipher
from adapters.wechat.parse import parse_encrypted, parse_push, sent_at
from adapters.wechat.push import Push
from adapters.wechat.signature import Forged, check_query, sign
from adapters.wechat.xml import PushError, cdata, clean
from core.secret import Secret
from prove.fuzz.kept import KEY_CHARS
from prove.fuzz.target import Broken, Target, recorded

TOKEN = Secret("a token of WeChat's")
APP_ID = "wx0011223344556677"
KEY = Secret("canarykeyABCDEFGHIJKLMNOPQRSTUVWXYZ01234567")
TIME = "1793534400"
NONCE = "1320562132"
CIPHER = Cipher(token=TOKEN, app_id=APP_ID, keys=(KEY,))


def _push(data: bytes) -> None:
    push = parse_push(data.decode(errors="replace"))
    sent_at(push)
    _check(push)


def _check(push: Push) -> None:
    if max(map(len, (push.key, push.source, push.target))) > KEY_CHARS:
        raise Broken("an id without end")
    if clean(cdata(push.source)) != cdata(push.source):
        raise Broken("a name that would void the reply")


def _envelope(data: bytes) -> None:
    """Signed as it ought to be, whatever it is: what the signature keeps out is not tried."""
    encrypted = parse_encrypted(data.decode(errors="replace"))
    opened = CIPHER.open(encrypted, sign(TOKEN, TIME, NONCE, encrypted), TIME, NONCE)
    parse_push(opened.xml)


def _sealed(data: bytes) -> None:
    """What stands in the ciphertext, the key being right: length, XML and account."""
    plain = b"0" * 16 + data
    pad = 32 - len(plain) % 32
    plain += bytes([pad]) * pad
    sealed = base64.b64encode(_encrypt(plain)).decode()
    opened = CIPHER.open(sealed, sign(TOKEN, TIME, NONCE, sealed), TIME, NONCE)
    parse_push(opened.xml)


def _encrypt(plain: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import (  # noqa: PLC0415
        Cipher as Raw,
    )
    from cryptography.hazmat.primitives.ciphers import algorithms, modes  # noqa: PLC0415

    key = base64.b64decode(KEY.reveal() + "=")
    encryptor: Any = Raw(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return bytes(encryptor.update(plain) + encryptor.finalize())


def _query(data: bytes) -> None:
    """The address that a push comes to."""
    from starlette.datastructures import QueryParams  # noqa: PLC0415

    check_query(TOKEN, QueryParams(data), (1793534400.0,), 300.0)


@cache
def _enveloped() -> Sequence[bytes]:
    xml = recorded("wechat/payloads/plain/text.xml")[0].decode()
    return [CIPHER.close(xml, KEY, TIME).encode(), *recorded("wechat/payloads/aes/*.xml")]


def _insides() -> Sequence[bytes]:
    seeds = recorded("wechat/payloads/plain/*.xml")
    return [struct.pack(">I", len(xml)) + xml + APP_ID.encode() for xml in seeds]


def _queries() -> Sequence[bytes]:
    signature = sign(TOKEN, TIME, NONCE)
    return [f"signature={signature}&timestamp={TIME}&nonce={NONCE}&echostr=1".encode()]


def _plain() -> Sequence[bytes]:
    return recorded("wechat/payloads/plain/*.xml")


PUSH = 2**16
REFUSED = (PushError, Forged)
TARGETS = (
    Target(
        name="wechat-push",
        run=_push,
        seeds=_plain,
        form="xml",
        raises=(PushError,),
        most_bytes=PUSH,
    ),
    Target(
        name="wechat-envelope",
        run=_envelope,
        seeds=_enveloped,
        form="xml",
        raises=REFUSED,
        most_bytes=PUSH,
    ),
    Target(
        name="wechat-sealed",
        run=_sealed,
        seeds=_insides,
        form="xml",
        raises=REFUSED,
        most_bytes=PUSH,
    ),
    Target(
        name="wechat-query",
        run=_query,
        seeds=_queries,
        form="text",
        raises=(Forged,),
        most_bytes=PUSH,
    ),
)
