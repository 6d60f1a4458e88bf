"""Safe mode: pushes and replies in AES, read and written by werobot's PrpCrypto. Pure.

werobot compares signatures openly, takes its random bytes from nowhere that can
be told, and lets every kind of damage out as another exception; so the checks
stand here and the arithmetic there.
developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/Technical_Plan.html,
November 2026.
"""

import base64
import binascii
import hmac
import struct
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from adapters.wechat.signature import Forged, check_signature, sign
from core.secret import Secret

ENVELOPE = (
    "<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt>"
    "<MsgSignature><![CDATA[{signature}]]></MsgSignature>"
    "<TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A push's XML, and the key that opened it: its reply is closed with the same one."""

    xml: str
    key: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Cipher:
    """`keys`: the present EncodingAESKey and, while it is being changed, the one before."""

    token: Secret
    app_id: str
    keys: tuple[Secret, ...]

    def open(self, encrypted: str, signature: str, timestamp: str, nonce: str) -> Opened:
        """Raises Forged for a wrong signature, an unknown key or another account's push."""
        check_signature(self.token, signature, timestamp, nonce, encrypted)
        for key in self.keys:
            if xml := self._decrypt(encrypted, key):
                return Opened(xml=xml, key=key)
        raise Forged(
            "expected a push that aes_key opens, for the account of app_id; "
            "compare both with the account's 基本配置"
        )

    def close(self, xml: str, key: Secret, timestamp: str) -> str:
        """The envelope for a reply. The same reply, key and time give the same bytes.

        What ought to be random is drawn from the reply itself under the key, so
        that a try after a restart is answered as the one before.
        """
        drawn = hmac.digest(base64.b64decode(key.reveal() + "="), xml.encode(), sha256).hex()
        crypto = _prp_crypto(key)
        crypto.get_random_string = lambda: drawn[:16]
        encrypt = crypto.encrypt(xml, self.app_id).decode()
        nonce = drawn[16:26]
        return ENVELOPE.format(
            encrypt=encrypt,
            signature=sign(self.token, timestamp, nonce, encrypt),
            timestamp=timestamp,
            nonce=nonce,
        )

    def _decrypt(self, encrypted: str, key: Secret) -> str:
        """ "" where it is not for this key and account."""
        from werobot.crypto.exceptions import (  # type: ignore[import-untyped]  # noqa: PLC0415
            AppIdValidationError,
        )

        try:
            plain: bytes = _prp_crypto(key).decrypt(encrypted, self.app_id)
            return plain.decode()
        except (AppIdValidationError, ValueError, IndexError, struct.error, binascii.Error):
            return ""


def _prp_crypto(key: Secret) -> Any:
    from werobot.crypto import PrpCrypto  # type: ignore[import-untyped]  # noqa: PLC0415

    return PrpCrypto(base64.b64decode(key.reveal() + "="))
