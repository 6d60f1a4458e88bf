"""How a push travels: signed, and in two of the three modes encrypted."""

import secrets
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlencode

from bots.sandbox.wechat.account import Account
from bots.sandbox.wechat.crypto import Seal, Unsealed, sign
from bots.sandbox.wechat.xml import Fields, Malformed, read, write


class Envelopes:
    """Raises ValueError for a mode without its key, or a key that is none."""

    def __init__(self, account: Account, now: Callable[[], datetime]) -> None:
        self.account = account
        self._now = now
        self._seals: list[Seal] = []
        if account.mode != "plain":
            self.rotate(account.aes_key)

    def rotate(self, aes_key: str) -> None:
        """Encrypt with this key from now on; answers may still come in the one before."""
        self._seals = [Seal(aes_key, self.account.app_id), *self._seals[:1]]

    def query(self, encrypted: str = "", **more: str) -> str:
        """A signed query string; with msg_signature where there is a ciphertext."""
        token = self.account.token
        timestamp, nonce = str(int(self._now().timestamp())), str(secrets.randbelow(2 * 10**9))
        fields = {
            "signature": sign(token, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            **more,
        }
        if encrypted:
            fields["encrypt_type"] = "aes"
            fields["msg_signature"] = sign(token, timestamp, nonce, encrypted)
        return urlencode(fields)

    def enclose(self, fields: Fields, *, old_key: bool = False) -> tuple[str, bytes]:
        """The ciphertext, "" in plain mode, and the body of a push."""
        plain = write(fields)
        if not self._seals:
            return "", plain
        encrypted = self._seals[-1 if old_key else 0].encrypt(plain)
        sealed: Fields = {"ToUserName": self.account.original, "Encrypt": encrypted}
        if self.account.mode == "compatible":
            sealed = {**fields, **sealed}
        return encrypted, write(sealed)

    def open(self, body: bytes) -> bytes:
        """The reply in an answer. Raises Malformed.

        In safe mode it has to be encrypted, in compatible mode it may be.
        """
        root = read(body)
        sealed = root.findtext("Encrypt")
        if sealed is None:
            if self.account.mode == "safe":
                raise Malformed("a plain answer in safe mode")
            return body
        if not self._seals:
            raise Malformed("an encrypted answer in plain mode")
        told = [root.findtext(name) or "" for name in ("TimeStamp", "Nonce", "MsgSignature")]
        if sign(self.account.token, told[0], told[1], sealed) != told[2]:
            raise Malformed("MsgSignature is wrong")
        return self._decrypt(sealed)

    def _decrypt(self, sealed: str) -> bytes:
        reason = ""
        for seal in self._seals:
            try:
                return seal.decrypt(sealed)
            except Unsealed as error:
                reason = reason or str(error)
        raise Malformed(reason)
